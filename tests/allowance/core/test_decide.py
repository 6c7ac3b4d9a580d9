"""The ledger as tables: what is asked, what is answered, what stands then. `ledger_tables.py` explains the columns.

Free has 60 AI credits a day, 3 video generations and 5 posts a month, 1 channel. The first line is at noon on 1 March.
"""

import pytest
from tests.allowance.core.ledger_tables import rows, run

from reelbot.allowance.core.outcomes import Status

HOLDS = """
    12:00   hold a ai_credits=25            ok                    ai_credits 0+25/60, a open, entries 1
            settle a                        ok                    ai_credits 25+0/60, a settled
            hold b ai_credits=35            ok                    ai_credits 25+35/60
            hold c ai_credits=1             allowance_exhausted   ai_credits 25+35/60, needs 1, entries 0
            release b                       ok                    ai_credits 25+0/60, b released
            hold c ai_credits=35            ok                    ai_credits 25+35/60
            settle c ai_credits=5           ok                    ai_credits 30+0/60, c settled
            hold d ai_credits=30            ok                    ai_credits 30+30/60
            settle d ai_credits=0           ok                    ai_credits 30+0/60, d settled
"""

THE_LAST_CREDIT = """
    12:00   hold a ai_credits=59            ok                    ai_credits 0+59/60
            hold b ai_credits=1             ok                    ai_credits 0+60/60
            hold c ai_credits=1             allowance_exhausted   ai_credits 0+60/60, fits 2026-03-02T00:00:00Z
            release b                       ok                    ai_credits 0+59/60
            hold d ai_credits=2             allowance_exhausted   fits_now nothing, needs 2
            hold e ai_credits=1             ok                    ai_credits 0+60/60
"""

ENDED_HOLDS_STAY_ENDED = """
    12:00   hold a ai_credits=10 60s        ok                    a open
            hold b ai_credits=10 60s        ok                    b open
            hold c ai_credits=10 60s        ok                    c open
            settle a                        ok                    a settled, ai_credits 10+20/60
            settle a ai_credits=3           hold_settled          entries 0
            release a                       hold_settled
            unknown a                       hold_settled
            expire a                        hold_settled
            release b                       ok                    b released, ai_credits 10+10/60
            settle b                        hold_released
            release b                       hold_released
            unknown b                       hold_released
            expire b                        hold_released
            refund b                        hold_released
            expire c                        hold_open             # its deadline has not passed
    +59s    settle c ai_credits=11          amount_above_hold     c open
    +1s     settle c                        hold_expired          c expired, ai_credits 10+10/60
            release c                       hold_expired
            unknown c                       hold_expired
            refund c                        hold_expired
            expire c                        ok                    c expired, ai_credits 10+0/60
            expire c                        hold_expired
            settle c                        hold_expired
"""

UNKNOWN_OUTCOMES = """
    12:00   hold a ai_credits=10 60s        ok                    ai_credits 0+10/60
            unknown a                       ok                    a unknown, ai_credits 0+10/60, entries 1
    +1h     expire a                        hold_open             a unknown
            refund a                        hold_open
            unknown a                       ok                    a unknown
            settle a ai_credits=4           ok                    a settled, ai_credits 4+0/60
            hold b ai_credits=10 60s        ok
            unknown b                       ok
    +1h     release b                       ok                    b released, ai_credits 4+0/60
"""

REFUNDS = """
    12:00   hold a ai_credits=20            ok
            refund a                        hold_open
            settle a ai_credits=15          ok                    ai_credits 15+0/60
            refund a ai_credits=16          amount_above_hold     ai_credits 15+0/60
            refund a ai_credits=5           ok                    ai_credits 10+0/60, a settled
            refund a ai_credits=11          amount_above_hold
            refund a                        ok                    ai_credits 0+0/60
            refund a                        amount_above_hold     # nothing is left to give back
            settle a                        hold_settled
            refund a posts=1                amount_above_hold
"""

SEVERAL_METERS = """
    12:00   hold a ai_credits=10 posts=5                    ok                    ai_credits 0+10/60, posts 0+5/5, entries 2
            hold b ai_credits=10 posts=1                    allowance_exhausted   short posts, fits_now ai_credits=10
            hold c ai_credits=51 posts=1                    allowance_exhausted   short ai_credits, fits_now nothing
            hold d video_generations=3                      ok                    video_generations 0+3/3
            settle a posts=2                                ok                    ai_credits 0+0/60, posts 2+0/5
            hold e posts=3 ai_credits=60                    ok                    posts 2+3/5, ai_credits 0+60/60
            settle e channels=1                             amount_above_hold
            settle e posts=3 ai_credits=60                  ok                    posts 5+0/5, ai_credits 60+0/60
"""

