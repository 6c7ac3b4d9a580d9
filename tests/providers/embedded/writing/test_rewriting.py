"""Rewriting by rules: it does what was wished, and says what it did."""

import pytest

from reelbot.errors import Malformed
from reelbot.languages.catalogue import languages
from reelbot.languages.words import words
from reelbot.providers.embedded.writing.rewriting import RewriteOptions, rewrite

PASSAGE = (
    "Cats are, of course, very quiet animals. They do not purr in order to annoy you, and they utilise their voice "
    "when they are calm (or so it seems), but nobody in this house has ever asked them about it. It is a fair question."
)


def test_shorter_leaves_brackets_and_fillers_out() -> None:
    shorter = rewrite(PASSAGE, RewriteOptions(wish="make it shorter"), 1)
    assert shorter.changes == ("shorter",)
    assert len(words(shorter.text)) < len(words(PASSAGE))
    assert "of course" not in shorter.text
    assert "(" not in shorter.text
    assert shorter.text.startswith("Cats are very quiet animals.")


def test_longer_keeps_every_sentence() -> None:
    longer = rewrite(PASSAGE, RewriteOptions(wish="longer please"), 1)
    assert len(words(longer.text)) > len(words(PASSAGE))
    assert "It is a fair question." in longer.text


def test_simpler_takes_plain_words_and_cuts_long_sentences() -> None:
    simpler = rewrite(PASSAGE, RewriteOptions(wish="simpler"), 1).text
    assert "utilise" not in simpler
    assert "in order to" not in simpler
    assert "use their voice" in simpler
    assert ". But nobody" in simpler or ". And they use" in simpler


def test_a_casual_text_is_contracted_and_a_professional_one_is_not() -> None:
    casual = rewrite(PASSAGE, RewriteOptions(tone="casual"), 1)
    assert casual.changes == ("casual",)
    assert "don't purr" in casual.text
    formal = rewrite(casual.text, RewriteOptions(wish="more formal", tone="casual"), 1)
    assert formal.changes == ("professional",)
    assert "do not purr" in formal.text


@pytest.mark.parametrize("code", list(languages()))
def test_every_language_rewrites_without_losing_the_first_words(code: str) -> None:
    text = "Alfa beta gamma. Delta epsilon zeta!"
    for tone in ("casual", "professional"):
        rewritten = rewrite(text, RewriteOptions(tone=tone, language=code), 2)
        assert "Alfa beta gamma." in rewritten.text
        assert rewritten.text != text


def test_bad_input_is_refused() -> None:
    for passage in ("", "…", "x" * 5_001):
        with pytest.raises(Malformed):
            rewrite(passage, RewriteOptions(), 1)
    with pytest.raises(Malformed):
        rewrite("Fine.", RewriteOptions(wish="x" * 201), 1)
