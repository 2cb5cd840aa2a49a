"""Identifiers: time-ordered UUIDs made by the client of the database, known before the first try."""

from uuid import UUID

from uuid_utils.compat import uuid7

# The agency itself is a tenant too, so that no row ever lacks a creditor_id.
HOUSE = UUID("00000000-0000-0000-0000-000000000001")


def new_id() -> UUID:
    """This function will return a fresh UUIDv7 (RFC 9562): unique and roughly ordered by time."""
    return uuid7()
