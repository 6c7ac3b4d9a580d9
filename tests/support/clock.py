"""What tests put in the place of the world: so far, the clock."""

from reelbot.clock import instant_from


class FakeClock:
    """A clock that stands still until it is moved. Called, it tells the time, as every `Clock` does."""

    def __init__(self, at: int = instant_from("2026-03-01T12:00:00Z")) -> None:
        self._at = at

    def __call__(self) -> int:
        return self._at

    def advance(self, by_ms: int) -> None:
        """Let so many milliseconds pass; negative ones turn the clock back."""
        self._at += by_ms

    def set(self, at: int) -> None:
        """Jump to an instant."""
        self._at = at
