"""How an English topic is carried inside a sentence: "why do cats purr?" becomes "about why cats purr".

Rules of thumb over word lists, from the surest to the least sure; what none of them recognises is a noun. A direct
question that can't be turned round without knowing where its subject ends stays a direct question.
"""

import re
import tomllib
from importlib import resources
from typing import Literal

Kind = Literal["noun", "clause", "goal", "question"]

_COUNT = r"(?:\d+|a few|some|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty)"
_ADJECTIVES = r"(?:(?:simple|easy|quick|best|good|great|practical|surprising|fun|common|small|amazing|proven)\s+)*"
_WAYS_TO = re.compile(
    rf"(?:the\s+)?(?:top\s+)?(?:{_COUNT}\s+)?{_ADJECTIVES}(?:ways|steps|tips|tricks|hacks)\s+to\s+(?P<rest>.+)", re.I
)
_REASONS_WHY = re.compile(
    rf"(?:the\s+)?(?:top\s+)?(?:{_COUNT}\s+)?{_ADJECTIVES}reasons\s+"
    r"(?:why\s+|(?=(?:your|my|our|their|the|you|we|they|people)\s+\w+\s+\w))(?P<rest>.+)",
    re.I,
)
_TIPS_FOR_MORE = re.compile(
    rf"(?:the\s+)?(?:top\s+)?(?:{_COUNT}\s+)?{_ADJECTIVES}(?:ways|steps|tips|tricks|hacks)\s+for\s+(?:an?\s+)?"
    r"(?P<rest>(?:more|better|less|good|great|deeper|clearer|healthier|faster)\s+.+)",
    re.I,
)
_THINGS_ABOUT = re.compile(
    rf"(?:the\s+)?(?:top\s+)?(?:{_COUNT}\s+)?{_ADJECTIVES}(?:tips|tricks|hacks|facts|things|ideas|lessons)\s+"
    r"(?:for|about|on|of|to know about)\s+(?P<rest>.+)",
    re.I,
)
_PACKAGING = re.compile(
    r"(?:please\s+)?(?:(?:make|create|write)\s+)?(?:(?:a|the|my|me a)\s+)?(?:short\s+)?"
    r"(?:video|script|reel|clip|story|explainer)\s+(?:about|on)\s+(?P<rest>.+)"
    r"|(?:(?:all|everything)(?: you need to know)? about|(?:an?\s+)?(?:short\s+)?(?:introduction|intro|guide) to"
    r"|(?:the\s+)?basics of)\s+(?P<other>.+)",
    re.I,
)
_EXPLAINED = re.compile(r"(?P<rest>.+?)(?:\s+(?:explained|101)|:\s+explained)", re.I)
_COUNTED = re.compile(r"(?:top\s+)?\d+\s+(?P<rest>(?:\w+\s+)*\w+s\b.*)", re.I)

_LISTED = re.compile(
    rf"(?:the\s+)?(?:top\s+)?{_COUNT}\s+(?P<rest>(?:[a-z'-]+\s+)*(?:mistakes|habits|rules|myths|signs|secrets|lessons|routines"
    r"|questions|ideas|reasons|tips|tricks|hacks|facts|things|steps|ways|principles|exercises|skills|books|foods|recipes)\b.*)"
)
"""A list is counted in words only where it is plain that it is one: "Seven Samurai" are seven."""

_CONTRACTED = {"what's": "what is", "who's": "who is", "where's": "where is", "how's": "how is", "why's": "why is"}
_NEGATIONS = {"don't": "how not to", "never": "how never to", "always": "how always to"}

_LISTS = {
    name: frozenset(text.split())
    for name, text in tomllib.loads(
        resources.files(__package__).joinpath("texts", "english.toml").read_text(encoding="utf-8")
    ).items()
}
_ASKING = _LISTS["asking"]
_BE = _LISTS["be"]
_MODALS = _LISTS["modals"]
_HAVE = _LISTS["have"]
_DO = _LISTS["do"]
_NEGATED = _LISTS["negated"]
_PRONOUNS = _LISTS["pronouns"]
_ARTICLES = _LISTS["articles"]
_LINKS = _LISTS["links"]
_THIRD_PERSON = _LISTS["third_person"]
_STRANDED = _LISTS["stranded"]
_MEASURES = _LISTS["measures"]
_WORKS = _LISTS["works"]
_VERBS = _LISTS["verbs"]
_VERBS_OR_NOUNS = _LISTS["verbs_or_nouns"]
_AFTER_VERB = _LISTS["after_verb"]
_SPEAKING = _LISTS["speaking"]
_AUXILIARIES = _BE | _MODALS | _HAVE | _DO
_RELATIVE = _ASKING | {"that", "if", "whether", "because", "than", "as"}


