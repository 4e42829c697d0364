"""Runs a program on inputs, or a function's tests, inside an isolated session. The source of this file is sent as a block
of that session; nothing here is imported from anywhere else than Python itself.

What always holds: every test has a process of its own, forked from the session (`inputs`), so that no test sees what
another left behind; what a program should print is never in here; a result is a line that begins with a mark which the
program cannot know beforehand, written as soon as the test is over.
"""


def nudge_inputs(mark, program, tests, limit_s):
    """`tests`: pairs of input and the most characters that a result's line may have."""
    import atexit
    import builtins
    import io
    import json
    import os
    import select
    import signal
    import sys
    import threading
    import time
    import types

    def say(number, verdict, began, **more):
        took = round((time.perf_counter() - began) * 1000, 1)
        os.write(1, (f"\n{mark}" + json.dumps({"i": number, "v": verdict, "ms": took, **more}) + "\n").encode())

    LONGEST = 5  # times its limit, however busy the machine is
    try:
        compiled = compile(program, "program.py", "exec")
    except BaseException as error:  # SyntaxError, RecursionError, MemoryError, ValueError (NUL)
        for number in range(len(tests)):
            say(number, "error", time.perf_counter(), why=f"{type(error).__name__}: {error}"[:300])
        return

    def read_line(prompt=""):
        sys.stdout.write(str(prompt))
        line = sys.stdin.readline()
        if not line:
            raise EOFError("the input has ended")
        return line[:-1] if line.endswith("\n") else line

    def child(source, out, tell):
        os.setpgid(0, 0)
        null = os.open(os.devnull, os.O_WRONLY)
        for place, file in ((0, source), (1, out), (2, null)):
            os.dup2(file, place)
        kept = os.dup(tell)
        if kept != 3:
            os.dup2(kept, 3)
        os.closerange(4, 1 << 16)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        sys.stdin = sys.__stdin__ = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), "utf-8")
        ours = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w", closefd=False)), "utf-8", "replace")
        sys.stdout = sys.__stdout__ = ours
        sys.stderr = sys.__stderr__ = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), "utf-8", "replace")
        sys.argv = ["program.py"]
        builtins.input = read_line
        atexit._clear()
        main = types.ModuleType("__main__")
        sys.modules["__main__"] = main
        failure = ""
        try:
            exec(compiled, main.__dict__)
        except SystemExit:
            pass
        except MemoryError:
            failure = "M"
        except BaseException as error:
            failure = f"E{type(error).__name__}: {error}"[:300]
        try:
            threading._shutdown()  # threads that the program did not wait for, as at the end of a script
            atexit._run_exitfuncs()
            for stream in (sys.stdout, ours):
                stream.flush()
        except MemoryError:
            failure = failure or "M"
        except BaseException as error:
            failure = failure or f"E{type(error).__name__}: {error}"[:300]
        os.write(3, failure.encode("utf-8", "replace"))
        os._exit(0)

    def waited(pid):
        """Seconds that a process was ready to run while others had the processor: not its own time."""
        try:
            with open(f"/proc/{pid}/schedstat") as file:
                return int(file.read().split()[1]) / 1e9
        except (OSError, ValueError, IndexError):
            return 0.0

    def one(number, text, most):
        began = time.perf_counter()
        name = f".input-{number}"
        source = os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        os.unlink(name)
        data = memoryview(text.encode("utf-8", "surrogatepass"))
        while data:
            data = data[os.write(source, data) :]
        os.lseek(source, 0, os.SEEK_SET)
        out, out_end = os.pipe()
        tell, tell_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                child(source, out_end, tell_end)
            finally:
                os._exit(9)
        for file in (source, out_end, tell_end):
            os.close(file)
        for file in (out, tell):
            os.set_blocking(file, False)
        ended = os.pidfd_open(pid)
        printed, told, verdict = bytearray(), bytearray(), None
        open_files = [out, tell]

        def drain():
            for file, into in ((out, printed), (tell, told)):
                while file in open_files and len(into) <= 4 * most:
                    try:
                        part = os.read(file, 1 << 16)
                    except BlockingIOError:
                        break
                    if not part:
                        open_files.remove(file)
                    into += part

        while verdict is None:
            gone = time.perf_counter() - began
            left = limit_s - gone
            if left <= 0:
                left = min(limit_s - gone + waited(pid), LONGEST * limit_s - gone)
            if left <= 0:
                verdict = "timeout"
            elif len(printed) > 4 * most:
                verdict = "fail"
            elif ended in select.select([*open_files, ended], [], [], left)[0]:
                drain()
                break
            else:
                drain()
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        try:
            os.kill(pid, signal.SIGKILL)  # before it was the head of its group
        except ProcessLookupError:
            pass
        status = os.waitpid(pid, 0)[1]
        for file in (out, tell, ended):
            os.close(file)
        words = told.decode("utf-8", "replace")
        if verdict == "timeout":
            say(number, "timeout", began)
        elif verdict == "fail":
            say(number, "fail", began, why="it printed far more than it should")
        elif os.WIFSIGNALED(status):
            say(number, "error", began, why=f"Python crashed: signal {os.WTERMSIG(status)}")
        elif words.startswith("M"):
            say(number, "memory", began)
        elif words.startswith("E"):
            say(number, "error", began, why=words[1:])
        else:
            text = printed.decode("utf-8", "replace")
            if len(json.dumps(text)) > most:
                say(number, "fail", began, why="it printed far more than it should")
            else:
                say(number, "done", began, out=text)

    for number, (text, most) in enumerate(tests):
        one(number, text, most)


