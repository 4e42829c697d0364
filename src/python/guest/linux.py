"""The few Linux calls that Python's standard library lacks: namespaces, mounts, capabilities, prctl.

Every function raises OSError naming the call that failed; nothing here decides anything.
"""

import ctypes
import os
import platform
import signal
import struct

# PyDLL keeps the GIL: a raw clone() must not race another Python thread (there is none, but the rule is cheap).
_libc = ctypes.PyDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
MNT_DETACH = 2

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
PR_SET_SECUREBITS, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 28, 36, 38, 47

_NUMBERS = {
    "x86_64": {"clone": 56, "pivot_root": 155, "mount_setattr": 442, "capset": 126},
    "aarch64": {"clone": 220, "pivot_root": 41, "mount_setattr": 442, "capset": 91},
}
MACHINE = platform.machine()
SUPPORTED = MACHINE in _NUMBERS
_nr = _NUMBERS.get(MACHINE, {})


def _check(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def clone(flags: int) -> int:
    """As os.fork(), into new namespaces: the child is the first process of a new pid namespace."""
    ctypes.pythonapi.PyOS_BeforeFork()
    pid = _libc.syscall(_nr["clone"], ctypes.c_ulong(flags | signal.SIGCHLD), 0, 0, 0, 0)
    code = ctypes.get_errno()
    if pid == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
        return 0
    ctypes.pythonapi.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(code, f"clone: {os.strerror(code)}")
    return pid


def unshare(flags: int) -> None:
    _check(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    _check(
        _libc.mount(source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags), data.encode() or None),
        f"mount {kind or source} on {target}",
    )


def unmount(target: str, flags: int = MNT_DETACH) -> None:
    _check(_libc.umount2(target.encode(), flags), f"umount {target}")


def bind(source: str, target: str, read_only: bool = True) -> None:
    """Shows `source` with everything mounted below it at `target`: without devices and setuid, read-only if asked."""
    mount(source, target, "", MS_BIND | MS_REC)
    attributes = 0x2 | (0x1 if read_only else 0)  # MOUNT_ATTR_NOSUID | MOUNT_ATTR_RDONLY
    if not os.path.realpath(source).startswith("/dev/"):
        attributes |= 0x4  # MOUNT_ATTR_NODEV
    what = ctypes.create_string_buffer(struct.pack("QQQQ", attributes, 0, 0, 0))
    at_recursive = 0x8000
    _check(
        _libc.syscall(_nr["mount_setattr"], -100, target.encode(), at_recursive, what, ctypes.c_size_t(32)),
        f"mount_setattr {target} (needs Linux 5.12)",
    )


def pivot_root(new_root: str) -> None:
    """Makes `new_root` the root; the old one is gone from sight and reach."""
    os.chdir(new_root)
    _check(_libc.syscall(_nr["pivot_root"], b".", b"."), "pivot_root")
    unmount(".")
    os.chdir("/")


def prctl(option: int, value: int = 0, third: int = 0) -> None:
    _check(
        _libc.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(third), ctypes.c_ulong(0), ctypes.c_ulong(0)),
        f"prctl {option}",
    )


def set_host_name(name: str) -> None:
    _check(_libc.sethostname(name.encode(), ctypes.c_size_t(len(name))), "sethostname")


def die_with_parent(parent: int) -> None:
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent and os.getppid() != parent:
        os._exit(1)


def map_self(uid: int, gid: int) -> None:
    """Maps this process's ids to themselves in its new user namespace; needs no privilege."""
    for name, text in (("setgroups", "deny"), ("gid_map", f"{gid} {gid} 1"), ("uid_map", f"{uid} {uid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def has_capability(number: int) -> bool:
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith("CapEff:"):
                return bool(int(line.split()[1], 16) >> number & 1)
    return False


CAP_SETUID, CAP_SYS_ADMIN = 7, 21


def drop_capabilities() -> None:
    """No capability now, none after exec, none by any file or uid 0."""
    for number in range(64):
        try:
            prctl(PR_CAPBSET_DROP, number)
        except OSError:
            break
    try:
        prctl(PR_SET_SECUREBITS, 0x2F)  # NOROOT, NO_SETUID_FIXUP, their locks, and KEEP_CAPS locked off
    except OSError:
        pass  # only a process that has CAP_SETPCAP may; without it there is nothing to lock
    try:
        prctl(PR_CAP_AMBIENT, 4)
    except OSError:
        pass
    header = ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, 0))
    nothing = ctypes.create_string_buffer(bytes(24))
    _check(_libc.syscall(_nr["capset"], header, nothing), "capset")


def no_new_privileges() -> None:
    prctl(PR_SET_NO_NEW_PRIVS, 1)


def fix_addresses() -> bool:
    """Programs started from here on lie at the same addresses in every run (personality(2), ADDR_NO_RANDOMIZE): an address
    that a block prints, `<generator object ... at 0x...>`, is then the same when a trace is made again. True where this
    was so already. The system may refuse; then addresses differ, and nothing else does."""
    no_randomize = 0x0040000
    before = _libc.personality(ctypes.c_ulong(0xFFFFFFFF))
    if before & no_randomize:
        return True
    return before < 0 or _libc.personality(ctypes.c_ulong(before | no_randomize)) < 0
