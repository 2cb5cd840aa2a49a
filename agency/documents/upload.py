"""Adding a file to a claim's dossier."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.claims.models import Claim
from agency.documents.models import Document, KindFrom
from agency.documents.quota import Quota, ensure_room
from agency.documents.sandbox import read
from agency.documents.types import UnacceptableFile, file_type, suggest_kind
from agency.events import DocumentAdded
from agency.kernel.emitting import emit
from agency.kernel.errors import NotFound
from agency.kernel.files import fetch, store
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.ports.providers import FileStore
from agency.rules.evidence import Standing
from agency.rules.facts import DocumentKind
from agency.rules.reading import ReadState

DOCUMENT_BYTES_MAX: Final = 20 * 1024 * 1024
NAME_MAX: Final = 200
HOUSE_QUOTA: Final = Quota()


def add_document(
    unit: Unit,
    files: FileStore,
    *,
    creditor_id: UUID,
    claim_id: UUID,
    name: str,
    content: bytes,
    kind: DocumentKind | None = None,
    quota: Quota = HOUSE_QUOTA,
) -> UUID:
    """This function will keep a file as evidence of a claim; the same file again is the document it was.

    It is read and checked afterwards, by a job; until then it counts on the word of who added it.

    :param kind: what it is, if a person said so; otherwise its name suggests it and its content decides.
    :raises NotFound: this creditor has no such claim.
    :raises UnacceptableFile: too large, locked, or not what it says it is.
    :raises OverQuota: the creditor has no room left.
    """
    if len(content) > DOCUMENT_BYTES_MAX:
        raise UnacceptableFile("the file is larger than 20 MB", field="file")
    found = file_type(content, name=name)
    if found.media_type == "application/pdf" and b"/Encrypt" in content:
        _refuse_locked(content)
    claim = unit.session.exec(
        select(Claim.id).where(Claim.creditor_id == creditor_id, Claim.id == claim_id).with_for_update()
    ).one_or_none()
    if claim is None:
        raise NotFound("no such claim")
    sha256 = store(unit, files, creditor_id=creditor_id, content=content, media_type=found.media_type)
    same = unit.session.exec(
        select(Document).where(
            Document.creditor_id == creditor_id, Document.claim_id == claim_id, Document.sha256 == sha256
        )
    ).one_or_none()
    if same is not None:
        return same.id
    ensure_room(unit, creditor_id=creditor_id, quota=quota, adding=len(content))
    document = Document(
        creditor_id=creditor_id,
        id=new_id(),
        claim_id=claim_id,
        kind=kind or suggest_kind(name),
        kind_from=KindFrom.person if kind else KindFrom.name,
        name=clean_name(name),
        sha256=sha256,
        media_type=found.media_type,
        size=len(content),
        added_at=unit.now,
        added_by=unit.by,
        checks={"active": list(found.active)} if found.active else {},
    )
    unit.session.add(document)
    unit.session.flush()
    emit(
        unit,
        DocumentAdded(
            creditor_id=creditor_id,
            claim_id=claim_id,
            document_id=document.id,
            document_kind=document.kind,
            name=document.name,
        ),
    )
    return document.id


def _refuse_locked(content: bytes) -> None:
    """Many PDFs are encrypted only against changing; one that does not open proves nothing to anybody."""
    if read(content, media_type="application/pdf").state == ReadState.password:
        raise UnacceptableFile("the PDF opens only with a password; add it without", field="file")


@dataclass(frozen=True)
class IntakeFile:
    """A file that came with a row of a placement."""

    claim_id: UUID
    kind: DocumentKind
    name: str
    media_type: str
    content: bytes


def add_from_intake(
    unit: Unit, files: FileStore, *, creditor_id: UUID, evidence: Sequence[IntakeFile]
) -> None:
    """This function will keep the files that claims came with; no event per file, the placement tells.

    What the claim was read from needs no comparing with it, so it counts at once.
    """
    rows = []
    for file in evidence:
        media_type, checks = file.media_type, {}
        try:
            found = file_type(file.content, name=file.name)
            media_type, checks = found.media_type, {"active": list(found.active)} if found.active else {}
        except UnacceptableFile:
            # What travels inside an e-invoice is kept as it came, as bytes of no type that anything opens.
            media_type = media_type if media_type == "application/xml" else "application/octet-stream"
        sha256 = store(unit, files, creditor_id=creditor_id, content=file.content, media_type=media_type)
        rows.append(
            Document(
                creditor_id=creditor_id, id=new_id(), claim_id=file.claim_id, kind=file.kind,
                name=clean_name(file.name), sha256=sha256, media_type=media_type, size=len(file.content),
                added_at=unit.now, added_by=unit.by, checks=checks, kind_from=KindFrom.content,
                standing=Standing.valid if file.kind == DocumentKind.invoice else Standing.unchecked,
            )
        )  # fmt: skip
    for row in rows:
        _insert_once(unit, row)


def _insert_once(unit: Unit, document: Document) -> None:
    known = unit.session.connection().execute(
        text("SELECT 1 FROM document WHERE creditor_id = :c AND claim_id = :claim AND sha256 = :sha"),
        {"c": document.creditor_id, "claim": document.claim_id, "sha": document.sha256},
    )
    if known.first() is None:
        unit.session.add(document)
        unit.session.flush()


def clean_name(name: str) -> str:
    """This function will return a file's name for showing: no folders, no control or direction signs,
    bounded.
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(sign for sign in last if unicodedata.category(sign) not in ("Cc", "Cf", "Cs"))
    return shown.strip()[-NAME_MAX:] or "document"


def claim_of(document: Document) -> UUID:
    """This function will return the claim in whose file a document is.

    :raises NotFound: it was taken back out of the file.
    """
    if document.claim_id is None:
        raise NotFound("the document is no longer in the file of a claim")
    return document.claim_id


def documents_of(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> Sequence[Document]:
    """This function will return a claim's documents, the oldest first."""
    return unit.session.exec(
        select(Document)
        .where(Document.creditor_id == creditor_id, Document.claim_id == claim_id)
        .order_by(col(Document.added_at), col(Document.id))
    ).all()


def document_of(unit: Unit, *, creditor_id: UUID, document_id: UUID) -> Document:
    """This function will return a document.

    :raises NotFound: this creditor has no such document.
    """
    document = unit.session.exec(
        select(Document).where(Document.creditor_id == creditor_id, Document.id == document_id)
    ).one_or_none()
    if document is None:
        raise NotFound("no such document")
    return document


def fetch_document(
    unit: Unit, files: FileStore, *, creditor_id: UUID, document_id: UUID
) -> tuple[Document, bytes]:
    """This function will return a document with its bytes.

    :raises NotFound: this creditor has no such document.
    """
    document = document_of(unit, creditor_id=creditor_id, document_id=document_id)
    content, _ = fetch(unit, files, creditor_id=creditor_id, sha256=document.sha256)
    return document, content
