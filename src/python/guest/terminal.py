"""The supervisor's part of a session with a terminal: it owns the terminal's other end.

Everything on the screen goes through here, so the person sees one true sequence: what they type, what their code prints,
and each of the model's blocks with its mark, its output and its result. While a model's block runs, keys are held back,
so that no block ever reads what a person types; Ctrl+C is not held but interrupts the block. What the person has
entered is remembered here and told to nudge, so that their history outlives this worker and this session.
"""

import fcntl
import os
import pty
import select
import struct
import termios
import time

from .block import KILLED, OK, RESTARTED, Block, verdict_text

NOBODY, MODEL, PERSON = 0, 1, 2
_SHOWN_OUTPUT = 64 << 10  # of one block, on the screen
_SHOWN_CODE = 16 << 10
_HELD_KEYS = 64 << 10
_MARKS = {False: (b"model>>>", b"model..."), True: (b">>>", b"...")}
_CODE, _DIM, _BAD, _PLAIN = b"\x1b[36m", b"\x1b[2m", b"\x1b[31m", b"\x1b[0m"
# Takes back what a program may leave behind on a screen: half a sequence, the alternate screen, styles and modes. Going
# to the alternate screen first makes leaving it right where it was not left: the cursor is back where it was.
RESET = b"\x18\x1b[?1049h\x1b[?1049l\x1b[!p"
_HISTORY_LINES = 1000
_HISTORY_PACKET = 50_000
# Characters that would act instead of being seen, as their pictures.
_PICTURES = {code: 0x2400 + code for code in range(32) if code not in (9, 10)} | {0x7F: 0x2421}
_IUTF8 = 0o40000


