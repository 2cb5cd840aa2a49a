"""Batches nobody knows about: a sender that died, an answer that got lost. The printer is asked by our id.

A batch that the printer still holds is taken back, and its letters pass the gate again: the law is asked in
the moment of sending, and that moment has passed. One that is on the press has left, with all its letters.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel import select

from agency.communication.print_batches.keeping import move_batch, put_on_press
from agency.communication.print_batches.models import PrintBatchRow, PrintState
from agency.events import MessageSent
from agency.kernel.emitting import emit
from agency.kernel.ports import Ports
from agency.kernel.settings import settings
from agency.kernel.unit import Door, Unit, Units
from agency.ports.providers import ProviderError, TakenBatch
from agency.rules.print_batch import differences

_BY: Final = "system:communication.resolve"
ASKED_AT_ONCE: Final = 50

_STALE = text(
    "UPDATE print_batch SET state = 'unknown', why = 'the sender was lost',"
    " lease_until = clock_timestamp() + make_interval(secs => :patience)"
    " WHERE state = 'reserved' AND lease_until < clock_timestamp()"
)
_UNKNOWN = text(
    "SELECT creditor_id, id, lease_until < clock_timestamp() AS patience_over FROM print_batch"
    " WHERE state = 'unknown' ORDER BY reserved_at, id LIMIT :limit"
)
_OF_BATCH = (
    " FROM print_batch_letter l WHERE l.creditor_id = :creditor AND l.batch_id = :batch"
    " AND m.creditor_id = l.creditor_id AND m.id = l.message_id AND m.generation = l.generation"
    " AND m.state IN ('sending', 'unknown')"
)
_SENT = text(
    "UPDATE message m SET state = 'sent', sent_at = coalesce(m.sent_at, m.reserved_at), lease_until = NULL,"
    f" reasons = '[]'{_OF_BATCH} RETURNING m.creditor_id, m.claim_id, m.id, m.channel, m.step"
)
_WAIT_AGAIN = text(f"UPDATE message m SET state = 'queued', due_at = :now, lease_until = NULL{_OF_BATCH}")
# A batch is written down before any call: a letter in none was never handed over.
_NEVER_LEFT = text(
    "UPDATE message m SET state = 'queued', due_at = :now, lease_until = NULL"
    " WHERE m.channel = 'letter' AND m.state = 'unknown' AND NOT EXISTS (SELECT 1 FROM print_batch_letter l"
    "  WHERE l.creditor_id = m.creditor_id AND l.message_id = m.id AND l.freed_at IS NULL)"
)
_WITH_DIFFERENCES = text(
    "UPDATE print_batch SET state = 'blocked', differences = differences || CAST(:found AS jsonb)"
    " WHERE creditor_id = :creditor AND id = :batch"
)


def resolve_batches(units: Units, *, ports: Ports, limit: int = ASKED_AT_ONCE) -> int:
    """This function will ask the printer after unknown batches and return how many letters it settled."""
    with units.open(Door.WORKER, by=_BY) as unit:
        connection = unit.session.connection()
        connection.execute(_STALE, {"patience": settings().provider_patience_seconds})
        waiting = connection.execute(_UNKNOWN, {"limit": limit}).all()
        settled = connection.execute(_NEVER_LEFT, {"now": unit.now}).rowcount
    return settled + sum(_resolve(units, ports, row) for row in waiting)


def letters_wait_again(unit: Unit, *, creditor_id: UUID, batch_id: UUID) -> int:
    """This function will put the letters of a batch that was never printed before the gate again."""
    whose = {"creditor": creditor_id, "batch": batch_id, "now": unit.now}
    return unit.session.connection().execute(_WAIT_AGAIN, whose).rowcount


def _resolve(units: Units, ports: Ports, row: Row[Any]) -> int:
    try:
        found = ports.letters.find(batch_id=str(row.id))
        if found is not None and found.state == "held":
            found = ports.letters.cancel(batch_id=str(row.id))
    except ProviderError:
        return 0  # asked again in the next round
    with units.open(Door.WORKER, by=_BY) as unit:
        batch = unit.session.exec(
            select(PrintBatchRow)
            .where(PrintBatchRow.creditor_id == row.creditor_id, PrintBatchRow.id == row.id)
            .with_for_update()
        ).one()
        if batch.state is not PrintState.UNKNOWN:
            return 0
        if found is None:
            return _give_up(unit, batch, "the printer never got it") if row.patience_over else 0
        if found.state == "released":
            return _left(unit, batch, found)
        return _give_up(unit, batch, "taken back; its letters pass the gate again")


def _give_up(unit: Unit, batch: PrintBatchRow, why: str) -> int:
    # The letters first: once they are free, another batch may have them.
    settled = letters_wait_again(unit, creditor_id=batch.creditor_id, batch_id=batch.id)
    move_batch(unit, creditor_id=batch.creditor_id, batch_id=batch.id, state=PrintState.CANCELLED, why=why)
    return settled


def _left(unit: Unit, batch: PrintBatchRow, taken: TakenBatch) -> int:
    put_on_press(unit, creditor_id=batch.creditor_id, batch_id=batch.id, taken=taken)
    whose = {"creditor": batch.creditor_id, "batch": batch.id}
    _note(unit, whose, [asdict(one) | {"stage": "taken"} for one in differences(batch.totals, taken.totals)])
    sent = unit.session.connection().execute(_SENT, whose).all()
    emit(
        unit,
        *[
            MessageSent(
                creditor_id=one.creditor_id, claim_id=one.claim_id, message_id=one.id, channel=one.channel,
                step=one.step,
            )
            for one in sent
        ],
    )  # fmt: skip
    return len(sent)


def _note(unit: Unit, whose: dict[str, UUID], found: Sequence[dict[str, str]]) -> None:
    if found:
        unit.session.connection().execute(_WITH_DIFFERENCES, whose | {"found": json.dumps(found)})
