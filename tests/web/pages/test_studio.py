"""The studio's pages as html: the steps with their states, a price on every AI action, versions, what is stale, lists."""

import io
import json
from typing import Any

import pytest
from PIL import Image
from tests.studio.scripted import Scripted
from tests.support.ledgers import with_factor
from tests.support.sites import Stand
from tests.web.pages.visitors import Read, Visitor, visiting

from reelbot.clock import DAY
from reelbot.providers.registry import Registry
from reelbot.studio import Studio
from reelbot.studio.limits import TOPIC_LENGTH_MAX
from reelbot.web.pages.video import file_name

SCRIPT = "Hello there."


def studio_of(stand: Stand) -> Studio:
    assert stand.site.studio is not None
    return stand.site.studio


async def opened(stand: Stand, **more: Any) -> str:
    body = {"flow": "narrated", "topic": "why cats purr", **more}
    answer = await stand.post("/drafts", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def generated(stand: Stand, draft: str, *steps: Any) -> None:
    answer = await stand.post(f"/drafts/{draft}/generations", {"steps": list(steps)})
    assert answer.status_code == 202, answer.text
    await studio_of(stand).worker.run_all()


async def uploaded(stand: Stand) -> str:
    written = io.BytesIO()
    Image.new("RGB", (64, 96), "teal").save(written, "PNG")
    answer = await stand.send("POST", "/assets", files={"file": ("cat.png", written.getvalue())})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def ready(stand: Stand) -> str:
    """A draft that can be rendered: two words, one picture of one's own."""
    draft = await opened(stand, script=SCRIPT)
    await generated(stand, draft, {"step": "voiceover"})
    asset = await uploaded(stand)
    answer = await stand.send("PATCH", f"/drafts/{draft}", {"add": [asset]}, key=None)
    assert answer.json()["ready"], answer.text
    return draft


async def finished(stand: Stand) -> tuple[str, str]:
    """A video, and the draft that it was."""
    draft = await ready(stand)
    await stand.post(f"/drafts/{draft}/renders")
    await studio_of(stand).worker.run_all()
    return draft, (await stand.get("/videos")).json()["videos"][0]["id"]


def needs(page: Read, makes: str) -> list[str]:
    """What the buttons of an AI action need, as they say it."""
    return [one["data-needs"] or "" for one in page.all("button", **{"data-makes": makes})]


def shown_panel(page: Read) -> list[str]:
    panels = [one for one in page.all("section") if "data-panel" in one]
    return [one["data-panel"] or "" for one in panels if "hidden" not in one]


async def test_a_new_draft_is_begun_from_the_studio_and_a_double_click_begins_one(ada: Visitor) -> None:
    page = await ada.read("/studio")
    key = page.hidden("key")
    first = await ada.send("/studio", topic="why cats purr", flow="narrated", key=key)
    second = await ada.send("/studio", topic="why cats purr", flow="narrated", key=key)
    assert first.status_code == 303 and first.headers["location"] == second.headers["location"]
    assert len((await ada.stand.get("/drafts")).json()["drafts"]) == 1
    listed = await ada.read("/studio")
    assert "why cats purr" in listed.text and "Topic : Done" in listed.text


async def test_a_topic_that_is_too_long_leads_back_to_the_studio_with_the_reason(ada: Visitor) -> None:
    told = await ada.sent("/studio", topic="t" * 201, flow="narrated")
    assert "at most 200 characters" in told and "A new video" in told


async def test_every_step_has_its_address_and_its_state_in_words(ada: Visitor) -> None:
    draft = await opened(ada.stand)
    page = await ada.read(f"/studio/{draft}")
    assert shown_panel(page) == ["topic"]
    assert "Topic Done" in page.text and "Script To do" in page.text and "Review & Generate Not ready" in page.text
    for step in ("script", "voiceover", "assets", "review"):
        at_step = await ada.read(f"/studio/{draft}/{step}")
        assert shown_panel(at_step) == [step]
        assert [one["href"] for one in at_step.all("a", **{"aria-current": "step"})] == [f"/studio/{draft}/{step}"]


async def test_a_cinematic_draft_has_three_steps_and_no_script(ada: Visitor) -> None:
    draft = await opened(ada.stand, flow="cinematic")
    page = await ada.read(f"/studio/{draft}")
    assert [one["data-panel"] for one in page.all("section") if "data-panel" in one] == ["topic", "assets", "review"]
    assert page.all("textarea", id="script") == []
    assert (await ada.get(f"/studio/{draft}/script")).headers["location"] == f"/studio/{draft}"


async def test_every_ai_action_bears_the_price_that_the_server_would_charge(ada: Visitor) -> None:
    draft = await opened(ada.stand, script=SCRIPT)
    page = await ada.read(f"/studio/{draft}")
    assert needs(page, "topic") == ["ai_credits:1"]
    assert needs(page, "title") == ["ai_credits:1"]
    assert needs(page, "rewrite") == ["ai_credits:1"]
    assert needs(page, "step")[:2] == ["ai_credits:2", "ai_credits:1"]
    assert needs(page, "image") == ["ai_credits:20"], "five pictures are proposed for 30 s"
    assert needs(page, "music") == ["ai_credits:5"]
    assert any("data-render" in one and one["data-needs"] == "video_generations:1" for one in page.all("button"))


async def test_what_is_at_work_cannot_be_asked_for_again_before_it_is_done(ada: Visitor) -> None:
    draft = await opened(ada.stand)

    async def pressable() -> dict[str, bool]:
        page = await ada.read(f"/studio/{draft}")
        buttons = page.all("button", **{"data-makes": "step"})
        return {str(one["data-body"]): one.get("aria-disabled") != "true" for one in buttons}

    writing, speaking = '{"step": "script"}', '{"step": "voiceover"}'
    assert (await pressable())[writing]
    assert not (await pressable())[speaking], "there is nothing to speak yet"
    await ada.stand.post(f"/drafts/{draft}/generations", {"step": "script"})
    assert not (await pressable())[writing]
    await studio_of(ada.stand).worker.run_all()
    assert all((await pressable()).values())


async def test_what_is_at_work_is_told_in_words_that_people_use(ada: Visitor) -> None:
    draft = await opened(ada.stand, script=SCRIPT)
    steps = [{"step": "topic", "options": {"keywords": "cats"}}, {"step": "image", "options": {"count": 3}}]
    await ada.stand.post(f"/drafts/{draft}/generations", {"steps": [*steps, {"step": "music"}]})
    for path in ("/", f"/studio/{draft}"):
        assert "Topic ideas, 3 pictures and music" in (await ada.read(path)).text, path
    assert "picture:" not in (await ada.get("/")).text
    assert "why cats purr" in (await ada.read("/")).text


@pytest.mark.parametrize("path", ["/", "/studio"])
async def test_a_field_for_a_topic_takes_no_more_than_a_topic_may_have(ada: Visitor, path: str) -> None:
    assert [one["maxlength"] for one in (await ada.read(path)).all("input", name="topic")] == [str(TOPIC_LENGTH_MAX)]


async def test_the_whole_video_has_one_price_and_asks_for_what_is_missing(ada: Visitor) -> None:
    draft = await opened(ada.stand)
    page = await ada.read(f"/studio/{draft}")
    button = page.all("button", **{"data-makes": "whole"})[0]
    asked = json.loads(button["data-body"] or "")
    quote = (await ada.stand.post(f"/drafts/{draft}/quotes", asked)).json()
    assert [step["step"] for step in asked["steps"]] == ["script", "voiceover", "image", "music"]
    credits_, videos = quote["totals"]["ai_credits"], quote["totals"]["video_generations"]
    assert button["data-needs"] == f"ai_credits:{credits_} video_generations:{videos}"


async def test_what_was_made_before_is_said_to_be_already_made(ada: Visitor) -> None:
    draft = await opened(ada.stand)
    await generated(ada.stand, draft, {"step": "script"})
    await ada.stand.send("PATCH", f"/drafts/{draft}", {"script": SCRIPT}, key=None)
    page = await ada.read(f"/studio/{draft}/script")
    assert "Write it again already made" in page.text
    assert needs(page, "step")[0] == "ai_credits:0"


async def test_what_no_longer_matches_is_listed_with_why_and_its_price(ada: Visitor) -> None:
    draft = await ready(ada.stand)
    body = {"script": "Quite another text.", "confirm": True}
    await ada.stand.send("PATCH", f"/drafts/{draft}", body, key=None)
    page = await ada.read(f"/studio/{draft}/voiceover")
    assert "Voiceover No longer matches" in page.text
    assert "The script has changed since it was made." in page.text
    assert needs(page, "refresh") == ["ai_credits:1"] * 2, "beside the steps, and at the review"


async def test_versions_can_be_chosen_and_the_one_in_use_is_named(ada: Visitor) -> None:
    draft = await opened(ada.stand)
    await generated(ada.stand, draft, {"step": "script"})
    await generated(ada.stand, draft, {"step": "script"})
    page = await ada.read(f"/studio/{draft}/script")
    choices = [json.loads(one["data-choose"] or "") for one in page.all("button") if "data-choose" in one]
    shown = (await ada.stand.get(f"/drafts/{draft}")).json()["steps"]["script"]
    older = next(one["version"] for one in shown["versions"] if not one["current"])
    assert {"slot": "script", "version": older, "scene": None} in choices
    assert "In use" in page.text


async def test_a_draft_that_is_rendered_is_locked_and_its_progress_stands_on_the_page(ada: Visitor) -> None:
    draft = await ready(ada.stand)
    begun = (await ada.stand.post(f"/drafts/{draft}/renders")).json()
    page = await ada.read(f"/studio/{draft}/review")
    assert page.all("div", id="draft")[0].get("data-locked") is None and "data-locked" in page.all("div", id="draft")[0]
    assert [one["data-cancel"] for one in page.all("button") if "data-cancel" in one] == [begun["job"]]
    assert "Review & Generate In progress" in page.text and "Your video is being made" in page.text
    await ada.stand.send("DELETE", f"/jobs/{begun['job']}", key=None)
    assert "data-locked" not in (await ada.read(f"/studio/{draft}/review")).all("div", id="draft")[0]


async def test_a_finished_draft_leads_to_its_video_with_a_player_and_all_files(ada: Visitor) -> None:
    draft, video = await finished(ada.stand)
    away = await ada.get(f"/studio/{draft}/review")
    assert (away.status_code, away.headers["location"]) == (303, f"/videos/{video}")
    page = await ada.read(f"/videos/{video}?made=1")
    files = {one["download"]: one["href"] for one in page.all("a") if "download" in one}
    assert set(files) >= {"why-cats-purr.mp4", "why-cats-purr.srt", "why-cats-purr.vtt", "why-cats-purr.jpg"}
    assert page.all("track")[0]["kind"] == "captions"
    assert "Captions for video editors" in page.text and "Captions for the web" in page.text
    assert files["why-cats-purr.txt"] == f"/api/v1/videos/{video}/script.txt"
    post = await ada.send("/publish/posts", video=page.hidden("video"), key=page.hidden("key"))
    assert "/publish/posts/" in post.headers["location"]
    assert "Your video is finished" in page.text
    listed = await ada.read("/videos")
    assert [one["href"] for one in listed.all("a", **{"class": "video-card"})] == [f"/videos/{video}"]


async def test_the_script_of_a_video_is_text_to_be_saved_and_only_its_owners(ada: Visitor) -> None:
    _, video = await finished(ada.stand)
    path = f"/videos/{video}/script.txt"
    answer = await ada.stand.get(path)
    assert (answer.status_code, answer.text) == (200, SCRIPT)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="script.txt"'
    captions = await ada.stand.get(f"/videos/{video}/captions.srt")
    for field in ("cache-control", "x-content-type-options", "content-security-policy"):
        assert answer.headers[field] == captions.headers[field]
    assert (await ada.stand.get(path, "bob")).status_code == 404
    described = (await ada.stand.get("/openapi.json")).json()["paths"]["/api/v1/videos/{id}/script.txt"]["get"]
    assert set(described["responses"]) >= {"200", "404"}


async def test_a_video_without_a_script_has_no_script_to_save(ada: Visitor) -> None:
    draft = await opened(ada.stand, flow="cinematic")
    await ada.stand.send("PATCH", f"/drafts/{draft}", {"add": [await uploaded(ada.stand)]}, key=None)
    await ada.stand.post(f"/drafts/{draft}/renders")
    await studio_of(ada.stand).worker.run_all()
    video = (await ada.stand.get("/videos")).json()["videos"][0]
    refused = await ada.stand.get(f"/videos/{video['id']}/script.txt")
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert "script" not in video["files"]
    page = await ada.read(f"/videos/{video['id']}")
    assert page.all("track") == [] and "Captions for the web" not in page.text


async def test_the_library_lists_files_with_their_size_and_the_storage_meter(ada: Visitor) -> None:
    asset = await uploaded(ada.stand)
    page = await ada.read("/assets")
    assert "cat.png" in page.text and "64 × 96" in page.text
    assert [one["data-remove"] for one in page.all("button") if "data-remove" in one] == [asset]
    assert any(one.get("id") == "slim-storage_bytes" for one in page.all("rb-meter"))


async def test_empty_pages_say_what_to_do(ada: Visitor) -> None:
    assert "No drafts" in (await ada.read("/studio")).text
    assert "No videos yet" in (await ada.read("/videos")).text
    assert "Nothing here yet" in (await ada.read("/assets")).text


async def test_lists_go_on_to_older_things(ada: Visitor) -> None:
    for at in range(26):
        ada.stand.clock.advance(1_000)
        await opened(ada.stand, topic=f"topic number {at}")
    first = await ada.read("/studio")
    older = next(one["href"] or "" for one in first.all("a") if "after=" in (one["href"] or ""))
    assert "topic number 25" in first.text and "topic number 1 " not in first.text
    assert "topic number 1 " in (await ada.read(older)).text
    assert "topic number 25" in (await ada.read("/studio?after=nonsense")).text


async def test_what_was_made_in_another_year_is_told_with_its_year(ada: Visitor) -> None:
    await opened(ada.stand)
    assert "changed Sun 1 Mar, 13:00" in (await ada.read("/studio")).text
    ada.stand.time.advance(310 * DAY)
    await ada.sign_in()
    assert "changed Sun 1 Mar 2026, 13:00" in (await ada.read("/studio")).text


async def test_drafts_and_videos_of_others_are_not_there(ada: Visitor) -> None:
    draft = await ready(ada.stand)
    async with visiting(ada.stand) as bob:
        await bob.sign_in("bob")
        for path in (f"/studio/{draft}", "/studio/draft_0-1-zz"):
            assert (await bob.get(path)).headers["location"] == "/studio"
        assert (await bob.get("/videos/video_0-1-zz")).status_code == 404
        assert "cat.png" not in (await bob.read("/assets")).text


async def test_what_people_type_stands_on_the_page_as_text(ada: Visitor) -> None:
    evil = "<img src=x onerror=alert(1)>\"'"
    draft = await opened(ada.stand, topic=evil, script=evil)
    for path in ("/studio", f"/studio/{draft}/topic"):
        answer = await ada.get(path)
        assert "<img src=x" not in answer.text and evil in Read(answer.text).text


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Why cats purr?", "Why-cats-purr"),
        ("../../etc/passwd", "etc-passwd"),
        ("猫が鳴く", "猫が鳴く"),
        ("...", "video"),
    ],
)
def test_a_title_becomes_the_name_of_a_file_on_any_system(title: str, name: str) -> None:
    assert file_name(title) == name


