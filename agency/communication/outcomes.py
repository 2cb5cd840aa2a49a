"""What became of calls to providers, written down where the reservation is still ours."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import text

from agency.communication.facts import lock_messages
from agency.communication.release import Reserved
from agency.events import MessageBounced, MessageSent
from agency.kernel.emitting import emit
from agency.kernel.settings import settings
from agency.kernel.unit import Unit
from agency.ports.providers import ProviderTransient

ATTEMPTS_MAX = 8
# A receipt may be faster than this confirmation: then the state has climbed already and stays.
_CONFIRM = text(
    "UPDATE message m SET provider_ref = coalesce(r.ref, m.provider_ref), lease_until = CASE WHEN r.state ="
    "  'unknown' THEN clock_timestamp() + make_interval(secs => :patience) END,"
    " state = CASE WHEN m.state = 'sending' THEN r.state ELSE m.state END,"
    " sent_at = CASE WHEN r.state = 'sent' THEN coalesce(m.sent_at, m.reserved_at) ELSE m.sent_at END,"
    " due_at = CASE WHEN r.state = 'queued' THEN :now + make_interval(secs => r.wait) ELSE m.due_at END,"
    " reasons = CASE WHEN r.why = '' THEN m.reasons ELSE jsonb_build_array(r.why) END"
    " FROM jsonb_to_recordset(CAST(:outcomes AS jsonb)) AS r(creditor_id uuid, id uuid, generation integer,"
    "  state text, ref text, wait double precision, why text)"
    " WHERE m.creditor_id = r.creditor_id AND m.id = r.id AND m.generation = r.generation"
    " AND (m.state = 'sending' OR (r.state = 'sent' AND m.state <> 'queued'))"
    " RETURNING m.creditor_id, m.claim_id, m.id, m.channel, m.step, r.state AS outcome, r.why,"
    "  old.sent_at IS NULL AS first"
)


State = Literal["sent", "queued", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one call."""

    reserved: Reserved
    state: State
    ref: str | None = None
    wait: float = 0  # lint-skip: float  seconds
    why: str = ""


def confirm(unit: Unit, outcomes: Sequence[Outcome]) -> None:
    """This function will write down what became of calls, where the reservation is still ours."""
    rows = [
        {
            "creditor_id": str(one.reserved.creditor_id),
            "id": str(one.reserved.message_id),
            "generation": one.reserved.generation,
            "state": one.state,
            "ref": one.ref,
            "wait": one.wait,
            "why": one.why,
        }
        for one in outcomes
    ]
    lock_messages(unit, [one.reserved.message_id for one in outcomes])
    patience = settings().provider_patience_seconds
    confirmed = unit.session.connection().execute(
        _CONFIRM, {"outcomes": json.dumps(rows), "now": unit.now, "patience": patience}
    )
    events: list[MessageSent | MessageBounced] = []
    for row in confirmed:
        whose = {"creditor_id": row.creditor_id, "claim_id": row.claim_id, "message_id": row.id}
        if row.outcome == "sent" and row.first:
            events.append(MessageSent(**whose, channel=row.channel, step=row.step))
        if row.outcome == "failed":
            events.append(MessageBounced(**whose, channel=row.channel, reason=row.why))
    emit(unit, *events)


def tried_again(reserved: Reserved, error: ProviderTransient) -> Outcome:
    """This function will return what follows on a provider that did nothing: later, or never after so many
    attempts."""
    if reserved.generation >= ATTEMPTS_MAX:
        return Outcome(reserved, "failed", why=f"given up: {error.reason}")
    wait = error.retry_after or min(30 * 2**reserved.generation, 3600)
    return Outcome(reserved, "queued", wait=wait, why=error.reason)
