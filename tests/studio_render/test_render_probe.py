"""What an uploaded file is: found by opening it, within bounds, whatever its name says and whatever it was made for."""

import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image
from tests.studio_render.material import clip, encode, picture, sound, tone

from reelbot.errors import Malformed
from reelbot.studio.render.bounds import CLIP_MS_MAX
from reelbot.studio.render.probe import Found, probe
from reelbot.studio.render.probe_process import inspect


def refusal(path: Path) -> str:
    with pytest.raises(Malformed) as refused:
        inspect(path)
    assert refused.value.field == "file"
    return refused.value.detail


def bomb(path: Path, width: int, height: int) -> Path:
    """A PNG of a few kilobytes that says it has that many pixels, all black."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(2_000_000), 9)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels * 3) + chunk(b"IEND", b"")
    )
    return path


async def test_a_clip_is_found_by_its_content_in_a_process_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "holiday.png"
    clip(tmp_path / "clip.mp4", 2.0)
    (tmp_path / "clip.mp4").rename(path)
    assert await probe(path) == Found("clip", "mp4", 320, 180, 2_000, video_codec="h264")


async def test_a_file_that_is_refused_is_refused_across_processes(tmp_path: Path) -> None:
    with pytest.raises(Malformed, match="too many pixels"):
        await probe(bomb(tmp_path / "bomb.png", 60_000, 60_000))


@pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
def test_a_picture_is_found_by_its_content(tmp_path: Path, ending: str) -> None:
    picture(tmp_path / f"a.{ending}", size=(300, 200))
    path = (tmp_path / f"a.{ending}").rename(tmp_path / "film.mp4")
    found = inspect(path)
    assert (found.kind, found.width, found.height) == ("image", 300, 200)


def test_a_picture_taken_sideways_has_the_size_it_is_shown_in(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (300, 200)).save(tmp_path / "phone.jpg", exif=exif)
    found = inspect(tmp_path / "phone.jpg")
    assert (found.width, found.height, found.rotation) == (200, 300, 270)


def test_a_clip_filmed_sideways_has_the_size_it_is_shown_in(tmp_path: Path) -> None:
    clip(tmp_path / "flat.mp4")
    encode(tmp_path / "phone.mov", "-display_rotation", "90", "-i", str(tmp_path / "flat.mp4"), "-c", "copy")
    found = inspect(tmp_path / "phone.mov")
    assert (found.width, found.height, found.rotation) == (180, 320, 90)


def test_a_clip_with_oblong_pixels_has_the_size_it_is_shown_in(tmp_path: Path) -> None:
    clip(tmp_path / "wide.mp4", 1.0, "-vf", "setsar=2")
    assert (inspect(tmp_path / "wide.mp4").width, inspect(tmp_path / "wide.mp4").height) == (640, 180)


def test_a_clip_in_hdr_is_known_as_such(tmp_path: Path) -> None:
    tags = "format=yuv420p10le,setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc"
    clip(tmp_path / "hdr.mp4", 1.0, "-vf", tags)
    clip(tmp_path / "plain.mp4", 1.0)
    assert inspect(tmp_path / "hdr.mp4").is_hdr
    assert not inspect(tmp_path / "plain.mp4").is_hdr


@pytest.mark.parametrize(("ending", "codec"), [("mp3", "mp3"), ("wav", "pcm_s16le"), ("m4a", "aac")])
def test_sound_is_found_by_its_content(tmp_path: Path, ending: str, codec: str) -> None:
    path = tmp_path / f"track.{ending}"
    encode(path, "-f", "lavfi", "-i", "sine=d=3")
    path = path.rename(tmp_path / "track.jpg")
    found = inspect(path)
    assert (found.kind, found.audio_codec, found.video_codec) == ("audio", codec, "")
    assert abs(found.duration_ms - 3_000) < 60


def test_a_track_with_a_cover_picture_is_sound(tmp_path: Path) -> None:
    picture(tmp_path / "cover.jpg")
    sound(tmp_path / "track.wav", tone(440, 1))
    inputs = ("-i", str(tmp_path / "track.wav"), "-i", str(tmp_path / "cover.jpg"))
    encode(tmp_path / "a.mp3", *inputs, "-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic")
    assert inspect(tmp_path / "a.mp3").kind == "audio"


def test_a_recording_that_does_not_say_its_length_is_gone_through(tmp_path: Path) -> None:
    live = ("-c:v", "libvpx", "-f", "webm", "-live", "1")
    clip(tmp_path / "browser.webm", 1.0, *live)
    assert inspect(tmp_path / "browser.webm").duration_ms == 1_000


def test_a_picture_of_few_bytes_and_many_pixels_is_refused_unopened(tmp_path: Path) -> None:
    assert "too many pixels" in refusal(bomb(tmp_path / "bomb.png", 9_000, 9_000))
    assert "too many pixels" in refusal(bomb(tmp_path / "long.png", 20_000, 10))


def test_a_clip_longer_than_the_bound_is_refused(tmp_path: Path) -> None:
    seconds = CLIP_MS_MAX // 1000 + 10
    encode(tmp_path / "long.m4a", "-f", "lavfi", "-i", f"anullsrc=r=8000:d={seconds}", "-b:a", "8k")
    assert "minutes" in refusal(tmp_path / "long.m4a")


@pytest.mark.parametrize(
    "content",
    [
        b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/secret\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"MZ" + bytes(5_000),
        b"\x00" * 5_000,
        "Grüße".encode() * 100,
    ],
    ids=["playlist", "concat", "svg", "program", "zeros", "text"],
)
def test_what_is_not_offered_is_refused_whatever_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(content)
    assert "can't be read as" in refusal(path)


def test_an_empty_a_missing_and_a_cut_off_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    assert "empty" in refusal(tmp_path / "empty.mp4")
    assert "missing" in refusal(tmp_path / "missing.mp4")
    picture(tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:400])
    assert "broken" in refusal(tmp_path / "cut.png")
    clip(tmp_path / "whole.mp4")
    (tmp_path / "cut.mp4").write_bytes((tmp_path / "whole.mp4").read_bytes()[:4_000])
    assert "can't be read" in refusal(tmp_path / "cut.mp4")


def test_a_name_that_looks_like_an_address_or_an_option_is_only_a_name(tmp_path: Path) -> None:
    strange = tmp_path / "concat:a|b 'x' -i %03d.wav"
    sound(strange, tone(440, 1))
    assert inspect(strange).kind == "audio"
