"""What `reelbot doctor` looks at where the studio is installed: its providers, and the walls around what it decodes."""

import asyncio
import os
from collections.abc import Iterator

from reelbot.cli.findings import Finding
from reelbot.config import Config
from reelbot.errors import Failure
from reelbot.studio import registry_of
from reelbot.subprocesses import reaches_out


def studio_findings(config: Config) -> Iterator[Finding]:
    """What the checks of the studio find, one after the other."""
    yield from _providers(config)
    yield from _walls()


def _providers(config: Config) -> Iterator[Finding]:
    try:
        registry = registry_of(config.providers, os.environ)
    except Failure as failure:
        yield Finding("Providers", "error", failure.detail, failure.hint or "Correct the file.")
        return
    asyncio.run(registry.aclose())  # none is asked anything
    missing = {provider.title: provider.missing() for provider in registry}
    ready = [title for title, lacks in missing.items() if lacks is None]
    yield Finding("Providers", "ok", f"{', '.join(ready)}: ready.")
    for title, lacks in missing.items():
        if lacks is not None:
            yield Finding("Providers", "warning", f"{title} cannot be used.", lacks)
    for fault in registry.faults:
        yield Finding("Providers", "warning", f"{fault.name}: {fault.says}", "Repair that package, or remove it.")


def _walls() -> Iterator[Finding]:
    """Whether the programs that open uploads can be kept from the network."""
    if reaches_out():
        detail = "Programs that open uploads are not kept from the network on this system."
        yield Finding("Walls", "warning", detail, "Use Linux with seccomp, or let a firewall keep ReelBot's user in.")
    else:
        yield Finding("Walls", "ok", "Programs that open uploads have no network and see no keys.")
