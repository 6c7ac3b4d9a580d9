"""Which answer of a provider ends work at which failure point: pure, and the one place where it is decided.

| what happened | point | retryable |
|---|---|---|
| no connection | before_acceptance | yes |
| 400, 401, 402, 403, 404, 422 and other 4xx; a redirect of a request | before_acceptance | no |
| 429 | before_acceptance | yes, after `Retry-After`; no when there is no credit left |
| moderation, by whatever status, or in the answer | at_provider | no |
| 503, 529: it did not take the work up | at_provider | yes, unless it bills failures |
| any other 5xx, 408 | at_provider | no: somebody may have been billed |
| no answer after the request was sent: time-out, cut connection | unknown | no |
| half an answer, an answer too large, not of the kind asked for | at_provider | no |
| a question about a job that is running fails, for whatever reason | unknown | yes: asking is harmless |
| it delivered, and keeping or decoding that fails here | after_delivery | no |
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import msgspec

from reelbot.allowance import FailurePoint
from reelbot.providers.limits import RETRY_SECONDS_MAX, SAID_LENGTH_MAX
from reelbot.providers.port import ProviderFailure

NOT_TAKEN_UP = (503, 529)
"""Unavailable, and overloaded as some say it."""

_NO_CREDIT = re.compile(
    r"insufficient_quota|quota_exceeded|credit_balance|billing|insufficient.{0,9}credit", re.IGNORECASE
)
_MODERATION = re.compile(
    r"moderation|content_policy|content_filter|policy_violation|responsible_ai|safety|flagged|sensitive_content",
    re.IGNORECASE,
)


class Said(NamedTuple):
    """What an error's body says: a code for programs, where there is one, and words for people."""

    code: str = ""
    message: str = ""

    @property
    def is_moderation(self) -> bool:
        """Whether the provider refuses what the work is about."""
        return bool(_MODERATION.search(self.code)) or "moderation" in self.message.lower()

    @property
    def is_out_of_credit(self) -> bool:
        """Whether the operator's account at the provider is empty."""
        return bool(_NO_CREDIT.search(self.code))


class Source(NamedTuple):
    """Who answered, as messages word it. `where` is what of the settings to look at; `secrets` are struck out."""

    title: str
    where: str
    bills_failures: bool = False
    secrets: tuple[str, ...] = ()


def said_by(body: bytes) -> Said:
    """What an error's body says, in any of the shapes that providers use."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Said()
    return said_in(document)


def said_in(document: Any) -> Said:
    """What an error says: OpenAI's object, a plain text, or `detail` as a text, an object or a list of them."""
    match document:
        case {"error": dict(error)} | {"detail": dict(error)} | {"detail": [dict(error), *_]}:
            codes = [error.get(name) for name in ("code", "status", "type")]
            codes += list(error["metadata"]) if isinstance(error.get("metadata"), dict) else []  # "flagged_input"
            words = (error.get(name) for name in ("message", "msg"))
            return Said(_joined(codes, " "), next(_texts(words), ""))
        case {"error": str(message), **rest} | {"detail": str(message), **rest} | {"message": str(message), **rest}:
            return Said(_joined((rest.get("error_type"), rest.get("code"), rest.get("type")), " "), message)
        case _:
            return Said()


def refused(source: Source, status: int, headers: Mapping[str, str], said: Said) -> ProviderFailure:
    """The failure that a status other than success means for work that was asked for."""
    quoted = _quoted(source, said.message)
    if status in (400, 403, 422, 451) and said.is_moderation:
        return moderated(source, said.message)
    if status == 429 and not said.is_out_of_credit:
        return _asked_too_often(source, headers)
    if status >= 500 or status == 408:
        return _broken_there(source, status, headers, quoted)
    detail, hint = _refusal(source, status, said, quoted)
    return ProviderFailure(detail, hint, point=FailurePoint.BEFORE_ACCEPTANCE)


def moderated(source: Source, message: str = "") -> ProviderFailure:
    """The failure of work that a provider refuses for what it is about."""
    detail = f"{source.title} refused to make this because of its content{_quoted(source, message)}."
    return ProviderFailure(detail, "Word it differently, or choose another provider.")


def unusable(source: Source, what: str) -> ProviderFailure:
    """The failure of work that was answered with something that it cannot have meant."""
    hint = "Try again; if it stays so, choose another provider or model."
    return ProviderFailure(f"{source.title} {what}.", hint)


