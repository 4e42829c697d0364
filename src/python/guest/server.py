"""The fork server: imports the libraries once, then forks sessions that have them ready.

It runs no code of a model. A few sessions are kept ready ahead (`spares`), so that opening one is handing it a socket.
Each connection on the listening socket is one session; the session speaks with nudge by itself from then on.
"""

import gc
import importlib
import os
import select
import signal
import socket
import sys
import time

from . import blocks, linux, session

PRELOAD = (
    "math cmath random itertools functools collections heapq bisect fractions decimal statistics string re json time "
    "datetime copy operator typing dataclasses enum io textwrap traceback threading subprocess contextlib inspect ast "
    "asyncio concurrent.futures tempfile glob "
    "numpy numpy.linalg numpy.random scipy sympy sympy.abc mpmath networkx sortedcontainers"
).split()

# After the last opening, so that making the next spare does not compete with a new session for the processor.
REFILL_MS = 25

_NAMESPACES = (
    linux.CLONE_NEWUSER | linux.CLONE_NEWPID | linux.CLONE_NEWNS | linux.CLONE_NEWIPC | linux.CLONE_NEWNET | linux.CLONE_NEWUTS
)


class _Spare:
    """A session that waits for its socket."""

    def __init__(self, isolated: bool, configuration: dict, closing: list[int]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pid = linux.clone(_NAMESPACES) if isolated else os.fork()
        if pid == 0:
            for file in closing:
                os.close(file)
            ours.close()
            session.main(theirs, isolated, configuration)
        theirs.close()
        self.link, self.state, self.pid = ours, "", pid

    def settle(self) -> None:
        """Waits until it is ready or has said why not."""
        if not self.state:
            self.state = self.link.recv(4096).decode() or "a session ended while it was made"

    def hand(self, connection: socket.socket) -> None:
        self.settle()
        if self.state == "ready":
            socket.send_fds(self.link, [b"+"], [connection.fileno()])
        else:
            session.send_failure(connection, self.state)
        self.link.close()


def _preload(names: list[str]) -> list[str]:
    missing = []
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            missing.append(f"{name}: {error}")
    return missing


def serve(configuration: dict, listener: socket.socket, say) -> None:
    isolated = configuration["isolation"] != "none"
    began = time.monotonic()
    missing = _preload(PRELOAD)
    if missing:
        raise OSError(f"libraries do not load: {'; '.join(missing)}")
    blocks.warm_up()
    os.umask(0o077)
    wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    sys.path.pop(0)  # the guest's own folder is no place for a block's imports
    gc.collect()
    gc.freeze()
    spares: list[_Spare] = []

    def make() -> _Spare:
        held = [listener.fileno(), wake_read, wake_write] + [spare.link.fileno() for spare in spares]
        return _Spare(isolated, configuration, held)

    first = make()
    first.settle()
    if first.state != "ready":
        raise OSError(first.state)
    spares.append(first)
    say({"ready": True, "preloadMs": round((time.monotonic() - began) * 1000)})
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 1)
    os.dup2(null, 2)
    poll = select.poll()
    for file in (listener.fileno(), wake_read, 0):
        poll.register(file, select.POLLIN)
    while True:
        idle = len(spares) < configuration["spares"]
        events = poll.poll(REFILL_MS if idle else None)
        if not events and idle:
            spares.append(make())
        for file, _ in events:
            if file == 0 and not os.read(0, 4096):
                sys.exit(0)
            if file == wake_read:
                os.read(wake_read, 4096)
                _reap(spares)
            if file == listener.fileno():
                connection, _ = listener.accept()
                try:
                    (spares.pop(0) if spares else make()).hand(connection)
                except OSError as error:
                    session.send_failure(connection, f"no new session: {error}")
                connection.close()


def _reap(spares: list[_Spare]) -> None:
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        for spare in [spare for spare in spares if spare.pid == pid]:
            spares.remove(spare)
            spare.link.close()
