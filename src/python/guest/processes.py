"""The processes of one session, as its supervisor sees them: count them, weigh them, end them."""

import os
import signal
import time

# A killed process needs a processor to die on, and there may be many that want one.
_DYING_S = 20
_STEP_S = 0.002
_EXITING = 0x4  # PF_EXITING


class Processes:
    """`isolated`: the supervisor is the first process of its own pid namespace, and all others in it belong to it."""

    def __init__(self, isolated: bool) -> None:
        self.isolated = isolated
        if isolated:
            assert os.getpid() == 1
        self.statuses: dict[int, int] = {}
        self._loadavg = os.open("/proc/loadavg", os.O_RDONLY | os.O_CLOEXEC)

    def last_pid(self) -> bytes:
        """The last process or thread number given out here: unchanged means that nothing was started. One read."""
        return os.pread(self._loadavg, 128, 0).rpartition(b" ")[2]

    def others(self, *known: int) -> list[int]:
        """Every living process of the session but the supervisor and the known."""
        numbers = [int(name) for name in os.listdir("/proc") if name.isdigit()]
        me = os.getpid()
        if not self.isolated:
            numbers = _descendants(me, numbers)
        return [number for number in numbers if number != me and number not in known and not _is_dead(number)]

    def threads(self, pid: int) -> set[int]:
        try:
            return {int(name) for name in os.listdir(f"/proc/{pid}/task")}
        except OSError:
            return set()

    def soon(self, thread: int | str, own_s: float, holds) -> bool:
        """Whether something comes to hold within so much of a thread's own time: what it runs or sleeps, not what it waits
        for a processor, which on a busy machine may be long."""
        if holds():  # as it nearly always does
            return True
        began, ran, slept = time.monotonic(), self.ran_ns(thread), 0.0
        while not holds():
            state = (_stat(thread) or [b"X"])[0]
            if state not in b"RD":
                slept += _STEP_S
            if (self.ran_ns(thread) - ran) / 1e9 + slept > own_s or time.monotonic() - began > _DYING_S:
                return bool(holds())
            time.sleep(_STEP_S)
        return True

    def soon_gone(self, pid: int, kept: set[int], own_s: float) -> bool:
        """Whether all threads but the kept are gone within so much of their own time."""
        return all(
            self.soon(f"{pid}/task/{thread}", own_s, lambda gone=thread: gone not in self.threads(pid))
            for thread in self.threads(pid) - kept
        )

    def cpu_ticks(self, pid: int) -> int:
        fields = _stat(pid)
        return int(fields[11]) + int(fields[12]) if len(fields) > 12 else 0

    def lifetime_ticks(self, pids: list[int]) -> int:
        """Processor time of these, their threads and the children that they have waited for."""
        total = 0
        for pid in pids:
            fields = _stat(pid)
            total += sum(map(int, fields[11:15])) if len(fields) > 14 else 0
        return total

    def waited_s(self, pid: int) -> float:
        """How long its first thread has waited for a processor while it could have run. 0 where the kernel does not say."""
        fields = _read(f"/proc/{pid}/schedstat").split()
        return int(fields[1]) / 1e9 if len(fields) > 1 else 0.0

    def ran_ns(self, pid: int | str) -> int:
        """How long its first thread has run."""
        fields = _read(f"/proc/{pid}/schedstat").split()
        return int(fields[0]) if fields else 0

    def is_runnable(self, pid: int) -> bool:
        return _stat(pid)[:1] == [b"R"]

    def is_ending(self, pid: int) -> bool:
        """It has begun to exit: its descriptors may be closed already and its end not be told yet."""
        fields = _stat(pid)
        return len(fields) > 6 and bool(int(fields[6]) & _EXITING)

    def waits_on(self, pid: int, descriptor: int) -> bool:
        """Whether it is blocked in a system call on that descriptor. True where the kernel will not tell."""
        try:
            with open(f"/proc/{pid}/syscall", "rb") as file:
                fields = file.read().split()
        except OSError:
            return True
        return len(fields) > 1 and int(fields[1], 16) == descriptor

    def reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self.statuses[pid] = status
            if len(self.statuses) > 64:
                self.statuses.pop(next(iter(self.statuses)))

    def end_others(self, *known: int) -> bool:
        """Ends all but the known. False where new ones appear faster than they end: then only `end_all` helps."""
        killed: set[int] = set()
        rounds, deadline = 0, time.monotonic() + _DYING_S
        while rounds < 20 and time.monotonic() < deadline:
            left = self.others(*known)
            if not left:
                return True
            # On a busy machine the killed take their time to die; only new ones count as multiplying.
            rounds += not killed.issuperset(left)
            killed.update(left)
            for pid in left:
                _kill(pid, signal.SIGKILL)
            self.reap()
            time.sleep(0.001)
        return not self.others(*known)

    def end_all(self) -> None:
        """Ends everything but the supervisor, at once and for certain."""
        deadline = time.monotonic() + _DYING_S
        while time.monotonic() < deadline:
            if self.isolated:
                _kill(-1, signal.SIGKILL)  # this pid namespace only; nothing can be forked past it
            else:
                for pid in self.others():
                    _kill(pid, signal.SIGKILL)
            self.reap()
            if not self.others():
                return
            time.sleep(0.001)

    def resident_bytes(self, pids: list[int]) -> int:
        """Memory that is not a file's, processes that share pages counted each: a quick upper bound."""
        return sum(_status_bytes(pid, (b"RssAnon:", b"RssShmem:")) for pid in pids)

    def proportional_bytes(self, pids: list[int]) -> int:
        """The same, a shared page counted once among its sharers: slow and right."""
        return sum(_rollup_bytes(pid) for pid in pids)


def _kill(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _stat(pid: int | str) -> list[bytes]:
    return _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()


def _is_dead(pid: int) -> bool:
    fields = _stat(pid)
    return not fields or fields[0] in (b"Z", b"X")


def _descendants(root: int, numbers: list[int]) -> list[int]:
    parents = {}
    for pid in numbers:
        fields = _stat(pid)
        if len(fields) > 1:
            parents[pid] = int(fields[1])
    found = [root]
    for above in found:
        found += [pid for pid, parent in parents.items() if parent == above]
    return found


def _field_bytes(text: bytes, names: tuple[bytes, ...]) -> int:
    total = 0
    for line in text.splitlines():
        if line.startswith(names):
            total += int(line.split()[1]) * 1024
    return total


def _status_bytes(pid: int, names: tuple[bytes, ...]) -> int:
    return _field_bytes(_read(f"/proc/{pid}/status"), names)


def _rollup_bytes(pid: int) -> int:
    text = _read(f"/proc/{pid}/smaps_rollup")
    split = _field_bytes(text, (b"Pss_Anon:", b"Pss_Shmem:"))
    return split or _field_bytes(text, (b"Pss:",))
