"""How long a clip is when nobody says: a length that the provider can make."""

import pytest
from msgspec import Struct

from reelbot.providers.port import Ability
from reelbot.studio.actions.animation import usual_seconds


class NoOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing to choose."""


@pytest.mark.parametrize(("lengths", "seconds"), [((), 5), ((5, 10), 5), ((4, 8, 12), 4), ((8,), 8), ((6, 3), 6)])
def test_a_clip_is_about_five_seconds_long_unless_somebody_says(lengths: tuple[int, ...], seconds: int) -> None:
    ability = Ability("Clips", "made up", NoOptions, clip_seconds=lengths)
    assert usual_seconds(ability) == seconds
