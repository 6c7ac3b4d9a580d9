"""`/api/v1/drafts`, `/jobs`, `/assets`, `/videos`: a video by HTTP, from the topic to the file, and every no on the way."""

import errno
import io
import json
from typing import Any

import httpx
import pytest
from PIL import Image
from tests.support.sites import Stand

from reelbot.studio import Studio
from reelbot.web import media

SCRIPT = "Hello there."


def studio_of(stand: Stand) -> Studio:
    assert stand.site.studio is not None
    return stand.site.studio


async def work(stand: Stand) -> None:
    await studio_of(stand).worker.run_all()


async def opened(stand: Stand, **more: Any) -> Any:
    body = {"flow": "narrated", "topic": "why cats purr", "script": SCRIPT, **more}
    answer = await stand.post("/drafts", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def generated(stand: Stand, draft: str, *steps: Any) -> Any:
    answer = await stand.post(f"/drafts/{draft}/generations", {"steps": list(steps)})
    assert answer.status_code == 202, answer.text
    await work(stand)
    job = (await stand.get(f"/jobs/{answer.json()['job']}")).json()
    assert job["state"] == "succeeded", job
    return answer.json()


async def ready(stand: Stand) -> str:
    """A draft that can be rendered: two words, two pictures."""
    draft = (await opened(stand))["id"]
    await generated(stand, draft, {"step": "voiceover"}, {"step": "image", "options": {"count": 2}})
    return str(draft)


def picture(colour: str = "red", size: tuple[int, int] = (64, 48)) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, colour).save(written, "PNG")
    return written.getvalue()


async def uploaded(stand: Stand, content: bytes, name: str = "cat.png", **more: Any) -> httpx.Response:
    return await stand.send("POST", "/assets", files={"file": (name, content)}, **more)


async def test_a_video_is_made_by_http_from_its_topic_to_its_file(sqlite_stand: Stand) -> None:
    stand = sqlite_stand
    draft = (await opened(stand, script=""))["id"]
    quote = (await stand.post(f"/drafts/{draft}/quotes", {"step": "script"})).json()
    assert quote["totals"] == {"ai_credits": 2} and quote["fits"]
    begun = (await stand.post(f"/drafts/{draft}/generations", {"step": "script", "quote": quote["id"]})).json()
    assert await stand.used() == (0, 2)
    await work(stand)
    job = (await stand.get(f"/jobs/{begun['job']}")).json()
    assert (job["state"], job["progress"], job["hold"]) == ("succeeded", 1.0, begun["hold"])
    assert await stand.used() == (2, 0)
    shown = (await stand.get(f"/drafts/{draft}")).json()
    assert "cats" in shown["steps"]["script"]["text"]
    assert shown["steps"]["script"]["versions"][0]["label"] == "Embedded: template text"
    short = await stand.send("PATCH", f"/drafts/{draft}", {"script": SCRIPT}, key=None)
    assert short.json()["steps"]["script"]["text"] == SCRIPT
    await generated(stand, draft, {"step": "voiceover"}, {"step": "image", "options": {"count": 2}})
    rendering = (await stand.post(f"/drafts/{draft}/renders")).json()
    locked = await stand.send("PATCH", f"/drafts/{draft}", {"topic": "dogs"}, key=None)
    assert (locked.status_code, locked.json()["code"]) == (409, "draft_locked")
    assert await stand.used(meter="video_generations") == (0, 1)
    await work(stand)
    assert await stand.used(meter="video_generations") == (1, 0)
    assert (await stand.get(f"/drafts/{draft}")).status_code == 404
    video = (await stand.get("/videos")).json()["videos"][0]
    assert video["job"] == rendering["job"] and (video["width"], video["height"]) == (1080, 1920)
    file = await stand.get(f"/videos/{video['id']}/file")
    assert file.headers["content-type"] == "video/mp4" and file.content[4:8] == b"ftyp"
    part = await stand.get(f"/videos/{video['id']}/file", headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")
    assert "Hello" in (await stand.get(f"/videos/{video['id']}/captions.srt")).text
    assert (await stand.get(f"/videos/{video['id']}/captions.vtt")).text.startswith("WEBVTT")
    assert (await stand.get(f"/videos/{video['id']}/thumbnail.jpg")).content[:2] == b"\xff\xd8"
    words = (await stand.get(f"/videos/{video['id']}/words.json")).json()
    assert "Hello" in json.dumps(words)
    again = await stand.post(f"/videos/{video['id']}/edits")
    assert again.status_code == 201
    assert again.json()["steps"]["script"]["text"] == SCRIPT
    assert again.json()["ready"], again.json()["missing"]
    assert (await stand.ledger.verify()).faults == ()


async def test_the_same_key_generates_once_and_other_content_is_refused(sqlite_stand: Stand) -> None:
    draft = (await opened(sqlite_stand))["id"]
    body = {"step": "voiceover"}
    first = await sqlite_stand.post(f"/drafts/{draft}/generations", body, key="once")
    second = await sqlite_stand.post(f"/drafts/{draft}/generations", body, key="once")
    assert second.json() == first.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    other = await sqlite_stand.post(f"/drafts/{draft}/generations", {"step": "script"}, key="once")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    await work(sqlite_stand)
    third = await sqlite_stand.post(f"/drafts/{draft}/generations", body, key="once")
    assert third.json() == first.json()
    assert await sqlite_stand.used() == (1, 0)


async def test_a_step_that_is_being_made_is_not_begun_again(sqlite_stand: Stand) -> None:
    draft = (await opened(sqlite_stand))["id"]
    await sqlite_stand.post(f"/drafts/{draft}/generations", {"step": "voiceover"})
    again = await sqlite_stand.post(f"/drafts/{draft}/generations", {"step": "voiceover"})
    assert (again.status_code, again.json()["code"]) == (409, "step_running")
    assert (await sqlite_stand.get(f"/drafts/{draft}")).json()["steps"]["voiceover"]["state"] == "running"
    assert (await sqlite_stand.used())[1] == 1


async def test_an_exhausted_limit_tells_all_figures_and_changes_nothing(sqlite_stand: Stand) -> None:
    draft = (await opened(sqlite_stand))["id"]
    await sqlite_stand.hold(59)
    refused = await sqlite_stand.post(f"/drafts/{draft}/generations", {"step": "script"})
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["needed"]) == (402, "allowance_exhausted", 2)
    assert int(refused.headers["Retry-After"]) > 0
    assert (await sqlite_stand.get("/jobs")).json()["jobs"] == []
    edited = await sqlite_stand.send("PATCH", f"/drafts/{draft}", {"script": "By hand, at the limit."}, key=None)
    assert edited.status_code == 200


