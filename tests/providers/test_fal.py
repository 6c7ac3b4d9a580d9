"""fal's queue, against a server that keeps one."""

import base64
import io
from typing import Any

import pytest
from msgspec import structs
from PIL import Image
from tests.providers.material import ANIMATION, KEY, MP4
from tests.providers.servers import NOTHING, SILENCE, Asked, Reply, Server, json_reply
from tests.providers.stage import HASTY, Bench
from tests.support.clock import FakeClock

from reelbot.allowance import FailurePoint
from reelbot.clock import HOUR
from reelbot.errors import Malformed
from reelbot.providers.port import AtOnce, Desk, ProviderFailure, Queued

JOB = "owner/mover/requests/764cabcf-b745"
UNKNOWN, AT, BEFORE = FailurePoint.UNKNOWN, FailurePoint.AT_PROVIDER, FailurePoint.BEFORE_ACCEPTANCE


class Queue:
    """Takes requests and lists them, as fal does. `is_heard` is whether its answer to a submission arrives."""

    def __init__(self, server: Server, is_heard: bool = True) -> None:
        self.server = server
        self.is_heard = is_heard
        self.taken: list[dict[str, Any]] = []
        server.routes["POST /owner/mover/v2/image-to-video"] = self.submitted
        server.routes[r"GET /v1/models/requests/by-endpoint\?.*"] = lambda _: json_reply({"items": self.taken})

    def submitted(self, asked: Asked) -> Reply:
        request = "764cabcf-b745" if not self.taken else f"other-{len(self.taken)}"
        self.taken.append({"request_id": request, "endpoint_id": "owner/mover/v2", "json_input": asked.json})
        at = f"{self.server.url}/owner/mover/requests/{request}"
        told = {"status": "IN_QUEUE", "request_id": request, "response_url": at, "status_url": f"{at}/status"}
        return json_reply(told) if self.is_heard else SILENCE


async def test_a_picture_is_sent_inside_the_request_and_its_clip_fetched(
    server: Server, bench: Bench, desk: Desk
) -> None:
    queue = Queue(server)
    provider = bench.fal(input={"negative_prompt": "blur"})
    assert isinstance(provider, Queued)
    assert not isinstance(provider, AtOnce)
    job = await provider.submit(ANIMATION, desk)
    assert job == JOB
    assert server.asked[0].headers["authorization"] == f"Key {KEY}"
    sent = queue.taken[0]["json_input"]
    assert (sent["prompt"], sent["duration"], sent["negative_prompt"]) == ("the cat blinks", "5", "blur")
    head, _, picture = sent["image_url"].partition(",")
    assert head == "data:image/jpeg;base64"
    with Image.open(io.BytesIO(base64.b64decode(picture))) as opened:
        assert opened.size == (1080, 1920)
    for document, state in (
        ({"status": "IN_QUEUE", "queue_position": 3}, "waiting"),
        ({"status": "IN_PROGRESS", "logs": []}, "waiting"),
        ({"status": "COMPLETED", "metrics": {}}, "done"),
        ({"status": "CANCELLED"}, "cancelled"),
    ):
        server.routes[f"GET /{JOB}/status"] = json_reply(document, 202 if state == "waiting" else 200)
        assert (await provider.poll(ANIMATION, job)).state == state
    server.routes[f"GET /{JOB}"] = json_reply({"video": {"url": f"{server.url}/files/clip.mp4"}, "seed": 1})
    server.routes["GET /files/clip.mp4"] = Reply(body=MP4)
    delivered = await provider.fetch(ANIMATION, job, desk)
    assert delivered.path is not None
    assert (delivered.path.read_bytes(), delivered.duration_ms) == (MP4, 5_000)


@pytest.mark.parametrize(("form", "seconds"), [("text", "5"), ("number", 5), ("suffixed", "5s")])
async def test_a_model_is_asked_as_its_settings_say(
    server: Server, bench: Bench, desk: Desk, form: str, seconds: object
) -> None:
    queue = Queue(server)
    provider = bench.fal(image_field="start_image_url", seconds_field="length", seconds_as=form, seconds=(5, 8))
    await provider.submit(ANIMATION, desk)
    sent = queue.taken[0]["json_input"]
    assert sent["length"] == seconds
    assert set(sent) == {"prompt", "start_image_url", "length"}
    with pytest.raises(Malformed, match="there are 5 or 8 s"):
        provider.check(structs.replace(ANIMATION, seconds=10))


async def test_success_after_our_time_out_is_found_again_and_not_submitted_twice(
    server: Server, bench: Bench, desk: Desk
) -> None:
    queue = Queue(server, is_heard=False)
    provider = bench.fal(HASTY)
    with pytest.raises(ProviderFailure) as failure:
        await provider.submit(ANIMATION, desk)
    assert (failure.value.point, failure.value.retryable) == (UNKNOWN, False)
    queue.is_heard = True
    other = structs.replace(ANIMATION, prompt="the cat yawns")
    assert await bench.fal().submit(other, desk) == "owner/mover/requests/other-1"
    patient = bench.fal()
    assert await patient.find(desk.request_id) is None, "another process cannot tell"
    assert await provider.find("request-2") is None
    assert await provider.find(desk.request_id) == JOB
    listed = server.asked[-1].path
    assert "endpoint_id=owner%2Fmover%2Fv2%2Fimage-to-video" in listed
    assert "expand=payloads" in listed
    assert "start=2026-03-01T11%3A55%3A00Z" in listed