ONE_METER_IN_SEVERAL_LINES = """
    12:00   hold a ai_credits=30 ai_credits=30              ok                    ai_credits 0+60/60, entries 1
            settle a ai_credits=45                          ok                    ai_credits 45+0/60
            refund a ai_credits=40                          ok                    ai_credits 5+0/60
            hold b ai_credits=30 ai_credits=30              allowance_exhausted   needs 60, fits_now ai_credits=30
            hold c ai_credits=30 ai_credits=25              ok                    ai_credits 5+55/60
"""

AS_MANY_AS_FIT = """
    12:00   hold a ai_credits=50 ai_credits=20 ai_credits=10 fit    ok    ai_credits 0+60/60, rest 2026-03-02T00:00:00Z
            hold b ai_credits=5 fit                                 allowance_exhausted    needs 5
            hold c ai_credits=5 posts=2 fit                         ok    posts 0+2/5, rest 2026-03-02T00:00:00Z
            settle a ai_credits=1                                   ok    ai_credits 1+0/60
            hold d ai_credits=60 ai_credits=59 fit                  ok    ai_credits 1+59/60, rest 2026-03-02T00:00:00Z
            hold e ai_credits=40 ai_credits=40 posts=1 fit          ok    rest 2026-03-02T00:00:00Z 2026-03-03T00:00:00Z
            hold f ai_credits=61 posts=1 fit                        ok    rest never
            hold g channels=2 posts=1 fit                           ok    rest never, posts 0+5/5
            hold h posts=1                                          allowance_exhausted  fits 2026-04-01T00:00:00Z
"""

WINDOWS_TURN_BY_THEMSELVES = """
    2026-03-01T23:59:59Z    hold a ai_credits=60            ok                    ai_credits 0+60/60
                            hold b ai_credits=1             allowance_exhausted   fits 2026-03-02T00:00:00Z
    +999ms                  hold b ai_credits=1             allowance_exhausted
    +1ms                    hold b ai_credits=60            ok                    ai_credits 0+60/60
                            settle a ai_credits=50          ok                    ai_credits 0+60/60   # yesterday's usage
                            release b                       ok                    ai_credits 0+0/60
    2026-03-31T23:59:59Z    hold c posts=5                  ok                    posts 0+5/5
    +1s                     release c                       ok                    posts 0+0/5
                            hold d posts=5                  ok                    posts 0+5/5
"""

A_CLOCK_THAT_GOES_BACK = """
    2026-03-02T00:00:01Z    hold a ai_credits=60            ok                    ai_credits 0+60/60
    -1m                     hold b ai_credits=60            ok                    ai_credits 0+60/60   # the day before
                            hold c ai_credits=1             allowance_exhausted
    +1m                     hold d ai_credits=1             allowance_exhausted   ai_credits 0+60/60
"""

IDEMPOTENCY = """
    12:00   hold a ai_credits=10 key=k                      ok            ai_credits 0+10/60
            hold a ai_credits=10 key=k                      replay        ai_credits 0+10/60
            hold a ai_credits=11 key=k                      key_reused    ai_credits 0+10/60
            settle a key=k                                  key_reused
            settle a key=s                                  ok            ai_credits 10+0/60
            settle a key=s                                  replay        ai_credits 10+0/60
            hold a ai_credits=10 key=k                      replay        ai_credits 10+0/60
    2026-03-02T00:00:00Z    hold a ai_credits=10 key=k      replay        ai_credits 0+0/60
            hold b ai_credits=61 key=n                      allowance_exhausted
            grant ai_credits=1                              ok
            hold b ai_credits=61 key=n                      ok            # a no is not remembered
            open ada free UTC                               replay
            open ada pro Asia/Tokyo                         replay        plan free
"""

