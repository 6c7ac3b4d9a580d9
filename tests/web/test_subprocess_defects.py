"""A defect of ours in a program that the studio runs beside itself: told as ours, logged, and laid to nobody's file.

The programs are the real ones. What breaks them is a module on their path, as a library of another version would.
"""

import signal
import sys
from pathlib import Path

import pytest
from tests.render.material import clip, sound, tone
from tests.support.sites import Stand
from tests.web.api.test_drafts import SCRIPT, opened, picture, uploaded, work

from reelbot.errors import Failure
from reelbot.providers.embedded.animation import AnimationOptions, animate
from reelbot.providers.embedded.speech import speech
from reelbot.providers.embedded.speech.speech import SpeechOptions, speak
from reelbot.providers.keyed import sounds
from reelbot.render import MediaUnusable, ffmpeg
from reelbot.subprocesses import ChildFailure

OURS = "Something went wrong on our side"

UNKNOWN_ARGUMENT = "def broken(*a, **k): raise TypeError('open() got an unexpected keyword argument')\n"


@pytest.fixture
def broken_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Breaker":
    """Breaks the Python programs that are started from now on."""
    return Breaker(tmp_path / "broken", monkeypatch)


class Breaker:
    """Puts a module on the path of children that is run before anything else of them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._monkeypatch = monkeypatch

    def __call__(self, code: str) -> None:
        self._folder.mkdir(exist_ok=True)
        (self._folder / "sitecustomize.py").write_text(code)
        self._monkeypatch.setenv("PYTHONPATH", str(self._folder))


SYNTHESISER = Path(speech.__file__).with_name("espeak_process.py")
DECODER = Path(sounds.__file__).with_name("decode_process.py")


def broken_program(path: Path, code: str) -> tuple[str, ...]:
    """A program of ours, run by its path, that is broken by this code first."""
    return sys.executable, "-c", f"{code}; import runpy; runpy.run_path({str(path)!r}, run_name='__main__')"


# a file that is looked at


async def test_a_defect_of_the_process_that_looks_at_a_file_is_told_as_ours_and_nothing_counts(
    sqlite_stand: Stand, broken_by: Breaker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clip(tmp_path / "a.mp4")
    broken_by(f"{UNKNOWN_ARGUMENT}import av; av.open = broken\n")
    answer = await uploaded(sqlite_stand, (tmp_path / "a.mp4").read_bytes(), "a.mp4")
    assert (answer.status_code, answer.json()["code"]) == (500, "defect")
    assert OURS in answer.json()["detail"]
    assert "broken" not in answer.json()["detail"]
    assert "Traceback" in caplog.text and "unexpected keyword argument" in caplog.text
    assert await sqlite_stand.used(meter="storage_bytes") == (0, 0)
    assert (await sqlite_stand.get("/assets")).json()["assets"] == []


async def test_a_library_that_cannot_be_loaded_is_no_fault_of_the_file(
    sqlite_stand: Stand, broken_by: Breaker, caplog: pytest.LogCaptureFixture
) -> None:
    broken_by("import sys; sys.modules['av'] = None\n")
    answer = await uploaded(sqlite_stand, picture())
    assert (answer.status_code, answer.json()["code"]) == (500, "defect")
    assert "ModuleNotFoundError" in caplog.text


async def test_a_decoder_that_crashes_on_a_file_is_laid_to_the_file(sqlite_stand: Stand, broken_by: Breaker) -> None:
    crash = "import os, signal, PIL.Image as I\n"
    crash += "I.open = lambda *a, **k: os.kill(os.getpid(), signal.SIGSEGV)\n"
    broken_by(crash)
    answer = await uploaded(sqlite_stand, picture())
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert "broken" in answer.json()["detail"]
    assert await sqlite_stand.used(meter="storage_bytes") == (0, 0)


async def test_a_crash_before_the_file_was_opened_is_no_fault_of_the_file(
    sqlite_stand: Stand, broken_by: Breaker
) -> None:
    broken_by("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)\n")
    assert (await uploaded(sqlite_stand, picture())).json()["code"] == "defect"


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
async def test_a_process_that_somebody_killed_is_no_fault_of_the_file(
    sqlite_stand: Stand, broken_by: Breaker, by: signal.Signals
) -> None:
    broken_by(f"import os, PIL.Image as I\nI.open = lambda *a, **k: os.kill(os.getpid(), {int(by)})\n")
    assert (await uploaded(sqlite_stand, picture())).json()["code"] == "defect"


async def test_a_file_that_the_system_will_not_open_is_not_called_broken(
    sqlite_stand: Stand, broken_by: Breaker, caplog: pytest.LogCaptureFixture
) -> None:
    denied = "import pathlib, errno\nold = pathlib.Path.open\n"
    denied += "def refused(path, *a, **k):\n"
    denied += "    if path.name == 'upload': raise PermissionError(errno.EACCES, 'Permission denied')\n"
    denied += "    return old(path, *a, **k)\npathlib.Path.open = refused\n"
    broken_by(denied)
    assert (await uploaded(sqlite_stand, picture())).json()["code"] == "defect"
    assert "Permission denied" in caplog.text


# jobs


async def failed_job(stand: Stand, begun: dict[str, str]) -> dict[str, str]:
    await work(stand)
    job = (await stand.get(f"/jobs/{begun['job']}")).json()
    assert job["state"] == "failed", job
    failure: dict[str, str] = job["failure"]
    return failure


async def test_what_was_delivered_and_then_broke_here_ends_after_delivery_and_its_retry_is_free(
    sqlite_stand: Stand, broken_by: Breaker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stand = sqlite_stand
    draft = (await opened(stand, script=SCRIPT))["id"]
    asked = {"step": "voiceover"}
    broken_by(f"{UNKNOWN_ARGUMENT}import av; av.open = broken\n")
    failure = await failed_job(stand, (await stand.post(f"/drafts/{draft}/generations", asked)).json())
    assert failure["point"] == "after_delivery"
    assert OURS in failure["detail"] and "broken" not in failure["detail"]
    assert "Traceback" in caplog.text
    used = await stand.used()
    assert used[0] > 0
    monkeypatch.delenv("PYTHONPATH")
    again = (await stand.post(f"/drafts/{draft}/generations", asked)).json()
    await work(stand)
    assert (await stand.get(f"/jobs/{again['job']}")).json()["state"] == "succeeded"
    assert await stand.used() == used


async def test_a_defect_of_the_painter_costs_no_video_and_names_no_file(
    sqlite_stand: Stand, broken_by: Breaker, caplog: pytest.LogCaptureFixture
) -> None:
    stand = sqlite_stand
    asset = (await uploaded(stand, picture())).json()["id"]
    draft = (await stand.post("/drafts", {"flow": "cinematic", "topic": "cats"})).json()["id"]
    changed = await stand.send("PATCH", f"/drafts/{draft}", {"add": [asset]}, key=None)
    assert changed.status_code == 200, changed.text
    begun = (await stand.post(f"/drafts/{draft}/renders")).json()
    broken_by(f"{UNKNOWN_ARGUMENT}import cv2; cv2.resize = broken\n")
    failure = await failed_job(stand, begun)
    assert (failure["code"], failure["point"]) == ("defect", "before_acceptance")
    assert OURS in failure["detail"] and "TypeError" not in failure["detail"]
    assert "Traceback" in caplog.text and "unexpected keyword argument" in caplog.text
    assert await stand.used(meter="video_generations") == (0, 0)
    assert (await stand.get(f"/drafts/{draft}")).status_code == 200


# speech


async def test_a_defect_of_the_synthesiser_is_told_as_ours(caplog: pytest.LogCaptureFixture) -> None:
    command = broken_program(SYNTHESISER, "import json; json.load = None")
    with pytest.raises(ChildFailure, match=OURS):
        await speak("Hello.", SpeechOptions(), command=command)
    assert "Traceback" in caplog.text and "not callable" in caplog.text


async def test_a_defect_of_the_synthesiser_costs_no_credits(
    sqlite_stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = sqlite_stand
    draft = (await opened(stand, script=SCRIPT))["id"]
    begun = (await stand.post(f"/drafts/{draft}/generations", {"step": "voiceover"})).json()
    command = broken_program(SYNTHESISER, "import json; json.load = None")
    monkeypatch.setattr(speech, "COMMAND", command)
    failure = await failed_job(stand, begun)
    assert (failure["code"], failure["point"]) == ("defect", "before_acceptance")
    assert await stand.used() == (0, 0)


# sound of a provider


@pytest.mark.parametrize("code", ["import av; av.open = None", "import sys; sys.modules['av'] = None"])
async def test_a_defect_of_the_process_that_decodes_sound_is_told_as_ours(
    code: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sound(tmp_path / "a.wav", tone(440, 0.3))
    assert len((await sounds.decoded([tmp_path / "a.wav"]))[0])
    arguments = sounds.COMMAND[3:]
    monkeypatch.setattr(sounds, "COMMAND", (*broken_program(DECODER, code), *arguments))
    with pytest.raises(ChildFailure, match=OURS):
        await sounds.decoded([tmp_path / "a.wav"])
    assert "Traceback" in caplog.text


# ffmpeg


def program(path: Path, says: str, ends: int) -> Path:
    """A program that takes what it is given, says this, and ends with this status or by this signal."""
    code = f"sys.exit({ends})" if ends > 0 else f"os.kill(os.getpid(), {-ends})"
    script = f"import os, sys; sys.stdin.buffer.read(); print({says!r}, file=sys.stderr, flush=True); {code}"
    path.write_text(f"#!{sys.executable} -IS\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("says", "ends", "is_file_at_fault"),
    [
        ("[in#0] [error] Invalid data found when processing input", 183, True),
        ("[mov] [error] moov atom not found", 1, True),
        ("", -signal.SIGSEGV, True),
        ("", -signal.SIGXCPU, True),
        ("", -signal.SIGKILL, False),
        ("", -signal.SIGTERM, False),
        ("[error] [AVFilterGraph] No such filter: 'ebur127'\n[error] Invalid argument", 8, False),
        ("[error] Unrecognized option 'framelogg'.\n[error] Option not found", 8, False),
        ("[error] Error applying option 'peak' to filter 'ebur128': Invalid argument", 234, False),
        ("a.mp4: Permission denied", 1, False),
        ("error while loading shared libraries: libm.so.6", 127, False),
        ("", 1, False),
    ],
)  # fmt: skip
async def test_ffmpeg_blames_a_file_only_for_what_decoders_say_and_for_crashes(
    says: str,
    ends: int,
    is_file_at_fault: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    clip(tmp_path / "a.mp4")
    other = str(program(tmp_path / "ffmpeg", says, ends))
    monkeypatch.setattr(ffmpeg, "program", lambda: other)
    with pytest.raises(Failure) as failed:
        await ffmpeg.run(["-i", "a.mp4"], 1_000, tmp_path, [tmp_path / "a.mp4"])
    assert isinstance(failed.value, MediaUnusable) == is_file_at_fault
    if not is_file_at_fault:
        assert isinstance(failed.value, ChildFailure)
        assert OURS in failed.value.detail
        assert says in caplog.text


async def test_an_encoder_of_clips_that_is_given_wrong_arguments_is_a_failure_of_ours(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = program(tmp_path / "ffmpeg", "Unrecognized option 'preest'.", 8)
    still = picture()
    with pytest.raises(ChildFailure, match=OURS):
        await animate(still, AnimationOptions(seconds=1, aspect="1:1"), 1, program=(str(other),))
    assert "Unrecognized option 'preest'" in caplog.text
