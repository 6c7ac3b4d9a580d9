"""What `make house` counts is counted right, and the rules among its rows hold."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.house import (
    NOT_COUNTED,
    ROOT,
    doubled_classes,
    front_door,
    lines_by_room,
    places_of,
    statements,
)

STILL_TWICE = {
    "Answer": 2, "Delivered": 2, "Ending": 2, "Event": 2, "Fault": 2, "ImageOptions": 2, "Made": 2,
    "Maker": 2, "NoOptions": 2, "Room": 2, "Settings": 2, "SpeechOptions": 2, "TextOptions": 2, "Undecodable": 2, "Voice": 2,
    "Wanted": 2, "Worker": 2,
}  # fmt: skip
"""Class names that are still to be told apart, and how many classes have each. Names only ever leave this table."""


def printed(*how: str) -> str:
    done = subprocess.run(
        [sys.executable, *how, "tests/house.py"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A house of two rooms, in which each thing that is counted stands."""
    (tmp_path / "one").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "one" / "__init__.py").write_text("from one.a import Page\n__all__ = ['Page', 'turn']\n")
    (tmp_path / "one" / "a.py").write_text("class Page: ...\nclass Line: ...\n")
    (tmp_path / "one" / "b.py").write_text("def made():\n    class Page: ...\n    return 'music', MusicWork\n")
    (tmp_path / "alone.py").write_text("a = 1\nb = 'musical'\n")
    (tmp_path / "data" / "prices.toml").write_text("[music]\n[actions.music]\n[musical]\n")
    (tmp_path / "one" / "page.html").write_text("<b data-kind='music'>music</b>")
    (tmp_path / "one" / "statements.sql").write_text(
        "-- About all of it.\n\n-- name: read\n-- Both.\n-- sqlite: a\nSELECT 1;\n-- postgres: b\nSELECT 2;\n\n"
        "-- name: write\n-- One for both.\nSELECT 3;\n"
    )
    return tmp_path


def test_no_class_name_is_given_a_second_time() -> None:
    again = {name: files for name, files in doubled_classes().items() if len(files) > STILL_TWICE.get(name, 1)}
    assert again == {}


def test_a_class_counts_wherever_it_is_defined_and_an_import_does_not(tree: Path) -> None:
    assert doubled_classes(tree) == {"Page": ["one/a.py", "one/b.py"]}


def test_a_statement_has_one_form_unless_the_databases_are_named(tree: Path) -> None:
    assert statements(tree) == {("one/statements.sql", "read"): 2, ("one/statements.sql", "write"): 1}


def test_an_action_is_named_as_a_string_as_its_work_and_in_tables_of_data(tree: Path) -> None:
    assert places_of("music", tree) == {"data/prices.toml": 2, "one/b.py": 2, "one/page.html": 1}


def test_lines_are_counted_by_room_and_the_files_of_none_together(tree: Path) -> None:
    assert lines_by_room(tree) == {"one": 7, ".": 2}
    assert front_door(tree / "one" / "__init__.py") == ["Page", "turn"]


def test_every_row_is_counted_in_the_environment_of_the_tests() -> None:
    told = printed()
    assert NOT_COUNTED not in told
    assert (
        "class names that stand twice" in told and "import contracts broken: imports that go up, circles   0 of" in told
    )


def test_without_the_environment_the_rows_that_need_it_say_so_and_the_rest_is_counted() -> None:
    told = printed("-I", "-S")
    assert told.count(NOT_COUNTED) == 5
    assert "class names that stand twice" in told


def test_the_walk_goes_from_the_request_through_the_ledger_and_the_writer_to_the_database_and_leaves_out_the_server() -> (
    None
):
    done = subprocess.run(
        [sys.executable, "-m", "tests.house_walk"], cwd=ROOT, capture_output=True, timeout=300, check=True
    )
    walk = json.loads(done.stdout)
    passed = {
        "studio/jobs/enqueue.py",
        "allowance/core/decide.py",
        "providers/embedded/writing/writer.py",
        "db/sqlite.py",
    }
    assert passed <= set(walk["files"])
    assert not [file for file in walk["files"] if file.startswith(("web/", "accounts/"))]
    rooms = [[place.split("/")[0] for place in change.split(" -> ")] for change in walk["changes of room"]]
    assert rooms and all(caller != callee for caller, callee in rooms)
