"""What providers report about messages: applied once, in any order, and a message's state only climbs."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.events import Event, MessageBounced, MessageDelivered, MessageOpened, MessageSent
from agency.kernel.emitting import emit
from agency.kernel.errors import Invalid
from agency.kernel.ids import new_id
from agency.kernel.inbox import Told, take_unhandled
from agency.kernel.unit import Unit
from agency.ports.providers import Receipt

# Higher wins. A failure stands above "opened": a doubt about delivery never starts a term.
_STATE = {
    "sent": "sent",
    "delivered": "delivered",
    "opened": "opened",
    "failed": "failed",
    "dropped": "bounced",
    "bounced": "bounced",
}
_RANKS = "ARRAY['queued', 'sending', 'unknown', 'sent', 'delivered', 'opened', 'failed', 'bounced']"

_KEEP = text(
    "INSERT INTO message_receipt (creditor_id, id, message_id, kind, event_key, at, detail)"
    " SELECT m.creditor_id, :id, m.id, :kind, :key, :at, :detail FROM message m WHERE m.id = :message"
    " ON CONFLICT (creditor_id, message_id, event_key) DO NOTHING RETURNING creditor_id"
)
# `reserved_at` is when it was handed over, whichever report comes first. A letter counts from the post.
_CLIMB = text(
    "UPDATE message SET provider_ref = coalesce(provider_ref, nullif(:ref, '')),"
    " sent_at = coalesce(sent_at, reserved_at), lease_until = NULL,"
    " posted_at = CASE WHEN channel = 'letter' AND :kind = 'sent' THEN least(posted_at, :at)"
    "  ELSE posted_at END,"
    f" state = CASE WHEN array_position({_RANKS}, :state) > array_position({_RANKS}, state)"
    "  THEN :state ELSE state END"
    " WHERE creditor_id = :creditor AND id = :message AND state NOT IN ('refused', 'cancelled')"
    " AND reserved_at IS NOT NULL"
    " RETURNING claim_id, debtor_id, channel, step, to_value, state, old.state AS before,"
    "  old.sent_at IS NULL AS first"
)
_NO_GOOD = text(
    "UPDATE contact_point SET state = 'bounced' WHERE creditor_id = :creditor AND debtor_id = :debtor"
    " AND value = :value AND state = 'usable'"
)


def told(receipt: Receipt) -> Told:
    """This function will return a receipt as the fact that the inbox keeps."""
    return Told(receipt.event_key, asdict(receipt) | {"at": receipt.at.isoformat()})


def apply_told(unit: Unit, inbox_ids: Sequence[str]) -> int:
    """This function will apply receipts from the inbox and return how many changed something."""
    facts = sorted(take_unhandled(unit, inbox_ids), key=lambda fact: str(fact[2].get("message_id")))
    return sum(_apply(unit, body) for _, _, body in facts)


def _apply(unit: Unit, body: dict[str, Any]) -> bool:
    try:
        receipt = Receipt(**body | {"at": datetime.fromisoformat(body["at"])})
        message_id = UUID(receipt.message_id)
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid(f"not a receipt: {error}") from error
    return apply_receipt(unit, receipt=receipt, message_id=message_id)


def apply_receipt(unit: Unit, *, receipt: Receipt, message_id: UUID) -> bool:
    """This function will apply one receipt; one that is not about us, or was told before, changes nothing."""
    connection = unit.session.connection()
    kept = connection.execute(
        _KEEP,
        {
            "id": new_id(),
            "message": message_id,
            "kind": receipt.kind,
            "key": receipt.event_key,
            "at": receipt.at,
            "detail": receipt.detail[:500],
        },
    ).one_or_none()
    if kept is None:
        return False
    row = connection.execute(
        _CLIMB,
        {
            "creditor": kept.creditor_id,
            "message": message_id,
            "ref": receipt.provider_ref,
            "kind": receipt.kind,
            "state": _STATE[receipt.kind],
            "at": receipt.at,
        },
    ).one_or_none()
    if row is None:
        return False
    if receipt.permanent:
        whose = {"creditor": kept.creditor_id, "debtor": row.debtor_id, "value": row.to_value}
        connection.execute(_NO_GOOD, whose)
    emit(unit, *_events(kept.creditor_id, message_id, row, receipt))
    return True


def _events(creditor_id: UUID, message_id: UUID, row: Row[Any], receipt: Receipt) -> list[Event]:
    whose = {"creditor_id": creditor_id, "claim_id": row.claim_id, "message_id": message_id}
    events: list[Event] = []
    if row.first:
        events.append(MessageSent(**whose, channel=row.channel, step=row.step))
    if row.state == row.before:
        return events
    match row.state:
        case "delivered":
            events.append(MessageDelivered(**whose, channel=row.channel))
        case "opened":
            events.append(MessageOpened(**whose, channel=row.channel))
        case "failed" | "bounced" if row.before not in ("failed", "bounced"):
            events.append(MessageBounced(**whose, channel=row.channel, reason=receipt.detail or receipt.kind))
    return events
