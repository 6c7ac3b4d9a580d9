"""Leads dishonest lives: accounts that call any operation of the OpenAPI document, in any order, with any id they have seen.

A life is a list of steps. Each has a chance of its own, drawn from the life's seed and the step's number, so that a life
from which steps were left out still does what the others did: that is how the shortest sequence that fails is found. A step
is a call, a repetition of an old one, a round of the workers, a jump of the clock or an operator's word. In the middle of
each piece of work that a worker does, the accounts may call again. After every call the books are compared.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import httpx
import msgspec
from tests.adversary.charged import Books, Fault
from tests.adversary.house import House, account_in, opened
from tests.adversary.requests_made import ID, WORDS, Described, Known, Making, Request, described
from tests.studio.scripted import Act, Killed
from tests.support.clock import FakeClock
from tests.support.sites import Listener, Message

from reelbot.allowance import FailurePoint
from reelbot.clock import DAY, HOUR, MINUTE, SECOND
from reelbot.ids import id_text
from reelbot.providers.port import ProviderFailure

WHO = {"mallory": "free", "eve": "starter"}
"""The accounts of a life, each of which tries the other's ids too, and the plans that they were given."""

STEER: Mapping[str, float] = {
    "generate": 7, "renderDraft": 4, "publishVideo": 5, "publishPost": 3, "releaseHold": 5, "settleHold": 5,
    "openDraft": 3, "uploadAsset": 3, "connectChannel": 2, "cancelJob": 1.5, "changeDraft": 2, "removeDraft": 0.4,
    "previewDraft": 2, "readPreview": 1, "removeChannel": 0.6, "removeAsset": 0.8, "changeSubscription": 0.7,
    "changeAccount": 0.3,
}  # fmt: skip
"""How much oftener than another operation these are called, so that jobs are placed and come to their ends."""

HONEST: Mapping[str, Sequence[Any]] = {
    "openDraft": (*[{"flow": "narrated", "topic": "why cats purr"}] * 4, {"flow": "cinematic", "topic": "the tide"}),
    "generate": (
        {"steps": [{"step": "script"}, {"step": "voiceover"}, {"step": "image"}]},
        {"steps": [{"step": "script"}, {"step": "voiceover"}, {"step": "image"}], "render": True},
        {"steps": [{"step": "image"}, {"step": "music"}], "mode": "fit"},
        {"step": "image"}, {"step": "image", "options": {"count": 2}}, {"step": "animation", "options": {"seconds": 2}},
        {"step": "animation"}, {"step": "music"}, {"step": "topic", "options": {"keywords": "cats"}}, {"step": "rewrite"},
        {"step": "script", "options": {"provider": "dear"}}, {"stale": True},
    ),
    "quoteDraft": ({"step": "image"}, {"step": "script"}, {"stale": True}),
    "connectChannel": ({"platform": "scripted"},),
    "renderDraft": ({"confirm": True},),
    "publishVideo": ({},),
    "openPost": ({},),
}  # fmt: skip
"""What honest accounts ask. Half of these requests are such ones: so jobs are placed that are worth an attack."""

WHOLE: Sequence[Any] = (
    {"steps": [{"step": "script"}, {"step": "voiceover"}, {"step": "image"}], "render": True},
    {"steps": [{"step": "script"}, {"step": "voiceover"}, {"step": "image"}], "render": True},
    {"steps": [{"step": "script"}, {"step": "voiceover"}, {"step": "image"}, {"step": "music"}]},
    {"steps": [{"step": "image"}, {"step": "image"}]},
)
"""What is asked of a draft right after it was opened, so that lives have videos in them."""

OF_NOTHING = 0.02
"""How often an operation is called for which no id is known yet, compared with one that has some."""

READING = 0.3
"""How often what only reads is called: its answers give ids, and its refusals must be right."""

CONFLICTS_OF_ANOTHER = {400, 401, 403, 404, 413, 415, 422, 429}
"""What a request for something of another account may be answered: nothing that tells whether it is there."""

