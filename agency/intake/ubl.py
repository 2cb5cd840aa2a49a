"""E-invoices as claims: one file, or many in a ZIP. The reader itself is an adapter and comes in as a
callable.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from agency.intake.reading import Cell, Progress, guard_archive
from agency.ports.readers import EInvoice, EInvoiceReader, Party, Unreadable

INVOICE_BYTES_MAX: Final = 20_000_000
# What an e-invoice says about its buyer beyond name and country helps but is not needed: it was issued as
# it is, so a number that does not check out is left out with a warning instead of refusing the claim.
LENIENT: Final = frozenset(
    {"registration_number", "vat_number", "postal_code", "email", "phone", "language", "debtor_reference"}
)


@dataclass(frozen=True)
class Evidence:
    """A file that proves a row: as it came, to be kept with the claim."""

    name: str
    media_type: str
    content: bytes
    is_invoice: bool


@dataclass(frozen=True)
class InvoiceRow:
    """One e-invoice as a row of cells with its files, or the reason why it cannot be read."""

    row: int
    name: str
    cells: dict[str, Cell] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    refusal: str = ""


def read_invoices(
    content: bytes, *, name: str, reader: EInvoiceReader, progress: Progress
) -> Iterator[InvoiceRow]:
    """This function will read one e-invoice, or each file of a ZIP in turn; numbering starts at 1.

    :raises Unreadable: the file is no e-invoice, or the ZIP is damaged or unsafe.
    """
    if content[:4] != b"PK\x03\x04":
        invoice = reader(content, name)
        progress.done = progress.whole
        yield InvoiceRow(1, name, _cells(invoice), _evidence(content, name, invoice))
        return
    entries = [entry for entry in guard_archive(content) if not _is_clutter(entry.filename)]
    if not entries:
        raise Unreadable("the archive holds no files")
    progress.whole = len(entries)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for row, entry in enumerate(entries, start=1):
            yield _read_entry(archive, entry, row, reader)
            progress.done = row


def _read_entry(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, row: int, reader: EInvoiceReader
) -> InvoiceRow:
    name = entry.filename.replace("\\", "/").rsplit("/", 1)[-1][:200]
    try:
        with archive.open(entry) as packed:
            content = packed.read(INVOICE_BYTES_MAX + 1)
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError, EOFError, ValueError):
        return InvoiceRow(row, name, refusal="cannot be unpacked")
    if len(content) > INVOICE_BYTES_MAX:
        return InvoiceRow(row, name, refusal="is larger than an e-invoice may be")
    try:
        invoice = reader(content, name)
    except Unreadable as refusal:
        return InvoiceRow(row, name, refusal=refusal.reason)
    return InvoiceRow(row, name, _cells(invoice), _evidence(content, name, invoice))


def _is_clutter(name: str) -> bool:
    last = name.rsplit("/", 1)[-1]
    return name.endswith("/") or last.startswith(".") or name.startswith("__MACOSX/")


def _cells(invoice: EInvoice) -> dict[str, Cell]:
    buyer = invoice.buyer
    payable, total = invoice.payable.decimal, invoice.total_incl_vat.decimal
    cells: dict[str, Cell] = {
        "invoice_number": invoice.number,
        "document_kind": "credit_note" if invoice.kind == "credit_note" or payable < 0 else "invoice",
        "billing_reference": invoice.billing_reference,
        "amount": abs(payable) if invoice.kind == "credit_note" else payable,
        # A rounding of the amount to pay may lift it above the sum of the invoice.
        "total": max(abs(total), abs(payable)),
        "currency": invoice.currency,
        "issued_on": invoice.issue_date,
        "due_on": invoice.due_date,
        "description": f"{invoice.number}",
    }
    return cells | _buyer_cells(buyer)


def _buyer_cells(buyer: Party) -> dict[str, Cell]:
    return {
        "debtor_reference": buyer.identifier,
        "debtor_name": buyer.legal_name or buyer.name,
        "country": buyer.country,
        "vat_number": buyer.vat,
        "registration_number": buyer.legal_id,
        "street": buyer.street,
        "postal_code": buyer.postal_code,
        "city": buyer.city,
        "email": buyer.email,
        "phone": buyer.phone,
    }


def _evidence(content: bytes, name: str, invoice: EInvoice) -> tuple[Evidence, ...]:
    media_type = "application/pdf" if content[:5] == b"%PDF-" else "application/xml"
    own = Evidence(name, media_type, content, is_invoice=invoice.kind == "invoice")
    embedded = (
        Evidence(file.name, file.media_type, file.content, is_invoice=False)
        for file in invoice.attachments
        if file.content
    )
    return (own, *embedded)
