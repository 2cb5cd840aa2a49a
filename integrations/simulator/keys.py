"""The simulator's signing key for SendGrid's event webhook: always the same, so it can stand in settings."""

import base64
import hashlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

# Derived from a text everybody can read: it proves nothing, and is of no use anywhere else.
_SCALAR = int.from_bytes(hashlib.sha256(b"simulated SendGrid event webhook").digest()) >> 1
_PRIVATE = ec.derive_private_key(_SCALAR, ec.SECP256R1())

SENDGRID_PUBLIC_KEY = base64.b64encode(
    _PRIVATE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()
"""The key that verifies the simulator's events, in the form SendGrid shows keys."""


def sign_events(*, timestamp: str, body: bytes) -> str:
    """This function will sign a call of the event webhook as SendGrid does."""
    signature = _PRIVATE.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return base64.b64encode(signature).decode()
