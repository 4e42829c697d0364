"""One session's supervisor: the only process that speaks with nudge for a trace, and the judge of its blocks.

It starts the worker, hands it blocks, drains what they write, watches their time and memory, ends what they leave
behind and reports. It never runs code of a block and believes the worker nothing that it can see for itself.

Frames both ways: size u32, kind u8, payload (little endian).
From nudge: "O" open (JSON), "R" run, "I" interrupt, "X" restart; with a terminal "K" keys, "Z" size, "F" flow.
To nudge: "r" ready, "D" done, "w" a block still runs, "E" failure (text); with a terminal "s" who runs which block, "b" how one ended, "T" its
output, "h" a line of the person's for the history.
"""

import json
import os
import select
import shutil
import signal
import socket
import struct
import time

from . import inner, linux, worker
from .block import ERROR, KILLED, LONGEST, MEMORY, OK, RESTARTED, TIMEOUT, Block, death_text, size_text, timeout_text
from .capture import Capture
from .child import Child
from .processes import Processes
from .terminal import Terminal

GRACE_S = 1.0  # from SIGINT to SIGKILL
WATCH_S = 0.05
IDLE_LOOK_S = 1.0
SIGN_S = 5.0
# A block that has run for so long makes way for shorter ones of other traces.
LONG_S = 0.3
_VERDICTS = (OK, ERROR, MEMORY, ERROR)  # of what a worker says: ok, error, memory, interrupted


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
    scratch, session = "", None
    try:
        handover = _begin_process(handover)
        if isolated:
            inner.build(configuration["scratchBytes"], configuration["readOnly"])
        else:
            scratch = inner.build_without_isolation()
            linux.die_with_parent(0)
        session = Session(isolated)
        handover.send(b"ready")
        _, files, _, _ = socket.recv_fds(handover, 1, 1)
        if files:
            handover.close()
            session.serve(socket.socket(fileno=files[0]))
    except BaseException as error:
        if session is not None and session.nudge is not None:
            send_failure(session.nudge, f"the Python supervisor failed: {type(error).__name__}: {error}")
        else:
            _tell(handover, f"{error}")
    finally:
        if scratch:
            if session is not None:
                session.processes.end_all()
            shutil.rmtree(scratch, ignore_errors=True)
        os._exit(0)


def _tell(handover: socket.socket, why: str) -> None:
    try:
        handover.send(why.encode())
    except OSError:
        pass


