"""Threat 11: each wall alone. What several walls forbid together is asked here in a way that only one of them answers."""

import ctypes
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator

import pytest

from reelbot import sandbox
from reelbot.subprocesses import Limits, answer_of, environment, launched

LIMITS = Limits(memory_bytes=512 * 1024**2, cpu_seconds=5)
DEADLINE_SECONDS = 60
"""For what must come: long for a busy machine. Nothing here is measured."""

ALLOW, KILL_PROCESS, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026
"""What <linux/seccomp.h> calls the answers of a filter; the two errors with `SECCOMP_RET_ERRNO`."""

AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""What <linux/audit.h> calls the architectures."""

DENIED = {
    "x86_64": {"socket": 41, "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "pidfd_getfd": 438},
    "aarch64": {"socket": 198, "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "pidfd_getfd": 438},
}
HARMLESS = {"x86_64": {"read": 0, "execve": 59}, "aarch64": {"read": 63, "execve": 221}}
FORKS: dict[str, dict[str, int]] = {"x86_64": {"fork": 57, "vfork": 58}, "aarch64": {}}
CLONE = {"x86_64": 56, "aarch64": 220}
IO_URING_SETUP, CLONE3 = 425, 435
THREAD = 0x3D0F00
"""What the C library passes to `clone` for a thread."""

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only the limits are kept elsewhere")
on_known = pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine not in AUDIT, reason="there is a filter for these architectures"
)


def has_landlock() -> bool:
    """Whether the kernel tells a version of it."""
    if sys.platform != "linux":
        return False
    version = (sandbox.LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), sandbox.LANDLOCK_VERSION)
    return bool(ctypes.CDLL(None, use_errno=True).syscall(*version) > 0)


with_landlock = pytest.mark.skipif(not has_landlock(), reason="needs a kernel that has Landlock")


def answered(code: bytes, architecture: int, number: int, first: int = 0) -> int:
    """What a filter answers to a call: a machine for the five instructions that it is made of."""
    seen, loaded, at = {0: number, 4: architecture, 16: first}, 0, 0
    instructions = list(struct.iter_unpack("=HBBI", code))
    while True:
        kind, if_true, if_false, value = instructions[at]
        at += 1
        if kind == 0x20:
            loaded = seen[value]
        elif kind == 0x06:
            return int(value)
        else:
            holds = {0x15: loaded == value, 0x35: loaded >= value, 0x45: loaded & value != 0}[kind]
            at += if_true if holds else if_false


@pytest.mark.parametrize("starts", [False, True])
@pytest.mark.parametrize("machine", AUDIT)
def test_the_filter_denies_what_reaches_out_or_into_another_process_and_nothing_else(
    machine: str, starts: bool
) -> None:
    code, here = sandbox.filter_for(machine, starts), AUDIT[machine]
    assert code is not None
    answers = {name: answered(code, here, number) for name, number in DENIED[machine].items()}
    assert answers == dict.fromkeys(DENIED[machine], EPERM)
    assert answered(code, here, IO_URING_SETUP) == ENOSYS
    assert {answered(code, here, number) for number in HARMLESS[machine].values()} == {ALLOW}
    for number in (*DENIED[machine].values(), *HARMLESS[machine].values()):
        assert answered(code, here, 0x40000000 | number) == ENOSYS, "the other form of calls"
        for other in {*AUDIT.values(), 0x40000003} - {here}:
            assert answered(code, other, number) == KILL_PROCESS


@pytest.mark.parametrize("machine", AUDIT)
def test_the_filter_lets_threads_begin_and_processes_only_where_they_may(machine: str) -> None:
    here = AUDIT[machine]
    for starts, forked, cloned in ((False, EPERM, ENOSYS), (True, ALLOW, ALLOW)):
        code = sandbox.filter_for(machine, starts)
        assert code is not None
        assert {answered(code, here, number) for number in FORKS[machine].values()} <= {forked}
        assert answered(code, here, CLONE3) == cloned
        assert answered(code, here, CLONE[machine], signal.SIGCHLD) == forked
        assert answered(code, here, CLONE[machine], THREAD) == ALLOW


def test_there_is_no_filter_for_an_architecture_whose_calls_are_not_known() -> None:
    assert sandbox.filter_for("pdp11", starts=False) is None


@on_known
async def test_a_child_is_denied_these_calls_even_about_itself() -> None:
    """Where only the filter stands in the way: without it each of the first four is allowed."""
    denied = DENIED[os.uname().machine]
    code = f"""
import ctypes, json, os
libc = ctypes.CDLL(None, use_errno=True)
def errno_of(*given):
    return ctypes.get_errno() if libc.syscall(*map(ctypes.c_long, given)) < 0 else 0
