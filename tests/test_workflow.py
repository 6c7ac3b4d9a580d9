"""The workflow runs what CI runs, with actions that nobody can change under it and no rights that it does not need."""

import re
from pathlib import Path

WORKFLOWS = Path(__file__).parents[1] / ".github" / "workflows"


def test_it_runs_the_projects_own_script_and_no_other_tests() -> None:
    (workflow,) = WORKFLOWS.iterdir()
    runs = re.findall(r"run: (.+)", workflow.read_text(encoding="utf-8"))
    assert runs[-1] == "bash .ci/run"
    assert not [run for run in runs if "pytest" in run or "pip " in run]
    assert (WORKFLOWS.parents[1] / ".ci" / "run").is_file()


def test_actions_are_pinned_to_a_commit_and_may_only_read() -> None:
    text = (WORKFLOWS / "ci.yml").read_text(encoding="utf-8")
    actions = re.findall(r"uses: (\S+)", text)
    assert actions
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) for action in actions)
    assert re.findall(r"^permissions:\n((?:  .+\n)+)", text, re.MULTILINE) == ["  contents: read\n"]
    assert "secrets." not in text
    assert "persist-credentials: false" in text
