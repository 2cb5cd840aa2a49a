"""What pages show of print batches."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, func, select, text
from sqlmodel import col

from agency.communication.models import Message
from agency.communication.print_batches.models import PrintBatchLetter, PrintBatchRow, PrintState
from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.parties.models import Creditor
from agency.rules.print_batch import days_to_the_post

AnySelect = Select[*tuple[Any, ...]]
BATCH_ORDERS: Final = {"reserved_at": col(PrintBatchRow.reserved_at)}
ON_THE_WAY: Final = (PrintState.RESERVED, PrintState.UNKNOWN, PrintState.ON_PRESS, PrintState.PRINTED)
LETTER_ORDERS: Final = {"debtor": col(Message.to_value)}

_WAITING = text(
    "SELECT count(*) FROM message WHERE channel = 'letter' AND state = 'queued' AND due_at <= :now"
)
_NOT_POSTED = text(
    "SELECT l.id, split_part(m.to_value, E'\\n', 1) AS name, c.number, l.pages FROM print_batch_letter l"
    " JOIN message m ON m.creditor_id = l.creditor_id AND m.id = l.message_id"
    " JOIN claim c ON c.creditor_id = m.creditor_id AND c.id = m.claim_id"
    " WHERE l.creditor_id = :creditor AND l.batch_id = :batch AND l.freed_at IS NULL AND m.state = 'sent'"
    " AND m.posted_at IS NULL ORDER BY m.to_value, l.id LIMIT :most"
)
_NO_WORD = text(
    "SELECT count(*) FROM print_batch WHERE state IN ('on_press', 'printed') AND released_at < :since"
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


def letters_not_posted(unit: Unit, *, creditor_id: UUID, batch_id: UUID, most: int) -> Sequence[Row[Any]]:
    """This function will return letters of a batch of which the printer never told that the post has them:
    id, name, the claim's number and pages; the first `most`."""
    values = {"creditor": creditor_id, "batch": batch_id, "most": most}
    return unit.session.connection().execute(_NOT_POSTED, values).all()


def batches_without_word(unit: Unit) -> int:
    """This function will return how many batches were released days ago and not posted since: the terms of
    their notices have not begun, and those claims wait."""
    since = unit.now - timedelta(days=days_to_the_post(on=unit.today))
    waiting: int = unit.session.connection().execute(_NO_WORD, {"since": since}).scalar_one()
    return waiting
