"""The process that runs the blocks. It holds two ways out: the capture pipe (standard output and error of a block) and
a packet socket to its supervisor. Each packet carries the token of its block, which only this process's memory holds,
so bytes written blindly into every descriptor forge nothing; packets keep their borders, so they disturb nothing.

Packets to the worker: token(16) kind(1) payload. Kinds: "R" run (number u32, size of code u64, code), "c" more code,
"h" lines of an earlier history, "P" become interactive on the terminal named in the payload (prompt.py). From the worker: token kind payload, with "H"
ready, "t" text, "E" end (verdict u8).
"""

import builtins
import io
import os
import random
import signal
import socket
import struct
import sys

from . import blocks, inner, prompt

__builtins__ = dict(vars(builtins))  # see blocks.py

# Above the limit of descriptors (inner.limit), where no loop over all descriptors comes by.
CONTROL, CAPTURE, NULL = 1000, 1001, 1002
_PACKET = 60_000
TEXT_CAP = 1 << 20
_write = os.write


class ExactOutput(io.RawIOBase):
    """Descriptor 1 or 2, unbuffered, so that print, os.write and children's output keep their order; nothing is lost."""

    # Whether a line has been begun and not ended, on either of the two.
    line_open = False

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, data) -> int:
        view = memoryview(data).cast("B")
        size, done = len(view), 0
        if size:
            ExactOutput.line_open = view[-1] != 10
        while done < size:
            try:
                done += _write(self._descriptor, view[done:])
            except BlockingIOError:
                os.set_blocking(self._descriptor, True)
        return size


def _stream(descriptor: int) -> io.TextIOWrapper:
    stream = io.TextIOWrapper(ExactOutput(descriptor), "utf-8", "backslashreplace", write_through=True)
    return stream


class Worker:
    def __init__(self, token: bytes, namespace: dict) -> None:
        self.control = socket.socket(fileno=CONTROL)
        self.token = token
        self.pid, self.home = os.getpid(), os.getcwd()
        self.namespace = namespace
        self.streams()

    def streams(self) -> None:
        self.out, self.err = _stream(1), _stream(2)
        self.stdin = io.TextIOWrapper(io.FileIO(0, "r", closefd=False), "utf-8")

    def streams_broken(self) -> bool:
        try:
            return self.out.closed or self.err.closed or self.stdin.closed
        except ValueError:
            return True

    def prepare(self) -> None:
        """Descriptors, streams and signals as a new block finds them, whatever the last one did to them."""
        os.dup2(NULL, 0, True)
        os.dup2(CAPTURE, 1, True)
        os.dup2(CAPTURE, 2, True)
        if self.streams_broken():
            self.streams()
        sys.stdin, sys.stdout, sys.stderr = self.stdin, self.out, self.err
        sys.__stdin__, sys.__stdout__, sys.__stderr__ = self.stdin, self.out, self.err
        try:
            os.getcwd()
        except OSError:
            os.chdir(self.home)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def quiet(self) -> bool:
        """No signal reaches Python from here on. True if one had."""
        came = False
        while True:
            try:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                signal.setitimer(signal.ITIMER_REAL, 0)
                sys.settrace(None)
                sys.setprofile(None)
                return came
            except KeyboardInterrupt:
                came = True
            except BaseException:
                blocks.restore_builtins()

    def run(self, number: int, source: str) -> tuple[int, str]:
        try:
            self.prepare()
            result = blocks.run(source, f"<block {number}>", self.namespace)
            self.flush()
        except KeyboardInterrupt:
            result = (blocks.INTERRUPTED, "")
        except BaseException as error:
            blocks.restore_builtins()
            result = (blocks.ERROR, f"{type(error).__name__}: (the error could not be described)")
        if self.quiet():
            result = (blocks.INTERRUPTED, result[1])
        return result

    def flush(self) -> None:
        """What a block's own stream, put in place of sys.stdout, still holds."""
        for stream in (sys.stdout, sys.stderr):
            if stream is not self.out and stream is not self.err:
                try:
                    stream.flush()
                except KeyboardInterrupt:
                    raise
                except BaseException:
                    pass  # a stream of the block's own making; what it does not give is not output

    def send(self, kind: bytes, payload: bytes = b"") -> None:
        packet = self.token + kind + payload
        while True:
            try:
                self.control.send(packet)
                return
            except BlockingIOError:  # a block set the socket to not block
                os.set_blocking(CONTROL, True)

    def receive_packet(self) -> bytes:
        while True:
            try:
                return self.control.recv(1 << 16)
            except BlockingIOError:
                os.set_blocking(CONTROL, True)

    def finish(self, verdict: int, text: str) -> None:
        if os.getpid() != self.pid:  # a child that the block forked has come to the block's end: as a script's end
            os._exit(0 if verdict == blocks.OK else 1)
        data = cut(text).encode("utf-8", "backslashreplace")
        for start in range(0, len(data), _PACKET):
            self.send(b"t", data[start : start + _PACKET])
        self.send(b"E", bytes([verdict]))

    def receive(self) -> tuple[bytes, bytes]:
        """The next packet's kind and payload. Ends the process where there is no supervisor any more."""
        packet = self.receive_packet()
        if not packet:
            os._exit(0)
        self.token = packet[:16]
        return packet[16:17], packet[17:]

    def block(self, payload: bytes) -> tuple[int, str]:
        """The block that a packet "R" begins: its number and code."""
        number, size = struct.unpack_from("<IQ", payload)
        parts, got = [payload[12:]], len(payload) - 12
        while got < size:
            more = self.receive_packet()[17:]
            parts.append(more)
            got += len(more)
        return number, b"".join(parts).decode("utf-8", "replace")

    def fresh_line(self) -> None:
        """What is written next begins a line."""
        if ExactOutput.line_open:
            self.out.write("\n")

    def line_ended(self) -> None:
        """The terminal itself has ended the line: the person pressed Enter."""
        ExactOutput.line_open = False

    def serve(self) -> None:
        history: list[str] = []
        while True:
            kind, payload = self.receive()
            if kind == b"R":
                verdict, text = self.run(*self.block(payload))
                self.finish(verdict, text)
            elif kind == b"h":
                history += payload.decode("utf-8", "replace").splitlines()
            elif kind == b"P":
                prompt.Prompt(self, payload.decode(), history).run_for_ever()