async def test_of_a_batch_as_many_as_fit_are_made_and_the_rest_is_named(sqlite_stand: Stand) -> None:
    draft = (await opened(sqlite_stand))["id"]
    await sqlite_stand.hold(51)
    asked = {"steps": [{"step": "image", "options": {"count": 3}}], "mode": "fit"}
    begun = (await sqlite_stand.post(f"/drafts/{draft}/generations", asked)).json()
    assert [one["amount"] for one in begun["later"]] == [4]
    assert begun["later"][0]["fits_at"] is not None
    await work(sqlite_stand)
    assets = (await sqlite_stand.get(f"/drafts/{draft}")).json()["steps"]["assets"]
    assert len(assets["scenes"]) == 2
    assert await sqlite_stand.used() == (8, 51)


async def test_a_change_that_makes_finished_steps_stale_asks_first(sqlite_stand: Stand) -> None:
    draft = (await opened(sqlite_stand))["id"]
    await generated(sqlite_stand, draft, {"step": "voiceover"})
    asked = await sqlite_stand.send("PATCH", f"/drafts/{draft}", {"script": "Quite another text."}, key=None)
    problem = asked.json()
    assert (asked.status_code, problem["code"]) == (409, "confirmation_needed")
    assert [one["slot"] for one in problem["impact"]["affected"]] == ["voiceover"]
    assert problem["impact"]["refresh"]["amount"] == 1
    body = {"script": "Quite another text.", "confirm": True}
    agreed = (await sqlite_stand.send("PATCH", f"/drafts/{draft}", body, key=None)).json()
    assert agreed["steps"]["voiceover"]["state"] == "stale"
    assert agreed["refresh"]["amount"] == 1
    back = (await sqlite_stand.send("PATCH", f"/drafts/{draft}", {"script": SCRIPT}, key=None)).json()
    assert back["steps"]["voiceover"]["state"] == "current"
    assert back["refresh"] is None


