"""Files on their way out: the bytes that were asked for and no others, and nothing that a browser would run."""

import io

import httpx
import pytest
from PIL import Image
from tests.render.material import clip
from tests.support.sites import Stand, filmed
from tests.web.api.test_drafts import picture, uploaded

ALL = b"Why cats purr mp4"
SIZE = len(ALL)


async def asked(stand: Stand, field: str, **more: str) -> httpx.Response:
    """The file of a video, or a range of it."""
    video = await filmed(stand)
    headers = [(name.encode(), value.encode()) for name, value in {**stand.caller(), "Range": field, **more}.items()]
    return await stand.http.get(f"/api/v1/videos/{video}/file", headers=headers)


@pytest.mark.parametrize(
    ("field", "first", "end"),
    [
        ("bytes=0-0", 0, 1), ("bytes=4-7", 4, 8), ("bytes=4-", 4, SIZE), ("bytes=0-", 0, SIZE), ("bytes=-1", SIZE - 1, SIZE),
        ("bytes=-5", SIZE - 5, SIZE), (f"bytes=-{SIZE}", 0, SIZE), ("bytes=-9999999999999999999999", 0, SIZE),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE), ("bytes=3-99999999999999999999999", 3, SIZE), ("BYTES= 4-7 ", 4, 8),
    ],
)  # fmt: skip
async def test_a_range_is_answered_with_its_bytes(sqlite_stand: Stand, field: str, first: int, end: int) -> None:
    answer = await asked(sqlite_stand, field)
    assert (answer.status_code, answer.content) == (206, ALL[first:end])
    assert answer.headers["content-range"] == f"bytes {first}-{end - 1}/{SIZE}"
    assert answer.headers["content-length"] == str(end - first)


@pytest.mark.parametrize(
    "field", [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 9}", "bytes=99999999999999999999-", "bytes=-0"]
)
async def test_a_range_behind_the_end_is_refused_and_told_how_long_the_file_is(sqlite_stand: Stand, field: str) -> None:
    answer = await asked(sqlite_stand, field)
    assert (answer.status_code, answer.json()["code"]) == (416, "range_not_there")
    assert answer.headers["content-range"] == f"bytes */{SIZE}"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "field",
    [
        "bytes=5-2", "bytes=abc", "bytes=", "bytes=-", "items=0-1", "bytes=0x1-2", "bytes=+1-2", "bytes=1_0-1_1",
        "bytes=--5", "bytes=٣-٤", "bytes=0--1", "bytes 0-1", "", "bytes=0-1,3-4", "bytes=0-,0-,0-",
        f"bytes={'0-,' * 5_000}0-",
        f"bytes={'9' * 5_000}-", f"bytes=0-{'9' * 5_000}", f"bytes=-{'9' * 5_000}",
    ],
)  # fmt: skip
async def test_what_is_not_one_range_is_answered_with_the_whole_file(sqlite_stand: Stand, field: str) -> None:
    answer = await asked(sqlite_stand, field)
    assert (answer.status_code, answer.content) == (200, ALL)
    assert "content-range" not in answer.headers


async def test_a_range_of_what_the_file_was_before_is_answered_with_the_whole_of_what_it_is(
    sqlite_stand: Stand,
) -> None:
    for field in ("bytes=4-7", "bytes=999-"):
        answer = await asked(sqlite_stand, field, **{"If-Range": '"another"'})
        assert (answer.status_code, answer.content) == (200, ALL)


async def test_the_head_of_a_range_has_no_body(sqlite_stand: Stand) -> None:
    path = f"/api/v1/videos/{await filmed(sqlite_stand)}/file"
    answer = await sqlite_stand.http.head(path, headers={**sqlite_stand.caller(), "Range": "bytes=4-7"})
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (206, b"", "4")


# what is one thing and poses as another


