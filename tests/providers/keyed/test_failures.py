"""What goes wrong at a provider, and at which failure point the work has ended then: each row of failures.toml."""

import asyncio
import errno
import socket
from pathlib import Path

import pytest
from tests.providers.material import ANIMATION, IMAGE, KEY, MP4, SCRIPT_WORK, VOICEOVER, wav
from tests.providers.servers import NOTHING, SILENCE, Reply, Server, json_reply
from tests.providers.stage import BRIEF, HASTY, Bench

from reelbot.allowance import FailurePoint
from reelbot.providers.keyed.http import Timeouts
from reelbot.providers.port import Desk, ProviderFailure, ProviderUnavailable
from reelbot.providers.works import Work

BEFORE, AT, AFTER, UNKNOWN = (
    FailurePoint.BEFORE_ACCEPTANCE,
    FailurePoint.AT_PROVIDER,
    FailurePoint.AFTER_DELIVERY,
    FailurePoint.UNKNOWN,
)


async def failed(
    bench: Bench, desk: Desk, work: Work = SCRIPT_WORK, timeouts: Timeouts | None = None
) -> ProviderFailure:
    provider = bench.openai() if timeouts is None else bench.openai(timeouts)
    with pytest.raises(ProviderFailure) as failure:
        await provider.run(work, desk)
    assert KEY not in str(failure.value)
    return failure.value


def error(status: int, message: str, code: str = "", **headers: str) -> Reply:
    return json_reply({"error": {"message": message, "code": code, "type": "some_error"}}, status, **headers)


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (error(400, "that model takes no pictures"), "does not take this request: that model takes no pictures"),
        (error(401, f"Incorrect API key: {KEY}", "invalid_api_key"), "does not accept the key. Set a valid key: KEY"),
        (error(402, "pay first"), "no credit left"),
        (error(403, f"key {KEY} may not"), "does not allow this: key … may not"),
        (error(404, "no such model"), "does not know what it was asked for: no such model"),
        (json_reply({"detail": [{"loc": ["body"], "msg": "field required", "type": "missing"}]}, 422), "field required"),
        (json_reply({"error": "model 'x' not found"}, 404), "model 'x' not found"),
        (Reply(418, b"<html>teapot</html>"), "does not take this request."),
        (Reply(307, headers={"location": "https://example.com/"}), "sends the request elsewhere, which is not followed"),
        (error(429, "none left", "insufficient_quota"), "no credit left"),
    ],
)  # fmt: skip
async def test_before_acceptance_when_it_is_refused(
    server: Server, bench: Bench, desk: Desk, reply: Reply, says: str
) -> None:
    server.routes["POST .*"] = reply
    failure = await failed(bench, desk)
    assert says in str(failure)
    assert (failure.point, failure.retryable) == (BEFORE, False)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "12"}, 12),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "999999"}, 3_600),
        ({"retry-after": "Wed, 01 Apr 2026 12:01:30 GMT", "date": "Wed, 01 Apr 2026 12:00:00 GMT"}, 90),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
async def test_before_acceptance_when_it_is_asked_too_often_and_it_may_be_tried_again(
    server: Server, bench: Bench, desk: Desk, headers: dict[str, str], seconds: float | None
) -> None:
    server.routes["POST .*"] = Reply(429, b'{"error": {"message": "slow down"}}', headers)
    failure = await failed(bench, desk)
    assert (failure.point, failure.retryable, failure.retry_seconds) == (BEFORE, True, seconds)


async def test_before_acceptance_when_there_is_no_connection(server: Server, bench: Bench, desk: Desk) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and not listening, so that a connection is refused
        provider = bench.openai(base_url=f"http://127.0.0.1:{taken.getsockname()[1]}/v1")
        with pytest.raises(ProviderFailure) as failure:
            await provider.run(SCRIPT_WORK, desk)
    assert (failure.value.point, failure.value.retryable) == (BEFORE, True)
    assert "could not be reached" in failure.value.detail


