"""The agency's invoices and credit notes to its creditors, and what was paid on them."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import Field
from sqlalchemy import text
from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response

from agency.kernel.unit import Unit
from agency.money import Money
from agency.parties.models import Creditor
from agency.remittance.invoice_payments import (
    PAID_ON_INVOICE,
    book_invoice_payment,
    payments_on_invoice,
    take_back_invoice_payment,
)
from agency.remittance.invoices import from_facts
from agency.remittance.models import FeeInvoice
from agency.remittance.reverse_charged import reverse_charged
from integrations.einvoice.written_ubl import lacking
from portal.fee_invoices import facts_of_invoices, invoice_of, invoice_pdf
from portal.finance.doors import finance_page, names_of, routes
from portal.finance.words import INVOICE_STATES, VAT_CATEGORIES
from portal.shared.audience import StaffUnit, TheVisitor, TheWiring, leave_for
from portal.shared.forms import AmountField, Fields, FormModel, blank, money_of, submitted
from portal.shared.i18n import N_, gettext, typed_money
from portal.shared.listing import Column, Cut, Listing
from portal.shared.spreadsheets import Cell, list_file

COLUMNS = (
    Column("number", N_("Number"), "link", sub="kind", sort=True),
    Column("creditor", N_("Creditor")),
    Column("issued_on", N_("Date"), "day", phone=False),
    Column("due_on", N_("To be paid by"), "day", phone=False),
    Column("total", N_("With VAT"), "money", phone=False),
    Column("payable", N_("Left to pay"), "money"),
    Column("state", N_("Status"), "chip"),
    Column("lacks", N_("Missing for Peppol"), phone=False),
)
HEADERS = (
    N_("Number"), N_("Document"), N_("Date"), N_("To be paid by"), N_("Creditor"), N_("Country"),
    N_("VAT number"), N_("Kind of VAT"), N_("VAT rate"), N_("Without VAT"), N_("VAT"), N_("With VAT"),
    N_("Settled with the payout"), N_("Paid"), N_("Left to pay"), N_("Currency"),
)  # fmt: skip
ABROAD = (
    Column("vat_number", N_("VAT number"), sub="name"),
    Column("invoices", N_("Invoices"), "number", phone=False),
    Column("net", N_("Without VAT"), "money"),
    Column("earlier", N_("Of it done in an earlier quarter"), "money", phone=False),
)
ABROAD_HEADERS = (
    N_("Quarter"), N_("Country"), N_("VAT number"), N_("Creditor"), N_("Invoices"), N_("Without VAT"),
    N_("Of it done in an earlier quarter"), N_("Currency"),
)  # fmt: skip
_QUARTER = re.compile(r"\d{4}-Q[1-4]")
_LEFT = f"(net_minor + vat_minor - settled_minor - {PAID_ON_INVOICE})"
_NARROWED = {
    "open": f"{_LEFT} <> 0",
    "overdue": f"fee_invoice.kind = 'invoice' AND due_on < :today AND {_LEFT} > 0",
    "done": f"{_LEFT} = 0",
}
_SUMS = text(
    "SELECT coalesce(sum(o.left_minor) FILTER (WHERE kind = 'invoice'), 0)::bigint AS open,"
    " coalesce(sum(o.left_minor) FILTER (WHERE kind = 'invoice' AND due_on < :today), 0)::bigint AS overdue,"
    " coalesce(sum(o.left_minor) FILTER (WHERE kind = 'credit_note'), 0)::bigint AS to_give"
    f" FROM fee_invoice, LATERAL (SELECT {_LEFT} AS left_minor) o WHERE currency = 'EUR'"
)
FACTS = {
    "buyer.endpoint": N_("where to deliver"),
    "buyer.legal_id": N_("registration number"),
    "buyer.vat_number": N_("VAT number"),
    "buyer.street": N_("street"),
    "buyer.postal_code": N_("postcode"),
    "buyer.city": N_("city"),
    "credits": N_("the invoice that it credits"),
}


class PaymentForm(FormModel):
    """What came in for an invoice and when; `read_minor` is what the page said is left."""

    amount: AmountField
    paid_on: date
    memo: str = Field(default="", max_length=100)
    read_minor: int


class TakeBackForm(FormModel):
    """Which payment on an invoice was booked by mistake, and why."""

    transaction_id: UUID
    why: str = Field(max_length=200)


@routes.get("/invoices")
def fee_invoices(request: Request, unit: StaffUnit) -> Response:
    """Every document, the latest first; all, or those that are open, overdue or done."""
    listing = Listing.read(
        "/finance/invoices", request.query_params, sorts=("number",), default="-number",
        filters=("q", "state"),
    )  # fmt: skip
    every = select(FeeInvoice, Creditor.name).join(Creditor, col(Creditor.id) == FeeInvoice.creditor_id)
    if (narrowed := _NARROWED.get(listing.filters.get("state", ""))) is not None:
        clause = text(narrowed)
        every = every.where(clause.bindparams(today=unit.today) if ":today" in narrowed else clause)
    if words := listing.filters.get("q"):
        every = every.where(col(Creditor.name).icontains(words, autoescape=True))
    order = {"number": FeeInvoice.issued_at}
    rows = unit.session.execute(listing.apply(every, columns=order, tie=col(FeeInvoice.id))).all()
    cut = listing.cut(rows, position=lambda row: (row[0].issued_at, row[0].id))
    sums = unit.session.connection().execute(_SUMS, {"today": unit.today}).one()
    return finance_page(
        request,
        "fee_invoices.html",
        columns=COLUMNS,
        cut=Cut(_rows(unit, cut.rows), cut.next_url, cut.previous_url),
        listing=listing,
        states=[(state, gettext(chip.label)) for state, chip in INVOICE_STATES.items()],
        sums=[Money(minor, "EUR") for minor in (sums.open, sums.overdue, sums.to_give)],
        abroad=_abroad(unit, request.query_params.get("quarter", "")),
    )


@routes.get("/invoices/reverse-charged.{kind}")
def reverse_charged_file(unit: StaffUnit, kind: Literal["csv", "xlsx"], quarter: str = "") -> Response:
    """What creditors abroad account for themselves, per VAT number: of one quarter, or of all."""
    rows = (
        (
            str(one.quarter), one.prefix, one.number, one.name, one.invoices, one.net, one.earlier,
            one.net.currency,
        )
        for one in reverse_charged(unit)
        if quarter in ("", str(one.quarter))
    )  # fmt: skip
    name = "-".join(filter(None, ("reverse-charged", quarter if _QUARTER.fullmatch(quarter) else "")))
    return list_file(name=name, headers=ABROAD_HEADERS, rows=rows, kind=kind)


def _abroad(unit: Unit, wanted: str) -> dict[str, Any] | None:
    """The part of the page on what is reverse charged: of the quarter asked for, else of the latest one."""
    rows = reverse_charged(unit)
    if not rows:
        return None
    quarters = sorted({str(one.quarter) for one in rows}, reverse=True)
    quarter = wanted if wanted in quarters else quarters[0]
    shown = [one for one in rows if str(one.quarter) == quarter]
    return {
        "quarters": quarters,
        "quarter": quarter,
        "cut": Cut(shown),
        "columns": ABROAD,
        "total": Money.total((one.net for one in shown), "EUR"),
    }


@routes.get("/invoices.{kind}")
def fee_invoices_file(unit: StaffUnit, kind: Literal["csv", "xlsx"]) -> Response:
    """Every document as a file, in order of number, one row per rate of VAT; what is given back is negative,
    so that a column adds up to what the tax office and the ledger say."""
    rows = unit.session.execute(
        select(FeeInvoice, Creditor.name)
        .join(Creditor, col(Creditor.id) == FeeInvoice.creditor_id)
        .order_by(col(FeeInvoice.series), col(FeeInvoice.year), col(FeeInvoice.number))
    ).all()
    return list_file(name="invoices", headers=HEADERS, rows=_file_rows(unit, rows), kind=kind)


def _file_rows(unit: Unit, rows: Sequence[Any]) -> Iterator[Sequence[Cell]]:
    told = facts_of_invoices(unit, [invoice for invoice, _ in rows])
    for (invoice, name), one in zip(rows, told, strict=True):
        sign = 1 if invoice.kind == "invoice" else -1
        document = from_facts(invoice.facts)
        nothing = Money.zero(invoice.currency)
        for place, rate in enumerate(document.vat_totals):
            # What belongs to the document as a whole stands in its first row only.
            whole = [nothing] * 3 if place else [one["settled"], one["paid"], one["payable"]]
            amounts = [rate.taxable, rate.vat, rate.taxable + rate.vat, *whole]
            yield (
                one["number"], one["kind"], one["issued_on"], one["due_on"], name, document.buyer.country,
                document.buyer.vat_number, gettext(VAT_CATEGORIES.get(rate.category, rate.category)),
                Decimal(rate.percent), *(amount if sign > 0 else -amount for amount in amounts),
                invoice.currency,
            )  # fmt: skip


@routes.get("/invoices/{creditor_id:uuid}/{invoice_id:uuid}")
def one_fee_invoice(request: Request, unit: StaffUnit, creditor_id: UUID, invoice_id: UUID) -> Response:
    """One document with what was paid on it."""
    return _invoice_page(request, unit, creditor_id, invoice_id, blank())


@routes.post("/invoices/{creditor_id:uuid}/{invoice_id:uuid}/payments")
def pay_fee_invoice(
    request: Request, unit: StaffUnit, creditor_id: UUID, invoice_id: UUID, fields: Fields
) -> Response:
    """Book what was paid on an invoice, or of a credit note."""
    form = submitted(PaymentForm, fields)
    currency = invoice_of(unit, creditor_id=creditor_id, invoice_id=invoice_id).currency
    with form.attempt(unit):
        book_invoice_payment(
            unit,
            creditor_id=creditor_id,
            invoice_id=invoice_id,
            amount=money_of(form.data.amount, currency, "amount"),
            paid_on=form.data.paid_on,
            read=Money(form.data.read_minor, currency),
            memo=form.data.memo,
        )
    if form.errors:
        return _invoice_page(request, unit, creditor_id, invoice_id, form, status=422)
    return leave_for(f"/finance/invoices/{creditor_id}/{invoice_id}", notice=N_("Booked."))


@routes.post("/invoices/{creditor_id:uuid}/{invoice_id:uuid}/payments/reversal")
def take_back_payment(
    request: Request, unit: StaffUnit, creditor_id: UUID, invoice_id: UUID, fields: Fields
) -> Response:
    """Take back a payment that was booked by mistake."""
    form = submitted(TakeBackForm, fields)
    with form.attempt(unit):
        take_back_invoice_payment(
            unit,
            creditor_id=creditor_id,
            invoice_id=invoice_id,
            transaction_id=form.data.transaction_id,
            why=form.data.why,
        )
    if form.errors:
        return _invoice_page(request, unit, creditor_id, invoice_id, form, status=422)
    return leave_for(f"/finance/invoices/{creditor_id}/{invoice_id}", notice=N_("Taken back."))


@routes.get("/invoices/{creditor_id:uuid}/{invoice_id:uuid}/document.{kind}")
def fee_invoice(
    unit: StaffUnit,
    visitor: TheVisitor,
    wiring: TheWiring,
    creditor_id: UUID,
    invoice_id: UUID,
    kind: Literal["pdf", "xml"],
) -> Response:
    """One document, as PDF or UBL."""
    invoice = invoice_of(unit, creditor_id=creditor_id, invoice_id=invoice_id)
    content = bytes(invoice.document)
    if kind == "pdf":
        content = invoice_pdf(invoice, renderer=wiring.ports.renderer, language=visitor.language)
    return Response(
        content,
        media_type=f"application/{kind}",
        headers={"content-disposition": f'attachment; filename="{invoice.full_number}.{kind}"'},
    )


def _invoice_page(
    request: Request, unit: Unit, creditor_id: UUID, invoice_id: UUID, form: Any, *, status: int = 200
) -> Response:
    invoice = invoice_of(unit, creditor_id=creditor_id, invoice_id=invoice_id)
    creditor = unit.session.get_one(Creditor, creditor_id)
    [row] = _rows(unit, [(invoice, creditor.name)])
    payments = payments_on_invoice(unit, invoice)
    form.values.setdefault("amount", typed_money(row["payable"]))
    form.values.setdefault("paid_on", unit.today.isoformat())
    return finance_page(
        request,
        "fee_invoice.html",
        status=status,
        invoice=row,
        is_invoice=invoice.kind == "invoice",
        net=Money(invoice.net_minor, invoice.currency),
        vat=Money(invoice.vat_minor, invoice.currency),
        run_id=invoice.run_id,
        payments=payments,
        names=names_of(unit, [one.by for one in payments]),
        first_day=invoice.issued_on.isoformat(),
        last_day=unit.today.isoformat(),
        form=form,
    )


def _rows(unit: Unit, found: Sequence[Any]) -> list[dict[str, Any]]:
    told = facts_of_invoices(unit, [invoice for invoice, _ in found])
    return [
        one
        | {
            "href": f"/finance/invoices/{invoice.creditor_id}/{invoice.id}",
            "creditor": name,
            "creditor_id": invoice.creditor_id,
            "state": INVOICE_STATES[_state(unit, invoice, one["payable"])],
            "lacks": ", ".join(gettext(FACTS[fact]) for fact in lacking(from_facts(invoice.facts))),
        }
        for (invoice, name), one in zip(found, told, strict=True)
    ]


def _state(unit: Unit, invoice: FeeInvoice, left: Money) -> str:
    if not left:
        return "done"
    late = invoice.kind == "invoice" and invoice.due_on < unit.today
    return "overdue" if late else "open"
