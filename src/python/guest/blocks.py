"""Runs one block as Jupyter would: statements, then the last expression shown. Returns what to say; prints nothing.

The block may do anything to this very process, so nothing here is a wall: the supervisor judges by what it sees from
outside. What is here keeps honest code convenient and makes careless code harmless.
"""

import ast
import asyncio
import builtins
import inspect
import io
import linecache
import threading
import time
import tokenize
import traceback
import types

# This module's own copy: functions defined below look names up here, whatever a block does to the shared one.
__builtins__ = dict(vars(builtins))

OK, ERROR, MEMORY, INTERRUPTED = 0, 1, 2, 3
_BUILTINS = dict(builtins.__dict__)
_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_KEPT_SOURCES = 500
_FRAMES_SHOWN = 12


def new_main() -> types.ModuleType:
    """The module whose names are the trace's namespace."""
    module = types.ModuleType("__main__")
    module.__dict__["__builtins__"] = builtins
    return module


def warm_up() -> None:
    """What Python prepares at the first use, prepared before sessions are forked."""
    for source in ("x = 1; y = 2;", "def f(): pass\n(1, 2.5, 'three')", "undefined", "1 +"):
        run(source, "<block 0>", new_main().__dict__)
    builtins.__dict__.pop("_", None)
    _sources.clear()


def no_keyboard(prompt: object = "") -> str:
    raise EOFError("input() has no keyboard here: write the values into the code")


def restore_builtins() -> None:
    builtins.__dict__.update(_BUILTINS)


def run(source: str, filename: str, namespace: dict, settle: bool = True) -> tuple[int, str]:
    """The verdict and the text to show after the output. `settle`: the block is over only when its threads are."""
    before = threading.enumerate() if threading.active_count() > 1 else ()
    try:
        try:
            value = _evaluate(source, filename, namespace)
            text = "" if value is None else repr(value)
            if value is not None:
                builtins._ = value
            verdict = OK
        except SystemExit as leaving:
            verdict, text = _left(leaving.code)
    except KeyboardInterrupt as error:
        restore_builtins()
        return INTERRUPTED, describe(error)
    except MemoryError as error:
        restore_builtins()
        return MEMORY, describe(error)
    except BaseException as error:
        restore_builtins()
        return ERROR, describe(error)
    restore_builtins()
    if settle and threading.active_count() > max(1, len(before)):
        _settle_threads([thread for thread in threading.enumerate() if thread not in before])
    return verdict, text


def _left(code: object) -> tuple[int, str]:
    """sys.exit() ends the block, not the session; a message or a status that is not 0 is an error, as in a script."""
    if code is None or code == 0:
        return OK, ""
    return ERROR, f"SystemExit: {code}"


def _evaluate(source: str, filename: str, namespace: dict) -> object:
    if source.startswith("\ufeff"):
        source = source[1:]
    remember(filename, source)
    tree = compile(source, filename, "exec", ast.PyCF_ONLY_AST | _FLAGS, dont_inherit=True)
    body = tree.body
    last = None
    if body and isinstance(body[-1], ast.Expr) and not _ends_in_semicolon(source):
        last = ast.Expression(body.pop().value)
    if body:
        _execute(compile(tree, filename, "exec", _FLAGS, dont_inherit=True), namespace)
    if last is None:
        return None
    return _execute(compile(last, filename, "eval", _FLAGS, dont_inherit=True), namespace)


def _execute(code: types.CodeType, namespace: dict) -> object:
    result = eval(code, namespace)
    if code.co_flags & inspect.CO_COROUTINE:
        return asyncio.run(result)
    return result


def _ends_in_semicolon(source: str) -> bool:
    if ";" not in source:
        return False
    last = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER, tokenize.DEDENT):
                last = token.string
    except (tokenize.TokenError, SyntaxError):
        return False
    return last == ";"


_sources: dict[str, list[str]] = {}
_linecache = linecache.cache


