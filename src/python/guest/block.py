"""One block as the supervisor keeps it, and the texts that say how it ended."""

import os
import signal
import struct
import time

from .capture import Capture

# id, flags (1: a person's), timeout in ms, output characters, memory in bytes
_RUN = struct.Struct("<IIIIQ")
_DONE = struct.Struct("<IBBIQdQQII")
_CORES = len(os.sched_getaffinity(0))
# A block's time is its own, but by the wall it may take so many times its limit and no longer.
LONGEST = 30
OK, ERROR, TIMEOUT, MEMORY, KILLED = range(5)
RESTARTED = "[the Python session was restarted: earlier variables are gone]"


class Block:
    """What was asked, what came, and how far its end has got."""

    def __init__(self, payload: bytes) -> None:
        self.id, flags, timeout_ms, self.output_chars, self.memory_bytes = _RUN.unpack_from(payload)
        self.by_person = bool(flags & 1)
        self.timeout_s = timeout_ms / 1000
        self.code = payload[_RUN.size :]
        self.number = 0
        self.capture = Capture(4 * self.output_chars)
        self.text = Capture(4 * self.output_chars)
        self.token = os.urandom(16)
        self.cause: int | None = None  # TIMEOUT or KILLED (interrupted) once SIGINT was sent
        self.notices: list[str] = []
        self.sent = self.begun = False
        # Processes and threads of the person that were there before; the block's own are all others.
        self.kept_pids: list[int] = []
        self.kept_threads: set[int] = set()
        self.clock()

    def begin(self) -> None:
        self.begun = True
        self.clock()

    def clock(self) -> None:
        """Its time runs from here."""
        self.began = self.looked = time.monotonic()
        self.allowed_s = self.timeout_s
        self.spent_s = self.excused_s = 0.0
        self.cpu_before_s: float | None = None

    def count(self, waited_s: float, cpu_s: float) -> None:
        """Its time is that by the wall, less what it has waited for a processor that others had. What its own processes
        made it wait is its own: it is never charged less than its share of the processors."""
        self.looked = time.monotonic()
        gone = self.looked - self.began
        if self.cpu_before_s is None:
            self.cpu_before_s = cpu_s
        if gone < LONGEST * self.timeout_s:
            self.excused_s += waited_s
        self.spent_s = min(gone, max(gone - self.excused_s, (cpu_s - self.cpu_before_s) / _CORES))

    def left_s(self) -> float:
        """How much of its time is left, as far as it can be told since the last count."""
        return self.allowed_s - self.spent_s - (time.monotonic() - self.looked)

    def result(self, verdict: int, lost: bool) -> tuple[bytes, ...]:
        """The parts of a frame "D"."""
        out, text = self.capture, self.text
        total = out.total + text.total
        if text.total:
            if not out.ends_in_newline():
                out.add(b"\n")
            out.add(bytes(text.head))
            out.dropped_bytes += text.dropped_bytes
            out.dropped_chars += text.dropped_chars
            out.add(bytes(text.tail))
        out.trim()
        duration_ms = (time.monotonic() - self.began) * 1000
        sizes = (out.dropped_bytes, out.dropped_chars, len(out.head), len(out.tail))
        head = _DONE.pack(self.id, verdict, int(lost), self.number, total, duration_ms, *sizes)
        return head, bytes(out.head), bytes(out.tail), "\n".join(self.notices).encode()


_NAMES = ("ok", "error", "timeout", "memory", "killed")


def verdict_text(number: int, verdict: int, ms: float) -> bytes:
    """The line that closes a block on the screen."""
    took = "<1 ms" if ms < 1 else f"{ms:.0f} ms" if ms < 999.5 else f"{ms / 1000:.1f} s"
    return f"[block {number}: {_NAMES[verdict]}, {took}]".encode()


def timeout_text(block: Block) -> str:
    return f"[timeout: stopped after {block.timeout_s:g} s]"


def size_text(count: int) -> str:
    return f"{count / (1 << 20):.0f} MiB"


def death_text(status: int | None) -> str:
    if status is None:
        return "[killed: Python ended]"
    if os.WIFEXITED(status):
        return f"[killed: the code ended Python itself, exit status {os.WEXITSTATUS(status)}]"
    number = os.WTERMSIG(status)
    why = {
        signal.SIGSEGV: "Python crashed: recursion too deep, or a fault in native code",
        signal.SIGABRT: "Python aborted itself",
        signal.SIGKILL: "a kill signal, perhaps for want of memory",
    }.get(number, f"signal {number}")
    return f"[killed: {why}]"