GRANTS_AND_OVERRIDES = """
    12:00   grant ai_credits=40             ok                    ai_credits 0+0/100
            hold a ai_credits=100           ok                    ai_credits 0+100/100
            override ai_credits=10          ok                    ai_credits 0+100/50
            hold b ai_credits=1             allowance_exhausted   ai_credits 0+100/50
            settle a                        ok                    ai_credits 100+0/50
            override ai_credits=unlimited   ok                    ai_credits 100+0/unlimited
            hold b ai_credits=1000          ok                    ai_credits 100+1000/unlimited
            override ai_credits=plan        ok                    ai_credits 100+1000/100
            override posts=0                ok                    posts 0+0/0
            hold c posts=1                  allowance_exhausted   fits never
    +1d     hold d ai_credits=61            allowance_exhausted   ai_credits 0+0/60, fits never   # the grant was for one day
"""

PLANS = """
    12:00   hold a ai_credits=60            ok                    ai_credits 0+60/60
            plan starter                    ok                    ai_credits 0+60/200, plan starter, entries 1
            hold b ai_credits=140           ok                    ai_credits 0+200/200
            plan free                       ok                    ai_credits 0+200/200, plan starter   # at the month's end
            plan free                       ok                    plan starter, entries 0
            plan starter                    ok                    plan starter, entries 1   # taken back
            plan starter                    ok                    entries 0
            plan free                       ok                    plan starter
            plan pro                        ok                    ai_credits 0+200/1000, plan pro
            plan starter                    ok                    plan pro
            plan free                       ok                    plan pro
    2026-03-31T23:59:59Z    settle a        hold_expired          plan pro
    +1s     hold c ai_credits=61            allowance_exhausted   plan free, ai_credits 0+0/60
            plan free                       ok                    plan free, entries 0
            plan pro operator               ok                    plan pro
            hold d ai_credits=900           ok                    ai_credits 0+900/1000
            plan free operator              ok                    plan free, ai_credits 0+900/60
            hold e ai_credits=1             allowance_exhausted   ai_credits 0+900/60
            hold f posts=5                  ok                    posts 0+5/5
            release d                       ok                    ai_credits 0+0/60
            plan starter only=down          plan_higher           plan free
            plan free only=up               plan_not_higher       plan free   # staying is not moving up
            plan free only=down             ok                    plan free, entries 0
            plan starter only=up            ok                    plan starter, entries 1
            plan free only=down             ok                    plan starter, entries 1
            plan starter only=down          ok                    plan starter, entries 1   # taken back
            plan free only=up               plan_not_higher       plan starter
            plan free only=down             ok                    plan starter, entries 1
    2026-05-01T00:00:00Z    plan starter only=down          plan_higher           plan free   # the month has ended
"""

UNLIMITED_IS_STILL_METERED = """
    12:00   plan enterprise                 ok                    ai_credits 0+0/unlimited
            hold a ai_credits=1000000       ok                    ai_credits 0+1000000/unlimited
            settle a ai_credits=999999      ok                    ai_credits 999999+0/unlimited
            grant ai_credits=5              ok                    ai_credits 999999+0/unlimited
            plan free operator              ok                    ai_credits 999999+0/65
            hold b ai_credits=1             allowance_exhausted   ai_credits 999999+0/65
"""

STANDING_METERS = """
    12:00   hold a channels=1               ok                    channels 0+1/1
            settle a                        ok                    channels 1+0/1
            hold b channels=1               allowance_exhausted   fits never
    +400d   hold b channels=1               allowance_exhausted   channels 1+0/1
            refund a                        ok                    channels 0+0/1
            hold b channels=1               ok                    channels 0+1/1
"""

ZONES = """
    2026-03-01T12:00:00Z    hold a ai_credits=60        ok                    ai_credits 0+60/60
                            zone Pacific/Kiritimati     ok                    ai_credits 0+60/60   # it is 2 March there
                            hold b ai_credits=1         allowance_exhausted   fits 2026-03-02T00:00:00Z
                            zone Pacific/Kiritimati     ok                    entries 0
                            zone Pacific/Pago_Pago      ok                    ai_credits 0+60/60
                            hold b ai_credits=1         allowance_exhausted   fits 2026-03-02T11:00:00Z
    2026-03-02T10:59:59Z    hold b ai_credits=1         allowance_exhausted
                            zone UTC                    ok                    ai_credits 0+0/60    # it is 2 March there
                            hold b ai_credits=60        ok                    ai_credits 0+60/60
                            zone Pacific/Kiritimati     ok                    ai_credits 0+60/60
                            hold c ai_credits=1         allowance_exhausted   fits 2026-03-03T00:00:00Z
    2026-03-03T00:00:00Z    hold c ai_credits=60        ok                    ai_credits 0+60/60
"""

