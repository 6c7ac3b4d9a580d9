"""What `serve` and `work` write to standard error while they run."""

import logging

TALKATIVE = ("httpx", "httpcore")
"""They would write down whole addresses, and with them what signs some of those: whoever reads that may fetch the file."""


def log_to_stderr(level: str) -> None:
    """Write what happens from a level on, one line each."""
    logging.basicConfig(level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    if level != "debug":  # the server's own talk about starting and ending says nothing that isn't said here
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
