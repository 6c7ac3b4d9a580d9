"""Providers that ask a server of the tests."""

from contextlib import AsyncExitStack
from typing import Any, TypeVar

from tests.providers.material import KEY
from tests.providers.servers import Server
from tests.support.clock import FakeClock

from reelbot.providers.elevenlabs import ElevenLabs, ElevenLabsSettings
from reelbot.providers.fal import Fal, FalSettings
from reelbot.providers.keyed.base import Key
from reelbot.providers.keyed.http import Timeouts
from reelbot.providers.openai import Models, OpenAI, OpenAISettings

PATIENT = Timeouts(30, 60, 60)
"""For tests in which everything is answered."""

HASTY = Timeouts(30, 0.05, 60)
"""For tests in which nothing is: silence is only counted once a request has been sent, however slow the machine is."""

BRIEF = Timeouts(30, 60, 0.1)
"""For tests in which an answer never ends."""


P = TypeVar("P", OpenAI, ElevenLabs, Fal)


class Bench:
    """Makes providers that ask the server, and closes them. What they wait is noted and not waited."""

    def __init__(self, server: Server, clock: FakeClock, closing: AsyncExitStack) -> None:
        self._server = server
        self._clock = clock
        self._closing = closing
        self.waited: list[float] = []

    async def _wait(self, seconds: float) -> None:
        self.waited.append(seconds)

    def openai(self, timeouts: Timeouts = PATIENT, **settings: Any) -> OpenAI:
        models = Models(text="writer-1", speech="speaker-1", image="painter-1", video="mover-1")
        asked: dict[str, Any] = {
            "title": "Open",
            "base_url": f"{self._server.url}/v1",
            "models": models,
            "video_seconds": (5, 8),
        }
        provider = OpenAI("open", OpenAISettings(**(asked | settings)), Key(KEY, origin="KEY"), timeouts, self._wait)
        return self._closed_later(provider)

    def keyless_openai(self) -> OpenAI:
        """As Ollama is: without a key."""
        settings = OpenAISettings(base_url=f"{self._server.url}/v1", models=Models(text="writer-1"))
        return self._closed_later(OpenAI("local", settings, Key(), PATIENT))

    def locked_openai(self) -> OpenAI:
        """One whose key is missing."""
        settings = OpenAISettings(base_url=f"{self._server.url}/v1", models=Models(text="writer-1"))
        return self._closed_later(OpenAI("locked", settings, Key(missing="Set the variable KEY."), PATIENT))

    def elevenlabs(self, timeouts: Timeouts = PATIENT, **settings: Any) -> ElevenLabs:
        asked = {"title": "Eleven", "base_url": self._server.url, "voices": {"alloy": "Alloy"}}
        provider = ElevenLabs("eleven", ElevenLabsSettings(**(asked | settings)), Key(KEY, origin="KEY"), timeouts)
        return self._closed_later(provider)

    def fal(self, timeouts: Timeouts = PATIENT, **settings: Any) -> Fal:
        asked = {"title": "Queue", "base_url": self._server.url, "listing_url": f"{self._server.url}/v1"}
        asked |= {"model": "owner/mover/v2/image-to-video"}
        provider = Fal(
            "queue", FalSettings(**(asked | settings)), Key(KEY, origin="KEY"), timeouts, self._wait, self._clock
        )
        return self._closed_later(provider)

    def _closed_later(self, provider: P) -> P:
        self._closing.push_async_callback(provider.aclose)
        return provider
