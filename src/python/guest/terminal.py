"""The supervisor's part of a session with a terminal: it owns the terminal's other end.

Everything on the screen goes through here, so the person sees one true sequence: what they type, what their code prints,
and each of the model's blocks with its mark, its output and its result. While a model's block runs, keys are held back,
so that no block ever reads what a person types; Ctrl+C is not held but interrupts the block.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import termios

NOBODY, MODEL, PERSON = 0, 1, 2
_SHOWN_OUTPUT = 64 << 10  # of one block, on the screen
_SHOWN_CODE = 16 << 10
_HELD_KEYS = 64 << 10
_MARKS = {False: (b"model>>> ", b"model... "), True: (b">>> ", b"... ")}


class Terminal:
    """`send(kind, payload)` speaks with nudge; `poll` is the supervisor's."""

    def __init__(self, send, poll: select.poll, cols: int, rows: int) -> None:
        self.send, self.poll = send, poll
        self.size = (cols, rows)
        self.main = -1
        self.paused = False
        self.running = PERSON  # until the first prompt stands
        self.keys = bytearray()
        self.held = bytearray()
        self.shown = 0
        self.newline = True

    def open(self) -> str:
        """A new terminal, for a new worker; its name."""
        self.main, worker_end = pty.openpty()
        name = os.ttyname(worker_end)
        os.set_blocking(self.main, False)
        self.resize(*self.size)
        # The worker opens it by name; this end stays open until then so that the terminal does not hang up.
        self._kept = worker_end
        self.keys.clear()
        self.poll.register(self.main, 0 if self.paused else select.POLLIN)
        return name

    def close(self) -> None:
        self.read()
        self.poll.unregister(self.main)
        os.close(self.main)
        os.close(self._kept)

    def resize(self, cols: int, rows: int) -> None:
        self.size = (cols, rows)
        fcntl.ioctl(self.main, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def flow(self, paused: bool) -> None:
        self.paused = paused
        self._listen()

    def _listen(self) -> None:
        self.poll.modify(self.main, (0 if self.paused else select.POLLIN) | (select.POLLOUT if self.keys else 0))

    def runs(self, who: int) -> None:
        if who != self.running:
            self.running = who
            self.send(b"s", bytes([who]))

    def read(self) -> None:
        """What the prompt or the person's code has written."""
        for _ in range(16):
            try:
                data = os.read(self.main, 1 << 16)
            except OSError:
                return
            if not data:
                return
            self.send(b"T", data)

    def ready(self, event: int) -> None:
        if event & select.POLLIN:
            self.read()
        if event & select.POLLOUT:
            self.type(b"")

    def type(self, data: bytes) -> None:
        """Keys for whoever reads the terminal."""
        self.keys += data
        try:
            while self.keys:
                done = os.write(self.main, self.keys[:1024])
                del self.keys[:done]
        except BlockingIOError:
            del self.keys[_HELD_KEYS:]
        self._listen()

    def hold(self, data: bytes) -> None:
        self.held += data
        del self.held[_HELD_KEYS:]

    # A block on the screen

    def begin(self, code: bytes, by_person: bool) -> None:
        self.read()
        first, more = _MARKS[by_person]
        shown = code if len(code) <= _SHOWN_CODE else code[:_SHOWN_CODE] + b"\n[... the rest of the code is not shown ...]"
        lines = [(more if number else first) + line for number, line in enumerate(shown.split(b"\n"))]
        self.send(b"T", b"\r\x1b[K" + b"\r\n".join(lines) + b"\r\n")
        self.shown, self.newline = 0, True
        self.runs(PERSON if by_person else MODEL)

    def output(self, data: bytes) -> None:
        room = _SHOWN_OUTPUT - self.shown
        if data and room > 0:
            self.shown += len(data)
            part = data[:room]
            self.newline = part.endswith(b"\n")
            self.send(b"T", part.replace(b"\n", b"\r\n"))
            if len(data) > room:
                self.line(b"[... the rest of the output is not shown here ...]")

    def line(self, text: bytes) -> None:
        """A text of its own line or lines."""
        if text:
            start = b"" if self.newline else b"\r\n"
            self.send(b"T", start + text.replace(b"\n", b"\r\n") + b"\r\n")
            self.newline = True

    def end(self) -> bytes:
        """Back to the prompt. Returns the keys that were held."""
        if not self.newline:
            self.send(b"T", b"\r\n")
        self.newline = True
        self.runs(NOBODY)
        held = bytes(self.held)
        self.held.clear()
        return held


def interrupt(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGINT)
    except ProcessLookupError:
        pass
