"""The address that a debtor answers to: it names our message, sealed, so that nobody can make one up."""

import base64
import hashlib
import hmac
import re
from typing import Final
from uuid import UUID

_SEAL_BYTES: Final = 8
_PREFIX: Final = "re-"
_LOCAL: Final = re.compile(rf"(?<![a-z0-9])(?:{_PREFIX})([a-z2-7]{{39}})@", re.IGNORECASE)
_UUID: Final = re.compile(
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}(?=@)", re.IGNORECASE
)


def reply_address(message_id: UUID, *, domain: str, secret: str) -> str:
    """This function will return the address to which the answers to a message go."""
    sealed = message_id.bytes + _seal(message_id, secret)
    return f"{_PREFIX}{base64.b32encode(sealed).decode().rstrip('=').lower()}@{domain}"


def messages_addressed(words: str, *, secret: str) -> list[UUID]:
    """This function will return the messages whose reply addresses stand in some words, in order.

    An address with a wrong seal names nothing.
    """
    found: list[UUID] = []
    for match in _LOCAL.finditer(words):
        sealed = base64.b32decode(match[1].upper() + "=")
        message_id = UUID(bytes=sealed[:16])
        if hmac.compare_digest(sealed[16:], _seal(message_id, secret)):
            found.append(message_id)
    return list(dict.fromkeys(found))


def messages_named(ids: list[str]) -> list[UUID]:
    """This function will return our messages among Message-IDs, which have the form `id@domain`."""
    return [UUID(match[0]) for one in ids if (match := _UUID.search(one))]


def _seal(message_id: UUID, secret: str) -> bytes:
    key = hashlib.sha256(b"reply-address:" + secret.encode()).digest()
    return hmac.new(key, message_id.bytes, hashlib.sha256).digest()[:_SEAL_BYTES]
