"""`reelbot make`: from a topic to a finished MP4, with the quote first, progress on the way and the receipt last.

Everything goes the way that the API goes: a draft, one decision of the ledger for all AI actions and the render, a job.
The worker is in this process, so no server need run; one that does may take the work, which comes to the same.
"""

import asyncio
import re
import secrets
import shutil
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec
import uvloop
from rich.console import RenderableType
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from reelbot.allowance import AccountRef, Line, Usage
from reelbot.allowance.core.windows import local_text
from reelbot.cli.call import Call, WrongUse, configured
from reelbot.cli.choosing import account_chosen
from reelbot.cli.documents import usage_document
from reelbot.cli.first import first_account
from reelbot.cli.studio import studio_of
from reelbot.cli.terminal import amount_text, console, printed, styled, table
from reelbot.cli.usage import usage_picture
from reelbot.clock import instant_text
from reelbot.errors import Failure, Malformed
from reelbot.studio import (
    DraftAsked,
    GenerationAsked,
    Job,
    KeptVideo,
    OptionsAsked,
    Quoted,
    StepAsked,
    Studio,
    StudioRefused,
)
from reelbot.wiring import Parts, wired

TOPICS_MAX = 50
"""Topics of one call: what a quote looks at in one go, and more than any plan but the largest makes in a month."""

SECONDS_A_PICTURE = 6
"""How long one picture is shown when nobody says how many there are to be."""

LOOK_SECONDS = 0.2
"""How often the progress on the screen is brought up to date."""

_METERS = ("ai_credits", "video_generations")

_STEPS = {"script": "Script", "voiceover": "Voiceover", "picture": "Pictures", "music": "Music", "render": "Video"}
_UNFIT = re.compile(r"[^\w-]+")


class Wanted(NamedTuple):
    """One video to be made: its draft, what it would cost, and the file that it shall be."""

    topic: str
    draft: str
    asked: GenerationAsked
    quote: Quoted
    into: Path


class Made(NamedTuple):
    """A video that was made, and its job."""

    wanted: Wanted
    video: KeptVideo
    job: Job


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
def make(call: Call, /, topic: str | None, **options: Any) -> None:
    """Make a video of TOPIC, or of each topic in a file: script, voiceover, pictures, music, and the finished MP4.

    Needs no keys, no network and no server. The quote comes first, the receipt last; Ctrl-C cancels.
    """
    if (topic is None) == (options["topics"] is None):
        raise click.UsageError("Name one topic, or a file of them with --topics.")
    uvloop.run(_make(call, [topic] if topic is not None else _topics_in(options["topics"]), options))


async def _make(call: Call, topics: Sequence[str], options: dict[str, Any]) -> None:
    async with wired(call.config, create=True, sweeps=True) as parts:
        await first_account(parts)
        account = await account_chosen(parts, options["account"])
        async with studio_of(parts, max(call.config.jobs, 1)) as studio:
            await _Making(call, parts, studio, account).make(topics, options)


