"""Tokens at rest: sealed with a key of the connection's own, so that no other row's seal opens here."""

import base64
import hashlib
import json
from typing import Final
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken

from agency.ports.providers.bookkeeping import Tokens

_PURPOSE: Final = b"bookkeeping-tokens"


class Unsealable(Exception):
    """The seal was made with another secret, for another connection, or was damaged."""


def seal(tokens: Tokens, *, creditor_id: UUID, connection_id: UUID, secret: str) -> bytes:
    """This function will seal tokens for one connection.

    :param secret: the agency's own (setting `secret`).
    """
    plain = json.dumps({"access": tokens.access, "refresh": tokens.refresh})
    return _key(creditor_id, connection_id, secret).encrypt(plain.encode())


def unseal(sealed: bytes, *, creditor_id: UUID, connection_id: UUID, secret: str) -> Tokens:
    """This function will open what `seal` made for the same connection.

    :raises Unsealable: see the exception.
    """
    try:
        plain = json.loads(_key(creditor_id, connection_id, secret).decrypt(bytes(sealed)))
    except (InvalidToken, ValueError) as error:
        raise Unsealable("the seal does not open") from error
    return Tokens(plain["access"], plain["refresh"])


def _key(creditor_id: UUID, connection_id: UUID, secret: str) -> Fernet:
    # The secret is random and long (production refuses another), so one round of a keyed hash does.
    named = b":".join([_PURPOSE, creditor_id.bytes, connection_id.bytes])
    # A key of BLAKE2b has at most 64 bytes.
    key = hashlib.sha256(secret.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(hashlib.blake2b(named, key=key, digest_size=32).digest()))
