"""Messages nobody knows about: senders that died, answers that got lost.

A message without content on file was never handed over and simply waits again. Any other is unknown:
the provider is asked by our id; one that cannot be asked waits for a receipt or a person. Letters are asked
after by their batch.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text

from agency.communication.print_batches.resolving import resolve_batches
from agency.events import MessageSent
from agency.kernel.emitting import emit
from agency.kernel.ports import Ports
from agency.kernel.settings import settings
from agency.kernel.unit import Door, Unit, Units
from agency.ports.providers import ProviderRefused, ProviderTransient
from agency.rules.facts import Channel

_BY = "system:communication.resolve"

_STALE = text(
    "UPDATE message SET state = CASE WHEN content_sha256 IS NULL THEN 'queued' ELSE 'unknown' END,"
    " lease_until = CASE WHEN content_sha256 IS NOT NULL"
    "  THEN clock_timestamp() + make_interval(secs => :patience) END,"
    " reasons = '[\"the sender was lost\"]'"
    " WHERE state = 'sending' AND lease_until < clock_timestamp()"
)
_UNKNOWN = text(
    "SELECT creditor_id, id, claim_id, channel, step, generation, to_value, reserved_at, content_sha256,"
    " lease_until < clock_timestamp() AS patience_over"
    " FROM message WHERE state = 'unknown' AND channel <> 'letter' ORDER BY reserved_at LIMIT :limit"
)
_FOUND = text(
    "UPDATE message SET state = 'sent', provider_ref = :ref, sent_at = reserved_at, lease_until = NULL,"
    " reasons = '[]' WHERE creditor_id = :creditor AND id = :id AND generation = :generation"
    " AND state = 'unknown'"
)
_NOT_THERE = text(
    "UPDATE message SET state = 'queued', due_at = :now, lease_until = NULL"
    " WHERE creditor_id = :creditor AND id = :id AND generation = :generation AND state = 'unknown'"
)


def resolve_unknown(units: Units, *, ports: Ports, limit: int = 100) -> int:
    """This function will ask providers after unknown messages and return how many it could settle."""
    with units.open(Door.WORKER, by=_BY) as unit:
        unit.session.connection().execute(_STALE, {"patience": settings().provider_patience_seconds})
        waiting = _read_unknown(unit, limit)
    answers = [(row, *_ask(row, ports)) for row in waiting]
    with units.open(Door.WORKER, by=_BY) as unit:
        settled = sum(_settle(unit, row, asked=asked, ref=ref) for row, asked, ref in answers)
    return settled + resolve_batches(units, ports=ports)


def _read_unknown(unit: Unit, limit: int) -> Sequence[Row[Any]]:
    return unit.session.connection().execute(_UNKNOWN, {"limit": limit}).all()


def _ask(row: Row[Any], ports: Ports) -> tuple[bool, str | None]:
    """Whether the provider could be asked, and its reference of our message if it knows it."""
    # Providers stamp by their own clock; a minute of difference must not hide a message.
    after: datetime = row.reserved_at - timedelta(minutes=1)
    message_id = str(row.id)
    try:
        if row.channel == Channel.email and ports.email.can_find:
            return True, ports.email.find(message_id=message_id, to=row.to_value, after=after)
        if row.channel == Channel.sms and ports.sms.can_find:
            content = ports.files.get(row.content_sha256).decode()
            return True, ports.sms.find(message_id=message_id, to=row.to_value, text=content, after=after)
    except (ProviderRefused, ProviderTransient):
        return False, None
    return False, None


def _settle(unit: Unit, row: Row[Any], *, asked: bool, ref: str | None) -> int:
    whose = {"creditor": row.creditor_id, "id": row.id, "generation": row.generation}
    if ref is not None:
        found = unit.session.connection().execute(_FOUND, whose | {"ref": ref})
        if found.rowcount:
            emit(
                unit,
                MessageSent(
                    creditor_id=row.creditor_id,
                    claim_id=row.claim_id,
                    message_id=row.id,
                    channel=row.channel,
                    step=row.step,
                ),
            )
        return found.rowcount
    if asked and row.patience_over:
        return unit.session.connection().execute(_NOT_THERE, whose | {"now": unit.now}).rowcount
    return 0
