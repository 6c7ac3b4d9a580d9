"""Texts that people and providers write, as they are kept: what no eye sees and not every database takes is left out."""

_CONTROLS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)))
for _sign in "\t\n\r":
    del _CONTROLS[ord(_sign)]


def kept_text(text: str) -> str:
    """Without control characters, other than those that begin a line, and without blanks around it."""
    return text.translate(_CONTROLS).strip()
