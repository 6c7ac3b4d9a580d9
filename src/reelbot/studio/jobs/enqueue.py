"""Puts AI actions and renders into the queue: quoted, held, and queued in one transaction. Workers do the work itself.

The hold, the job, the key and what the draft has to be for the work commit together or not at all. What was made before
from the same inputs costs nothing, and then nothing is held.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import msgspec
from msgspec import structs

from reelbot.allowance import AccountRef, Answer, Item, QuotedLine, Refused, Usage
from reelbot.db import Connection
from reelbot.errors import Malformed, TooBusy
from reelbot.ids import id_text
from reelbot.queue import WAITING
from reelbot.records import KeyTaken, Owner, Write, content_of, json_text, new_number, number_of, owner_of, read_json
from reelbot.studio.actions.requests import GenerationAsked, canonical
from reelbot.studio.context import Room
from reelbot.studio.core import edits, rows
from reelbot.studio.core.draft import RENDER_FAILURE, Draft, Media, SlotRef
from reelbot.studio.core.edits import changed_draft, require_size
from reelbot.studio.core.events import draft_told, job_told, running_slots
from reelbot.studio.core.job import RENDER, Job, JobKind, Request, TaskProgress, setup_of
from reelbot.studio.core.refusals import LOCKED, NO_DRAFT, StudioRefused
from reelbot.studio.core.requests import RenderAsked
from reelbot.studio.core.rows import KeptDraft
from reelbot.studio.core.slots import MUSIC, PICTURE, SLOT_KINDS, VOICEOVER, shown_of
from reelbot.studio.core.staleness import stale_slots
from reelbot.studio.limits import JOB_BYTES_MAX, JOBS_WAITING_MAX
from reelbot.studio.planning.costing import Weighed, Weigher, charged
from reelbot.studio.planning.plan import Planned
from reelbot.studio.planning.remaining import missing_after

_MOVED_MAX = 8
"""How often a draft may change while an action on it is being placed: more is a program that edits and asks at once."""


class Later(NamedTuple):
    """A piece of work that does not fit now; `fits_at` is when it will, None when it never can on this plan."""

    slot: str
    amount: int
    fits_at: int | None


class Begun(NamedTuple):
    """A job that was queued; `hold` is None when it costs nothing. `later` is what did not fit."""

    job: str
    hold: str | None
    replayed: bool
    later: tuple[Later, ...] = ()


class QuoteLine(NamedTuple):
    """A line of a quote: a slot, what making it costs, and whether it fits. `amount` is 0 for what needs no work."""

    slot: str
    action: str
    meter: str
    amount: int
    why: str
    fits: bool
    fits_at: int | None


class Quoted(NamedTuple):
    """What asking for this would cost at most. `id` holds it to that; None when nothing is to be paid."""

    id: str | None
    lines: tuple[QuoteLine, ...]
    totals: dict[str, int]
    fits: bool
    usage: Usage
    expires_at: int | None


class _DraftMoved(Exception):
    """The draft was changed while an action on it was being placed."""


class _Wanted(NamedTuple):
    """All that a job is to be, but for what it is held by. `later` is what it leaves out because it does not fit."""

    number: int
    kind: JobKind
    seen: KeptDraft
    draft: Draft
    weighed: Sequence[Weighed]
    render: Request | None
    items: tuple[Item, ...]
    content: str
    key: str
    later: tuple[Later, ...] = ()

    @property
    def id(self) -> str:
        """The job as outsiders name it."""
        return id_text("job", self.seen.lane, self.seen.account, self.number)

    def begun(self, hold: str | None) -> Begun:
        """What its caller is told."""
        return Begun(self.id, hold, False, self.later)


class _Held(NamedTuple):
    """The hold of a job, what of it is for each item, and the rank of the plan. No hold where it costs nothing."""

    hold: str | None
    amounts: tuple[tuple[str, int], ...]
    rank: int


def job_of(wanted: _Wanted, held: _Held, now: int) -> Job:
    """The job as it begins."""
    seen, render, tasks = wanted.seen, wanted.render, charged(wanted.weighed, held.amounts)
    request = Request(
        tasks=tuple(tasks), renders=render is not None and render.renders, setup=render.setup if render else None
    )
    return Job(
        lane=seen.lane,
        account=seen.account,
        number=wanted.number,
        kind=wanted.kind,
        draft=seen.number,
        state="queued",
        priority=held.rank,
        due_at=now,
        fence=0,
        worker="",
        crashes=0,
        hold=held.hold,
        is_cancelled=False,
        progress=0.0,
        message=WAITING,
        request=request,
        tasks=tuple(TaskProgress() for _ in tasks),
        result=None,
        failure=None,
        created_at=now,
        started_at=None,
        ended_at=None,
    )


def require_unchanged(wanted: _Wanted, kept: KeptDraft | None) -> KeptDraft:
    """The draft as it is kept, which has to be as it was when the job was planned. Raises why it is not."""
    if kept is None:
        raise StudioRefused("not_found", NO_DRAFT)
    if kept.revision != wanted.seen.revision or kept.locked_by != wanted.seen.locked_by:
        raise _DraftMoved
    return kept


def conclude_begin(wanted: _Wanted, job: Job, kept: KeptDraft, active: Sequence[Job]) -> tuple[Write, ...]:
    """What is written when a job begins, on a draft that is unchanged, beside the `active` jobs of its account.

    Raises why it cannot begin: then nothing is held either.
    """
    _require_idle(job, active)
    saved = (rows.save_draft(changed_draft(kept, wanted.draft, job.created_at)),) if wanted.draft != kept.draft else ()
    locks = job.kind in (RENDER, "video")
    locked = (rows.lock_draft(Owner(job.lane, job.account), job.draft, job.number),) if locks else ()
    return (*saved, *rows.insert_job(job), *locked)


def _require_idle(job: Job, active: Sequence[Job]) -> None:
    """Raise when too much waits already, or when what the job is for is being worked on.

    A finished video takes its draft with it, so nothing may be on its way to the draft when its render is asked for.
    """
    if len(active) >= JOBS_WAITING_MAX:
        raise TooBusy(f"{JOBS_WAITING_MAX} jobs of this account wait already.", "Try again when some have ended.")
    running = running_slots([one for one in active if one.draft == job.draft])
    wanted = {str(task.slot) for task in job.request.tasks}
    busy = sorted(running if job.kind in (RENDER, "video") else running & wanted)
    if busy:
        raise StudioRefused("step_running", f"This is being made already: {', '.join(busy)}.", {"slots": busy})


_begun_in = msgspec.json.Decoder(Begun).decode


class Generating:
    """Places what is asked for."""

    def __init__(self, room: Room, weigher: Weigher) -> None:
        self._room = room
        self._weigher = weigher

    async def quote(self, account: AccountRef, kept: KeptDraft, asked: GenerationAsked) -> Quoted:
        """What this would cost at most, line by line; changes nothing."""
        owner, ledger = owner_of(account), self._room.ledger
        plan = self._weigher.planned(kept.draft, asked)
        weighed = await self._weigher.weighed(owner, plan)
        items = [(str(one.task.slot), item) for one in weighed for item in one.items]
        if asked.render:
            items.append((RENDER, Item(RENDER)))
        free = [_free_line(ref, "It matches: it stays as it is.") for ref in plan.unchanged]
        free += [_free_line(one.task.slot, one.free_why) for one in weighed if one.free_why]
        usage = await ledger.usage(account)
        if not items:
            return Quoted(None, tuple(free), {}, True, usage, None)
        quote = await ledger.quote(account, [item for _, item in items])
        lines = [_quote_line(slot, one) for (slot, _), one in zip(items, quote.lines, strict=True)]
        return Quoted(quote.id, (*lines, *free), dict(quote.totals), quote.fits, usage, quote.expires_at)

    async def generate(self, account: AccountRef, draft: str, asked: GenerationAsked, key: str) -> Begun:
        """Trigger AI actions. `Refused` when a limit is reached; then nothing was changed."""
        asked = canonical(asked)
        content = content_of("generate", draft, asked)

        async def place() -> Begun:
            seen = await self._seen(account, draft)
            wanted = await self._wanted(account, seen, asked, content, key)
            return await self._placed(account, wanted, asked.quote)

        return await self._once(account, key, content, place)

    async def render(self, account: AccountRef, draft: str, asked: RenderAsked, key: str) -> Begun:
        """Make the finished video of a draft, which uses a video generation once it is complete."""
        content = content_of(RENDER, draft, asked)

        async def place() -> Begun:
            seen = await self._seen(account, draft)
            request = await self._render_request(account, seen, asked)
            fresh = edits.without_failure(seen.draft, RENDER_FAILURE)
            wanted = _Wanted(new_number(), RENDER, seen, fresh, (), request, (Item(RENDER),), content, key)
            return await self._placed(account, wanted, asked.quote)

        return await self._once(account, key, content, place)

    async def preview(self, account: AccountRef, draft: str, key: str) -> Begun:
        """Make a small video of a draft as it stands. Costs nothing."""
        content = content_of("preview", draft, None)

        async def place() -> Begun:
            seen = await self._seen(account, draft, is_read=True)
            request = await self._render_request(account, seen, RenderAsked(confirm=True))
            wanted = _Wanted(new_number(), "preview", seen, seen.draft, (), request, (), content, key)
            return await self._placed(account, wanted, None)

        return await self._once(account, key, content, place)

    async def _once(self, account: AccountRef, key: str, content: str, place: Callable[[], Awaitable[Begun]]) -> Begun:
        """What a key began before, or what is placed now. Of two at once with one key, one is answered for both."""
        for _ in range(_MOVED_MAX):
            known = await self._known(account, key, content)
            if known is not None:
                return known
            try:
                return await place()
            except (_DraftMoved, KeyTaken):
                continue
            except (Refused, StudioRefused, Malformed):
                # The other one may have been quicker, and what it did is why this one is refused.
                known = await self._known(account, key, content)
                if known is None:
                    raise
                return known
        raise TooBusy("This draft is being changed all the time.", "Try again when it has settled.")

    # what is wanted

    async def _seen(self, account: AccountRef, draft: str, *, is_read: bool = False) -> KeptDraft:
        owner = owner_of(account)
        kept = await self._room.store.draft(owner, number_of("draft", owner, draft))
        if kept is None:
            raise StudioRefused("not_found", NO_DRAFT)
        if kept.locked_by is not None and not is_read:
            raise StudioRefused("draft_locked", LOCKED)
        return kept

    async def _known(self, account: AccountRef, key: str, content: str) -> Begun | None:
        found = await self._room.keys.known(account, key, content)
        return None if found is None else read_json(_begun_in, found)._replace(replayed=True)

    async def _wanted(
        self, account: AccountRef, seen: KeptDraft, asked: GenerationAsked, content: str, key: str
    ) -> _Wanted:
        plan = self._weigher.planned(seen.draft, asked)
        require_size(plan.draft)
        if len(json_text(plan.tasks).encode()) > JOB_BYTES_MAX:
            raise Malformed("These are too many long texts to be worked on at once. Ask for fewer.", "steps")
        weighed, later = await self._fitting(account, plan, asked)
        draft = _without_scenes(plan.draft, later, seen.draft)
        items = [item for one in weighed for item in one.items]
        render = None
        if asked.render:
            _require_parts(missing_after(draft, [one.task.slot for one in weighed]))
            draft = edits.without_failure(draft, RENDER_FAILURE)
            items.append(Item(RENDER))
            render = Request(renders=True)
        kind: JobKind = "video" if asked.render else "generation"
        return _Wanted(new_number(), kind, seen, draft, weighed, render, tuple(items), content, key, later)

    async def _fitting(
        self, account: AccountRef, plan: Planned, asked: GenerationAsked
    ) -> tuple[list[Weighed], tuple[Later, ...]]:
        """All pieces of work; with `mode` fit, those that fit now, and the others with when they will.

        Weighed at the price that will be held: what a quote makes cheaper fits sooner.
        """
        weighed = await self._weigher.weighed(owner_of(account), plan)
        items = [item for one in weighed for item in one.items]
        if asked.mode == "all" or not items:
            return weighed, ()
        lines = iter(await self._room.ledger.fitting(account, items, asked.quote))
        fitting: dict[int, Weighed] = {}
        later: dict[int, Later] = {}
        for at, one in enumerate(weighed):
            own = [next(lines) for _ in one.items]
            source = one.task.script_from
            ends = [line.fits_at for line in own if not line.fits]
            ends += [later[source].fits_at] if source in later else []
            if ends:
                fits_at = None if None in ends else max(end for end in ends if end is not None)
                later[at] = Later(str(one.task.slot), own[0].priced.line.amount, fits_at)
            else:
                fitting[at] = one
        if fitting:
            return _numbered(fitting), tuple(later.values())
        return weighed, ()  # nothing fits: asked for as it is, it is refused with all figures

    async def _render_request(self, account: AccountRef, seen: KeptDraft, asked: RenderAsked) -> Request:
        draft = seen.draft
        _require_parts(missing_after(draft, ()))
        shown = [ref for ref in stale_slots(draft) if SLOT_KINDS[ref.name].is_played]
        if shown and not asked.confirm:
            words = ", ".join(str(ref) for ref in shown)
            raise StudioRefused(
                "confirmation_needed",
                f"Some results no longer match: {words}. Bring them up to date, or confirm to render them as they are.",
                {"stale": [str(ref) for ref in shown]},
            )
        logo = await self._logo(account, draft)
        await self._require_assets(account, draft)
        return Request(renders=True, setup=setup_of(draft, logo, seen.number % 2**31))

    async def _logo(self, account: AccountRef, draft: Draft) -> Media | None:
        if draft.settings.logo is None:
            return None
        owner = owner_of(account)
        asset = await self._room.store.asset(owner, number_of("asset", owner, draft.settings.logo))
        if asset is None:
            raise StudioRefused("not_ready", "The logo was removed from the assets. Choose another or none.")
        return asset.media

    async def _require_assets(self, account: AccountRef, draft: Draft) -> None:
        """Raise when something that the video would show or play was removed, naming it."""
        owner = owner_of(account)
        parts = [(f"scene {at}", shown_of(draft, one.id)) for at, one in enumerate(draft.scenes, 1)]
        parts += [(kind.one, draft.version(kind.ref())) for kind in (VOICEOVER, MUSIC)]
        for name, version in parts:
            media = version.media if version else None
            if media is None or media.asset is None:
                continue
            if await self._room.store.asset(owner, number_of("asset", owner, media.asset)) is None:
                raise StudioRefused(
                    "not_ready", f"The file of {name} was removed from the assets. Replace or remove it."
                )

    # placing

    async def _placed(self, account: AccountRef, wanted: _Wanted, quote: str | None) -> Begun:
        """Hold what it costs and write the job, both or neither, and once for its key."""
        ledger = self._room.ledger
        if wanted.items:
            priced = ledger.priced(account, wanted.items, quote)
            amounts = tuple((one.line.meter, one.line.amount) for one in priced)
            rider = partial(self._ride_on_hold, wanted, amounts)
            receipt = await ledger.hold(account, priced, key=wanted.key, owner=wanted.id, rider=rider)
            begun = wanted.begun(receipt.id)
        else:
            held = _Held(None, (), self._rank((await ledger.usage(account)).plan))
            receipt = await ledger.use_key(account, wanted.key, wanted.content, rider=partial(self._ride, wanted, held))
            begun = wanted.begun(None)
        if not receipt.replayed:
            return begun
        known = await self._known(account, wanted.key, wanted.content)
        if known is None:  # the key belongs to a hold that has nothing to do with the studio
            raise self._room.keys.reused(account)
        return known

    async def _ride_on_hold(
        self, wanted: _Wanted, amounts: tuple[tuple[str, int], ...], connection: Connection | None, answer: Answer
    ) -> None:
        hold = id_text("hold", answer.lane, answer.account, answer.hold)
        await self._ride(wanted, _Held(hold, amounts, self._rank(answer.plan)), connection, answer)

    async def _ride(self, wanted: _Wanted, held: _Held, connection: Connection | None, answer: Answer) -> None:
        """Tell, which locks the account's stream; then read, decide, write."""
        assert connection is not None, "the studio is kept in a database"
        store, owner = self._room.store, Owner(wanted.seen.lane, wanted.seen.account)
        job = job_of(wanted, held, self._room.clock())
        await self._room.tell(connection, owner, [job_told(job), draft_told(wanted.seen.id)])
        kept = require_unchanged(wanted, await store.take_draft(connection, owner, job.draft))
        begun = json_text(wanted.begun(held.hold))
        await self._room.keys.claim(connection, owner, wanted.key, wanted.content, begun)
        await store.carry_out(connection, conclude_begin(wanted, job, kept, await store.active(owner, connection)))

    def _rank(self, plan: str) -> int:
        return self._room.ledger.terms.catalogue.plans[plan].rank