async def test_who_makes_a_step_is_offered_where_there_is_a_choice_and_the_price_follows_it(ada: Visitor) -> None:
    draft, studio = await opened(ada.stand), studio_of(ada.stand)
    alone = await ada.read(f"/studio/{draft}/script")
    assert alone.all("select", **{"data-maker": "script"}) == [] and "Made by Embedded: template text" in alone.text
    Registry.__init__(studio.registry, [Scripted(kinds=["script"]), *studio.registry])
    ada.stand.ledger.terms = with_factor(ada.stand.ledger.terms, "scripted", 300)
    page = await ada.read(f"/studio/{draft}/script")
    assert len(page.all("select", **{"data-maker": "script"})) == 1
    assert needs(page, "step")[0] == "ai_credits:6", "asked first, it is the default, at three times the price"
    change = {"settings": {"providers": {"script": "embedded"}}}
    await ada.stand.send("PATCH", f"/drafts/{draft}", change, key=None)
    assert needs(await ada.read(f"/studio/{draft}/script"), "step")[0] == "ai_credits:2"


async def test_options_of_providers_become_fields_and_are_checked_where_they_are_saved(ada: Visitor) -> None:
    draft = await ready(ada.stand)
    page = await ada.read(f"/studio/{draft}/assets")
    assert [one["data-option-kind"] for one in page.all("select", **{"data-option": "style"})] == ["image"]
    lively = page.all("input", **{"data-option": "liveliness"})[0]
    assert (lively["value"], lively["min"], lively["max"]) == ("1.0", "0.25", "2.0")
    for chosen, where in [({"liveliness": 9}, "provider_options.liveliness"), ({"mood": 1}, "provider_options")]:
        change = {"settings": {"provider_options": {"animation": {"embedded": chosen}}}}
        refused = await ada.stand.send("PATCH", f"/drafts/{draft}", change, key=None)
        assert (refused.status_code, refused.json()["where"]) == (400, where), refused.text


async def test_saved_options_count_for_what_is_made_and_another_voice_provider_speaks_with_its_own(
    ada: Visitor,
) -> None:
    draft, studio = await opened(ada.stand, script=SCRIPT), studio_of(ada.stand)
    voice = studio.registry.provider("embedded").voices("en")[1].id
    options = {"image": {"embedded": {"style": "waves"}}}
    change = {"settings": {"voice": voice, "provider_options": options}}
    assert (await ada.stand.send("PATCH", f"/drafts/{draft}", change, key=None)).status_code == 200
    begun = (await ada.stand.post(f"/drafts/{draft}/generations", {"step": "image"})).json()
    job = await studio.job(ada.stand.accounts["ada"], begun["job"])
    assert job.request.tasks[0].work.options == {"style": "waves"}
    Registry.__init__(studio.registry, [*studio.registry, Scripted(kinds=["voiceover"])])
    spoken = {"settings": {"providers": {"voiceover": "scripted"}}}
    settings = (await ada.stand.send("PATCH", f"/drafts/{draft}", spoken, key=None)).json()["settings"]
    assert settings["voice"] == "" and settings["provider_options"] == options
