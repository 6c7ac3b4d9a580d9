"""The front door of `records`: rows that belong to an account, idempotency keys, and events in their transaction.

Rooms that keep things of accounts beside the ledger stand on it: the studio, and publishing.
"""

from reelbot.records.idempotency import Claim, Keys, KeyTaken, content_of, unclaimed
from reelbot.records.outbox import TellingRoom, Told
from reelbot.records.repository import (
    SCAN_SIZE,
    KeepingStore,
    Owner,
    Page,
    json_text,
    json_text_or_none,
    new_number,
    number_of,
    owner_of,
    paged,
    read_json,
    read_json_or_none,
)
from reelbot.records.writes import Write

__all__ = [
    "SCAN_SIZE",
    "Claim",
    "KeepingStore",
    "KeyTaken",
    "Keys",
    "Owner",
    "Page",
    "TellingRoom",
    "Told",
    "Write",
    "content_of",
    "json_text",
    "json_text_or_none",
    "new_number",
    "number_of",
    "owner_of",
    "paged",
    "read_json",
    "read_json_or_none",
    "unclaimed",
]
