"""Locks that end with the transaction: one run at a time, one writer per claim."""

from uuid import UUID

from sqlalchemy import text

from agency.kernel.errors import Conflict
from agency.kernel.unit import Unit


class AlreadyRunning(Conflict):
    """Somebody else does the same thing at this moment."""


def single(unit: Unit, name: str, *parts: object) -> None:
    """This function will hold an advisory lock until the transaction ends, or refuse at once.

    :raises AlreadyRunning: another transaction holds it.
    """
    held = (
        unit.session.connection()
        .execute(
            text("SELECT pg_try_advisory_xact_lock(hashtextextended(:key, 0))"),
            {"key": ":".join([name, *map(str, parts)])},
        )
        .scalar_one()
    )
    if not held:
        raise AlreadyRunning(f"{name} is already running")


def lock_claims(unit: Unit, *, creditor_id: UUID, claim_ids: list[UUID]) -> None:
    """This function will lock claim rows for money work, in key order so that two units never cross."""
    unit.session.connection().execute(
        text("SELECT id FROM claim WHERE creditor_id = :creditor AND id = ANY(:ids) ORDER BY id FOR UPDATE"),
        {"creditor": creditor_id, "ids": sorted(claim_ids)},
    )
