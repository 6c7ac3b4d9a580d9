"""`/api/v1/channels`, `/posts`, the kit and `/presets` by HTTP, and every no on the way."""

import io
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from tests.support.sites import Listener, Stand, filmed

from reelbot.ids import place_of
from reelbot.publish import Publishing

FILES = {"video.mp4", "thumbnail.jpg", "captions.srt", "captions.vtt", "post.txt"}


def publishing_of(stand: Stand) -> Publishing:
    assert stand.site.publishing is not None
    return stand.site.publishing


async def connected(stand: Stand, name: str = "ada") -> str:
    answer = await stand.post("/channels", {"platform": "folder", "name": "Drop"}, name)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def work(stand: Stand) -> None:
    await publishing_of(stand).worker.run_all()


async def test_a_video_is_published_to_a_folder_and_counts_once(sqlite_stand: Stand) -> None:
    stand = sqlite_stand
    video, channel = await filmed(stand), await connected(stand)
    assert await stand.used(meter="channels") == (1, 0)
    sent = await stand.post(f"/videos/{video}/posts", {"channel": channel, "title": "Cats"}, key="k")
    assert sent.status_code == 202 and set(sent.json()) == {"post", "hold"}
    assert await stand.used(meter="posts") == (0, 1)
    assert (await stand.get(f"/holds/{sent.json()['hold']}")).json()["state"] == "open"
    await work(stand)
    post = (await stand.get(f"/posts/{sent.json()['post']}")).json()
    assert (post["state"], post["title"], post["hashtags"]) == ("published", "Cats", ["cats"])
    assert post["delivered"]["id"] == post["id"]
    again = await stand.post(f"/videos/{video}/posts", {"channel": channel, "title": "Cats"}, key="k")
    assert (again.status_code, again.json()) == (202, sent.json())
    assert again.headers["idempotency-replayed"] == "true"
    other = await stand.post(f"/videos/{video}/posts", {"channel": channel, "title": "Dogs"}, key="k")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    await work(stand)
    assert await stand.used(meter="posts") == (1, 0)
    assert await stand.used() == (0, 0)


async def test_a_draft_of_a_post_is_written_changed_published_and_listed(sqlite_stand: Stand) -> None:
    stand = sqlite_stand
    video = await filmed(stand)
    opened = await stand.post("/posts", {"video": video})
    assert (opened.status_code, opened.json()["state"], opened.json()["description"]) == (201, "draft", "They like it.")
    id = opened.json()["id"]
    early = await stand.post(f"/posts/{id}/publication")
    assert (early.status_code, early.json()["code"]) == (409, "not_ready")
    channel = await connected(stand)
    changed = await stand.send("PATCH", f"/posts/{id}", {"channel": channel, "hashtags": ["#a", "b"]}, key=None)
    assert (changed.json()["channel"], changed.json()["hashtags"]) == (channel, ["a", "b"])
    assert (await stand.post(f"/posts/{id}/publication", key=None)).json()["where"] == "Idempotency-Key"
    assert (await stand.post(f"/posts/{id}/publication")).status_code == 202
    late = await stand.send("PATCH", f"/posts/{id}", {"title": "Late"}, key=None)
    assert (late.status_code, late.json()["code"]) == (409, "post_locked")
    assert (await stand.send("DELETE", f"/posts/{id}", key=None)).json()["code"] == "post_locked"
    await work(stand)
    await stand.post("/posts", {"video": video})
    first = (await stand.get("/posts?limit=1")).json()
    second = (await stand.get(f"/posts?limit=1&after={first['next']}")).json()
    assert {first["posts"][0]["state"], second["posts"][0]["state"]} == {"draft", "published"}
    assert second["next"] is None
    assert (await stand.send("DELETE", f"/posts/{id}", key=None)).json() == {"removed": id}
    assert (await stand.get(f"/posts/{id}")).status_code == 404