def nudge_asserts(mark, tests, stop, shown, names):
    """Runs the code of function tests; every `assert` in it is a test of its own. `names` is the program's namespace."""
    import ast
    import json
    import os
    import sys
    import time

    out = sys.stdout
    state = {"count": 0, "passed": 0, "said": 0, "slowest": 0.0}

    class Asserting:
        def __init__(self, words):
            self.words = words

        def __enter__(self):
            self.began = time.perf_counter()

        def __exit__(self, kind, error, trace):
            if kind is KeyboardInterrupt:
                return False  # its time is up, which whoever reads the verdict of the block knows
            took = round((time.perf_counter() - self.began) * 1000, 1)
            number = state["count"]
            state["count"] += 1
            state["slowest"] = max(state["slowest"], took)
            if kind is None:
                state["passed"] += 1
                if number < shown:
                    say({"i": number, "v": "pass", "ms": took})
                return False
            if issubclass(kind, AssertionError):
                verdict, why = "fail", f"AssertionError: {self.words}"
            elif issubclass(kind, MemoryError):
                verdict, why = "memory", "MemoryError"
            else:
                verdict, why = "error", f"{kind.__name__}: {error}"[:300]
            state["said"] += 1
            if state["said"] <= shown:
                say({"i": number, "v": verdict, "ms": took, "why": why[:300]})
            return not stop and issubclass(kind, Exception)

    def say(what):
        out.write(f"\n{mark}{json.dumps(what)}\n")
        out.flush()

    name = f"_{mark}"

    class Wrapping(ast.NodeTransformer):
        def visit_Assert(self, node):
            words = ast.Constant(ast.unparse(node)[:200])
            call = ast.Call(ast.Name(name, ast.Load()), [words], [])
            return ast.fix_missing_locations(
                ast.copy_location(ast.With([ast.withitem(call, None)], [node], None), node)
            )

    names[name] = Asserting
    code = compile(Wrapping().visit(ast.parse(tests)), "tests.py", "exec")
    nowhere = open(os.devnull, "w")
    kept = sys.stderr
    sys.stdout = sys.stderr = nowhere
    try:
        exec(code, names)
    finally:
        sys.stdout, sys.stderr = out, kept
        say({"state": state})
