"""A chat that streams tokens and pays for what it streamed: `python examples/chat.py "why do cats purr?"`.

Before the model is called, the most that the answer may cost is set aside. While it streams, tokens are counted. At the
end the counted amount is settled and the rest goes back; when the stream breaks, what had arrived is settled. The model
here is a stand-in that needs no network: put your own async iterator of tokens in its place.
"""

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator

from reelbot.allowance import AccountRef, Ledger, Receipt, Refused

TOKENS_MAX = 800
TOKENS_PER_CREDIT = 100


def credits_for(tokens: int) -> int:
    """1 AI credit per started hundred tokens."""
    return -(-tokens // TOKENS_PER_CREDIT)


async def stand_in_model(question: str) -> AsyncIterator[str]:
    """Says something about the question, a word at a time."""
    for word in f"You asked: {question} Here a model of your choice would answer at length. ".split() * 20:
        await asyncio.sleep(0)
        yield word + " "


async def answered(ledger: Ledger, account: AccountRef, question: str, request: str) -> Receipt:
    """Stream an answer and settle what it cost; `request` is this request's own idempotency key."""
    hold = await ledger.hold(account, {"ai_credits": credits_for(TOKENS_MAX)}, key=request, why="chat")
    tokens = 0
    try:
        async for token in stand_in_model(question):
            tokens += 1
            print(token, end="", flush=True)
            if tokens == TOKENS_MAX:
                break
    finally:
        receipt = await ledger.settle(hold, {"ai_credits": credits_for(tokens)}, why=f"chat, {tokens} tokens")
    return receipt


async def main(question: str, address: str = "sqlite:///chat.db") -> None:
    """Ask one question on a free account."""
    async with Ledger.open(address) as ledger:
        ada = await ledger.account("ada", plan="free", timezone="Europe/Paris")
        try:
            receipt = await answered(ledger, ada, question, request=str(uuid.uuid4()))
        except Refused as no:
            print(no.sentence)
            return
        (meter,) = receipt.meters
        print(f"\n— {receipt.lines[0].settled} AI credits; {meter.remaining} left today")


if __name__ == "__main__":
    asyncio.run(main(" ".join(sys.argv[1:]) or "why do cats purr?"))
