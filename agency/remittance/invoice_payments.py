"""What creditors paid on the agency's invoices, and what credit notes were paid out, as the ledger has it.

An invoice that was not kept from a payout is paid to the agency's own account, whose statements are not read
here; so a person says what came in and when. A credit note that was not settled with a payout is paid out, or
set off against an invoice by booking both. This is the agency's own money, so one person is enough; what was
booked by mistake is taken back by its reversal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from agency.kernel.audit import record
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.locks import take_turns
from agency.kernel.unit import Unit
from agency.ledger.models import Book
from agency.ledger.posting import Leg, post, reverse
from agency.money import Money
from agency.remittance.models import FeeInvoice

INVOICE_PAID: Final = "invoice_paid"
"""The kind of the transactions that book such a payment; their keys are the invoice's id and a number."""

PAID_ON_INVOICE: Final = (
    "(SELECT coalesce(sum(abs(e.amount_minor) * CASE WHEN t.kind = 'invoice_paid' THEN 1 ELSE -1 END), 0)"
    "::bigint FROM ledger_transaction t JOIN ledger_entry e ON e.creditor_id = t.creditor_id"
    " AND e.transaction_id = t.id AND e.account = 'agency.receivable'"
    " WHERE t.creditor_id = fee_invoice.creditor_id AND t.book = 'agency'"
    " AND t.kind IN ('invoice_paid', 'invoice_paid.reversal')"
    " AND starts_with(t.source_key, fee_invoice.id || '#'))"
)
"""What was paid on a row of `fee_invoice` so far, in minor units, as an expression of SQL."""

_PAID = text(
    f"SELECT id, {PAID_ON_INVOICE} AS minor FROM fee_invoice WHERE (creditor_id, id) IN"
    " (SELECT * FROM unnest(CAST(:creditors AS uuid[]), CAST(:ids AS uuid[])))"
)
_STANDING = text(
    "SELECT t.id, abs(e.amount_minor)::bigint AS minor, t.effective_on, t.booked_on, t.at, t.by, t.memo"
    " FROM ledger_transaction t JOIN ledger_entry e ON e.creditor_id = t.creditor_id"
    " AND e.transaction_id = t.id AND e.account = 'agency.receivable'"
    " WHERE t.creditor_id = :c AND t.book = 'agency' AND t.kind = 'invoice_paid'"
    " AND starts_with(t.source_key, :invoice || '#') AND NOT EXISTS (SELECT FROM ledger_transaction r"
    "  WHERE r.creditor_id = t.creditor_id AND r.reverses_id = t.id) ORDER BY t.effective_on, t.id"
)
_BOOKINGS = text(
    "SELECT count(*) FROM ledger_transaction WHERE creditor_id = :c AND book = 'agency'"
    " AND kind = 'invoice_paid' AND starts_with(source_key, :invoice || '#')"
)


class NotPayable(Invalid):
    """The amount or the day cannot be that of a payment on this invoice."""


class UnableToBookPayment(Conflict):
    """What is left to pay is not what the person read."""


@dataclass(frozen=True, slots=True)
class InvoicePayment:
    """One payment on an invoice that stands, or of a credit note."""

    transaction_id: UUID
    amount: Money
    paid_on: date
    at: datetime
    by: str
    memo: str


def paid_on_invoices(unit: Unit, invoices: Sequence[FeeInvoice]) -> dict[UUID, Money]:
    """This function will return what was paid on each of these invoices, by their ids."""
    keys = {
        "creditors": [invoice.creditor_id for invoice in invoices],
        "ids": [invoice.id for invoice in invoices],
    }
    found = {row.id: row.minor for row in unit.session.connection().execute(_PAID, keys)}
    return {one.id: Money(found.get(one.id, 0), one.currency) for one in invoices}


def left_to_pay(unit: Unit, invoice: FeeInvoice) -> Money:
    """This function will return what is left to pay on an invoice, or of a credit note."""
    total = invoice.net_minor + invoice.vat_minor - invoice.settled_minor
    return Money(total, invoice.currency) - paid_on_invoices(unit, [invoice])[invoice.id]


