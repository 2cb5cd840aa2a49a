"""The collectors' queue: a case asks for a person with a reason; one collector holds it at a time."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from agency.kernel.errors import Conflict
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit

LEASE = timedelta(minutes=30)

# The one place where urgency is decided: higher is first; within a priority the oldest is first.
PRIORITIES = {
    "dispute": 90,
    "hardship": 85,
    "unreachable": 70,
    "promise_broken": 60,
    "call_due": 50,
    "call_back": 40,
}

_OPEN = "done_at IS NULL AND due_at <= app.now()"
_TAKE = text(
    "UPDATE work_item w SET leased_by = :user, leased_until = app.now() + :lease, generation = generation + 1"
    " FROM (SELECT creditor_id, id FROM work_item WHERE " + _OPEN + " AND (leased_until IS NULL OR"
    " leased_until < app.now()) ORDER BY priority DESC, due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) AS next"
    " WHERE w.creditor_id = next.creditor_id AND w.id = next.id"
    " RETURNING w.creditor_id, w.id, w.claim_id, w.kind, w.reason, w.generation"
)
_MINE = text(
    "UPDATE work_item SET leased_until = app.now() + :lease WHERE " + _OPEN + " AND leased_by = :user"
    " AND leased_until >= app.now() RETURNING creditor_id, id, claim_id, kind, reason, generation"
)


class UnableToFinish(Conflict):
    """The case is no longer this collector's."""


@dataclass(frozen=True)
class TakenCase:
    """A case held by one collector until the lease ends; `generation` fences a late finisher."""

    creditor_id: UUID
    item_id: UUID
    claim_id: UUID
    kind: str
    reason: str
    generation: int


def ask_for_person(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID, kind: str, key: str, reason: str
) -> None:
    """This function will put a claim on the queue; the same key asks once.

    :raises KeyError: the kind has no priority.
    """
    unit.session.connection().execute(
        text(
            "INSERT INTO work_item"
            " (creditor_id, id, claim_id, key, kind, reason, priority, due_at, generation)"
            " VALUES (:creditor, :id, :claim, :key, :kind, :reason, :priority, :now, 0)"
            " ON CONFLICT (creditor_id, key) DO NOTHING"
        ),
        {
            "creditor": creditor_id,
            "id": new_id(),
            "claim": claim_id,
            "key": key,
            "kind": kind,
            "reason": reason,
            "priority": PRIORITIES[kind],
            "now": unit.now,
        },
    )


def take_next(unit: Unit, *, user_id: UUID) -> TakenCase | None:
    """This function will return the case this collector already holds, else lease the most urgent one.

    Two collectors never get the same case; None means that nothing waits.
    """
    connection = unit.session.connection()
    values = {"user": user_id, "lease": LEASE}
    row = connection.execute(_MINE, values).first() or connection.execute(_TAKE, values).first()
    return TakenCase(*row) if row else None


def finish(unit: Unit, *, creditor_id: UUID, item_id: UUID, user_id: UUID, generation: int) -> None:
    """This function will close a case that this collector still holds.

    :raises UnableToFinish: the lease was taken over meanwhile.
    """
    done = unit.session.connection().execute(
        text(
            "UPDATE work_item SET done_at = app.now(), done_by = :by WHERE creditor_id = :creditor"
            " AND id = :id AND leased_by = :user AND generation = :generation AND done_at IS NULL"
        ),
        {"by": unit.by, "creditor": creditor_id, "id": item_id, "user": user_id, "generation": generation},
    )
    if done.rowcount != 1:
        raise UnableToFinish("somebody else has taken this case over; nothing was changed")


def put_back(unit: Unit, *, user_id: UUID) -> None:
    """This function will release whatever this collector holds."""
    unit.session.connection().execute(
        text(
            "UPDATE work_item SET leased_until = NULL, leased_by = NULL"
            " WHERE leased_by = :user AND done_at IS NULL"
        ),
        {"user": user_id},
    )


def drop_work(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> None:
    """This function will close every open case of a claim, because nothing is left to do on it."""
    unit.session.connection().execute(
        text(
            "UPDATE work_item SET done_at = app.now(), done_by = :by"
            " WHERE creditor_id = :creditor AND claim_id = :claim AND done_at IS NULL"
        ),
        {"by": unit.by, "creditor": creditor_id, "claim": claim_id},
    )
