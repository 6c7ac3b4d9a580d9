"""How the embedded music is made: moods, the score by chance within their rules, instruments, and the mix."""
