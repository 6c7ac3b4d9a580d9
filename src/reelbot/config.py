"""What this installation is set to: read once from reelbot.toml, `REELBOT_*` variables and flags, each over the last.

The file is `--config`, else `REELBOT_CONFIG`, else `reelbot.toml` in the working directory when it is there. Relative
paths in it start from its own folder, those in variables and flags from the working directory. An empty variable counts
as not set. All mistakes are told together, each with its line, its variable or its flag.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import quote, urlsplit

from reelbot.errors import ConfigFailure
from reelbot.limits import LANES_MAX, REQUEST_BURST, REQUESTS_PER_SECOND
from reelbot.toml_file import read_toml, suggestion

FILE = Path("reelbot.toml")
PREFIX = "REELBOT_"

DEBUG = "REELBOT_DEBUG"
"""Set to anything, errors come with their traceback. Not a setting: it must work while settings are being read."""

CONFIG = "REELBOT_CONFIG"

PORT_MAX = 65_535

SIGNUPS = ("closed", "open")
"""Whether whoever comes may open an account, on the lowest plan."""

PLAN_CHANGES = ("open", "request", "closed")
"""Who may move up to a plan: anybody, whoever an operator approves, nobody by themselves."""

LOOPBACK = ("127.0.0.1", "::1")
"""Whose word counts by default about where a request came from: a proxy on the same machine."""

NO_PROXIES = "none"

LOG_LEVELS = ("debug", "info", "warning", "error")

BURST_MAX = 1_000_000
PER_SECOND_MAX = 100_000
"""More requests than any process answers: as good as no bound."""

_PASSWORDS = (
    re.compile(r"(?P<before>://[^:/@?]*:)[^/?]*(?=@)"),
    re.compile(r"(?P<before>[?&\s](?:ssl)?password=)[^&\s]*"),
)
_POSTGRES = re.compile(r"postgres(ql)?://")


@dataclass(frozen=True)
class Config:
    """The settings in force. `database` may hold a password: show `database_shown`."""

    host: str = "127.0.0.1"
    port: int = 8080
    data: Path = Path("data")
    database: str = field(default="", repr=False)
    plans: Path | None = None
    prices: Path | None = None
    failures: Path | None = None
    providers: Path | None = None
    jobs: int = 2
    log_level: str = "info"
    lanes: int = 1
    webhooks_to_loopback: bool = False
    signup: Literal["closed", "open"] = "closed"
    plan_changes: Literal["open", "request", "closed"] | None = None
    public_url: str = ""
    proxies: tuple[str, ...] = LOOPBACK
    hosts: tuple[str, ...] = ()
    request_burst: int = REQUEST_BURST
    requests_per_second: int = REQUESTS_PER_SECOND

    def __post_init__(self) -> None:
        if not self.database:
            object.__setattr__(self, "database", f"sqlite:///{quote(str(self.data / 'reelbot.db'))}")

    @property
    def shown(self) -> dict[str, str]:
        """Every setting as an operator may read it, the database's password struck out."""
        told = {name: getattr(self, name) for name in _SETTINGS} | {"database": self.database_shown}
        return {name: _as_text(value) for name, value in told.items()}

    @property
    def found_at(self) -> str:
        """The address under which people find this server, without a slash at its end."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def names(self) -> tuple[str, ...]:
        """The host names that this installation is asked by, as far as its settings say."""
        return (urlsplit(self.public_url).hostname or "", self.host, *self.hosts)

    @property
    def database_shown(self) -> str:
        """The database's address with the password struck out."""
        shown = self.database
        for password in _PASSWORDS:
            shown = password.sub(r"\g<before>…", shown)
        return shown


def _as_text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return "" if value is None else str(value)


class _Given(NamedTuple):
    """A value as it was given: where it stands, and the folder that its relative paths start from."""

    value: object
    origin: str
    folder: Path


def read_config(
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
) -> Config:
    """The settings in force. A flag that is None was not given. `ConfigFailure` names every mistake."""
    environment = environment or {}
    mistakes: list[str] = []
    given = dict(_from_file(_file(file, environment), mistakes))
    given.update(_from_environment(environment, mistakes))
    given.update(_from_flags(flags or {}))
    settings = dict(_settings(given, mistakes))
    mistakes.extend(_lanes_without_postgres(settings, given))
    if mistakes:
        raise ConfigFailure("\n".join(mistakes))
    return Config(**settings)


def _settings(given: Mapping[str, _Given], mistakes: list[str]) -> Iterator[tuple[str, Any]]:
    for name, one in given.items():
        try:
            yield name, _SETTINGS[name](one)
        except ValueError as error:
            mistakes.append(f"{one.origin} must be {error}, not {one.value!r}.")


def _lanes_without_postgres(settings: Mapping[str, Any], given: Mapping[str, _Given]) -> Iterator[str]:
    if settings.get("lanes", 1) > 1 and not _POSTGRES.match(settings.get("database", "")):
        yield f"{given['lanes'].origin} must be 1 unless the database is a PostgreSQL: a file has one writer."


def _file(file: Path | None, environment: Mapping[str, str]) -> Path | None:
    if file is not None:
        return file
    if environment.get(CONFIG):
        return Path(environment[CONFIG])
    return FILE if FILE.exists() else None


def _from_file(file: Path | None, mistakes: list[str]) -> Iterator[tuple[str, _Given]]:
    if file is None:
        return
    read = read_toml(file, str(file))
    for name, value in read.content.items():
        line = f"{file} line {read.line_of((name,))}"
        if name in _SETTINGS:
            yield name, _Given(value, f"{line}: {name}", file.parent)
        else:
            mistakes.append(f"{line}: {name} is not a setting; {suggestion(name, _SETTINGS)}")


