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
import time

from . import inner, linux, terminal, worker
from .block import ERROR, KILLED, MEMORY, OK, RESTARTED, TIMEOUT, Block, death_text, size_text, timeout_text
from .capture import Capture
from .processes import Processes
from .terminal import Terminal

GRACE_S = 1.0  # from SIGINT to SIGKILL
WATCH_S = 0.05
IDLE_LOOK_MS = 1000
PERSON_LOOK_MS = 200
_FROM_WORKER = (OK, ERROR, MEMORY, ERROR)


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
        self.terminal: Terminal | None = None
        self.prompt_token = b""
        self.at_prompt = self.sent = False
        self.limits: dict | None = None
        self.pid = self.alive = self.control = self.out = -1

    def send(self, kind: bytes, *parts: bytes) -> None:
        send_frame(self.nudge, kind, *parts)

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
        if self.terminal is not None:
            self._start_prompt()

    def apply_limits(self) -> None:
        asked = self.limits
        inner.limit(self.pid, self.isolated, asked["memoryBytes"], asked["scratchBytes"], asked["processes"])
        self.resident = self.processes.resident_bytes([self.pid])

    def end_worker(self) -> None:
        """The worker and all it started are gone when this returns."""
        self.processes.end_all()
        if self.terminal is not None:
            self.terminal.close()
        for file in (self.control.fileno(), self.out, self.alive):
            self.poll.unregister(file)
        self.control.close()
        os.close(self.out)
        os.close(self.alive)

    def restart_worker(self) -> None:
        self.end_worker()
        self.start_worker()

    def _lose_worker(self) -> None:
        """A new worker outside of any block: the next block's result says so."""
        if self.terminal is not None:
            self.terminal.line(RESTARTED.encode())
            self.terminal.runs(terminal.NOBODY)
        self.restart_worker()
        self.lost_meanwhile = self.lost_meanwhile or self.numbers > 0
        self._send_waiting()

    # The loop

    def serve(self, nudge: socket.socket) -> None:
        self.nudge = nudge
        nudge.setblocking(True)
        self.poll.register(nudge, select.POLLIN)
        while True:
            worker_pid = self.pid
            for file, event in sorted(self.poll.poll(self._wait_ms()), key=self._turn):
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
                elif self.terminal is not None and file == self.terminal.main:
                    self.terminal.ready(event)
                if self.pid != worker_pid:
                    break  # a new worker: what else was reported belongs to the old one's descriptors
            if self.block is not None and (self.terminal is None or self.block.begun):
                self._watch(self.block)
            elif self.terminal is not None:
                if not self.at_prompt and time.monotonic() > self.look_at:
                    self.look_at = time.monotonic() + PERSON_LOOK_MS / 1000
                    self._watch_person()
            elif time.monotonic() > self.look_at:
                self._look_while_idle()

    def _wait_ms(self) -> int:
        if self.terminal is not None and (self.block is None or not self.block.begun):
            return IDLE_LOOK_MS if self.at_prompt else PERSON_LOOK_MS
        if self.block is None:
            return IDLE_LOOK_MS
        return max(1, min(int(WATCH_S * 1000), int((self.block.deadline - time.monotonic()) * 1000) + 1))

    def _turn(self, event: tuple[int, int]) -> bool:
        """The worker's word that a block begins comes before what the block writes."""
        return event[0] != self.control.fileno()

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
            self._stop(int.from_bytes(payload, "little"))
        elif kind == b"X":
            self.end_worker()
            self._clear_scratch()
            self.start_worker()
            self.numbers = 0
            self.lost_meanwhile = False
            self.send(b"r", b"{}")
        elif kind == b"O":
            self.limits = json.loads(payload)
            if self.isolated:
                inner.size_scratch(self.limits["scratchBytes"])
            self.apply_limits()
            asked = self.limits["terminal"]
            if asked is not None:
                self.terminal = Terminal(self.send, self.poll, asked["cols"], asked["rows"])
                self._start_prompt()
            self.send(b"r", b"{}")
        elif self.terminal is not None:
            if kind == b"K":
                self._keys(payload)
            elif kind == b"Z":
                self.terminal.resize(*struct.unpack("<HH", payload))
            elif kind == b"F":
                self.terminal.flow(payload == b"\1")

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
            self._lose_worker()

    def _awaits_block(self) -> bool:
        """Whether the worker waits in a call on its control socket, as it does when its last block is truly over."""
        for _ in range(25):
            if self.processes.waits_on(self.pid, worker.CONTROL):
                return True
            time.sleep(0.002)
        return False

    def _begin(self, payload: bytes) -> None:
        if self.terminal is None and not self._awaits_block():
            self._lose_worker()
        block = self.block = Block(payload)
        self.sent = False
        if self.terminal is None or self.at_prompt:
            self._send_block(block)

    def _send_block(self, block: Block) -> None:
        self.numbers += 1
        block.number = self.numbers
        self.sent = True
        if self.lost_meanwhile:
            block.notices.append(RESTARTED)
        if self.terminal is None:
            block.begun = True
        self._throw_away_output()
        head = block.token + b"R" + struct.pack("<IQ", block.number, len(block.code))
        try:
            self.control.settimeout(5)
            self.control.send(head + block.code[:60_000])
            for start in range(60_000, len(block.code), 60_000):
                self.control.send(block.token + b"c" + block.code[start : start + 60_000])
        except OSError:
            pass  # the worker is gone or deaf; its pidfd or the clock says so next
        self.control.setblocking(False)

    def _stop(self, id: int) -> None:
        block = self.block
        if block is not None and block.id == id:
            if block.begun:
                self._interrupt(block, KILLED)
            elif not self.sent:
                block.notices = ["[not run: stopped before its turn]"]
                self._report(block, KILLED, lost=False)
        elif id == 0 and self.terminal is not None and (block is None or not block.begun):
            if self.at_prompt:
                self._keys(b"\3")
            else:
                terminal.interrupt(self.pid)

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
        kind, payload = packet[16:17], packet[17:]
        if self.terminal is not None and packet[:16] == self.prompt_token:
            self._from_prompt(kind, payload)
            return
        if block is None or packet[:16] != block.token:
            return  # forged or late: not of this block
        if kind == b"t":
            block.text.add(payload)
        elif kind == b"B" and self.terminal is not None and not block.begun:
            self._block_begins(block)
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
            left = self._sweep(block)
            self.pids_before = self.processes.last_pid()
        self._drain()
        if block.cause == TIMEOUT:  # it had its time, however it took the interrupt
            verdict = TIMEOUT
            block.notices.append(timeout_text(block))
            if said == worker.blocks.INTERRUPTED:
                block.text = Capture(0)
        if left:
            block.notices.append(left)
            self.restart_worker()
        self._report(block, verdict, lost=bool(left))

    def _sweep(self, block: Block) -> str:
        """Ends what the block left running. Returns why the worker cannot go on, or nothing."""
        self.processes.reap()
        if not self.processes.end_others(self.pid, *block.kept_pids):
            return "[the block kept starting processes: all were ended]\n" + RESTARTED
        for _ in range(20):  # a thread that has just ended may take a moment to leave
            if self.processes.threads(self.pid) <= (block.kept_threads or {self.pid}):
                return ""
            time.sleep(0.002)
        return "[threads of the block were still running after its end]\n" + RESTARTED

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
                self._kill(block, block.cause, timeout_text(block) if block.cause == TIMEOUT else "[stopped: the block did not heed the interrupt]")
            return
        if now - block.began < WATCH_S:
            return
        pids = [self.pid, *self.processes.others(self.pid)]
        if len(pids) > self.limits["processes"] + 1:
            self._kill(block, KILLED, f"[killed: more than {self.limits['processes']} processes]")
            return
        allowed = min(self.limits["memoryBytes"], block.memory_bytes)
        if self._weighs_more(pids, allowed):
            self._kill(block, MEMORY, f"[memory: stopped above {size_text(allowed)}]")
        if len(pids) > 1:
            self.processes.reap()

    def _weighs_more(self, pids: list[int], allowed: int) -> bool:
        quick = self.processes.resident_bytes(pids) - self.resident
        return quick > allowed and self.processes.proportional_bytes(pids) > allowed

    def _kill(self, block: Block, verdict: int, notice: str) -> None:
        self.processes.end_all()
        self._drain()
        block.notices += [notice, RESTARTED]
        self.restart_worker()
        self._report(block, verdict, lost=True)

    def _worker_died(self) -> None:
        self.processes.reap()
        status = self.processes.statuses.pop(self.pid, None)
        block = self.block
        if block is None or not block.begun:
            if self.terminal is not None:
                self.terminal.line(death_text(status).encode())
            self._lose_worker()
            return
        if block.cause == TIMEOUT:
            self._kill(block, TIMEOUT, timeout_text(block))
        else:
            self._kill(block, KILLED, death_text(status))

    def _channel_closed(self) -> None:
        if select.select([self.alive], [], [], 0.05)[0]:
            self._worker_died()
        elif self.block is not None and self.block.begun:
            self._kill(self.block, KILLED, "[killed: the block closed the interpreter's own channel]")
        else:
            self._lose_worker()

    def _report(self, block: Block, verdict: int, lost: bool) -> None:
        self.block = None
        self.cpu_before = self.processes.cpu_ticks(self.pid)
        self.look_at = time.monotonic() + IDLE_LOOK_MS / 1000
        lost = lost or self.lost_meanwhile
        self.lost_meanwhile = False
        if self.terminal is not None and block.begun:
            self._show_end(block)
        self.send(b"D", *block.result(verdict, lost))

    # A session with a terminal

    def _start_prompt(self) -> None:
        self.prompt_token = os.urandom(16)
        name = self.terminal.open()
        self.control.send(self.prompt_token + b"P" + name.encode())
        self.at_prompt = True

    def _from_prompt(self, kind: bytes, payload: bytes) -> None:
        if kind == b"p":
            self.at_prompt = payload != b"\1"
            self.terminal.runs(terminal.NOBODY if self.at_prompt else terminal.PERSON)
            if self.at_prompt:
                self._send_waiting()

    def _send_waiting(self) -> None:
        if self.block is not None and not self.sent:
            self._send_block(self.block)

    def _block_begins(self, block: Block) -> None:
        block.begun = True
        block.kept_pids = self.processes.others(self.pid)
        block.kept_threads = self.processes.threads(self.pid)
        self.pids_before = self.processes.last_pid()
        self.terminal.begin(block.code, block.by_person)
        block.begin()

    def _show_end(self, block: Block) -> None:
        text = block.text
        cut = f"[... {text.dropped_chars} characters cut ...]".encode() if text.dropped_bytes else b""
        self.terminal.line(bytes(text.head) + cut + bytes(text.tail))
        self.terminal.line("\n".join(block.notices).encode())
        held = self.terminal.end()
        self.at_prompt = True
        try:
            self.control.send(block.token + b"A")
        except OSError:
            pass  # a worker that is gone is noticed by its pidfd
        if held:
            self._keys(held)

    def _keys(self, data: bytes) -> None:
        """Ctrl+C ends the line at the prompt and interrupts a block; the person's own code gets it from the terminal."""
        block = self.block
        if block is not None and block.begun:
            before, ctrl_c, after = data.rpartition(b"\3")
            if ctrl_c:
                self.terminal.held.clear()
                self._interrupt(block, KILLED)
            self.terminal.hold(after)
        elif self.at_prompt and b"\3" in data:
            before, _, after = data.partition(b"\3")
            self.terminal.type(before)
            try:
                self.control.send(self.prompt_token + b"C")
            except OSError:
                pass
            self.terminal.type(b"\n")
            if after:
                self._keys(after)
        else:
            self.terminal.type(data)

    def _watch_person(self) -> None:
        """The person's own code has no time limit, but the memory limit."""
        pids = [self.pid, *self.processes.others(self.pid)]
        allowed = self.limits["memoryBytes"]
        if self._weighs_more(pids, allowed):
            self.processes.end_all()
            self.terminal.line(f"[memory: stopped above {size_text(allowed)}]".encode())
            self._lose_worker()
