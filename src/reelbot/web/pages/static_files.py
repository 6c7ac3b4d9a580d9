"""Styles, scripts and fonts, read once: what `web/static` has, and the .css and .js of each page.

The address has a digest of all of them, so a browser may keep each file for ever, and no page is ever shown with scripts
of another version. Modules name each other by relative paths.
"""

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import NamedTuple

from reelbot.web.problems import OK
from reelbot.web.replies import Fields, Reply

PREFIX = "/static/"

_TYPES: Mapping[str, bytes] = MappingProxyType(
    {
        "css": b"text/css; charset=utf-8",
        "js": b"text/javascript; charset=utf-8",
        "svg": b"image/svg+xml",
        "woff2": b"font/woff2",
        "txt": b"text/plain; charset=utf-8",
    }
)
_PACKED = frozenset({"css", "js", "svg", "txt"})
_FOR_EVER = b"public, max-age=31536000, immutable"


class File(NamedTuple):
    """A file's type and bytes, and the bytes that a browser unpacks, where that is worth it."""

    kind: bytes
    body: bytes
    packed: bytes | None


class StaticFiles:
    """All files by their path below `/static/<version>/`."""

    def __init__(self) -> None:
        self._files = {path: _file(path, body) for path, body in sorted(_found())}
        digest = hashlib.sha256()
        for path, one in self._files.items():
            digest.update(path.encode() + one.body)
        self.version = digest.hexdigest()[:12]

    def __contains__(self, path: str) -> bool:
        return path in self._files

    def url(self, path: str) -> str:
        """The address of a file; it must be there."""
        assert path in self._files, f"there is no static file {path}"
        return f"{PREFIX}{self.version}/{path}"

    def reply(self, path: str, accepts: bytes) -> Reply | None:
        """The file that the path of a request names, of whichever version; None when there is none."""
        version, _, name = path.removeprefix(PREFIX).partition("/")
        found = self._files.get(name)
        if found is None:
            return None
        kept = _FOR_EVER if version == self.version else b"no-cache"
        fields: Fields = (
            (b"content-type", found.kind),
            (b"cache-control", kept),
            (b"x-content-type-options", b"nosniff"),
            (b"vary", b"accept-encoding"),
            (b"service-worker-allowed", b"/"),
        )
        if found.packed is not None and b"gzip" in accepts:
            return Reply(OK, (*fields, (b"content-encoding", b"gzip")), found.packed)
        return Reply(OK, fields, found.body)


def _found() -> Iterator[tuple[str, bytes]]:
    yield from _below(files("reelbot.web") / "static", "")
    for one in (files("reelbot.web") / "pages").iterdir():
        if one.name.endswith((".css", ".js")):
            yield f"pages/{one.name}", one.read_bytes()


def _below(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for one in folder.iterdir():
        if one.is_dir():
            yield from _below(one, f"{prefix}{one.name}/")
        elif one.name.rpartition(".")[2] in _TYPES:
            yield f"{prefix}{one.name}", one.read_bytes()


def _file(path: str, body: bytes) -> File:
    ending = path.rpartition(".")[2]
    return File(_TYPES[ending], body, gzip.compress(body, mtime=0) if ending in _PACKED else None)