KEY_SURE_MS = DAY
"""How long an idempotency key is remembered at the very least."""

CLOCK_MS = 100
"""How much time a call takes."""

JUMPS = (SECOND, SECOND, 5 * MINUTE, 5 * MINUTE, HOUR, 7 * HOUR, 7 * HOUR, DAY, DAY, 8 * DAY, 31 * DAY)
"""How far the clock goes at once: into the same hour, across midnight, across the end of a month."""

SHRINKS_MAX = 40
"""Lives that are led again, at most, to find a short one that fails alike."""


class Sent(NamedTuple):
    """A request under a key, as it was answered. `is_replay` is True for an answer that was given before."""

    request: Request
    at: int
    answer: Any
    is_replay: bool


class Call(NamedTuple):
    """A request by an account, with its key."""

    name: str
    request: Request
    key: str | None


class Life:
    """One dishonest life in one house."""

    def __init__(self, house: House, document: Any, seed: int, without: Sequence[str] = ()) -> None:
        self._house = house
        self._document = document
        self.operations = [one for one in described(document) if one.id not in without]
        self._weights = [_weight(one) for one in self.operations]
        self._seed = seed
        self._known = {name: Known() for name in WHO}
        accounts = house.stand.accounts
        self._numbers = {name: account_in(_id_of(accounts[name])) for name in WHO}
        self.books = {name: Books(name, self._numbers[name], plan) for name, plan in WHO.items()}
        self._first: dict[tuple[str, str], Sent] = {}
        self._calls: list[Call] = []
        self._said: dict[str, set[str]] = {name: set() for name in WHO}
        self._keys = 0
        self._random = Random(seed)
        self._touched = set(WHO)
        self.calls = 0
        self.succeeded: Counter[str] = Counter()
        self.attempted: Counter[str] = Counter()
        self.trace: list[str] = []

    @property
    def house(self) -> House:
        """Where it is led."""
        return self._house

    async def lead(self, steps: Sequence[int]) -> None:
        """Take these steps, then let everything come to rest, and audit."""
        self._house.world.meanwhile = self._meanwhile
        for step in steps:
            self._random = Random(f"{self._seed}/{step}")
            self.trace.append(f"-- step {step}")
            await self._step()
        await self._rest()

    async def _step(self) -> None:
        self._touched = set(WHO)
        chance = self._random.randrange(100)
        if chance < 62:
            call = self._new_call()
            self._touched = {call.name}
            await self._call(call)
        elif chance < 70:
            await self._begin()
        elif chance < 76:
            await self._call(self._old_call())
        elif chance < 79:
            call = self._new_call()
            await asyncio.gather(*(self._call(call) for _ in range(3)))
        elif chance < 93:
            await self._work()
        elif chance < 98:
            self._jump()
        else:
            await self._given()
        await self._compare(*self._touched)

    # what is done

    async def _meanwhile(self) -> None:
        """What the accounts do while a provider, the renderer or a platform is at work for one of them."""
        if self._random.randrange(100) < 40:
            return
        for _ in range(self._random.choice((1, 1, 2))):
            if self._random.randrange(100) < 8:
                self._jump()
            await self._call(self._new_call())
        await self._compare(*WHO)

    async def _begin(self) -> None:
        """An honest beginning: a draft, and what goes into it."""
        name = self._random.choice(sorted(WHO))
        topic = f"{self._random.choice(WORDS)} {self._random.randrange(1_000)}"
        await self._call(self._call_of(name, "openDraft", {}, {"flow": "narrated", "topic": topic}))
        drafts = self._known[name].ids.get("draft")
        if drafts:
            await self._call(self._call_of(name, "generate", {"id": drafts[-1]}, self._random.choice(WHOLE)))

    def _call_of(self, name: str, id: str, places: Mapping[str, str], body: Any) -> Call:
        """A call of one operation, as an honest account would make it."""
        operation = next(one for one in self.operations if one.id == id)
        self._keys += 1
        return Call(name, Request(operation, operation.path.format(**places), {}, body), f"key-{self._keys}")

    def _jump(self) -> None:
        by = self._random.choice(JUMPS)
        by += self._random.randrange(MINUTE)
        self.trace.append(f"the clock goes on by {by / HOUR:.2f} hours")
        self._house.stand.time.advance(by)

    async def _given(self) -> None:
        name, plan = self._random.choice(sorted(WHO)), self._random.choice(("free", "starter", "starter", "pro"))
        self.trace.append(f"an operator moves {name} to {plan}")
        self._keys += 1
        await self._house.given(name, plan, f"given {self._keys}")
        self.books[name].plan = plan

    async def _work(self) -> None:
        """A round of the workers and of the ledger's sweeper, with a world outside that fails now and then."""
        self._will_fail()
        self.trace.append("the workers work")
        await self._house.ledger.sweeper.sweep()
        await self._until_idle()
        for name in sorted(WHO):
            self.books[name].compare_had(await self._had(name))

    async def _until_idle(self) -> None:
        studio, publishing = self._house.worker, self._house.stand.site.publishing
        assert publishing is not None
        for work in (studio.run_all, publishing.worker.run_all):
            try:
                await work()
            except Killed:
                self.trace.append("a worker is killed")
            await self._house.world.quiet()

    def _will_fail(self) -> None:
        if self._random.randrange(100) >= 25:
            return
        provider = self._house.providers[0]
        refused = ProviderFailure("It is refused.", point=FailurePoint.BEFORE_ACCEPTANCE)
        broken = ProviderFailure("It broke.", point=FailurePoint.AT_PROVIDER)
        acts: list[tuple[str, Act]] = [
            ("run", refused), ("run", broken), ("run", "garbage"), ("run", "nothing"), ("run", Killed()),
            ("submit", broken), ("submit", "accept, then die"), ("poll", "waiting"), ("fetch", "garbage"),
            ("fetch", Killed()),
        ]  # fmt: skip
        call, act = self._random.choice(acts)
        self.trace.append(f"the provider's next {call} ends in {act!r}")
        provider.will(call, act)

    async def _rest(self) -> None:
        """Everything comes to its end: leases pass, what waits is due, and then all is audited."""
        self._house.world.meanwhile = _silent
        for pause in (0, 3 * MINUTE, 10 * MINUTE, HOUR):
            self._house.stand.time.advance(pause)
            await self._house.ledger.sweeper.sweep()
            await self._until_idle()
        await self._compare(*WHO)
        for name in sorted(WHO):
            self.books[name].compare_had(await self._had(name))
            self.books[name].compare_at_rest(self._house.world)
        report = await self._house.ledger.verify()
        if not report.is_clean:
            raise Fault("verify", " ".join(fault.sentence for fault in report.faults))

    # what is asked

    def _new_call(self) -> Call:
        name = self._random.choice(sorted(WHO))
        operation = self._random.choices(self.operations, self._weights_of(self._known[name]))[0]
        others = [self._known[other] for other in sorted(WHO) if other != name]
        making = Making(self._document, self._random, self._known[name], others)
        request = making.request(operation)
        if operation.id in HONEST and self._random.randrange(100) < 50:
            request = request._replace(body=making.completed(operation, self._random.choice(HONEST[operation.id])))
        key = None
        if operation.takes_key and (operation.needs_key or self._random.randrange(100) < 50):
            self._keys += 1
            key = f"key-{self._keys}"
            used = [old for who, old in self._first if who == name]
            if used and self._random.randrange(100) < 6:
                key = self._random.choice(used[-20:])
        return Call(name, request, key)

    def _weights_of(self, known: Known) -> list[float]:
        has = [not one.is_of_one or bool(known.ids.get(one.collection)) for one in self.operations]
        return [weight if there else weight * OF_NOTHING for weight, there in zip(self._weights, has, strict=True)]

    def _old_call(self) -> Call:
        """Something that was asked before, word by word."""
        return self._random.choice(self._calls[-60:]) if self._calls else self._new_call()

    async def _call(self, call: Call) -> None:
        name, request, key = call
        self.calls += 1
        self._calls.append(call)
        self._house.stand.time.advance(CLOCK_MS)
        self._said[name] |= {match[0] for match in ID.finditer(f"{request.path} {request.query} {request.body}")}
        self.attempted[request.operation.id] += 1
        asked = f"{request.path} {dict(request.query) or ''} {_short(request.body)} {key or ''}"
        self.trace.append(f"{name}: {request.operation.method} {asked}")
        at = len(self.trace) - 1
        status, fields, answer = await self._answered(name, request, key)
        self.trace[at] += f" -> {status} {_short(answer)}"
        self._learn(name, request, status, answer)
        self._judge(name, request, status, answer)
        if key is not None and request.operation.takes_key:
            self._judge_key(call, status, fields, answer)

    async def _answered(self, name: str, request: Request, key: str | None) -> tuple[int, Mapping[str, str], Any]:
        stand = self._house.stand
        if request.operation.streams:
            async with Listener(stand.app, stand.keys[name]) as listener:
                messages: list[Message] = list(listener.told)
            return listener.status, listener.headers, [one.data for one in messages]
        headers = stand.caller(name) | ({} if key is None else {"Idempotency-Key": key})
        more: dict[str, Any] = {}
        if request.body is not None:
            more["content"] = msgspec.json.encode(request.body)
            headers["Content-Type"] = "application/json"
        if request.content is not None:
            more["files"] = {"file": ("upload.bin", request.content)}
        answer = await stand.http.request(
            request.operation.method, request.path, params=request.query, headers=headers, **more
        )
        if answer.status_code == 401:
            await self._house.key_of(name)
        return answer.status_code, answer.headers, _read(answer)

    def _learn(self, name: str, request: Request, status: int, answer: Any) -> None:
        known, operation = self._known[name], request.operation
        if status == 404 and (match := ID.search(request.path)):
            known.forget(match[0])
        if not 200 <= status < 300:
            return
        self.succeeded[operation.id] += 1
        known.learn(answer, operation.collection if "{" not in operation.path else _last(operation.path))
        if operation.id == "placeHold":
            self.books[name].own_holds.add(answer["id"])

    # how it is judged

    def _judge(self, name: str, request: Request, status: int, answer: Any) -> None:
        what = f"{name}: {request.operation.method} {request.path} was answered {status} {_short(answer)}"
        if status >= 500 and not (isinstance(answer, dict) and answer.get("code") == "provider_unavailable"):
            raise Fault("defect", what)
        if request.operation.is_for_operators and status < 300:
            raise Fault("operators only", what)
        if self._ids_of_others(name, f"{request.path} {request.body}") and status not in CONFLICTS_OF_ANOTHER:
            raise Fault("another's", f"{what}, which had asked {_short(request.body)}")
        leaked = self._ids_of_others(name, str(answer)) - self._said[name] if status < 300 else set[str]()
        if leaked:
            raise Fault("another's", f"{what} and tells {leaked}")

    def _judge_key(self, call: Call, status: int, fields: Mapping[str, str], answer: Any) -> None:
        """One key, one request: the same again gives the same answer, anything else under it is refused."""
        name, request, key = call
        assert key is not None
        first, now = self._first.get((name, key)), self._house.stand.clock()
        if status >= 300 or _only_tells(request):
            return
        sent = Sent(request, now, answer, "idempotency-replayed" in fields)
        if first is None or now - first.at > KEY_SURE_MS:
            self._first[name, key] = sent
            return
        what = f"{name}: {request.operation.method} {request.path} under {key}"
        if request.substance != first.request.substance:
            raise Fault("key", f"{what}, which had carried out {first.request.operation.method} {first.request.path}")
        if not (sent.is_replay or first.is_replay):
            raise Fault("key", f"{what} was carried out a second time")
        if _named(answer) != _named(first.answer):
            raise Fault("key", f"{what} was answered {_short(answer)} and before {_short(first.answer)}")
        if not sent.is_replay:  # several at once: the answer that was given again came first
            self._first[name, key] = sent

    def _ids_of_others(self, name: str, text: str) -> set[str]:
        others = {number for other, number in self._numbers.items() if other != name}
        return {match[0] for match in ID.finditer(text) if account_in(match[0]) in others}

    async def _compare(self, *names: str) -> None:
        """Read and compare the books of these accounts: all that may have changed."""
        for name in sorted(names):
            await self.books[name].read(self._house)
            self.books[name].compare(self._house.world)

    async def _had(self, name: str) -> Any:
        had = await self.books[name].had(self._house)
        await self.books[name].read(self._house)
        return had


