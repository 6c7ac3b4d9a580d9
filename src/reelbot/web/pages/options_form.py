"""Who makes each kind of work of a draft, and what only they can be asked: as a form made from what providers declare."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from reelbot.providers.registry import Described, DescribedAbility
from reelbot.providers.works import KINDS
from reelbot.studio import DraftShown, Studio

FieldKind = Literal["choice", "number", "switch", "text"]

NUMBER_STEP = 0.05
"""Between two values of a number that need not be whole: fine enough for shares and factors."""


class Choice(NamedTuple):
    """A value that can be chosen, and what it is called."""

    value: str
    words: str


class OptionField(NamedTuple):
    """One option of a provider. `value` is what the draft says, or what counts when it says nothing."""

    name: str
    title: str
    hint: str
    kind: FieldKind
    value: Any
    choices: Sequence[Choice] = ()
    lowest: float | None = None
    highest: float | None = None
    step: float = NUMBER_STEP
    length_max: int | None = None

    @property
    def value_kind(self) -> str:
        """What the script makes of the field's text before it is sent."""
        whole = self.kind == "number" and self.step == 1
        return "whole" if whole else self.kind


class Maker(NamedTuple):
    """Who makes a kind of work, who else could, and what can be asked of it beyond the settings of the draft.

    `chosen` is empty while nobody was chosen: then it is the installation's default, whose name is `name`.
    """

    kind: str
    name: str
    label: str
    chosen: str
    others: Sequence[Choice]
    fields: Sequence[OptionField]

    @property
    def is_choice(self) -> bool:
        """Whether there is anything to choose."""
        return len(self.others) > 1 or bool(self.fields)


def makers_of(studio: Studio, draft: DraftShown) -> Mapping[str, Maker]:
    """Who makes each kind of work, by kind. A kind that nobody can make is not there."""
    described = studio.registry.describe()
    found = {kind: _maker(kind, draft, described) for kind in KINDS}
    return {kind: maker for kind, maker in found.items() if maker is not None}


def _maker(kind: str, draft: DraftShown, described: Sequence[Described]) -> Maker | None:
    chosen = draft.settings.providers.get(kind, "")  # type: ignore[call-overload]  # kinds are its keys
    able = {one.name: one for one in described if _ability(one, kind)}
    usual = next((name for name, one in able.items() if kind in one.is_default_for), None)
    name = chosen if chosen in able else usual
    if name is None:
        return None
    ability = _ability(able[name], kind)
    assert ability is not None, "it is one of those that can"
    ready = [Choice(one.name, one.title) for one in able.values() if one.missing is None or one.name == name]
    kept = draft.settings.provider_options.get(kind, {}).get(name, {})  # type: ignore[call-overload]  # as above
    return Maker(kind, name, ability.label, chosen, ready, _fields(ability, kept))


def _ability(one: Described, kind: str) -> DescribedAbility | None:
    return next((ability for ability in one.abilities if ability.kind == kind), None)


def _fields(ability: DescribedAbility, kept: Mapping[str, Any]) -> list[OptionField]:
    properties: Mapping[str, Mapping[str, Any]] = ability.options.get("properties", {})
    found = (_field(name, schema, kept.get(name, schema.get("default"))) for name, schema in properties.items())
    return [field for field in found if field is not None]


def _field(name: str, schema: Mapping[str, Any], value: Any) -> OptionField | None:
    """A field for one option; None for a shape that no field of a form has, which the API can still be given."""
    shape = {**schema, **_some(schema)}
    facts = (name, name.replace("_", " ").capitalize(), str(schema.get("description", "")))
    usual = schema.get("default")
    if "enum" in shape:
        choices = [Choice(str(one), str(one).replace("_", " ").capitalize()) for one in shape["enum"]]
        unset = [] if usual is not None else [Choice("", "As it comes")]
        return OptionField(*facts, "choice", value, [*unset, *choices])
    match shape.get("type"):
        case "boolean":
            return OptionField(*facts, "switch", value)
        case "integer" | "number" as kind:
            bounds = shape.get("minimum"), shape.get("maximum")
            return OptionField(*facts, "number", value, (), *bounds, 1 if kind == "integer" else NUMBER_STEP)
        case "string":
            return OptionField(*facts, "text", value, length_max=shape.get("maxLength"))
        case _:
            return None


def _some(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of something that may also be null, what it is when it is not."""
    others = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return others[0] if len(others) == 1 else {}
