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
HURRY_S = 0.1

_NAMESPACES = (
    linux.CLONE_NEWUSER | linux.CLONE_NEWPID | linux.CLONE_NEWNS | linux.CLONE_NEWIPC | linux.CLONE_NEWNET | linux.CLONE_NEWUTS
)


class _Spare:
    """A session that waits for its socket, or that is being made and has it already."""

    def __init__(self, isolated: bool, configuration: dict) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pid = linux.clone(_NAMESPACES) if isolated else os.fork()
        if self.pid == 0:
            ours.close()
            session.main(theirs, isolated, configuration)
        theirs.close()
        self.link, self.ready = ours, False
        self.connection: socket.socket | None = None

    def hand(self, connection: socket.socket) -> None:
        """Without waiting: several may be made at a time. One that cannot be made says why in `heard`."""
        self.connection = connection
        try:
            socket.send_fds(self.link, [b"+"], [connection.fileno()])
        except OSError:
            pass  # it is no more, which is heard next

    def heard(self) -> str:
        """What it says: nothing if it is well, else why it is not."""
        try:
            said = self.link.recv(4096).decode()
        except OSError:
            said = ""
        self.ready = said == "ready"
        return "" if self.ready else said or "a session ended while it was made"

    def close(self, why: str = "") -> None:
        if self.connection is not None:
            if why:
                session.send_failure(self.connection, why)
            self.connection.close()
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
    poll = select.poll()
    for file in (listener.fileno(), wake_read, 0):
        poll.register(file, select.POLLIN)
    spares: list[_Spare] = []
    made: dict[int, _Spare] = {}

    def make() -> _Spare:
        one = _Spare(isolated, configuration)
        made[one.link.fileno()] = one
        poll.register(one.link, select.POLLIN)
        return one

    def done(one: _Spare, why: str = "") -> None:
        poll.unregister(one.link)
        del made[one.link.fileno()]
        if one in spares:
            spares.remove(one)
        one.close(why)

    first = make()
    wrong = first.heard()
    if wrong:
        raise OSError(wrong)
    spares.append(first)
    say({"ready": True, "preloadMs": round((time.monotonic() - began) * 1000)})
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 1)
    os.dup2(null, 2)
    last, hurry = 0.0, False
    while True:
        idle = len(spares) < configuration["spares"]
        events = poll.poll((0 if hurry else REFILL_MS) if idle else None)
        if not events and idle:
            spares.append(make())
        for file, _ in events:
            if file == 0 and not os.read(0, 4096):
                sys.exit(0)
            if file == wake_read:
                os.read(wake_read, 4096)
                _reap()
            if file in made:
                one = made[file]
                wrong = one.heard()
                if wrong or one.connection is not None:
                    done(one, wrong)
            if file == listener.fileno():
                connection, _ = listener.accept()
                # When one opening follows close upon another, more will; then the next one is better made at once.
                now = time.monotonic()
                hurry, last = now - last < HURRY_S, now
                try:
                    one = spares.pop(0) if spares else make()
                except OSError as error:
                    session.send_failure(connection, f"no new session: {error}")
                    connection.close()
                    continue
                one.hand(connection)
                if one.ready:
                    done(one)


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass  # a session that ended while it was made is heard of by its link
