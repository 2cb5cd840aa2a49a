"""Invoices of the books become claims by the ordinary intake, for a price that waits for acceptance."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.bookkeeping.connecting import connection_of
from agency.bookkeeping.models import BookkeepingHandover, HandoverState
from agency.events import InvoicesHandedOver, SelectionMade
from agency.intake.mapping import Mapped
from agency.intake.receive import habits_of, read_placement, receive
from agency.intake.rows import RowChecker
from agency.intake.ubl import LENIENT
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.locks import take_turns
from agency.kernel.unit import Unit
from agency.money import Money
from agency.ports.providers import FileStore
from agency.ports.readers import EInvoiceReader
from agency.pricing.quoting import quote_placement

AT_ONCE: Final = 300
"""So many invoices are handed over while the person waits; more by a job."""
INVOICES_MAX: Final = 10_000
FIELDS: Final = (
    "invoice_number", "document_kind", "billing_reference", "amount", "total", "currency", "issued_on",
    "due_on", "debtor_name", "debtor_reference", "country", "street", "postal_code", "city", "email",
    "phone", "vat_number", "registration_number",
)  # fmt: skip
BOOKS: Final = Mapped(columns={field: field for field in FIELDS}, decimal_sign=".")
"""How the file is read that these invoices are written as."""
NONE_LEFT: Final = "these invoices are paid or were handed over already"
NONE_CHOSEN: Final = "choose at least one invoice"
_BYTES_MAX: Final = 50 * 1024 * 1024

_CHOSEN: Final = text(
    "SELECT b.id, b.number, b.customer_ref, b.customer_name, b.issued_on, b.due_on, b.currency,"
    " b.open_minor, b.total_minor, b.credited_minor, k.number AS customer, k.name, k.street, k.postal_code,"
    " k.city, k.country, k.email, k.phone, k.vat_number, k.registration_number"
    " FROM booked_invoice b LEFT JOIN booked_customer k ON k.creditor_id = b.creditor_id"
    " AND k.connection_id = b.connection_id AND k.ref = b.customer_ref"
    " WHERE b.creditor_id = :c AND b.connection_id = :connection AND b.id = ANY(:ids) AND b.open_minor > 0"
    " AND b.number <> '' AND b.claim_id IS NULL ORDER BY b.number, b.id FOR UPDATE OF b"
)
_CREDITS: Final = text(
    "SELECT number, customer_ref, credits, currency, open_minor, issued_on FROM booked_invoice"
    " WHERE creditor_id = :c AND connection_id = :connection AND open_minor < 0 AND number <> ''"
    " AND credits = ANY(:numbers) ORDER BY number"
)
_LINK: Final = text(
    "UPDATE booked_invoice b SET placement_id = :p, claim_id = r.claim_id,"
    " told_minor = CASE WHEN r.claim_id IS NULL THEN NULL ELSE b.open_minor END,"
    " told_credited_minor = CASE WHEN r.claim_id IS NULL THEN NULL ELSE b.credited_minor END,"
    " document = CASE WHEN r.claim_id IS NULL THEN b.document ELSE 'wanted' END"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:rows AS integer[])) AS chosen(id, row)"
    " JOIN placement_row r ON r.creditor_id = :c AND r.placement_id = :p AND r.row = chosen.row"
    " WHERE b.creditor_id = :c AND b.id = chosen.id"
)
_BY_RULE: Final = text(
    "SELECT b.id FROM booked_invoice b WHERE b.creditor_id = :c AND b.connection_id = :connection"
    " AND b.open_minor >= greatest(:minor, 1) AND b.currency = 'EUR' AND b.number <> ''"
    " AND b.claim_id IS NULL AND b.placement_id IS NULL AND b.due_on < :before"
    # Money in the customer's favour that nobody matched yet: a person looks at it first.
    " AND NOT EXISTS (SELECT FROM booked_invoice n WHERE n.creditor_id = b.creditor_id"
    "  AND n.connection_id = b.connection_id AND n.customer_ref = b.customer_ref AND n.open_minor < 0)"
    " ORDER BY b.due_on, b.id LIMIT :most"
)
_OVERDUE: Final = text(
    "SELECT id FROM booked_invoice WHERE creditor_id = :c AND connection_id = :connection AND open_minor > 0"
    " AND number <> '' AND claim_id IS NULL AND currency = 'EUR' AND due_on < :before"
    " ORDER BY due_on, id LIMIT :most"
)


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What became of a choice: its placement, or a job that makes one."""

    placement_id: UUID | None
    handover_id: UUID | None = None