class _Making:
    """One call of the command."""

    def __init__(self, call: Call, parts: Parts, studio: Studio, account: AccountRef) -> None:
        self._call = call
        self._parts = parts
        self._studio = studio
        self._account = account
        self._zone = "UTC"

    async def make(self, topics: Sequence[str], options: dict[str, Any]) -> None:
        self._zone = (await self._usage()).zone
        wanted = [await self._wanted(topic, options, at, len(topics)) for at, topic in enumerate(topics)]
        try:
            fits_at = await self._outlook(wanted)
            now = self._parts.clock()
            fitting = [one for one, at in zip(wanted, fits_at, strict=True) if at is not None and at <= now]
            later = [(one, at) for one, at in zip(wanted, fits_at, strict=True) if one not in fitting]
            self._say(*self._quote_picture(wanted, later))
            if options["quote_only"]:
                self._call.show(self._document(wanted, [], later, await self._usage()))
                return
            made = await self._made(fitting or wanted[:1])  # refused with all figures when nothing fits
        finally:
            await self._tidy(wanted)
        usage = await self._usage()
        self._call.show(self._document(wanted, made, later, usage), *await self._receipt(made, later, usage))

    async def _usage(self) -> Usage:
        return await self._parts.ledger.usage(self._account)

    def _say(self, *parts: RenderableType) -> None:
        """Print for people; a program that asked for JSON gets one document in the end."""
        if not self._call.as_json:
            printed(*parts)

    # before

    async def _wanted(self, topic: str, options: dict[str, Any], at: int, of: int) -> Wanted:
        draft, _ = await self._studio.open(self._account, _draft(topic, options))
        asked = _generation(options)
        quote = await self._studio.quote(self._account, draft.id, asked)
        return Wanted(topic, draft.id, asked, quote, _target(topic, options, at, of))

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

    def _quote_picture(
        self, wanted: Sequence[Wanted], later: Sequence[tuple[Wanted, int | None]]
    ) -> Iterator[RenderableType]:
        yield Text("Quote", style="bold")
        if len(wanted) == 1:
            yield self._quote_table(wanted[0].quote)
        else:
            yield self._quotes_table(wanted, later)
        yield Text()

    def _quote_table(self, quote: Quoted) -> Table:
        rows = table("For", "Amount", "", numbers=("Amount",), wrapped=("",))
        for title, meter, amount, why in _grouped(quote):
            rows.add_row(title, f"{amount_text(amount, self._meter(meter))} {self._unit(meter, amount)}", why)
        for meter, amount in quote.totals.items():
            rows.add_row(
                Text("In all", style="bold"),
                f"{amount_text(amount, self._meter(meter))} {self._unit(meter, amount)}",
                "",
            )
        return rows

    def _quotes_table(self, wanted: Sequence[Wanted], later: Sequence[tuple[Wanted, int | None]]) -> Table:
        rows = table("Topic", "AI credits", "Videos", "", numbers=("AI credits", "Videos"), wrapped=("Topic",))
        when = {one.draft: at for one, at in later}
        for one in wanted:
            told = self._when(when[one.draft]) if one.draft in when else styled("now", "green")
            rows.add_row(one.topic, *(f"{one.quote.totals.get(name, 0):,}" for name in _METERS), told)
        sums = (f"{sum(one.quote.totals.get(name, 0) for one in wanted):,}" for name in _METERS)
        rows.add_row(Text("In all", style="bold"), *sums, "")
        return rows

    def _when(self, at: int | None) -> Text:
        if at is None:
            return styled("never on this plan", "red")
        return styled(local_text(at, self._zone), "yellow")

    def _meter(self, name: str) -> Any:
        return self._parts.ledger.terms.catalogue.meters[name]

    def _unit(self, meter: str, amount: int) -> str:
        return str(self._meter(meter).one if amount == 1 else self._meter(meter).many)

    # on the way

    async def _made(self, fitting: Sequence[Wanted]) -> list[Made]:
        made: list[Made] = []
        with _bars(quiet=self._call.as_json) as bars:
            for one in fitting:
                made.append(await self._one(one, bars, several=len(fitting) > 1))
        return made

    async def _one(self, wanted: Wanted, bars: Progress, *, several: bool) -> Made:
        asked = msgspec.structs.replace(wanted.asked, quote=wanted.quote.id)
        begun = await self._studio.generate(self._account, wanted.draft, asked, f"make {wanted.draft}")
        watch = _Watch(bars, wanted.topic if several else "")
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

    # after

    async def _receipt(
        self, made: Sequence[Made], later: Sequence[tuple[Wanted, int | None]], usage: Usage
    ) -> list[RenderableType]:
        parts: list[RenderableType] = [Text(), Text("Receipt", style="bold"), await self._receipt_table(made)]
        parts += [Text(), *usage_picture(usage, self._parts.ledger.terms.catalogue), Text()]
        for one in made:
            seconds = one.video.facts.duration_ms / 1_000
            parts.append(
                styled(f"{one.wanted.into} is ready: {seconds:.1f} s, {one.video.facts.bytes / 1e6:.1f} MB.", "green")
            )
        for wanted, at in later:
            parts.append(Text.assemble(f"Not made today: {wanted.topic}. It fits ", self._when(at), "."))
        return parts

    async def _receipt_table(self, made: Sequence[Made]) -> Table:
        rows = table("For", "Held", "Charged", numbers=("Held", "Charged"))
        for one in made:
            if one.job.hold is None:
                continue
            facts = await self._parts.ledger.hold_facts(self._account, one.job.hold)
            assert facts is not None, "holds are kept"
            for line in facts.lines:
                title = self._parts.ledger.terms.prices.prices[line.action].title if line.action else line.meter
                cells = (
                    f"{amount_text(n, self._meter(line.meter))} {self._unit(line.meter, n)}"
                    for n in (line.held, line.settled)
                )
                rows.add_row(title, *cells)
        return rows

    def _document(
        self, wanted: Sequence[Wanted], made: Sequence[Made], later: Sequence[tuple[Wanted, int | None]], usage: Usage
    ) -> dict[str, object]:
        return {
            "quote": [{"topic": one.topic, "totals": one.quote.totals} for one in wanted],
            "videos": [
                {
                    "topic": one.wanted.topic,
                    "file": str(one.wanted.into),
                    "video": one.video.id,
                    "job": one.video.facts.job,
                }
                for one in made
            ],
            "later": [{"topic": one.topic, "fits_at": None if at is None else instant_text(at)} for one, at in later],
            "usage": usage_document(usage),
        }


