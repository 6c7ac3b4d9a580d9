"""What pages call the slots of a draft and the work of its jobs: words of the table of slots, in one and in many."""

import pytest

from reelbot.studio.core.events import JobShown
from reelbot.studio.core.job import JobKind
from reelbot.web.pages.draft_view import work_words


def shown(kind: JobKind, *steps: str) -> JobShown:
    return JobShown("job_0-1-1", kind, "running", 0.0, "", "draft_0-1-1", None, [*steps], None, None, "", None, None)


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        (["script"], "Script"),
        (["script", "voiceover", "picture:3", "picture:4"], "Script, voiceover and 2 pictures"),
        (["script", "script"], "2 scripts"),
        (["title", "title", "title"], "3 titles"),
        (["voiceover", "voiceover"], "2 voiceovers"),
        (["suggestions", "suggestions"], "2 topic ideas"),
        (["animation:3", "animation:4", "music"], "2 clips and music"),
        (["music", "music"], "2 pieces of music"),
    ],
)
def test_a_job_is_called_by_what_it_makes_and_how_many_of_each(steps: list[str], words: str) -> None:
    assert work_words(shown("generation", *steps)) == words
    assert work_words(shown("video", *steps)) == f"{words}, then the video"


def test_a_job_that_only_renders_is_called_by_what_comes_of_it() -> None:
    assert work_words(shown("render")) == "Video"
    assert work_words(shown("preview")) == "Preview"
