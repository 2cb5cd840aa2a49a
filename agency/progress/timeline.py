"""A claim's timeline: what happened and what is planned, for the agency or, filtered, for the creditor."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from agency.kernel.unit import Unit

_EVENTS = text(
    "SELECT e.position, e.at, e.kind, e.by, e.facts, e.claim_id FROM event e"
    " WHERE e.creditor_id = :creditor AND (CAST(:claim AS uuid) IS NULL OR e.claim_id = :claim)"
    " AND (NOT :creditor_only OR e.creditor_sees)"
    " AND (CAST(:before AS bigint) IS NULL OR e.position < :before)"
    " ORDER BY e.position DESC LIMIT :limit"
)
_PLANNED = text(
    "SELECT s.due_at, s.step, s.channel, s.why FROM treatment_step s"
    " WHERE s.creditor_id = :creditor AND s.claim_id = :claim AND s.state = 'planned'"
    # The planner carries over once a day what became of messages; what left already is no plan any more.
    " AND NOT EXISTS (SELECT FROM message m WHERE m.creditor_id = s.creditor_id AND m.claim_id = s.claim_id"
    "  AND m.step = s.step AND m.cycle = s.cycle AND m.sent_at IS NOT NULL) ORDER BY s.due_at"
)


@dataclass(frozen=True)
class Happening:
    """One event; `position` is the key to page on, `facts` are plain JSON values."""

    position: int
    at: datetime
    kind: str
    by: str
    facts: dict[str, Any]
    claim_id: UUID | None


@dataclass(frozen=True)
class PlannedAction:
    """What the treatment path will do next and why."""

    due_at: datetime
    step: str
    channel: str
    why: str


def timeline(
    unit: Unit,
    *,
    creditor_id: UUID,
    claim_id: UUID | None,
    for_creditor: bool,
    limit: int = 50,
    before: int | None = None,
) -> list[Happening]:
    """This function will return what happened, newest first; without a claim, over all of the creditor's."""
    rows = unit.session.connection().execute(
        _EVENTS,
        {
            "creditor": creditor_id,
            "claim": claim_id,
            "creditor_only": for_creditor,
            "limit": limit,
            "before": before,
        },
    )
    return [Happening(*row) for row in rows]


def planned_actions(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> list[PlannedAction]:
    """This function will return the steps that wait for their day, soonest first."""
    rows = unit.session.connection().execute(_PLANNED, {"creditor": creditor_id, "claim": claim_id})
    return [PlannedAction(*row) for row in rows]
