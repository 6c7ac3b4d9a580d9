"""What the embedded providers can do: one row for each action, with the shape of its options and the words for a form."""

from typing import Any, NamedTuple

import msgspec

from reelbot.studio.embedded import animation, artwork, music, speech, writer
from reelbot.studio.embedded.animation import AnimationOptions
from reelbot.studio.embedded.artwork import ArtworkOptions
from reelbot.studio.embedded.bounds import (
    KEYWORDS_LENGTH_MAX,
    PASSAGE_LENGTH_MAX,
    PROMPT_LENGTH_MAX,
    TOPIC_LENGTH_MAX,
)
from reelbot.studio.embedded.music import MusicOptions
from reelbot.studio.embedded.rewriting import RewriteOptions
from reelbot.studio.embedded.speech import SpeechOptions
from reelbot.studio.embedded.writer import ScriptOptions, TextOptions


class Ability(NamedTuple):
    """One thing that can be asked for.

    `name` is unique; `action` is the action of the price list that it costs; `label` is what its results are marked
    with; `note` says honestly how it works; `options` is the type of its options; `input_length_max` bounds the text
    it takes, in characters, and is 0 where it takes none.
    """

    name: str
    action: str
    label: str
    note: str
    options: type[msgspec.Struct]
    input_length_max: int


def _labelled(kind: str) -> str:
    return f"Embedded: {kind[:1].lower()}{kind[1:]}"


ABILITIES = (
    Ability(
        "topics", "topic", _labelled(writer.LABEL), "Puts your keywords into templates; five ideas. It knows no facts.",
        TextOptions, KEYWORDS_LENGTH_MAX,
    ),
    Ability(
        "script", "script", _labelled(writer.LABEL),
        "Composes a script from templates around your topic, fitted to the duration. It knows and claims no facts.",
        ScriptOptions, TOPIC_LENGTH_MAX,
    ),
    Ability(
        "rewrite", "rewrite", _labelled(writer.LABEL), "Shortens, lengthens, simplifies or changes the tone by rules.",
        RewriteOptions, PASSAGE_LENGTH_MAX,
    ),
    Ability(
        "headline", "rewrite", _labelled(writer.LABEL), "A title and hashtags from the words of your topic.",
        TextOptions, TOPIC_LENGTH_MAX,
    ),
    Ability(
        "voiceover", "voiceover", _labelled(speech.LABEL),
        "Speaks with espeak-ng, a synthesiser: clear, light, and plainly a machine. True word timings.",
        SpeechOptions, PASSAGE_LENGTH_MAX,
    ),
    Ability(
        "image", "image", _labelled(artwork.LABEL),
        "Paints a picture by rules: style and emblem by the words of the prompt, colours by the tone.",
        ArtworkOptions, PROMPT_LENGTH_MAX,
    ),
    Ability(
        "animation", "animation", _labelled(animation.LABEL),
        "Lets the view drift over a picture, with depth guessed and light that wanders. Nothing in it moves by itself.",
        AnimationOptions, 0,
    ),
    Ability(
        "music", "music", _labelled(music.LABEL), "Composes by chance within the rules of a mood; plays in a loop.",
        MusicOptions, 0,
    ),
)  # fmt: skip


def options_schema(ability: Ability) -> dict[str, Any]:
    """The JSON Schema of an ability's options, in one piece."""
    (schema,), components = msgspec.json.schema_components([ability.options], ref_template="{name}")
    described: dict[str, Any] = components[schema["$ref"]]
    return described
