"""What an uploaded file is: found by opening it, within bounds, whatever its name says and whatever it was made for."""

import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageColor, ImageOps
from tests.render.material import bomb, clip, encode, files_in, picture, room_for, sound, tone

from reelbot.errors import Malformed
from reelbot.render import DiskFull
from reelbot.render.limits import CLIP_MS_MAX, KEPT_SIDE_MAX
from reelbot.render.pictures import read_picture
from reelbot.render.probe import Probed, normalise, probe
from reelbot.render.probe_process import inspect, keep_picture


def refusal(path: Path) -> str:
    with pytest.raises(Malformed) as refused:
        inspect(path)
    assert refused.value.field == "file"
    return refused.value.detail


async def test_a_clip_is_found_by_its_content_in_a_process_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "holiday.png"
    clip(tmp_path / "clip.mp4", 2.0)
    (tmp_path / "clip.mp4").rename(path)
    assert await probe(path) == Probed("clip", "mp4", 320, 180, 2_000, video_codec="h264")


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


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_picture_is_kept_the_right_way_up_however_the_camera_was_held(tmp_path: Path, turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    corners = Image.new("RGB", (32, 16))
    for at, colour in {(0, 0): "red", (31, 0): "lime", (0, 15): "blue"}.items():
        corners.putpixel(at, ImageColor.getrgb(colour))
    corners.save(tmp_path / "a.png", exif=exif)
    with Image.open(tmp_path / "a.png") as opened:
        meant = ImageOps.exif_transpose(opened)
    assert np.array_equal(np.asarray(read_picture(tmp_path / "a.png")), np.asarray(meant))


@pytest.mark.parametrize(("tag", "kind"), [(282, 1), (282, 2), (282, 7), (306, 5), (306, 10), (306, 12)])
def test_a_picture_whose_camera_wrote_odd_remarks_is_taken_in(tmp_path: Path, tag: int, kind: int) -> None:
    """A resolution that is a text, a date that is a fraction: nothing of it is kept, so nothing of it matters."""
    turned = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    odd = struct.pack("<HHI4s", tag, kind, 4 if kind in (1, 2, 7) else 1, b"\x08\0\0\0")
    exif = b"Exif\0\0II*\0" + struct.pack("<I", 8) + struct.pack("<H", 2) + turned + odd + bytes(68)
    Image.new("RGB", (40, 20), "red").save(tmp_path / "phone.jpg", exif=exif)
    kept = keep_picture(tmp_path / "phone.jpg", tmp_path / "kept")
    assert (kept.width, kept.height) == (20, 40)


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


@pytest.mark.parametrize(("kind", "begin"), [(b"zTXt", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0"), (b"iCCP", b"a\0\0")])
def test_a_picture_whose_remarks_grow_a_thousandfold_is_refused(tmp_path: Path, kind: bytes, begin: bytes) -> None:
    picture(tmp_path / "plain.png")
    plain, body = (tmp_path / "plain.png").read_bytes(), kind + begin + zlib.compress(bytes(20_000_000), 9)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    (tmp_path / "bomb.png").write_bytes(plain[:33] + chunk + plain[33:])
    assert "broken" in refusal(tmp_path / "bomb.png")


def test_a_damaged_file_is_refused_in_words_or_can_be_used(tmp_path: Path) -> None:
    """Any bytes of any kind of file, by a seed: what is looked at never ends in anything else."""
    chance = random.Random(17)
    clip(tmp_path / "a.mp4")
    clip(tmp_path / "a.webm", 0.3, "-c:v", "libvpx")
    sound(tmp_path / "a.wav", tone(440, 0.2))
    encode(tmp_path / "a.mp3", "-f", "lavfi", "-i", "sine=d=0.5")
    for ending in ("png", "jpg", "webp"):
        picture(tmp_path / f"b.{ending}")
    whole = [path.read_bytes() for path in sorted(tmp_path.iterdir())]
    said: set[str] = set()
    for _ in range(150):
        content = bytearray(chance.choice(whole))
        for _ in range(chance.choice((1, 3, 20))):
            at = chance.randrange(min(len(content), chance.choice((64, 400, 4_000))))
            content[at : at + chance.choice((1, 4))] = chance.choice(
                (b"\0", b"\xff", b"\x7f\xff\xff\xff", b"\0\0\0\1", b"")
            )
        (tmp_path / "damaged").write_bytes(content)
        try:
            said.add(inspect(tmp_path / "damaged").kind)
        except Malformed as refused:
            said.add(refused.detail)
    assert {"image", "audio", "clip"} < said


def test_a_track_whose_remarks_are_in_an_old_writing_is_sound(tmp_path: Path) -> None:
    encode(tmp_path / "a.wav", "-f", "lavfi", "-i", "sine=d=0.5", "-metadata", "title=Cafe", "-metadata", "artist=Zoe")
    content = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(content.replace(b"Cafe", b"Caf\xe9").replace(b"Zoe", b"Zo\xeb"))
    assert content.count(b"Cafe") and inspect(tmp_path / "a.wav").kind == "audio"


def test_a_clip_longer_than_the_bound_is_refused(tmp_path: Path) -> None:
    seconds = CLIP_MS_MAX // 1000 + 10
    encode(tmp_path / "long.wav", "-f", "lavfi", "-i", f"anullsrc=r=1000:d={seconds}", "-c:a", "pcm_u8")
    assert "minutes" in refusal(tmp_path / "long.wav")


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


def test_what_a_track_says_of_its_length_is_not_believed(tmp_path: Path) -> None:
    """Two MP3s in one file, the first with a header that counts only itself."""
    for name, seconds in (("a", 1), ("b", 3)):
        encode(tmp_path / f"{name}.mp3", "-f", "lavfi", "-i", f"sine=d={seconds}")
    both = tmp_path / "both.mp3"
    both.write_bytes((tmp_path / "a.mp3").read_bytes() + (tmp_path / "b.mp3").read_bytes())
    assert abs(inspect(both).duration_ms - 4_000) < 150


# Pictures that are kept


async def test_a_photograph_is_kept_upright_and_without_what_the_camera_wrote(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "a camera that knows where it was"
    halves = Image.new("RGB", (300, 200), (200, 30, 30))
    halves.paste((30, 30, 200), (0, 0, 150, 200))
    halves.save(tmp_path / "phone.jpg", exif=exif)
    found = await normalise(tmp_path / "phone.jpg", tmp_path / "kept")
    assert found == Probed("image", "jpeg", 200, 300)
    assert b"camera" not in (tmp_path / "kept").read_bytes()
    with Image.open(tmp_path / "kept") as kept:
        pixels = np.asarray(kept).astype(int)
    assert np.abs(pixels[40, 100] - (30, 30, 200)).max() < 12
    assert np.abs(pixels[260, 100] - (200, 30, 30)).max() < 12
    assert files_in(tmp_path) == {"phone.jpg", "kept"}


def test_a_transparent_picture_stays_transparent_and_an_opaque_one_becomes_a_photograph(tmp_path: Path) -> None:
    Image.new("RGBA", (40, 30), (10, 200, 10, 90)).save(tmp_path / "logo.webp", lossless=True)
    Image.new("RGBA", (40, 30), (10, 200, 10, 255)).save(tmp_path / "card.png")
    assert keep_picture(tmp_path / "logo.webp", tmp_path / "a").container == "png"
    assert keep_picture(tmp_path / "card.png", tmp_path / "b").container == "jpeg"
    with Image.open(tmp_path / "a") as kept:
        assert kept.getpixel((5, 5)) == (10, 200, 10, 90)


def test_a_large_picture_is_kept_as_large_as_any_video_needs(tmp_path: Path) -> None:
    Image.new("RGB", (6_000, 300)).save(tmp_path / "long.png")
    found = keep_picture(tmp_path / "long.png", tmp_path / "kept")
    assert (found.width, found.height) == (KEPT_SIDE_MAX, 256)


def test_colours_of_another_space_are_kept_as_they_look(tmp_path: Path) -> None:
    usual = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    red_is_blue = usual.replace(b"rXYZ", b"----").replace(b"bXYZ", b"rXYZ").replace(b"----", b"bXYZ")
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for name, profile, seen in (
        ("swapped", red_is_blue, (60, 90, 120)),
        ("unfit", lab, (120, 90, 60)),
        ("broken", usual[:200], (120, 90, 60)),
    ):
        Image.new("RGB", (20, 20), (120, 90, 60)).save(tmp_path / f"{name}.png", icc_profile=profile)
        keep_picture(tmp_path / f"{name}.png", tmp_path / name)
        with Image.open(tmp_path / name) as kept:
            assert "icc_profile" not in kept.info
            assert kept.getpixel((9, 9)) == pytest.approx(seen, abs=3)


async def test_what_is_no_picture_is_not_kept_as_one(tmp_path: Path) -> None:
    sound(tmp_path / "song.jpg", tone(440, 0.2))
    with pytest.raises(Malformed, match="no picture"):
        await normalise(tmp_path / "song.jpg", tmp_path / "kept")
    with pytest.raises(Malformed, match="too many pixels"):
        await normalise(bomb(tmp_path / "bomb.png", 60_000, 60_000), tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


async def test_a_picture_that_finds_no_room_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", size=(800, 800))
    with room_for(2_000), pytest.raises(DiskFull):
        await normalise(tmp_path / "a.png", tmp_path / "kept")
    assert files_in(tmp_path) == {"a.png"}
