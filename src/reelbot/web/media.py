"""Files on their way out, in whole or in ranges (RFC 9110), and uploads on their way in, streamed to the disk."""

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from reelbot.studio import (
    UPLOAD_BYTES_MAX,
    UPLOAD_BYTES_PER_SECOND_MIN,
    UPLOAD_GRACE_SECONDS,
    Held,
    Place,
    disk_errors,
)
from reelbot.web.problems import OK, Problem
from reelbot.web.replies import SECURITY, Streamed
from reelbot.web.requests import Disconnected

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MULTIPART = "multipart/form-data"

FORM_BYTES_MAX = UPLOAD_BYTES_MAX + 65_536
"""Of an upload with what the form puts around the file."""

CONTENT_TYPES: Mapping[str, str] = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
}
"""Of a container, as it was found by looking."""

_RANGE = re.compile(rb"(?i:bytes)=[ \t]*([0-9]{0,30})-([0-9]{0,30})[ \t]*")
"""One range, all that any player asks for. Several at once, or what is none, are answered with the whole file."""

_CHUNK = 1 << 20
"""Of a file that is written to the disk at once."""

PARTS_MAX = 8
"""Fields of a form: a few times as many as any program sends beside a file."""

_LEAST_AROUND = b"--\r\nContent-Disposition:form-data;name=file;filename=\r\n\r\n\r\n----"
"""Around a file in a form, beside the boundary before and behind it."""


class Upload(NamedTuple):
    """A file that came in: its name as it was sent, where it is until the call ends, its size and the hash of it.

    `held` is the storage that was set aside for it.
    """

    name: str
    path: Path
    size: int
    sha256: str
    held: Held | None = None


def file_reply(headers: Mapping[bytes, bytes], path: Path, content_type: str) -> Streamed:
    """A file, or the range of it that a request's fields ask for; `Problem` when that lies behind its end.

    What is named by its content never changes, and may be kept by the browser for ever.
    """
    facts = path.stat()
    fields = {key.decode(): value.decode() for key, value in SECURITY}
    fields["cache-control"] = "private, max-age=31536000, immutable"
    response = FileResponse(path, headers=fields, media_type=content_type, stat_result=facts)
    return Streamed(OK, partial(_send_file, response, _asked_range(headers, facts.st_size)))


async def _send_file(response: FileResponse, asked: bytes | None, scope: Scope, receive: Receive, send: Send) -> None:
    others = [(name, value) for name, value in scope["headers"] if name != b"range"]
    ranged = [] if asked is None else [(b"range", asked)]
    await response({**scope, "headers": [*others, *ranged]}, receive, send)


def _asked_range(headers: Mapping[bytes, bytes], size: int) -> bytes | None:
    """The range that is asked for, within a file of so many bytes; None for the whole file."""
    match = _RANGE.fullmatch(headers.get(b"range", b""))
    if match is None or not (match[1] or match[2]):
        return None
    first, last = _within(match[1], match[2], size)
    if first >= size and b"if-range" not in headers:
        field = (b"content-range", b"bytes */%d" % size)
        raise Problem("range_not_there", f"This file has {size:,} bytes; ask for some of those.", fields=(field,))
    return b"bytes=%d-%d" % (first, last) if first <= last < size else None


def _within(first: bytes, last: bytes, size: int) -> tuple[int, int]:
    """The first and last byte of a range; without a first it is that many bytes of the end."""
    if not first:
        return max(0, size - int(last)) if int(last) else size, size - 1
    return int(first), min(int(last), size - 1) if last else size - 1


class Announced(NamedTuple):
    """An upload as its first lines announce it. Of the form, no more than `file_bytes_max` can be the file."""

    boundary: bytes
    form_bytes: int

    @property
    def file_bytes_max(self) -> int:
        """What is left of the form without the least that has to stand around a file."""
        return max(0, self.form_bytes - len(_LEAST_AROUND) - 2 * len(self.boundary))


def announced_upload(headers: Mapping[bytes, bytes]) -> Announced:
    """What is to come. `Problem` too_large, unsupported_media, length_required or malformed says why it may not."""
    kind, parameters = parse_options_header(headers.get(b"content-type", b""))
    if kind.lower() != MULTIPART.encode():
        raise Problem("unsupported_media", f"Send the file as a form, with `Content-Type: {MULTIPART}`.")
    boundary = parameters.get(b"boundary", b"")
    if not boundary:
        raise Problem("malformed", "The form cannot be read: its boundary is missing.")
    length = headers.get(b"content-length", b"")
    if not length.isdigit() or b"transfer-encoding" in headers:
        told = "Send the length of the form in Content-Length: storage is set aside for it before it is taken in."
        raise Problem("length_required", told)
    if int(length) > FORM_BYTES_MAX:
        raise _too_large()
    return Announced(boundary, int(length))


class Patience(NamedTuple):
    """How long an upload may stand still, or take in all however small; and what it brings on average at least."""

    grace_seconds: float = UPLOAD_GRACE_SECONDS
    bytes_per_second_min: int = UPLOAD_BYTES_PER_SECOND_MIN


