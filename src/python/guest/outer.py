"""The outer sandbox, once per nudge process: the fork server's own view of the machine.

What is in it: the system's programs and libraries read-only, the Python environment read-only, an /etc made up here, an
empty /tmp, no network, no other process. What is not: the home folders, /root, /var, /run, the working folder of nudge.
Built by bubblewrap where it works, else by the same system calls. Each session makes its own namespaces inside this one
(session.py); as root, the server becomes `nobody` first, so that no session ever runs as the real root.
"""

import json
import os
import pathlib
import resource
import signal
import socket
import sys

from . import linux

NOBODY = 65534
_OPEN_FILES = 1024  # a worker's own descriptors stand just below (worker.py)
_NODES = ("null", "zero", "full", "random", "urandom", "tty")


def check_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < _OPEN_FILES:
        raise OSError(f"a process may have {hard} open files here (ulimit -Hn), and Python's supervisor needs {_OPEN_FILES}")
    if soft != resource.RLIM_INFINITY and soft < _OPEN_FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, hard))


def _system_folders() -> list[str]:
    return [path for path in ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32") if os.path.lexists(path)]


def _read_only(configuration: dict) -> list[str]:
    """Folders of the host shown inside, at their own places; none within another."""
    wanted = [os.path.realpath(path) for path in configuration["readOnly"]]
    with open("/proc/self/maps") as maps:  # libraries of a Python that lives in an unusual place
        for line in maps:
            path = line.rstrip("\n").partition("/")[2]
            if ".so" in path and os.path.exists("/" + path):
                wanted.append(os.path.dirname(os.path.realpath("/" + path)))
    held = [path for path in _system_folders() if not os.path.islink(path)]
    for path in sorted(set(wanted), key=len):
        if not _within(path, held):
            held.append(path)
    return held


def _within(path: str, folders: list[str]) -> bool:
    return any(path == folder or path.startswith(folder + "/") for folder in folders)


def _etc(uid: int) -> dict[str, str]:
    return {
        "passwd": f"root:x:0:0:root:/:/bin/sh\nnudge:x:{uid}:{uid}:nudge:/scratch:/bin/sh\n",
        "group": f"root:x:0:\nnudge:x:{uid}:\n",
        "hosts": "127.0.0.1 localhost\n::1 localhost\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    }


_ETC_SHOWN = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime", "timezone")


def _is_root() -> bool:
    return os.geteuid() == 0 and linux.has_capability(linux.CAP_SYS_ADMIN)


def exec_bubblewrap(configuration: dict, listener: socket.socket, main: str) -> None:
    """Becomes bubblewrap, which starts `main` again inside. The listening socket is handed through."""
    root = _is_root()
    uid = NOBODY if root else os.geteuid()
    arguments = [configuration["bubblewrap"], "--die-with-parent", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    if root:
        for name in ("CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):
            arguments += ["--cap-add", name]
    else:
        arguments += ["--unshare-user", "--proc", "/proc"]
    for path in _system_folders():
        arguments += ["--symlink", os.readlink(path), path] if os.path.islink(path) else ["--ro-bind", path, path]
    read_only = _read_only(configuration)
    for path in read_only:
        if path not in _system_folders():
            # Made by hand: those that bubblewrap makes by itself only root may enter.
            parents = [str(parent) for parent in reversed(pathlib.PurePath(path).parents)][1:]
            arguments += [word for parent in parents if not _within(parent, read_only) for word in ("--dir", parent)]
            arguments += ["--ro-bind", path, path]
    made = os.path.join(os.path.dirname(configuration["socket"]), "etc")
    os.mkdir(made, 0o755)
    arguments += ["--dir", "/etc"]
    for name, text in _etc(uid).items():
        with open(f"{made}/{name}", "w") as file:
            file.write(text)
        arguments += ["--ro-bind", f"{made}/{name}", f"/etc/{name}"]
    for name in _ETC_SHOWN:
        arguments += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    arguments += ["--dir", "/proc", "--dev", "/dev", "--dir", "/tmp", "--dir", "/scratch", "--chdir", "/"]
    arguments += ["--remount-ro", "/dev", "--remount-ro", "/"]
    os.set_inheritable(listener.fileno(), True)
    inside = {**configuration, "stage": "inside", "listener": listener.fileno()}
    arguments += ["--", configuration["python"], "-s", "-B", "-X", "utf8", main, json.dumps(inside)]
    linux.die_with_parent(0)
    os.execv(configuration["bubblewrap"], arguments)


def settle_in_bubblewrap() -> None:
    """Inside, before serving. For root bubblewrap's own /proc would be masked, and sessions could not mount theirs."""
    if os.geteuid() == 0:
        linux.mount("proc", "/proc", "proc", linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC)
    become_nobody()


def enter_namespaces(configuration: dict) -> None:
    """Returns in the first process of a sandbox like bubblewrap's; the process that called stays outside and waits."""
    if not linux.SUPPORTED:
        raise OSError(f"no isolation for processors of type {linux.MACHINE}: install bubblewrap")
    read_only = _read_only(configuration)
    root = _is_root()
    uid, gid = os.geteuid(), os.getegid()
    spaces = linux.CLONE_NEWNS | linux.CLONE_NEWPID | linux.CLONE_NEWNET | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS
    linux.unshare(spaces | (0 if root else linux.CLONE_NEWUSER))
    if not root:
        linux.map_self(uid, gid)
    linux.die_with_parent(0)
    child = os.fork()
    if child:
        os.closerange(0, 3)
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    linux.die_with_parent(0)
    _build_root(read_only, NOBODY if root else uid)
    become_nobody()
    linux.no_new_privileges()


def _build_root(read_only: list[str], uid: int) -> None:
    safe = linux.MS_NOSUID | linux.MS_NODEV
    linux.mount("none", "/", "", linux.MS_REC | linux.MS_PRIVATE)
    # Any folder does as the place to build in: what it holds stays visible below the new root until the pivot.
    new = "/tmp" if os.path.isdir("/tmp") else "/usr"
    kept = [(path, os.open(path, os.O_PATH)) for path in read_only]
    etc_kept = [(name, os.open(f"/etc/{name}", os.O_PATH)) for name in _ETC_SHOWN if os.path.exists(f"/etc/{name}")]
    nodes = [(name, os.open(f"/dev/{name}", os.O_PATH)) for name in _NODES if os.path.exists(f"/dev/{name}")]
    linux.mount("tmpfs", new, "tmpfs", safe, "size=4m,mode=755")
    for path in _system_folders():
        if os.path.islink(path):
            os.symlink(os.readlink(path), new + path)
    for path, file in kept:
        os.makedirs(new + path, 0o755, exist_ok=True)
        linux.bind(f"/proc/self/fd/{file}", new + path)
    os.mkdir(new + "/etc", 0o755)
    for name, text in _etc(uid).items():
        with open(f"{new}/etc/{name}", "w") as target:
            target.write(text)
    for name, file in etc_kept:
        target_path = f"{new}/etc/{name}"
        if os.path.isdir(f"/proc/self/fd/{file}"):
            os.mkdir(target_path, 0o755)
        else:
            os.close(os.open(target_path, os.O_CREAT, 0o644))
        linux.bind(f"/proc/self/fd/{file}", target_path)
    for folder in ("dev", "dev/pts", "dev/shm", "proc", "tmp", "scratch"):
        os.makedirs(f"{new}/{folder}", 0o755, exist_ok=True)
    for name, file in nodes:
        os.close(os.open(f"{new}/dev/{name}", os.O_CREAT, 0o644))
        linux.bind(f"/proc/self/fd/{file}", f"{new}/dev/{name}", read_only=False)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"), ("stderr", "/proc/self/fd/2"), ("ptmx", "pts/ptmx")):
        os.symlink(target, f"{new}/dev/{name}")
    linux.mount("devpts", f"{new}/dev/pts", "devpts", linux.MS_NOSUID | linux.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0600")
    linux.mount("proc", f"{new}/proc", "proc", safe | linux.MS_NOEXEC)
    for _, file in kept + etc_kept + nodes:
        os.close(file)
    linux.pivot_root(new)
    linux.mount("none", "/", "", linux.MS_REMOUNT | linux.MS_BIND | linux.MS_RDONLY | safe)


def become_nobody() -> None:
    """As root: give up root for good. Files that only root may read are then closed to sessions even where mounted."""
    if os.geteuid() == 0 and linux.has_capability(linux.CAP_SETUID):
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    # A change of ids makes a process opaque to itself in /proc; sessions must write their own uid_map there.
    linux.prctl(linux.PR_SET_DUMPABLE, 1)
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)  # the same change forgets this one
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdin = None
