"""Rewrite a passage by rules: shorter, longer, plainer, or in another tone. Says which of these it did.

It has no knowledge and adds none: words go, are exchanged for plainer or shorter ones, long sentences are cut in two,
and a sentence of the wished tone may lead in or out.
"""

import random
import re
from functools import partial
from typing import Annotated, Literal, NamedTuple, get_args

import msgspec

from reelbot.errors import Malformed
from reelbot.languages.catalogue import LanguageCode
from reelbot.languages.words import is_spoken, sentences, tidy, words
from reelbot.providers.embedded.limits import INSTRUCTION_LENGTH_MAX, PASSAGE_LENGTH_MAX
from reelbot.providers.embedded.writing.texts import TONES, Texts, Tone, texts, tone_from
from reelbot.providers.embedded.writing.topic import capitalised

Change = Literal["shorter", "longer", "simpler"]
CHANGES: tuple[Change, ...] = get_args(Change)

_LONG_SENTENCE_WORDS = 14
"""From here on a sentence is cut where its language has a joint."""

_KEPT_SHARE = 0.6
"""How much of the sentences a shorter version keeps."""

_ASIDE = re.compile(r"\s*[(（][^()（）]*[)）]")
_SPACES = re.compile(r"\s+([,.;:!?…،؛؟])|\s{2,}")
_ORPHANS = re.compile(r"(^|[.!?…؟] )[,;،]\s*")


class RewriteOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What shall become of a passage: a wish in its own language ("shorter", "funnier"), or else the tone."""

    wish: Annotated[str, msgspec.Meta(max_length=INSTRUCTION_LENGTH_MAX)] = ""
    tone: Tone = "casual"
    language: LanguageCode = "en"


class Rewrite(NamedTuple):
    """The new text, and in single words what was done to the old one."""

    text: str
    changes: tuple[str, ...]


def rewrite(passage: str, options: RewriteOptions, seed: int) -> Rewrite:
    """Rewrite a passage as the wish asks, or else in the tone.

    `Malformed` when there is no passage, it is too long, or tone or language are unknown.
    """
    if len(passage) > PASSAGE_LENGTH_MAX or len(options.wish) > INSTRUCTION_LENGTH_MAX:
        raise Malformed(f"at most {PASSAGE_LENGTH_MAX} characters can be rewritten", "passage")
    if not is_spoken(passage):
        raise Malformed("there is no passage to rewrite", "passage")
    spoken, in_tone = texts(options.language), tone_from(options.tone)
    rng = random.Random(f"rewrite {passage} {options} {seed}")
    changes, wished_tone = _understood(options.wish.lower(), spoken)
    text = tidy(passage)
    for change in changes:
        text = _changed(text, change, spoken, wished_tone or in_tone, options.language, rng)
    if wished_tone or not changes:
        changes, text = (
            [*changes, wished_tone or in_tone],
            _toned(text, wished_tone or in_tone, spoken, options.language, rng),
        )
    return Rewrite(text, tuple(changes))


def _understood(wish: str, spoken: Texts) -> tuple[list[str], Tone | None]:
    """Which changes and which tone a wish names."""
    named = {name for name, keywords in spoken.rewriting.wishes.items() if any(word in wish for word in keywords)}
    return [change for change in CHANGES if change in named], next((tone for tone in TONES if tone in named), None)


def _changed(text: str, change: str, spoken: Texts, tone: Tone, language: str, rng: random.Random) -> str:
    if change == "shorter":
        return _shorter(text, spoken, language)
    if change == "longer":
        return _longer(text, spoken, tone, language, rng)
    return _simpler(text, spoken, language)


def _shorter(text: str, spoken: Texts, language: str) -> str:
    """Without brackets and filler words, and without the emptiest sentences; the first one always stays."""
    lean = _sentences(_without_fillers(_ASIDE.sub("", text), spoken), language)
    keep = max(1, round(len(lean) * _KEPT_SHARE))
    by_content = sorted(range(len(lean)), key=lambda index: (index != 0, -_content(lean[index], spoken)))
    return " ".join(lean[index] for index in sorted(by_content[:keep]))


def _content(sentence: str, spoken: Texts) -> int:
    """How many words of a sentence carry meaning."""
    bare = (word.strip(".,;:!?…\"'“”„«»()،؛؟").lower() for word in words(sentence))
    return sum(1 for word in bare if len(word) > 2 and word not in spoken.rewriting.stop_words)


def _longer(text: str, spoken: Texts, tone: Tone, language: str, rng: random.Random) -> str:
    """With a lead, a sentence that invites to think after the middle, and one at the end."""
    told = _sentences(text, language)
    bridge = rng.choice([line for line in spoken.lines(tone, "pause", ()) if "{" not in line])
    middle = max(1, len(told) // 2)
    lead, tail = (_line(spoken, tone, part, rng) for part in ("lead", "tail"))
    return " ".join([lead, *told[:middle], bridge, *told[middle:], tail])


def _simpler(text: str, spoken: Texts, language: str) -> str:
    """With plainer words, and long sentences in two."""
    plain = _exchanged(_without_fillers(text, spoken), spoken.rewriting.plain)
    return " ".join(part for sentence in _sentences(plain, language) for part in _cut(sentence, spoken))


def _cut(sentence: str, spoken: Texts) -> list[str]:
    """A long sentence in two at its first joint that leaves at least three words on both sides."""
    if len(words(sentence)) < _LONG_SENTENCE_WORDS:
        return [sentence]
    for joint in spoken.rewriting.joints:
        before, found, after = sentence.partition(joint)
        if found and min(len(words(before)), len(words(after))) >= 3:
            link = joint.strip(" ,;،؛")
            return [before + ".", capitalised(f"{link} {after}".strip())]
    return [sentence]


def _toned(text: str, tone: Tone, spoken: Texts, language: str, rng: random.Random) -> str:
    """With a lead or an end of the tone; a professional text speaks in full forms, a casual one in short ones."""
    rules = spoken.rewriting
    if tone == "professional":
        stays = "|".join(rules.subjects) or "(?!)"
        full = {brief: full for full, brief in rules.short.items()}
        text = _exchanged(_without_fillers(text, spoken), full, rf"(?!\s+(?:{stays})\b)")
    elif tone in ("casual", "humorous"):
        text = _exchanged(text, rules.short, r"(?=\s+\w)")  # "what it is." has no short form
    told = _sentences(text, language)
    part = rng.choice(("lead", "tail")) if len(told) > 1 else "lead"
    line = _line(spoken, tone, part, rng)
    return " ".join([line, *told] if part == "lead" else [*told, line])


def _line(spoken: Texts, tone: Tone, part: str, rng: random.Random) -> str:
    return rng.choice(spoken.lines(tone, part, ()))


def _without_fillers(text: str, spoken: Texts) -> str:
    """Without words that carry nothing, and with the punctuation and the capitals that were around them in order."""
    for filler in sorted(spoken.rewriting.fillers, key=len, reverse=True):
        text = re.sub(rf"(?:,\s*)?(?<!\w){re.escape(filler)}(?!\w)(?P<comma>,)?", _left_behind, text, flags=re.I)
    tidied = _SPACES.sub(lambda match: match[1] or " ", _ORPHANS.sub(r"\1", text.strip()))
    return capitalised(re.sub(r"([.!?…] )(\w)", lambda match: match[1] + match[2].upper(), tidied).strip())


def _left_behind(match: re.Match[str]) -> str:
    """A comma stays where only one of two goes with a filler: "cats, really, purr" loses both."""
    has_both = match[0].startswith(",") and match["comma"]
    return "" if has_both or not match["comma"] else match["comma"]


def _exchanged(text: str, exchange: dict[str, str], before: str = "") -> str:
    """With every whole word or phrase of a table replaced, capitals kept; `before` says what must follow."""
    for old, new in exchange.items():
        pattern = rf"(?<!\w){re.escape(old)}(?!\w){before}".replace("'", "['’]")
        text = re.sub(pattern, partial(_in_its_place, new=new), text, flags=re.I)
    return text


def _in_its_place(match: re.Match[str], new: str) -> str:
    return capitalised(new) if match[0][:1].isupper() else new


def _sentences(text: str, language: str) -> list[str]:
    """The sentences of a text, the last one closed as well, so that another can follow it."""
    return [sentence + "." if sentence[-1].isalnum() else sentence for sentence in sentences(text, language)]
