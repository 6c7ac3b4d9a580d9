"""The scenarios, one a file, in the order in which they are run."""

NAMES = (
    "sqlite_lifecycle",
    "lone_caller",
    "ledger_import",
    "open_loop",
    "growth",
    "endurance",
    "postgres_lifecycle",
    "postgres_processes",
    "violations",
    "http_holds",
    "http_usage",
    "pages",
    "job_queue",
    "page_weight",
    "live_events",
    "fair_shares",
    "profile",
    "render",
    "render_quality",
)
"""Each is a module of that name with a `SCENARIO`; it is imported by the process that runs it."""
