"""A process that asks a ledger for as much as it can and tells of each answer it got, until it is killed.

Run as `python -m tests.simulation.hammer <address> <name>`. Each line on standard output is written after the answer came:
`hold <account> <key> <hold>` or `settle <hold>` or `release <hold>`.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import count

from reelbot.allowance import AccountRef, Ledger, Receipt, Refused
from reelbot.errors import DatabaseFailure

ACCOUNTS = {"ada": "enterprise", "bob": "enterprise", "cleo": "enterprise", "dan": "free"}
CALLERS = 12
AMOUNT = {"ai_credits": 3}


def tell(line: str) -> None:
    """One write, so that a line is there in whole or not at all."""
    os.write(1, f"{line}\n".encode())


async def call(ledger: Ledger, accounts: list[AccountRef], name: str) -> None:
    """One caller: hold, then settle, release, or leave it to the sweeper."""
    for number in count():
        account = accounts[number % len(accounts)]
        key = f"{name} {number}"
        try:
            hold = await insist(partial(ledger.hold, account, AMOUNT, key=key, expires_in=3_600))
        except Refused:
            continue
        tell(f"hold {account.name} {hold.id} {key}")
        if number % 3 == 0:
            await insist(partial(ledger.settle, hold))
            tell(f"settle {account.name} {hold.id}")
        elif number % 3 == 1:
            await insist(partial(ledger.release, hold))
            tell(f"release {account.name} {hold.id}")


async def insist(ask: Callable[[], Awaitable[Receipt]]) -> Receipt:
    """The answer; a failure is asked again with the same key, as every client should."""
    while True:
        try:
            return await ask()
        except DatabaseFailure:
            continue


async def hammer(address: str, name: str) -> None:
    async with Ledger.open(address, sweep_seconds=0.1) as ledger:
        accounts = [await ledger.account(one, plan=plan) for one, plan in ACCOUNTS.items()]
        await asyncio.gather(*(call(ledger, accounts, f"{name} {caller}") for caller in range(CALLERS)))


if __name__ == "__main__":
    asyncio.run(hammer(sys.argv[1], sys.argv[2]))
