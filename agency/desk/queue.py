"""The collectors' queue: a case asks for a person with a reason; one collector holds it at a time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text

from agency.desk.models import WorkKind
from agency.kernel.audit import record
from agency.kernel.errors import Conflict, Invalid
from agency.kernel.ids import new_id
from agency.kernel.locks import take_turns
from agency.kernel.unit import Unit

LEASE: Final = timedelta(minutes=30)
PUT_OFF_MAX: Final = timedelta(days=90)

# The one place where urgency is decided: what holds a debtor's rights comes before what brings in money.
# Higher is first; within a rank, whoever waits longest.
RANKS: Final = {
    WorkKind.DISPUTE: 90,
    WorkKind.HARDSHIP: 85,
    WorkKind.ANSWER: 80,
    WorkKind.UNREACHABLE: 70,
    WorkKind.PROMISE_BROKEN: 60,
    WorkKind.CALL_DUE: 50,
    WorkKind.CALL_BACK: 40,
    WorkKind.VISIT_DUE: 35,
    WorkKind.PATH_ENDED: 30,
}
_RANK_WEIGHT: Final = 10**14  # more than any moment in milliseconds

# A claim that is paid, withdrawn or closed asks for nobody, whatever still stands on the queue.
OPEN: Final = (
    "w.done_at IS NULL AND w.due_at <= app.now() AND EXISTS (SELECT FROM claim c"
    " WHERE c.creditor_id = w.creditor_id AND c.id = w.claim_id AND c.state = 'active')"
)
_FREE = "(w.leased_until IS NULL OR w.leased_until < app.now())"
_TAKEN = " RETURNING w.creditor_id, w.id, w.claim_id, w.kind, w.reason, w.generation, w.due_at"
_LEASE = (
    " UPDATE work_item w SET leased_by = :user, leased_until = app.now() + :lease,"
    " generation = generation + 1, taken_by = :user, taken_at = app.now()"
    " FROM chosen WHERE w.creditor_id = chosen.creditor_id AND w.id = chosen.id"
)
# The choice is made once, under its lock: a plan that asks the inner query again would lease a second case.
_CHOOSE = (
    "WITH chosen AS MATERIALIZED (SELECT w.creditor_id, w.id FROM work_item w WHERE {whose} AND "
    f"{OPEN} AND {_FREE} AND (CAST(:kind AS text) IS NULL OR w.kind = :kind)"
    f" ORDER BY w.urgency, w.id LIMIT 1 FOR UPDATE OF w SKIP LOCKED){_LEASE}{_TAKEN}"
)
_TAKE_GIVEN = text(_CHOOSE.format(whose="w.given_to = :user"))
# What was given to somebody whose account is closed is anybody's again.
_TAKE_NEXT = text(
    _CHOOSE.format(
        whose="(w.given_to IS NULL OR EXISTS (SELECT FROM user_account u WHERE u.id = w.given_to"
        " AND u.disabled_at IS NOT NULL))"
    )
)
_TAKE_ONE = text(
    f"WITH chosen AS MATERIALIZED (SELECT w.creditor_id, w.id FROM work_item w WHERE {OPEN}"
    f" AND ({_FREE} OR w.leased_by = :user) AND w.creditor_id = :creditor AND w.id = :id FOR UPDATE OF w)"
    f"{_LEASE}{_TAKEN}"
)
_KEEP_MINE = text(
    f"UPDATE work_item w SET leased_until = app.now() + :lease WHERE {OPEN} AND w.leased_by = :user"
    f" AND w.leased_until >= app.now(){_TAKEN}"
)
_HELD = "creditor_id = :creditor AND id = :id AND leased_by = :user AND generation = :generation"
_FINISH = text(
    f"UPDATE work_item SET done_at = app.now(), done_by = :by WHERE {_HELD} AND done_at IS NULL"
    " RETURNING claim_id, kind"
)
_PUT_OFF = text(
    "UPDATE work_item SET due_at = :until, urgency = :urgency, leased_by = NULL, leased_until = NULL"
    f" WHERE {_HELD} AND done_at IS NULL RETURNING claim_id"
)


class UnableToTake(Conflict):
    """The case is done, or a colleague holds it."""


class UnableToFinish(Conflict):
    """The case is no longer this collector's."""


@dataclass(frozen=True, slots=True)
class TakenCase:
    """A case held by one collector until the lease ends; `generation` fences a late finisher."""

    creditor_id: UUID
    item_id: UUID
    claim_id: UUID
    kind: WorkKind
    reason: str
    generation: int
    due_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", WorkKind(self.kind))


def urgency(*, kind: WorkKind, due_at: datetime) -> int:
    """This function will return the place in the queue: lower comes first."""
    return int(due_at.timestamp() * 1000) - RANKS[kind] * _RANK_WEIGHT


def ask_for_person(
    unit: Unit,
    *,
    creditor_id: UUID,
    claim_id: UUID,
    kind: WorkKind,
    key: str,
    reason: str = "",
    due_at: datetime | None = None,
) -> None:
    """This function will put a claim on the queue, from `due_at` on; the same key asks once."""
    due = due_at or unit.now
    unit.session.connection().execute(
        text(
            "INSERT INTO work_item"
            " (creditor_id, id, claim_id, key, kind, reason, urgency, due_at, generation)"
            " VALUES (:creditor, :id, :claim, :key, :kind, :reason, :urgency, :due, 0)"
            " ON CONFLICT (creditor_id, key) DO NOTHING"
        ),
        {
            "creditor": creditor_id,
            "id": new_id(),
            "claim": claim_id,
            "key": key,
            "kind": kind.value,
            "reason": reason,
            "urgency": urgency(kind=kind, due_at=due),
            "due": due,
        },
    )