def hand_over(
    unit: Unit,
    files: FileStore,
    reader: EInvoiceReader,
    *,
    creditor_id: UUID,
    connection_id: UUID,
    invoice_ids: Sequence[UUID],
) -> HandedOver:
    """This function will hand chosen invoices over: at once when they are few, else by a job.

    :raises NotFound: no such connection.
    :raises Invalid: none or too many were chosen.
    :raises Conflict: nothing of it is open and new any more.
    """
    connection_of(unit, creditor_id=creditor_id, connection_id=connection_id)
    if not invoice_ids:
        raise Invalid(NONE_CHOSEN)
    if len(invoice_ids) > INVOICES_MAX:
        raise Invalid("choose at most 10,000 invoices at once")
    if len(invoice_ids) <= AT_ONCE:
        return HandedOver(
            place(
                unit, files, reader, creditor_id=creditor_id, connection_id=connection_id,
                invoice_ids=invoice_ids,
            )
        )  # fmt: skip
    handover = BookkeepingHandover(
        creditor_id=creditor_id,
        id=new_id(),
        connection_id=connection_id,
        invoice_ids=[str(one) for one in invoice_ids],
        asked_at=unit.now,
        asked_by=unit.by,
    )
    unit.session.add(handover)
    unit.session.flush()
    emit(unit, SelectionMade(creditor_id=creditor_id, handover_id=handover.id))
    return HandedOver(None, handover.id)


def overdue_ids(unit: Unit, *, creditor_id: UUID, connection_id: UUID, days: int) -> list[UUID]:
    """This function will return every invoice that may be handed over and is so many days overdue, the oldest
    first, bounded."""
    found = unit.session.connection().execute(
        _OVERDUE,
        {"c": creditor_id, "connection": connection_id, "before": _before(unit, days), "most": INVOICES_MAX},
    )
    return list(found.scalars())


def hand_over_chosen(
    unit: Unit, files: FileStore, reader: EInvoiceReader, *, creditor_id: UUID, handover_id: UUID
) -> None:
    """This function will hand a large choice over, once.

    :raises NotFound: there is no such choice.
    """
    row = unit.session.get(BookkeepingHandover, (creditor_id, handover_id), with_for_update=True)
    if row is None:
        raise NotFound("no such choice")
    if row.state != HandoverState.WAITING:
        return
    unit.allow_long_statements()
    try:
        with unit.session.begin_nested():
            row.placement_id = place(
                unit, files, reader, creditor_id=creditor_id, connection_id=row.connection_id,
                invoice_ids=[UUID(one) for one in row.invoice_ids],
            )  # fmt: skip
        row.state = HandoverState.DONE
    except Conflict:
        row.state = HandoverState.FAILED
    unit.session.flush()


def hand_over_by_rule(
    unit: Unit, files: FileStore, reader: EInvoiceReader, *, creditor_id: UUID, connection_id: UUID
) -> UUID | None:
    """This function will hand over what the creditor's rule says; each invoice once, whatever became of it.

    The price waits for acceptance: nothing is collected because of a rule.

    :returns: the placement; None when the rule is off, or nothing is new.
    """
    try:
        connection = connection_of(unit, creditor_id=creditor_id, connection_id=connection_id, lock=True)
    except NotFound:
        return None
    if not connection.rule_on:
        return None
    found = unit.session.connection().execute(
        _BY_RULE,
        {
            "c": creditor_id, "connection": connection_id, "minor": connection.rule_minor,
            "before": _before(unit, connection.rule_days), "most": INVOICES_MAX,
        },
    )  # fmt: skip
    ids = list(found.scalars())
    if not ids:
        return None
    if len(ids) > AT_ONCE:
        unit.allow_long_statements()
    placement_id = place(
        unit, files, reader, creditor_id=creditor_id, connection_id=connection_id, invoice_ids=ids
    )
    unit.session.add(
        BookkeepingHandover(
            creditor_id=creditor_id, id=new_id(), connection_id=connection_id, by_rule=True, invoice_ids=[],
            state=HandoverState.DONE, placement_id=placement_id, asked_at=unit.now, asked_by=unit.by,
        )
    )  # fmt: skip
    unit.session.flush()
    return placement_id


def _before(unit: Unit, days: int) -> date:
    return unit.today - timedelta(days=days)


