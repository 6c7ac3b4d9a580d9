"""`reelbot make`: from a topic to a finished MP4, with the quote first, progress on the way and the receipt last.

Everything goes the way that the API goes: a draft, one decision of the ledger for all AI actions and the render, a job.
The worker is in this process, so no server need run; one that does may take the work, which comes to the same.
"""

import asyncio
import secrets
import shutil
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import click
import msgspec
import uvloop
from rich.console import RenderableType
from rich.progress import Progress

from reelbot.allowance import AccountRef, Line, Usage
from reelbot.cli.account_choice import account_chosen
from reelbot.cli.bootstrap import first_account
from reelbot.cli.call import Invocation, configured
from reelbot.cli.make_request import Wanted, draft_of, generation_of, target_of, topics_in
from reelbot.cli.make_views import Made, Screen, Watch, bars, document
from reelbot.cli.studio import studio_of
from reelbot.cli.terminal import printed
from reelbot.errors import Failure
from reelbot.studio import Job, KeptVideo, Studio, StudioRefused
from reelbot.wiring import Parts, wired

LOOK_SECONDS = 0.2
"""How often the progress on the screen is brought up to date."""


@click.command()
@click.argument("topic", required=False)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The MP4 to write; with --topics, a folder.")
@click.option("--topics", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A file, a topic a line.")
@click.option("--flow", type=click.Choice(["narrated", "cinematic"]), default="narrated", show_default=True)
@click.option("--duration", type=click.Choice(["15", "30", "45", "60"]), default="30", show_default=True)
@click.option("--tone", type=click.Choice(["professional", "casual", "humorous", "inspirational", "educational"]))
@click.option("--aspect", type=click.Choice(["9:16", "1:1", "16:9"]))
@click.option("--captions", type=click.Choice(["small", "medium", "large"]), help="The size of the captions.")
@click.option("--language", metavar="CODE", help="The content language, such as en or fa.")
@click.option("--voice", metavar="ID", help="A voice of that language.")
@click.option("--images", type=click.IntRange(1, 20), help="How many pictures; one for every 6 s by default.")
@click.option("--music/--no-music", default=True, show_default=True)
@click.option("--account", metavar="NAME", help="Whose AI credits; may be left out when there is one account.")
@click.option("--quote", "quote_only", is_flag=True, help="Only say what it would cost.")
@configured
def make(call: Invocation, /, topic: str | None, **options: Any) -> None:
    """Make a video of TOPIC, or of each topic in a file: script, voiceover, pictures, music, and the finished MP4.

    Needs no keys, no network and no server. The quote comes first, the receipt last; Ctrl-C cancels.
    """
    if (topic is None) == (options["topics"] is None):
        raise click.UsageError("Name one topic, or a file of them with --topics.")
    uvloop.run(_make(call, [topic] if topic is not None else topics_in(options["topics"]), options))


async def _make(call: Invocation, topics: Sequence[str], options: dict[str, Any]) -> None:
    async with wired(call.config, create=True, sweeps=True) as parts:
        await first_account(parts)
        account = await account_chosen(parts, options["account"])
        async with studio_of(parts, max(call.config.jobs, 1)) as studio:
            await _Making(call, parts, studio, account).make(topics, options)


class _Making:
    """One call of the command."""

    def __init__(self, call: Invocation, parts: Parts, studio: Studio, account: AccountRef) -> None:
        self._call = call
        self._parts = parts
        self._studio = studio
        self._account = account

    async def make(self, topics: Sequence[str], options: dict[str, Any]) -> None:
        screen = Screen(self._parts.ledger, self._account, (await self._usage()).zone)
        wanted = [await self._wanted(topic, options, at, len(topics)) for at, topic in enumerate(topics)]
        try:
            fits_at = await self._outlook(wanted)
            now = self._parts.clock()
            fitting = [one for one, at in zip(wanted, fits_at, strict=True) if at is not None and at <= now]
            later = [(one, at) for one, at in zip(wanted, fits_at, strict=True) if one not in fitting]
            self._say(*screen.quote(wanted, later))
            if options["quote_only"]:
                self._call.show(document(wanted, [], later, await self._usage()))
                return
            made = await self._made(fitting or wanted[:1])  # refused with all figures when nothing fits
        finally:
            await self._tidy(wanted)
        usage = await self._usage()
        self._call.show(document(wanted, made, later, usage), *await screen.receipt(made, later, usage))

    async def _usage(self) -> Usage:
        return await self._parts.ledger.usage(self._account)

    def _say(self, *parts: RenderableType) -> None:
        """Print for people; a program that asked for JSON gets one document in the end."""
        if not self._call.as_json:
            printed(*parts)

    # before

    async def _wanted(self, topic: str, options: dict[str, Any], at: int, of: int) -> Wanted:
        opened, _ = await self._studio.open(self._account, draft_of(topic, options))
        asked = generation_of(opened.draft, options)
        quote = await self._studio.quote(self._account, opened.id, asked)
        return Wanted(topic, opened.id, asked, quote, target_of(topic, options, at, of))

    async def _outlook(self, wanted: Sequence[Wanted]) -> list[int | None]:
        """When each video fits as a whole: now, at an instant to come, or never."""
        lines = [Line(meter, amount) for one in wanted for meter, amount in one.quote.totals.items() if amount]
        found = iter(await self._parts.ledger.outlook(self._account, lines) if lines else ())
        now = self._parts.clock()
        ends: list[int | None] = []
        for one in wanted:
            own = [next(found) for amount in one.quote.totals.values() if amount]
            ends.append(None if None in own else max([now, *(at for at in own if at is not None)]))
        return ends

    # on the way

    async def _made(self, fitting: Sequence[Wanted]) -> list[Made]:
        made: list[Made] = []
        with bars(quiet=self._call.as_json) as shown:
            for one in fitting:
                made.append(await self._one(one, shown, several=len(fitting) > 1))
        return made

    async def _one(self, wanted: Wanted, shown: Progress, *, several: bool) -> Made:
        asked = msgspec.structs.replace(wanted.asked, quote=wanted.quote.id)
        begun = await self._studio.generate(self._account, wanted.draft, asked, f"make {wanted.draft}")
        watch = Watch(shown, wanted.topic if several else "")
        async with self._cancelled_by_ctrl_c(begun.job):
            while True:
                job = await self._studio.job(self._account, begun.job)
                watch.show(job)
                if job.ended_at is not None:
                    break
                await asyncio.sleep(LOOK_SECONDS)
        if job.state != "succeeded":
            failure = job.failure
            told = failure.detail if failure else "It ended without success."
            raise Failure(f"{wanted.topic}: {told}", failure.hint if failure else "")
        assert job.result is not None, "a job that succeeded says what came of it"
        video = await self._studio.video(self._account, str(job.result["video"]))
        await asyncio.to_thread(_hand_over, self._studio, video, wanted.into)
        return Made(wanted, video, job)

    @asynccontextmanager
    async def _cancelled_by_ctrl_c(self, job: str) -> AsyncIterator[None]:
        """Cancel the job at Ctrl-C, and let it end by the rules: what was delivered is settled, the rest released."""
        loop, asked = asyncio.get_running_loop(), set[asyncio.Task[Job]]()

        def cancel() -> None:
            asked.add(asyncio.ensure_future(self._studio.cancel(self._account, job)))

        loop.add_signal_handler(signal.SIGINT, cancel)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGINT)
            for one in asked:
                await one

    async def _tidy(self, wanted: Sequence[Wanted]) -> None:
        """Remove drafts of this call for which nothing was made. What an AI action has made is kept."""
        for one in wanted:
            try:
                kept = await self._studio.kept_draft(self._account, one.draft)
            except StudioRefused:  # it has become a video
                continue
            if not kept.draft.has_results and kept.locked_by is None:
                await self._studio.remove(self._account, one.draft)


def _hand_over(studio: Studio, video: KeptVideo, into: Path) -> None:
    """Copy a finished video and what belongs to it to where it was asked for, each file whole, the MP4 last."""
    into.parent.mkdir(parents=True, exist_ok=True)
    files = video.facts.files
    endings = {
        ".jpg": files.thumbnail,
        ".srt": files.srt,
        ".vtt": files.vtt,
        ".words.json": files.words,
        ".mp4": files.mp4,
    }
    for ending, sha256 in endings.items():
        target = into if ending == ".mp4" else into.with_name(into.stem + ending)
        part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        try:
            shutil.copyfile(studio.files.path(sha256), part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