NOTHING_COSTS_NOTHING = """
    12:00   hold a ai_credits=60            ok
            hold b ai_credits=0             ok                    ai_credits 0+60/60, entries 1
            settle b                        ok                    ai_credits 0+60/60, b settled
            refund b                        amount_above_hold
            override ai_credits=5           ok                    ai_credits 0+60/5
            hold c ai_credits=0             ok                    ai_credits 0+60/5
"""

OWNED = """
    12:00   hold a ai_credits=10 for=job_1       ok                 a open
            settle a                             hold_in_use        a open, entries 0
            settle a ai_credits=0                hold_in_use        a open
            settle a by=job_2                    hold_in_use        a open
            release a                            hold_in_use        a open
            unknown a                            hold_in_use        a open
            refund a                             hold_in_use
            expire a                             hold_open          # it has no deadline
    +400d   expire a                             hold_open          a open
            unknown a by=job_1                   ok                 a unknown
            settle a                             hold_in_use        a unknown
            release a by=job_2                   hold_in_use        a unknown
            settle a ai_credits=4 by=job_1       ok                 a settled
            settle a by=job_1                    hold_settled
            settle a                             hold_in_use        # also when it has ended
            refund a                             hold_in_use        a settled, entries 0
            refund a by=job_1                    ok
            hold b ai_credits=10 for=job_1       ok
            release b by=job_1                   ok                 b released
            release b                            hold_in_use
            refund b                             hold_in_use
            hold c channels=1 for=channel_1 60s  ok                 channels 0+1/1
            expire c                             hold_open
    +60s    settle c by=channel_1                hold_expired
            settle c                             hold_in_use
            expire c                             ok                 channels 0+0/1, c expired
            hold d ai_credits=10                 ok
            settle d by=job_1                    ok                 # nobody's hold is anybody's
"""

PRECEDENCE = """
    # Each line has every reason against it that comes later in the order of Status, and is told the first.
    12:00   hold a ai_credits=10 key=a      ok
            settle a key=s                  ok
            hold b ai_credits=10 60s        ok
            stranger key=a                  account_not_found
            settle nobody key=a             key_reused
            settle nobody ai_credits=99     hold_not_found
            hold o ai_credits=1 for=job_1   ok
            settle o ai_credits=1 by=job_1  ok
            settle o ai_credits=99          hold_in_use
            settle a ai_credits=99          hold_settled
    +61s    settle b ai_credits=99          hold_expired
            hold c ai_credits=50            allowance_exhausted
            hold d ai_credits=10            ok
            refund d ai_credits=99          hold_open
            settle d ai_credits=99          amount_above_hold
            release d                       ok
            settle d ai_credits=99          hold_released
            plan pro key=s only=down        key_reused
            plan pro only=down              plan_higher
            plan free key=s only=up         key_reused
            plan free only=up               plan_not_higher
"""

TABLES = [
    HOLDS,
    THE_LAST_CREDIT,
    ENDED_HOLDS_STAY_ENDED,
    UNKNOWN_OUTCOMES,
    REFUNDS,
    SEVERAL_METERS,
    ONE_METER_IN_SEVERAL_LINES,
    AS_MANY_AS_FIT,
    WINDOWS_TURN_BY_THEMSELVES,
    A_CLOCK_THAT_GOES_BACK,
    IDEMPOTENCY,
    GRANTS_AND_OVERRIDES,
    PLANS,
    UNLIMITED_IS_STILL_METERED,
    STANDING_METERS,
    ZONES,
    NOTHING_COSTS_NOTHING,
    OWNED,
    PRECEDENCE,
]
NAMES = [name for name, value in list(globals().items()) if isinstance(value, str) and value in TABLES]


@pytest.mark.parametrize("table", TABLES, ids=[name.lower().replace("_", " ") for name in NAMES])
def test_the_ledger_decides_as_the_table_says(table: str) -> None:
    run(table)


def test_every_status_stands_in_a_table() -> None:
    told = {row.outcome for table in TABLES for row in rows(table)}
    assert told == {"ok", "replay"} | {status.value for status in Status}


def test_every_status_has_its_place_in_the_table_of_precedence() -> None:
    told = [row.outcome for row in rows(PRECEDENCE) if row.outcome != "ok"]
    assert {Status(word) for word in told} == set(Status)
