"""Sorting by a person: one incoming file after the other gets its claim, or is set aside; all can be undone.

Undoing takes the document out of the claim's dossier again: the price, the checks and the debtor no longer
see it, and the history keeps who put it there and who took it out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel import col, select

from agency.documents.incoming import note_decision, put_in_file
from agency.documents.models import Document
from agency.documents.waiting import IncomingDecision, IncomingDocument, IncomingState, SortingAction
from agency.events import DocumentRemoved
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.unit import Unit
from agency.ports.providers import FileStore
from agency.rules.facts import DocumentKind

NOT_NEEDED_REASONS = ("duplicate", "not_about_a_claim", "unreadable", "claim_not_placed", "other")

_CANDIDATES = text(
    "SELECT c.id, c.number, c.reference, c.state, c.currency, c.principal_minor, c.due_on, d.name AS debtor,"
    " d.city FROM claim c JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " WHERE c.creditor_id = :c AND c.id = ANY(:ids)"
)


class AlreadySorted(Conflict):
    """Somebody decided on this file in the meantime; undo that first."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file stands in the pile: its number from 1, of how many, and its neighbours."""

    number: int
    total: int
    previous: UUID | None
    next: UUID | None


def waiting_files(
    unit: Unit, *, creditor_id: UUID, drop_id: UUID | None = None, limit: int = 100, after: UUID | None = None
) -> Sequence[IncomingDocument]:
    """This function will return files that wait, the oldest first."""
    statement = select(IncomingDocument).where(
        IncomingDocument.creditor_id == creditor_id, IncomingDocument.state == IncomingState.WAITING
    )
    if drop_id is not None:
        statement = statement.where(IncomingDocument.drop_id == drop_id)
    if after is not None:
        statement = statement.where(col(IncomingDocument.id) > after)
    return unit.session.exec(statement.order_by(col(IncomingDocument.id)).limit(limit)).all()


def waiting_count(unit: Unit, *, creditor_id: UUID | None = None) -> dict[UUID, int]:
    """This function will count the files that wait, by creditor; of all that the door shows, or of one."""
    rows = unit.session.connection().execute(
        text(
            "SELECT creditor_id, count(*) FROM incoming_document WHERE state = 'waiting'"
            " AND (CAST(:c AS uuid) IS NULL OR creditor_id = :c) GROUP BY creditor_id"
        ),
        {"c": creditor_id},
    )
    return {row[0]: row[1] for row in rows}


def place_of(unit: Unit, incoming: IncomingDocument) -> Place:
    """This function will tell where a file stands among those that wait, whether or not it still does."""
    row = unit.session.connection().execute(
        text(
            "SELECT count(*) FILTER (WHERE id < :id), count(*) FILTER (WHERE id <> :id),"
            " (array_agg(id ORDER BY id DESC) FILTER (WHERE id < :id))[1],"
            " (array_agg(id ORDER BY id) FILTER (WHERE id > :id))[1]"
            " FROM incoming_document WHERE creditor_id = :c AND state = 'waiting'"
        ),
        {"c": incoming.creditor_id, "id": incoming.id},
    )
    before, others, previous, following = row.one()
    return Place(before + 1, others + 1, previous, following)


def incoming_file(unit: Unit, *, creditor_id: UUID, incoming_id: UUID) -> IncomingDocument:
    """This function will return one incoming file.

    :raises NotFound: this creditor has no such file.
    """
    found = unit.session.get(IncomingDocument, (creditor_id, incoming_id))
    if found is None:
        raise NotFound("no such file")
    return found


def candidates_of(unit: Unit, incoming: IncomingDocument) -> list[tuple[Row[Any], int, list[list[str]]]]:
    """This function will return the claims that a file may belong to: the claim, its score, the reasons."""
    ids = [UUID(candidate["claim_id"]) for candidate in incoming.candidates]
    rows = unit.session.connection().execute(_CANDIDATES, {"c": incoming.creditor_id, "ids": ids})
    claims = {row.id: row for row in rows}
    return [
        (claims[UUID(candidate["claim_id"])], candidate["score"], candidate["reasons"])
        for candidate in incoming.candidates
        if UUID(candidate["claim_id"]) in claims
    ]


