"""What speaks OpenAI's protocol, against a server that does."""

import asyncio
import base64
from collections.abc import Callable

import numpy as np
import pytest
from msgspec import structs
from PIL import Image
from tests.providers.material import (
    ANIMATION,
    CHAT,
    IMAGE,
    KEY,
    MP4,
    REWRITE,
    SCRIPT_WORK,
    TOPIC,
    VOICEOVER,
    Reported,
    mp3,
    png,
    wav,
)
from tests.providers.servers import Asked, Reply, Server, json_reply
from tests.providers.stage import Bench

from reelbot.allowance import FailurePoint
from reelbot.errors import Malformed
from reelbot.languages.words import words
from reelbot.providers.keyed.sounds import decoded
from reelbot.providers.keyed.timings import spoken_span
from reelbot.providers.openai import Models
from reelbot.providers.port import AtOnce, Desk, ProviderFailure, Queued
from reelbot.providers.works import MusicWork, Work


def chat(content: object, **rest: object) -> Reply:
    message = {"role": "assistant", "content": content}
    return json_reply({"choices": [{"index": 0, "message": message, "finish_reason": "stop", **rest}]})


async def test_a_script_is_written_with_the_model_the_key_and_the_length_that_are_asked_for(
    server: Server, bench: Bench, desk: Desk
) -> None:
    server.routes["POST /v1/chat/completions"] = chat(CHAT)
    delivered = await bench.openai().run(SCRIPT_WORK, desk)
    assert (delivered.text, delivered.label) == (CHAT, "Open: writer-1")
    (asked,) = server.asked
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.json["model"] == "writer-1"
    told = "\n".join(message["content"] for message in asked.json["messages"])
    assert "about 38 words" in told
    assert "<input>why cats purr</input>" in told
    assert "English" in told


async def test_topics_a_passage_and_a_title_are_written(server: Server, bench: Bench, desk: Desk) -> None:
    provider = bench.openai()
    server.routes["POST .*"] = chat("\n".join(f"{n}. Topic number {n} about cats" for n in range(1, 7)))
    assert (await provider.run(TOPIC, desk)).suggestions == tuple(f"Topic number {n} about cats" for n in range(1, 6))
    server.routes["POST .*"] = chat([{"type": "text", "text": "Cats purr, "}, {"type": "text", "text": "and softly."}])
    assert (await provider.run(REWRITE, desk)).text == "Cats purr, and softly."
    server.routes["POST .*"] = chat('"Why cats purr"\n#cats #purring #pets')
    title = await provider.run(structs.replace(REWRITE, makes="title"), desk)
    assert (title.text, title.hashtags) == ("Why cats purr", ("cats", "purring", "pets"))


async def test_without_a_key_none_is_sent(server: Server, bench: Bench, desk: Desk) -> None:
    server.routes["POST .*"] = chat(CHAT)
    provider = bench.keyless_openai()
    assert provider.missing() is None
    await provider.run(SCRIPT_WORK, desk)
    assert "authorization" not in server.asked[0].headers


async def test_it_can_do_what_there_is_a_model_for(bench: Bench) -> None:
    provider = bench.openai(models=Models(speech="speaker-1"))
    assert list(provider.abilities) == ["voiceover"]
    assert isinstance(provider, AtOnce)
    assert isinstance(provider, Queued)
    with pytest.raises(Malformed, match="cannot do script; it does voiceover"):
        provider.check(SCRIPT_WORK)


