"""Threat 9: storage is set aside before a byte of an upload is written, and what breaks off leaves no file and no hold."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from python_multipart.exceptions import MultipartParseError
from tests.studio.stage import Stage, staged
from tests.support.clock import FakeClock
from tests.support.sites import Stand, standing
from tests.web.api.test_drafts import picture, studio_of, uploaded

from reelbot.errors import TooBusy
from reelbot.studio.core.refusals import StudioRefused
from reelbot.studio.library.uploads import Place, Spool, Uploads
from reelbot.studio.limits import UPLOADS_MAX, UPLOADS_OF_ACCOUNT_MAX
from reelbot.web.media import Announced, Patience, _Form, read_upload
from reelbot.web.problems import Problem

MB = 1_000_000

BEGIN = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
END = b"\r\n--b--\r\n"
FORM = {"Content-Type": "multipart/form-data; boundary=b"}

Message = MutableMapping[str, Any]


@pytest.fixture
async def sqlite_stand(sqlite_url: str, clock: FakeClock) -> AsyncIterator[Stand]:
    """A site on SQLite."""
    async with standing(sqlite_url, clock) as built:
        yield built


@pytest.fixture
async def stage(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Stage]:
    """A studio on SQLite, sound in the end whatever a test does to it."""
    async with staged(sqlite_url, tmp_path / "studio", clock) as opened:
        yield opened
        await opened.require_sound()


class Sender:
    """Uploads a form to a site piece by piece, as a connection brings it. `answer` is the status and body in the end."""

    def __init__(self, stand: Stand, name: str, length: int | None, key: str | None = None) -> None:
        self._pieces: asyncio.Queue[Message] = asyncio.Queue()
        self._sent: list[Message] = []
        headers = {**stand.caller(name), **FORM, **({} if key is None else {"Idempotency-Key": key})}
        if length is not None:
            headers["Content-Length"] = str(length)
        raw = [(field.lower().encode(), value.encode()) for field, value in headers.items()]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
            "path": "/api/v1/assets", "raw_path": b"/api/v1/assets", "query_string": b"", "headers": raw,
            "client": ("127.0.0.1", 1), "server": ("reelbot.test", 80), "root_path": "",
        }  # fmt: skip
        self.serving = asyncio.create_task(self._serve(stand.app, scope))

    async def _serve(self, app: Any, scope: dict[str, Any]) -> None:
        await app(scope, self._pieces.get, self._take)

    async def _take(self, message: Message) -> None:
        self._sent.append(message)

    def send(self, piece: bytes, *, more: bool = True) -> None:
        self._pieces.put_nowait({"type": "http.request", "body": piece, "more_body": more})

    def break_off(self) -> None:
        self._pieces.put_nowait({"type": "http.disconnect"})

    async def status(self) -> int:
        await self.serving
        return int(self._sent[0]["status"]) if self._sent else 0

    @property
    def text(self) -> str:
        return b"".join(message.get("body", b"") for message in self._sent[1:]).decode()


async def until(happened: Callable[[], Awaitable[bool]]) -> None:
    """Let everything else go on until this is so."""
    async with asyncio.timeout(60):
        while not await happened():
            await asyncio.sleep(0)


def folder_of(stand: Stand) -> Path:
    return studio_of(stand).files.uploads


def on_disk(folder: Path) -> int:
    """Bytes of the files that lie below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


async def storage(stand: Stand, name: str = "ada") -> tuple[int, int]:
    return await stand.used(name, "storage_bytes")


async def test_storage_is_held_by_the_announced_length_before_the_first_byte_comes(sqlite_stand: Stand) -> None:
    sender = Sender(sqlite_stand, "ada", 20 * MB)
    await until(lambda: _is((sqlite_stand, 20 * MB - 200, 20 * MB)))
    assert on_disk(folder_of(sqlite_stand)) == 0
    sender.break_off()
    assert await sender.status() == 0
    assert await storage(sqlite_stand) == (0, 0)


async def _is(wanted: tuple[Stand, int, int]) -> bool:
    stand, least, most = wanted
    used, held = await storage(stand)
    return used == 0 and least <= held <= most


async def test_unfinished_uploads_take_no_more_of_the_disk_than_their_account_may_store(sqlite_stand: Stand) -> None:
    """Twelve of 20 MB by an account with 0 used: three come, nine are told to wait; what breaks off leaves nothing."""
    stand = sqlite_stand
    senders = [Sender(stand, "ada", 20 * MB) for _ in range(12)]
    for sender in senders:
        sender.send(BEGIN + bytes(2 * MB))
    refused = senders[UPLOADS_OF_ACCOUNT_MAX:]
    assert [await sender.status() for sender in refused] == [429] * 9
    assert "uploads of yours" in refused[0].text
    await until(lambda: _done(on_disk(folder_of(stand)) >= UPLOADS_OF_ACCOUNT_MAX * 2 * MB))
    _, held = await storage(stand)
    assert on_disk(folder_of(stand)) <= held <= UPLOADS_OF_ACCOUNT_MAX * 20 * MB
    for sender in senders[:UPLOADS_OF_ACCOUNT_MAX]:
        sender.break_off()
        assert await sender.status() == 0
    assert await storage(stand) == (0, 0)
    assert on_disk(folder_of(stand)) == 0
    assert (await uploaded(stand, picture())).status_code == 201


