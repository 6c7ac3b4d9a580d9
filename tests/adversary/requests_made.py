"""Makes requests of what the OpenAPI document says: any operation, with ids that were seen and bodies made of the schemas.

Nothing here knows what an operation is for. An id is known by its shape, or by the list that it stood in; a member of a
body that asks for one says so by its example. So a new route is called, with something sensible, without anybody adding it.
"""

import re
import string
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple, TypeVar

ID = re.compile(r"([a-z]{1,12})_[0-9a-z]{1,2}-[0-9a-z]{1,11}-[0-9a-z]{1,11}")
"""An id of ours: its kind, its account in two parts, its number."""

WORDS = (
    "why cats purr",
    "the tide",
    "an honest hour",
    "Füße im Schnee",
    "日本の朝",
    "a\u202eb",
    "💧 drop",
    "<b>bold</b>",
)
"""What texts are made of: plain ones, other scripts, a turned direction, signs that pages have to escape."""

NONSENSE_IDS = ("x", "0", "hold_0-1-zzzzz", "job_0-1-1", "..%2f..", "draft_0-99-1", "a" * 61, "%00")
SEEN_MAX = 30
TEXT_MAX = 2_000
"""Characters of the longest text that is made: beyond it only time is lost."""


class Described(NamedTuple):
    """An operation as the document describes it."""

    id: str
    method: str
    path: str
    facts: Mapping[str, Any]

    @property
    def takes_key(self) -> bool:
        """Whether it has an idempotency key."""
        return any(one["name"] == "Idempotency-Key" for one in self.facts.get("parameters", ()))

    @property
    def needs_key(self) -> bool:
        """Whether it is refused without one."""
        return any(one["name"] == "Idempotency-Key" and one["required"] for one in self.facts.get("parameters", ()))

    @property
    def streams(self) -> bool:
        """Whether its answer has no end."""
        return "text/event-stream" in self.facts["responses"].get("200", {}).get("content", {})

    @property
    def is_for_operators(self) -> bool:
        """Whether nobody else may have it carried out."""
        return self.path.startswith("/api/v1/operator/")

    @property
    def is_of_accounts(self) -> bool:
        """Whether somebody in particular has to ask."""
        return bool(self.facts.get("security"))

    @property
    def is_of_one(self) -> bool:
        """Whether it is about one thing, which its path names."""
        return "{id}" in self.path

    @property
    def collection(self) -> str:
        """The word for one of what its path is about: `hold` for `/api/v1/holds/{id}/release`."""
        parts = self.path.removeprefix("/api/v1/").split("/")
        before = parts[: parts.index("{id}")] if "{id}" in parts else parts
        return singular(before[-1])


def singular(word: str) -> str:
    """`hold` of `holds`, `entry` of `entries`."""
    return word[:-3] + "y" if word.endswith("ies") else word.removesuffix("s")


def described(document: Mapping[str, Any]) -> list[Described]:
    """All operations that an account has a part in."""
    found = [
        Described(facts["operationId"], method.upper(), path, facts)
        for path, methods in document["paths"].items()
        for method, facts in methods.items()
    ]
    return [one for one in found if one.is_of_accounts]


class Known:
    """What an account has seen: ids by kind, values by the name that they stood under, addresses by their parts."""

    def __init__(self) -> None:
        self.ids: dict[str, list[str]] = {}
        self.seen: dict[str, list[Any]] = {}
        self.addresses: list[str] = []

    def learn(self, answer: Any, collection: str = "") -> None:
        """Look through an answer, or an event."""
        if isinstance(answer, dict) and isinstance(answer.get("id"), str | int):
            self._with_id(collection, str(answer["id"]))
        for name, value in _named(answer):
            if isinstance(value, dict) and isinstance(value.get("id"), str) and not ID.fullmatch(value["id"]):
                self._with_id(singular(name), value["id"])
            elif isinstance(value, str) and (match := ID.fullmatch(value)):
                self._with_id(match[1], value)
            elif isinstance(value, str) and value.startswith("/api/v1/"):
                _remember(self.addresses, value)
            elif isinstance(value, str | int | float) and not isinstance(value, bool) and len(str(value)) < TEXT_MAX:
                _remember(self.seen.setdefault(name, []), value)

    def _with_id(self, kind: str, id: str) -> None:
        if kind:
            _remember(self.ids.setdefault(kind, []), id)

    def forget(self, id: str) -> None:
        """What was found to be no more is not asked for again by itself."""
        self.ids = {kind: rest for kind, ids in self.ids.items() if (rest := [one for one in ids if one != id])}


