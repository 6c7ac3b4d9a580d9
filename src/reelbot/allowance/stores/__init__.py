"""The stores that keep the ledger; `reelbot.allowance.store` says what they owe."""
