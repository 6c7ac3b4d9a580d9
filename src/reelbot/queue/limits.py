"""Bounds of the queue, each with its reason."""

TURN = 1_000
"""One turn in the queue, in the parts that a plan's head start is counted in."""

HEAD_START_PER_RANK = 501
"""By how much of a turn each plan comes before the one below it: two plans apart, a little more than a turn."""

HEAD_START_MAX = 1_503
"""By how much a higher plan counts as served earlier: three plans apart, and less than two turns. So while somebody waits,
each of N others is served once and one of them once more: N + 1 turns at most."""

NEWCOMER = -2 * TURN
"""Where an account stands that had no turn yet: in front of all that had one, whatever their head start."""

BEATS_OF_A_LEASE = 8
"""Heartbeats within one lease: a few may be late before anybody else takes over."""
