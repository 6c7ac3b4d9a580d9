"""Signs messages as the Standard Webhooks specification says: HMAC-SHA256 over the id, the time and the body."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from reelbot.clock import SECOND

SECRET_BYTES = 32
"""256 bits, as long as the hash; the specification asks for 24 to 64 bytes."""

_PREFIX = "whsec_"


def secret_text(key: bytes) -> str:
    """A secret as it is handed out."""
    return _PREFIX + base64.b64encode(key).decode()


def signature(secret: str, message_id: str, second: int, body: bytes) -> str:
    """`v1,` and the signature of one message under one secret."""
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    signed = b"%b.%d.%b" % (message_id.encode(), second, body)
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def signed_headers(secrets: Sequence[str], message_id: str, at: int, body: bytes) -> dict[str, str]:
    """The three fields of a message that is sent at an instant, with a signature for each secret that counts."""
    second = at // SECOND
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(second),
        "webhook-signature": " ".join(signature(secret, message_id, second, body) for secret in secrets),
    }
