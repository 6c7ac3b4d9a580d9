"""The table of slots: what each kind is called, in which step it is shown, what its results depend on.

Staleness, impact, the order of bringing up to date and the words of sentences follow from it. A result is made from
*inputs*. It is stale when one of them is no longer what it was, or when the slot that an input comes from is itself stale.
Nothing else makes it so.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType

from reelbot.studio.core.draft import Draft, SlotRef, StepName, Version


@dataclass(frozen=True, kw_only=True)
class Input:
    """Something that results are made from: its name, its words, the slot that it comes from, if any, and its value now.

    What there is none of yet is not pinned, and never makes a result stale, unless `counts_when_empty`: no voice is the
    usual voice.
    """

    name: str
    words: str
    comes_from: Callable[[SlotRef], SlotRef] | None
    value: Callable[[Draft, SlotRef], str]
    counts_when_empty: bool


@dataclass(frozen=True, kw_only=True)
class SlotKind:
    """A kind of slot. What is not among `needs` never makes its results stale.

    `one` is what a slot of it is called in a sentence, `title` where it stands alone, `titles` several of them. `parts`
    tells of what a draft has one each. `is_played` says that a video plays it as it is: one that no longer matches has to
    be agreed to.
    """

    name: str
    one: str
    title: str
    titles: str
    step: StepName
    parts: Callable[[Draft], Iterable[str]]
    needs: tuple[Input, ...]
    is_played: bool

    def ref(self, part: object = "") -> SlotRef:
        """The slot of this kind; of a part, where a draft has one for each."""
        return SlotRef(self.name, str(part))

    @property
    def heading(self) -> str:
        """What all of a draft are called together."""
        return self.title if self.parts is once else self.titles


def text_hash(text: str) -> str:
    """A text as an input is pinned by; empty for none."""
    return hashlib.sha256(text.encode()).hexdigest()[:32] if text else ""


# of what a draft has one slot each


def once(draft: Draft) -> tuple[str, ...]:
    """One for the whole draft."""
    return ("",)


def each_scene(draft: Draft) -> tuple[str, ...]:
    """One for each scene, by its number."""
    return tuple(str(scene.id) for scene in draft.scenes)


# the inputs


def _setting(name: str, words: str, value: Callable[[Draft], str], *, counts_when_empty: bool = False) -> Input:
    return Input(
        name=name,
        words=words,
        comes_from=None,
        value=lambda draft, _: value(draft),
        counts_when_empty=counts_when_empty,
    )


def _picture(draft: Draft, ref: SlotRef) -> str:
    version = draft.version(SlotRef("picture", ref.part))
    return version.media.sha256 if version and version.media else ""


TOPIC_TEXT = Input(
    name="topic",
    words="the topic",
    comes_from=lambda _: SlotRef("topic"),
    value=lambda draft, _: draft.text_of("topic"),
    counts_when_empty=False,
)
SCRIPT_TEXT = Input(
    name="script",
    words="the script",
    comes_from=lambda _: SlotRef("script"),
    value=lambda draft, _: text_hash(draft.text_of("script")),
    counts_when_empty=False,
)
PICTURE_FILE = Input(
    name="picture",
    words="the picture",
    comes_from=lambda ref: SlotRef("picture", ref.part),
    value=_picture,
    counts_when_empty=False,
)
TONE = _setting("tone", "the tone", lambda draft: draft.settings.tone)
DURATION = _setting("duration", "the duration", lambda draft: str(draft.settings.duration_s))
LANGUAGE = _setting("language", "the content language", lambda draft: draft.settings.language)
VOICE = _setting("voice", "the voice", lambda draft: draft.settings.voice, counts_when_empty=True)
PACE = _setting("pace", "the pace of the voice", lambda draft: f"{draft.settings.pace:g}")
PITCH = _setting("pitch", "the pitch of the voice", lambda draft: str(draft.settings.pitch))

# the slots

SUGGESTIONS = SlotKind(
    name="suggestions",
    one="the topic ideas",
    title="Topic ideas",
    titles="Topic ideas",
    step="topic",
    parts=once,
    needs=(TONE,),
    is_played=False,
)
TOPIC = SlotKind(
    name="topic", one="the topic", title="Topic", titles="Topics", step="topic", parts=once, needs=(), is_played=False
)
TITLE = SlotKind(
    name="title", one="the title", title="Title", titles="Titles", step="topic", parts=once, needs=(), is_played=False
)
SCRIPT = SlotKind(
    name="script",
    one="the script",
    title="Script",
    titles="Scripts",
    step="script",
    parts=once,
    needs=(TOPIC_TEXT, TONE, DURATION, LANGUAGE),
    is_played=True,
)
VOICEOVER = SlotKind(
    name="voiceover",
    one="the voiceover",
    title="Voiceover",
    titles="Voiceovers",
    step="voiceover",
    parts=once,
    needs=(SCRIPT_TEXT, LANGUAGE, VOICE, PACE, PITCH),
    is_played=True,
)
PICTURE = SlotKind(
    name="picture",
    one="a picture",
    title="Picture",
    titles="Pictures",
    step="assets",
    parts=each_scene,
    needs=(),
    is_played=False,
)
ANIMATION = SlotKind(
    name="animation",
    one="a clip",
    title="Clip",
    titles="Clips",
    step="assets",
    parts=each_scene,
    needs=(PICTURE_FILE,),
    is_played=True,
)
MUSIC = SlotKind(
    name="music",
    one="the music",
    title="Music",
    titles="Pieces of music",
    step="assets",
    parts=once,
    needs=(),
    is_played=False,
)

SLOTS: tuple[SlotKind, ...] = (SUGGESTIONS, TOPIC, TITLE, SCRIPT, VOICEOVER, PICTURE, ANIMATION, MUSIC)
"""All kinds, those that others are made from first. Kinds of the same parts that follow each other go part by part."""

SLOT_KINDS: Mapping[str, SlotKind] = MappingProxyType({kind.name: kind for kind in SLOTS})

_IN_TURN = tuple((parts, tuple(kinds)) for parts, kinds in groupby(SLOTS, lambda kind: kind.parts))


def slot_refs(draft: Draft) -> tuple[SlotRef, ...]:
    """Every slot that a draft has room for, those that others are made from first."""
    return tuple(kind.ref(part) for parts, kinds in _IN_TURN for part in parts(draft) for kind in kinds)


def has_place(draft: Draft, ref: SlotRef) -> bool:
    """Whether a draft has such a slot: it has none of a scene that is gone."""
    return ref.part in SLOT_KINDS[ref.name].parts(draft)


def scene_of(ref: SlotRef) -> int | None:
    """The number of the scene that a slot belongs to; None for one of the whole draft."""
    return int(ref.part) if SLOT_KINDS[ref.name].parts is each_scene else None


def shown_of(draft: Draft, scene: int) -> Version | None:
    """What the video shows in a scene: the animated clip when one counts, else the picture."""
    return draft.version(ANIMATION.ref(scene)) or draft.version(PICTURE.ref(scene))