me, handle = os.getpid(), os.pidfd_open(os.getpid())
print(json.dumps([
    errno_of({denied["ptrace"]}, 0, 0, 0, 0),
    errno_of({denied["process_vm_readv"]}, me, 0, 0, 0, 0, 0),
    errno_of({denied["process_vm_writev"]}, me, 0, 0, 0, 0, 0),
    errno_of({denied["pidfd_getfd"]}, handle, 0, 0),
    errno_of({CLONE3}, 0, 0),
]))"""
    command = (sys.executable, "-I", "-c", code)
    said = json.loads(await answer_of(command, "trying", LIMITS, patience_seconds=DEADLINE_SECONDS))
    assert said == [1, 1, 1, 1, 38]


@on_linux
async def test_a_child_has_of_what_root_may_do_only_what_reads_and_writes_files() -> None:
    """Where the tests are run by somebody else than root there is nothing to be taken away."""
    command = (sys.executable, "-I", "-c", "print(open('/proc/self/status').read())")
    status = (await answer_of(command, "trying", LIMITS, patience_seconds=DEADLINE_SECONDS)).decode()
    sets = dict(line.split(":\t") for line in status.splitlines() if line.startswith("Cap"))
    kept = 1 << 1 | 1 << 2
    names = ("CapPrm", "CapEff", "CapBnd") if os.geteuid() == 0 else ("CapPrm", "CapEff")
    assert {name: int(sets[name], 16) & ~kept for name in names} == dict.fromkeys(names, 0)


@with_landlock
def test_a_child_cannot_read_the_environment_of_another_child_that_may_no_more_than_itself() -> None:
    waits = launched(("cat",), LIMITS)
    with subprocess.Popen(waits, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()) as other:
        assert other.stdin is not None and other.stdout is not None
        other.stdin.write(b"!")
        other.stdin.flush()
        assert other.stdout.read(1) == b"!"  # it is the program by now
        code = f"""
try:
    open("/proc/{other.pid}/environ").read()
except PermissionError:
    print("denied")"""
        command = (sys.executable, "-I", "-c", code)
        said = subprocess.run(launched(command, LIMITS), capture_output=True, env=environment(), check=True).stdout
        other.stdin.close()
    assert said == b"denied\n"


@on_linux
def test_without_a_filter_a_namespace_shuts_off_what_landlock_lets_through() -> None:
    """Datagrams; needs a kernel that lets anybody make namespaces."""
    unfiltered = "import runpy, sys, platform; platform.machine = lambda: 'pdp11'; del sys.argv[0]\n"
    unfiltered += "runpy.run_path(sys.argv[0], run_name='__main__')"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        sends = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b'!', ADDRESS)"
        sends = sends.replace("ADDRESS", repr(server.getsockname()))
        subprocess.run([sys.executable, "-c", sends], check=True)  # whoever is not within walls does
        walls = launched((sys.executable, "-I", "-c", sends), LIMITS)
        command = [walls[0], "-I", "-S", "-c", unfiltered, *walls[3:]]
        ended = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
        may = "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x10000000 | 0x40000000) != 0)"
        has_namespaces = subprocess.run([sys.executable, "-c", may], check=False).returncode == 0
    # A changed root, as some containers have, forbids namespaces: then there is no wall, and the doctor says so.
    walled = (1, True) if has_namespaces else (0, False)
    assert (ended.returncode, "Network is unreachable" in ended.stderr) == walled, ended.stderr


@on_linux
def test_a_child_that_writes_too_much_ends_as_a_program_does_that_knows_nothing_of_it() -> None:
    """Python ignores the two signals that end a program then, and what is ignored stays so."""
    command = launched(("cat", "/proc/self/status"), LIMITS)
    said = subprocess.run(command, capture_output=True, text=True, env=environment(), check=True).stdout
    ignored = int(next(line for line in said.splitlines() if line.startswith("SigIgn")).split()[1], 16)
    assert ignored & (1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1) == 0


@pytest.fixture
def ends() -> Iterator[tuple[int, int]]:
    """The two ends of a pipe."""
    ends = os.pipe()
    yield ends
    os.close(ends[0])


@on_linux
def test_a_child_ends_with_the_server_that_started_it_however_that_ends(ends: tuple[int, int]) -> None:
    heard, held = ends
    waits = f"import os, signal; os.write({held}, b'!'); signal.pause()"
    child = launched((sys.executable, "-I", "-S", "-c", waits), LIMITS)
    server = f"import signal, subprocess; subprocess.Popen({child!r}, pass_fds=[{held}]); signal.pause()"
    command = (sys.executable, "-I", "-S", "-c", server)
    with subprocess.Popen(command, pass_fds=[held], env=environment(), start_new_session=True) as process:
        os.close(held)
        try:
            assert os.read(heard, 1) == b"!"
            process.kill()
            assert select.select([heard], [], [], DEADLINE_SECONDS)[0], "it lives on"
            assert os.read(heard, 1) == b""
        finally:
            os.killpg(process.pid, signal.SIGKILL)