def _from_environment(environment: Mapping[str, str], mistakes: list[str]) -> Iterator[tuple[str, _Given]]:
    variables = {f"{PREFIX}{name.upper()}": name for name in _SETTINGS}
    for variable, value in sorted(environment.items()):
        if variable in variables:
            if value:
                yield variables[variable], _Given(value, variable, Path())
        elif variable.startswith(PREFIX) and variable not in (CONFIG, DEBUG):
            mistakes.append(f"The variable {variable} is not a setting; {suggestion(variable, variables)}")


def _from_flags(flags: Mapping[str, object]) -> Iterator[tuple[str, _Given]]:
    for name, value in flags.items():
        if value is not None:
            yield name, _Given(value, f"--{name.replace('_', '-')}", Path())


# What each setting may be. The texts of the errors go on after "must be".


def _text(given: _Given) -> str:
    if not isinstance(given.value, str) or not given.value.strip():
        raise ValueError("a text")
    return given.value


def _port(given: _Given) -> int:
    text = str(given.value)
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > PORT_MAX:
        raise ValueError(f"a whole number from 0 to {PORT_MAX}")
    return int(text)


def _lanes(given: _Given) -> int:
    text = str(given.value)
    if not re.fullmatch(r"[0-9]{1,2}", text) or not 1 <= int(text) <= LANES_MAX:
        raise ValueError(f"a whole number from 1 to {LANES_MAX}")
    return int(text)


def _jobs(given: _Given) -> int:
    text = str(given.value)
    if not re.fullmatch(r"[0-9]{1,2}", text):
        raise ValueError("a whole number from 0 to 99, the jobs that run at once in one process")
    return int(text)


def _requests(most: int) -> Callable[[_Given], int]:
    """A whole number from 1 to `most`."""

    def read(given: _Given) -> int:
        text = str(given.value)
        if not re.fullmatch(r"[0-9]{1,7}", text) or not 1 <= int(text) <= most:
            raise ValueError(f"a whole number from 1 to {most:,}")
        return int(text)

    return read


def _path(given: _Given) -> Path:
    if isinstance(given.value, Path):
        return given.value
    return given.folder / Path(_text(given)).expanduser()


def _address(given: _Given) -> str:
    """An address as it is, except that a relative SQLite path starts from the folder of the file that names it."""
    address = _text(given)
    path = address.removeprefix("sqlite:///")
    if path == address or path.startswith("/") or given.folder == Path():
        return address
    return f"sqlite:///{quote(str(given.folder))}/{path}"


def _level(given: _Given) -> str:
    if given.value not in LOG_LEVELS:
        raise ValueError(f"one of {', '.join(LOG_LEVELS)}")
    return str(given.value)


def _signup(given: _Given) -> str:
    if given.value not in SIGNUPS:
        raise ValueError(f"one of {', '.join(SIGNUPS)}")
    return str(given.value)


def _plan_changes(given: _Given) -> str:
    if given.value not in PLAN_CHANGES:
        raise ValueError(f"one of {', '.join(PLAN_CHANGES)}")
    return str(given.value)


def _public_url(given: _Given) -> str:
    """An address of a whole site: pages cannot be served below a path."""
    rule = "the address of a whole site, such as https://reelbot.example.com"
    address = str(given.value).removesuffix("/")
    try:
        parts = urlsplit(address)
        is_site = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError as error:
        raise ValueError(rule) from error
    if not is_site or address != f"{parts.scheme}://{parts.netloc}" or not re.fullmatch(r"[\w.\-:\[\]]+", parts.netloc):
        raise ValueError(rule)
    return address


def _proxies(given: _Given) -> tuple[str, ...]:
    """Addresses and networks, in a list or with commas between them."""
    listed = given.value if isinstance(given.value, list) else str(given.value).split(",")
    named = tuple(str(one).strip() for one in listed)
    if named in ((), (NO_PROXIES,)):
        return ()
    try:
        return tuple(str(ipaddress.ip_network(one)) if "/" in one else str(ipaddress.ip_address(one)) for one in named)
    except ValueError as error:
        raise ValueError(f'addresses and networks such as 10.0.0.0/8, or "{NO_PROXIES}"') from error


def _hosts(given: _Given) -> tuple[str, ...]:
    """Host names, in a list or with commas between them."""
    listed = given.value if isinstance(given.value, list) else str(given.value).split(",")
    named = tuple(str(one).strip().lower() for one in listed)
    if not all(re.fullmatch(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?", name) for name in named):
        raise ValueError("host names such as reelbot.example.com, without a port")
    return named


def _flag(given: _Given) -> bool:
    if given.value not in (True, False, "true", "false"):
        raise ValueError("true or false")
    return given.value in (True, "true")


_SETTINGS: Mapping[str, Callable[[_Given], object]] = {
    "host": _text,
    "port": _port,
    "data": _path,
    "database": _address,
    "plans": _path,
    "prices": _path,
    "failures": _path,
    "providers": _path,
    "jobs": _jobs,
    "log_level": _level,
    "lanes": _lanes,
    "webhooks_to_loopback": _flag,
    "signup": _signup,
    "plan_changes": _plan_changes,
    "public_url": _public_url,
    "proxies": _proxies,
    "hosts": _hosts,
    "request_burst": _requests(BURST_MAX),
    "requests_per_second": _requests(PER_SECOND_MAX),
}
"""Every setting by its name in the file; the variable is the same in capitals behind `REELBOT_`."""