def embedded(text: str) -> tuple[Kind, str]:
    """The kind of a topic and how it stands inside a sentence; a direct question stands by itself."""
    text = _unpacked(_calmed(text.replace("’", "'")))
    is_marked = text.endswith("?")
    bare = text.rstrip("? ")
    words = _CONTRACTED.get(bare.split(" ")[0].lower(), bare.split(" ")[0]).split(" ") + bare.split(" ")[1:]
    first = words[0].lower()
    if first in _ASKING and len(words) == 2:
        return "question", bare
    if first in _ASKING and len(words) > 2:
        return _asked([first, *words[1:]])
    if first in _AUXILIARIES | _NEGATED and len(words) > 1 and _is_inverted(words, is_marked):
        return _yes_or_no([first, *words[1:]])
    if is_marked:
        return "question", bare
    return _told(words)


def asks_for(kind: Kind, text: str) -> str:
    """What a clause or a question asks for by its first word (why, how, what, who, whether), where that is plain."""
    words = text.lower().split(" ")
    first, second, last = words[0], words[1] if len(words) > 1 else "", words[-1]
    if kind not in ("clause", "question"):
        return ""
    if first in _AUXILIARIES | _NEGATED:
        return "whether"
    if first == "how" and second in _MEASURES | {"many", "to", "come", "about"}:
        return ""
    if first == "what" and last not in _BE and second not in _BE:
        return ""
    return first if first in ("why", "how", "what", "who", "whether") else ""


def _calmed(text: str) -> str:
    """Shouting in lower case; a single word in capitals is rather a name."""
    words = text.split(" ")
    return text.lower() if len(words) > 2 and text.isupper() else text


def _unpacked(text: str) -> str:
    """Without what only wraps the topic: "five facts about coffee" is about coffee, and no facts can be promised."""
    for pattern, lead in (
        (_WAYS_TO, "how to "),
        (_REASONS_WHY, "why "),
        (_TIPS_FOR_MORE, "how to get "),
        (_THINGS_ABOUT, ""),
        (_PACKAGING, ""),
    ):
        match = pattern.fullmatch(text)
        if match:
            return lead + next(part for part in match.groups() if part)
    listed = _LISTED.fullmatch(text[:1].lower() + text[1:])
    if listed:
        return listed["rest"]
    for pattern in (_EXPLAINED, _COUNTED):
        match = pattern.fullmatch(text)
        if match:
            return match["rest"]
    return text


def _asked(words: list[str]) -> tuple[Kind, str]:
    """A topic that begins with a question word."""
    first, second = words[0], words[1].lower()
    if second == "to":
        return ("goal" if first == "how" else "clause"), " ".join(words)
    if (first == "what" and second in ("if", "about")) or (first == "how" and second in ("about", "come")):
        return "question", " ".join(words)
    place = next((index for index, word in enumerate(words[:5]) if word.lower() in _AUXILIARIES | _NEGATED), 0)
    if place == 0 or (place > 1 and not _is_turned(words, place)):
        return "clause", " ".join(words)
    return _inverted(words[:place], words[place].lower(), words[place + 1 :])


def _is_turned(words: list[str], place: int) -> bool:
    """Whether the verb at a place stands before its subject.

    So it does in "which cats do you like", and not in "which cats are friendly".
    """
    following = words[place + 1].lower() if place + 1 < len(words) else ""
    is_measure = words[0] == "how" and place == 2 and words[1].lower() in _MEASURES
    return words[place].lower() in _DO or following in _PRONOUNS | _ARTICLES or (bool(following) and is_measure)


def _inverted(asking: list[str], verb: str, rest: list[str]) -> tuple[Kind, str]:
    """A question whose verb stands before its subject, turned round where the subject's end is certain."""
    direct = " ".join([*asking, verb, *rest])
    if not rest:
        return "clause", direct
    subject, last = rest[0].lower(), rest[-1].lower()
    if asking == ["how"] and subject in ("i", "you", "we", "one") and (verb == "do" or verb in _MODALS) and rest[1:]:
        return "goal", " ".join(["how to", *rest[1:]])
    if subject in _PRONOUNS - {"this", "that"} and verb in _AUXILIARIES - _DO:
        return "clause", " ".join([*asking, rest[0], verb, *rest[1:]])
    if verb == "do" and len(rest) > 1:
        return "clause", " ".join([*asking, *rest])
    if verb == "does" and len(rest) > 1 and last in _WORKS:
        return "clause", " ".join([*asking, *rest[:-1], f"{rest[-1]}s"])
    is_name = asking[0] in ("what", "who", "where") and len(asking) == 1 and verb in _BE and len(rest) <= 8
    if is_name and last not in _STRANDED and not subject.endswith("ing") and not _has_predicate(rest):
        return "clause", " ".join([*asking, *rest, verb])
    return "question", direct