def _named(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Everything within an answer, each with the name that it stands under."""
    if isinstance(value, dict):
        if name:
            yield name, value
        for key, inner in value.items():
            yield from _named(inner, str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner, name)
    else:
        yield name, value


def _remember(values: list[Any], value: Any) -> None:
    if value in values:
        values.remove(value)
    values.append(value)
    del values[:-SEEN_MAX]


class Request(NamedTuple):
    """One request, complete; `content` is what the file of a form has, `query` what stands behind the address."""

    operation: Described
    path: str
    query: Mapping[str, str]
    body: Any
    content: bytes | None = None

    @property
    def substance(self) -> tuple[object, ...]:
        """What makes it the same request again."""
        return self.operation.method, self.path, sorted(self.query.items()), self.body, self.content


ABSENT = object()

T = TypeVar("T")


class Making:
    """Makes requests for an account that knows some things, out of chance."""

    def __init__(self, document: Mapping[str, Any], random: Random, own: Known, others: Sequence[Known]) -> None:
        self._schemas = document["components"]["schemas"]
        self._random = random
        self._own = own
        self._others = others

    def request(self, operation: Described) -> Request:
        """A request for an operation: mostly valid, now and then at a bound, beside it, or another's."""
        path = self._path(operation)
        query = self._query(operation)
        body, content = None, None
        media = operation.facts.get("requestBody", {}).get("content", {})
        if "application/json" in media and (operation.facts["requestBody"]["required"] or self._chance(60)):
            body = self._spoiled(self.value(media["application/json"]["schema"]))
        if "multipart/form-data" in media:
            content = self._file()
        return Request(operation, path, query, body, content)

    def completed(self, operation: Described, begun: Mapping[str, Any]) -> Any:
        """This body, with what the schema requires beside it, and now and then what it may name of the account's own."""
        schema = self._resolved(operation.facts["requestBody"]["content"]["application/json"]["schema"])
        missing = {name: self.value(schema["properties"][name], name) for name in schema.get("required", ())}
        named = [name for name in schema["properties"] if name in self._own.ids and name not in {*missing, "quote"}]
        return {**missing, **{name: self._id(name) for name in named if self._chance(40)}, **begun}

    # where

    def _path(self, operation: Described) -> str:
        if "{" not in operation.path:
            return operation.path
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", operation.path))
        fitting = [one for one in self._own.addresses if pattern.fullmatch(one)]
        if fitting and self._chance(85 if "{part}" in operation.path else 40):
            return self._recent(fitting)
        path = operation.path
        for name in re.findall(r"\{(\w+)\}", operation.path):
            chosen = self._id(operation.collection) if name == "id" else self._recent(self._own.seen.get(name, ["x"]))
            path = path.replace(f"{{{name}}}", str(chosen))
        return path

    def _id(self, kind: str) -> str:
        own, chance = self._own.ids, self._random.randrange(100)
        if chance < 86 and own.get(kind):
            return self._recent(own[kind])
        if chance < 90 and own:
            return self._recent(own[self._random.choice(sorted(own))])
        if chance < 97:
            others = [id for known in self._others for id in known.ids.get(kind, ()) if ID.fullmatch(id)]
            if others:
                return self._recent(others)
        return self._random.choice(NONSENSE_IDS)

    def _query(self, operation: Described) -> dict[str, str]:
        told = [one for one in operation.facts.get("parameters", ()) if one["in"] == "query"]
        query = {}
        for one in told:
            if not one["required"] and not self._chance(20):
                continue
            if one["name"] == "after" and self._chance(80):
                value: Any = self._recent(self._own.seen.get("next", ["1"]))
            else:
                value = self.value(one["schema"], one["name"])
            if value not in (None, ABSENT):
                query[one["name"]] = str(value)
        return query

    # what

    def value(self, schema: Mapping[str, Any], name: str = "") -> Any:
        """A value that a schema allows; ABSENT where there is nothing sensible to say."""
        schema = self._resolved(schema)
        if "enum" in schema or "const" in schema:
            return self._random.choice(schema.get("enum") or [schema["const"]])
        if "anyOf" in schema:
            return self._any(schema, name)
        match schema.get("type"):
            case "object":
                return self._object(schema, name)
            case "array":
                return self._array(schema, name)
            case "boolean":
                return self._chance(65)
            case "integer":
                return self._integer(schema, name)
            case "number":
                return round(self._random.uniform(schema.get("minimum", 0), schema.get("maximum", 2)), 2)
            case "null":
                return None
            case _:
                return self._text(schema, name)

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """A schema without references to others."""
        if "$ref" in schema:
            return self._resolved(self._schemas[schema["$ref"].rpartition("/")[2]])
        if "allOf" in schema:
            return {key: each for part in schema["allOf"] for key, each in self._resolved(part).items()}
        return schema

    def _any(self, schema: Mapping[str, Any], name: str) -> Any:
        kinds = [one for one in schema["anyOf"] if one.get("type") != "null"]
        outer = {key: each for key, each in schema.items() if key != "anyOf"}
        if len(kinds) < len(schema["anyOf"]) and self._chance(12):
            return None
        return self.value({**outer, **self._random.choice(kinds)}, name)

    def _object(self, schema: Mapping[str, Any], name: str) -> Any:
        members = schema.get("properties", {})
        required, left_out = set(schema.get("required", ())), set[str]()
        if "oneOf" in schema:
            chosen = self._random.choice(schema["oneOf"])
            required |= set(chosen["required"])
            left_out = set(chosen["properties"]) - required
        if not members and isinstance(schema.get("additionalProperties"), dict):
            return self._map(schema)
        made = {}
        odds = 15 if name in ("options", "settings") else 30
        for member, inner in members.items():
            if member in left_out or not (member in required or self._chance(odds)):
                continue
            value = self.value(inner, member)
            if value is not ABSENT:
                made[member] = value
        return made

    def _map(self, schema: Mapping[str, Any]) -> Any:
        if self._chance(70):
            return {}
        key = self.value(schema.get("propertyNames", {"type": "string"}), "name")
        value = self.value(schema["additionalProperties"], singular(str(key)))
        return {} if ABSENT in (key, value) else {str(key): value}

    def _array(self, schema: Mapping[str, Any], name: str) -> Any:
        least, most = schema.get("minItems", 0), schema.get("maxItems", 4)
        count = self._random.choice((max(least, 1), max(least, 1), least, least + 1, least + 2, least + 3))
        made = [self.value(schema.get("items", {"type": "string"}), singular(name)) for _ in range(min(count, most))]
        return [one for one in made if one is not ABSENT]

    def _integer(self, schema: Mapping[str, Any], name: str) -> int:
        least, most = schema.get("minimum", 0), schema.get("maximum", 10**15)
        seen = [one for one in self._own.seen.get(name, ()) if isinstance(one, int) and least <= one <= most]
        if seen and self._chance(60):
            return int(self._recent(seen))
        small = [least, least, least + 1, least + 2, least + 4, least + 9, least + 30]
        if self._chance(4):
            small = [most, least - 1, most + 1, 2**63]
        return int(self._random.choice([one for one in small if one <= most] or small))

    def _text(self, schema: Mapping[str, Any], name: str) -> Any:
        for example in schema.get("examples", ()):
            if match := ID.fullmatch(str(example)):
                return self._id(match[1])
        if name == "quote":
            return self._recent(self._own.ids["quote"]) if self._own.ids.get("quote") and self._chance(30) else ABSENT
        if self._own.ids.get(name) and self._chance(80):
            return self._recent(self._own.ids[name])
        seen = [one for one in self._own.seen.get(name, ()) if isinstance(one, str) and fits(one, schema)]
        if seen and self._chance(45):
            return self._recent(seen)
        if schema.get("examples") and self._chance(75):
            return self._random.choice(schema["examples"])
        return self._words(schema, name)

    def _words(self, schema: Mapping[str, Any], name: str) -> str:
        if "url" in name:
            return f"https://receiver{self._random.randrange(9)}.example/inbox"
        if "pattern" in schema and "Colour" not in name:
            return str(self._random.choice(("/srv/reels", "#00ff88", "42", "2026-03-02T00:00:00Z")))
        least, most = schema.get("minLength", 0), min(schema.get("maxLength", 200), TEXT_MAX)
        text = " ".join(self._random.choice(WORDS) for _ in range(self._random.choice((1, 1, 1, 2, 12))))
        if self._chance(5):
            text = self._random.choice(("", "x" * least, "x" * most, "x" * (most + 1), " ", "\n"))
        return text[: max(most, 1)] if len(text) <= TEXT_MAX else text

    def _file(self) -> bytes:
        """A paper file, of a few bytes or of many, or none at all."""
        if self._chance(8):
            return self._random.choice((b"", b"\x00\x01", b"{}", b'{"kind": "song"}', b"<svg/>"))
        kind = self._random.choice(("image", "image", "clip", "audio"))
        size = self._random.choice((0, 0, 0, 2_000, 40_000, 900_000))
        seed = "".join(self._random.choice(string.ascii_lowercase) for _ in range(self._random.choice((1, 6))))
        length = 0 if kind == "image" else self._random.choice((1_000, 20_000))
        return f'{{"kind": "{kind}", "seed": "{seed}", "duration_ms": {length}}}{" " * size}'.encode()

    def _spoiled(self, body: Any) -> Any:
        """Now and then not what the schema says."""
        if not isinstance(body, dict) or not self._chance(5):
            return body
        match self._random.randrange(4):
            case 0:
                return {**body, "unheard_of": 1}
            case 1:
                return dict(list(body.items())[1:])
            case 2:
                return {**body, **{key: [None] for key in list(body)[:1]}}
            case _:
                return [body]

    def _recent(self, values: Sequence[T]) -> T:
        """Mostly one of the last few that were seen."""
        return self._random.choice(values[-3:]) if self._chance(75) else self._random.choice(values)

    def _chance(self, percent: int) -> bool:
        return self._random.randrange(100) < percent


def fits(text: str, schema: Mapping[str, Any]) -> bool:
    """Whether a text has the length and the form that a schema asks for."""
    if not schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", TEXT_MAX):
        return False
    return "pattern" not in schema or re.search(schema["pattern"], text) is not None