async def _silent() -> None:
    return


def _weight(operation: Described) -> float:
    return STEER.get(operation.id, READING if operation.method == "GET" else 1.0)


def _only_tells(request: Request) -> bool:
    """Whether a request asks what would happen, and says that it shall not."""
    return (
        isinstance(request.body, dict)
        and not request.body.get("confirm", False)
        and request.operation.method in ("PUT", "PATCH")
    )


def _named(answer: Any) -> Any:
    return (answer.get("id"), answer.get("job"), answer.get("hold")) if isinstance(answer, dict) else None


def _last(path: str) -> str:
    """What the answer to an operation on something of a thing is one of: `quote` for `/drafts/{id}/quotes`."""
    return (
        path.rpartition("/")[2].removesuffix("s") if not path.endswith("}") else path.split("/")[-2].removesuffix("s")
    )


def _id_of(account: Any) -> str:
    return id_text("account", account.lane, account.id, 1)


def _read(answer: httpx.Response) -> Any:
    kind = answer.headers.get("content-type", "")
    return answer.json() if "json" in kind and answer.content else answer.text[:200] if "text" in kind else None


def _short(value: Any) -> str:
    text = "" if value is None else re.sub(r"quote_[\w-]+", "quote_…", str(value))
    return text if len(text) < 260 else text[:250] + " …"