def _has_predicate(rest: list[str]) -> bool:
    """Whether more than a subject seems to follow the verb: "it like to be", "happening", "the best so far"."""
    return any(word.lower() in ("like", "so", "if", "when", "it", "there") or word.endswith("ing") for word in rest[1:])


def _is_inverted(words: list[str], is_marked: bool) -> bool:
    """Whether a topic that begins with an auxiliary asks; "do more sport" and "will power" don't."""
    first, second = words[0].lower(), words[1].lower()
    if is_marked or second in _PRONOUNS:
        return True
    if first in _BE or first in ("does", "did", "can", "could", "should", "would") or first in _NEGATED - {"don't"}:
        return True
    return first in ("do", "will", "has", "must") and (second.endswith("s") and not second.endswith("ss"))


def _yes_or_no(words: list[str]) -> tuple[Kind, str]:
    """A question for yes or no; with a pronoun as its subject it can be turned round."""
    verb, subject = words[0], words[1].lower()
    if subject in _PRONOUNS - {"this", "that", "there"} and verb in _AUXILIARIES - _DO and len(words) > 2:
        return "clause", " ".join(["whether", words[1], verb, *words[2:]])
    if verb == "do" and len(words) > 2:
        return "clause", " ".join(["whether", *words[1:]])
    return "question", " ".join(words)


def _told(words: list[str]) -> tuple[Kind, str]:
    """A topic that doesn't ask: a wish or advice, a statement, or a noun."""
    lowered = [word.lower() for word in words]
    if len(words) > 1 and (_is_advice(lowered) or _visits_a_name(words)):
        return "goal", _advice(words)
    if _is_statement(words, lowered):
        return "clause", " ".join(["whether", _uncapitalised(words[0]), *words[1:]])
    if len(words) > 1 and (lowered[0] in _SPEAKING or _hides_a_verb(lowered)):
        return "noun", f"“{' '.join(words)}”"
    return "noun", " ".join([_uncapitalised(words[0]), *words[1:]])


def _is_advice(lowered: list[str]) -> bool:
    if lowered[0] in _VERBS:
        return True
    return lowered[0] in _VERBS_OR_NOUNS and lowered[1] in _AFTER_VERB


def _visits_a_name(words: list[str]) -> bool:
    """Whether a verb is followed by a name and more, as in "Visit Lisbon in spring"; "Love Island" is a name itself."""
    is_name = words[1][:1].isupper() and not words[0].isupper()
    return words[0].lower() in _VERBS_OR_NOUNS and is_name and any(word.islower() for word in words[2:])


def _advice(words: list[str]) -> str:
    first = words[0].lower()
    if first in _NEGATIONS:
        return " ".join([_NEGATIONS[first], *words[1:]])
    return " ".join(["how to", first, *words[1:]])


def _is_statement(words: list[str], lowered: list[str]) -> bool:
    """Whether it has a subject and a verb of its own, so that one may ask whether it is true."""
    if len(words) > 2 and all(word[:1].isupper() for word in words):
        return False
    for index, word in enumerate(lowered[1:], 1):
        before = lowered[index - 1]
        if word in _RELATIVE or before in _RELATIVE:
            return False
        is_verb = word in _AUXILIARIES | _NEGATED and before not in _ARTICLES and lowered[index + 1 :] != []
        is_verb = is_verb and lowered[index + 1] not in ("and", "or", "of", "to")
        if is_verb or (word in _THIRD_PERSON and before not in _ARTICLES and before not in _LINKS):
            return True
    return False


def _hides_a_verb(lowered: list[str]) -> bool:
    """Whether an article follows a word that can't lead it in, as in "cats rule the world": then it is quoted."""
    for index, word in enumerate(lowered[2:], 2):
        before = lowered[index - 1]
        if word in _ARTICLES and before not in _LINKS and before not in _ARTICLES and not before.endswith("ing"):
            return True
    return False


def _uncapitalised(word: str) -> str:
    """A word that may begin a sentence as it stands inside one: articles, links and gerunds; names stay."""
    lowered = word.lower()
    is_plain = lowered in _ARTICLES | _LINKS | _PRONOUNS - {"i"} or (lowered.endswith("ing") and len(word) > 5)
    return lowered if is_plain and word[1:].islower() else word
