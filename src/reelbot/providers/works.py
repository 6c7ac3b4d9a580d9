"""What a provider can be asked to make, and what it delivers: plain values that a job keeps as JSON.

A work holds everything that its result depends on, so the hash of a work names the result. Another `variation` of the
same work is another piece of work. Files are named by the SHA-256 of their content.
"""

import hashlib
from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct

Kind = Literal["topic", "script", "rewrite", "voiceover", "image", "animation", "music"]
"""The AI actions; each is also the name of its price."""

KINDS: tuple[Kind, ...] = get_args(Kind)

Tone = Literal["professional", "casual", "humorous", "inspirational", "educational"]
Aspect = Literal["9:16", "1:1", "16:9"]
Duration = Literal[15, 30, 45, 60]


class _Work(Struct, frozen=True, kw_only=True, tag_field="kind"):
    """What all works have: who is to make it, the options that only this provider knows, and which variation it is.

    `edition` is that of the provider's ability, where it counts them: what an older one made is not the same.
    """

    provider: str = "embedded"
    options: dict[str, Any] = {}
    variation: int = 0
    edition: int | msgspec.UnsetType = msgspec.UNSET


class TopicWork(_Work, frozen=True, kw_only=True, tag="topic"):
    """Five topic ideas from keywords."""

    keywords: str
    tone: Tone
    language: str


class ScriptWork(_Work, frozen=True, kw_only=True, tag="script"):
    """A script to be spoken in about `duration_s` seconds."""

    topic: str
    tone: Tone
    duration_s: Duration
    language: str


class RewriteWork(_Work, frozen=True, kw_only=True, tag="rewrite"):
    """A passage in other words, as `wish` asks; or, as a `title`, a title and hashtags for it."""

    passage: str
    wish: str
    tone: Tone
    language: str
    makes: Literal["passage", "title"] = "passage"


class VoiceoverWork(_Work, frozen=True, kw_only=True, tag="voiceover"):
    """The script spoken. `voice` is a provider's id; `pace` is 1 as usual; `pitch` in semitones from -6 to 6."""

    script: str
    language: str
    voice: str
    pace: float = 1.0
    pitch: int = 0


class ImageWork(_Work, frozen=True, kw_only=True, tag="image"):
    """A picture."""

    prompt: str
    tone: Tone
    aspect: Aspect


class AnimationWork(_Work, frozen=True, kw_only=True, tag="animation"):
    """A picture, named by its content, turned into a clip of so many seconds."""

    image: str
    seconds: int
    aspect: Aspect
    prompt: str = ""


class MusicWork(_Work, frozen=True, kw_only=True, tag="music"):
    """Music of a mood, at least so many seconds."""

    mood: str
    tone: Tone
    seconds: int


Work = TopicWork | ScriptWork | RewriteWork | VoiceoverWork | ImageWork | AnimationWork | MusicWork

_encode = msgspec.json.Encoder(order="deterministic").encode


def kind_of(work: Work) -> Kind:
    """Which AI action it is."""
    kind: Kind = work.__struct_config__.tag  # type: ignore[assignment]  # each tag above is one of them
    return kind


def work_hash(work: Work) -> str:
    """The name of the result: works that are equal in everything have the same, in every process."""
    return hashlib.sha256(_encode(work)).hexdigest()


class SpokenWord(Struct, frozen=True, array_like=True):
    """A word of a voiceover as the script writes it, and when it is spoken, in milliseconds from the beginning."""

    text: str
    start_ms: int
    end_ms: int
