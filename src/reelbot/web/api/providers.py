"""`/api/v1/providers` and `/api/v1/voices`: who can make what, and by which voices."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from reelbot.providers.registry import Described
from reelbot.web.api.drafts import studio_of
from reelbot.web.operations import Call
from reelbot.web.problems import OK
from reelbot.web.replies import SECURITY, Reply, json_reply

_encode = msgspec.json.Encoder().encode


class AbilityShown(Struct, frozen=True):
    """What a provider can do of one kind of work; `options` is the JSON Schema of its own options."""

    kind: str
    label: str
    options: dict[str, Any]


class ProviderShown(Struct, frozen=True):
    """A provider; `missing` says how to get what it lacks, null when it is ready."""

    name: str
    title: str
    missing: str | None
    abilities: list[AbilityShown]
    default_for: list[str]


class ProvidersShown(Struct, frozen=True):
    """All providers, and the content languages that the embedded one writes and speaks."""

    providers: list[ProviderShown]
    languages: list[str]


class VoicesQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Voices of which language, and of which provider."""

    language: Annotated[str, Meta(min_length=2, max_length=12)] = "en"
    provider: Annotated[str, Meta(min_length=1, max_length=60)] | None = None


class VoiceShown(Struct, frozen=True):
    """A voice; `sample` gives a greeting by it, null when there is none."""

    id: str
    title: str
    language: str
    provider: str
    sample: str | None


class VoicesShown(Struct, frozen=True):
    """The voices of a language, the default first."""

    voices: list[VoiceShown]


async def list_providers(call: Call) -> Reply:
    """Tell who there is."""
    studio = studio_of(call)
    shown = [_provider(one) for one in studio.registry.describe()]
    return json_reply(OK, _encode(ProvidersShown(shown, list(studio.languages))))


def _provider(one: Described) -> ProviderShown:
    abilities = [AbilityShown(ability.kind, ability.label, ability.options) for ability in one.abilities]
    return ProviderShown(one.name, one.title, one.missing, abilities, list(one.is_default_for))


async def list_voices(call: Call) -> Reply:
    """Tell which there are."""
    query: VoicesQuery = call.query
    registry = studio_of(call).registry
    provider = registry.default("voiceover") if query.provider is None else registry.provider(query.provider)
    shown = [
        VoiceShown(
            voice.id,
            voice.title,
            voice.language,
            provider.name,
            f"/api/v1/voices/{voice.id}/sample.wav" if voice.has_sample else None,
        )
        for voice in provider.voices(query.language)
    ]
    return json_reply(OK, _encode(VoicesShown(shown)))


async def read_sample(call: Call) -> Reply:
    """A greeting by a voice. Listening costs nothing."""
    wav = await studio_of(call).samples.sample(call.account, call.named)
    fields = ((b"content-type", b"audio/wav"), (b"cache-control", b"private, max-age=86400"), *SECURITY)
    return Reply(OK, fields, wav)