def is_passive(answer: httpx.Response, kind: str) -> bool:
    """Whether a browser shows a file as what it is, runs nothing in it, and keeps it from other sites and caches."""
    fields = answer.headers
    return (
        fields["content-type"] == kind
        and fields["x-content-type-options"] == "nosniff"
        and {"default-src 'none'", "frame-ancestors 'none'", "sandbox"}
        <= set(fields["content-security-policy"].split("; "))
        and fields["cross-origin-resource-policy"] == "same-origin"
        and fields["cache-control"].startswith("private")
    )


PAGE = b"<html><script>alert(document.cookie)</script></html>"


async def test_a_picture_that_is_a_page_too_is_kept_as_a_picture_alone(sqlite_stand: Stand) -> None:
    commented = io.BytesIO()
    Image.new("RGB", (64, 48)).save(commented, "JPEG", comment=PAGE)
    for content in (picture() + PAGE, picture() + b"PK\x03\x04" + PAGE, commented.getvalue()):
        answer = await uploaded(sqlite_stand, content, "page.html")
        assert (answer.status_code, answer.json()["kind"]) == (201, "image"), answer.text
        file = await sqlite_stand.get(f"/assets/{answer.json()['id']}/file")
        assert is_passive(file, "image/jpeg")
        assert b"script" not in file.content


async def test_a_clip_that_is_a_page_too_is_served_as_a_clip(
    sqlite_stand: Stand, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    clip(path)
    answer = await uploaded(sqlite_stand, path.read_bytes() + PAGE, "page.svg")
    assert (answer.status_code, answer.json()["kind"]) == (201, "clip"), answer.text
    asset = f"/assets/{answer.json()['id']}/file"
    assert is_passive(await sqlite_stand.get(asset), "video/mp4")
    assert is_passive(await sqlite_stand.get(asset, headers={"Range": "bytes=0-9"}), "video/mp4")


@pytest.mark.parametrize(
    "content",
    [
        PAGE, b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"%PDF-1.7\n" + PAGE, b"BM" + PAGE,
        b"GIF89a/*" + PAGE, b"\xef\xbb\xbf" + PAGE, b"RIFF\x00\x00\x00\x00WEBP" + PAGE, b"\x89PNG\r\n\x1a\n" + PAGE,
        b"\xff\xd8\xff\xe0" + PAGE, b"\x00\x00\x00\x18ftypmp42" + PAGE, b"ID3\x04" + PAGE, b"\x1aE\xdf\xa3" + PAGE,
    ],
)  # fmt: skip
async def test_a_page_that_begins_as_media_is_refused_and_counts_for_nothing(
    sqlite_stand: Stand, content: bytes
) -> None:
    answer = await uploaded(sqlite_stand, content, "cat.png")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert await sqlite_stand.used(meter="storage_bytes") == (0, 0)
    assert (await sqlite_stand.get("/assets")).json()["assets"] == []


@pytest.mark.parametrize(
    "part",
    [
        b'form-data; name="file"; filename="' + b"a" * 3_000_000 + b'"',
        b'form-data; name="file"; filename="a"\r\n' + b"X: y\r\n" * 100_000,
        b"form-data", b'form-data; name="file"; filename*=utf-8\'\'%ff%00', b'form-data; name="file"; filename="a\x00b"',
    ],
    ids=["a long name", "many fields", "no name", "a name of nothing", "a zero"],
)  # fmt: skip
@pytest.mark.parametrize("charset", ["", "; charset=undefined", "; charset=hex", "; charset=idna", "; charset=\xff"])
async def test_a_form_that_cannot_be_meant_is_refused(sqlite_stand: Stand, part: bytes, charset: str) -> None:
    content = b"--x\r\nContent-Disposition: " + part + b"\r\n\r\nno media\r\n--x--\r\n"
    kind = f"multipart/form-data; boundary=x{charset}".encode("latin-1")
    fields = [(name.encode(), value.encode()) for name, value in sqlite_stand.caller().items()]
    fields.append((b"Content-Type", kind))
    answer = await sqlite_stand.http.post("/api/v1/assets", content=content, headers=fields)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), answer.text
    assert await sqlite_stand.used(meter="storage_bytes") == (0, 0)