async def test_a_queued_job_is_cancelled_and_its_hold_given_back(sqlite_stand: Stand) -> None:
    draft = (await opened(sqlite_stand))["id"]
    begun = (await sqlite_stand.post(f"/drafts/{draft}/generations", {"step": "voiceover"})).json()
    ended = await sqlite_stand.send("DELETE", f"/jobs/{begun['job']}", key=None)
    assert (ended.status_code, ended.json()["state"]) == (200, "cancelled")
    assert await sqlite_stand.used() == (0, 0)
    assert (await sqlite_stand.get(f"/holds/{begun['hold']}")).json()["state"] == "released"


async def test_a_preview_costs_nothing(sqlite_stand: Stand) -> None:
    draft = await ready(sqlite_stand)
    before = await sqlite_stand.used()
    begun = (await sqlite_stand.post(f"/drafts/{draft}/previews")).json()
    assert begun["hold"] is None
    await work(sqlite_stand)
    seen = await sqlite_stand.get(f"/jobs/{begun['job']}/preview.mp4")
    assert (seen.status_code, seen.content[4:8]) == (200, b"ftyp")
    assert await sqlite_stand.used() == before
    assert await sqlite_stand.used(meter="video_generations") == (0, 0)


async def test_an_upload_counts_as_storage_until_it_is_removed(sqlite_stand: Stand) -> None:
    answer = await uploaded(sqlite_stand, picture())
    asset = answer.json()
    assert (answer.status_code, asset["kind"], asset["width"], asset["name"]) == (201, "image", 64, "cat.png")
    used, _ = await sqlite_stand.used(meter="storage_bytes")
    assert used == asset["bytes"] > 0
    file = await sqlite_stand.get(f"/assets/{asset['id']}/file")
    assert file.status_code == 200 and file.headers["x-content-type-options"] == "nosniff"
    draft = (await opened(sqlite_stand))["id"]
    added = (await sqlite_stand.send("PATCH", f"/drafts/{draft}", {"add": [asset["id"]]}, key=None)).json()
    shown = added["steps"]["assets"]["scenes"][0]["picture"]["media"]
    assert (await sqlite_stand.http.get(shown["url"], headers=sqlite_stand.caller())).status_code == 200
    removed = await sqlite_stand.send("DELETE", f"/assets/{asset['id']}", key=None)
    assert removed.status_code == 200
    assert await sqlite_stand.used(meter="storage_bytes") == (0, 0)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"not a picture at all", "cat.png"),
        (b"", "empty.png"),
        (b"GIF89a" + b"\0" * 64, "cat.gif"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "../../evil.svg"),
    ],
)
async def test_what_is_no_media_is_refused_and_nothing_is_counted(
    sqlite_stand: Stand, content: bytes, name: str
) -> None:
    answer = await uploaded(sqlite_stand, content, name)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert await sqlite_stand.used(meter="storage_bytes") == (0, 0)


