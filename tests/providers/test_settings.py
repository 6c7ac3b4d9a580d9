"""providers.toml: what may stand in it, and how its mistakes are told."""

import re
import textwrap
from collections.abc import Mapping
from contextlib import AsyncExitStack, aclosing
from pathlib import Path

import pytest
from tests.providers.material import IMAGE, KEY, desk_in, png
from tests.providers.servers import Reply, Server

from reelbot.errors import ConfigFailure
from reelbot.providers import settings
from reelbot.providers.elevenlabs import ElevenLabs
from reelbot.providers.fal import Fal
from reelbot.providers.keyed import base
from reelbot.providers.keyed.http import DEFAULT_TIMEOUTS
from reelbot.providers.limits import PICTURE_BYTES_MAX
from reelbot.providers.openai import OpenAI
from reelbot.providers.port import Ability, AtOnce, Provider
from reelbot.providers.settings import KINDS, load_providers

WHOLE = """
[providers.openai]
kind = "openai"
models = { text = "gpt-5-mini", speech = "gpt-4o-mini-tts", image = "gpt-image-1" }

[providers.local]
kind = "openai"
title = "On this machine"
base_url = "http://127.0.0.1:11434/v1"
models.text = "llama3.2"

[providers.router]
kind = "openai"
base_url = "https://openrouter.ai/api/v1"
key_env = "ROUTER_KEY"
bills_failures = true

[providers.router.models]
text = "some/model"

[providers.voice]
kind = "elevenlabs"
key = "plain-key"

[providers.voice.voices]
abc = "Anna"
def = "Emil"

[providers.clips]
kind = "fal"
model = "fal-ai/kling-video/v2.5-turbo/standard/image-to-video"
input = { negative_prompt = "blur", cfg_scale = 0.5 }
"""


async def load(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> list[Provider]:
    path = folder / "providers.toml"
    path.write_text(text, encoding="utf-8")
    async with AsyncExitStack() as closing:
        providers = load_providers(path, environment or {})
        for provider in providers:
            closing.push_async_callback(provider.aclose)
        return providers


async def mistakes_of(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigFailure) as failure:
        await load(folder, text)
    assert KEY not in str(failure.value)
    return failure.value.detail.replace(str(folder / "providers.toml"), "file").splitlines()


async def test_several_providers_of_a_kind_are_read_in_the_order_of_the_file(tmp_path: Path) -> None:
    environment = {"OPENAI_API_KEY": KEY, "FAL_KEY": "fal", "ROUTER_KEY": "router"}
    providers = await load(tmp_path, WHOLE, environment)
    assert [type(provider) for provider in providers] == [OpenAI, OpenAI, OpenAI, ElevenLabs, Fal]
    assert [provider.name for provider in providers] == ["openai", "local", "router", "voice", "clips"]
    assert [provider.title for provider in providers] == ["openai", "On this machine", "router", "voice", "clips"]
    assert [provider.missing() for provider in providers] == [None] * 5
    assert [list(provider.abilities) for provider in providers[:2]] == [
        ["topic", "script", "rewrite", "voiceover", "image"],
        ["topic", "script", "rewrite"],
    ]
    assert providers[2].abilities["script"].bills_failures
    assert [voice.id for voice in providers[3].voices("de")] == ["abc", "def"]
    assert providers[4].abilities["animation"].clip_seconds == (5, 10)


async def test_a_provider_without_its_key_is_there_and_says_how_to_get_it(tmp_path: Path) -> None:
    providers = await load(tmp_path, WHOLE, {"ROUTER_KEY": " "})
    missing = [provider.missing() for provider in providers]
    assert missing == [
        "Set the variable OPENAI_API_KEY to your key, or write it as key of [providers.openai] in providers.toml.",
        None,
        "Set the variable ROUTER_KEY to your key, or write it as key of [providers.router] in providers.toml.",
        None,
        "Set the variable FAL_KEY to your key, or write it as key of [providers.clips] in providers.toml.",
    ]


async def test_a_key_is_not_shown_by_anything_that_shows_a_provider(tmp_path: Path) -> None:
    (provider,) = await load(tmp_path, f'[providers.a]\nkind = "fal"\nkey = "{KEY}"\nmodel = "a/b"\n')
    assert KEY not in repr(provider)
    assert KEY not in repr(vars(provider)["_key"])
    assert KEY not in repr(provider.abilities)


def test_without_a_file_there_are_none() -> None:
    assert load_providers(None, {}) == []


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        ("[provider.a]\nkind = 'openai'\n", ["file line 1: provider is not known; there is only [providers.NAME]"]),
        ("\nproviders = 3\n", ["file line 2: providers must be tables, [providers.NAME]"]),
        ("[providers]\na = 3\n", ["file line 2: providers.a must be a table, [providers.a]"]),
        (
            "[providers.embedded]\nkind = 'openai'\n[providers.'A b']\nkind = 'fal'\n",
            [
                "file line 1: providers.embedded needs another name: of a-z, 0-9, _ and -, a letter first",
                "file line 3: providers.A b needs another name: of a-z, 0-9, _ and -, a letter first",
            ],
        ),
        ("[providers.a]\ntitle = 'x'\n", ['file line 1: a.kind must be "openai" or "elevenlabs" or "fal"']),
        ("[providers.a]\n\nkind = 'opemai'\n", ['file line 3: a.kind must be "openai" or "elevenlabs" or "fal"']),
        (
            "[providers.a]\nkind = 'openai'\nbase_ulr = 'x'\nzzz = 1\n",
            [
                "file line 3: a.base_ulr is not a setting; did you mean base_url?",
                "file line 4: a.zzz is not a setting; there are kind, key, key_env, base_url, title, bills_failures, "
                "models, voices, video_seconds",
            ],
        ),
        ("[providers.a]\nkind = 'fal'\n", ["file line 1: a has no model"]),
        (
            "[providers.a]\nkind = 'openai'\n\n[providers.a.models]\ntext = 5\n",
            ["file line 5: a.models.text is not right: expected `str`, got `int`"],
        ),
        (
            "[providers.a]\nkind = 'openai'\nmodels = { txt = 'x' }\n",
            ["file line 3: a.models.txt is not a setting"],
        ),
        (
            f"[providers.a]\nkind = 'openai'\nkey = ['{KEY}']\n",
            ["file line 3: a.key must be a line of plain characters"],
        ),
        (
            f"[providers.a]\nkind = 'openai'\nkey = '{KEY}é'\n",
            ["file line 3: a.key must be a line of plain characters"],
        ),
        (
            "[providers.a]\nkind = 'openai'\nbase_url = 'ftp://x/'\n",
            ["file line 3: a.base_url must be an http or https address without user, password, query and fragment"],
        ),
        (
            f"[providers.a]\nkind = 'openai'\nbase_url = 'https://user:{KEY}@x/'\n",
            ["file line 3: a.base_url must be an http or https address without user, password, query and fragment"],
        ),
        (
            "[providers.a]\nkind = 'openai'\nvideo_seconds = [4, 0]\n",
            ["file line 3: a.video_seconds is not right: expected `int` >= 1"],
        ),
        ("[providers.a]\nkind = \n", ["file line 2: Invalid value"]),
    ],
)
async def test_a_mistake_names_the_line_and_what_is_wrong(tmp_path: Path, text: str, mistakes: list[str]) -> None:
    assert await mistakes_of(tmp_path, text) == mistakes


