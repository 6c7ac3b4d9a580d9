"""Threat 11: a program that the studio runs sees no key, reaches no network and no other process, and takes no more.

Every test runs a program through the real launcher; a program that a hostile file has taken over could do as much.
"""

import asyncio
import inspect
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.render.material import TINY, clip, picture, speech, timeline

from reelbot import sandbox, subprocesses
from reelbot.providers.embedded.animation import AnimationOptions, animate
from reelbot.providers.embedded.speech.speech import SpeechOptions, speak
from reelbot.providers.keyed import sounds
from reelbot.render import probe, render
from reelbot.subprocesses import ChildFailure, Crashed, Limits, answer_of, environment, launched, python_environment

SECRET = "sk-very-secret"

NARROW = Limits(memory_bytes=512 * 1024**2, cpu_seconds=5)

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only the limits are kept elsewhere")


async def told(code: str, limits: Limits = NARROW, variables: Mapping[str, str] | None = None) -> Any:
    """What a program within walls answers in JSON."""
    command = (sys.executable, "-I", "-c", f"import json, os, sys\n{code}")
    answer = await answer_of(command, "trying", limits, patience_seconds=60, variables=variables)
    return json.loads(answer)


ATTEMPT = """
def attempt(act):
    try:
        act()
    except OSError as error:
        return error.errno
    return 0
"""


@pytest.fixture(autouse=True)
def _keys_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "REELBOT_DATABASE", "REELBOT_PROVIDERS", "AWS_SECRET_ACCESS_KEY", "PGPASSWORD"):
        monkeypatch.setenv(name, SECRET)


# what it sees


async def test_a_child_is_given_no_key_and_nothing_that_it_does_not_need() -> None:
    for variables in (None, python_environment()):
        seen = await told("print(json.dumps(dict(os.environ)))", variables=variables)
        assert SECRET not in seen.values()
        assert not [name for name in seen if name.startswith("REELBOT")]
        known = {*subprocesses.PASSED, "PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "HOME", "OPENBLAS_NUM_THREADS"}
        assert set(seen) <= known
        assert seen["PATH"] == os.environ["PATH"]


@on_linux
async def test_a_child_cannot_read_the_environment_of_the_server_or_look_into_it() -> None:

    code = f"""{ATTEMPT}
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def call(*a):
    if libc.syscall(*a) < 0:
        raise OSError(ctypes.get_errno(), "")
ptrace = {sandbox.ARCHITECTURES.get(os.uname().machine, (0, (0, 101)))[1][1]}
print(json.dumps([
    attempt(lambda: open("/proc/{os.getpid()}/environ").read()),
    attempt(lambda: open("/proc/{os.getpid()}/mem", "rb").read(1)),
    attempt(lambda: os.readlink("/proc/{os.getpid()}/fd/0")),
    attempt(lambda: call(ptrace, 16, {os.getpid()}, 0, 0)),
]))"""
    assert all(errno != 0 for errno in await told(code))


@on_linux
async def test_a_child_has_no_privileges_to_gain_and_is_filtered() -> None:
    status = await told("print(json.dumps(open('/proc/self/status').read()))")
    assert "NoNewPrivs:\t1" in status
    assert "Seccomp:\t2" in status


# what it reaches


@contextmanager
def listening() -> Iterator[int]:
    """A server on this machine; its port."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


@on_linux
async def test_a_child_reaches_no_network_no_socket_of_this_machine_and_no_name_server() -> None:
    with listening() as port:
        socket.create_connection(("127.0.0.1", port)).close()  # whoever is not within walls does
        code = f"""{ATTEMPT}
import socket
print(json.dumps([
    attempt(lambda: socket.create_connection(("127.0.0.1", {port}), 5)),
    attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)),
    attempt(lambda: socket.socket(socket.AF_INET6)),
    attempt(lambda: socket.socket(socket.AF_UNIX)),
    attempt(lambda: socket.getaddrinfo("reelbot.test", 443)),
]))"""
        assert all(errno != 0 for errno in await told(code))


@on_linux
@pytest.mark.parametrize("starts", [False, True])
async def test_without_a_filter_a_namespace_shuts_off_the_network(starts: bool) -> None:
    """Where an architecture is not known to the filter; needs a kernel that lets anybody make namespaces."""
    unfiltered = "import runpy, sys, platform; platform.machine = lambda: 'pdp11'; del sys.argv[0]\n"
    unfiltered += "runpy.run_path(sys.argv[0], run_name='__main__')"
    walls = launched(
        [sys.executable, "-I", "-c", "import socket; socket.create_connection(('127.0.0.1', P), 5)"], NARROW
    )
    with listening() as port:
        walls[-1] = walls[-1].replace("P)", f"{port})")
        walls[8] = str(int(starts))
        command = [walls[0], "-I", "-S", "-c", unfiltered, *walls[3:]]
        ended = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, env=environment())
    assert ended.returncode == 1
    assert "Network is unreachable" in ended.stderr or "Permission denied" in ended.stderr


@on_linux
async def test_a_child_starts_no_process_but_threads() -> None:
    code = f"""{ATTEMPT}
