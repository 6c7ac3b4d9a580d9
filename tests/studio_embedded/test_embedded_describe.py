"""What the embedded providers say of themselves: names, labels, and options that a form can be made of."""

import json

import msgspec
import pytest

from reelbot.allowance.catalogue import load_plans, load_prices
from reelbot.studio.embedded.describe import ABILITIES, Ability, options_schema


@pytest.mark.parametrize("ability", ABILITIES, ids=[ability.name for ability in ABILITIES])
def test_options_have_a_plain_schema_and_defaults_that_it_allows(ability: Ability) -> None:
    schema = options_schema(ability)
    assert "$ref" not in json.dumps(schema)
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    assert not schema.get("required")
    for option in schema["properties"].values():
        assert "default" in option
        assert "enum" not in option or option["default"] in option["enum"]
    assert msgspec.convert({}, ability.options) == ability.options()


def test_bounds_are_enforced_where_options_are_read() -> None:
    by_name = {ability.name: ability.options for ability in ABILITIES}
    for name, wrong in (
        ("script", {"duration_s": 20}), ("script", {"tone": "angry"}), ("voiceover", {"pace": 9}),
        ("animation", {"seconds": 0}), ("music", {"seconds": 4}), ("image", {"aspect": "4:3"}), ("topics", {"extra": 1}),
    ):  # fmt: skip
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wrong, by_name[name])


def test_every_action_is_one_of_the_price_list() -> None:
    prices = load_prices(None, load_plans())
    assert {ability.action for ability in ABILITIES} <= set(prices.prices)


def test_everything_is_labelled_for_what_it_is() -> None:
    labels = {ability.name: ability.label for ability in ABILITIES}
    assert labels["script"] == "Embedded: template text"
    assert labels["voiceover"] == "Embedded: synthetic voice"
    assert all(label.startswith("Embedded: ") for label in labels.values())
    assert len(labels) == len(ABILITIES)
