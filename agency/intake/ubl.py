"""Invoices as claims: one file, or all that an archive holds, tables included. The reader itself is an
adapter and comes in as a callable.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from textwrap import shorten
from typing import Final

from agency.intake.archive import Packed, count_files, is_archive, unpack
from agency.intake.chunks import rows_as_written
from agency.intake.mapping import Chosen, Mapped, UnclearColumns, as_written, recognise
from agency.intake.reading import read_table
from agency.intake.sorting import FileKind, kind_of
from agency.intake.table import Cell, Progress, place_of
from agency.intake.terms import due_by_terms
from agency.ports.readers import EInvoice, EInvoiceReader, NoInvoice, Party, Unreadable

CORRECTED: Final = "384"
"""UNTDID 1001: a corrected invoice."""
BOUGHT_MAX: Final = 120
INVOICE_BYTES_MAX: Final = 20_000_000
TABLE_ROWS_MAX: Final = 100_000
# What an e-invoice says about its buyer beyond name and country helps but is not needed: it was issued as
# it is, so a number that does not check out is left out with a warning instead of refusing the claim.
LENIENT: Final = frozenset(
    {"registration_number", "vat_number", "postal_code", "email", "phone", "language", "debtor_reference"}
)
OpenTable = Callable[[bytes], Chosen]
"""Opens a table by the mapping that it finds for it, or raises `UnclearColumns`."""


@dataclass(frozen=True)
class Evidence:
    """A file that proves a row: as it came, to be kept with the claim."""

    name: str
    media_type: str
    content: bytes
    is_invoice: bool


@dataclass(frozen=True)
class Line:
    """A row of a table in an archive, and how that table is read: our fields with their places."""

    cells: Sequence[Cell]
    columns: dict[str, int]
    width: int
    mapped: Mapped


@dataclass(frozen=True)
class InvoiceRow:
    """One invoice as a row of cells with its files, or the reason why it cannot be read.

    `document` is a file that makes no claim but may prove one; `line` is a row of a table.
    """

    row: int
    name: str
    cells: dict[str, Cell] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    refusal: str = ""
    document: Evidence | None = None
    invoice: EInvoice | None = None
    line: Line | None = None


def open_by_headers(content: bytes) -> Chosen:
    """This function will open a table and map it by its own headers and values.

    :raises UnclearColumns: they leave doubt.
    """
    table = read_table(content)
    mapped = as_written(recognise(table.headers, table.sample), table.headers, table.sample)
    return Chosen(table, mapped, None)


def read_invoices(
    content: bytes,
    *,
    name: str,
    reader: EInvoiceReader,
    progress: Progress,
    choose: OpenTable = open_by_headers,
) -> Iterator[InvoiceRow]:
    """This function will read one invoice, or each file of an archive in turn; numbering starts at 1.

    :param choose: how the tables of an archive are opened.
    :raises Unreadable: the file is no invoice, or the archive is damaged or unsafe.
    """
    if not is_archive(content):
        invoice = reader(content, name)
        progress.done = progress.whole
        yield InvoiceRow(1, name, _cells(invoice), _evidence(content, name, invoice), invoice=invoice)
        return
    progress.whole = count_files(content)
    row = 0
    for packed in unpack(content):
        for read in _of_file(packed, row, reader, choose):
            row = read.row
            yield read
        progress.done = min(progress.done + 1, progress.whole)


def _of_file(packed: Packed, before: int, reader: EInvoiceReader, choose: OpenTable) -> Iterator[InvoiceRow]:
    row, name = before + 1, packed.name
    if packed.refusal:
        yield InvoiceRow(row, name, refusal=packed.refusal)
        return
    if len(packed.content) > INVOICE_BYTES_MAX:
        yield InvoiceRow(row, name, refusal="is larger than a file in an archive may be")
        return
    kind = kind_of(packed.content)
    if kind == FileKind.TABLE:
        yield from _of_table(packed, before, choose)
    elif kind == FileKind.DOCUMENT:
        yield InvoiceRow(row, name, document=Evidence(name, "", packed.content, is_invoice=False))
    else:
        yield _of_invoice(packed, row, reader)


def _of_invoice(packed: Packed, row: int, reader: EInvoiceReader) -> InvoiceRow:
    name, content = packed.name, packed.content
    try:
        invoice = reader(content, name)
    except NoInvoice:
        return InvoiceRow(row, name, document=Evidence(name, "", content, is_invoice=False))
    except Unreadable as refusal:
        return InvoiceRow(row, name, refusal=refusal.reason)
    return InvoiceRow(row, name, _cells(invoice), _evidence(content, name, invoice), invoice=invoice)


def _of_table(packed: Packed, before: int, choose: OpenTable) -> Iterator[InvoiceRow]:
    """Each row of a table; a broken line ends the table with its reason, the rows before it stand."""
    row = before
    try:
        chosen = choose(packed.content)
        for table, mapped in chosen.tables():
            at = {ours: table.headers.index(header) for ours, header in mapped.columns.items()}
            for number, cells in rows_as_written(table):
                row += 1
                if row - before > TABLE_ROWS_MAX:
                    raise Unreadable(f"has more than {TABLE_ROWS_MAX:,} rows; hand it over by itself")
                name = f"{packed.name}, row {place_of(number, chosen.table.sheets)}"
                yield InvoiceRow(row, name, line=Line(cells, at, len(table.headers), mapped))
    except UnclearColumns as unclear:
        yield InvoiceRow(row + 1, packed.name, refusal=f"{unclear.message}; hand this file over by itself")
    except Unreadable as refusal:
        yield InvoiceRow(row + 1, packed.name, refusal=refusal.reason)


def _cells(invoice: EInvoice) -> dict[str, Cell]:
    buyer = invoice.buyer
    payable, total = invoice.payable.decimal, invoice.total_incl_vat.decimal
    credited = invoice.kind == "credit_note" or payable < 0
    cells: dict[str, Cell] = {
        "invoice_number": invoice.number,
        "document_kind": "credit_note" if credited else "invoice",
        # An ordinary invoice may follow an earlier one, such as that of an advance.
        "billing_reference": invoice.billing_reference
        if credited or invoice.type_code == CORRECTED
        else None,
        "amount": abs(payable) if invoice.kind == "credit_note" else payable,
        # A rounding of the amount to pay may lift it above the sum of the invoice.
        "total": max(abs(total), abs(payable)),
        "currency": invoice.currency,
        "issued_on": invoice.issue_date,
        "due_on": invoice.due_date or due_by_terms(invoice.terms, invoice.issue_date),
        "description": _bought(invoice),
    }
    return cells | _buyer_cells(buyer)


def _bought(invoice: EInvoice) -> str:
    """What was bought, as the lines call it: a Belgian consumer must be told (WER art. XIX.2); else the
    invoice's number, as of an invoice without lines.
    """
    if not invoice.items:
        return f"{invoice.number}"
    return shorten(", ".join(invoice.items), BOUGHT_MAX, placeholder=" …")


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
