"""What providers report about messages: applied once, in any order, and a message's state only climbs."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.communication.facts import lock_messages
from agency.communication.inbound.opting_out import opt_in, opt_out
from agency.communication.sender_health.pausing import look_at_senders
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
    # Whoever calls a mail spam has got it.
    "unwanted": "delivered",
    "wanted": "delivered",
}
_RANKS = "ARRAY['queued', 'sending', 'unknown', 'sent', 'delivered', 'opened', 'failed', 'bounced']"

_TOLD = (
    "jsonb_to_recordset(CAST(:told AS jsonb)) AS r(id uuid, message_id uuid, kind text, state text, key text,"
    " ref text, at timestamptz, detail text)"
)
_KEEP = text(
    "INSERT INTO message_receipt (creditor_id, id, message_id, kind, event_key, at, detail)"
    f" SELECT m.creditor_id, r.id, m.id, r.kind, r.key, r.at, r.detail FROM {_TOLD}"
    " JOIN message m ON m.id = r.message_id"
    " ON CONFLICT (creditor_id, message_id, event_key) DO NOTHING RETURNING message_id"
)
# `reserved_at` is when it was handed over, whichever report comes first. A letter counts from the post.
_CLIMB = text(
    "UPDATE message m SET provider_ref = coalesce(m.provider_ref, nullif(r.ref, '')),"
    " sent_at = coalesce(m.sent_at, m.reserved_at), lease_until = NULL,"
    " posted_at = CASE WHEN m.channel = 'letter' AND r.kind = 'sent' THEN least(m.posted_at, r.at)"
    "  ELSE m.posted_at END,"
    f" state = CASE WHEN array_position({_RANKS}, r.state) > array_position({_RANKS}, m.state::text)"
    "  THEN r.state ELSE m.state END"
    f" FROM {_TOLD} WHERE m.id = r.message_id AND m.state NOT IN ('refused', 'cancelled')"
    " AND m.reserved_at IS NOT NULL"
    " RETURNING m.creditor_id, m.id, m.claim_id, m.debtor_id, m.channel, m.step, m.to_value, m.state,"
    "  old.state AS before, old.sent_at IS NULL AS first"
)
_NEWEST_WISH = text(
    "SELECT kind FROM message_receipt WHERE creditor_id = :c AND message_id = :id"
    " AND kind IN ('unwanted', 'wanted') ORDER BY at DESC, kind LIMIT 1"
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
    # One that names no message of ours says nothing, and must not keep the others of its call waiting.
    receipts = [found for _, _, body in take_unhandled(unit, inbox_ids) if (found := _receipt(body))]
    lock_messages(unit, [message_id for message_id, _ in receipts])
    return sum(_apply(unit, wave) for wave in _waves(receipts))


def apply_receipt(unit: Unit, *, receipt: Receipt, message_id: UUID) -> bool:
    """This function will apply one receipt; one that is not about us, or was told before, changes nothing."""
    return _apply(unit, {message_id: receipt}) == 1


def _receipt(body: dict[str, Any]) -> tuple[UUID, Receipt] | None:
    try:
        receipt = Receipt(**body | {"at": datetime.fromisoformat(body["at"])})
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid(f"not a receipt: {error}") from error
    try:
        return UUID(receipt.message_id), receipt
    except ValueError:
        return None


def _waves(receipts: Sequence[tuple[UUID, Receipt]]) -> list[dict[UUID, Receipt]]:
    """One receipt per message at a time: each climbs from where the one before it left the message."""
    waves: list[dict[UUID, Receipt]] = []
    told: Counter[UUID] = Counter()
    for message_id, receipt in receipts:
        if told[message_id] == len(waves):
            waves.append({})
        waves[told[message_id]][message_id] = receipt
        told[message_id] += 1
    return waves


def _apply(unit: Unit, receipts: dict[UUID, Receipt]) -> int:
    connection = unit.session.connection()
    kept = set(connection.execute(_KEEP, {"told": _as_rows(receipts)}).scalars())
    if not kept:
        return 0
    new = {message_id: receipt for message_id, receipt in receipts.items() if message_id in kept}
    rows = connection.execute(_CLIMB, {"told": _as_rows(new)}).all()
    no_good = [
        {"creditor": row.creditor_id, "debtor": row.debtor_id, "value": row.to_value}
        for row in rows
        if new[row.id].permanent
    ]
    if no_good:
        connection.execute(_NO_GOOD, no_good)
    emit(unit, *[event for row in rows for event in _events(row, new[row.id])])
    for row in rows:
        _follow_wish(unit, row, new[row.id])
    harmful = [row for row in rows if new[row.id].kind in ("bounced", "unwanted") and row.channel == "email"]
    look_at_senders(unit, {row.creditor_id for row in harmful})
    return len(rows)


def _follow_wish(unit: Unit, row: Row[Any], receipt: Receipt) -> None:
    """Who calls our mail spam, or writes himself off it, gets none there any more: what must reach him goes
    by letter. Reports come in any order: the later wish counts, as the provider dates it."""
    if receipt.kind not in ("unwanted", "wanted"):
        return
    newest = unit.session.connection().execute(_NEWEST_WISH, {"c": row.creditor_id, "id": row.id}).scalar()
    if newest != receipt.kind:
        return
    follow = opt_out if receipt.kind == "unwanted" else opt_in
    follow(unit, channel=row.channel, value=row.to_value)


def _as_rows(receipts: dict[UUID, Receipt]) -> str:
    rows = [
        {
            "id": str(new_id()),
            "message_id": str(message_id),
            "kind": receipt.kind,
            "state": _STATE[receipt.kind],
            "key": receipt.event_key,
            "ref": receipt.provider_ref,
            "at": receipt.at.isoformat(),
            "detail": receipt.detail[:500],
        }
        for message_id, receipt in receipts.items()
    ]
    return json.dumps(rows)


def _events(row: Row[Any], receipt: Receipt) -> list[Event]:
    whose = {"creditor_id": row.creditor_id, "claim_id": row.claim_id, "message_id": row.id}
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
