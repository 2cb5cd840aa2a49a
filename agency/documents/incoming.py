"""Files that come without their claim: matched by what they say, kept as a question where that is not clear.

The same file twice is one incoming file. A file that came before its claim is tried again whenever claims
were read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, select

from agency.documents.matching import match_documents
from agency.documents.signs import Signs, signs_of, text_of
from agency.documents.types import UnacceptableFile, file_type, suggest_kind
from agency.documents.upload import DOCUMENT_BYTES_MAX, add_document, clean_name
from agency.documents.waiting import IncomingDecision, IncomingDocument, IncomingState, SortingAction
from agency.events import DocumentsWait, PlacementRead
from agency.kernel.emitting import emit
from agency.kernel.files import store
from agency.kernel.ids import new_id
from agency.kernel.ports import installed_ports
from agency.kernel.unit import Unit
from agency.ports.providers import FileStore
from agency.rules.documents_match import Matched
from agency.rules.facts import DocumentKind

CANDIDATES_KEPT: Final = 5
AGAIN_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of a file.

    :param claim_id, document_id: where it was filed; None while a person has to say.
    :param question: no_claim (nothing fits), which_claim (several do, or one not surely); None when filed or
        when somebody said before that this file is not needed.
    :param reasons: pairs of what was found and the words in the document, of the likeliest claim.
    """

    incoming_id: UUID
    claim_id: UUID | None
    document_id: UUID | None
    question: str | None
    reasons: tuple[tuple[str, str], ...]


def file_incoming(
    unit: Unit, files: FileStore, *, creditor_id: UUID, drop_id: UUID | None, name: str, content: bytes
) -> Filed:
    """This function will put a file in the dossier of the claim that it belongs to, or keep it as a question.

    :param drop_id: which files were dropped together.
    :raises UnacceptableFile: too large, or not what it says it is; nothing is kept.
    """
    if len(content) > DOCUMENT_BYTES_MAX:
        raise UnacceptableFile("the file is larger than 20 MB", field="file")
    found = file_type(content, name=name)
    sha256 = store(unit, files, creditor_id=creditor_id, content=content, media_type=found.media_type)
    before = unit.session.exec(
        select(IncomingDocument).where(
            IncomingDocument.creditor_id == creditor_id, IncomingDocument.sha256 == sha256
        )
    ).one_or_none()
    if before is not None:
        return _filed(before)
    signs = signs_of(text_of(content, found.media_type), name)
    incoming = IncomingDocument(
        creditor_id=creditor_id,
        id=new_id(),
        drop_id=drop_id,
        name=clean_name(name),
        sha256=sha256,
        media_type=found.media_type,
        size=len(content),
        kind=suggest_kind(name),
        signs=signs.as_json(),
        received_at=unit.now,
        received_by=unit.by,
    )
    unit.session.add(incoming)
    unit.session.flush()
    [matched] = match_documents(unit, creditor_id=creditor_id, documents=[signs])
    if not _apply(unit, files, incoming, matched, content=content):
        emit(unit, DocumentsWait(creditor_id=creditor_id, documents=1))
    return _filed(incoming)


def try_again(unit: Unit, files: FileStore, *, creditor_id: UUID) -> int:
    """This function will match every file of a creditor that still waits, and return how many were filed."""
    filed = 0
    after: UUID | None = None
    while waiting := _next_waiting(unit, creditor_id, after):
        matches = match_documents(
            unit,
            creditor_id=creditor_id,
            documents=[Signs.from_json(incoming.signs) for incoming in waiting],
        )
        for incoming, matched in zip(waiting, matches, strict=True):
            filed += _apply(unit, files, incoming, matched, content=None)
        after = waiting[-1].id
    return filed


def match_when_read(unit: Unit, event: PlacementRead) -> None:
    """This function will try waiting files again, now that their claims may have come."""
    try_again(unit, installed_ports().files, creditor_id=event.creditor_id)


def question_of(incoming: IncomingDocument) -> str | None:
    """This function will return what a person has to tell about a file: no_claim, which_claim, or nothing."""
    if incoming.state != IncomingState.WAITING:
        return None
    return "which_claim" if incoming.candidates else "no_claim"


def _next_waiting(unit: Unit, creditor_id: UUID, after: UUID | None) -> Sequence[IncomingDocument]:
    statement = (
        select(IncomingDocument)
        .where(IncomingDocument.creditor_id == creditor_id, IncomingDocument.state == IncomingState.WAITING)
        .order_by(col(IncomingDocument.id))
        .limit(AGAIN_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    if after is not None:
        statement = statement.where(col(IncomingDocument.id) > after)
    return unit.session.exec(statement).all()


def _apply(
    unit: Unit, files: FileStore, incoming: IncomingDocument, matched: Matched, *, content: bytes | None
) -> bool:
    """Keep what was found; file the document when it is clear. Tell whether it was filed."""
    incoming.candidates = [_kept(candidate) for candidate in matched.candidates[:CANDIDATES_KEPT]]
    if matched.claim_id is None:
        unit.session.flush()
        return False
    put_in_file(unit, files, incoming, claim_id=matched.claim_id, content=content)
    note_decision(
        unit,
        incoming,
        SortingAction.MATCHED,
        reasons=[*incoming.candidates[0]["reasons"], ["rule", matched.version]],
    )
    return True


def put_in_file(
    unit: Unit,
    files: FileStore,
    incoming: IncomingDocument,
    *,
    claim_id: UUID,
    content: bytes | None = None,
    kind: DocumentKind | None = None,
) -> None:
    """This function will add an incoming file to a claim's dossier.

    :raises NotFound: this creditor has no such claim.
    """
    incoming.document_id = add_document(
        unit,
        files,
        creditor_id=incoming.creditor_id,
        claim_id=claim_id,
        kind=kind or DocumentKind(incoming.kind),
        name=incoming.name,
        content=files.get(incoming.sha256) if content is None else content,
    )
    incoming.claim_id = claim_id
    incoming.state = IncomingState.FILED
    incoming.decided_at, incoming.decided_by = unit.now, unit.by
    unit.session.flush()


def note_decision(
    unit: Unit,
    incoming: IncomingDocument,
    action: SortingAction,
    *,
    why: str = "",
    reasons: Sequence[Any] = (),
) -> None:
    """This function will append to an incoming file's history."""
    unit.session.add(
        IncomingDecision(
            creditor_id=incoming.creditor_id,
            id=new_id(),
            incoming_id=incoming.id,
            action=action,
            claim_id=incoming.claim_id,
            document_id=incoming.document_id,
            why=why,
            reasons=list(reasons),
            at=unit.now,
            by=unit.by,
        )
    )
    unit.session.flush()


def _kept(candidate: Any) -> dict[str, Any]:
    return {
        "claim_id": str(candidate.claim_id),
        "score": candidate.score,
        "reasons": [[sign.value, words] for sign, words in candidate.reasons],
    }


def _filed(incoming: IncomingDocument) -> Filed:
    likeliest = incoming.candidates[0]["reasons"] if incoming.candidates else []
    return Filed(
        incoming.id,
        incoming.claim_id,
        incoming.document_id,
        question_of(incoming),
        tuple((sign, words) for sign, words in likeliest),
    )