import subprocess, threading
ran = []
thread = threading.Thread(target=lambda: ran.append(1)); thread.start(); thread.join()
print(json.dumps([
    attempt(os.fork),
    attempt(lambda: subprocess.run(["true"])),
    attempt(lambda: os.posix_spawn("/bin/true", ["true"], {{}})),
    1 - len(ran),
]))"""
    forked, ran, spawned, without_thread = await told(code)
    assert forked and ran and spawned
    assert without_thread == 0


@on_linux
async def test_a_child_that_may_start_programs_starts_them_within_its_own_walls() -> None:
    inner = "import socket; socket.socket()"
    code = f"import subprocess; print(subprocess.run([sys.executable, '-I', '-c', {inner!r}]).returncode)"
    assert await told(code, NARROW._replace(starts=True)) == 1


# what it takes


async def test_a_child_cannot_take_more_memory_than_it_may() -> None:
    code = """
try:
    taken = len(bytearray(600 * 1024**2))
except MemoryError:
    taken = -1
print(taken)"""
    assert await told(code) == -1


async def test_a_child_that_computes_for_ever_over_a_file_is_ended_and_that_is_laid_to_the_file() -> None:
    code = "print('reading', flush=True)\nwhile True: pass"
    with pytest.raises(Crashed):
        await told(code, NARROW._replace(cpu_seconds=1))


async def test_a_child_that_computes_for_ever_over_nothing_is_ended_and_that_is_ours() -> None:
    with pytest.raises(ChildFailure):
        await told("while True: pass", NARROW._replace(cpu_seconds=1))


async def test_a_child_that_waits_uses_none_of_its_time() -> None:
    """On a busy machine an honest file takes long by the clock; only what is computed counts."""
    assert await told("import time; time.sleep(2.5); print(1)", NARROW._replace(cpu_seconds=1)) == 1


async def test_a_child_writes_no_file_that_is_larger_than_it_may_and_leaves_no_core(tmp_path: Path) -> None:
    target = tmp_path / "file"
    code = f"""{ATTEMPT}
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def fill():
    with open({str(target)!r}, "wb", buffering=0) as file:
        for _ in range(3):
            file.write(bytes(1_000))
print(json.dumps([attempt(fill), resource.getrlimit(resource.RLIMIT_CORE)]))"""
    failed, core = await told(code, NARROW._replace(file_bytes=2_000))
    assert failed and target.stat().st_size == 2_000
    assert core == [0, 0]


async def test_a_child_opens_no_more_files_than_it_may() -> None:
    code = f"""{ATTEMPT}