async def test_an_upload_for_which_there_is_no_room_says_so_and_counts_for_nothing(
    sqlite_stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(sink: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(media._Sink, "flush", full)
    answer = await uploaded(sqlite_stand, picture())
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
    assert "The disk of the studio is full" in answer.json()["detail"]
    assert await sqlite_stand.used(meter="storage_bytes") == (0, 0)
    monkeypatch.undo()
    assert (await uploaded(sqlite_stand, picture())).status_code == 201


async def test_an_upload_that_is_no_form_or_has_no_file_says_so(sqlite_stand: Stand) -> None:
    plain = await sqlite_stand.post("/assets", {"file": "x"})
    assert (plain.status_code, plain.json()["code"]) == (415, "unsupported_media")
    empty = await sqlite_stand.send("POST", "/assets", files={"other": ("a.png", picture())})
    assert (empty.status_code, empty.json()["code"]) == (400, "malformed")
    broken = await sqlite_stand.send(
        "POST", "/assets", content=b"--x\r\nrubbish", headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert broken.status_code == 400


async def test_the_things_of_others_do_not_exist(sqlite_stand: Stand) -> None:
    draft = await ready(sqlite_stand)
    asset = (await uploaded(sqlite_stand, picture())).json()["id"]
    job = (await sqlite_stand.get("/jobs")).json()["jobs"][0]["id"]
    media = (await sqlite_stand.get(f"/drafts/{draft}")).json()["steps"]["assets"]["scenes"][0]["picture"]["media"]
    for path in (f"/drafts/{draft}", f"/jobs/{job}", f"/assets/{asset}", f"/assets/{asset}/file"):
        seen = await sqlite_stand.get(path, "bob")
        unknown = await sqlite_stand.get(path.rsplit("-", 1)[0] + "-zz", "bob")
        assert seen.status_code == unknown.status_code == 404
    assert (await sqlite_stand.http.get(media["url"], headers=sqlite_stand.caller("bob"))).status_code == 404
    assert (await sqlite_stand.post(f"/drafts/{draft}/generations", {"step": "script"}, "bob")).status_code == 404
    assert (await sqlite_stand.send("DELETE", f"/drafts/{draft}", name="bob", key=None)).status_code == 404
    theirs = await sqlite_stand.post("/drafts", {"flow": "cinematic"}, "bob")
    added = await sqlite_stand.send("PATCH", f"/drafts/{theirs.json()['id']}", {"add": [asset]}, "bob", key=None)
    assert added.status_code == 404


async def test_lists_are_paged_newest_first(sqlite_stand: Stand) -> None:
    ids = []
    for at in range(5):
        sqlite_stand.clock.advance(1_000)
        ids.append((await opened(sqlite_stand, topic=f"topic {at}"))["id"])
    seen: list[str] = []
    after = ""
    while True:
        page = (await sqlite_stand.get(f"/drafts?limit=2{after}")).json()
        seen += [one["id"] for one in page["drafts"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == ids[::-1]


async def test_providers_and_voices_say_what_there_is(sqlite_stand: Stand) -> None:
    told = (await sqlite_stand.get("/providers")).json()
    embedded = told["providers"][-1]
    assert embedded["name"] == "embedded" and embedded["missing"] is None
    assert {one["kind"] for one in embedded["abilities"]} == set(embedded["default_for"])
    assert "fa" in told["languages"] and len(told["languages"]) >= 10
    voices = (await sqlite_stand.get("/voices?language=de")).json()["voices"]
    assert all(one["language"] == "de" for one in voices) and len(voices) >= 2
    sample = await sqlite_stand.http.get(voices[0]["sample"], headers=sqlite_stand.caller())
    assert sample.content[:4] == b"RIFF"
    assert await sqlite_stand.used() == (0, 0)


async def test_bad_bodies_are_refused_with_what_to_do(sqlite_stand: Stand) -> None:
    draft = (await opened(sqlite_stand))["id"]
    for path, body in (
        ("/drafts", {"flow": "silent"}),
        ("/drafts", {"flow": "narrated", "settings": {"duration_s": 31}}),
        ("/drafts", {"flow": "narrated", "settings": {"language": "xx"}}),
        ("/drafts", {"flow": "cinematic", "script": "No voice."}),
        ("/drafts", {"flow": "narrated", "topic": "t" * 201}),
        (f"/drafts/{draft}/generations", {}),
        (f"/drafts/{draft}/generations", {"step": "script", "stale": True}),
        (f"/drafts/{draft}/generations", {"step": "dance"}),
        (f"/drafts/{draft}/generations", {"step": "animation"}),
        (f"/drafts/{draft}/generations", {"step": "image", "options": {"count": 0}}),
        (f"/drafts/{draft}/generations", {"step": "image", "options": {"provider": "nobody"}}),
        (f"/drafts/{draft}/generations", {"step": "image", "options": {"provider_options": {"style": "ugly"}}}),
        (f"/drafts/{draft}/generations", {"step": "voiceover", "options": {"voice": "de-oskar"}}),
    ):
        answer = await sqlite_stand.post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), (body, answer.text)
        assert len(answer.json()["detail"]) > 10
    assert await sqlite_stand.used() == (0, 0)
    nothing = await sqlite_stand.post(f"/drafts/{draft}/generations", {"stale": True})
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_to_do")
    early = await sqlite_stand.post(f"/drafts/{draft}/renders")
    assert (early.status_code, early.json()["code"]) == (409, "not_ready")