def take_next(unit: Unit, *, user_id: UUID, kind: WorkKind | None = None) -> TakenCase | None:
    """This function will return the case this collector already holds, else lease the most urgent one: first
    of what was given to him, then of what was given to nobody.

    :param kind: only work of this kind: who calls in the evening does not want the disputes first.

    Two collectors never get the same case; None means that nothing waits.
    """
    _one_at_a_time(unit, user_id)
    connection = unit.session.connection()
    values = {"user": user_id, "lease": LEASE, "kind": kind.value if kind else None}
    tried = (connection.execute(one, values).first() for one in (_KEEP_MINE, _TAKE_GIVEN, _TAKE_NEXT))
    row = next((row for row in tried if row), None)
    return TakenCase(*row) if row else None


def take(unit: Unit, *, user_id: UUID, creditor_id: UUID, item_id: UUID) -> TakenCase:
    """This function will lease a chosen case; whatever else this collector holds goes back to the queue.

    :raises UnableToTake: it is done, or a colleague holds it.
    """
    _one_at_a_time(unit, user_id)
    put_back(unit, user_id=user_id, keep=item_id)
    row = (
        unit.session.connection()
        .execute(_TAKE_ONE, {"user": user_id, "lease": LEASE, "creditor": creditor_id, "id": item_id})
        .first()
    )
    if row is None:
        raise UnableToTake("a colleague works on this case, or it is done")
    return TakenCase(*row)


def finish(unit: Unit, *, creditor_id: UUID, item_id: UUID, user_id: UUID, generation: int) -> None:
    """This function will close a case that this collector still holds.

    :raises UnableToFinish: the lease was taken over meanwhile.
    """
    done = unit.session.connection().execute(
        _FINISH,
        {"by": unit.by, "creditor": creditor_id, "id": item_id, "user": user_id, "generation": generation},
    )
    row = done.first()
    if row is None:
        raise UnableToFinish("somebody else has taken this case over; nothing was changed")
    record(
        unit,
        action="case.finished",
        subject=f"work_item:{item_id}",
        creditor_id=creditor_id,
        facts={"claim": str(row.claim_id), "kind": row.kind},
    )


def put_off(
    unit: Unit, *, creditor_id: UUID, item_id: UUID, user_id: UUID, generation: int, until: datetime
) -> None:
    """This function will let a case that this collector holds rest until a moment, among the calls to repeat.

    :raises Invalid: the moment has passed or lies too far away.
    :raises UnableToFinish: the lease was taken over meanwhile.
    """
    if not unit.now < until <= unit.now + PUT_OFF_MAX:
        raise Invalid(f"choose a moment within {PUT_OFF_MAX.days} days", field="until")
    moved = unit.session.connection().execute(
        _PUT_OFF,
        {
            "creditor": creditor_id,
            "id": item_id,
            "user": user_id,
            "generation": generation,
            "until": until,
            "urgency": urgency(kind=WorkKind.CALL_BACK, due_at=until),
        },
    )
    row = moved.first()
    if row is None:
        raise UnableToFinish("somebody else has taken this case over; nothing was changed")
    record(
        unit,
        action="case.put_off",
        subject=f"work_item:{item_id}",
        creditor_id=creditor_id,
        facts={"claim": str(row.claim_id), "until": until.isoformat()},
    )


def put_back(unit: Unit, *, user_id: UUID, keep: UUID | None = None) -> None:
    """This function will release whatever this collector holds, except one item."""
    unit.session.connection().execute(
        text(
            "UPDATE work_item SET leased_until = NULL, leased_by = NULL"
            " WHERE leased_by = :user AND done_at IS NULL AND id IS DISTINCT FROM :keep"
        ),
        {"user": user_id, "keep": keep},
    )


def drop_work(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID, kinds: Collection[WorkKind] = tuple(WorkKind)
) -> None:
    """This function will close a claim's open work of some kinds, because there is nothing left to do.

    What a collector has in hand stays: whoever works on it finishes it.
    """
    unit.session.connection().execute(
        text(
            "UPDATE work_item w SET done_at = app.now(), done_by = :by WHERE w.creditor_id = :creditor"
            f" AND w.claim_id = :claim AND w.done_at IS NULL AND w.kind = ANY(:kinds) AND {_FREE}"
        ),
        {
            "by": unit.by,
            "creditor": creditor_id,
            "claim": claim_id,
            "kinds": [kind.value for kind in kinds],
        },
    )


def drop_asked(unit: Unit, *, creditor_id: UUID, key: str) -> None:
    """This function will close the open work that was asked for under keys that begin so, except what a
    collector has in hand."""
    unit.session.connection().execute(
        text(
            "UPDATE work_item w SET done_at = app.now(), done_by = :by WHERE w.creditor_id = :creditor"
            f" AND starts_with(w.key, :key) AND w.done_at IS NULL AND {_FREE}"
        ),
        {"by": unit.by, "creditor": creditor_id, "key": key},
    )


def _one_at_a_time(unit: Unit, user_id: UUID) -> None:
    """A second press of the key waits for the first, and then finds the case that it leased."""
    take_turns(unit, "desk", user_id)
