"""What the voice provider reports about calls: applied once, in any order, and a call's state only climbs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from agency.kernel.actor import actor
from agency.kernel.inbox import take_unhandled
from agency.kernel.unit import Unit

_RANKS = "ARRAY['dialling', 'ringing', 'answered', 'busy', 'no_answer', 'canceled', 'failed', 'completed']"
# The collector's own leg says nothing about the debtor; a call that the collector closed stays closed.
_CLIMB = text(
    "UPDATE call SET state = :state, provider_ref = coalesce(provider_ref, :ref),"
    f" ended_at = CASE WHEN array_position({_RANKS}, :state) > 3 THEN coalesce(ended_at, :at)"
    "  ELSE ended_at END"
    f" WHERE id = :id AND array_position({_RANKS}, :state) > array_position({_RANKS}, state)"
)


@actor()
def apply_call_reports(unit: Unit, *, inbox_ids: list[str]) -> None:
    """This function will apply reports on calls that the hooks put in the inbox."""
    for _, _, body in take_unhandled(unit, inbox_ids):
        if body["leg"] == "debtor":
            _apply(unit, body)


def _apply(unit: Unit, body: dict[str, Any]) -> None:
    unit.session.connection().execute(
        _CLIMB,
        {
            "id": UUID(body["call_id"]),
            "state": body["state"],
            "ref": body["provider_ref"] or None,
            "at": datetime.fromisoformat(body["at"]),
        },
    )
