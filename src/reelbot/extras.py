"""What is installed only when it is asked for: the extras of the package, the libraries of each, and how to get them.

`reelbot` alone is the ledger on SQLite with its commands. Whatever needs more calls `require` before it imports more, so
that who lacks it reads one sentence with the command to type. `pyproject.toml` has the same lists, with versions.
"""

from importlib.util import find_spec
from types import MappingProxyType
from typing import Literal

from reelbot.errors import ConfigFailure

Extra = Literal["postgres", "studio", "server"]

MODULES = MappingProxyType[Extra, tuple[str, ...]](
    {
        "postgres": ("psycopg",),
        "studio": ("av", "cv2", "espeakng_loader", "httpx", "imageio_ffmpeg", "numpy", "PIL", "uvloop"),
        "server": ("jinja2", "prometheus_client", "python_multipart", "starlette", "uvicorn"),
    }
)
"""The libraries of each extra by the names that they are imported under."""

INCLUDES = MappingProxyType[Extra, tuple[Extra, ...]]({"postgres": (), "studio": (), "server": ("studio",)})
"""What an extra brings besides its own: the pages of the server are those of the studio."""

_USES: MappingProxyType[Extra, str] = MappingProxyType(
    {"postgres": "PostgreSQL", "studio": "Making videos", "server": "Serving the pages and the API"}
)


class ExtraMissing(ConfigFailure, ImportError):
    """Libraries of an extra are not installed; the hint is the command that installs them."""

    code = "extra_missing"


def require(extra: Extra) -> None:
    """Raise `ExtraMissing` unless every library of an extra, and of what it includes, is installed. Imports none of them."""
    missing = [module for one in (*INCLUDES[extra], extra) for module in MODULES[one] if find_spec(module) is None]
    if missing:
        raise ExtraMissing(f"{_USES[extra]} needs {_listed(missing)} not installed here.", command(extra))


def command(extra: Extra) -> str:
    """What to do to get an extra: the command to type."""
    return f"Type: pip install 'reelbot[{extra}]'"


def is_installed(extra: Extra) -> bool:
    """Whether everything that an extra needs is there."""
    try:
        require(extra)
    except ExtraMissing:
        return False
    return True


def _listed(names: list[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}, which are" if others else f"{last}, which is"
