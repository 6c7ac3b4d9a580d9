"""The reference of the Python interface is made without a warning, and says something of every name."""

import re
from importlib import import_module
from pathlib import Path

import pytest
from docs.reference import FRONT_DOORS, documented, made
from pdoc import doc

from reelbot.allowance import SyncLedger


@pytest.mark.parametrize("name", FRONT_DOORS)
def test_every_name_of_a_front_door_and_every_call_has_its_docstring(name: str) -> None:
    shown = documented(name)
    assert shown.docstring
    silent = [public for public in import_module(name).__all__ if not shown.members[public].docstring.strip()]
    for kind in shown.members.values():
        if isinstance(kind, doc.Class):
            calls = [one for one in kind.own_members if isinstance(one, doc.Function) and not one.name.startswith("_")]
            silent += [call.qualname for call in calls if not call.docstring.strip()]
    assert not silent


def test_every_room_with_a_front_door_is_in_the_reference() -> None:
    rooms = Path(str(import_module("reelbot").__file__)).parent
    named = {
        f"reelbot.{path.parent.name}" for path in rooms.glob("*/__init__.py") if "__all__" in path.read_text("utf-8")
    }
    assert named - {"reelbot.cli"} == set(FRONT_DOORS)  # the command line is not imported by others


def test_the_reference_is_made_with_a_page_for_each_room_and_nothing_else(tmp_path: Path) -> None:
    written = made(tmp_path)
    assert {path.name for path in written} == {f"{name.partition('.')[2]}.html" for name in FRONT_DOORS} | {
        "index.html", "search.js",
    }  # fmt: skip
    page = (tmp_path / "reelbot" / "allowance.html").read_text(encoding="utf-8")
    for call in ("hold", "settle", "close"):
        assert f'id="SyncLedger.{call}"' in page
    assert str(SyncLedger.hold.__doc__).partition("\n")[0].split("`")[0].strip() in page
    assert not re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=.https?:", page)  # it is read without a network
