"""The supervisor's part of a session with a terminal: it owns the terminal's other end.

Everything on the screen goes through here, so the person sees one true sequence: what they type, what their code prints,
and each of the model's blocks with its mark, its output and its result. While a model's block runs, keys are held back,
so that no block ever reads what a person types; Ctrl+C is not held but interrupts the block. What is typed ahead of the
prompt is held too and comes to it line by line: else the terminal itself would show it, between other things, before
the prompt does. What the person has entered is remembered here and told to nudge, so that their history outlives this
worker and this session.
"""

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time

from .block import KILLED, OK, RESTARTED, Block, verdict_text

NOBODY, MODEL, PERSON = 0, 1, 2
_SHOWN_OUTPUT = 64 << 10  # of one block, on the screen
_SHOWN_CODE = 16 << 10
_HELD_KEYS = 64 << 10
_ENTER = re.compile(rb"[\r\n]")
_PASTE, _PASTED = b"\x1b[200~", b"\x1b[201~"
# The person's code that runs for longer than this has the keyboard.
_MOMENT_S = 0.05
# So long keys wait for a prompt that says nothing: an Enter need not end a line (Ctrl+V takes it into it).
_ANSWER_S = 1.0
_START_S = 10.0
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
        self.hold_until = 0.0
        self.reads = False  # the prompt, the next line
        self.pasting = False
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
        self.at_prompt, self.reads, self.hold_until = True, False, time.monotonic() + _START_S

    def close(self) -> None:
        self._read()
        self.session.poll.unregister(self.main)
        os.close(self.main)
        os.close(self.kept)

    def lost(self, why: bytes) -> None:
        self._read()
        self.held.clear()
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
            self.at_prompt, self.reads = payload != b"\1", False
            self.hold_until = time.monotonic() + (_ANSWER_S if self.at_prompt else _MOMENT_S)
            self._runs(NOBODY if self.at_prompt else PERSON)
            block = self.session.block
            if self.at_prompt and block is not None and not block.sent:
                self.session.send_block(block)
        elif kind == b"n" and self.at_prompt:
            self.reads, self.pasting = True, False
            self._release()
        elif kind == b"h":
            self._remember(payload)

    def ready(self, event: int) -> None:
        if event & select.POLLIN:
            self._read()
        if event & select.POLLOUT:
            self._type(b"")

    def wait_ms(self, otherwise: int) -> int:
        """How long the loop may wait before it looks here again."""
        if not self.held:
            return otherwise
        return max(1, min(otherwise, int((self.hold_until - time.monotonic()) * 1000) + 1))

    def look(self) -> None:
        """Keys that were held for long enough."""
        if self.held and time.monotonic() >= self.hold_until and not self._block_runs():
            self.reads = True
            self._release()

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
        _, ctrl_c, after = data.rpartition(b"\3")
        if ctrl_c:
            # As a terminal does: what was typed ahead and not read yet is gone too.
            self.held.clear()
            if self._block_runs():
                self.session.interrupt(self.session.block, KILLED)
            elif self.at_prompt:
                self.keys.clear()
                termios.tcflush(self.kept, termios.TCIFLUSH)
                self.session.child.say(self.token, b"C")
                self._enter(b"\n")
            else:
                self._type(b"\3")
        self.held += after
        del self.held[_HELD_KEYS:]
        self._release()

    def _block_runs(self) -> bool:
        return self.session.block is not None and self.session.block.begun

    def _release(self) -> None:
        """What may be read of the keys that were held: at the prompt a line."""
        if self._block_runs():
            return
        if not self.at_prompt:
            if time.monotonic() >= self.hold_until:
                self._type(self._take(len(self.held)))
            return
        while self.reads and self.held:
            if self.pasting:
                end = self.held.find(_PASTED)
                self.pasting = end < 0
                self._type(self._take(len(self.held) if end < 0 else end + len(_PASTED)))
                continue
            enter, paste = _ENTER.search(self.held), self.held.find(_PASTE)
            if paste >= 0 and (enter is None or paste < enter.start()):
                self.pasting = True
                self._type(self._take(paste + len(_PASTE)))
            elif enter is None:
                self._type(self._take(len(self.held)))
            else:
                self._enter(self._take(enter.end()))

    def _take(self, size: int) -> bytes:
        taken = bytes(self.held[:size])
        del self.held[:size]
        return taken

    def _enter(self, line: bytes) -> None:
        """The prompt says when it reads the next."""
        self.reads, self.hold_until = False, time.monotonic() + _ANSWER_S
        self._type(line)

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
        self._release()