async def test_the_post_that_a_hold_is_for_is_found(sqlite_stand: Stand) -> None:
    stand = sqlite_stand
    video, channel = await filmed(stand), await connected(stand)
    sent = (await stand.post(f"/videos/{video}/posts", {"channel": channel, "title": "Cats"})).json()
    place = place_of(sent["hold"])
    assert place is not None
    publishing = publishing_of(stand)
    found = await publishing.posts_of(stand.accounts["ada"], [1, place.seq, 99])
    assert {hold: (post.id, post.words.title) for hold, post in found.items()} == {place.seq: (sent["post"], "Cats")}
    assert await publishing.posts_of(stand.accounts["bob"], [place.seq]) == {}
    assert await publishing.posts_of(stand.accounts["ada"], []) == {}


async def test_at_the_limit_publishing_is_refused_with_all_figures(sqlite_stand: Stand) -> None:
    stand = sqlite_stand
    video, channel = await filmed(stand), await connected(stand)
    await stand.hold(5, "posts")
    refused = await stand.post(f"/videos/{video}/posts", {"channel": channel})
    told = refused.json()
    assert (refused.status_code, told["code"], told["meter"], told["remaining"]) == (
        402,
        "allowance_exhausted",
        "posts",
        0,
    )
    assert "drafts of posts" in told["still_works"]
    assert (await stand.post("/posts", {"video": video})).status_code == 201
    full = await stand.post("/channels", {"platform": "folder"})
    assert (full.status_code, full.json()["meter"], full.json()["resets_at"]) == (402, "channels", None)
    assert (await stand.send("DELETE", f"/channels/{channel}", key=None)).json() == {"removed": channel}
    assert (await stand.post("/channels", {"platform": "folder"})).status_code == 201


async def test_the_kit_is_a_zip_to_be_saved(sqlite_stand: Stand) -> None:
    stand = sqlite_stand
    video = await filmed(stand, title='Ünder "the" /sea/')
    kit = await stand.get(f"/videos/{video}/kit.zip")
    assert (kit.status_code, kit.headers["content-type"]) == (200, "application/zip")
    assert "filename*=utf-8''%C3%9Cnder%20the%20sea.zip" in kit.headers["content-disposition"]
    with ZipFile(io.BytesIO(kit.content)) as archive:
        assert set(archive.namelist()) == FILES
        assert archive.read("post.txt").decode() == 'Ünder "the" /sea/\n\nThey like it.\n\n#cats\n'
    post = (await stand.post("/posts", {"video": video, "title": "Mine"})).json()["id"]
    worded = await stand.get(f"/videos/{video}/kit.zip?post={post}")
    with ZipFile(io.BytesIO(worded.content)) as archive:
        assert archive.read("post.txt").startswith(b"Mine\n")
    head = await stand.http.head(f"/api/v1/videos/{video}/kit.zip", headers=stand.caller())
    assert (head.status_code, head.content) == (200, b"")
    assert await stand.used(meter="posts") == (0, 0)


async def test_a_creator_may_not_name_a_folder_of_the_server(sqlite_stand: Stand, tmp_path: Path) -> None:
    asked = {"platform": "folder", "path": str(tmp_path)}
    refused = await sqlite_stand.post("/channels", asked)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert await sqlite_stand.used(meter="channels") == (0, 0)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/posts/{post}", None),
        ("PATCH", "/posts/{post}", {"title": "Mine"}),
        ("DELETE", "/posts/{post}", None),
        ("POST", "/posts/{post}/publication", None),
        ("POST", "/videos/{video}/posts", {"channel": "channel_0-1-1"}),
        ("GET", "/videos/{video}/kit.zip", None),
        ("DELETE", "/channels/{channel}", None),
        ("DELETE", "/presets/{preset}", None),
    ],
)
async def test_what_is_anothers_is_as_if_it_were_not_there(
    sqlite_stand: Stand, method: str, path: str, body: Any
) -> None:
    stand = sqlite_stand
    video, channel = await filmed(stand), await connected(stand)
    post = (await stand.post("/posts", {"video": video, "channel": channel})).json()["id"]
    preset = (await stand.post("/presets", {"name": "Look", "brand": {}})).json()["id"]
    named = path.format(post=post, video=video, channel=channel, preset=preset)
    answer = await stand.send(method, named, body, name="bob")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert await stand.used("bob", "posts") == (0, 0)