async def test_all_mistakes_are_told_together_in_the_order_of_their_lines(tmp_path: Path) -> None:
    told = await mistakes_of(tmp_path, "[providers.a]\nkind = 'fal'\n[providers.b]\nkind = 'x'\n[else]\n")
    assert [line.split(":")[0] for line in told] == ["file line 1", "file line 4", "file line 5"]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigFailure, match="cannot be read: No such file"):
        load_providers(tmp_path / "none.toml", {})
    (tmp_path / "latin.toml").write_bytes(b"# \xe9")
    with pytest.raises(ConfigFailure, match="not UTF-8"):
        load_providers(tmp_path / "latin.toml", {})


RECIPE = (Path(__file__).parents[2] / "src/reelbot/providers/README.md").read_text(encoding="utf-8")


async def test_the_file_that_the_recipe_shows_is_a_provider(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shown,) = re.findall(r"```python\n(.*?)```", RECIPE, re.DOTALL)
    names = {
        **vars(base),
        **{"PICTURE_BYTES_MAX": PICTURE_BYTES_MAX, "DEFAULT_TIMEOUTS": DEFAULT_TIMEOUTS, "Ability": Ability},
    }
    exec(textwrap.dedent(shown), names)
    monkeypatch.setitem(settings.__dict__, "KINDS", {**KINDS, "name": names["Name"]})
    server.routes["POST /pictures"] = Reply(body=png())
    (tmp_path / "providers.toml").write_text(f'[providers.mine]\nkind = "name"\nbase_url = "{server.url}"\n')
    (provider,) = load_providers(tmp_path / "providers.toml", {"NAME_API_KEY": KEY})
    async with aclosing(provider):
        assert isinstance(provider, AtOnce)
        delivered = await provider.run(IMAGE, desk_in(tmp_path / "desk"))
    assert delivered.path is not None
    assert delivered.path.read_bytes() == png()
    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"


async def test_what_the_recipe_shows_of_the_file_can_be_read(tmp_path: Path) -> None:
    shown, *_ = re.findall(r"```toml\n(.*?)```", RECIPE, re.DOTALL)
    assert [provider.name for provider in await load(tmp_path, shown)] == ["openai", "local", "voice", "clips"]
    for kind in KINDS:
        assert f'kind = "{kind}"' in shown
