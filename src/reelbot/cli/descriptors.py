"""File descriptors (RLIMIT_NOFILE): every connection is one, so `serve` asks for as many as the machine gives it."""

import resource

from reelbot.limits import FILES_MAX


def raised() -> int:
    """Raise the soft limit to the hard one, `FILES_MAX` at most, and tell how many files this process may open.

    The soft limit is 1,024 on most machines, for programs that know no more; a hard one that is lower stays.
    """
    soft, hard = (
        FILES_MAX if one == resource.RLIM_INFINITY else one for one in resource.getrlimit(resource.RLIMIT_NOFILE)
    )
    wanted = min(hard, FILES_MAX)
    if soft >= wanted:
        return soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return wanted
