"""Bounds of publishing, each with its reason."""

TITLE_LENGTH_MAX = 100
"""Characters of a post's title: what the large platforms take."""

DESCRIPTION_LENGTH_MAX = 5_000
"""Characters of a post's description: what the most generous of the large platforms takes."""

HASHTAGS_MAX = 30
"""Hashtags of one post: more than that, platforms ignore all of them."""

HASHTAG_LENGTH_MAX = 60
"""Characters of one hashtag."""

NAME_LENGTH_MAX = 60
"""Characters of a channel's name."""

PATH_LENGTH_MAX = 1_000
"""Characters of a folder's path: a quarter of what the systems take, and more than anybody types."""

POSTS_WAITING_MAX = 50
"""Posts of one account that are on their way at once: weeks of posts; more is a program that has lost count."""

POSTS_AT_ONCE = 4
"""Posts that one process publishes at once: a slow platform does not keep the others waiting."""

POSTS_RUNNING_MAX = 2
"""Posts of one account that are published at once: a platform that hangs for one account keeps nobody else waiting."""

LEASE_SECONDS = 60.0
"""How long a worker's claim on a post lasts without a heartbeat: late enough for a busy disk."""

BACKOFF_SECONDS = (2.0, 8.0, 30.0, 90.0, 90.0)
"""Pauses after the tries of one post: short for a hiccup, long for a platform that is overrun."""

ATTEMPTS_MAX = len(BACKOFF_SECONDS)
"""Tries of one post. The claim after the last one only looks whether an earlier try has arrived after all."""
