"""A sandbox: `python -I -S sandbox.py MEMORY CPU FILE FILES STARTS PROGRAM ARGUMENT…` becomes PROGRAM, within walls.

Every program that runs beside ours is started by this (`subprocesses.py`), in a process that has one thread and is ours
alone; so nothing has to be done between fork and exec of a server with many threads. It knows nothing of ReelBot and starts
in ten milliseconds. The walls, each kept by all that the program starts in its turn:

- limits (setrlimit): MEMORY bytes of address space, CPU seconds of processor time, files of FILE bytes, FILES open at
  once, no core dump. They are only ever lowered;
- `no_new_privs`: no program that is set-user-ID makes it more than it is;
- of what root may do, where ours runs as root, only to read and write any file;
- a seccomp filter: no socket of any kind, so no network and no database; no look into another process; and unless STARTS
  is 1, no process beside itself, only threads. Where there is no such filter, a user and network namespace of its own;
- a Landlock domain: other processes of the same user cannot be traced, their environment cannot be read, and from Linux
  6.12 on they cannot be signalled.

On Linux it ends with the thread that started it. On other systems there are only the limits; `reelbot doctor` says so.
"""

import ctypes
import os
import platform
import resource
import signal
import struct
import sys

CPU_GRACE_SECONDS = 2
"""Between SIGXCPU, by which a program is seen to have passed its limit, and SIGKILL."""

# <linux/prctl.h>
PR_SET_PDEATHSIG = 1
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38

# <linux/capability.h>
CAPABILITIES = 64
"""More than there are, so that those of later kernels are dropped as well."""
KEPT_CAPABILITIES = (1, 2)
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: root works in folders of other users, which a container may well have."""

# <linux/seccomp.h>, <linux/bpf_common.h>
SECCOMP_MODE_FILTER = 2
ALLOW = 0x7FFF0000
KILL_PROCESS = 0x80000000
ERRNO = 0x00050000
LOAD = 0x20
IF_EQUAL = 0x15
IF_GREATER_OR_EQUAL = 0x35
IF_ANY_BIT = 0x45
RETURN = 0x06
AT_NUMBER, AT_ARCHITECTURE, AT_FIRST_ARGUMENT = 0, 4, 16

EPERM = 1
ENOSYS = 38

CLONE_THREAD = 0x00010000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000

X32 = 0x40000000
"""From here on, numbers of calls in the other form that x86-64 has."""

IO_URING_SETUP = 425
CLONE3 = 435
PIDFD_GETFD = 438
"""The same on every architecture."""

# What seccomp calls the architecture, and the numbers of calls there: socket, ptrace, process_vm_readv, process_vm_writev;
# clone; and those that only start processes.
ARCHITECTURES = {
    "x86_64": (0xC000003E, (41, 101, 310, 311), 56, (57, 58)),
    "aarch64": (0xC00000B7, (198, 117, 270, 271), 220, ()),
}

# <linux/landlock.h>
LANDLOCK_CREATE_RULESET = 444
LANDLOCK_RESTRICT_SELF = 446
LANDLOCK_VERSION = 1
MAKE_DEVICES_AND_SOCKETS = 1 << 6 | 1 << 9 | 1 << 11
"""A domain has to forbid something; this is what no program of ours ever does."""
BIND_AND_CONNECT_TCP = 1 | 2
ABSTRACT_SOCKETS_AND_SIGNALS = 1 | 2


class FilterProgram(ctypes.Structure):
    """`sock_fprog`: a filter and its length in instructions."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def limit(memory: int, cpu: int, file: int, files: int) -> None:
    """Lower what may be used; a limit that is lower already stays."""
    bounds = {
        resource.RLIMIT_AS: (memory, memory),
        resource.RLIMIT_CPU: (cpu, cpu + CPU_GRACE_SECONDS),
        resource.RLIMIT_FSIZE: (file, file),
        resource.RLIMIT_NOFILE: (files, files),
        resource.RLIMIT_CORE: (0, 0),
    }
    for kind, wanted in bounds.items():
        present = resource.getrlimit(kind)
        lowered = [_lower(one, other) for one, other in zip(wanted, present, strict=True)]
        resource.setrlimit(kind, (lowered[0], lowered[1]))


