"""ReelBot: a self-hosted studio for short vertical videos, around an AI-credit ledger that people trust."""
