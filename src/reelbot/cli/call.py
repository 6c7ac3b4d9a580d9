"""What every command is given: the settings in force, a choice between words and JSON, and errors that people can read.

Exit status: 0 done, 2 wrong use, 3 refused by an allowance, 1 anything else.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, NamedTuple, ParamSpec

import click
import msgspec
from rich.console import RenderableType

from reelbot.allowance import Refused
from reelbot.cli.terminal import printed
from reelbot.config import DEBUG, Config, read_config
from reelbot.errors import Failure, Malformed

P = ParamSpec("P")

_encode = msgspec.json.Encoder().encode


class WrongUse(click.ClickException):
    """What was asked cannot be meant."""

    exit_code = 2


class RefusedByAllowance(click.ClickException):
    """The ledger said no."""

    exit_code = 3


class Invocation(NamedTuple):
    """One call of a command."""

    config: Config
    as_json: bool

    def show(self, document: object, *picture: RenderableType) -> None:
        """Print the document when a program asked, else the picture."""
        if self.as_json:
            click.echo(msgspec.json.format(_encode(document), indent=2))
        else:
            printed(*picture)


def configured(command: Callable[Concatenate[Invocation, P], None]) -> Callable[..., None]:
    """Give a command the options that all have, read into an `Invocation`, which is its first argument."""

    @click.option("--config", "file", type=click.Path(path_type=Path), metavar="FILE", help="Settings to read.")
    @click.option("--database", metavar="ADDRESS", help="sqlite:///path or postgresql://user@host/name.")
    @click.option("--data", type=click.Path(path_type=Path), metavar="FOLDER", help="Where data is kept.")
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
    @wraps(command)
    def configured_command(
        *args: Any, file: Path | None, database: str | None, data: Path | None, as_json: bool, **others: Any
    ) -> None:
        with _errors_told():
            config = read_config(file, os.environ, {"database": database, "data": data})
            command(Invocation(config, as_json), *args, **others)

    return configured_command


@contextmanager
def _errors_told() -> Iterator[None]:
    """Turn errors into one message and an exit status; with `REELBOT_DEBUG` they keep their traceback."""
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
        raise
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        raise _told(error) from error


def _told(error: Exception) -> click.ClickException:
    match error:
        case Refused():
            return RefusedByAllowance(error.sentence)
        case Malformed():
            return WrongUse(error.detail)
        case Failure():
            return click.ClickException(str(error))
        case _:
            said = f"{type(error).__name__}: {error}".rstrip(": ")
            return click.ClickException(f"This is a defect in ReelBot ({said}). Please report it, with {DEBUG}=1 set.")
