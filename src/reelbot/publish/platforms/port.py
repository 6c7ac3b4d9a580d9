"""What publishing asks of a platform. Adding one is a file here and a line in `platforms/__init__.py`.

A post is published under a key, its id, which never changes and never comes again. Before anything is done a second time
for a key, `found` is asked whether an earlier try has arrived: a process may have died, or an answer may have been lost.
A platform that cannot be asked by a key of ours gives a ticket before it begins (an upload's address, a job's id), which
is durable before `publish` goes on, and is there again when the next try asks.
"""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from reelbot.publish.core.posts import Delivered, Words

KeepTicket = Callable[[str], Awaitable[None]]
"""Makes a ticket durable; raises when this try was overtaken by another one, and then nothing more may be done."""


class PlatformFailure(Exception):
    """A platform did not take a post. `is_retryable` when it may do so later, or may even have taken it already."""

    def __init__(self, code: str, detail: str, hint: str = "", *, is_retryable: bool = False) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.hint = hint
        self.is_retryable = is_retryable


class Part(NamedTuple):
    """One file of what is published: its name, and the file on the disk or the text that it has."""

    name: str
    content: Path | str


class Posting(NamedTuple):
    """All that a platform needs to publish a post. `place` is the channel's, as `connect` gave it."""

    key: str
    place: str
    words: Words
    parts: Sequence[Part]
    ticket: str


class Connecting(NamedTuple):
    """A channel that is about to be: its id, whose it is, and the path that an operator named."""

    channel: str
    owner: str
    path: str | None


class Platform(Protocol):
    """Where posts are published."""

    @property
    def name(self) -> str:
        """The word that programs know it by."""
        ...

    @property
    def title(self) -> str:
        """What people call it."""
        ...

    async def connect(self, asked: Connecting) -> str:
        """Look whether a channel can be used; the place that its posts go to. `Malformed` says why not."""
        ...

    async def found(self, posting: Posting) -> Delivered | None:
        """What an earlier try has delivered under this key; None when nothing has arrived, and publishing is safe."""
        ...

    async def publish(self, posting: Posting, keep_ticket: KeepTicket) -> Delivered:
        """Publish; `PlatformFailure` otherwise."""
        ...
