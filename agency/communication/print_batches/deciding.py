"""A person settles a blocked batch: taken back while the printer holds it, or explained once printed."""

import json
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import select

from agency.communication.print_batches.keeping import move_batch
from agency.communication.print_batches.models import PrintBatchRow, PrintState
from agency.communication.print_batches.resolving import letters_wait_again
from agency.events import MessageBounced
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, NotFound
from agency.kernel.ports import Ports
from agency.kernel.unit import Door, Unit, Units
from agency.ports.providers import ProviderError

LOST_AT_THE_PRINTER: Final = "lost at the printer"
# What the post has, or what became of a letter otherwise, is never declared lost.
_LOST: Final = text(
    "UPDATE message m SET state = 'failed', reasons = CAST(:why AS jsonb) FROM print_batch_letter l"
    " WHERE l.creditor_id = :creditor AND l.batch_id = :batch AND l.id = ANY(:letters)"
    " AND m.creditor_id = l.creditor_id AND m.id = l.message_id AND m.state = 'sent'"
    " AND m.posted_at IS NULL RETURNING m.claim_id, m.id"
)


class UnableToSettleBatch(Conflict):
    """The batch does not wait for a person, or the printer did not do what was asked."""


def take_back(units: Units, *, ports: Ports, by: str, creditor_id: UUID, batch_id: UUID) -> int:
    """This function will take a blocked batch back from the printer and return how many letters wait again.

    They pass the gate anew and travel in another batch.

    :raises NotFound: there is no such batch.
    :raises UnableToSettleBatch: it is not blocked, was printed, or the printer did not answer.
    """
    with units.open(Door.STAFF, by=by) as unit:
        _blocked(unit, creditor_id, batch_id, released=False)
    try:
        ports.letters.cancel(batch_id=str(batch_id))
    except ProviderError as error:
        raise UnableToSettleBatch(f"the printer did not take the batch back: {error}") from error
    with units.open(Door.STAFF, by=by) as unit:
        batch = _blocked(unit, creditor_id, batch_id, released=False)
        letters = letters_wait_again(unit, creditor_id=creditor_id, batch_id=batch_id)
        move_batch(
            unit, creditor_id=creditor_id, batch_id=batch_id, state=PrintState.CANCELLED, why=batch.why
        )
        unit.session.refresh(batch)
        _decided(unit, batch, "print_batch.taken_back", "")
    return letters


def settle_batch(
    unit: Unit, *, creditor_id: UUID, batch_id: UUID, remark: str, lost: Sequence[UUID] = ()
) -> int:
    """This function will close the differences of a printed batch with what was found out about them, and
    return how many letters are written again.

    :param lost: letters of the batch that never came to the post; each is written anew, as of that day.
    :raises NotFound: there is no such batch.
    :raises UnableToSettleBatch: it is not blocked, was never printed, or the post has one of `lost` by now.
    """
    batch = _blocked(unit, creditor_id, batch_id, released=True)
    batch.state = PrintState.SETTLED
    values = {"creditor": creditor_id, "batch": batch_id, "letters": list(lost)}
    why = json.dumps([LOST_AT_THE_PRINTER])
    gone = unit.session.connection().execute(_LOST, values | {"why": why}).all() if lost else []
    if len(gone) < len(set(lost)):
        raise UnableToSettleBatch("one of these letters was posted meanwhile; look again")
    emit(
        unit,
        *[
            MessageBounced(
                creditor_id=creditor_id, claim_id=row.claim_id, message_id=row.id, channel="letter",
                reason=LOST_AT_THE_PRINTER,
            )
            for row in gone
        ],
    )  # fmt: skip
    _decided(unit, batch, "print_batch.settled", remark, lost=len(gone))
    return len(gone)


def _blocked(unit: Unit, creditor_id: UUID, batch_id: UUID, *, released: bool) -> PrintBatchRow:
    batch = unit.session.exec(
        select(PrintBatchRow)
        .where(PrintBatchRow.creditor_id == creditor_id, PrintBatchRow.id == batch_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if batch is None:
        raise NotFound("no such batch")
    if batch.state is not PrintState.BLOCKED or (batch.released_at is not None) != released:
        raise UnableToSettleBatch("the batch does not wait for this any more")
    return batch


def _decided(unit: Unit, batch: PrintBatchRow, action: str, remark: str, *, lost: int = 0) -> None:
    batch.decided_at, batch.decided_by, batch.remark = unit.now, unit.by, remark
    unit.session.add(batch)
    unit.session.flush()
    record(
        unit,
        action=action,
        subject=f"print_batch:{batch.id}",
        creditor_id=batch.creditor_id,
        facts=({"remark": remark} if remark else {}) | ({"lost": lost} if lost else {}),
    )
