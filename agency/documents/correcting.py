"""What a person says of a document: it is right, it is the wrong one, it is something else; kept for good."""

from uuid import UUID

from sqlmodel import select

from agency.documents.check import tell, verdicts_of
from agency.documents.jobs import check_later
from agency.documents.models import Document, DocumentVerdict, KindFrom, Verdict
from agency.documents.upload import claim_of
from agency.kernel.audit import record
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.unit import Door, Unit
from agency.rules.evidence import Standing
from agency.rules.facts import DocumentKind
from agency.rules.reading import ReadState

NOTE_MAX = 1000
_UNREADABLE = frozenset(
    f"state:{state.value}"
    for state in (ReadState.broken, ReadState.password, ReadState.blank, ReadState.too_heavy)
)


def judge_document(
    unit: Unit,
    *,
    creditor_id: UUID,
    document_id: UUID,
    verdict: Verdict,
    kind: DocumentKind | None = None,
    note: str = "",
) -> Document:
    """This function will keep what a person says of a document, and let it count or not accordingly.

    What the agency decided, a creditor cannot turn around; a file that nobody can open is never right.

    :param kind: what the document is, with the verdict `kind`.
    :raises NotFound: this creditor has no such document.
    :raises Conflict: the agency decided otherwise, or the file cannot be opened.
    :raises Invalid: the kind is missing, or the note too long.
    """
    document = unit.session.exec(
        select(Document)
        .where(Document.creditor_id == creditor_id, Document.id == document_id)
        .with_for_update()
    ).one_or_none()
    if document is None:
        raise NotFound("no such document")
    if len(note) > NOTE_MAX:
        raise Invalid("the note is longer than 1,000 signs", field="note")
    if verdict == Verdict.kind and kind is None:
        raise Invalid("choose what the document is", field="kind")
    by_agency = unit.door in (Door.STAFF, Door.WORKER)
    _refuse_turning_around(unit, document, verdict, by_agency=by_agency)
    said = DocumentVerdict(
        creditor_id=creditor_id,
        document_id=document_id,
        claim_id=claim_of(document),
        at=unit.now,
        by=unit.by,
        by_agency=by_agency,
        verdict=verdict,
        kind_before=document.kind,
        kind_after=kind if verdict == Verdict.kind and kind else document.kind,
        standing_before=document.standing,
        standing_after=_standing_after(verdict),
        reasons=list(document.reasons),
        note=note,
    )
    unit.session.add(said)
    _apply(unit, document, said)
    return document


def _apply(unit: Unit, document: Document, said: DocumentVerdict) -> None:
    document.kind, document.standing = said.kind_after, said.standing_after
    if said.verdict == Verdict.kind:
        document.kind_from = KindFrom.corrected
    unit.session.flush()
    record(
        unit,
        action=f"document.{said.verdict}",
        subject=f"document:{document.id}",
        creditor_id=document.creditor_id,
        facts={"kind": document.kind, "standing": document.standing, "note": said.note},
    )
    if said.verdict in (Verdict.kind, Verdict.again):
        check_later(unit, creditor_id=document.creditor_id, document_id=document.id)
    tell(unit, document, by_person=True)


def _refuse_turning_around(unit: Unit, document: Document, verdict: Verdict, *, by_agency: bool) -> None:
    if verdict == Verdict.right and _UNREADABLE.intersection(document.reasons):
        raise Conflict("this file cannot be opened or is empty: add it again in good order")
    if by_agency:
        return
    newest = next(
        (
            one
            for one in verdicts_of(unit, creditor_id=document.creditor_id, document_id=document.id)
            if one.verdict in (Verdict.right, Verdict.wrong_document)
        ),
        None,
    )
    if newest is not None and newest.by_agency:
        raise Conflict("the agency has looked at this document and decided; ask it to look again")


def _standing_after(verdict: Verdict) -> Standing:
    return {
        Verdict.right: Standing.valid,
        Verdict.wrong_document: Standing.refuted,
    }.get(verdict, Standing.unchecked)
