/** Run by host.test.ts and pool.test.ts: a nudge in the middle of its work, to be killed. KIND [SESSIONS] */
import { openPtyInterpreter } from "../../src/python/pty.ts";
import { host } from "./support.ts";

const python = await host("auto", { env: { NUDGE_ISOLATION: process.argv[2] } });
const WORK = [
	"import subprocess\nsubprocess.Popen(['sleep', '1000'])\nwhile True: pass",
	"import os, time\nif os.fork() == 0:\n    os.setsid()\n    os.fork()\ntime.sleep(1000)",
	"while True: print('x' * 1000)",
];
const sessions = await Promise.all(Array.from({ length: Number(process.argv[3] ?? 1) }, () => python.open()));
for (const [index, session] of sessions.entries())
	void session.run(WORK[index % WORK.length]!, { limits: { timeoutMs: 1e6 } });
const terminal = await openPtyInterpreter(python, { cols: 80, rows: 24 });
await terminal.run("1");
terminal.write("import time; time.sleep(1000)\r");
setTimeout(() => console.log("busy"), 300);
setInterval(() => {}, 1000);
