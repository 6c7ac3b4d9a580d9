"""How easily a password is guessed, as zxcvbn estimates it, and what to do about it in words.

zxcvbn counts the guesses of somebody who knows lists of passwords, words, names, dates, rows of keys and the usual
replacements of letters. The score of 3 that is asked for stands for at least a hundred million guesses (D. Wheeler, *zxcvbn:
Low-Budget Password Strength Estimation*, USENIX Security 2016): beyond guessing at a sign-in that counts tries, and with
Argon2id some weeks of one machine for each stolen hash.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from zxcvbn_rs_py import Suggestion, Warning, zxcvbn

SCORE_MIN = 3
"""Of 0 to 4."""

JUDGED_LENGTH = 32
"""Characters that are looked at: with signs that stand for letters the time doubles every few characters, and nothing else
runs meanwhile. 32 take a twentieth of a second at worst, and a password whose first 32 are guessed is not saved by more."""

_OWN = ("reelbot", "reel", "studio")
"""Words of this product: the first that come to somebody's mind in front of it."""

_WORDS_MAX = 12
"""Words about the person that are taken into account; a name has two or three."""

_BECAUSE: Sequence[tuple[Warning, str]] = (
    (Warning.StraightRowsOfKeysAreEasyToGuess, "It follows a row of keys."),
    (Warning.ShortKeyboardPatternsAreEasyToGuess, "It follows a pattern on the keyboard."),
    (Warning.RepeatsLikeAaaAreEasyToGuess, "It repeats one character."),
    (Warning.RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess, "It repeats the same part."),
    (Warning.ThisIsATop10Password, "It is one of the ten most common passwords."),
    (Warning.ThisIsATop100Password, "It is one of the hundred most common passwords."),
    (Warning.ThisIsACommonPassword, "It contains a very common password."),
    (Warning.ThisIsSimilarToACommonlyUsedPassword, "It is close to a common password."),
    (Warning.SequencesLikeAbcAreEasyToGuess, "It counts up or follows the alphabet."),
    (Warning.RecentYearsAreEasyToGuess, "A year adds little."),
    (Warning.AWordByItselfIsEasyToGuess, "It is a single word."),
    (Warning.DatesAreOftenEasyToGuess, "A date adds little."),
    (Warning.NamesAndSurnamesByThemselvesAreEasyToGuess, "It is a name."),
    (Warning.CommonNamesAndSurnamesAreEasyToGuess, "It contains a common name."),
)
_HABITS: Sequence[tuple[Suggestion, str]] = (
    (Suggestion.PredictableSubstitutionsDontHelpVeryMuch, "Replacing letters with signs adds little."),
    (Suggestion.ReversedWordsArentMuchHarderToGuess, "Writing a word backwards adds little."),
    (Suggestion.AllUppercaseIsAlmostAsEasyToGuessAsAllLowercase, "Capitals add little."),
)
"""In pairs: the library's values are compared and cannot be hashed."""

_EASY = "This password is too easy to guess."
_NAMED = "It is built on your name, or on the name of this product."
_BETTER = "A few random words are easier to remember and much harder to guess."


def weakness_of(password: str, about: Iterable[str] = ()) -> str | None:
    """Why a password is too easy to guess and what to take instead, in words; None for one that is good enough.

    `about` is what a guesser knows of the person, as the account's name.
    """
    judged = unicodedata.normalize("NFKC", password)[:JUDGED_LENGTH]
    words = _words(about)
    found = zxcvbn(judged, words)
    if int(found.score) >= SCORE_MIN:
        return None
    if any(word in judged.casefold() for word in words):
        return f"{_EASY} {_NAMED} {_BETTER}"
    assert found.feedback is not None, "there is some for every score that is refused"
    warning, suggestions = found.feedback.warning, found.feedback.suggestions
    reasons = [text for one, text in _BECAUSE if one == warning] or [
        text for one, text in _HABITS if one in suggestions
    ]
    return " ".join((_EASY, *reasons, _BETTER))


def _words(about: Iterable[str]) -> list[str]:
    """What is known of the person and this product, in the forms in which it is built into passwords."""
    found: dict[str, None] = {}
    for text in about:
        name = unicodedata.normalize("NFKC", text).casefold()
        parts = [part for part in re.split(r"[\W_]+", name) if part]
        for form in (name, *(joint.join(parts) for joint in ("", ".", "-", "_")), *parts):
            if len(form) >= 3:
                found[form[:JUDGED_LENGTH]] = None
    return [*list(found)[:_WORDS_MAX], *_OWN]
