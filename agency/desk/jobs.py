"""Jobs of the desk: what the voice provider reports about calls, applied once; a state only climbs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from agency.desk.call_notes import lapse_unanswered
from agency.desk.calls import STATES
from agency.events import CallReported
from agency.kernel.actor import actor
from agency.kernel.emitting import emit
from agency.kernel.inbox import take_unhandled
from agency.kernel.unit import Unit

_ENDED = frozenset({"busy", "no_answer", "completed", "failed"})
# A call that the collector closed stays closed.
_CLIMB = text(
    "UPDATE call SET state = :state, ended_at = CASE WHEN :ended THEN coalesce(ended_at, :at)"
    "  ELSE ended_at END WHERE id = :id AND disposition IS NULL"
    f" AND array_position({STATES}, :state) > array_position({STATES}, state)"
    " RETURNING creditor_id, claim_id"
)


@actor()
def apply_call_reports(unit: Unit, *, inbox_ids: list[str]) -> None:
    """This function will apply reports on calls that the hooks put in the inbox."""
    for _, _, body in take_unhandled(unit, inbox_ids):
        state = _state_of(body["leg"], body["state"])
        if state:
            _apply(unit, body, state)


@actor()
def lapse_call_notes(unit: Unit) -> None:
    """This function will close what calls agreed on and no debtor confirmed in time."""
    lapse_unanswered(unit)


def _state_of(leg: str, state: str) -> str | None:
    """What a report means for the call: the debtor is rung only when the collector has answered."""
    if leg == "collector":
        return "failed" if state in ("busy", "no_answer", "failed", "canceled") else None
    return {"canceled": "no_answer"}.get(state, state)


def _apply(unit: Unit, body: dict[str, Any], state: str) -> None:
    call_id = UUID(body["call_id"])
    climbed = unit.session.connection().execute(
        _CLIMB,
        {
            "id": call_id,
            "state": state,
            "ended": state in _ENDED,
            "at": datetime.fromisoformat(body["at"]),
        },
    )
    row = climbed.first()
    if row is not None and state != "ringing":
        emit(
            unit,
            CallReported(creditor_id=row.creditor_id, claim_id=row.claim_id, call_id=call_id, state=state),
        )