@pytest.mark.parametrize("form", [wav, mp3])
async def test_a_voiceover_has_the_words_of_its_script_where_they_are_spoken(
    server: Server, bench: Bench, desk: Desk, form: Callable[[int], bytes]
) -> None:
    lengths = {"Cats purr when they rest.": 900, "They also purr in pain, oddly enough.": 1_400}
    server.routes["POST /v1/audio/speech"] = lambda asked: Reply(body=form(lengths.get(asked.json["input"], 700)))
    delivered = await bench.openai().run(VOICEOVER, desk)
    assert [word.text for word in delivered.words] == words(VOICEOVER.script)
    assert [asked.json["voice"] for asked in server.asked] == ["alloy"] * 3
    assert delivered.path is not None
    (samples,) = await decoded([delivered.path])
    assert abs(len(samples) / 44.1 - delivered.duration_ms) < 2
    firsts = [delivered.words[n] for n in (0, 5, 12)]
    lasts = [delivered.words[n] for n in (4, 11, 16)]
    for first, last, length in zip(firsts, lasts, (900, 1_400, 700), strict=True):
        assert abs((last.end_ms - first.start_ms) - length) < 60
        assert np.abs(samples[int(first.start_ms * 44.1) + 600 : int(last.end_ms * 44.1) - 600]).max() > 4_000
    assert spoken_span(samples, 44_100) is not None
    assert isinstance(desk.report, Reported)
    assert desk.report.shares == sorted(desk.report.shares)