def _begin_process(handover: socket.socket) -> socket.socket:
    """Nothing of the fork server's is left open; no signal ends or stops this process but the kernel's own."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # A session of its own is a group of the scheduler's of its own: no trace's noise keeps another's supervisor waiting.
    os.setsid()
    os.dup2(handover.detach(), 3, True)
    null = os.open("/dev/null", os.O_RDWR)
    for file in (0, 1, 2):
        os.dup2(null, file, True)
    os.closerange(4, 4096)
    return socket.socket(fileno=3)


class Session:
    def __init__(self, isolated: bool) -> None:
        self.isolated = isolated
        self.processes = Processes(isolated)
        self.poll = select.poll()
        self.nudge: socket.socket | None = None
        self.inbox = bytearray()
        self.limits: dict = {}
        self.terminal: Terminal | None = None
        self.block: Block | None = None
        self.numbers = 0
        self.lost_meanwhile = False
        self.quick_deaths = 0
        self.look_at = 0.0
        self.sign_at = 0.0
        self.child = Child(self.processes, isolated, self.poll)

    def send(self, kind: bytes, *parts: bytes) -> None:
        send_frame(self.nudge, kind, *parts)

    # The worker

    def start_worker(self) -> None:
        self.child = Child(self.processes, self.isolated, self.poll)
        self.child.limit(self.limits)
        if self.terminal is not None:
            self.terminal.start(self.child)

    def end_worker(self) -> None:
        self.processes.end_all()
        if self.terminal is not None:
            self.terminal.close()
        self.child.end()

    def restart_worker(self) -> None:
        self.end_worker()
        self.start_worker()

    def lose_worker(self, why: bytes = b"") -> None:
        """A new worker outside of any block: the next block's result says so."""
        self.quick_deaths = self.quick_deaths + 1 if time.monotonic() - self.child.started < 1 else 0
        if self.quick_deaths > 5:
            raise RuntimeError("the Python worker ends again and again")
        if self.terminal is not None:
            self.terminal.lost(why)
        self.restart_worker()
        self.lost_meanwhile = self.lost_meanwhile or self.numbers > 0 or self.terminal is not None
        if self.block is not None and not self.block.begun:
            self.send_block(self.block)

    # The loop

    def serve(self, nudge: socket.socket) -> None:
        self.nudge = nudge
        self.poll.register(nudge, select.POLLIN)
        while True:
            child = self.child
            for file, event in sorted(self.poll.poll(self._wait_ms()), key=self._turn):
                if file == nudge.fileno():
                    data = nudge.recv(1 << 16)
                    if not data:
                        return
                    self.inbox += data
                    self._take_frames()
                elif file == child.out:
                    self._drain_some()
                elif file == child.control.fileno():
                    self._from_worker()
                elif file == child.alive:
                    self._worker_died()
                elif self.terminal is not None:
                    self.terminal.ready(event)
                if self.child is not child:
                    break  # what else was reported belongs to the old worker's descriptors
            if self.terminal is not None:
                self.terminal.look()
            if self.block is not None and self.block.begun:
                self._watch(self.block)
            elif time.monotonic() > self.look_at:
                self._look_around()

    def _turn(self, event: tuple[int, int]) -> bool:
        """The worker's word that a block begins comes before what the block writes."""
        return event[0] != self.child.control.fileno()

    def _wait_ms(self) -> int:
        if self.block is not None and self.block.begun:
            return max(1, min(int(WATCH_S * 1000), int(self.block.left_s() * 1000) + 1))
        idle_ms = int(IDLE_LOOK_S * 1000)
        return idle_ms if self.terminal is None else self.terminal.wait_ms(idle_ms)

    def _look_around(self) -> None:
        """Between blocks. A person's code may run then, within the memory limit; of the model's nothing may."""
        self.look_at = time.monotonic() + IDLE_LOOK_S
        if self.terminal is None:
            if not self.child.idles():
                self.lose_worker()
        elif not self.terminal.at_prompt and self.child.weighs_more(self.limits["memoryBytes"]):
            self.lose_worker(f"[memory: stopped above {size_text(self.limits['memoryBytes'])}]".encode())

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
            self._take_block(payload)
        elif kind == b"I":
            self._stop(int.from_bytes(payload, "little"))
        elif kind == b"X":
            self.end_worker()
            self._clear_scratch()
            if self.terminal is not None:
                self.terminal.restarted(payload)
            self.start_worker()
            self.numbers, self.lost_meanwhile = 0, False
            self.send(b"r")
        elif kind == b"O":
            self.limits = json.loads(payload)
            if self.isolated:
                inner.size_scratch(self.limits["scratchBytes"])
            self.child.limit(self.limits)
            asked = self.limits["terminal"]
            if asked is not None:
                self.terminal = Terminal(self, asked["cols"], asked["rows"], asked["history"])
                self.terminal.start(self.child)
            self.send(b"r")
        elif self.terminal is not None:
            self.terminal.from_nudge(kind, payload)

    def _clear_scratch(self) -> None:
        for folder in (".", "/tmp", "/dev/shm") if self.isolated else (".",):
            for entry in os.scandir(folder):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)  # a Python below /tmp shows through, read-only
                else:
                    os.unlink(entry.path)

    # One block

    def _take_block(self, payload: bytes) -> None:
        if self.terminal is None and not self.child.awaits_block():
            self.lose_worker()
        self.block = Block(payload)
        if self.terminal is None or self.terminal.at_prompt:
            self.send_block(self.block)

    def send_block(self, block: Block) -> None:
        if not block.sent:
            self.numbers += 1
            block.number = self.numbers
        block.sent = True
        if self.lost_meanwhile and not block.notices:
            block.notices.append(RESTARTED)
        if self.terminal is None:
            block.begun = True
        while self.child.read():
            pass  # between blocks nothing runs; what was written nevertheless is no block's output
        self.child.give_block(block.token, block.number, block.code)

    def _stop(self, wanted: int) -> None:
        block = self.block
        if block is not None and block.id == wanted:
            if block.begun:
                self.interrupt(block, KILLED)
            elif not block.sent:
                block.notices = ["[not run: stopped before its turn]"]
                self._report(block, KILLED, lost=False)
        elif wanted == 0 and self.terminal is not None:
            self.terminal.interrupt()

    def _drain_some(self) -> int:
        data = self.child.read()
        block = self.block
        if block is not None and block.begun:
            block.capture.add(data)
            if self.terminal is not None:
                self.terminal.output(data)
        return len(data)

    def _drain(self) -> None:
        """All that was written before now: a pipe holds a megabyte at most."""
        for _ in range(64):
            if not self._drain_some():
                return

    def _from_worker(self) -> None:
        packet = self.child.hear()
        if packet is None:
            self._channel_closed()
            return
        block, token, kind, payload = self.block, packet[:16], packet[16:17], packet[17:]
        if self.terminal is not None and token == self.terminal.token:
            self.terminal.from_prompt(kind, payload)
        elif block is None or token != block.token:
            return  # forged or late: not of this block
        elif kind == b"t":
            block.text.add(payload)
        elif kind == b"B" and self.terminal is not None and not block.begun:
            block.kept_pids = self.processes.others(self.child.pid)
            block.kept_threads = self.processes.threads(self.child.pid)
            self.child.settle()
            self.terminal.begin(block)
            block.begin()
            self.child.say(block.token, b"G")
        elif kind == b"E" and payload and payload[0] < len(_VERDICTS):
            self._ended(block, payload[0])

    def _ended(self, block: Block, said: int) -> None:
        """The worker says that the block is over. See to it that it is."""
        verdict = _VERDICTS[said]
        left = ""
        # A fast look first: if no process or thread number was given out, nothing was started. Numbers could be gone
        # round once in a long block, so those are looked at in full.
        if self.processes.last_pid() != self.child.last_pid or time.monotonic() - block.began > 0.2:
            left = self._sweep(block)
        self._drain()
        if block.cause == TIMEOUT:  # it had its time, however it took the interrupt
            verdict = TIMEOUT
            block.notices.append(timeout_text(block))
            if said == worker.blocks.INTERRUPTED:
                block.text = Capture(0)
        if left:
            block.notices += [left, RESTARTED]
            self.restart_worker()
        self._report(block, verdict, lost=bool(left))

    def _sweep(self, block: Block) -> str:
        """Ends what the block left running. Returns why the worker cannot go on, or nothing."""
        self.processes.reap()
        if not self.processes.end_others(self.child.pid, *block.kept_pids):
            return "[the block kept starting processes: all were ended]"
        kept = block.kept_threads or {self.child.pid}
        # A thread that has just ended may take a moment to leave, on a busy machine a long one.
        if self.processes.soon_gone(self.child.pid, kept, 0.04):
            return ""
        return "[threads of the block were still running after its end]"

    def interrupt(self, block: Block, cause: int) -> None:
        if block.cause is None:
            block.cause = cause
            block.allowed_s = block.spent_s + GRACE_S
            self.child.interrupt()

    def _watch(self, block: Block) -> None:
        now = time.monotonic()
        if now - block.looked < WATCH_S and block.left_s() > 0:
            return
        others = self.processes.others(self.child.pid)
        block.count(self.child.waited_s(others), self.child.cpu_s(others))
        if block.left_s() <= 0 and not (self.child.waits() and now - block.began < LONGEST * block.timeout_s):
            if block.cause is None:
                self.interrupt(block, TIMEOUT)
            elif block.cause == TIMEOUT:
                self._kill(block, TIMEOUT, timeout_text(block))
            else:
                self._kill(block, KILLED, "[stopped: the block did not heed the interrupt]")
            return
        if block.spent_s > LONG_S:
            self.child.yields(True)
        if now > self.sign_at:
            self.sign_at = now + SIGN_S
            self.send(b"w")
        if len(others) > self.limits["processes"]:
            self._kill(block, KILLED, f"[killed: more than {self.limits['processes']} processes]")
            return
        allowed = min(self.limits["memoryBytes"], block.memory_bytes)
        if self.child.weighs_more(allowed):
            self._kill(block, MEMORY, f"[memory: stopped above {size_text(allowed)}]")
        if others:
            self.processes.reap()

    def _kill(self, block: Block, verdict: int, notice: str) -> None:
        self.processes.end_all()
        self._drain()
        block.notices += [notice, RESTARTED]
        self.restart_worker()
        self._report(block, verdict, lost=True)

    def _worker_died(self) -> None:
        self.processes.reap()
        status = self.processes.statuses.pop(self.child.pid, None)
        block = self.block
        if block is None or not block.begun:
            self.lose_worker(self.child.last_words() + death_text(status).encode())
        elif block.cause == TIMEOUT:
            self._kill(block, TIMEOUT, timeout_text(block))
        else:
            self._kill(block, KILLED, death_text(status))

    def _channel_closed(self) -> None:
        # Where it is on its way out, its end is soon told.
        patience_s = 30 if self.processes.is_ending(self.child.pid) else 0.05
        if select.select([self.child.alive], [], [], patience_s)[0]:
            self._worker_died()
        elif self.block is not None and self.block.begun:
            self._kill(self.block, KILLED, "[killed: the block closed the interpreter's own channel]")
        else:
            self.lose_worker()

    def _report(self, block: Block, verdict: int, lost: bool) -> None:
        self.block = None
        self.child.yields(False)
        self.child.settle()
        self.look_at = time.monotonic() + IDLE_LOOK_S
        lost = lost or self.lost_meanwhile
        self.lost_meanwhile = False
        if self.terminal is not None and block.begun:
            self.terminal.end(block, verdict)
        self.send(b"D", *block.result(verdict, lost))