async def test_a_submission_is_not_guessed_when_two_are_the_same_or_none_is(
    server: Server, bench: Bench, desk: Desk, clock: FakeClock
) -> None:
    queue = Queue(server, is_heard=False)
    provider = bench.fal(HASTY)
    for request in ("request-1", "request-2"):
        with pytest.raises(ProviderFailure):
            await provider.submit(ANIMATION, desk._replace(request_id=request))
    assert await provider.find("request-1") is None
    queue.taken.pop()
    assert await provider.find("request-1") == JOB
    with pytest.raises(ProviderFailure, match="not listed yet"):
        await provider.find("request-2")  # what one submission became no other did
    queue.taken.clear()
    with pytest.raises(ProviderFailure, match="not listed yet") as failure:
        await provider.find("request-2")
    assert (failure.value.point, failure.value.retryable) == (UNKNOWN, True)
    clock.advance(HOUR)
    assert await provider.find("request-2") is None


@pytest.mark.parametrize(
    "reply",
    [
        NOTHING,
        json_reply({"status": "IN_QUEUE"}),
        json_reply({"request_id": "../../v1/other"}),
        json_reply({"request_id": "a", "response_url": "https://example.com/owner/mover/requests/a"}),
        json_reply({"request_id": "a", "response_url": "http://["}),
    ],
)
async def test_unknown_when_it_was_taken_and_the_job_is_not_named(
    server: Server, bench: Bench, desk: Desk, reply: Reply
) -> None:
    server.routes["POST .*"] = reply
    with pytest.raises(ProviderFailure) as failure:
        await bench.fal().submit(ANIMATION, desk)
    assert failure.value.point is UNKNOWN


@pytest.mark.parametrize(
    ("status", "document", "point", "says"),
    [
        (422, {"detail": [{"msg": "flagged", "type": "content_policy_violation"}]}, AT, "because of its content"),
        (422, {"detail": [{"msg": "image too small", "type": "image_too_small"}]}, AT, "failed: image too small"),
        (504, {"detail": "Request timed out", "error_type": "request_timeout"}, AT, "failed: Request timed out"),
        (404, {"detail": "not found"}, AT, "failed: not found"),
        (500, None, UNKNOWN, "status 500"),
        (503, [], UNKNOWN, "status 503"),
        (429, {"detail": "slow down"}, UNKNOWN, "status 429"),
        (401, {"detail": "bad key"}, UNKNOWN, "status 401"),
        (200, {"images": []}, AT, "without a clip"),
        (200, {"video": {"url": "http://a\x00b/"}}, AT, "a URL that is none"),
    ],
)
async def test_an_error_in_place_of_a_clip_is_the_models_or_the_queues(
    server: Server, bench: Bench, desk: Desk, status: int, document: object, point: FailurePoint, says: str
) -> None:
    server.routes[f"GET /{JOB}"] = json_reply(document, status)
    with pytest.raises(ProviderFailure, match=says) as failure:
        await bench.fal().fetch(ANIMATION, JOB, desk)
    assert (failure.value.point, failure.value.retryable) == (point, point is UNKNOWN)


@pytest.mark.parametrize(
    "document",
    [
        {"status": "COMPLETED", "error": "Runner disconnected", "error_type": "runner_disconnected"},
        {"status": "FAILED", "error": "it broke"},
    ],
)
async def test_a_job_that_failed_says_why(server: Server, bench: Bench, document: object) -> None:
    server.routes[f"GET /{JOB}/status"] = json_reply(document)
    polled = await bench.fal().poll(ANIMATION, JOB)
    assert polled.failure is not None
    assert (polled.state, polled.failure.point) == ("failed", AT)
    server.routes.clear()
    assert (await bench.fal().poll(ANIMATION, JOB)).state == "failed"


@pytest.mark.parametrize("reply", [Reply(body=b"<html>"), Reply(body=b"")])
async def test_at_provider_when_the_clip_is_none(server: Server, bench: Bench, desk: Desk, reply: Reply) -> None:
    server.routes[f"GET /{JOB}"] = json_reply({"video": {"url": "/clip.mp4"}})
    server.routes["GET /clip.mp4"] = reply
    with pytest.raises(ProviderFailure, match="not a clip") as failure:
        await bench.fal().fetch(ANIMATION, JOB, desk)
    assert failure.value.point is AT


@pytest.mark.parametrize(
    ("status", "word"), [(202, "CANCELLATION_REQUESTED"), (400, "ALREADY_COMPLETED"), (404, "NOT_FOUND")]
)
async def test_an_end_is_asked_for_and_what_came_of_it_is_left_to_the_next_poll(
    server: Server, bench: Bench, status: int, word: str
) -> None:
    server.routes[f"PUT /{JOB}/cancel"] = json_reply({"status": word}, status)
    await bench.fal().cancel(ANIMATION, JOB)
    assert [(asked.method, asked.path) for asked in server.asked] == [("PUT", f"/{JOB}/cancel")]


async def test_before_acceptance_when_the_submission_is_refused(server: Server, bench: Bench, desk: Desk) -> None:
    server.routes["POST .*"] = json_reply({"detail": "Unauthorized"}, 401)
    with pytest.raises(ProviderFailure, match="does not accept the key") as failure:
        await bench.fal().submit(ANIMATION, desk)
    assert failure.value.point is BEFORE