def payments_on_invoice(unit: Unit, invoice: FeeInvoice) -> list[InvoicePayment]:
    """This function will return what was paid on an invoice and stands, in order of day."""
    rows = unit.session.connection().execute(
        _STANDING, {"c": invoice.creditor_id, "invoice": str(invoice.id)}
    )
    return [
        InvoicePayment(row.id, Money(row.minor, invoice.currency), row.effective_on, row.at, row.by, row.memo)
        for row in rows
    ]


def book_invoice_payment(
    unit: Unit,
    *,
    creditor_id: UUID,
    invoice_id: UUID,
    amount: Money,
    paid_on: date,
    read: Money,
    memo: str = "",
) -> UUID:
    """This function will book what came in for an invoice on the agency's own account, or what left it for a
    credit note.

    :param read: what the page said is left to pay: a form sent twice books once.
    :returns: the transaction.
    :raises NotFound: the creditor has no such invoice.
    :raises UnableToBookPayment: something was booked on it meanwhile.
    :raises NotPayable: nothing, more than is left, or a day that is to come or before the invoice.
    """
    invoice = _in_turn(unit, creditor_id, invoice_id)
    left = left_to_pay(unit, invoice)
    if left != read:
        raise UnableToBookPayment("something was booked on this invoice meanwhile; look at it again")
    if amount.minor <= 0:
        raise NotPayable("give an amount above nothing", field="amount")
    if amount.currency != left.currency or amount > left:
        raise NotPayable("this is more than is left to pay", field="amount")
    if not invoice.issued_on <= paid_on <= unit.today:
        raise NotPayable("give a day from the date of the invoice up to today", field="paid_on")
    values = {"c": creditor_id, "invoice": str(invoice_id)}
    before: int = unit.session.connection().execute(_BOOKINGS, values).scalar_one()
    received = amount if invoice.kind == "invoice" else -amount
    transaction_id = post(
        unit,
        creditor_id=creditor_id,
        book=Book.AGENCY,
        kind=INVOICE_PAID,
        source_key=f"{invoice_id}#{before + 1}",
        legs=[Leg("agency.bank", received), Leg("agency.receivable", -received)],
        effective_on=paid_on,
        memo=" ".join(filter(None, (invoice.full_number, memo))),
    )
    facts = {"amount_minor": amount.minor, "paid_on": paid_on.isoformat()}
    _audit(unit, invoice, "payment_booked", facts)
    return transaction_id


def take_back_invoice_payment(
    unit: Unit, *, creditor_id: UUID, invoice_id: UUID, transaction_id: UUID, why: str
) -> None:
    """This function will take a payment on an invoice back as of its own day; taken back before, it stays so.

    :raises NotFound: the creditor has no such invoice, or nothing of that id was paid on it.
    """
    invoice = _in_turn(unit, creditor_id, invoice_id)
    key = unit.session.connection().execute(
        text(
            "SELECT t.source_key, t.effective_on, EXISTS (SELECT FROM ledger_transaction r"
            "  WHERE r.creditor_id = t.creditor_id AND r.reverses_id = t.id) AS gone"
            " FROM ledger_transaction t WHERE t.creditor_id = :c AND t.id = :id AND t.kind = 'invoice_paid'"
            " AND starts_with(t.source_key, :invoice || '#')"
        ),
        {"c": creditor_id, "id": transaction_id, "invoice": str(invoice_id)},
    )
    found = key.one_or_none()
    if found is None:
        raise NotFound("no such payment")
    if found.gone:
        return
    reverse(
        unit,
        creditor_id=creditor_id,
        transaction_id=transaction_id,
        source_key=found.source_key,
        why=why,
        effective_on=found.effective_on,
    )
    _audit(unit, invoice, "payment_taken_back", {"transaction": str(transaction_id)})


def _in_turn(unit: Unit, creditor_id: UUID, invoice_id: UUID) -> FeeInvoice:
    take_turns(unit, "invoice.payment", invoice_id)
    invoice = unit.session.get(FeeInvoice, (creditor_id, invoice_id))
    if invoice is None:
        raise NotFound("no such invoice")
    return invoice


def _audit(unit: Unit, invoice: FeeInvoice, what: str, facts: dict[str, object]) -> None:
    record(
        unit,
        action=f"fee_invoice.{what}",
        subject=f"fee_invoice:{invoice.id}",
        creditor_id=invoice.creditor_id,
        facts=facts,
    )
