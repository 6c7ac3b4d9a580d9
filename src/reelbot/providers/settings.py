"""Reads providers.toml: which providers with keys there are. A mistake names the file, the line and what is wrong.

    [providers.openai]
    kind = "openai"
    key_env = "OPENAI_API_KEY"
    models = { text = "gpt-5-mini", speech = "gpt-4o-mini-tts", image = "gpt-image-1" }

A key stands in the file as `key`, or in the environment under the name that `key_env` says. A provider whose key is
missing is there all the same, and says how to get it.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec

from reelbot.errors import ConfigFailure
from reelbot.providers.elevenlabs import ElevenLabs
from reelbot.providers.fal import Fal
from reelbot.providers.keyed.base import Key, Settings
from reelbot.providers.keyed.http import DEFAULT_TIMEOUTS, Timeouts
from reelbot.providers.openai import OpenAI
from reelbot.providers.port import Provider
from reelbot.toml_file import read_toml, suggestion

KINDS: Mapping[str, Any] = {
    "openai": OpenAI,
    "elevenlabs": ElevenLabs,
    "fal": Fal,
}
"""Every kind of provider by its word in the file: a class with its `Settings`. A new kind is one more line here."""

RESERVED = ("embedded",)
"""Names that are taken."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,59}")
_PATH = re.compile(r" - at `\$((?:\.\w+|\[[^\]]*\])*)`$")
_ABOUT_KEY = ("kind", "key", "key_env")


class _Mistake(NamedTuple):
    """What is wrong, and the path in the file that it is about."""

    keys: tuple[str, ...]
    says: str


def load_providers(
    path: Path | None, environment: Mapping[str, str], timeouts: Timeouts = DEFAULT_TIMEOUTS
) -> list[Provider]:
    """The providers of a file, in its order; none without a file. `ConfigFailure` tells every mistake with its line."""
    if path is None:
        return []
    file = read_toml(path, str(path))
    mistakes: list[_Mistake] = []
    tables = list(_tables(file.content, mistakes))
    made = [_read(name, table, environment, mistakes) for name, table in tables]
    if mistakes:
        told = sorted((file.line_of(mistake.keys), mistake.says) for mistake in mistakes)
        raise ConfigFailure("\n".join(file.mistake(line, says) for line, says in told))
    return [one.kind(one.name, one.settings, one.key, timeouts) for one in made if one is not None]


class _Read(NamedTuple):
    """A provider as the file says it is."""

    kind: Any
    name: str
    settings: Settings
    key: Key


def _tables(content: Mapping[str, Any], mistakes: list[_Mistake]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The table of each provider, by name."""
    for word in content:
        if word != "providers":
            mistakes.append(_Mistake((word,), f"{word} is not known; there is only [providers.NAME]"))
    providers = content.get("providers", {})
    if not isinstance(providers, dict):
        mistakes.append(_Mistake(("providers",), "providers must be tables, [providers.NAME]"))
        return
    for name, table in providers.items():
        at = ("providers", name)
        if not isinstance(table, dict):
            mistakes.append(_Mistake(at, f"providers.{name} must be a table, [providers.{name}]"))
        elif not _NAME.fullmatch(name) or name in RESERVED:
            mistakes.append(_Mistake(at, f"providers.{name} needs another name: of a-z, 0-9, _ and -, a letter first"))
        else:
            yield name, table


def _read(name: str, table: dict[str, Any], environment: Mapping[str, str], mistakes: list[_Mistake]) -> _Read | None:
    """One provider, or None when there are mistakes in its table."""
    at = ("providers", name)
    word = table.get("kind")
    kind = KINDS.get(word) if isinstance(word, str) else None
    if kind is None:
        kinds = " or ".join(f'"{known}"' for known in KINDS)
        mistakes.append(_Mistake((*at, "kind"), f"{name}.kind must be {kinds}"))
        return None
    known = (*_ABOUT_KEY, *(field.encode_name for field in msgspec.structs.fields(kind.Settings)))
    strange = [setting for setting in table if setting not in known]
    mistakes += (
        _Mistake((*at, setting), f"{name}.{setting} is not a setting; {suggestion(setting, known)}")
        for setting in strange
    )
    rest = {setting: value for setting, value in table.items() if setting in known and setting not in _ABOUT_KEY}
    try:
        settings: Settings = msgspec.convert(rest, kind.Settings)
        _check_address(settings.base_url)
        return _Read(kind, name, settings, _key(name, table, settings, environment))
    except msgspec.ValidationError as error:
        mistakes.append(_validation(at, str(error)))
    except _NotRight as error:
        mistakes.append(_Mistake((*at, error.setting), f"{name}.{error.setting} must be {error.wanted}"))
    return None


class _NotRight(ValueError):
    """A setting that is of the right type and still wrong."""

    def __init__(self, setting: str, wanted: str) -> None:
        super().__init__(wanted)
        self.setting = setting
        self.wanted = wanted


def _check_address(text: str) -> None:
    """Raise for an address that cannot be one, or that holds what does not belong there, such as a password."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        raise _NotRight("base_url", "an address such as https://api.example.com/v1") from None
    if url.scheme not in ("https", "http") or not url.raw_host or url.userinfo or url.query or url.fragment:
        raise _NotRight("base_url", "an http or https address without user, password, query and fragment")


def _key(name: str, table: Mapping[str, Any], settings: Settings, environment: Mapping[str, str]) -> Key:
    """The key, from the file or from the environment; without one, how to get it."""
    for setting in ("key", "key_env"):
        value = table.get(setting, "-")
        if not isinstance(value, str) or not value.strip() or not value.isascii() or not value.isprintable():
            raise _NotRight(setting, "a line of plain characters")
    if "key" in table:
        return Key(table["key"].strip(), origin=f"key of [providers.{name}] in providers.toml")
    variable: str = table.get("key_env") or (settings.key_env if settings.needs_key else "")
    text = environment.get(variable, "").strip() if variable else ""
    if text or not variable:
        return Key(text, origin=variable)
    missing = f"Set the variable {variable} to your key, or write it as key of [providers.{name}] in providers.toml."
    return Key(origin=variable, missing=missing)


def _validation(at: tuple[str, ...], says: str) -> _Mistake:
    """A value of the wrong type or outside its bounds, as a mistake at its place."""
    found = _PATH.search(says)
    inside = tuple(re.findall(r"\.(\w+)", found[1])) if found else ()
    missing = re.search(r"missing required field `(\w+)`", says)
    if missing:
        return _Mistake(at, f"{at[-1]} has no {'.'.join((*inside, missing[1]))}")
    unknown = re.search(r"contains unknown field `(\w+)`", says)
    if unknown:
        return _Mistake((*at, *inside, unknown[1]), f"{'.'.join((at[-1], *inside, unknown[1]))} is not a setting")
    wanted = _PATH.sub("", says)
    return _Mistake((*at, *inside), f"{'.'.join((at[-1], *inside))} is not right: {wanted[:1].lower()}{wanted[1:]}")
