"""One session's supervisor: the only process that speaks with nudge for a trace, and the judge of its blocks.

It starts the worker, hands it blocks, drains what they write, watches their time and memory, ends what they leave
behind and reports. It never runs code of a block and believes the worker nothing that it can see for itself.

Frames both ways: size u32, kind u8, payload (little endian).
From nudge: "O" open (JSON), "R" run, "I" interrupt, "X" restart, "K" keys, "Z" size, "F" flow (see _from_nudge).
To nudge: "r" ready (JSON), "D" done, "s" who runs, "T" terminal output, "E" failure (text).
"""

import json
import os
import select
import shutil
import signal
import socket
import struct
import sys
import time

from . import inner, linux, worker
from .capture import Capture
from .processes import Processes

GRACE_S = 1.0  # from SIGINT to SIGKILL
WATCH_S = 0.05
IDLE_LOOK_MS = 1000
_RUN = struct.Struct("<IIIQ")  # id, timeout in ms, output characters, memory in bytes
_DONE = struct.Struct("<IBBIQdQQII")
OK, ERROR, TIMEOUT, MEMORY, KILLED = range(5)
_FROM_WORKER = (OK, ERROR, MEMORY, ERROR)
RESTARTED = "[the Python session was restarted: earlier variables are gone]"


def send_frame(to: socket.socket, kind: bytes, *parts: bytes) -> None:
    payload = b"".join(parts)
    to.sendall(struct.pack("<I", len(payload) + 1) + kind + payload)


def send_failure(to: socket.socket, text: str) -> None:
    try:
        send_frame(to, b"E", text.encode())
    except OSError:
        pass  # nobody listens any more


def main(handover: socket.socket, isolated: bool, configuration: dict) -> None:
    """The first thing in a new session; never returns."""
    scratch = ""
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL if number == signal.SIGCHLD else signal.SIG_IGN)
        link = handover.detach()
        os.dup2(link, 3, True)
        null = os.open("/dev/null", os.O_RDWR)
        for file in (0, 1, 2):
            os.dup2(null, file, True)
        os.closerange(4, 4096)
        handover = socket.socket(fileno=3)
        if isolated:
            inner.build(configuration["scratchBytes"], configuration["readOnly"])
        else:
            scratch = inner.build_without_isolation()
            linux.die_with_parent(0)
        session = Session(isolated)
        session.start_worker()
        handover.send(b"ready")
        _, files, _, _ = socket.recv_fds(handover, 1, 1)
        if files:
            handover.close()
            session.serve(socket.socket(fileno=files[0]))
    except OSError as error:
        try:
            handover.send(f"{error}".encode())
        except OSError:
            pass
    except BaseException as error:  # a fault of ours: say it where it can be read
        import traceback

        if "session" in locals() and session.nudge is not None:
            send_failure(session.nudge, f"fault in the Python supervisor: {error!r}\n{traceback.format_exc()}")
    finally:
        if scratch:
            session.processes.end_all()
            shutil.rmtree(scratch, ignore_errors=True)
        os._exit(0)


class Block:
    """A block that runs: what was asked, what came, and how far its end has got."""

    def __init__(self, number: int, payload: bytes) -> None:
        self.number = number
        self.id, timeout_ms, self.output_chars, self.memory_bytes = _RUN.unpack_from(payload)
        self.timeout_s = timeout_ms / 1000
        self.code = payload[_RUN.size :]
        self.capture = Capture(4 * self.output_chars)
        self.text = Capture(4 * self.output_chars)
        self.token = os.urandom(16)
        self.began = time.monotonic()
        self.deadline = self.began + self.timeout_s
        self.cause: int | None = None  # TIMEOUT or KILLED (interrupted) once SIGINT was sent
        self.notices: list[str] = []