# leading, and making short what fails


class Outcome(NamedTuple):
    """How a life ended: with its fault, if it had one."""

    life: Life
    fault: Fault | None

    @property
    def story(self) -> str:
        """What was done, and what came of it."""
        return "\n".join([*self.life.trace, f"=> {self.fault or 'all as promised'}"])


Address = Callable[[Path], str]
"""The address of an empty database, for a folder that one may use."""


async def lead(address: Address, seed: int, steps: Sequence[int], without: Sequence[str] = ()) -> Outcome:
    """Lead a life of these steps on an empty database, without calling the operations of these ids."""
    clock = FakeClock()
    with TemporaryDirectory(prefix="reelbot-life-") as folder:
        async with opened(address(Path(folder)), Path(folder), clock, WHO) as house:
            document = (await house.stand.http.get("/api/v1/openapi.json")).json()
            life = Life(house, document, seed, without)
            try:
                await life.lead(steps)
            except Fault as fault:
                return Outcome(life, fault)
            return Outcome(life, None)


async def shortest(address: Address, seed: int, failed: Outcome, steps: Sequence[int]) -> Outcome:
    """The shortest life found that ends in the same fault: steps are left out as long as it still does."""
    assert failed.fault is not None
    best, kept, tries = failed, list(steps), 0
    size = len(kept) // 2
    while size and tries < SHRINKS_MAX:
        at = 0
        while at < len(kept) and tries < SHRINKS_MAX:
            fewer = kept[:at] + kept[at + size :]
            again = await lead(address, seed, fewer)
            tries += 1
            if again.fault is not None and again.fault.rule == failed.fault.rule:
                kept, best = fewer, again
            else:
                at += size
        size //= 2
    return best


def sqlite_in(folder: Path) -> str:
    """The address of a SQLite file in a folder."""
    return f"sqlite:///{folder / 'reelbot.db'}"