def choose_claim(
    unit: Unit,
    files: FileStore,
    *,
    creditor_id: UUID,
    incoming_ids: Sequence[UUID],
    claim_id: UUID,
    kind: DocumentKind | None = None,
) -> int:
    """This function will put files in one claim's dossier and return how many; all of them or none.

    :raises NotFound: this creditor has no such claim or file.
    :raises AlreadySorted: one of them has its place already.
    """
    for incoming in _to_decide(unit, creditor_id, incoming_ids):
        put_in_file(unit, files, incoming, claim_id=claim_id, kind=kind)
        note_decision(unit, incoming, SortingAction.CHOSEN)
    return len(incoming_ids)


def set_aside(
    unit: Unit, *, creditor_id: UUID, incoming_ids: Sequence[UUID], reason: str, words: str = ""
) -> int:
    """This function will mark files as not needed, with the reason, and return how many; they are kept.

    :raises NotFound: this creditor has no such file.
    :raises AlreadySorted: one of them has its place already.
    :raises Invalid: no reason of `NOT_NEEDED_REASONS`, or "other" without words.
    """
    if reason not in NOT_NEEDED_REASONS:
        raise Invalid("say why it is not needed", field="reason")
    if reason == "other" and not words.strip():
        raise Invalid("say in a few words why it is not needed", field="words")
    for incoming in _to_decide(unit, creditor_id, incoming_ids):
        incoming.state = IncomingState.NOT_NEEDED
        incoming.why = ": ".join(part for part in (reason, words.strip()) if part)
        incoming.decided_at, incoming.decided_by = unit.now, unit.by
        note_decision(unit, incoming, SortingAction.NOT_NEEDED, why=incoming.why)
    return len(incoming_ids)


def last_decision(unit: Unit, *, creditor_id: UUID, by: str) -> IncomingDecision | None:
    """This function will return a person's latest decision that still stands, for undoing."""
    return unit.session.exec(
        select(IncomingDecision)
        .join(
            IncomingDocument,
            (col(IncomingDocument.creditor_id) == col(IncomingDecision.creditor_id))
            & (col(IncomingDocument.id) == col(IncomingDecision.incoming_id)),
        )
        .where(
            IncomingDecision.creditor_id == creditor_id,
            IncomingDecision.by == by,
            IncomingDecision.action != SortingAction.UNDONE,
            IncomingDocument.state != IncomingState.WAITING,
            col(IncomingDocument.decided_at) == col(IncomingDecision.at),
        )
        .order_by(col(IncomingDecision.id).desc())
        .limit(1)
    ).first()


def undo(unit: Unit, *, creditor_id: UUID, incoming_id: UUID) -> None:
    """This function will take a decision back: the document leaves the claim and the file waits again.

    Undoing what is not decided changes nothing.

    :raises NotFound: this creditor has no such file.
    """
    incoming = _locked(unit, creditor_id, [incoming_id])[0]
    if incoming.state == IncomingState.WAITING:
        return
    note_decision(unit, incoming, SortingAction.UNDONE, why=incoming.why)
    if incoming.document_id is not None:
        _take_out(unit, incoming)
    incoming.state, incoming.why = IncomingState.WAITING, ""
    incoming.claim_id = incoming.document_id = None
    incoming.decided_at = incoming.decided_by = None
    unit.session.flush()
    record(
        unit,
        action="incoming.undone",
        subject=f"incoming:{incoming.id}",
        creditor_id=creditor_id,
        facts={"sha256": incoming.sha256},
    )


def _take_out(unit: Unit, incoming: IncomingDocument) -> None:
    document = unit.session.get(Document, (incoming.creditor_id, incoming.document_id))
    if document is None or document.claim_id is None:
        return
    claim_id, document.claim_id = document.claim_id, None
    unit.session.flush()
    emit(
        unit,
        DocumentRemoved(
            creditor_id=incoming.creditor_id,
            claim_id=claim_id,
            document_id=document.id,
            document_kind=document.kind,
            name=document.name,
        ),
    )


def _to_decide(unit: Unit, creditor_id: UUID, incoming_ids: Sequence[UUID]) -> list[IncomingDocument]:
    found = _locked(unit, creditor_id, incoming_ids)
    if any(incoming.state != IncomingState.WAITING for incoming in found):
        raise AlreadySorted("this file has its place already; undo that first")
    return found


def _locked(unit: Unit, creditor_id: UUID, incoming_ids: Sequence[UUID]) -> list[IncomingDocument]:
    found = unit.session.exec(
        select(IncomingDocument)
        .where(IncomingDocument.creditor_id == creditor_id, col(IncomingDocument.id).in_(incoming_ids))
        .order_by(col(IncomingDocument.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if not found or len(found) != len(set(incoming_ids)):
        raise NotFound("no such file")
    return list(found)