async def _done(value: bool) -> bool:
    return value


async def test_an_upload_for_which_there_is_no_storage_is_refused_before_it_comes(sqlite_stand: Stand) -> None:
    stand = sqlite_stand
    limit = next(m["limit"] for m in (await stand.get("/usage")).json()["meters"] if m["meter"] == "storage_bytes")
    account = stand.accounts["ada"]
    await stand.site.ledger.hold(account, {"storage_bytes": limit - MB}, key="a full house")
    sender = Sender(stand, "ada", 2 * MB)
    assert await sender.status() == 402
    assert '"meter":"storage_bytes"' in sender.text
    assert on_disk(folder_of(stand)) == 0


async def test_an_upload_without_a_length_is_refused_with_what_to_do(sqlite_stand: Stand) -> None:
    sender = Sender(sqlite_stand, "ada", None)
    assert await sender.status() == 411
    assert "Content-Length" in sender.text and "length_required" in sender.text


@pytest.mark.parametrize("length", ["-1", "1e9", "0x10", "٣", ""])
async def test_a_length_that_is_none_is_refused(sqlite_stand: Stand, length: str) -> None:
    answer = await sqlite_stand.http.post(
        "/api/v1/assets",
        content=b"x",
        headers=[*_raw({**sqlite_stand.caller(), **FORM}), (b"content-length", length.encode())],
    )
    assert answer.status_code == 411


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


async def test_no_more_is_taken_in_than_was_announced(sqlite_stand: Stand) -> None:
    sender = Sender(sqlite_stand, "ada", 1_000)
    sender.send(BEGIN + bytes(5 * MB))
    assert await sender.status() == 400
    assert on_disk(folder_of(sqlite_stand)) == 0
    assert await storage(sqlite_stand) == (0, 0)


async def test_a_form_that_ends_too_early_is_refused_and_gives_back(sqlite_stand: Stand) -> None:
    sender = Sender(sqlite_stand, "ada", len(BEGIN) + 100)
    sender.send(BEGIN + bytes(100), more=False)
    assert await sender.status() == 400
    assert "ends too early" in sender.text
    assert await storage(sqlite_stand) == (0, 0)


@pytest.mark.parametrize("cut", [*range(1, 40), 1_000])
def test_a_form_that_comes_in_pieces_of_any_size_is_read_the_same(cut: int) -> None:
    content = picture() + b"\r\n--a\r\n-\r\n--\r\n"  # and what looks like its end
    text = b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nnothing\r\n'
    whole = text + BEGIN + content + END
    form = _Form(b"b")
    read = b"".join(piece for at in range(0, len(whole), cut) for piece in form.content_of(whole[at : at + cut]))
    assert (read, form.name, form.is_whole) == (content, "a.mp4", True)


@pytest.mark.parametrize(
    "form",
    [
        BEGIN + b"one\r\n" + BEGIN + b"two" + END,
        b"--b\r\nContent-Disposition: form-data\r\n\r\nx" + END,
        b"--b\r\n" + b"X" * 100_000 + b": y\r\n\r\nx" + END,
        b"--b\r\n" + b"X: y\r\n" * 10_000 + b"\r\nx" + END,
        b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\nx\r\n' * 100 + END,
        b"rubbish",
    ],
)  # fmt: skip
def test_a_form_that_is_made_to_harm_is_refused(form: bytes) -> None:
    with pytest.raises(MultipartParseError):
        _Form(b"b").content_of(form)


async def test_the_least_form_there_is_fits_what_is_held_for_it(sqlite_stand: Stand) -> None:
    """What is held is never less than the file has, however little stands around it."""
    content = picture(size=(300, 300))
    form = b"--b\r\nContent-Disposition:form-data;name=file;filename=\r\n\r\n" + content + b"\r\n--b--"
    sender = Sender(sqlite_stand, "ada", len(form))
    sender.send(form, more=False)
    assert await sender.status() == 201, sender.text


async def test_a_repeated_upload_is_answered_also_when_storage_is_full_and_writes_nothing(sqlite_stand: Stand) -> None:
    stand = sqlite_stand
    form = BEGIN + picture() + END

    async def sent(key: str, form: bytes = form) -> Sender:
        sender = Sender(stand, "ada", len(form), key)
        sender.send(form, more=False)
        await sender.status()
        return sender

    assert await (await sent("once")).status() == 201
    used, _ = await storage(stand)
    limit = next(m["limit"] for m in (await stand.get("/usage")).json()["meters"] if m["meter"] == "storage_bytes")
    await stand.site.ledger.hold(stand.accounts["ada"], {"storage_bytes": limit - used}, key="a full house")
    again = await sent("once")
    assert await again.status() == 201
    assert (await stand.get("/assets")).json()["assets"][0]["id"] in again.text
    assert await (await sent("once", BEGIN + picture("blue") + END)).status() == 422
    assert await (await sent("twice")).status() == 402
    assert (await storage(stand))[0] == used