# what was asked


def _topics_in(file: Path) -> list[str]:
    """The topics of a file: one a line; empty lines and those that begin with # are left out."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise WrongUse(f"{file} is not a text in UTF-8.") from error
    topics = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not 1 <= len(topics) <= TOPICS_MAX:
        raise WrongUse(f"{file} has {len(topics)} topics; name 1 to {TOPICS_MAX}, each on a line of its own.")
    return topics


def _draft(topic: str, options: dict[str, Any]) -> DraftAsked:
    named = {"tone": "tone", "aspect": "aspect", "captions": "caption_size", "language": "language", "voice": "voice"}
    settings = {setting: options[name] for name, setting in named.items() if options[name] is not None}
    settings["duration_s"] = int(options["duration"])
    asked = {"flow": options["flow"], "topic": topic, "settings": settings}
    try:
        return msgspec.convert(asked, DraftAsked)
    except msgspec.ValidationError as error:
        raise Malformed(f"{error}.") from error


def _generation(options: dict[str, Any]) -> GenerationAsked:
    count = options["images"] or max(2, -(-int(options["duration"]) // SECONDS_A_PICTURE))
    steps = [StepAsked("script"), StepAsked("voiceover")] if options["flow"] == "narrated" else []
    steps.append(StepAsked("image", OptionsAsked(count=count)))
    if options["music"]:
        steps.append(StepAsked("music"))
    return GenerationAsked(steps=steps, render=True)


def _target(topic: str, options: dict[str, Any], at: int, of: int) -> Path:
    """The file of a video: what was named, or after its topic. Several have numbers, so that none replaces another."""
    output: Path | None = options["output"]
    slug = _UNFIT.sub("-", topic.lower()).strip("-")[:60] or "video"
    if options["topics"] is None:
        return output or Path(f"{slug}.mp4")
    return (output or Path()) / f"{at + 1:0{len(str(of))}}-{slug}.mp4"


# on the screen


def _grouped(quote: Quoted) -> Iterator[tuple[str, str, int, str]]:
    """The lines of a quote with those of the same action together: title, meter, amount, why."""
    groups: dict[tuple[str, str], list[Any]] = {}
    for line in quote.lines:
        groups.setdefault((line.slot.partition(":")[0], line.meter), []).append(line)
    for (slot, meter), lines in groups.items():
        times = f"{len(lines)} × " if len(lines) > 1 else ""
        yield _STEPS.get(slot, slot.capitalize()), meter, sum(line.amount for line in lines), f"{times}{lines[0].why}"


@contextmanager
def _bars(*, quiet: bool) -> Iterator[Progress]:
    """Progress bars where it is a terminal."""
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        TextColumn("{task.percentage:>4.0f} %"),
        TimeElapsedColumn(),
    )
    out = console(stderr=True)
    with Progress(*columns, console=out, disable=quiet or not out.is_terminal) as bars:
        yield bars


class _Watch:
    """The bars of one job: one for each step."""

    def __init__(self, bars: Progress, title: str) -> None:
        self._bars = bars
        self._shown: dict[str, TaskID] = {}
        if title:
            bars.console.print(Text(title, style="bold"))

    def show(self, job: Job) -> None:
        """Bring the bars up to date."""
        for step, share in job.shares().items():
            if step not in self._shown:
                self._shown[step] = self._bars.add_task(_STEPS.get(step, step.capitalize()), total=1.0, start=False)
            if share > 0:
                self._bars.start_task(self._shown[step])
            self._bars.update(self._shown[step], completed=share)


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