async def test_a_voiceover_waits_between_two_sentences_rather_than_losing_those_that_are_made(
    server: Server, bench: Bench, desk: Desk
) -> None:
    busy = json_reply({"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, 429, retry_after="7")
    replies = iter([Reply(body=wav(500)), busy, Reply(body=wav(500)), Reply(body=wav(500))])
    server.routes["POST .*"] = lambda _: next(replies)
    delivered = await bench.openai().run(VOICEOVER, desk)
    assert len(delivered.words) == 17
    assert bench.waited == [7]


@pytest.mark.parametrize("as_url", [False, True])
async def test_a_picture_comes_inside_the_answer_or_from_where_it_names(
    server: Server, bench: Bench, desk: Desk, as_url: bool
) -> None:
    inside = {"b64_json": base64.b64encode(png()).decode()}
    server.routes["POST /v1/images/generations"] = json_reply(
        {"data": [{"url": f"{server.url}/made.png"} if as_url else inside]}
    )
    server.routes["GET /made.png"] = Reply(body=png())
    delivered = await bench.openai().run(structs.replace(IMAGE, options={"quality": "high"}), desk)
    assert delivered.path is not None
    assert delivered.path.name == "image.png"
    assert delivered.path.read_bytes() == png()
    assert {name: server.asked[0].json[name] for name in ("size", "quality", "n")} == {
        "size": "1024x1536",
        "quality": "high",
        "n": 1,
    }


async def test_a_clip_is_submitted_polled_and_fetched(server: Server, bench: Bench, desk: Desk) -> None:
    provider = bench.openai()
    server.routes["POST /v1/videos"] = json_reply({"id": "video_1", "object": "video", "status": "queued"})
    job = await provider.submit(ANIMATION, desk)
    form = server.asked[0].form
    assert (form["model"], form["seconds"], form["size"]) == (b"mover-1", b"5", b"720x1280")
    (desk.folder / "sent.jpg").write_bytes(form["input_reference"])
    with Image.open(desk.folder / "sent.jpg") as sent:
        assert sent.size == (720, 1280)
    states: list[tuple[dict[str, object], str, float]] = [
        ({"status": "queued", "progress": 0}, "waiting", 0.0),
        ({"status": "in_progress", "progress": 40}, "waiting", 0.4),
        ({"status": "something new"}, "waiting", 0.0),
        ({"status": "completed", "progress": 100}, "done", 1.0),
        ({"status": "cancelled"}, "cancelled", 0.0),
    ]
    for document, state, progress in states:
        server.routes["GET /v1/videos/video_1"] = json_reply({"id": job, **document})
        polled = await provider.poll(ANIMATION, job)
        assert (polled.state, polled.progress) == (state, progress)
    server.routes["GET /v1/videos/video_1/content"] = Reply(body=MP4)
    for _ in range(2):
        delivered = await provider.fetch(ANIMATION, job, desk)
        assert delivered.path is not None
        assert (delivered.path.read_bytes(), delivered.duration_ms) == (MP4, 5_000)
    await provider.cancel(ANIMATION, job)
    assert server.asked[-1].method == "DELETE"


async def test_a_clip_that_failed_says_why(server: Server, bench: Bench) -> None:
    for code, said in (("moderation_blocked", "because of its content"), ("server_error", "failed: it broke")):
        error = {"code": code, "message": "it broke"}
        server.routes["GET .*"] = json_reply({"id": "video_1", "status": "failed", "error": error})
        polled = await bench.openai().poll(ANIMATION, "video_1")
        assert polled.failure is not None
        assert said in polled.failure.detail
        assert polled.failure.point is FailurePoint.AT_PROVIDER


async def test_a_job_that_the_provider_forgot_has_failed(server: Server, bench: Bench) -> None:
    polled = await bench.openai().poll(ANIMATION, "../../other")
    assert (polled.state, server.asked[0].path) == ("failed", "/v1/videos/..%2F..%2Fother")


@pytest.mark.parametrize(
    ("work", "field"),
    [
        (structs.replace(SCRIPT_WORK, topic=" "), "topic"),
        (structs.replace(SCRIPT_WORK, options={"speed": 1}), "options"),
        (structs.replace(SCRIPT_WORK, options={"wishes": "x" * 501}), "options"),
        (structs.replace(TOPIC, keywords="x" * 1_001), "keywords"),
        (structs.replace(VOICEOVER, voice="nobody"), "voice"),
        (structs.replace(VOICEOVER, pace=5.0), "pace"),
        (structs.replace(VOICEOVER, pitch=1), "pitch"),
        (structs.replace(VOICEOVER, script="!?"), "script"),
        (structs.replace(VOICEOVER, script="x" * 5_000), "script"),
        (structs.replace(ANIMATION, seconds=6), "seconds"),
        (structs.replace(ANIMATION, aspect="1:1"), "aspect"),
        (MusicWork(mood="calm", tone="casual", seconds=30), "provider"),
    ],
)
async def test_what_it_cannot_do_is_malformed_before_anybody_is_asked(
    server: Server, bench: Bench, desk: Desk, work: Work, field: str
) -> None:
    with pytest.raises(Malformed) as malformed:
        bench.openai().check(work)
    assert malformed.value.field == field
    assert server.asked == []


async def test_speech_is_quoted_by_its_estimated_length_and_clips_by_their_seconds(bench: Bench) -> None:
    provider = bench.openai()
    assert 4 <= provider.quantity(VOICEOVER) <= 9
    assert provider.quantity(structs.replace(VOICEOVER, pace=0.5)) > provider.quantity(VOICEOVER)
    assert (provider.quantity(ANIMATION), provider.quantity(IMAGE), provider.quantity(SCRIPT_WORK)) == (5, 1, 1)


async def test_what_a_gateway_reports_inside_a_successful_answer_is_a_failure(
    server: Server, bench: Bench, desk: Desk
) -> None:
    for document in (
        {"error": {"code": 502, "message": "model is down"}},
        {"choices": [{"error": {"code": 502, "message": "model is down"}, "message": {"content": "half"}}]},
    ):
        server.routes["POST .*"] = json_reply(document)
        with pytest.raises(ProviderFailure, match="model is down") as failure:
            await bench.openai().run(SCRIPT_WORK, desk)
        assert failure.value.point is FailurePoint.AT_PROVIDER


async def test_an_answer_that_is_slow_is_waited_for(server: Server, bench: Bench, desk: Desk) -> None:
    thought = asyncio.Event()
    server.routes["POST .*"] = chat(CHAT)._replace(after=thought)
    running = asyncio.create_task(bench.openai().run(SCRIPT_WORK, desk))
    while not server.asked:
        await asyncio.sleep(0)
    assert not running.done()
    thought.set()
    assert (await running).text == CHAT


async def test_the_same_work_is_asked_under_the_same_idempotency_key(server: Server, bench: Bench, desk: Desk) -> None:
    keys: list[str] = []

    def answered(asked: Asked) -> Reply:
        keys.append(asked.headers["idempotency-key"])
        return Reply(body=wav(400))

    server.routes["POST .*"] = answered
    for _ in range(2):
        await bench.openai().run(VOICEOVER, desk)
    assert keys == ["request-1-0", "request-1-1", "request-1-2"] * 2