class Terminal:
    def __init__(self, session, cols: int, rows: int, history: list[str]) -> None:
        self.session = session
        self.history = [line.encode() for line in history]
        self.size = (cols, rows)
        self.main = self.kept = -1
        self.token = b""
        self.paused = False
        self.running = NOBODY
        self.at_prompt = False
        self.keys = bytearray()
        self.held = bytearray()
        self.shown = 0
        self.newline = True

    # The worker's life

    def start(self, child) -> None:
        """A new terminal for a new worker, which opens it by its name; this end is kept so that it does not hang up."""
        self.main, self.kept = pty.openpty()
        os.set_blocking(self.main, False)
        self._set_size()
        self._set_keys()
        self.keys.clear()
        self.session.poll.register(self.main, 0 if self.paused else select.POLLIN)
        self.token = os.urandom(16)
        self._tell_history(child)
        child.say(self.token, b"P", os.ttyname(self.kept).encode())
        self.at_prompt = True

    def close(self) -> None:
        self._read()
        self.session.poll.unregister(self.main)
        os.close(self.main)
        os.close(self.kept)

    def lost(self, why: bytes) -> None:
        self._read()
        self.session.send(b"T", RESET)
        self.newline = False
        self._line(why)
        self._line(RESTARTED.encode())
        self._runs(NOBODY)

    def restarted(self, says: bytes) -> None:
        self.session.send(b"T", RESET)
        self.newline = False
        self._runs(NOBODY)
        self._line(_DIM + says + _PLAIN if says else b"")

    def _tell_history(self, child) -> None:
        packet = b""
        for line in self.history:
            if len(packet) + len(line) > _HISTORY_PACKET:
                child.say(self.token, b"h", packet)
                packet = b""
            packet += line + b"\n"
        if packet:
            child.say(self.token, b"h", packet)

    def _remember(self, line: bytes) -> None:
        if line != (self.history[-1] if self.history else b""):
            self.history.append(line)
            del self.history[:-_HISTORY_LINES]
            self.session.send(b"h", line)

    def interrupt(self) -> None:
        """What nudge asks for while no block runs."""
        if self.at_prompt:
            self._keys(b"\3")
        else:
            self.session.child.interrupt()

    # From nudge and from the prompt

    def from_nudge(self, kind: bytes, payload: bytes) -> None:
        if kind == b"K":
            self._keys(payload)
        elif kind == b"Z":
            self.size = struct.unpack("<HH", payload)
            self._set_size()
            if self.at_prompt:
                self.session.child.say(self.token, b"W")
        elif kind == b"F":
            self.paused = payload == b"\1"
            self._listen()

    def from_prompt(self, kind: bytes, payload: bytes) -> None:
        if kind == b"p":
            self.at_prompt = payload != b"\1"
            self._runs(NOBODY if self.at_prompt else PERSON)
            block = self.session.block
            if self.at_prompt and block is not None and not block.sent:
                self.session.send_block(block)
        elif kind == b"h":
            self._remember(payload)

    def ready(self, event: int) -> None:
        if event & select.POLLIN:
            self._read()
        if event & select.POLLOUT:
            self._type(b"")

    def _set_size(self) -> None:
        cols, rows = self.size
        fcntl.ioctl(self.main, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def _set_keys(self) -> None:
        """No key stops the output, suspends or ends Python; erasing takes whole characters."""
        modes = termios.tcgetattr(self.kept)
        modes[0] = modes[0] & ~termios.IXON | _IUTF8
        modes[6][termios.VQUIT] = modes[6][termios.VSUSP] = b"\0"
        termios.tcsetattr(self.kept, termios.TCSANOW, modes)

    def _listen(self) -> None:
        events = (0 if self.paused else select.POLLIN) | (select.POLLOUT if self.keys else 0)
        self.session.poll.modify(self.main, events)

    def _runs(self, who: int, number: int = 0) -> None:
        """`number` is the block's; a person's entry has none."""
        if who != self.running:
            self.running = who
            self.session.send(b"s", struct.pack("<BI", who, number))

    def _read(self) -> None:
        """What the prompt or the person's code has written."""
        data = b""
        for _ in range(16):
            try:
                more = os.read(self.main, 1 << 16)
            except OSError:
                break
            if not more:
                break
            data += more
        if data:
            self.session.send(b"T", data)

    # Keys

    def _keys(self, data: bytes) -> None:
        """Ctrl+C ends the line at the prompt and interrupts a block; the person's own code gets it from the terminal."""
        block = self.session.block
        if block is not None and block.begun:
            _, ctrl_c, after = data.rpartition(b"\3")
            if ctrl_c:
                self.held.clear()
                self.session.interrupt(block, KILLED)
            self.held += after
            del self.held[_HELD_KEYS:]
        elif self.at_prompt and b"\3" in data:
            # As a terminal does: what was typed ahead and not read yet is gone too.
            after = data.rpartition(b"\3")[2]
            self.keys.clear()
            termios.tcflush(self.kept, termios.TCIFLUSH)
            self.session.child.say(self.token, b"C")
            self._type(b"\n")
            if after:
                self._keys(after)
        else:
            self._type(data)

    def _type(self, data: bytes) -> None:
        """Keys for whoever reads the terminal."""
        self.keys += data
        try:
            while self.keys:
                done = os.write(self.main, self.keys[:1024])
                del self.keys[:done]
        except BlockingIOError:
            del self.keys[_HELD_KEYS:]
        self._listen()

    # A block on the screen

    def begin(self, block: Block) -> None:
        self._read()
        first, more = _MARKS[block.by_person]
        code = block.code.rstrip(b"\n")
        if len(code) > _SHOWN_CODE:
            code = code[:_SHOWN_CODE] + b"\n[... the rest of the code is not shown ...]"
        seen = code.decode("utf-8", "replace").translate(_PICTURES).encode()
        lines = [
            _CODE + b"\x1b[1m" + (more if number else first) + b"\x1b[22m " + line + _PLAIN
            for number, line in enumerate(seen.split(b"\n"))
        ]
        self.session.send(b"T", b"\r\x1b[J" + b"\r\n".join(lines) + b"\r\n")
        self.shown, self.newline = 0, True
        self._runs(PERSON if block.by_person else MODEL, block.number)

    def output(self, data: bytes) -> None:
        room = _SHOWN_OUTPUT - self.shown
        if data and room > 0:
            self.shown += len(data)
            part = data[:room]
            self.newline = part.endswith(b"\n")
            self.session.send(b"T", part.replace(b"\n", b"\r\n"))
            if len(data) > room:
                self._line(b"[... the rest of the output is not shown here ...]")

    def _line(self, text: bytes) -> None:
        """A text of its own line or lines."""
        if text:
            start = b"" if self.newline else b"\r\n"
            self.session.send(b"T", start + text.replace(b"\n", b"\r\n") + b"\r\n")
            self.newline = True

    def end(self, block: Block, verdict: int) -> None:
        """Shows how it ended, then lets the prompt draw itself and have the keys that were held."""
        self._read()  # what the block wrote to /dev/tty
        text = block.text
        cut = f"[... {text.dropped_chars} characters cut ...]".encode() if text.dropped_bytes else b""
        self._line(bytes(text.head) + cut + bytes(text.tail))
        self._line("\n".join(block.notices).encode())
        colour = _DIM if verdict == OK else _BAD
        self.session.send(b"T", RESET)
        took_ms = (time.monotonic() - block.began) * 1000
        self._line(colour + verdict_text(block.number, verdict, took_ms) + _PLAIN)
        self.session.send(b"b", struct.pack("<IBd", block.number, verdict, took_ms))
        self._runs(NOBODY)
        self.session.child.say(block.token, b"A")
        held = bytes(self.held)
        self.held.clear()
        if held:
            self._keys(held)