def cut(text: str) -> str:
    """A repr may be as large as memory; the supervisor keeps far less than this of it."""
    if len(text) <= TEXT_CAP:
        return text
    half = TEXT_CAP // 2
    return f"{text[:half]}[... {len(text) - TEXT_CAP} characters cut ...]{text[-half:]}"


def _place(control: socket.socket, capture: int) -> None:
    null = os.open("/dev/null", os.O_RDWR)
    # Aside first, so that none is overwritten before it is moved.
    moved = [(os.dup(control.detach()), CONTROL), (os.dup(capture), CAPTURE), (os.dup(null), NULL)]
    for source, target in moved:
        os.dup2(source, target, False)
    os.closerange(3, CONTROL)


def main(control: socket.socket, capture: int, token: bytes, isolated: bool, parent: int) -> None:
    """Runs in a child of the supervisor and never returns."""
    try:
        os.setsid()
        inner.default_signals()
        _place(control, capture)
        inner.confine(isolated, parent)
        random.seed()
        _reseed_libraries()
        sys.argv[:] = [""]
        sys.path.insert(0, "")
        if hasattr(sys, "set_int_max_str_digits"):
            sys.set_int_max_str_digits(100_000)
        builtins.input = blocks.no_keyboard
        blocks._BUILTINS["input"] = blocks.no_keyboard
        module = blocks.new_main()
        sys.modules["__main__"] = module
        worker = Worker(token, module.__dict__)
        os.register_at_fork(after_in_child=_let_go)
        worker.quiet()
        worker.send(b"H")
    except BaseException as error:
        try:
            os.write(CAPTURE, f"the Python worker could not start: {type(error).__name__}: {error}".encode())
        finally:
            os._exit(70)
    try:
        worker.serve()
    except BaseException as error:
        os.write(CAPTURE, f"a fault in the Python worker: {type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(70)


def _let_go() -> None:
    """Children that the code forks have no business with the control socket."""
    try:
        os.close(CONTROL)
    except OSError:
        pass


def _reseed_libraries() -> None:
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
    rng = sys.modules.get("sympy.core.random")
    if rng is not None:
        rng.rng.seed()