async def test_a_post_is_told_of_on_the_live_stream(sqlite_stand: Stand) -> None:
    stand = sqlite_stand
    video, channel = await filmed(stand), await connected(stand)
    async with Listener(stand.app, stand.keys["ada"]) as listener:
        sent = (await stand.post(f"/videos/{video}/posts", {"channel": channel})).json()
        await work(stand)
        await listener.until(lambda: any((one.data or {}).get("state") == "published" for one in listener.told))
        posts = [one.data for one in listener.told if one.event == "post"]
        assert posts == [
            {"id": sent["post"], "state": state, "removed": False} for state in ("queued", "publishing", "published")
        ]


async def test_presets_are_kept_listed_and_applied_by_changing_a_draft(sqlite_stand: Stand) -> None:
    stand = sqlite_stand
    brand = {"text_colour": "#112233", "corner": "bottom-left", "logo": None}
    kept = await stand.post("/presets", {"name": " My\nlook ", "brand": brand}, key="k")
    assert (kept.status_code, kept.json()["name"], kept.json()["settings"]) == (201, "My look", brand)
    again = await stand.post("/presets", {"name": " My\nlook ", "brand": brand}, key="k")
    assert (again.json()["id"], again.headers["idempotency-replayed"]) == (kept.json()["id"], "true")
    reused = await stand.post("/presets", {"name": "Other", "brand": brand}, key="k")
    assert (reused.status_code, reused.json()["code"]) == (422, "key_reused")
    await stand.post("/presets", {"name": "Short", "template": {"duration_s": 15, "tone": "humorous"}})
    listed = (await stand.get("/presets")).json()["presets"]
    assert {(one["kind"], one["name"]) for one in listed} == {("brand", "My look"), ("template", "Short")}
    draft = (await stand.post("/drafts", {"flow": "narrated"})).json()["id"]
    for preset in listed:
        changed = await stand.send("PATCH", f"/drafts/{draft}", {"settings": preset["settings"]}, key=None)
        assert changed.status_code == 200, changed.text
    settings = changed.json()["settings"]
    assert (settings["text_colour"], settings["corner"], settings["duration_s"]) == ("#112233", "bottom-left", 15)
    assert (await stand.send("DELETE", f"/presets/{listed[0]['id']}", key=None)).status_code == 200
    assert len((await stand.get("/presets")).json()["presets"]) == 1
    assert await stand.used() == (0, 0)


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "Both", "template": {}, "brand": {}},
        {"name": "Neither"},
        {"name": "", "brand": {}},
        {"name": "Loud", "brand": {"tone": "casual"}},
        {"name": "Red", "brand": {"text_colour": "red"}},
    ],
)
async def test_a_preset_that_cannot_be_meant_is_refused(sqlite_stand: Stand, asked: Any) -> None:
    refused = await sqlite_stand.post("/presets", asked)
    assert (refused.status_code, refused.json()["code"]) == (400, "malformed")


async def test_presets_are_bounded(sqlite_stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reelbot.studio.library.presets.PRESETS_MAX", 1)
    assert (await sqlite_stand.post("/presets", {"name": "One", "brand": {}})).status_code == 201
    refused = await sqlite_stand.post("/presets", {"name": "Two", "brand": {}})
    assert refused.json()["detail"].startswith("An account has at most 1 presets")


@pytest.mark.parametrize("path", ["/channels", "/posts", "/presets", "/videos/video_0-1-1/kit.zip"])
async def test_a_server_that_keeps_its_ledger_in_memory_publishes_nothing(stand: Stand, path: str) -> None:
    answer = await stand.get(path)
    kept = stand.site.database is not None and "kit" not in path
    assert answer.status_code == (200 if kept else 404)
