"""Files on their way out, in whole or in ranges (RFC 9110), and uploads on their way in, streamed to the disk."""

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator, Mapping
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple

from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from reelbot.studio import UPLOAD_BYTES_MAX, disk_errors
from reelbot.web.problems import OK, Problem
from reelbot.web.replies import SECURITY, Streamed
from reelbot.web.requests import Disconnected

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


class Upload(NamedTuple):
    """A file that came in: its name as it was sent, where it is until the call ends, its size and the hash of it."""

    name: str
    path: Path
    size: int
    sha256: str


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


async def read_upload(headers: Mapping[bytes, bytes], receive: Receive, folder: Path) -> Upload:
    """The one file of a form, written into a folder. `Problem` too_large, unsupported_media or malformed says why not.

    `StorageFull` when there is no room for it.
    """
    if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != MULTIPART.encode():
        raise Problem("unsupported_media", f"Send the file as a form, with `Content-Type: {MULTIPART}`.")
    announced = headers.get(b"content-length")
    if announced is not None and announced.isdigit() and int(announced) > FORM_BYTES_MAX:
        raise _too_large()
    parser = MultiPartParser(
        Headers(raw=list(headers.items())), _bounded(receive), max_files=1, max_fields=8, max_part_size=4_096
    )
    with disk_errors():
        try:
            form = await parser.parse()
        except (MultiPartException, KeyError, ValueError) as error:
            raise Problem("malformed", f"The form cannot be read: {error}.") from error
        try:
            file = form.get("file")
            if file is None or isinstance(file, str):
                raise Problem("malformed", 'The form must have a file under the name "file".', {"where": "file"})
            path = folder / "upload"
            size, sha256 = await asyncio.to_thread(_written, file.file, path)
            return Upload(file.filename or "", path, size, sha256)
        finally:
            await form.close()


async def _bounded(receive: Receive) -> AsyncGenerator[bytes, None]:
    length = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Disconnected
        chunk: bytes = message.get("body", b"")
        length += len(chunk)
        if length > FORM_BYTES_MAX:
            raise _too_large()
        yield chunk
        if not message.get("more_body", False):
            return


def _written(source: BinaryIO, path: Path) -> tuple[int, str]:
    hashed, size = hashlib.sha256(), 0
    source.seek(0)
    with path.open("wb") as target:
        while chunk := source.read(_CHUNK):
            hashed.update(chunk)
            size += target.write(chunk)
    return size, hashed.hexdigest()


def _too_large() -> Problem:
    return Problem("too_large", f"A file may have {UPLOAD_BYTES_MAX:,} bytes at most.")