def remember(filename: str, source: str) -> None:
    """Tracebacks find the block's lines here, and inspect.getsource in linecache."""
    lines = source.splitlines(True)
    _sources[filename] = lines
    _linecache[filename] = (len(source), None, lines, filename)
    if len(_sources) > _KEPT_SOURCES:
        oldest = next(iter(_sources))
        del _sources[oldest]
        _linecache.pop(oldest, None)


def describe(error: BaseException) -> str:
    """A short traceback: the blocks' own frames, their lines, the error. No carets, no frames of libraries."""
    try:
        return "\n".join(_chain(error))
    except KeyboardInterrupt:
        raise
    except BaseException:
        try:
            return f"{type(error).__name__}: {error}"
        except Exception:
            return f"{type(error).__name__}: (the error could not be described)"


def _chain(error: BaseException) -> list[str]:
    parts = [_one(error)]
    seen = {id(error)}
    for _ in range(2):
        above = error.__cause__
        joint = "The above exception was the direct cause of the following exception:"
        if above is None and not error.__suppress_context__:
            above = error.__context__
            joint = "During handling of the above exception, another exception occurred:"
        if above is None or id(above) in seen or not _block_frames(above.__traceback__):
            break
        seen.add(id(above))
        parts[:0] = [_one(above), "", joint, ""]
        error = above
    return parts


def _block_frames(trace: types.TracebackType | None) -> list[tuple[str, int, str]]:
    frames = []
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename.startswith(("<block ", "<input ")):
            frames.append((code.co_filename, trace.tb_lineno, code.co_name))
        trace = trace.tb_next
    return frames


def _one(error: BaseException) -> str:
    lines = []
    frames = _block_frames(error.__traceback__)
    if frames:
        lines.append("Traceback (most recent call last):")
        if len(frames) > _FRAMES_SHOWN:
            half = _FRAMES_SHOWN // 2
            shown = [*frames[:half], None, *frames[-half:]]
        else:
            shown = frames
        for frame in shown:
            if frame is None:
                lines.append(f"  [... {len(frames) - _FRAMES_SHOWN} frames cut ...]")
                continue
            filename, number, name = frame
            lines.append(f'  File "{filename}", line {number}, in {name}')
            known = _sources.get(filename, [])
            if 0 < number <= len(known) and known[number - 1].strip():
                lines.append(f"    {known[number - 1].strip()}")
    for line in traceback.format_exception_only(type(error), error):
        for part in line.rstrip("\n").split("\n"):
            if not (isinstance(error, SyntaxError) and part.strip() and not part.strip(" ^~")):
                lines.append(part)
    return "\n".join(lines)


def _settle_threads(started: list[threading.Thread]) -> None:
    """Waits for those threads that a script would wait for and asks the rest to stop."""
    _finish_executors()
    started = [thread for thread in started if thread is not threading.main_thread()]
    for thread in started:
        if not thread.daemon:
            thread.join()
    stop = _async_exception()
    for thread in started:
        if thread.ident is not None:
            stop(thread.ident)
    began, waited = time.monotonic(), _waited_s(started)
    for thread in started:
        while thread.is_alive() and time.monotonic() - began - (_waited_s(started) - waited) < 0.2:
            thread.join(0.01)


def _waited_s(threads: list[threading.Thread]) -> float:
    """How long the one that waited longest has waited for a processor: that is no fault of its own."""
    longest = 0.0
    for thread in threads:
        try:
            with open(f"/proc/self/task/{thread.native_id}/schedstat", "rb") as file:
                longest = max(longest, int(file.read().split()[1]) / 1e9)
        except (OSError, IndexError):
            pass  # it has ended, or this kernel does not say
    return longest


def _async_exception():
    import ctypes

    return lambda ident: ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(SystemExit))


def _finish_executors() -> None:
    """Idle workers of thread pools that nobody shut down: what Python does at its exit."""
    import concurrent.futures.thread as pools

    queues = list(pools._threads_queues.items())
    if not queues:
        return
    pools._shutdown = True
    try:
        for _, queue in queues:
            queue.put(None)
        for thread, _ in queues:
            thread.join()
    finally:
        pools._shutdown = False

