"""The time zone of this machine, for the first account."""

import os
from pathlib import Path

from reelbot.allowance.core.windows import zone_exists

UNKNOWN = "UTC"

_NAME = Path("/etc/timezone")
_LINK = Path("/etc/localtime")


def machine_timezone(name: Path = _NAME, link: Path = _LINK) -> str:
    """The IANA name of the zone that this machine's wall clock shows; UTC when it can't be told."""
    return next((zone for zone in _candidates(name, link) if zone_exists(zone)), UNKNOWN)


def _candidates(name: Path, link: Path) -> list[str]:
    """Names that may be meant: what `TZ` says, what the link points to, what the file says."""
    linked = str(link.resolve()).partition("/zoneinfo/")[2]
    try:
        written = name.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        written = ""
    return [os.environ.get("TZ", "").removeprefix(":"), linked, written]
