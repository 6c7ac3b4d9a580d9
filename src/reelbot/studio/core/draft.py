"""What a draft is: settings and slots. A slot keeps every result that it ever had; one of them is current.

All of it is one frozen value that is kept as JSON. Results are never changed and never dropped, so undoing is pointing
to another one. Each carries the inputs that it was really made from.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, structs

from reelbot.providers.works import Aspect, Duration, Kind, Tone

Flow = Literal["narrated", "cinematic"]
CaptionSize = Literal["small", "medium", "large"]
Corner = Literal["top-left", "top-right", "bottom-left", "bottom-right"]
MediaKind = Literal["image", "clip", "audio"]
By = Literal["hand", "ai", "upload"]

StepName = Literal["topic", "script", "voiceover", "assets"]
"""What people see as the steps before the review."""

STEPS: dict[Flow, tuple[StepName, ...]] = {
    "narrated": ("topic", "script", "voiceover", "assets"),
    "cinematic": ("topic", "assets"),
}

Colour = Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$", examples=["#FFD60A"])]


class Settings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=False):
    """The settings sidebar. `voice` is a voice's id, empty for the default of the language; `logo` an asset's id.

    `providers` says who makes a kind of work, `provider_options` what is asked of which provider beyond these settings.
    """

    duration_s: Duration = 30
    tone: Tone = "casual"
    caption_size: CaptionSize = "medium"
    aspect: Aspect = "9:16"
    language: Annotated[str, Meta(min_length=2, max_length=12)] = "en"
    voice: Annotated[str, Meta(max_length=100)] = ""
    pace: Annotated[float, Meta(ge=0.5, le=2.0)] = 1.0
    pitch: Annotated[int, Meta(ge=-6, le=6)] = 0
    text_colour: Colour = "#FFFFFF"
    accent_colour: Colour = "#FFD60A"
    outline_colour: Colour = "#0B0B0F"
    logo: Annotated[str, Meta(max_length=60)] | None = None
    corner: Corner = "top-right"
    providers: dict[Kind, Annotated[str, Meta(max_length=60)]] = {}
    provider_options: dict[Kind, dict[str, dict[str, Any]]] = {}


class Media(Struct, frozen=True, kw_only=True):
    """A stored file by its content, and what was found out about it. `asset` names the upload or clip that it belongs to."""

    sha256: str
    kind: MediaKind
    bytes: int
    container: str = ""
    width: int = 0
    height: int = 0
    duration_ms: int = 0
    is_hdr: bool = False
    asset: str | None = None


class Version(Struct, frozen=True, kw_only=True):
    """A result. `inputs` is what it was made from, by name; `work` names the AI work, `label` says what made it.

    `words` is the content hash of the word timings of a voiceover.
    """

    id: int
    at: int
    by: By
    inputs: dict[str, str] = {}
    text: str = ""
    suggestions: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()
    media: Media | None = None
    words: str | None = None
    prompt: str = ""
    label: str = ""
    work: str | None = None
    variation: int = 0


class Slot(Struct, frozen=True):
    """All results of one thing, oldest first, and which of them counts; None when none does.

    `before` are the numbers of those that counted earlier, each once, the last one at the end. `is_chosen` says that a
    person has pointed to the one that counts.
    """

    versions: tuple[Version, ...] = ()
    current: int | None = None
    before: tuple[int, ...] = ()
    is_chosen: bool = False

    @property
    def version(self) -> Version | None:
        """The result that counts."""
        return next((one for one in self.versions if one.id == self.current), None)

    def of(self, id: int) -> Version | None:
        """The result of that number."""
        return next((one for one in self.versions if one.id == id), None)

    def with_version(self, version: Version) -> "Slot":
        """With one more result, which counts from now on."""
        return self.with_kept(version).pointing_to(version.id)

    def with_kept(self, version: Version) -> "Slot":
        """With one more result, beside the one that counts."""
        return structs.replace(self, versions=(*self.versions, version))

    def pointing_to(self, id: int | None) -> "Slot":
        """With another of its results, or none, counting."""
        assert id is None or self.of(id) is not None, "a slot points to what it has"
        counted = () if self.current is None else (self.current,)
        return Slot(self.versions, id, tuple(one for one in (*self.before, *counted) if one != id))


EMPTY = Slot()
"""A slot that nothing was ever made for."""


class Scene(Struct, frozen=True):
    """A place in the video. Its picture, or an uploaded clip, and the clips animated from it are slots of its number.

    `prompt` and `variation` say which picture the scene was made for: what it waits for until it has one.
    """

    id: int
    prompt: str = ""
    variation: int = 0


class StepFailure(Struct, frozen=True):
    """Why the last attempt at something failed, in words for its owner.

    `delivered` names the work that was delivered all the same, and is still to be taken in: the next attempt does that.
    """

    at: int
    detail: str
    hint: str = ""
    delivered: str = ""


RENDER_FAILURE = "render"
"""Under which name a draft notes that it could not be rendered."""


class SlotRef(Struct, frozen=True, omit_defaults=True):
    """Which slot: the name of its kind, and of what it is a part where there are several: the number of a scene."""

    name: str
    part: str = ""

    def __str__(self) -> str:
        return f"{self.name}:{self.part}" if self.part else self.name


class Draft(Struct, frozen=True, kw_only=True):
    """An unfinished video. `next_id` numbers versions and scenes, `failures` is keyed by slot, or `render`.

    `slots` is keyed by what they are called: `script`, `picture:3`. Which kinds there are is said by `core/slots.py` alone.
    `voices` remembers the voice that was chosen for each language, so that going back to a language brings it back.
    """

    flow: Flow
    settings: Settings = Settings()
    voices: dict[str, str] = {}
    keywords: str = ""
    scenes: tuple[Scene, ...] = ()
    slots: dict[str, Slot] = {}
    failures: dict[str, StepFailure] = {}
    next_id: int = 1

    def slot(self, ref: SlotRef) -> Slot:
        """That slot; an empty one where nothing was made for it, or its scene is gone."""
        return self.slots.get(str(ref), EMPTY)

    def version(self, ref: SlotRef) -> Version | None:
        """The result of a slot that counts."""
        return self.slot(ref).version

    def scene(self, id: int) -> Scene | None:
        """The scene of that number."""
        return next((one for one in self.scenes if one.id == id), None)

    def with_slot(self, ref: SlotRef, slot: Slot) -> "Draft":
        """With that slot replaced."""
        return structs.replace(self, slots=self.slots | {str(ref): slot})

    def text_of(self, name: str) -> str:
        """The text that counts in a slot of the whole draft; empty when there is none."""
        version = self.version(SlotRef(name))
        return version.text if version else ""

    @property
    def heading(self) -> str:
        """What the draft is called in a list: its title, topic, or the beginning of its script."""
        return self.text_of("title") or self.text_of("topic") or self.text_of("script")[:60] or "Untitled"

    @property
    def has_results(self) -> bool:
        """Whether an AI action or an upload has made anything for it."""
        return any(one.by != "hand" for one in self._versions())

    def media_of(self, sha256: str) -> Media | None:
        """The file of that content among all results of the draft."""
        return next((one.media for one in self._versions() if one.media and one.media.sha256 == sha256), None)

    def has_words(self, sha256: str) -> bool:
        """Whether these are the word timings of one of its results."""
        return any(one.words == sha256 for one in self._versions())

    def _versions(self) -> Iterator[Version]:
        return (version for slot in self.slots.values() for version in slot.versions)