def place(
    unit: Unit,
    files: FileStore,
    reader: EInvoiceReader,
    *,
    creditor_id: UUID,
    connection_id: UUID,
    invoice_ids: Sequence[UUID],
) -> UUID:
    """This function will write chosen invoices, with the credit notes that name them, as the file that they
    stand for, have it read as every other, and price what came of it.

    :raises Conflict: nothing of it is open and new any more.
    """
    take_turns(unit, "bookkeeping-handover", creditor_id)
    named = {"c": creditor_id, "connection": connection_id}
    connection = unit.session.connection()
    chosen = connection.execute(_CHOSEN, {**named, "ids": list(invoice_ids)}).all()
    if not chosen:
        raise Conflict(NONE_LEFT)
    credits = connection.execute(_CREDITS, {**named, "numbers": [row.number for row in chosen]}).all()
    content = _as_file(unit, creditor_id, chosen, credits)
    received = receive(
        unit, files, creditor_id=creditor_id, name=_name(unit, len(chosen)), content=content,
        bytes_max=_BYTES_MAX, source="bookkeeping",
    )  # fmt: skip
    opened = read_placement(
        unit, files, reader, creditor_id=creditor_id, placement_id=received.placement_id, mapped=BOOKS
    )
    for touched in (received.placement_id, *opened.requote):
        quote_placement(unit, creditor_id=creditor_id, placement_id=touched)
    # The header is the first row of the file.
    connection.execute(
        _LINK,
        {
            "c": creditor_id, "p": received.placement_id, "ids": [row.id for row in chosen],
            "rows": list(range(2, 2 + len(chosen))),
        },
    )  # fmt: skip
    emit(
        unit,
        InvoicesHandedOver(
            creditor_id=creditor_id, connection_id=connection_id, placement_id=received.placement_id
        ),
    )
    return received.placement_id


def _name(unit: Unit, count: int) -> str:
    return f"bookkeeping-{unit.today.isoformat()}-{count}.csv"


def _as_file(unit: Unit, creditor_id: UUID, chosen: Sequence[Row[Any]], credits: Sequence[Row[Any]]) -> bytes:
    checker = RowChecker(mapped=BOOKS, habits=habits_of(unit, creditor_id=creditor_id), today=unit.today)
    rows = [_lenient(checker, _invoice(row)) for row in chosen]
    of = {(row.number, row.customer_ref, row.currency): row for row in chosen}
    for credit in credits:
        invoice = of.get((credit.credits, credit.customer_ref, credit.currency))
        if invoice is not None:
            rows.append(_lenient(checker, _credit(credit, invoice)))
    return write_rows(rows)


def write_rows(rows: Iterable[dict[str, str]]) -> bytes:
    """This function will write rows of our fields as the file that `BOOKS` reads."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, FIELDS, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def _invoice(row: Row[Any]) -> dict[str, str]:
    amount, total = Money(row.open_minor, row.currency), row.total_minor
    return _customer(row) | {
        "invoice_number": row.number,
        "document_kind": "invoice",
        "amount": str(amount.decimal),
        "total": str(Money(total, row.currency).decimal) if total and total >= row.open_minor else "",
        "currency": row.currency,
        "issued_on": str(row.issued_on or ""),
        "due_on": str(row.due_on),
    }


def _credit(row: Row[Any], invoice: Row[Any]) -> dict[str, str]:
    return _customer(invoice) | {
        "invoice_number": row.number,
        "document_kind": "credit_note",
        "billing_reference": row.credits,
        "amount": str(Money(row.open_minor, row.currency).decimal),
        "currency": row.currency,
        "issued_on": str(row.issued_on or ""),
    }


def _customer(row: Row[Any]) -> dict[str, str]:
    return {
        "debtor_name": row.name or row.customer_name,
        "debtor_reference": row.customer or "",
        "country": row.country or "",
        "street": row.street or "",
        "postal_code": row.postal_code or "",
        "city": row.city or "",
        "email": row.email or "",
        "phone": row.phone or "",
        "vat_number": row.vat_number or "",
        "registration_number": row.registration_number or "",
    }


def _lenient(checker: RowChecker, cells: dict[str, str]) -> dict[str, str]:
    """What is only known of a customer and does not check out is left out, as of an e-invoice: the invoice
    was sent as it is. What belongs to the invoice itself stays, and is refused with its reason."""
    found = checker.check(1, cells)
    checker.take_remarks()
    if not isinstance(found, list):
        return cells
    wrong = {reject.field for reject in found} & (LENIENT | {"street", "city"})
    return {field: "" if field in wrong else cell for field, cell in cells.items()}
