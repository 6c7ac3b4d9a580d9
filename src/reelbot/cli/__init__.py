"""The command line: `reelbot`. Installed as a script that calls `main`."""

from reelbot.cli.program import main, program

__all__ = ["main", "program"]
