"""ElevenLabs' speech, against a server that answers as it does."""

import base64

import pytest
from msgspec import structs
from tests.providers.material import KEY, SCRIPT, VOICEOVER, mp3
from tests.providers.servers import Reply, Server, json_reply
from tests.providers.stage import Bench

from reelbot.allowance import FailurePoint
from reelbot.errors import Malformed
from reelbot.languages.words import words
from reelbot.providers.port import AtOnce, Desk, ProviderFailure


def told(text: str, seconds_a_character: float = 0.05) -> dict[str, list[object]]:
    """A timing in which every character takes as long as the others."""
    starts = [round(n * seconds_a_character, 3) for n in range(len(text))]
    return {
        "characters": list(text),
        "character_start_times_seconds": [*starts],
        "character_end_times_seconds": [round(start + seconds_a_character, 3) for start in starts],
    }


def spoken(text: str = SCRIPT, **rest: object) -> Reply:
    sound = base64.b64encode(mp3(50 * len(SCRIPT), 0, 0)).decode()
    return json_reply({"audio_base64": sound, "alignment": told(text), "normalized_alignment": None, **rest})


async def test_a_voiceover_has_the_timings_that_the_service_tells(server: Server, bench: Bench, desk: Desk) -> None:
    server.routes["POST .*"] = spoken()
    provider = bench.elevenlabs()
    assert isinstance(provider, AtOnce)
    options = {"stability": 0.5, "similarity": 0.8}
    delivered = await provider.run(structs.replace(VOICEOVER, pace=1.1, variation=3, options=options), desk)
    assert [word.text for word in delivered.words] == words(SCRIPT)
    assert [(word.start_ms, word.end_ms) for word in delivered.words[:3]] == [(0, 200), (250, 450), (500, 700)]
    assert abs(delivered.duration_ms - 50 * len(SCRIPT)) < 100
    assert delivered.path is not None
    (asked,) = server.asked
    assert asked.path == "/v1/text-to-speech/alloy/with-timestamps?output_format=mp3_44100_128"
    assert asked.headers["xi-api-key"] == KEY
    assert asked.json == {
        "text": SCRIPT,
        "model_id": "eleven_multilingual_v2",
        "voice_settings": {"speed": 1.1, "stability": 0.5, "similarity_boost": 0.8},
        "seed": 3,
    }


async def test_the_words_stay_those_of_the_script_when_the_service_tells_another_text(
    server: Server, bench: Bench, desk: Desk
) -> None:
    script = "Über 20 Katzen – „schnurren“ laut. Wirklich!"
    server.routes["POST .*"] = spoken(
        alignment=None, normalized_alignment=told("über zwanzig Katzen schnurren laut. Wirklich")
    )
    delivered = await bench.elevenlabs().run(structs.replace(VOICEOVER, script=script, language="de"), desk)
    assert [word.text for word in delivered.words] == words(script)
    times = [time for word in delivered.words for time in (word.start_ms, word.end_ms)]
    assert times == sorted(times)
    katzen = delivered.words[2]
    assert (katzen.text, katzen.start_ms, katzen.end_ms) == ("Katzen –", 650, 950)


@pytest.mark.parametrize(
    "reply",
    [
        spoken(alignment=None),
        spoken(audio_base64="bm90IHNvdW5k"),
        spoken(audio_base64="§"),
        json_reply({"audio_base64": None}),
        json_reply([1]),
        Reply(body=b"ID3 raw sound"),
        Reply(500, b'{"detail": {"status": "internal_error", "message": "it broke"}}'),
    ],
)
async def test_at_provider_when_it_answers_without_sound_or_timing(
    server: Server, bench: Bench, desk: Desk, reply: Reply
) -> None:
    server.routes["POST .*"] = reply
    with pytest.raises(ProviderFailure) as failure:
        await bench.elevenlabs().run(VOICEOVER, desk)
    assert failure.value.point is FailurePoint.AT_PROVIDER


@pytest.mark.parametrize(
    ("status", "code", "says", "retryable"),
    [
        (401, "invalid_api_key", "does not accept the key", False),
        (401, "quota_exceeded", "no credit left", False),
        (404, "voice_not_found", "does not know what it was asked for", False),
        (400, "max_character_limit_exceeded", "does not take this request", False),
        (429, "too_many_concurrent_requests", "asked too often", True),
        (429, "system_busy", "asked too often", True),
    ],
)
async def test_before_acceptance_when_it_is_refused(
    server: Server, bench: Bench, desk: Desk, status: int, code: str, says: str, retryable: bool
) -> None:
    server.routes["POST .*"] = json_reply({"detail": {"status": code, "message": "so it is"}}, status)
    with pytest.raises(ProviderFailure, match=says) as failure:
        await bench.elevenlabs().run(VOICEOVER, desk)
    assert (failure.value.point, failure.value.retryable) == (FailurePoint.BEFORE_ACCEPTANCE, retryable)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"pace": 1.5}, "pace"),
        ({"pitch": 2}, "pitch"),
        ({"voice": "x"}, "voice"),
        ({"options": {"stability": 2}}, "options"),
    ],
)
async def test_what_it_cannot_do_is_malformed(bench: Bench, changes: dict[str, object], field: str) -> None:
    with pytest.raises(Malformed) as malformed:
        bench.elevenlabs().check(structs.replace(VOICEOVER, **changes))
    assert malformed.value.field == field


async def test_its_voices_speak_every_language(bench: Bench) -> None:
    (voice,) = bench.elevenlabs().voices("ja")
    assert (voice.id, voice.title, voice.language) == ("alloy", "Alloy", "ja")