class Session:
    def __init__(self, isolated: bool) -> None:
        self.isolated = isolated
        self.processes = Processes(isolated)
        self.nudge: socket.socket | None = None
        self.inbox = bytearray()
        self.poll = select.poll()
        self.block: Block | None = None
        self.numbers = 0
        self.lost_meanwhile = False
        self.look_at = 0.0
        self.limits: dict | None = None
        self.pid = self.alive = self.control = self.out = -1

    # The worker

    def start_worker(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        out_read, out_write = os.pipe2(os.O_CLOEXEC)
        token, me = os.urandom(16), os.getpid()
        pid = os.fork()
        if pid == 0:
            worker.main(theirs, out_write, token, self.isolated, me)
        theirs.close()
        os.close(out_write)
        os.set_blocking(out_read, False)
        self.pid, self.control, self.out = pid, ours, out_read
        self.alive = os.pidfd_open(pid)
        ours.settimeout(30)
        if ours.recv(4096)[:17] != token + b"H":
            reason = os.read(out_read, 4096).decode("utf-8", "replace")
            raise OSError(reason or "the Python worker ended at its start")
        ours.setblocking(False)
        if self.limits is not None:
            self.apply_limits()
        for file in (self.control.fileno(), self.out, self.alive):
            self.poll.register(file, select.POLLIN)
        self.pids_before = self.processes.last_pid()
        self.cpu_before = self.processes.cpu_ticks(pid)

    def apply_limits(self) -> None:
        asked = self.limits
        inner.limit(self.pid, self.isolated, asked["memoryBytes"], asked["scratchBytes"], asked["processes"])
        self.resident = self.processes.resident_bytes([self.pid])

    def end_worker(self) -> None:
        """The worker and all it started are gone when this returns."""
        self.processes.end_all()
        for file in (self.control.fileno(), self.out, self.alive):
            self.poll.unregister(file)
        self.control.close()
        os.close(self.out)
        os.close(self.alive)

    def restart_worker(self) -> None:
        self.end_worker()
        self.start_worker()

    # The loop

    def serve(self, nudge: socket.socket) -> None:
        self.nudge = nudge
        nudge.setblocking(True)
        self.poll.register(nudge, select.POLLIN)
        while True:
            worker_pid = self.pid
            for file, _ in self.poll.poll(self._wait_ms()):
                if file == nudge.fileno():
                    data = nudge.recv(1 << 16)
                    if not data:
                        return
                    self.inbox += data
                    self._take_frames()
                elif file == self.out:
                    self._drain_some()
                elif file == self.control.fileno():
                    self._from_worker()
                elif file == self.alive:
                    self._worker_died()
                if self.pid != worker_pid:
                    break  # a new worker: what else was reported belongs to the old one's descriptors
            if self.block is not None:
                self._watch(self.block)
            elif time.monotonic() > self.look_at:
                self._look_while_idle()

    def _wait_ms(self) -> int:
        if self.block is None:
            return IDLE_LOOK_MS
        return max(1, min(int(WATCH_S * 1000), int((self.block.deadline - time.monotonic()) * 1000) + 1))

    def _take_frames(self) -> None:
        while len(self.inbox) >= 4:
            size = int.from_bytes(self.inbox[:4], "little")
            if len(self.inbox) < 4 + size:
                return
            frame = bytes(self.inbox[4 : 4 + size])
            del self.inbox[: 4 + size]
            self._from_nudge(frame[:1], frame[1:])

    def _from_nudge(self, kind: bytes, payload: bytes) -> None:
        if kind == b"R":
            self._begin(payload)
        elif kind == b"I":
            if self.block is not None and self.block.id == int.from_bytes(payload, "little"):
                self._interrupt(self.block, KILLED)
        elif kind == b"X":
            self.restart_worker()
            self._clear_scratch()
            self.numbers = 0
            self.lost_meanwhile = False
            send_frame(self.nudge, b"r", b"{}")
        elif kind == b"O":
            self.limits = json.loads(payload)
            if self.isolated:
                inner.size_scratch(self.limits["scratchBytes"])
            self.apply_limits()
            send_frame(self.nudge, b"r", b"{}")

    def _clear_scratch(self) -> None:
        for folder in (".", "/dev/shm") if self.isolated else (".",):
            for entry in os.scandir(folder):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    os.unlink(entry.path)

    # One block

    def _look_while_idle(self) -> None:
        """Between blocks the worker waits and nothing else is there. Code that feigned its block's end is found here."""
        self.look_at = time.monotonic() + IDLE_LOOK_MS / 1000
        self.processes.reap()
        busy = self.processes.cpu_ticks(self.pid) - self.cpu_before > 5
        if busy or self.processes.others(self.pid) or len(self.processes.threads(self.pid)) > 1:
            self.restart_worker()
            self.lost_meanwhile = True

    def _awaits_block(self) -> bool:
        """Whether the worker waits in a call on its control socket, as it does when its last block is truly over."""
        for _ in range(25):
            if self.processes.waits_on(self.pid, worker.CONTROL):
                return True
            time.sleep(0.002)
        return False

    def _begin(self, payload: bytes) -> None:
        if not self._awaits_block():
            self.restart_worker()
            self.lost_meanwhile = True
        self.numbers += 1
        block = self.block = Block(self.numbers, payload)
        if self.lost_meanwhile:
            block.notices.append(RESTARTED)
        self._throw_away_output()
        head = block.token + b"R" + struct.pack("<IQ", block.number, len(block.code))
        try:
            self.control.setblocking(True)
            self.control.send(head + block.code[:60_000])
            for start in range(60_000, len(block.code), 60_000):
                self.control.send(block.token + b"c" + block.code[start : start + 60_000])
            self.control.setblocking(False)
        except OSError:
            pass  # the worker is gone; its pidfd says so next

    def _throw_away_output(self) -> None:
        """Between blocks nothing runs; if something wrote nevertheless, it is no block's output."""
        try:
            while os.read(self.out, 1 << 16):
                pass
        except BlockingIOError:
            pass

    def _drain_some(self) -> int:
        try:
            data = os.read(self.out, 1 << 16)
        except BlockingIOError:
            return 0
        if self.block is not None:
            self.block.capture.add(data)
        return len(data)

    def _from_worker(self) -> None:
        block = self.block
        try:
            packet = self.control.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            packet = b""
        if not packet:
            self._channel_closed()
            return
        if block is None or packet[:16] != block.token:
            return  # forged or late: not of this block
        kind, payload = packet[16:17], packet[17:]
        if kind == b"t":
            block.text.add(payload)
        elif kind == b"E" and payload and payload[0] < len(_FROM_WORKER):
            self._ended(block, payload[0])

    def _ended(self, block: Block, said: int) -> None:
        """The worker says that the block is over. See to it that it is."""
        verdict = _FROM_WORKER[said]
        left = ""
        duration = time.monotonic() - block.began
        # A fast look first: if no process or thread number was given out, nothing was started. Numbers could be gone
        # round once in a long block, so those are looked at in full.
        if self.processes.last_pid() != self.pids_before or duration > 0.2:
            left = self._sweep()
            self.pids_before = self.processes.last_pid()
        while self._drain_some():
            pass
        if block.cause == TIMEOUT:  # it had its time, however it took the interrupt
            verdict = TIMEOUT
            block.notices.append(_timeout_text(block))
            if said == worker.blocks.INTERRUPTED:
                block.text = Capture(0)
        if left:
            block.notices.append(left)
            self.restart_worker()
        self._report(block, verdict, lost=bool(left))

    def _sweep(self) -> str:
        """Ends what the block left running. Returns why the worker cannot go on, or nothing."""
        self.processes.reap()
        if not self.processes.end_others(self.pid):
            return "[the block kept starting processes: all were ended]\n" + RESTARTED
        if len(self.processes.threads(self.pid)) > 1:
            # A thread that has just ended may take a moment to leave.
            for _ in range(20):
                time.sleep(0.002)
                if len(self.processes.threads(self.pid)) == 1:
                    return ""
            return "[threads of the block were still running after its end]\n" + RESTARTED
        return ""

    def _interrupt(self, block: Block, cause: int) -> None:
        if block.cause is None:
            block.cause = cause
            block.deadline = time.monotonic() + GRACE_S
            os.kill(self.pid, signal.SIGINT)

    def _watch(self, block: Block) -> None:
        now = time.monotonic()
        if now >= block.deadline:
            if block.cause is None:
                self._interrupt(block, TIMEOUT)
            else:
                self._kill(block, block.cause, _timeout_text(block) if block.cause == TIMEOUT else "[stopped: the block did not heed the interrupt]")
            return
        if now - block.began < WATCH_S:
            return
        pids = [self.pid, *self.processes.others(self.pid)]
        if len(pids) > self.limits["processes"] + 1:
            self._kill(block, KILLED, f"[killed: more than {self.limits['processes']} processes]")
            return
        allowed = min(self.limits["memoryBytes"], block.memory_bytes)
        if self.processes.resident_bytes(pids) - self.resident > allowed and self.processes.proportional_bytes(pids) > allowed:
            self._kill(block, MEMORY, f"[memory: stopped above {_size(allowed)}]")
        if len(pids) > 1:
            self.processes.reap()

    def _kill(self, block: Block, verdict: int, notice: str) -> None:
        self.processes.end_all()
        while self._drain_some():
            pass
        block.notices += [notice, RESTARTED]
        self.restart_worker()
        self._report(block, verdict, lost=True)

    def _worker_died(self) -> None:
        self.processes.reap()
        status = self.processes.statuses.pop(self.pid, None)
        block = self.block
        if block is None:
            self.restart_worker()
            self.lost_meanwhile = True
            return
        if block.cause == TIMEOUT:
            self._kill(block, TIMEOUT, _timeout_text(block))
        else:
            self._kill(block, KILLED, _death_text(status))

    def _channel_closed(self) -> None:
        if select.select([self.alive], [], [], 0.05)[0]:
            self._worker_died()
        elif self.block is not None:
            self._kill(self.block, KILLED, "[killed: the block closed the interpreter's own channel]")
        else:
            self.restart_worker()
            self.lost_meanwhile = True

    def _report(self, block: Block, verdict: int, lost: bool) -> None:
        self.block = None
        self.cpu_before = self.processes.cpu_ticks(self.pid)
        self.look_at = time.monotonic() + IDLE_LOOK_MS / 1000
        lost = lost or self.lost_meanwhile
        self.lost_meanwhile = False
        out, text = block.capture, block.text
        total = out.total + text.total
        if text.total:
            if not out.ends_in_newline():
                out.add(b"\n")
            out.add(bytes(text.head))
            out.dropped_bytes += text.dropped_bytes
            out.dropped_chars += text.dropped_chars
            out.add(bytes(text.tail))
        out.trim()
        notice = "\n".join(block.notices).encode()
        duration_ms = (time.monotonic() - block.began) * 1000
        head = _DONE.pack(block.id, verdict, int(lost), block.number, total, duration_ms, out.dropped_bytes, out.dropped_chars, len(out.head), len(out.tail))
        send_frame(self.nudge, b"D", head, out.head, out.tail, notice)


def _timeout_text(block: Block) -> str:
    return f"[timeout: stopped after {block.timeout_s:g} s]"


def _size(count: int) -> str:
    return f"{count / (1 << 20):.0f} MiB"


def _death_text(status: int | None) -> str:
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


assert sys.version_info >= (3, 10)
