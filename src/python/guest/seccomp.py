"""A system-call filter for the model's code: the second wall behind the namespaces.

It refuses what no calculation needs and what has opened kernels before: making namespaces and mounts, tracing and
reading other processes, keys, io_uring, bpf, userfaultfd, sockets that network namespaces do not hold (vsock, netlink,
packet, alg), and typing into a terminal on someone's behalf. Refused calls fail with EPERM (clone3 with ENOSYS, so that
libc falls back to clone); the program lives on. Classic BPF, see the kernel's Documentation/userspace-api/seccomp_filter.
"""

import ctypes
import errno
import struct

from . import linux

_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# name: (x86_64, aarch64); None: the architecture has no such call.
_REFUSED = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "quotactl": (179, 60),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "acct": (163, 89),
    "syslog": (103, 116),
    "personality": (135, 92),
    "vhangup": (153, 58),
    "iopl": (172, None),
    "ioperm": (173, None),
    "fanotify_init": (300, 262),
    "lookup_dcookie": (212, 18),
    # Memory that no process maps, and so no watch can count.
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
}
_SOCKET, _CLONE, _CLONE3, _IOCTL = (41, 198), (56, 220), (435, 435), (16, 29)

_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_LOAD, _JEQ, _JGE, _JSET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NEW_NAMESPACES = 0x7E020000  # every CLONE_NEW* flag that clone takes


def _program() -> list[tuple[int, int, int, int]]:
    column = 0 if linux.MACHINE == "x86_64" else 1
    refuse, missing = (_RETURN, 0, 0, _ERRNO | errno.EPERM), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)
    family = (_RETURN, 0, 0, _ERRNO | errno.EAFNOSUPPORT)
    allow = (_RETURN, 0, 0, _ALLOW)
    code: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, 4),
        (_JEQ, 1, 0, _ARCHITECTURE[linux.MACHINE]),
        missing,
        (_LOAD, 0, 0, 0),
    ]
    if column == 0:
        code += [(_JGE, 0, 1, 0x40000000), missing]  # the x32 numbers
    for numbers in _REFUSED.values():
        number = numbers[column]
        if number is not None:
            code += [(_JEQ, 0, 1, number), refuse]
    code += [(_JEQ, 0, 1, _CLONE3[column]), missing]
    # clone: its first argument holds the flags
    code += [(_JEQ, 0, 4, _CLONE[column]), (_LOAD, 0, 0, 16), (_JSET, 0, 1, _NEW_NAMESPACES), refuse, allow]
    # socket: unix, inet and inet6 only
    code += [(_JEQ, 0, 6, _SOCKET[column]), (_LOAD, 0, 0, 16)]
    code += [(_JEQ, 2, 0, 1), (_JEQ, 1, 0, 2), (_JEQ, 0, 1, 10), allow, family]
    # ioctl: no TIOCSTI, no TIOCLINUX
    code += [(_JEQ, 0, 4, _IOCTL[column]), (_LOAD, 0, 0, 24), (_JEQ, 1, 0, 0x5412), (_JEQ, 0, 1, 0x541C), refuse]
    code.append(allow)
    return code


class _Fprog(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def install() -> None:
    """For this process and all it starts, for ever. `no_new_privileges` must have been set."""
    packed = b"".join(struct.pack("HBBI", *step) for step in _program())
    buffer = ctypes.create_string_buffer(packed, len(packed))
    program = _Fprog(len(packed) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    linux.prctl(22, 2, ctypes.addressof(program))
