"""The worker as its supervisor holds it: the process, its control socket, the pipe of what it writes."""

import os
import select
import signal
import socket
import struct
import time

from . import inner, worker
from .processes import Processes

_TICKS = os.sysconf("SC_CLK_TCK")


class Child:
    """Started and sound once made; `end` leaves nothing of it nor of what it started."""

    def __init__(self, processes: Processes, isolated: bool, poll: select.poll) -> None:
        self.processes, self.isolated, self.poll = processes, isolated, poll
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        out_read, out_write = os.pipe2(os.O_CLOEXEC)
        token, me = os.urandom(16), os.getpid()
        pid = os.fork()
        if pid == 0:
            worker.main(theirs, out_write, token, isolated, me)
        theirs.close()
        os.close(out_write)
        os.set_blocking(out_read, False)
        self.pid, self.control, self.out = pid, ours, out_read
        self.alive = os.pidfd_open(pid)
        self.started = time.monotonic()
        self.resident = 0
        self.waited: dict[int, float] = {}
        self.ran = self.ran_before = 0
        self.yielding = False
        ours.settimeout(30)
        if ours.recv(4096)[:17] != token + b"H":
            raise OSError(self.last_words().decode("utf-8", "replace") or "the Python worker ended at its start")
        ours.setblocking(False)
        for file in (self.control.fileno(), self.out, self.alive):
            poll.register(file, select.POLLIN)
        self.settle()

    def settle(self) -> None:
        """Remembers how things stand between blocks."""
        self.last_pid = self.processes.last_pid()
        self.cpu = self.processes.cpu_ticks(self.pid)

    def limit(self, asked: dict) -> None:
        inner.limit(self.pid, self.isolated, asked["memoryBytes"], asked["scratchBytes"], asked["processes"])
        self.resident = self.processes.resident_bytes([self.pid])

    def end(self) -> None:
        self.processes.end_all()
        for file in (self.control.fileno(), self.out, self.alive):
            self.poll.unregister(file)
        self.control.close()
        os.close(self.out)
        os.close(self.alive)

    def say(self, token: bytes, kind: bytes, payload: bytes = b"") -> None:
        """Never waits for long: a worker that does not read is found by the clock, one that is gone by its pidfd."""
        try:
            self.control.settimeout(5)
            self.control.send(token + kind + payload)
        except OSError:
            pass
        self.control.setblocking(False)

    def give_block(self, token: bytes, number: int, code: bytes) -> None:
        self.say(token, b"R", struct.pack("<IQ", number, len(code)) + code[:60_000])
        for start in range(60_000, len(code), 60_000):
            self.say(token, b"c", code[start : start + 60_000])

    def hear(self) -> bytes | None:
        """A packet; nothing where none is there; None where the socket was closed."""
        try:
            return self.control.recv(1 << 16) or None
        except BlockingIOError:
            return b""
        except OSError:
            return None

    def read(self) -> bytes:
        """What it has written, in part; nothing where there is no more."""
        try:
            return os.read(self.out, 1 << 16)
        except BlockingIOError:
            return b""

    def last_words(self) -> bytes:
        return self.read()

    def interrupt(self) -> None:
        try:
            os.kill(self.pid, signal.SIGINT)
        except ProcessLookupError:
            pass

    def awaits_block(self) -> bool:
        """Whether it waits in a call on its control socket, as it does when its last block is truly over."""
        return self.processes.soon(self.pid, 0.05, lambda: self.processes.waits_on(self.pid, worker.CONTROL))

    def waited_s(self, others: list[int]) -> float:
        """How long the one that waited longest has waited for a processor since this was last asked."""
        self.ran_before, self.ran = self.ran, self.processes.ran_ns(self.pid)
        before, self.waited = self.waited, {pid: self.processes.waited_s(pid) for pid in (self.pid, *others)}
        return max(now - before.get(pid, 0.0) for pid, now in self.waited.items())

    def yields(self, share: bool) -> None:
        """Whether it is to have a tenth of another's share where both want a processor. Each worker is a session of its
        own, and so a group of the scheduler's (sched(7), autogroup); the kernel takes few such wishes a second."""
        if share == self.yielding:
            return
        try:
            with open(f"/proc/{self.pid}/autogroup", "w") as file:
                file.write("10" if share else "0")
            self.yielding = share
        except BlockingIOError:
            pass  # not now: it is asked again
        except OSError:
            self.yielding = share  # a kernel without; all have the same share

    def waits(self) -> bool:
        """Whether it could run and has not since it was last looked at: the kernel tells of a wait only when it is over."""
        return self.ran == self.ran_before and self.processes.is_runnable(self.pid)

    def cpu_s(self, others: list[int]) -> float:
        """Processor time of all that runs here, since ever."""
        return self.processes.lifetime_ticks([self.pid, *others]) / _TICKS

    def idles(self) -> bool:
        """Whether it has done nothing since `settle` and left nothing running. Code that feigned its end does not."""
        self.processes.reap()
        if self.processes.cpu_ticks(self.pid) - self.cpu > 5 or self.processes.others(self.pid):
            return False
        return len(self.processes.threads(self.pid)) <= 1

    def weighs_more(self, allowed: int) -> bool:
        pids = [self.pid, *self.processes.others(self.pid)]
        quick = self.processes.resident_bytes(pids) - self.resident
        return quick > allowed and self.processes.proportional_bytes(pids) > allowed
