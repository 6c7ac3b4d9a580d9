"""Write topics, scripts, rewrites and titles from templates: the writer that needs no model.

It has no knowledge, and says nothing about the world: what stands in a result is what the user typed and sentences
about the viewer and the looking (texts/). The same input and seed give the same result.
"""

import random
import re
from itertools import pairwise
from typing import Literal, NamedTuple, get_args

import msgspec

from reelbot.errors import Malformed
from reelbot.languages.catalogue import LanguageCode
from reelbot.languages.words import is_spoken, reading_ms, sentences, tidy
from reelbot.providers.embedded.limits import KEYWORDS_LENGTH_MAX, TOPIC_LENGTH_MAX
from reelbot.providers.embedded.speech.speech import LEAD_MS, TAIL_MS
from reelbot.providers.embedded.writing.fitting import fitted
from reelbot.providers.embedded.writing.texts import Texts, Tone, shapes, suited, texts, tone_from
from reelbot.providers.embedded.writing.topic import Topic, capitalised, understand

Duration = Literal[15, 30, 45, 60]
DURATIONS_S: tuple[Duration, ...] = get_args(Duration)
TOPICS = 5
TITLE_LENGTH_MAX = 100
"""Characters: what the large platforms take."""

_KEYWORD_LENGTH_MAX = 60
_TAGS_MAX = 6
_TAG_LENGTH_MAX = 30
_NAMED_ONCE_LENGTH = 28
"""Characters of a topic: a longer one is said at the beginning only, because again and again it is heard as a stutter."""

_NAMED_AGAIN: dict[int, int] = {15: 6, 30: 6, 45: 5, 60: 5}
"""How many of the other parts may name a shorter topic; not all of them are told, and most have sentences without it."""

_DOUBLED_END = re.compile(r"([?؟!…])([”»\"’]?)\s*[.]")


class TextOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What topics, titles and hashtags shall be like."""

    tone: Tone = "casual"
    language: LanguageCode = "en"


class ScriptOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a script shall be like."""

    duration_s: Duration = 30
    tone: Tone = "casual"
    language: LanguageCode = "en"


class Script(NamedTuple):
    """A spoken script. `structure` names the tone, the order and the parts it was told in."""

    text: str
    sentences: tuple[str, ...]
    estimated_ms: int
    structure: str


class Headline(NamedTuple):
    """A title, and hashtags without their sign."""

    title: str
    hashtags: tuple[str, ...]


class _Filled(NamedTuple):
    """A template with the topic in it."""

    text: str
    ms: int


def topics(keywords: str, options: TextOptions, seed: int) -> list[str]:
    """Five different topics made of the keywords, which are separated by commas or lines; `Malformed` without any."""
    spoken, in_tone = texts(options.language), tone_from(options.tone)
    known = _keywords(keywords, spoken)
    rng = random.Random(f"topics {keywords} {options} {seed}")
    ideas = [_with_topic(line, topic) for topic in known for line in suited(spoken.ideas[in_tone], topic.kinds)]
    ideas += [
        line.format(first=a.inside, second=b.inside, First=a.opening, Second=b.opening)
        for a, b in pairwise(known)
        for line in spoken.pairs
    ]
    rng.shuffle(ideas)
    distinct = [capitalised(idea) for idea in dict.fromkeys(ideas) if len(idea) <= TOPIC_LENGTH_MAX]
    return distinct[:TOPICS]


def script(topic: str, options: ScriptOptions, seed: int) -> Script:
    """A script about the topic that takes about as long as asked when it is spoken at the normal pace.

    `Malformed` for an empty or long topic, an unknown language or tone, and a duration that isn't offered.
    """
    if options.duration_s not in DURATIONS_S:
        raise Malformed(f"the duration must be one of {', '.join(map(str, DURATIONS_S))} seconds", "duration_s")
    spoken, tone = texts(options.language), tone_from(options.tone)
    about = understand(topic, spoken.asking)
    rng = random.Random(f"script {topic} {options} {seed}")
    orders = shapes().suited_to(about.kinds)
    number = rng.randrange(len(orders))
    parts, required = _parts(orders[number], spoken, tone, about, options.duration_s, rng)
    naming = _naming(parts, about, options.duration_s, rng)
    choices = [_choices(spoken, tone, part, about, options.language, part in naming) for part in parts]
    required = frozenset(index for index in required if choices[index])
    aim_ms = options.duration_s * 1_000 - LEAD_MS - TAIL_MS
    chosen = fitted([[line.ms for line in lines] for lines in choices], required, aim_ms, rng)
    told = [(part, lines[at].text) for part, lines, at in zip(parts, choices, chosen, strict=True) if at is not None]
    text = " ".join(line for _, line in told)
    structure = f"{tone} {number + 1}: {' '.join(part for part, _ in told)}"
    return Script(text, tuple(sentences(text, options.language)), reading_ms(text, options.language), structure)


