"""Drafts by hand: open, look at, change, remove. Every change is saved at once; nothing here ever costs anything."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, structs

from reelbot.allowance import AccountRef
from reelbot.db import Connection
from reelbot.errors import Malformed
from reelbot.providers.port import Provider
from reelbot.providers.works import Kind
from reelbot.records import Claim, Owner, Page, new_number, number_of, owner_of, unclaimed
from reelbot.studio.actions.requests import GenerationAsked
from reelbot.studio.context import Room
from reelbot.studio.core import edits, rows
from reelbot.studio.core.draft import Draft, Media, MediaKind, Settings, SlotRef, Version
from reelbot.studio.core.edits import changed_draft, require_size
from reelbot.studio.core.events import draft_told
from reelbot.studio.core.impact import Impact, impact
from reelbot.studio.core.job import Job
from reelbot.studio.core.refusals import LOCKED, NO_DRAFT, StudioRefused
from reelbot.studio.core.requests import (
    ChangeAsked,
    ChoiceAsked,
    DraftAsked,
    SettingsAsked,
    settings_fields,
)
from reelbot.studio.core.rows import KeptDraft, KeptVideo, PastDraft
from reelbot.studio.core.slots import SLOT_KINDS, TITLE, VOICEOVER, each_scene, scene_of
from reelbot.studio.core.staleness import why_stale
from reelbot.studio.drafts.views import DraftListed, DraftShown, RefreshShown, StaleShown, draft_listed, draft_shown
from reelbot.studio.limits import LISTS_MAX, LISTS_WAITING_MAX, SETTINGS_BYTES_MAX
from reelbot.studio.planning.costing import NOT_NOW, Weigher
from reelbot.studio.planning.plan import chosen_options, to_refresh
from reelbot.studio.planning.remaining import missing_after
from reelbot.studio.shares import Share

OUTDATED = (
    "This draft was changed meanwhile, in another tab or by a finished AI action. Nothing was saved: compare your change "
    "with the draft as it is now, and send it again with that revision."
)


class _NotAgreed(Exception):
    """A change would make finished steps stale, and nobody has agreed to that."""

    def __init__(self, after: Draft, found: Impact) -> None:
        super().__init__()
        self.after = after
        self.found = found


class _Outdated(Exception):
    """A draft is not any more what whoever changes it has seen."""

    def __init__(self, present: KeptDraft) -> None:
        super().__init__()
        self.present = present


class Drafting:
    """Everything that people do to drafts by hand."""

    def __init__(self, room: Room, weigher: Weigher, languages: Sequence[str]) -> None:
        self._room = room
        self._weigher = weigher
        self._languages = languages
        self._lists = Share(LISTS_MAX, 1, LISTS_WAITING_MAX)

    async def open(self, account: AccountRef, asked: DraftAsked, claim: Claim = unclaimed) -> KeptDraft:
        """A new draft."""
        now = self._room.clock()
        await self._require_logo(account, asked.settings)
        draft = Draft(flow=asked.flow, settings=self._settings(Settings(), asked.settings))
        if asked.topic:
            draft = edits.with_text(draft, "topic", asked.topic, now)
        if asked.script:
            draft = edits.with_text(_narrated(draft), "script", asked.script, now)
        return await self.insert(account, draft, claim)

    async def reopen(self, account: AccountRef, video: KeptVideo, claim: Claim = unclaimed) -> KeptDraft:
        """A new draft from the setup of a finished video."""
        return await self.insert(account, draft_from(video, self._room.clock()), claim, video.number)

    async def insert(
        self, account: AccountRef, draft: Draft, claim: Claim = unclaimed, origin: int | None = None
    ) -> KeptDraft:
        """Keep a draft that is new."""
        owner, now = owner_of(account), self._room.clock()
        kept = KeptDraft(*owner, new_number(), 1, draft.heading, draft, now, now, None, origin)

        async def write(connection: Connection) -> None:
            await self._room.store.carry_out(connection, [rows.insert_draft(kept)])

        await self._room.make(account, claim, kept.id, [draft_told(kept.id)], write)
        return kept

    async def found(self, account: AccountRef, id: str) -> KeptDraft:
        """The draft of that id; `StudioRefused` when the account has none."""
        owner = owner_of(account)
        kept = await self._room.store.draft(owner, number_of("draft", owner, id))
        if kept is None:
            raise StudioRefused("not_found", NO_DRAFT)
        return kept

    async def listed(self, account: AccountRef, page: Page) -> list[DraftListed]:
        """A page of drafts, the last changed first."""
        owner = owner_of(account)
        listed: list[DraftListed] = []
        async with self._lists.place(owner):
            active = await self._room.store.active(owner)
            async for kept in self._room.store.drafts_in_turn(owner, page):
                listed.append(draft_listed(kept, _jobs_of(kept, active)))
        return listed

    async def shown(self, account: AccountRef, id: str) -> DraftShown:
        """A draft as it stands, with prices and the jobs at work for it."""
        return await self.view(await self.found(account, id))

    async def view(self, kept: KeptDraft) -> DraftShown:
        """The same, of one at hand."""
        owner = Owner(kept.lane, kept.account)
        jobs = _jobs_of(kept, await self._room.store.active(owner))
        prices = await self._weigher.prices(owner, kept.draft)
        refresh = await self.refresh(owner, kept.draft)
        return draft_shown(kept, jobs, prices, refresh, missing_after(kept.draft, ()))

    async def refresh(self, owner: Owner, draft: Draft) -> RefreshShown | None:
        """What bringing everything up to date would make again, and its price; None when nothing is stale."""
        stale = to_refresh(draft)
        if not stale:
            return None
        prices = await self._weigher.prices(owner, draft)
        unchanged: list[str] = []
        why_not = ""
        try:
            plan = self._weigher.planned(draft, GenerationAsked(stale=True))
        except NOT_NOW as refused:  # something has to come first: the draft can be looked at all the same
            why_not = refused.detail
        else:
            # What follows from something that is stale itself has another price than it would have alone.
            prices |= self._weigher.priced(await self._weigher.weighed(owner, plan))
            unchanged = [str(ref) for ref in plan.unchanged]
        shown = [
            StaleShown(str(ref), SLOT_KINDS[ref.name].step, scene_of(ref), why_stale(draft, ref), prices.get(str(ref)))
            for ref in stale
        ]
        return RefreshShown(shown, unchanged, sum(one.price.amount for one in shown if one.price), why_not)

    async def change(
        self, account: AccountRef, id: str, asked: ChangeAsked, seen: Collection[int] | None = None
    ) -> KeptDraft:
        """Change a draft and save it, if it still is at one of the revisions `seen` (None: at whichever it is).

        Optimistic concurrency: `StudioRefused` with `revision_conflict` and the present draft when somebody else was
        quicker; with `draft_locked` while it is rendered, and with `confirmation_needed` and the impact when
        finished steps would no longer match and `confirm` isn't set. Then nothing was changed.
        """
        owner, number = owner_of(account), number_of("draft", owner_of(account), id)
        # Looked up before anything is locked: a transaction never waits for a second connection.
        files = await self._files(account, asked)
        try:
            async with self._room.writing(owner, [draft_told(id)]) as connection:
                kept = await self._room.store.take_draft(connection, owner, number)
                if kept is None:
                    raise StudioRefused("not_found", NO_DRAFT)
                if kept.locked_by is not None:
                    raise StudioRefused("draft_locked", LOCKED)
                if seen is not None and kept.revision not in seen:
                    raise _Outdated(kept)
                saved = self._saved(kept, asked, files)
                await self._room.store.carry_out(connection, [rows.save_draft(saved)])
        except _Outdated as outdated:
            shown = await self.view(outdated.present)
            raise StudioRefused("revision_conflict", OUTDATED, {"draft": msgspec.to_builtins(shown)}) from None
        except _NotAgreed as refused:
            raise await self._confirmation(owner, refused) from None
        return saved

    def _saved(self, kept: KeptDraft, asked: ChangeAsked, files: Mapping[str, Media]) -> KeptDraft:
        changed = self._changed(kept.draft, asked, files)
        found = impact(kept.draft, changed)
        if found.affected and not asked.confirm:
            raise _NotAgreed(changed, found)
        if changed.next_id != kept.draft.next_id:  # something was added
            require_size(changed)
        return changed_draft(kept, changed, self._room.clock())

    async def remove(self, account: AccountRef, id: str) -> list[Job]:
        """Remove a draft, and ask for the end of the jobs that are at work for it, which it answers with."""
        owner, number = owner_of(account), number_of("draft", owner_of(account), id)
        async with self._room.writing(owner, [draft_told(id, is_removed=True)]) as connection:
            kept = await self._room.store.take_draft(connection, owner, number)
            if kept is None:
                raise StudioRefused("not_found", NO_DRAFT)
            if kept.locked_by is not None:
                raise StudioRefused("draft_locked", LOCKED)
            past = PastDraft(*owner, number, kept.heading, None, self._room.clock())
            await self._room.store.carry_out(connection, rows.forget_draft(past))
            jobs = _jobs_of(kept, await self._room.store.active(owner, connection))
            for job in jobs:
                await self._room.store.ask_cancel(connection, owner, job.number)
        return jobs

    async def _confirmation(self, owner: Owner, refused: "_NotAgreed") -> StudioRefused:
        words = ", ".join(SLOT_KINDS[one.ref.name].one for one in refused.found.affected)
        return StudioRefused(
            "confirmation_needed",
            f"This change makes results stale: {words}. They are kept, and undoing the change brings them back. "
            "Confirm it to go on.",
            await self._impact_members(owner, refused.after, refused.found),
        )

    async def _impact_members(self, owner: Owner, after: Draft, found: Impact) -> Mapping[str, Any]:
        refresh = await self.refresh(owner, after)
        affected = [
            {"slot": str(one.ref), "step": SLOT_KINDS[one.ref.name].step, "why": one.why} for one in found.affected
        ]
        shown = None if refresh is None else msgspec.to_builtins(refresh)
        return {"impact": {"affected": affected, "stays": [str(ref) for ref in found.stays], "refresh": shown}}

    # what a change consists of

    def _changed(self, draft: Draft, asked: ChangeAsked, files: Mapping[str, Media]) -> Draft:
        now = self._room.clock()
        if asked.settings is not UNSET:
            draft = edits.with_settings(draft, self._settings(draft.settings, asked.settings))
        if asked.keywords is not UNSET:
            draft = edits.with_keywords(draft, asked.keywords)
        for name in ("topic", "title", "script"):
            text = getattr(asked, name)
            if text is not UNSET:
                draft = edits.with_text(_narrated(draft) if name == "script" else draft, name, text, now)
        if asked.voiceover is not UNSET:
            draft = edits.with_voiceover(_narrated(draft), files[asked.voiceover], now)
        if asked.music is not UNSET:
            draft = edits.with_music(draft, files[asked.music] if asked.music else None, now)
        if asked.scenes is not UNSET:
            draft = edits.with_scenes(draft, asked.scenes)
        for id in asked.add or ():
            draft, _ = edits.with_scene(draft, Version(id=0, at=now, by="upload", media=files[id]))
        for choice in asked.versions or ():
            draft = edits.with_choice(draft, _ref(choice), choice.version)
        return edits.with_what_matches(draft)

    async def check(self, account: AccountRef, asked: SettingsAsked) -> None:
        """Raise what is wrong with settings that are kept to be used some day, whatever draft they will be for.

        A voice without its language is one of any language.
        """
        await self._require_logo(account, asked)
        if not asked.voice or asked.language is not UNSET:
            self._settings(Settings(), asked)
            return
        self._settings(Settings(), structs.replace(asked, voice=UNSET))
        given = {} if asked.providers is UNSET else {"providers": asked.providers}
        speaker = self._speaker(structs.replace(Settings(), **given))
        if not any(voice.id == asked.voice for language in self._languages for voice in speaker.voices(language)):
            raise Malformed(f"{speaker.title} has no voice {asked.voice!r}.", "voice")

    def _settings(self, before: Settings, asked: SettingsAsked) -> Settings:
        fields = settings_fields(asked)
        if fields.get("language", before.language) not in self._languages:
            known = ", ".join(self._languages)
            raise Malformed(f"There is no content language {fields['language']!r}; there are {known}.", "language")
        for kind, name in fields.get("providers", {}).items():
            self._require_able(name, kind, "providers")
        for kind, by_name in fields.get("provider_options", {}).items():
            for name, chosen in by_name.items():
                self._require_able(name, kind, "provider_options")
                chosen_options(self._room.registry.provider(name), kind, chosen)
        size = len(msgspec.json.encode(asked))
        if size > SETTINGS_BYTES_MAX:
            raise Malformed(f"Settings have at most {SETTINGS_BYTES_MAX:,} bytes; these have {size:,}.", "settings")
        settings = structs.replace(before, **fields)
        if fields.get("voice"):
            self._require_voice(settings)
        elif settings.providers.get("voiceover") != before.providers.get("voiceover"):
            settings = self._with_voice_of_its_own(settings)
        return settings

    def _require_able(self, name: str, kind: Kind, field: str) -> None:
        if kind not in self._room.registry.provider(name).abilities:
            raise Malformed(f"{name} cannot do {kind}.", field)

    def _speaker(self, settings: Settings) -> Provider:
        name = settings.providers.get("voiceover")
        return self._room.registry.provider(name) if name else self._room.registry.default("voiceover")

    def _with_voice_of_its_own(self, settings: Settings) -> Settings:
        """Who speaks from now on may not have the voice that was chosen: then it is that one's usual voice."""
        known = [voice.id for voice in self._speaker(settings).voices(settings.language)]
        return settings if settings.voice in known else structs.replace(settings, voice="")

    def _require_voice(self, settings: Settings) -> None:
        """A voice speaks one language. What is sent back unchanged with another language is not a choice of a voice."""
        provider = self._speaker(settings)
        voices = provider.voices(settings.language)
        if settings.voice not in [voice.id for voice in voices]:
            some = ", ".join(voice.id for voice in voices[:8]) or "none"
            detail = f"{provider.title} has no voice {settings.voice!r} for {settings.language!r}; there are {some}."
            raise Malformed(detail, "voice")

    async def _require_logo(self, account: AccountRef, asked: SettingsAsked) -> None:
        if asked.logo is not UNSET and asked.logo is not None:
            await self._media(account, asked.logo, ("image",))

    async def _files(self, account: AccountRef, asked: ChangeAsked) -> dict[str, Media]:
        """The assets that a change names, looked up before anything is locked."""
        named: list[tuple[str, tuple[MediaKind, ...]]] = [(id, ("image", "clip")) for id in asked.add or ()]
        if asked.voiceover is not UNSET:
            named.append((asked.voiceover, ("audio", "clip")))
        if asked.settings is not UNSET:
            await self._require_logo(account, asked.settings)
        if asked.music is not UNSET and asked.music is not None:
            named.append((asked.music, ("audio", "clip")))
        return {id: await self._media(account, id, kinds) for id, kinds in named}

    async def _media(self, account: AccountRef, id: str, kinds: Sequence[MediaKind]) -> Media:
        owner = owner_of(account)
        asset = await self._room.store.asset(owner, number_of("asset", owner, id))
        if asset is None:
            raise StudioRefused("not_found", "There is no such asset. It may have been removed.")
        if asset.media.kind not in kinds:
            raise Malformed(f"{asset.name} is of kind {asset.media.kind}; this must be {' or '.join(kinds)}.", "assets")
        return structs.replace(asset.media, asset=asset.id)