def _lower(wanted: int, present: int) -> int:
    return wanted if present == resource.RLIM_INFINITY else min(wanted, present)


def instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """`sock_filter`; jumps skip so many instructions."""
    return struct.pack("=HBBI", code, if_true, if_false, value)


def answered(number: int, error: int) -> bytes:
    """Two instructions: a call of that number fails with this error."""
    return instruction(IF_EQUAL, number, 0, 1) + instruction(RETURN, ERRNO | error)


def filter_for(machine: str, starts: bool) -> bytes | None:
    """The filter of system calls for an architecture; None for one that is not known here."""
    if machine not in ARCHITECTURES or sys.maxsize < 2**32:  # a 32-bit Python on a 64-bit system makes other calls
        return None
    architecture, denied, clone, forks = ARCHITECTURES[machine]
    parts = [
        instruction(LOAD, AT_ARCHITECTURE),
        instruction(IF_EQUAL, architecture, 1, 0),
        instruction(RETURN, KILL_PROCESS),
        instruction(LOAD, AT_NUMBER),
        instruction(IF_GREATER_OR_EQUAL, X32, 0, 1),
        instruction(RETURN, ERRNO | ENOSYS),
        *(answered(number, EPERM) for number in (*denied, PIDFD_GETFD)),
        answered(IO_URING_SETUP, ENOSYS),
    ]
    if not starts:
        parts += [
            *(answered(number, EPERM) for number in forks),
            answered(CLONE3, ENOSYS),  # its arguments cannot be seen; libraries use clone then
            instruction(IF_EQUAL, clone, 0, 3),
            instruction(LOAD, AT_FIRST_ARGUMENT),
            instruction(IF_ANY_BIT, CLONE_THREAD, 1, 0),
            instruction(RETURN, ERRNO | EPERM),
        ]
    return b"".join((*parts, instruction(RETURN, ALLOW)))


def without_capabilities(libc: ctypes.CDLL) -> None:
    """Let the program have none but those that are kept, should it be run as root; anybody else has none to begin with."""
    for capability in range(CAPABILITIES):
        if capability not in KEPT_CAPABILITIES:
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def without_network(libc: ctypes.CDLL, starts: bool) -> bool:
    """Shut off the network, by a filter or else by namespaces; whether that could be done."""
    code = filter_for(platform.machine(), starts)
    if code is not None:
        program = FilterProgram(len(code) // 8, code)
        if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0:
            return True
    return bool(libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0)


def apart(libc: ctypes.CDLL) -> bool:
    """Enter a Landlock domain of our own; whether the kernel has that."""
    version = libc.syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), LANDLOCK_VERSION)
    if version < 1:
        return False
    scopes = (MAKE_DEVICES_AND_SOCKETS, BIND_AND_CONNECT_TCP, ABSTRACT_SOCKETS_AND_SIGNALS)
    known = struct.pack("=QQQ", *scopes)[: 8 if version < 4 else 16 if version < 6 else 24]
    rules = libc.syscall(LANDLOCK_CREATE_RULESET, known, ctypes.c_size_t(len(known)), 0)
    if rules < 0:
        return False
    is_apart = libc.syscall(LANDLOCK_RESTRICT_SELF, rules, 0) == 0
    os.close(rules)
    return bool(is_apart)


def main() -> None:
    """Put up the walls, then become the program. Status 127 when there is no such program."""
    memory, cpu, file, files, starts = map(int, sys.argv[1:6])
    command = sys.argv[6:]
    limit(memory, cpu, file, files)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "no_new_privs cannot be set")
        without_capabilities(libc)
        apart(libc)
        without_network(libc, bool(starts))
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # by Python, and it would stay so
        signal.signal(ignored, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.stderr.write(f"{command[0]} does not start: {error}\n")
        sys.exit(127)


if __name__ == "__main__":
    main()
