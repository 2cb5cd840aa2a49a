"""Jobs of the documents: reading and checking what was added, after whoever added it has his answer,
following up what was asked, and binding dossiers.
"""

from uuid import UUID

from sqlalchemy import text

from agency.documents.asking import expire, solve
from agency.documents.check import record_check
from agency.documents.completeness import record_score
from agency.documents.dossier import build_dossier
from agency.documents.sandbox import read
from agency.documents.upload import fetch_document
from agency.events import (
    CompletenessOverridden,
    DocumentAdded,
    DueDateCorrected,
    EvidenceChecked,
    PlacementRead,
)
from agency.kernel.actor import actor
from agency.kernel.outbox import enqueue
from agency.kernel.ports import installed_ports
from agency.kernel.unit import Door, Unit, Units


def check_added(unit: Unit, event: DocumentAdded) -> None:
    """This function will have a new document read by a job of its own."""
    check_later(unit, creditor_id=event.creditor_id, document_id=event.document_id, first=True)


def check_attachments(unit: Unit, event: PlacementRead) -> None:
    """This function will have read what came inside the e-invoices of a placement, beside what they say."""
    rows = unit.session.connection().execute(
        text(
            "SELECT d.id FROM document d JOIN claim c ON c.creditor_id = d.creditor_id AND c.id = d.claim_id"
            " WHERE c.creditor_id = :c AND c.placement_id = :p AND d.standing = 'unchecked'"
            " AND d.checked_at IS NULL ORDER BY d.id"
        ),
        {"c": event.creditor_id, "p": event.placement_id},
    )
    for document_id in list(rows.scalars()):
        check_later(unit, creditor_id=event.creditor_id, document_id=document_id, first=True)


def keep_score(unit: Unit, event: EvidenceChecked | CompletenessOverridden) -> None:
    """This function will keep the claim's completeness as it is now, with its rule's version and facts."""
    if event.claim_id is not None:
        record_score(unit, creditor_id=event.creditor_id, claim_id=event.claim_id)


def check_later(unit: Unit, *, creditor_id: UUID, document_id: UUID, first: bool = False) -> None:
    """This function will have a document read and checked soon, also when it was before.

    :param first: it was just added: told of twice, it is still read once.
    """
    enqueue(
        unit,
        check_document,
        key=f"check:{document_id}" if first else None,
        creditor_id=creditor_id,
        owner_id=str(creditor_id),
        document_id=str(document_id),
    )


def check_claim_later(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> int:
    """This function will have every document of a claim checked anew, because the claim says something else
    now, and return how many.
    """
    rows = unit.session.connection().execute(
        text("SELECT id FROM document WHERE creditor_id = :c AND claim_id = :claim ORDER BY added_at, id"),
        {"c": creditor_id, "claim": claim_id},
    )
    found = list(rows.scalars())
    for document_id in found:
        check_later(unit, creditor_id=creditor_id, document_id=document_id)
    return len(found)


def check_when_corrected(unit: Unit, event: DueDateCorrected) -> None:
    """This function will have the claim's documents checked against its corrected day."""
    if event.claim_id is not None:
        check_claim_later(unit, creditor_id=event.creditor_id, claim_id=event.claim_id)


@actor(queue="documents", own_units=True)
def check_document(units: Units, *, owner_id: str, document_id: str) -> None:
    """This function will read a document outside any transaction and keep what came of it."""
    creditor = UUID(owner_id)
    document = UUID(document_id)
    with units.open(Door.WORKER, by="system:documents") as unit:
        found, content = fetch_document(
            unit, installed_ports().files, creditor_id=creditor, document_id=document
        )
        if found.claim_id is None:  # taken back out of the file meanwhile
            return
    reading = read(content, media_type=found.media_type)
    with units.open(Door.WORKER, by="system:documents") as unit:
        record_check(unit, creditor_id=creditor, document_id=document, reading=reading)


@actor()
def follow_requests(unit: Unit) -> None:
    """This function will tick off what became known, and close what was not answered in time."""
    solve(unit)
    expire(unit)


@actor(attempts_max=3, lease_seconds=900, own_units=True)
def bind_dossier(units: Units, *, owner: str, dossier_id: str) -> None:
    """This function will bind a dossier that somebody asked for."""
    build_dossier(units, installed_ports(), creditor_id=UUID(owner), dossier_id=UUID(dossier_id))


def bind_later(unit: Unit, *, creditor_id: UUID, dossier_id: UUID) -> None:
    """This function will have a dossier bound by a worker."""
    enqueue(
        unit,
        bind_dossier,
        key=f"dossier:{dossier_id}",
        creditor_id=creditor_id,
        owner=str(creditor_id),
        dossier_id=str(dossier_id),
    )