async def test_before_acceptance_when_there_is_no_key_nobody_is_asked(server: Server, bench: Bench, desk: Desk) -> None:
    with pytest.raises(ProviderUnavailable, match="Set the variable"):
        await bench.locked_openai().run(SCRIPT_WORK, desk)
    assert server.asked == []


async def test_before_acceptance_when_the_picture_to_animate_cannot_be_read(bench: Bench, desk: Desk) -> None:
    desk.files[ANIMATION.image].write_bytes(b"no picture")
    with pytest.raises(ProviderFailure) as failure:
        await bench.openai().submit(ANIMATION, desk)
    assert failure.value.point is BEFORE


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (error(500, "it broke"), "failed with status 500: it broke"),
        (Reply(502, b"<html>bad gateway</html>"), "failed with status 502"),
        (error(504, "too slow"), "failed with status 504"),
        (error(408, "your request timed out"), "failed with status 408"),
        (error(400, "blocked", "moderation_blocked"), "refused to make this because of its content: blocked"),
        (error(400, "no", "content_policy_violation"), "because of its content"),
        (error(403, "your input was flagged by moderation"), "because of its content"),
        (json_reply({"error": {"code": 403, "message": "no", "metadata": {"flagged_input": "x"}}}, 403), "its content"),
        (json_reply({"choices": [{"message": {"content": ""}, "finish_reason": "content_filter"}]}), "its content"),
        (json_reply({"choices": [{"message": {"content": None, "refusal": "I will not"}}]}), "its content: I will not"),
        (json_reply({"choices": [{"message": {"content": "No."}}]}), "too little text"),
        (json_reply({"choices": []}), "answered without a text"),
        (json_reply(["what"]), "answered without a text"),
        (Reply(body=b"<html>welcome</html>"), "something that is not JSON"),
        (Reply(body=b"\xff\xfe{"), "something that is not JSON"),
        (Reply(body=b'{"choices": [{"message"', cut_at=10), "broke off in the middle of its answer"),
        (Reply(body=b" " * (3 * 1024**2)), "answered with more than 2 MB"),
    ],
)
async def test_at_provider_when_it_fails_refuses_or_answers_nonsense(
    server: Server, bench: Bench, desk: Desk, reply: Reply, says: str
) -> None:
    server.routes["POST .*"] = reply
    failure = await failed(bench, desk)
    assert says in failure.detail
    assert (failure.point, failure.retryable) == (AT, False)
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [503, 529])
async def test_at_provider_it_may_be_tried_again_when_it_is_sure_that_nobody_was_billed(
    server: Server, bench: Bench, desk: Desk, status: int
) -> None:
    server.routes["POST .*"] = Reply(status, b"{}", {"retry-after": "3"})
    failure = await failed(bench, desk)
    assert (failure.point, failure.retryable, failure.retry_seconds) == (AT, True, 3)


async def test_at_provider_billed_is_declared_with_every_ability_and_nothing_is_tried_again(
    server: Server, bench: Bench, desk: Desk
) -> None:
    server.routes["POST .*"] = Reply(503, b"{}", {"retry-after": "3"})
    provider = bench.openai(bills_failures=True)
    assert all(ability.bills_failures for ability in provider.abilities.values())
    with pytest.raises(ProviderFailure) as failure:
        await provider.run(SCRIPT_WORK, desk)
    assert (failure.value.point, failure.value.retryable) == (AT, False)


@pytest.mark.parametrize(
    ("work", "reply"),
    [
        (VOICEOVER, Reply(body=b"<html>not sound</html>")),
        (VOICEOVER, json_reply({"detail": "not sound"})),
        (VOICEOVER, Reply(body=wav(0, 400, 400))),
        (IMAGE, json_reply({"data": [{"b64_json": "bm90IGEgcGljdHVyZQ=="}]})),
        (IMAGE, json_reply({"data": [{"b64_json": "§§§"}]})),
        (IMAGE, json_reply({"data": []})),
    ],
)
async def test_at_provider_when_what_came_is_not_what_was_asked_for(
    server: Server, bench: Bench, desk: Desk, work: Work, reply: Reply
) -> None:
    server.routes["POST .*"] = reply
    assert (await failed(bench, desk, work)).point is AT


