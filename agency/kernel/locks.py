"""Locks that end with the transaction: one run at a time, one after the other, one writer per claim."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from agency.kernel.claim_sets import ClaimSet
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


def take_turns(unit: Unit, name: str, *parts: object) -> None:
    """This function will wait for its turn at an advisory lock, and hold it until the transaction ends.

    What was read before it may be over by then: whoever waited reads again.
    """
    unit.session.connection().execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"),
        {"key": ":".join([name, *map(str, parts)])},
    )


def lock_claims(unit: Unit, *, creditor_id: UUID, claim_ids: list[UUID]) -> None:
    """This function will lock claim rows for money work, in key order so that two units never cross."""
    lock_claims_of(unit, keys=[(creditor_id, claim_id) for claim_id in claim_ids])


def lock_claims_of(unit: Unit, *, keys: Sequence[tuple[UUID, UUID]]) -> None:
    """This function will lock claims of several creditors, as `lock_claims` does those of one.

    :param keys: a creditor's id and a claim's.
    """
    claims = ClaimSet.of(keys)
    unit.session.connection().execute(
        text(
            "SELECT FROM claim WHERE (creditor_id, id) IN (SELECT * FROM"
            " unnest(CAST(:creditors AS uuid[]), CAST(:ids AS uuid[]))) ORDER BY creditor_id, id FOR UPDATE"
        ),
        {"creditors": claims.creditors, "ids": claims.claims},
    )
