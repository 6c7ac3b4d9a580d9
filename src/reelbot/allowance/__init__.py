"""The allowance: how much, how long, who may. Knows nothing of video, and can be used alone.

from reelbot.allowance import Ledger

async with Ledger.open("sqlite:///allowance.db") as ledger:
    ada = await ledger.account("ada", plan="free", timezone="Europe/Paris")
    hold = await ledger.hold(ada, {"ai_credits": 25}, key="order-17")
    ...
    await ledger.settle(hold)

`SyncLedger` has the same calls without `async`, for programs without an event loop.
"""

from reelbot.allowance.batch import Rider
from reelbot.allowance.core.accounts import Account
from reelbot.allowance.core.balances import Allowance
from reelbot.allowance.core.book import HoldFacts
from reelbot.allowance.core.commands import AccountRef, Line
from reelbot.allowance.core.entries import Entry
from reelbot.allowance.core.entries import Kind as EntryKind
from reelbot.allowance.core.failures import FailurePoint, Rule
from reelbot.allowance.core.history import ENTRY_COLUMNS, EntryFigures, csv_text, entry_cells, entry_figures
from reelbot.allowance.core.outcomes import Answer, HeldLine, InUse, Refusal, RefusedLine, Shortage, Status
from reelbot.allowance.core.plans import Catalogue, Meter, Plan
from reelbot.allowance.core.prices import FULL_PRICE, Price, PriceList
from reelbot.allowance.core.usage_by_hold import Taken
from reelbot.allowance.core.views import Instant, MeterFigures, meter_figures
from reelbot.allowance.core.zone_change import NO_SECOND, MovedWindow
from reelbot.allowance.deliveries import Deliveries, Delivery
from reelbot.allowance.faults import Fault
from reelbot.allowance.history_search import LOOKED_AT_MAX, Found
from reelbot.allowance.lifespan import ROOMS, store_on
from reelbot.allowance.quotes import Item, PricedItem, QuoteExpired
from reelbot.allowance.receipts import PlanChange, Quote, QuotedLine, Receipt, Refused, Usage, ZoneChange
from reelbot.allowance.service import Ledger, Mode, Terms, load_terms
from reelbot.allowance.store import Damaged, Span
from reelbot.allowance.sync import Misplaced, SyncConnection, SyncLedger, sync_rider
from reelbot.allowance.verify import AuditReport
from reelbot.errors import ConfigFailure, DatabaseFailure, Failure, Malformed, TooBusy

__all__ = [
    "ENTRY_COLUMNS",
    "FULL_PRICE",
    "LOOKED_AT_MAX",
    "NO_SECOND",
    "ROOMS",
    "Account",
    "AccountRef",
    "Allowance",
    "Answer",
    "AuditReport",
    "Catalogue",
    "ConfigFailure",
    "Damaged",
    "DatabaseFailure",
    "Deliveries",
    "Delivery",
    "Entry",
    "EntryFigures",
    "EntryKind",
    "Failure",
    "FailurePoint",
    "Fault",
    "Found",
    "HeldLine",
    "HoldFacts",
    "InUse",
    "Instant",
    "Item",
    "Ledger",
    "Line",
    "Malformed",
    "Meter",
    "MeterFigures",
    "Misplaced",
    "Mode",
    "MovedWindow",
    "Plan",
    "PlanChange",
    "Price",
    "PriceList",
    "PricedItem",
    "Quote",
    "QuoteExpired",
    "QuotedLine",
    "Receipt",
    "Refusal",
    "Refused",
    "RefusedLine",
    "Rider",
    "Rule",
    "Shortage",
    "Span",
    "Status",
    "SyncConnection",
    "SyncLedger",
    "Taken",
    "Terms",
    "TooBusy",
    "Usage",
    "ZoneChange",
    "csv_text",
    "entry_cells",
    "entry_figures",
    "load_terms",
    "meter_figures",
    "store_on",
    "sync_rider",
]
