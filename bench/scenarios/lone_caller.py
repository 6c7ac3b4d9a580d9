"""One caller alone on SQLite, beside one transaction for each command: company is never waited for."""

from bench.engines import loaded_naive, loaded_sqlite
from bench.load import WARM_UP, on_loop
from bench.scenario import Case, Found, Measure, Place, Scenario
from bench.scenarios.sqlite_lifecycle import HOT_ENTRIES, grounds, hot_ground, hot_jobs


def _count(place: Place) -> int:
    return WARM_UP + place.sized(600, 5_000)


def _engine(place: Place) -> Found:
    return on_loop(loaded_sqlite(hot_ground(place), place.directory, hot_jobs(_count(place)), HOT_ENTRIES, callers=1))


def _naive(place: Place) -> Found:
    return on_loop(loaded_naive(hot_ground(place), place.directory, hot_jobs(_count(place)), HOT_ENTRIES, callers=1))


SCENARIO = Scenario(
    title="SQLite, one caller alone",
    prepare=grounds,
    cases=(Case("engine", _engine), Case("naive", _naive)),
    measures=(
        Measure("one caller alone ÷ naive", ("engine", "per_second"), ("naive", "per_second"), 0.9, 1.0),
        Measure("one caller alone, p50 ÷ naive's", ("engine", "p50_ms"), ("naive", "p50_ms"), best="low"),
    ),
)
