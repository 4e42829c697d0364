import type { Hostile } from "./program.ts";

const MiB = 1024 ** 2;

/** Programs that want more memory or disk than there is. */
export const memory: Hostile[] = [
	{
		name: "a list without end",
		code: "x = []\nwhile True: x.append(bytearray(1 << 20))",
		verdict: ["memory"],
		text: /memory/i,
		limits: { timeoutMs: 8000 },
	},
	{
		name: "one allocation too large",
		code: "b = bytearray(10 ** 12)",
		verdict: ["memory"],
		text: /MemoryError$/,
		keepsState: true,
	},
	{
		name: "memory by mmap",
		code: "import mmap\nkeep = []\nwhile True:\n    m = mmap.mmap(-1, 1 << 24)\n    m.write(b'x' * (1 << 24))\n    keep.append(m)",
		verdict: ["memory", "error"],
		text: /memory/i,
		limits: { timeoutMs: 8000 },
	},
	{
		name: "memory spread over children",
		code: "import os, time\nfor _ in range(6):\n    if os.fork() == 0:\n        x = bytearray(b'x' * (60 << 20))\n        time.sleep(100)\ntime.sleep(100)",
		verdict: ["memory"],
		keepsState: false,
		limits: { timeoutMs: 8000 },
	},
	{
		name: "children that share memory are not counted twice",
		code: "import os\nx = bytearray(b'x' * (100 << 20))\npids = []\nfor _ in range(5):\n    pid = os.fork()\n    if pid == 0:\n        import time; time.sleep(0.3); os._exit(0)\n    pids.append(pid)\nfor pid in pids: os.waitpid(pid, 0)\nprint('fine')",
		verdict: ["ok"],
		text: /^fine\n$/,
		keepsState: true,
		limits: { timeoutMs: 8000 },
	},
	{
		name: "a limit raised",
		code: "import resource\nfor k in (resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):\n    try:\n        resource.setrlimit(k, (resource.RLIM_INFINITY,) * 2)\n        print('RAISED', k)\n    except (ValueError, OSError):\n        print('held')",
		verdict: ["ok"],
		text: /^(held\n){4}$/,
		keepsState: true,
	},
	{
		name: "the disk filled",
		code: "n = 0\ntry:\n    while True:\n        with open(f'f{n}', 'wb') as f: f.write(b'x' * (1 << 20))\n        n += 1\nexcept OSError as e:\n    print(e.errno, n < 20)",
		verdict: ["ok"],
		text: /^28 True\n$/,
		keepsState: true,
	},
	{
		name: "one file too large",
		code: "try:\n    with open('f', 'wb') as f: f.truncate(1 << 40)\nexcept OSError as e:\n    print('refused', e.errno)",
		verdict: ["ok"],
		text: /^refused 27\n$/,
		keepsState: true,
	},
	{
		name: "shared memory filled",
		code: "from multiprocessing import shared_memory\ntry:\n    m = shared_memory.SharedMemory(create=True, size=1 << 30)\n    m.buf[:] = bytes(1 << 30)\n    print('GOT IT')\nexcept (OSError, MemoryError) as e:\n    print('refused')",
		verdict: ["ok", "killed"],
		notText: /GOT IT/,
	},
	{
		name: "memory without a mapping",
		code: "import os\ntry:\n    os.memfd_create('x'); print('GOT IT')\nexcept OSError:\n    print('refused')",
		verdict: ["ok"],
		text: /^refused\n$/,
		keepsState: true,
	},
	{
		name: "inodes without end",
		code: "try:\n    for n in range(10 ** 6): open(f'i{n}', 'w').close()\nexcept OSError as e:\n    print(e.errno)",
		verdict: ["ok"],
		text: /^28\n$/,
		keepsState: true,
		limits: { timeoutMs: 8000 },
	},
	{
		name: "a huge repr",
		code: "'x' * (50 << 20)",
		verdict: ["ok"],
		text: /characters cut/,
		keepsState: true,
		limits: { timeoutMs: 8000, memoryBytes: 600 * MiB },
	},
	{
		name: "a number with a million digits",
		code: "print(len(str(7 ** 90000)))\n10 ** 200_000",
		verdict: ["error"],
		text: /^76059\n[\s\S]*ValueError: Exceeds the limit/,
		keepsState: true,
	},
	{
		name: "deep recursion",
		code: "def f(n): return f(n + 1)\nf(0)",
		verdict: ["error"],
		text: /frames cut[\s\S]*RecursionError/,
		keepsState: true,
	},
	{
		name: "recursion without a limit",
		code: "import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(n): return f(n + 1)\nf(0)",
		verdict: ["killed", "memory", "timeout", "error"],
		limits: { timeoutMs: 4000 },
	},
	{
		name: "recursion through C",
		code: "import sys\nsys.setrecursionlimit(10 ** 9)\nclass A:\n    def __repr__(self): return repr(self)\nrepr(A())",
		verdict: ["killed", "memory", "error", "timeout"],
		limits: { timeoutMs: 4000 },
	},
];
