"""Programs that the ledger is worth comparing with; those that are not here are named, so that nobody misses them."""

import shutil
from collections.abc import Mapping
from importlib.util import find_spec

_PROGRAMS = {
    "TigerBeetle": ("tigerbeetle", "one transfer for each command"),
    "Redis": ("redis-server", "a Lua script for each command, its log synced always"),
}
_MODULES = {"MoviePy": ("moviepy", "a whole render")}


def missing_peers() -> Mapping[str, str]:
    """Peers that are not installed, with what they would have been compared by."""
    programs = {name: what for name, (program, what) in _PROGRAMS.items() if shutil.which(program) is None}
    modules = {name: what for name, (module, what) in _MODULES.items() if find_spec(module) is None}
    return {**programs, **modules}
