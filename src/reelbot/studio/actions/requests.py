"""Requests for AI actions: one, several as one decision, or whatever is stale. These are bodies of the HTTP API as well."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, structs

from reelbot.errors import Malformed
from reelbot.providers.works import Kind
from reelbot.studio.actions import ACTIONS, BY_NAME
from reelbot.studio.actions.action import Asked
from reelbot.studio.limits import BATCH_TASKS_MAX


def _schema_of(asks: type[Asked]) -> dict[str, Any]:
    schema: dict[str, Any] = msgspec.json.schema(asks)["$defs"][asks.__name__]
    return schema


Options = Annotated[dict[str, Any], Meta(description="How it is to be made: the options of the action that is named.")]

OPTIONS_OF_STEPS = [
    {"required": ["step"], "properties": {"step": {"const": one.name}, "options": _schema_of(one.asks)}}
    for one in ACTIONS
]
"""Of a request that names an action: which options each has, as JSON schemas."""

NO_OPTIONS = {"properties": {"step": {"const": None}, "options": {"maxProperties": 0}}}
"""A request that names no action has none."""


class StepAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """One AI action. Each has options of its own; those of another are refused."""

    step: Kind
    options: Options = {}

    @property
    def asked(self) -> Asked:
        """The options as the action knows them; `Malformed` names the one that cannot be meant."""
        asked: Asked = BY_NAME[self.step].asked(self.options)
        return asked


class GenerationAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """One AI action (`step`), several as one decision (`steps`), or all that is stale (`stale`): exactly one of these.

    `mode` "fit" makes of several as many as fit, in the order given. `render` makes the video right after. `quote` is the
    id of a quote for the same; nothing then costs more than it says.
    """

    step: Kind | None = None
    options: Options = {}
    steps: Annotated[list[StepAsked], Meta(min_length=1, max_length=BATCH_TASKS_MAX)] | None = None
    stale: bool = False
    mode: Literal["all", "fit"] = "all"
    render: bool = False
    quote: Annotated[str, Meta(max_length=60_000)] | None = None


def step_asked(asked: Asked) -> StepAsked:
    """An action by the type of its options, without those that are as they are anyway."""
    action = next(one for one in ACTIONS if one.asks is type(asked))
    return StepAsked(action.name, msgspec.to_builtins(asked))


def canonical(asked: GenerationAsked) -> GenerationAsked:
    """The same request without options that change nothing: two for the same are equal. `Malformed` for a bad one."""
    if asked.steps is not None:
        return structs.replace(asked, steps=[step_asked(step.asked) for step in asked.steps])
    if asked.step is None:
        if asked.options:
            raise Malformed('Options belong to a "step".', "options")
        return asked
    return structs.replace(asked, options=step_asked(StepAsked(asked.step, asked.options).asked).options)
