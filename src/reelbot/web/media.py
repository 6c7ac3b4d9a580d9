"""Files on their way out, in whole or in ranges (RFC 9110), and uploads on their way in, streamed to the disk."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.responses import FileResponse
from starlette.types import Receive

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

_CHUNK = 1 << 20


class Upload(NamedTuple):
    """A file that came in: its name as it was sent, where it is until the call ends, its size and the hash of it."""

    name: str
    path: Path
    size: int
    sha256: str


def file_reply(path: Path, content_type: str, *, name: str | None = None, changes: bool = False) -> Streamed:
    """A file, or the ranges of it that are asked for. With `name` it is to be saved under it.

    What is named by its content never changes, and may be kept by the browser for ever.
    """
    kept = "private, no-cache" if changes else "private, max-age=31536000, immutable"
    fields = {key.decode(): value.decode() for key, value in SECURITY} | {"cache-control": kept}
    disposition = "inline" if name is None else "attachment"
    response = FileResponse(
        path, headers=fields, media_type=content_type, filename=name, content_disposition_type=disposition
    )
    return Streamed(OK, response)


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