files = []
print(json.dumps(attempt(lambda: files.extend(open("/dev/null") for _ in range({subprocesses.FILES_MAX})))))"""
    assert await told(code)


async def test_walls_are_only_ever_made_narrower() -> None:
    inner = launched([sys.executable, "-I", "-c", "import resource as r; print(r.getrlimit(r.RLIMIT_AS))"], NARROW)
    wide = NARROW._replace(memory_bytes=10 * NARROW.memory_bytes)
    code = f"import subprocess; print(json.dumps(subprocess.run({inner!r}, capture_output=True, text=True).stdout))"
    assert await told(code, wide._replace(starts=True)) == f"{(NARROW.memory_bytes,) * 2}\n"
    wider = launched([sys.executable, "-I", "-c", "import resource as r; print(r.getrlimit(r.RLIMIT_AS))"], wide)
    code = f"import subprocess; print(json.dumps(subprocess.run({wider!r}, capture_output=True, text=True).stdout))"
    assert await told(code, NARROW._replace(starts=True)) == f"{(NARROW.memory_bytes,) * 2}\n"


async def test_a_program_that_is_not_there_is_a_failure_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ChildFailure):
        await answer_of(("/nonexistent",), "trying", NARROW, patience_seconds=60)
    assert "does not start" in caplog.text


# every program of the studio


async def test_every_program_of_the_studio_is_started_within_walls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever starts a process here, and the painter's processes in its stead, has no_new_privs and no key."""
    seen = await _watched(tmp_path, monkeypatch)
    names = {Path(part).name for one in seen for part in one["command"]}
    assert {"reelbot.render.probe_process", "espeak_process.py", "decode_process.py"} <= names
    assert "reelbot.render.painter" in names
    ffmpegs = [one for one in seen if "ffmpeg" in Path(one["command"][0]).name]
    assert len(ffmpegs) >= 4  # an encoder of clips, a decoder and an encoder of the painter, and the mix
    for one in seen:
        assert SECRET not in one["environment"], one["command"]
        assert "NoNewPrivs:\t1" in one["status"], one["command"]
        assert one["core"] == [0, 0] and all(bound > 0 for bound in one["bounds"]), one["command"]


NOTE = """    import json
    kinds = (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_NOFILE)
    known = {
        "command": command,
        "environment": str(dict(os.environ)),
        "status": open("/proc/self/status").read(),
        "core": resource.getrlimit(resource.RLIMIT_CORE),
        "bounds": [resource.getrlimit(kind)[0] for kind in kinds],
    }
    os.write(os.open(PIPE, os.O_WRONLY), (json.dumps(known) + chr(10)).encode())
"""
"""What the launcher is made to do just before it becomes a program: it tells what that will find, by a pipe with a name."""


async def _watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Run each program once; what each found itself in."""
    pipe, launcher, patch = tmp_path / "pipe", tmp_path / "sandbox.py", tmp_path / "patch"
    text = inspect.getsource(sandbox)
    become = "    try:\n        os.execvp"
    assert become in text
    launcher.write_text(text.replace(become, NOTE.replace("PIPE", repr(str(pipe))) + become))
    os.mkfifo(pipe)
    monkeypatch.setattr(subprocesses, "_LAUNCHER", launcher)
    patch.mkdir()
    as_here = f"from pathlib import Path\nimport reelbot.subprocesses as c\nc._LAUNCHER = Path({str(launcher)!r})\n"
    (patch / "sitecustomize.py").write_text(as_here)
    monkeypatch.setenv("PYTHONPATH", str(patch))
    held = os.open(pipe, os.O_RDWR)
    heard: list[str] = []
    listener = threading.Thread(target=_listen, args=(held, heard))
    listener.start()
    try:
        await _run_all(tmp_path)
    finally:
        os.write(held, b"\n")
        listener.join()
        os.close(held)
    return [json.loads(line) for line in heard]


async def _run_all(tmp_path: Path) -> None:
    still = picture(tmp_path / "a.png")
    clip(tmp_path / "a.mp4")
    voice = speech(tmp_path / "voice.wav", 0.3)
    await speak("Hello.", SpeechOptions())
    await sounds.decoded([voice.path])
    await animate(still.path.read_bytes(), AnimationOptions(seconds=1, aspect="1:1"), 1)
    moving = (await probe(tmp_path / "a.mp4")).media(tmp_path / "a.mp4", "0" * 64)
    shown = timeline([still, moving], 600)._replace(voice=voice)
    await render(shown, tmp_path / "v.mp4", tmp_path / "cache", quality=TINY)


def _listen(held: int, heard: list[str]) -> None:
    """Take lines until an empty one comes."""
    with os.fdopen(os.dup(held), "r") as lines:
        heard.extend(iter(lines.readline, "\n"))