def draft_from(video: KeptVideo, now: int) -> Draft:
    """A draft with the setup of a finished video: the same settings, texts, voiceover, scenes and music."""
    setup = video.facts.setup
    draft = Draft(flow=setup.flow, settings=setup.settings)
    if setup.topic:
        draft = edits.with_text(draft, "topic", setup.topic, now)
    if setup.script:
        draft = edits.with_text(draft, "script", setup.script, now)
    if setup.title != draft.heading:
        title = Version(id=0, at=now, by="hand", text=setup.title, hashtags=setup.hashtags)
        draft = edits.with_version(draft, TITLE.ref(), title)
    if setup.voiceover is not None:
        spoken = Version(id=0, at=now, by="upload", media=setup.voiceover, words=setup.words)
        draft = edits.with_version(draft, VOICEOVER.ref(), spoken)
    for media in setup.scenes:
        draft, _ = edits.with_scene(draft, Version(id=0, at=now, by="upload", media=media))
    return edits.with_music(draft, setup.music, now) if setup.music is not None else draft


def _narrated(draft: Draft) -> Draft:
    if draft.flow == "cinematic":
        raise Malformed("A cinematic draft has no script and no voiceover; it is told by pictures and music.", "script")
    return draft


def _ref(choice: ChoiceAsked) -> SlotRef:
    kind = SLOT_KINDS.get(choice.slot)
    if kind is None:
        raise Malformed(f"There is no slot {choice.slot!r}; there are {', '.join(SLOT_KINDS)}.", "versions")
    if (kind.parts is each_scene) != (choice.scene is not UNSET):
        raise Malformed("Name the scene of a picture or an animation, and of nothing else.", "versions")
    return kind.ref("" if choice.scene is UNSET else choice.scene)


def _jobs_of(kept: KeptDraft, jobs: Sequence[Job]) -> list[Job]:
    return [job for job in jobs if job.draft == kept.number]
