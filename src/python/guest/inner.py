"""The inner sandbox, once per session: its own users, processes, mounts, network and IPC, inside the outer one.

The supervisor is the first process here and keeps its capabilities over these namespaces; the worker, which runs the
model's code, gives all of them up (`confine`) before it reads a line of that code.
"""

import os
import resource
import signal
import tempfile

from . import linux, seccomp

SCRATCH = "/scratch"
_SAFE = linux.MS_NOSUID | linux.MS_NODEV


def build(scratch_bytes: int, read_only: list[str]) -> None:
    """Called first thing in the new namespaces."""
    # Where Python itself lives below /tmp, it must show through what is laid over it.
    covered = [os.path.realpath(path) for path in read_only]
    covered = [(path, os.open(path, os.O_PATH)) for path in covered if path.startswith("/tmp/")]
    linux.map_self(os.getuid(), os.getgid())
    linux.prctl(linux.PR_SET_DUMPABLE, 0)
    linux.mount("none", "/", "", linux.MS_REC | linux.MS_PRIVATE)
    linux.mount("proc", "/proc", "proc", _SAFE | linux.MS_NOEXEC)
    linux.mount("tmpfs", SCRATCH, "tmpfs", _SAFE, f"size={scratch_bytes},nr_inodes=16384,mode=0700")
    # One file system, one limit, three places.
    for name, place in (("shm", "/dev/shm"), ("tmp", "/tmp"), ("work", SCRATCH)):
        os.mkdir(f"{SCRATCH}/{name}", 0o700)
        linux.mount(f"{SCRATCH}/{name}", place, "", linux.MS_BIND)
    for path, file in covered:
        os.makedirs(path, 0o700, exist_ok=True)
        linux.mount(f"/proc/self/fd/{file}", path, "", linux.MS_BIND | linux.MS_REC)
        os.close(file)
    linux.mount("devpts", "/dev/pts", "devpts", linux.MS_NOSUID | linux.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0600")
    linux.set_host_name("nudge")
    linux.no_new_privileges()
    os.chdir(SCRATCH)


def size_scratch(scratch_bytes: int) -> None:
    linux.mount("none", SCRATCH, "", linux.MS_REMOUNT | _SAFE, f"size={scratch_bytes}")


def build_without_isolation() -> str:
    """Returns the scratch folder, which the supervisor removes at its end."""
    linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
    scratch = tempfile.mkdtemp(prefix="nudge-scratch-")
    os.chdir(scratch)
    return scratch


def confine(isolated: bool, parent: int) -> None:
    """The worker's last step: no capability, no new privilege, the system-call filter."""
    if isolated:
        linux.drop_capabilities()
        linux.prctl(linux.PR_SET_DUMPABLE, 1)
    linux.die_with_parent(parent)
    linux.no_new_privileges()
    if isolated and linux.SUPPORTED:
        seccomp.install()
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
    except OSError:
        pass  # a wish, not a wall


def _kernel() -> tuple[int, int]:
    major, minor = os.uname().release.split(".")[:2]
    return int(major), int("".join(digit for digit in minor if digit.isdigit()) or 0)


# Since 5.14 the kernel counts processes per user namespace; before, it would count all of the user's own as well.
COUNTS_PROCESSES = _kernel() >= (5, 14)


def limit(pid: int, isolated: bool, memory_bytes: int, scratch_bytes: int, processes: int) -> None:
    """Hard limits, from outside, so that they hold from the worker's first line and cannot be raised."""
    with open(f"/proc/{pid}/statm") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()

    def hold(kind: int, value: int) -> None:
        _, most = resource.prlimit(pid, kind)
        if most != resource.RLIM_INFINITY:  # the machine's own, which nobody here may raise
            value = min(value, most)
        resource.prlimit(pid, kind, (value, value))

    hold(resource.RLIMIT_AS, mapped + memory_bytes)
    hold(resource.RLIMIT_FSIZE, scratch_bytes)
    hold(resource.RLIMIT_CORE, 0)
    hold(resource.RLIMIT_NOFILE, 512)
    hold(resource.RLIMIT_MEMLOCK, 1 << 20)
    hold(resource.RLIMIT_MSGQUEUE, 1 << 16)
    hold(resource.RLIMIT_STACK, 64 << 20)
    hold(resource.RLIMIT_SIGPENDING, 1024)
    if isolated and COUNTS_PROCESSES:
        hold(resource.RLIMIT_NPROC, processes + 2)  # the supervisor and the worker count too


def default_signals() -> None:
    for number in range(1, signal.NSIG):
        try:
            signal.signal(number, signal.SIG_DFL)
        except (OSError, ValueError):
            pass
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    if hasattr(signal, "SIGXFSZ"):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file too large is an OSError, not a death
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