def _require_parts(missing: str) -> None:
    if missing:
        raise StudioRefused("not_ready", missing)


def _numbered(fitting: Mapping[int, Weighed]) -> list[Weighed]:
    """Pieces of work that were chosen from a longer list; those that name another one name it by its new number."""
    places = {old: new for new, old in enumerate(fitting)}
    return [
        one
        if one.task.script_from is None
        else one._replace(task=structs.replace(one.task, script_from=places[one.task.script_from]))
        for one in fitting.values()
    ]


def _quote_line(slot: str, quoted: QuotedLine) -> QuoteLine:
    item, line = quoted.priced
    return QuoteLine(slot, item.action, line.meter, line.amount, line.why or "", quoted.fits, quoted.fits_at)


def _free_line(ref: SlotRef, why: str) -> QuoteLine:
    return QuoteLine(str(ref), ref.name, "ai_credits", 0, why, True, None)


def _without_scenes(draft: Draft, later: Sequence[Later], before: Draft) -> Draft:
    """Without the scenes that were put there for work that does not fit."""
    known = {scene.id for scene in before.scenes}
    waiting = {one.slot for one in later}
    scenes = [one.id for one in draft.scenes if one.id in known or str(PICTURE.ref(one.id)) not in waiting]
    return edits.with_scenes(draft, scenes)
