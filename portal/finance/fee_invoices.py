"""The agency's invoices and credit notes to its creditors."""

from typing import Any, Literal
from uuid import UUID

from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response

from agency.parties.models import Creditor
from agency.remittance.invoices import from_facts
from agency.remittance.models import FeeInvoice
from integrations.einvoice.written_ubl import lacking
from portal.fee_invoices import invoice_facts, invoice_of, invoice_pdf
from portal.finance.doors import finance_page, routes
from portal.shared.audience import StaffUnit, TheVisitor, TheWiring
from portal.shared.i18n import N_, gettext
from portal.shared.listing import Column, Cut, Listing
from portal.shared.spreadsheets import list_file

COLUMNS = (
    Column("number", N_("Number"), "html", sort=True),
    Column("creditor", N_("Creditor")),
    Column("kind", N_("Document"), phone=False),
    Column("issued_on", N_("Date"), "day", phone=False),
    Column("total", N_("With VAT"), "money"),
    Column("payable", N_("Left to pay"), "money", phone=False),
    Column("lacks", N_("Missing for Peppol"), phone=False),
)
HEADERS = (
    N_("Number"), N_("Creditor"), N_("Document"), N_("Date"), N_("With VAT"), N_("Settled with the payout"),
    N_("Left to pay"),
)  # fmt: skip
FACTS = {
    "buyer.endpoint": N_("where to deliver"),
    "buyer.legal_id": N_("registration number"),
    "buyer.vat_number": N_("VAT number"),
    "buyer.street": N_("street"),
    "buyer.postal_code": N_("postcode"),
    "buyer.city": N_("city"),
    "credits": N_("the invoice that it credits"),
}


@routes.get("/invoices")
def fee_invoices(request: Request, unit: StaffUnit) -> Response:
    """Every document, the latest first."""
    listing = Listing.read("/finance/invoices", request.query_params, sorts=("number",), default="-number")
    position = (FeeInvoice.issued_at, FeeInvoice.id)
    every = select(FeeInvoice, Creditor.name).join(Creditor, col(Creditor.id) == FeeInvoice.creditor_id)
    statement = listing.apply(every, columns={"number": position[0]}, tie=col(position[1]))
    rows = unit.session.execute(statement).all()
    cut = listing.cut(rows, position=lambda row: (row[0].issued_at, row[0].id))
    shown = Cut([_row(invoice, name) for invoice, name in cut.rows], cut.next_url, cut.previous_url)
    return finance_page(request, "fee_invoices.html", columns=COLUMNS, cut=shown, listing=listing)


@routes.get("/invoices.{kind}")
def fee_invoices_file(unit: StaffUnit, kind: Literal["csv", "xlsx"]) -> Response:
    """Every document as a file, in order of number."""
    rows = unit.session.exec(
        select(FeeInvoice, Creditor.name)
        .join(Creditor, col(Creditor.id) == FeeInvoice.creditor_id)
        .order_by(col(FeeInvoice.series), col(FeeInvoice.year), col(FeeInvoice.number))
    )
    cells = (
        (one["number"], name, one["kind"], one["issued_on"], one["total"], one["settled"], one["payable"])
        for invoice, name in rows
        for one in [invoice_facts(invoice)]
    )
    return list_file(name="invoices", headers=HEADERS, rows=cells, kind=kind)


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


def _row(invoice: FeeInvoice, creditor: str) -> dict[str, Any]:
    lacks = lacking(from_facts(invoice.facts))
    return invoice_facts(invoice) | {
        "creditor": creditor,
        "creditor_id": invoice.creditor_id,
        "lacks": ", ".join(gettext(FACTS[name]) for name in lacks),
    }
