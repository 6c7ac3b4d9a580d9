"""Publishing and presets without scripts: connect, write, send, download; colours and settings to be applied."""

from tests.support.sites import Stand, filmed
from tests.web.api.test_posts import publishing_of, work
from tests.web.pages.visitors import Visitor, make_operator, visiting


async def test_an_empty_page_says_what_will_be_there_and_shows_both_limits(ada: Visitor) -> None:
    page = await ada.read("/publish")
    assert "No posts yet" in page.text and "No finished videos" in page.text
    meters = [one["data-meter"] for one in page.all("rb-meter") if "card" in (one["class"] or "")]
    assert meters == ["posts", "channels"]
    assert [one["href"] for one in page.all("a") if one.get("aria-current")] == ["/publish"]


async def test_a_channel_is_connected_and_removed(ada: Visitor) -> None:
    told = await ada.sent("/publish/channels", platform="folder", name="Drop", path="")
    assert "Drop is connected." in told and "publish/" in told
    assert await ada.stand.used(meter="channels") == (1, 0)
    full = await ada.sent("/publish/channels", platform="folder", name="Second")
    assert "channels" in full
    (channel,) = (await ada.stand.get("/channels")).json()["channels"]
    assert "Drop was removed" in await ada.sent(f"/publish/channels/{channel['id']}/removal")
    assert await ada.stand.used(meter="channels") == (0, 0)


async def test_a_post_is_written_saved_published_and_removed(ada: Visitor) -> None:
    video = await filmed(ada.stand)
    await ada.sent("/publish/channels", platform="folder", name="Drop")
    opened = await ada.send("/publish/posts", video=video, key="k")
    path = opened.headers["location"]
    again = await ada.send("/publish/posts", video=video, key="k")
    assert again.headers["location"] == path
    page = await ada.read(path)
    assert page.all("input", name="title")[0]["value"] == "Why cats purr"
    assert f"/api/v1/videos/{video}/kit.zip?post=" in str(page.all("a"))
    (channel,) = (await ada.stand.get("/channels")).json()["channels"]
    written = {"title": "Cats", "description": "One\r\nTwo", "hashtags": "#a, b", "channel": channel["id"]}
    assert "Saved." in await ada.sent(path, do="save", **written)
    assert await ada.stand.used(meter="posts") == (0, 0)
    assert "on its way" in await ada.sent(path, do="publish", key="p", **written)
    assert await ada.stand.used(meter="posts") == (0, 1)
    assert "This post is being published" in await ada.sent(path, do="publish", key="p", **written)
    await work(ada.stand)
    shown = await ada.read(path)
    assert "Published in Drop" in shown.text and not shown.all("textarea")
    assert "In Drop" in (await ada.read("/publish")).text
    (post,) = (await ada.stand.get("/posts")).json()["posts"]
    assert (post["description"], post["hashtags"]) == ("One\nTwo", ["a", "b"])
    assert "removed from this list" in await ada.sent(f"{path}/removal")
    assert await ada.stand.used(meter="posts") == (1, 0)


async def test_a_post_without_a_channel_says_so_and_keeps_what_was_written(ada: Visitor) -> None:
    opened = await ada.send("/publish/posts", video=await filmed(ada.stand))
    path = opened.headers["location"]
    told = await ada.sent(
        path, do="publish", title="<script>alert(1)</script>", description="", hashtags="", channel=""
    )
    assert "Choose the channel" in told
    text = (await ada.get(path)).text
    assert "<script>alert" not in text and "&lt;script&gt;alert" in text


async def test_only_an_operator_is_asked_for_a_folder_of_the_server(ada: Visitor) -> None:
    assert not (await ada.read("/publish")).all("input", name="path")
    await make_operator(ada.stand)
    async with visiting(ada.stand) as operator:
        await operator.sign_in()
        assert (await operator.read("/publish")).all("input", name="path")


async def test_anothers_post_is_not_there(ada: Visitor) -> None:
    opened = await ada.send("/publish/posts", video=await filmed(ada.stand))
    async with visiting(ada.stand) as bob:
        await bob.sign_in("bob")
        assert (await bob.get(opened.headers["location"])).status_code == 404
        assert "Why cats purr" not in (await bob.read("/publish")).text


async def test_brands_and_templates_are_kept_and_removed(ada: Visitor) -> None:
    await ada.stand.post("/drafts", {"flow": "narrated", "topic": "tides"})
    colours = {"text_colour": "#112233", "accent_colour": "#445566", "outline_colour": "#778899"}
    told = await ada.sent("/presets/brands", name="House", corner="top-left", logo="", **colours)
    assert "House is kept." in told and "Corner: top-left" in told
    told = await ada.sent("/presets/templates", name="Short", duration_s="15", tone="", language="de")
    assert "Duration: 15" in told and "Language: de" in told
    page = await ada.read("/presets")
    assert {one["data-name"] for one in page.all("form") if one.get("data-settings")} == {"House", "Short"}
    for preset in (await ada.stand.get("/presets")).json()["presets"]:
        assert "It was removed." in await ada.sent(f"/presets/{preset['id']}/removal")
    assert "None yet." in (await ada.read("/presets")).text


async def test_a_preset_that_says_nothing_is_refused_in_words(ada: Visitor) -> None:
    assert "Choose at least one setting" in await ada.sent("/presets/templates", name="Empty", duration_s="")
    assert "give it a name" in await ada.sent("/presets/templates", name="", duration_s="15")
    assert "give it a name" in await ada.sent("/presets/brands", name="Red", corner="top-left", text_colour="red")


async def test_platforms_on_the_page_are_those_that_there_are(ada: Visitor) -> None:
    page, stand = await ada.read("/publish"), ada.stand
    assert isinstance(stand, Stand)
    assert [one["value"] for one in page.all("option")] == list(publishing_of(stand).platforms)