def title_and_hashtags(topic: str, options: TextOptions, seed: int) -> Headline:
    """A title of at most 100 characters, and up to six hashtags, from the words of the topic and the tone."""
    spoken, in_tone = texts(options.language), tone_from(options.tone)
    about = understand(topic, spoken.asking)
    rng = random.Random(f"title {topic} {options} {seed}")
    stays_question = about.kind == "question" and not about.inside
    lines = spoken.titles["question"] if stays_question else suited(spoken.titles, about.kinds)
    fitting = [
        line for line in (_with_topic(line, _nameable(about)) for line in lines) if len(line) <= TITLE_LENGTH_MAX
    ]
    title = rng.choice(fitting) if fitting else _cut(capitalised(_nameable(about).opening), TITLE_LENGTH_MAX)
    return Headline(capitalised(title), _hashtags(topic, spoken, in_tone))


def _parts(
    order: str, spoken: Texts, tone: Tone, about: Topic, duration_s: int, rng: random.Random
) -> tuple[list[str], frozenset[int]]:
    """The parts of an order that have something to say, and which of them must be told.

    The viewer is asked for a guess or not; what speaks of that guess depends on it. Only the shortest scripts may have
    no room for what is said of this topic alone. The step is the first one towards a goal.
    """
    is_short = duration_s == min(DURATIONS_S)
    asks_guess = rng.random() < (0.5 if is_short else 0.85)
    without = frozenset() if asks_guess else shapes().after_guess | {"guess"}
    between = [part for part in order.split() if part not in without]
    parts = ["hook", *(part for part in between if spoken.lines(tone, part, about.kinds)), "close"]
    wanted = {"hook", "step", "close"} | ({"guess"} if asks_guess else set()) | (set() if is_short else {"focus"})
    return parts, frozenset(index for index, part in enumerate(parts) if part in wanted)


def _keywords(keywords: str, spoken: Texts) -> list[Topic]:
    if len(keywords) > KEYWORDS_LENGTH_MAX:
        raise Malformed(f"the keywords have {len(keywords)} characters; at most {KEYWORDS_LENGTH_MAX}", "keywords")
    parts = [part.strip() for part in re.split(r"[,;،؛\n]", tidy(keywords))]
    known = [_nameable(understand(_cut(part, _KEYWORD_LENGTH_MAX), spoken.asking)) for part in parts if is_spoken(part)]
    if not known:
        raise Malformed("there is no keyword", "keywords")
    return list(dict.fromkeys(known))


def _nameable(topic: Topic) -> Topic:
    """A direct question in quotation marks where it can't stand inside a sentence otherwise."""
    if topic.inside:
        return topic
    return topic._replace(inside=f"the question “{topic.question}”", opening=f"“{topic.question}”")


def _naming(parts: list[str], topic: Topic, duration_s: int, rng: random.Random) -> frozenset[str]:
    """The parts that may name the topic: the beginning, and as many of the others as do not wear it out."""
    others = [part for part in parts if part != "hook"]
    is_long = len(topic.inside) > _NAMED_ONCE_LENGTH
    return frozenset({"hook", *([] if is_long else rng.sample(others, min(len(others), _NAMED_AGAIN[duration_s])))})


def _choices(spoken: Texts, tone: Tone, part: str, topic: Topic, code: str, names_topic: bool) -> list[_Filled]:
    """Every sentence that may stand for a part, filled, with its time; those that don't suit the topic left out.

    So are those that name it where it isn't to be named again: a part may end up with nothing to say.
    """
    names_topic = names_topic and topic.inside != ""
    lines = [line for line in spoken.lines(tone, part, topic.kinds) if names_topic or "opic}" not in line]
    this = spoken.this.get(topic.kind, "")
    filled = [_with_topic(line, topic, this) for line in lines]
    return [_Filled(text, reading_ms(text, code)) for text in filled]


def _with_topic(line: str, topic: Topic, this: str = "") -> str:
    """A template filled; where the topic brings its own mark, the sentence's point goes."""
    text = line.format(topic=topic.inside, Topic=topic.opening, question=topic.question, this=this)
    return _DOUBLED_END.sub(r"\1\2", text)


def _hashtags(topic: str, spoken: Texts, tone: Tone) -> tuple[str, ...]:
    """The topic's own words, longest first, then the words of the tone."""
    words = [
        "".join(c for c in word.replace("\u200c", "_") if c.isalnum() or c == "_")
        for word in tidy(topic).lower().split()
    ]
    telling = [word for word in words if len(word) > 2 and word not in spoken.rewriting.stop_words]
    joined = ["".join(telling)] if 1 < len(telling) <= 3 and len("".join(telling)) <= _TAG_LENGTH_MAX else []
    own = [word for word in sorted(telling, key=len, reverse=True) if len(word) <= _TAG_LENGTH_MAX]
    return tuple(dict.fromkeys([*joined, *own[: _TAGS_MAX - 3], *spoken.tags[tone]]))[:_TAGS_MAX]


def _cut(text: str, length: int) -> str:
    """At most so long, cut between words where there is a place for it."""
    if len(text) <= length:
        return text
    return text[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"