async def test_at_provider_when_a_voiceover_comes_in_part_as_no_part_of_it_is_of_use(
    server: Server, bench: Bench, desk: Desk
) -> None:
    replies = iter([Reply(body=wav(500)), error(400, "not this sentence")])
    server.routes["POST .*"] = lambda _: next(replies)
    failure = await failed(bench, desk, VOICEOVER)
    assert (failure.point, failure.retryable) == (AT, False)


async def test_after_delivery_when_the_sound_that_came_cannot_be_decoded(
    server: Server, bench: Bench, desk: Desk
) -> None:
    server.routes["POST .*"] = Reply(body=b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\x00\x01" * 500)
    failure = await failed(bench, desk, VOICEOVER)
    assert (failure.point, failure.retryable) == (AFTER, False)
    assert "delivered" in failure.detail


async def test_after_delivery_when_the_disk_is_full(
    server: Server, bench: Bench, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    server.routes["POST .*"] = Reply(body=wav(500))
    server.routes["GET .*"] = Reply(body=MP4)
    monkeypatch.setattr(Path, "write_bytes", full)
    failure = await failed(bench, desk, VOICEOVER)
    assert failure.point is AFTER
    assert "No space left on device" in failure.detail
    with pytest.raises(ProviderFailure) as fetching:
        await bench.openai().fetch(ANIMATION, "video_1", desk)
    assert fetching.value.point is AFTER


async def test_cancelled_running_is_told_by_the_job_and_a_call_that_is_cancelled_ends(
    server: Server, bench: Bench, desk: Desk
) -> None:
    server.routes["GET .*"] = json_reply({"id": "video_1", "status": "cancelled"})
    assert (await bench.openai().poll(ANIMATION, "video_1")).state == "cancelled"
    server.routes["POST .*"] = SILENCE
    running = asyncio.create_task(bench.openai().run(SCRIPT_WORK, desk))
    while len(server.asked) < 2:
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.parametrize("reply", [SILENCE, NOTHING])
async def test_unknown_when_it_was_asked_and_nothing_came(
    server: Server, bench: Bench, desk: Desk, reply: Reply
) -> None:
    server.routes["POST .*"] = reply
    failure = await failed(bench, desk, timeouts=HASTY if reply is SILENCE else None)
    assert (failure.point, failure.retryable) == (UNKNOWN, False)
    assert len(server.asked) == 1


async def test_at_provider_when_an_answer_stops_in_the_middle(server: Server, bench: Bench, desk: Desk) -> None:
    server.routes["POST .*"] = Reply(body=b'{"choices": [{"message"', cut_at=10, hangs=True)
    failure = await failed(bench, desk, timeouts=HASTY)
    assert (failure.point, failure.retryable) == (AT, False)


async def test_unknown_when_a_question_takes_longer_than_a_call_may(server: Server, bench: Bench) -> None:
    server.routes["GET .*"] = SILENCE
    with pytest.raises(ProviderFailure, match="nothing complete within") as failure:
        await bench.openai(BRIEF).poll(ANIMATION, "video_1")
    assert (failure.value.point, failure.value.retryable) == (UNKNOWN, True)


@pytest.mark.parametrize("reply", [SILENCE, NOTHING, Reply(500), Reply(429), Reply(401), Reply(body=b"{", cut_at=0)])
async def test_unknown_when_a_question_about_a_job_fails_and_it_is_asked_again(
    server: Server, bench: Bench, desk: Desk, reply: Reply
) -> None:
    server.routes["GET .*"] = reply
    provider = bench.openai(HASTY) if reply is SILENCE else bench.openai()
    for question in (provider.poll(ANIMATION, "video_1"), provider.fetch(ANIMATION, "video_1", desk)):
        with pytest.raises(ProviderFailure) as failure:
            await question
        assert (failure.value.point, failure.value.retryable) == (UNKNOWN, True)