PATIENCE = Patience()


async def read_upload(announced: Announced, receive: Receive, place: Place, patience: Patience = PATIENCE) -> Upload:
    """The one file of a form, written into its place as it comes, or only read where it has none.

    `Problem` too_slow or malformed says why not; `StorageFull` when there is no room for it.
    """
    path = None if place.folder is None else place.folder / "upload"
    form = _Form(announced.boundary)
    seconds_max = patience.grace_seconds + announced.form_bytes / patience.bytes_per_second_min
    with disk_errors(), _Sink(path) as sink:
        try:
            async with asyncio.timeout(seconds_max):
                async for chunk in _bounded(receive, announced.form_bytes, patience.grace_seconds):
                    await _taken(form, chunk, sink)
        except TimeoutError:
            raise Problem(
                "too_slow", "The upload stood still for too long. Try again on a better connection."
            ) from None
        await asyncio.to_thread(sink.flush)
        if not form.is_whole:
            raise Problem("malformed", "The form cannot be read: it ends too early.")
        if form.name is None:
            raise Problem("malformed", 'The form must have a file under the name "file".', {"where": "file"})
        if place.held is not None and sink.size > place.held.bytes_max:
            raise Problem("malformed", "The form cannot be read: there is less around its file than there has to be.")
        return Upload(form.name, path or Path("nowhere"), sink.size, sink.sha256, place.held)


async def _taken(form: "_Form", chunk: bytes, sink: "_Sink") -> None:
    """Hand on what a chunk has of the file; the disk is waited for in a thread, and seldom."""
    try:
        sink.add(form.content_of(chunk))
    except MultipartParseError as error:
        raise Problem("malformed", f"The form cannot be read: {error}.") from error
    if sink.waiting >= _CHUNK:
        await asyncio.to_thread(sink.flush)


async def _bounded(receive: Receive, length: int, still_seconds: float) -> AsyncGenerator[bytes, None]:
    """The chunks of a body of that length; `TimeoutError` when none comes for so long."""
    while True:
        async with asyncio.timeout(still_seconds):
            message = await receive()
        if message["type"] != "http.request":
            raise Disconnected
        chunk: bytes = message.get("body", b"")
        length -= len(chunk)
        if length < 0:
            raise Problem("malformed", "The form is longer than its Content-Length says.")
        yield chunk
        if not message.get("more_body", False):
            return


class _Sink:
    """Where the content of a file goes, chunk by chunk: onto the disk if it has a place, and into its hash."""

    def __init__(self, path: Path | None) -> None:
        self._file = None if path is None else path.open("xb", buffering=0)
        self._hash = hashlib.sha256()
        self._waiting: list[bytes] = []
        self.waiting = 0
        self.size = 0

    def __enter__(self) -> "_Sink":
        return self

    def __exit__(self, *failure: object) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def sha256(self) -> str:
        """The hash of all that was flushed, in hex digits."""
        return self._hash.hexdigest()

    def add(self, pieces: Iterable[bytes]) -> None:
        """Take more; nothing is written yet."""
        for piece in pieces:
            self._waiting.append(piece)
            self.waiting += len(piece)

    def flush(self) -> None:
        """Write what was taken."""
        content = memoryview(b"".join(self._waiting))
        self._waiting, self.waiting = [], 0
        self._hash.update(content)
        self.size += len(content)
        while self._file is not None and content:
            content = content[self._file.write(content) :]


class _Form:
    """Reads a form (RFC 7578) as it comes and gives out what is in its file. All other fields are passed over."""

    def __init__(self, boundary: bytes) -> None:
        self.name: str | None = None
        self.is_whole = False
        self._parts = 0
        self._is_file = False
        self._header, self._value, self._disposition = b"", b"", b""
        self._taken: list[bytes] = []
        callbacks: MultipartCallbacks = {
            "on_part_begin": self._begin_part,
            "on_part_data": self._take,
            "on_header_field": self._take_header,
            "on_header_value": self._take_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_end": self._end,
        }
        self._parser = MultipartParser(boundary, callbacks)

    def content_of(self, chunk: bytes) -> list[bytes]:
        """What a chunk of the form has of the file; `MultipartParseError` for what is no such form."""
        self._taken = []
        if not self.is_whole:  # what comes behind the end belongs to nothing
            self._parser.write(chunk)
        return self._taken

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > PARTS_MAX:
            raise MultipartParseError("it has too many fields")
        self._is_file, self._disposition = False, b""

    def _take_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header, self._value = b"", b""

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise MultipartParseError("a field has no name")
        if b"filename" not in options:
            return
        if self.name is not None:
            raise MultipartParseError("it has more than one file")
        if options[b"name"] == b"file":
            self._is_file, self.name = True, _text(options[b"filename"])

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._taken.append(data[start:end])

    def _end(self) -> None:
        self.is_whole = True


def _text(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("latin-1")


def _too_large() -> Problem:
    return Problem("too_large", f"A file may have {UPLOAD_BYTES_MAX:,} bytes at most.")
