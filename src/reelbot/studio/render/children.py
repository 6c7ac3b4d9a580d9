"""What a Python process that we start needs to find this same package, installed or not."""

import os
from pathlib import Path

import reelbot


def python_environment() -> dict[str, str]:
    """Return our environment, with the place of this package in front of all others."""
    home = str(Path(reelbot.__file__).parents[1])
    inherited = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{home}{os.pathsep}{inherited}" if inherited else home}
