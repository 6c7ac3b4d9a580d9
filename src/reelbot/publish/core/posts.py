"""What a post is and how it may move: a table of states, and the words that go with a video.

draft → queued → publishing → published | failed, publishing → queued: to be tried again, and failed → queued: once more.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from msgspec import Struct

from reelbot.ids import id_text
from reelbot.publish.limits import ATTEMPTS_MAX, BACKOFF_SECONDS, HASHTAG_LENGTH_MAX, HASHTAGS_MAX

PostState = Literal["draft", "queued", "publishing", "published", "failed"]

MOVES: Mapping[PostState, frozenset[PostState]] = MappingProxyType(
    {
        "draft": frozenset({"queued"}),
        "queued": frozenset({"publishing"}),
        "publishing": frozenset({"publishing", "queued", "published", "failed"}),
        "published": frozenset(),
        "failed": frozenset({"queued"}),
    }
)
"""From each state to those that may follow it. A post whose worker died is taken over while it is being published."""

EDITABLE: frozenset[PostState] = frozenset({"draft", "failed"})
"""States in which a post may be changed, and published."""

ON_ITS_WAY: frozenset[PostState] = frozenset({"queued", "publishing"})
"""The states of a post that somebody is at work on."""


class Words(Struct, frozen=True, kw_only=True):
    """What is said beside a video. Hashtags are without their sign."""

    title: str
    description: str = ""
    hashtags: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All of it as one text, ready to be pasted into a form of any platform."""
        parts = (self.title, self.description, " ".join(f"#{tag}" for tag in self.hashtags))
        return "\n\n".join(part for part in parts if part) + "\n"


class Delivered(Struct, frozen=True):
    """A platform's answer to a post that it accepted: its own id of the post, and where people find it."""

    id: str
    place: str


class PostFailure(Struct, frozen=True):
    """Why the last try did not succeed, in words for the post's owner."""

    code: str
    detail: str
    hint: str = ""


class Post(NamedTuple):
    """A post as it is kept.

    `due_at` is when it may be taken, while it is being published when its lease ends. `fence` counts all claims, whoever
    made them; `attempts` those since it was last asked for. `ticket` is what the platform gave before it began.
    """

    lane: int
    account: int
    number: int
    video: str
    channel: int | None
    words: Words
    state: PostState
    hold: str | None
    due_at: int
    fence: int
    attempts: int
    ticket: str
    delivered: Delivered | None
    failure: PostFailure | None
    created_at: int
    updated_at: int
    published_at: int | None

    @property
    def id(self) -> str:
        """The post as outsiders name it, and as platforms are told: under it nothing is published twice."""
        return id_text("post", self.lane, self.account, self.number)

    @property
    def was_begun(self) -> bool:
        """Whether somebody has claimed it before the present claim, so that something may have arrived already."""
        return self.fence > 1

    def moved(self, state: PostState) -> "Post":
        """The post in another state, which must follow the one it is in."""
        assert state in MOVES[self.state], (
            f"a post goes from {self.state} to {', '.join(MOVES[self.state]) or 'nothing'}"
        )
        return self._replace(state=state)


def pause_after(attempts: int) -> float | None:
    """Seconds until a post is due again after so many tries; None when that was the last one."""
    return BACKOFF_SECONDS[attempts - 1] if attempts <= ATTEMPTS_MAX else None


def cleaned_hashtags(asked: Iterable[str]) -> tuple[str, ...]:
    """Hashtags as they are kept: without sign and blanks, each once, in the order given."""
    bare = ("".join(part for part in tag.split() if part).replace("#", "").replace(",", "") for tag in asked)
    printable = ("".join(sign for sign in tag if sign.isprintable())[:HASHTAG_LENGTH_MAX] for tag in bare)
    return tuple(dict.fromkeys(tag for tag in printable if tag))[:HASHTAGS_MAX]


def one_line(text: str) -> str:
    """A name or title as it is kept: one line, what cannot be printed left out."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