def unreachable(source: Source, why: str) -> ProviderFailure:
    """The failure of work that could not even be asked for."""
    return ProviderFailure(
        f"{source.title} could not be reached{_quoted(source, why)}.",
        f"Check the network, and base_url of {source.where}.",
        point=FailurePoint.BEFORE_ACCEPTANCE,
        retryable=True,
    )


def unanswered(source: Source, why: str) -> ProviderFailure:
    """The failure of work that was asked for, and then nothing was heard: nobody knows whether it is being done."""
    return ProviderFailure(
        f"{source.title} was asked and did not answer: {why}.",
        "Whether it did the work is not known yet.",
        point=FailurePoint.UNKNOWN,
    )


def not_told(source: Source, why: str, retry_seconds: float | None = None) -> ProviderFailure:
    """The failure of a harmless question: it says nothing about the work, and may be asked again."""
    return ProviderFailure(
        f"{source.title} does not tell how the work stands{_quoted(source, why)}.",
        "It is asked again.",
        point=FailurePoint.UNKNOWN,
        retryable=True,
        retry_seconds=retry_seconds,
    )


def not_kept(source: Source, why: str) -> ProviderFailure:
    """The failure of our own work after the provider had delivered."""
    return ProviderFailure(
        f"{source.title} delivered, and {why}.", "The retry is free.", point=FailurePoint.AFTER_DELIVERY
    )


def retry_seconds(headers: Mapping[str, str]) -> float | None:
    """How long an answer asks to wait: seconds, or a date measured from the answer's own; None when it says nothing."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text):
        return min(float(text), RETRY_SECONDS_MAX)
    try:
        until, since = (parsedate_to_datetime(date) for date in (text, headers.get("date", "")))
    except ValueError:
        return None
    seconds = (until.replace(tzinfo=until.tzinfo or UTC) - since.replace(tzinfo=since.tzinfo or UTC)).total_seconds()
    return min(max(seconds, 0.0), RETRY_SECONDS_MAX)


def cleaned(text: str, secrets: Iterable[str], longest: int = SAID_LENGTH_MAX) -> str:
    """Somebody else's words as a message may repeat them: one line, short, with every secret struck out."""
    for secret in secrets:
        text = text.replace(secret, "…")
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _refusal(source: Source, status: int, said: Said, quoted: str) -> tuple[str, str]:
    """What a refusal says, and what to do about it."""
    title, where = source.title, source.where
    if said.is_out_of_credit or status == 402:
        return (
            f"{title} says that the account there has no credit left.",
            "Add credit there, or choose another provider.",
        )
    match status:
        case 401:  # what it says of the key may hold parts of it, so it is not repeated
            return f"{title} does not accept the key.", f"Set a valid key: {where}."
        case 403:
            return f"{title} does not allow this{quoted}.", f"The key may lack the right for this model: {where}."
        case 404 | 405:
            return f"{title} does not know what it was asked for{quoted}.", f"Check base_url and the model of {where}."
        case _ if 300 <= status < 400:
            return f"{title} sends the request elsewhere, which is not followed.", f"Check base_url of {where}."
        case _:
            return f"{title} does not take this request{quoted}.", "Change the text or the options."


def _asked_too_often(source: Source, headers: Mapping[str, str]) -> ProviderFailure:
    seconds = retry_seconds(headers)
    return ProviderFailure(
        f"{source.title} is being asked too often.",
        "Try again in a while." if seconds is None else f"Try again in {seconds:g} s.",
        point=FailurePoint.BEFORE_ACCEPTANCE,
        retryable=True,
        retry_seconds=seconds,
    )


def _broken_there(source: Source, status: int, headers: Mapping[str, str], quoted: str) -> ProviderFailure:
    is_free = status in NOT_TAKEN_UP and not source.bills_failures
    return ProviderFailure(
        f"{source.title} failed with status {status}{quoted}.",
        "Try again in a while, or choose another provider.",
        retryable=is_free,
        retry_seconds=retry_seconds(headers) if is_free else None,
    )


def _quoted(source: Source, message: str) -> str:
    said = cleaned(message, source.secrets).rstrip(".")
    return f": {said}" if said else ""


def _texts(values: Iterable[object]) -> Iterator[str]:
    return iter([value for value in values if isinstance(value, str) and value])


def _joined(values: Iterable[object], by: str) -> str:
    return by.join(str(value) for value in values if isinstance(value, str | int) and value)
