"""Confusables (UTS #39): how a name looks, so that a stranger cannot open an account that would be taken for another's.

Two names of one look are told apart by a database and not by people: `Ada` and `ada`, letters that are put together in other
ways, full-width or italic ones, invisible signs, blanks, and letters of Greek and Cyrillic that are drawn as Latin ones. The
ledger goes on comparing names exactly: programs open accounts under keys of their own, for which `a1` and `A1` are two. Only
who opens an account for themselves is held to looks; an operator knows whom they open one for.

Not told apart by this: digits and letters (`0` and `o`, `1` and `l`), since `ali` and `all` are two people, and scripts
without capitals that look like another one.
"""

import unicodedata

_LATIN = str.maketrans("авекмнорстухѕіјһԁԛԝαβεζηικμνορτυχϳıȷɡ", "abekmhopctyxsijhdqwabezhikmnoptyxjijg")
"""Small letters of Cyrillic, of Greek and rare ones that are drawn, small or capital, as these of Latin."""

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Categories of signs that draw nothing: joiners, marks of direction, what is not assigned."""


def look_of(name: str) -> str:
    """What is left of a name when everything is gone that people do not see; the same for names of one look."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    shown = "".join(sign for sign in folded if unicodedata.category(sign) not in _UNSEEN)
    return unicodedata.normalize("NFC", " ".join(shown.translate(_LATIN).split()))
