"""A post whose platform this server no longer has ends, says so, and gives its place back."""

from pathlib import Path

from tests.publish.stage import publish_staged
from tests.support.clock import FakeClock

from reelbot.clock import HOUR
from reelbot.publish import open_publishing
from reelbot.publish.platforms import platforms_in
from reelbot.publish.platforms.port import PlatformFailure


async def test_a_post_whose_platform_is_gone_ends_and_gives_back(
    emptied_url: str, tmp_path: Path, clock: FakeClock
) -> None:
    async with publish_staged(emptied_url, tmp_path, clock) as stage:
        channel = await stage.connect()
        stage.platform.before.append(PlatformFailure("slow", "Not now.", is_retryable=True))
        tried = await stage.send(channel)
        await stage.work()
        never = await stage.send(channel)
        assert await stage.posts() == (0, 2)
        clock.advance(HOUR)
        rooms = (stage.stage.room.store.database, stage.ledger, stage.ledger.events, clock)
        platforms = platforms_in(tmp_path)
        async with open_publishing(*rooms, tmp_path, stage.stage.studio, platforms=platforms) as publishing:
            await publishing.worker.run_all()
        for sent in (tried, never):
            post = await stage.post(sent)
            assert (post.state, post.failure and post.failure.code) == ("failed", "no_platform")
        assert await stage.posts() == (0, 0)