async def test_an_upload_that_stands_still_is_ended_and_one_that_only_takes_long_is_not(tmp_path: Path) -> None:
    async def silent() -> Message:
        await asyncio.Event().wait()
        raise AssertionError("nothing comes")

    announced = Announced(b"b", 1_000)
    with pytest.raises(Problem, match="stood still") as problem:
        await read_upload(announced, silent, Place(tmp_path, None), Patience(grace_seconds=0.01))
    assert problem.value.status == 408

    async def trickling() -> Message:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"", "more_body": True}

    (tmp_path / "upload").unlink()
    with pytest.raises(Problem, match="stood still"):
        await read_upload(announced, trickling, Place(tmp_path, None), Patience(0.01, 1_000_000))


async def test_all_uploads_together_are_bounded_and_one_account_never_has_all(stage: Stage) -> None:
    uploads: Uploads = stage.studio.uploads
    assert UPLOADS_OF_ACCOUNT_MAX * 8 <= UPLOADS_MAX
    async with _many(uploads, stage, UPLOADS_OF_ACCOUNT_MAX):
        with pytest.raises(StudioRefused) as refused:
            async with uploads.coming(stage.ada, 1, None):
                pass
        assert refused.value.code == "too_many_requests"
    uploads._coming.update({(0, -number): 1 for number in range(1, UPLOADS_MAX + 1)})
    with pytest.raises(TooBusy):
        async with uploads.coming(stage.ada, 1, None):
            pass
    uploads._coming.clear()
    async with uploads.coming(stage.ada, 1, None) as place:
        assert place.folder is not None
    assert await stage.storage() == (0, 0)


@asynccontextmanager
async def _many(uploads: Uploads, stage: Stage, count: int) -> AsyncIterator[None]:
    if not count:
        yield
        return
    async with uploads.coming(stage.ada, 1, None), _many(uploads, stage, count - 1):
        yield


@pytest.mark.parametrize("end", [RuntimeError, asyncio.CancelledError])
async def test_whatever_ends_an_upload_its_place_is_given_back(stage: Stage, end: type[BaseException]) -> None:
    with suppress(end):
        async with stage.studio.uploads.coming(stage.ada, 7 * MB, None) as place:
            assert place.folder is not None and await stage.storage() == (0, 7 * MB)
            (place.folder / "upload").write_bytes(b"half of it")
            raise end
    assert await stage.storage() == (0, 0)
    assert on_disk(stage.room.files.uploads) == 0


# a killed server

LEAVES = """
import asyncio, os, sys
from pathlib import Path
from reelbot.studio.files.content import Files
from reelbot.studio.library.uploads import Spool
files = Files(Path(sys.argv[1]))
spool = Spool(files)
with spool.folder(sys.argv[2]) as folder:
    (folder / "upload").write_bytes(bytes(1_000_000))
    print("there", flush=True)
    sys.stdin.read()
"""


async def test_what_a_killed_server_left_is_freed_when_the_next_one_starts(
    sqlite_url: str, tmp_path: Path, clock: FakeClock
) -> None:
    async with staged(sqlite_url, tmp_path / "studio", clock) as stage:
        left, alive = [await stage.studio._assets.hold(stage.ada, 3 * MB) for _ in range(2)]
        names = [f"{held.asset}.{held.hold.id}" for held in (left, alive)]
        killed, living = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", LEAVES, str(tmp_path / "studio"), name, stdin=-1, stdout=-1
            )
            for name in names
        ]
        for process in (killed, living):
            assert process.stdout is not None
            await process.stdout.readline()
        killed.send_signal(signal.SIGKILL)
        await killed.wait()
        assert await stage.storage() == (0, 6 * MB)
        assert on_disk(stage.room.files.uploads) == 2 * MB
        await stage.studio.uploads.free_left_behind()
        assert await stage.storage() == (0, 3 * MB)
        assert on_disk(stage.room.files.uploads) == 1 * MB  # of the one that lives
        living.kill()
        await living.wait()
        await stage.studio.uploads.free_left_behind()
        assert await stage.storage() == (0, 0)
        assert not list(stage.room.files.uploads.iterdir())


async def test_a_file_that_was_kept_before_its_server_was_killed_stays(stage: Stage) -> None:
    asset = await stage.upload("image")
    dead = Spool(stage.room.files)
    with suppress(KeyError), dead.folder(f"{asset.id}.{asset.hold}"):
        os.close(dead._lock or -1)
        await stage.studio.uploads.free_left_behind()
    assert await stage.storage() == (asset.media.bytes, 0)
    assert not list(stage.room.files.uploads.iterdir())


async def test_of_an_upload_nothing_lies_outside_the_data(
    sqlite_stand: Stand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    sender = Sender(sqlite_stand, "ada", 20 * MB)
    sender.send(BEGIN + bytes(3 * MB))
    await until(lambda: _done(on_disk(folder_of(sqlite_stand)) >= 3 * MB))
    sender.break_off()
    assert await sender.status() == 0
