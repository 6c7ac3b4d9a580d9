"""What schemathesis is told beside the document, when `test_openapi` runs it: which valid requests may be refused, and why.

JSON Schema cannot say these: that 2.0 is not a whole number here, that a quote must have been given before, that a key
belongs to one request, that a limit may be reached, that a name is taken, that a reason needs a letter, that a folder must
be there; that a file must be what it is said to be, a provider, voice or language one that is installed, settings not large,
and what is to be made something that the draft has what it takes for.
"""

import json
from typing import Any

import schemathesis

REFUSED_WELL = {402: {"allowance_exhausted"}, 422: {"key_reused", "amount_above_hold"}}

DRAFT = {
    "topic",
    "script",
    "title",
    "keywords",
    "passage",
    "prompt",
    "scene",
    "scenes",
    "versions",
    "steps",
    "step",
    "assets",
}
INSTALLED = {"provider", "providers", "provider_options", "language", "voice", "mood", "settings"}
OPERATORS = {"name", "why", "path"}
NAMED = {"quote", "url", "file"} | OPERATORS | DRAFT | INSTALLED


@schemathesis.check
def valid_requests_are_refused_only_for_what_no_schema_says(ctx: Any, response: Any, case: Any) -> None:
    """A valid request is carried out, or refused for one of a few reasons that are named."""
    meta = case.meta
    if meta is None or not meta.generation.mode.is_positive or response.status_code not in {400, 402, 422}:
        return
    told = json.loads(response.content)
    if told["code"] in REFUSED_WELL.get(response.status_code, ()):
        return
    assert told["code"] == "malformed", told
    asked_too_much = told["detail"].startswith("An account has at most ")
    assert told.get("where") in NAMED or asked_too_much or "got `float`" in told["detail"], told
