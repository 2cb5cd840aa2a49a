"""The documents of invoices that were handed over: fetched one by one, kept as evidence."""

from typing import Final
from uuid import UUID

import structlog
from sqlmodel import col, select

from agency.bookkeeping.access import BY, SILENT_SECONDS, Books, NotConnected, note_busy
from agency.bookkeeping.connecting import connection_of
from agency.bookkeeping.models import BookedInvoice, DocumentState
from agency.documents.quota import Quota
from agency.documents.upload import add_document
from agency.kernel.errors import AgencyError, NotFound
from agency.kernel.outbox import renew_lease
from agency.kernel.ports import Ports
from agency.kernel.settings import Settings
from agency.kernel.unit import Door, Units
from agency.ports.providers import ProviderRefused, ProviderTransient
from agency.ports.providers.bookkeeping import InvoiceFile
from agency.rules.facts import DocumentKind

log = structlog.get_logger()
LEASE_SECONDS: Final = 120


def fetch_papers(
    units: Units, ports: Ports, settings: Settings, *, creditor_id: UUID, connection_id: UUID
) -> None:
    """This function will fetch the documents that are wanted; each that was kept is not asked for again.

    A vendor that wants to be left alone is, and so noted.
    """
    with units.open(Door.WORKER, by=BY) as unit:
        try:
            connection = connection_of(unit, creditor_id=creditor_id, connection_id=connection_id)
        except NotFound:
            return
        vendor, administration = connection.vendor, connection.administration
    port = ports.bookkeeping.get(vendor)
    if port is None:
        return
    books = Books(units, port, creditor_id=creditor_id, connection_id=connection_id)
    while (invoice := _next(units, creditor_id, connection_id)) is not None:
        try:
            file = books.ask(
                lambda tokens, wanted=invoice: port.document(  # type: ignore[misc]
                    tokens,
                    administration=administration,
                    ref=wanted.ref,
                    number=wanted.number,
                    customer_ref=wanted.customer_ref,
                )
            )
        except NotConnected:
            return
        except ProviderRefused as refused:
            log.info("bookkeeping.document_refused", invoice=str(invoice.id), code=refused.code)
            _note(units, invoice, DocumentState.REFUSED)
        except ProviderTransient as silent:
            with units.open(Door.WORKER, by=BY) as unit:
                seconds = silent.retry_after or SILENT_SECONDS
                note_busy(unit, creditor_id=creditor_id, connection_id=connection_id, seconds=seconds)
            return
        else:
            _keep(units, ports, settings, invoice, file)


def _next(units: Units, creditor_id: UUID, connection_id: UUID) -> BookedInvoice | None:
    with units.open(Door.WORKER, by=BY) as unit:
        renew_lease(unit, seconds=LEASE_SECONDS)
        return unit.session.exec(
            select(BookedInvoice)
            .where(
                BookedInvoice.creditor_id == creditor_id,
                BookedInvoice.connection_id == connection_id,
                col(BookedInvoice.claim_id).is_not(None),
                BookedInvoice.document == DocumentState.WANTED,
                col(BookedInvoice.ref).not_like("erased-%"),
            )
            .order_by(col(BookedInvoice.id))
            .limit(1)
        ).first()


def _keep(
    units: Units, ports: Ports, settings: Settings, invoice: BookedInvoice, file: InvoiceFile | None
) -> None:
    """Through the same checks of kind and size, the same sandbox and the same room as an upload."""
    if file is None:
        _note(units, invoice, DocumentState.MISSING)
        return
    assert invoice.claim_id is not None, "asked for"
    quota = Quota(settings.evidence_bytes_max, settings.evidence_documents_max)
    with units.open(Door.WORKER, by=BY) as unit:
        state = DocumentState.KEPT
        try:
            with unit.session.begin_nested():
                add_document(
                    unit, ports.files, creditor_id=invoice.creditor_id, claim_id=invoice.claim_id,
                    name=file.name, content=file.content, kind=DocumentKind.invoice, quota=quota,
                )  # fmt: skip
        except AgencyError as refusal:
            log.info("bookkeeping.document_not_kept", invoice=str(invoice.id), code=refusal.code)
            state = DocumentState.REFUSED
        unit.session.get_one(BookedInvoice, (invoice.creditor_id, invoice.id)).document = state


def _note(units: Units, invoice: BookedInvoice, state: DocumentState) -> None:
    with units.open(Door.WORKER, by=BY) as unit:
        unit.session.get_one(BookedInvoice, (invoice.creditor_id, invoice.id)).document = state
