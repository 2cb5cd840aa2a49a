"""What pages show of print batches."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, select, text
from sqlmodel import col

from agency.communication.models import Message
from agency.communication.print_batches.models import PrintBatchLetter, PrintBatchRow, PrintState
from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.parties.models import Creditor

AnySelect = Select[*tuple[Any, ...]]
BATCH_ORDERS: Final = {"reserved_at": col(PrintBatchRow.reserved_at)}
ON_THE_WAY: Final = (PrintState.RESERVED, PrintState.UNKNOWN, PrintState.ON_PRESS, PrintState.PRINTED)
LETTER_ORDERS: Final = {"debtor": col(Message.to_value)}

_WAITING = text(
    "SELECT count(*) FROM message WHERE channel = 'letter' AND state = 'queued' AND due_at <= :now"
)


def batches(*, words: str = "", states: Sequence[PrintState] = (), country: str = "") -> AnySelect:
    """This function will return the statement of all batches, with the creditor's name."""
    statement: AnySelect = select(
        col(Creditor.name).label("creditor"),
        *PrintBatchRow.__table__.columns,  # type: ignore[attr-defined]
    ).join(Creditor, col(Creditor.id) == col(PrintBatchRow.creditor_id))
    if states:
        statement = statement.where(col(PrintBatchRow.state).in_(states))
    if country:
        statement = statement.where(col(PrintBatchRow.country) == country)
    return statement.where(col(Creditor.name).icontains(words, autoescape=True)) if words else statement


def batch_of(unit: Unit, *, creditor_id: UUID, batch_id: UUID) -> PrintBatchRow:
    """This function will return a batch.

    :raises NotFound: this creditor has no such batch.
    """
    batch = unit.session.get(PrintBatchRow, (creditor_id, batch_id))
    if batch is None:
        raise NotFound("no such batch")
    return batch


def letters_of(*, creditor_id: UUID, batch_id: UUID) -> AnySelect:
    """This function will return the statement of a batch's letters, with what became of each message."""
    statement: AnySelect = (
        select(
            col(PrintBatchLetter.id), col(PrintBatchLetter.pages), col(PrintBatchLetter.amount_minor),
            col(PrintBatchLetter.freed_at), col(Message.claim_id), col(Message.to_value),
            col(Message.state), col(Message.posted_at), col(Message.subject),
        )
        .join(
            Message,
            (col(Message.creditor_id) == col(PrintBatchLetter.creditor_id))
            & (col(Message.id) == col(PrintBatchLetter.message_id)),
        )
        .where(
            col(PrintBatchLetter.creditor_id) == creditor_id, col(PrintBatchLetter.batch_id) == batch_id
        )
    )  # fmt: skip
    return statement


def count_by_state(unit: Unit) -> dict[PrintState, int]:
    """This function will return how many batches are in each state."""
    statement: AnySelect = select(col(PrintBatchRow.state), func.count()).group_by(col(PrintBatchRow.state))
    found = unit.session.connection().execute(statement).all()
    return {PrintState(state): count for state, count in found}


def letters_waiting(unit: Unit) -> int:
    """This function will return how many letters wait for the next print run."""
    waiting: int = unit.session.connection().execute(_WAITING, {"now": unit.now}).scalar_one()
    return waiting
