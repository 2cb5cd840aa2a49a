"""What was paid out, invoice by invoice and why, with its files; and the agency's invoices."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response

from agency.claims.insurance import covers_of, shares_of
from agency.kernel.unit import Unit, agency_day
from agency.money import Money
from agency.parties.models import Creditor
from agency.parties.terms import terms_history
from agency.remittance.models import FeeInvoice, RemittanceRun
from agency.remittance.queries import on_its_way
from agency.remittance.statement import StatementShare, direct_in_run, statement_shares
from agency.rules.trace import from_json
from portal.creditor.doors import creditor_page, routes
from portal.creditor.words import RUN_STATES
from portal.fee_invoices import facts_of_invoices, invoice_of, invoice_pdf
from portal.payout_statements import (
    FILE_HEADERS,
    PARTS,
    books_file,
    file_rows,
    mark_of,
    own_runs,
    run_of,
    statement_pdf,
    sums_of,
    taken_back_words,
)
from portal.payout_words import terms_words
from portal.shared.audience import CreditorUnit, TheVisitor, TheWiring, own_creditor
from portal.shared.i18n import N_, current_language, gettext
from portal.shared.listing import Column, Cut, Listing
from portal.shared.spreadsheets import list_file

SHARES_MAX = 500
COLUMNS = (
    Column("cutoff_on", N_("Up to and including"), "html"),
    Column("state", N_("Status"), "chip"),
    Column("collected", N_("Collected"), "money"),
    Column("fee", N_("Fee"), "money", phone=False),
    Column("vat", N_("VAT"), "money", phone=False),
    Column("net", N_("Paid out"), "money"),
    Column("paid_at", N_("On your account"), "day", phone=False),
)
LINES = (
    Column("claim", N_("Claim"), "link", sub="debtor"),
    Column("invoice", N_("Invoice"), phone=False),
    Column("on", N_("Payment of"), "day", phone=False),
    Column("received", N_("Collected"), "money", sub="mark"),
    Column("kept", N_("Kept by contract"), "money", phone=False),
    Column("fee", N_("Fee"), "money", phone=False),
    Column("vat", N_("VAT"), "money", phone=False),
    Column("paid", N_("For you"), "html"),
)
INVOICES = (
    Column("number", N_("Number"), "html"),
    Column("kind", N_("Document")),
    Column("issued_on", N_("Date"), "day", phone=False),
    Column("total", N_("With VAT"), "money"),
    Column("payable", N_("Left to pay"), "money", phone=False),
)
BOOKED = frozenset({"exported", "paid"})


@routes.get("/payouts")
def payouts(request: Request, unit: CreditorUnit, visitor: TheVisitor) -> Response:
    """Every payout."""
    listing = Listing.read(
        "/creditor/payouts", request.query_params, sorts=("cutoff_on",), default="-cutoff_on"
    )
    order = {"cutoff_on": col(RemittanceRun.cutoff_on)}
    wanted = listing.apply(own_runs(own_creditor(visitor)), columns=order, tie=col(RemittanceRun.id))
    cut = listing.cut(unit.session.scalars(wanted).all(), position=lambda run: (run.cutoff_on, run.id))
    shown = [
        {
            "href": f"/creditor/payouts/{run.id}",
            "cutoff_on": run.cutoff_on,
            "state": RUN_STATES[run.state],
            "collected": sums.collected,
            "fee": sums.fee,
            "vat": sums.vat,
            "net": sums.net,
            "paid_at": agency_day(run.paid_at) if run.paid_at else None,
        }
        for run in cut.rows
        for sums in [sums_of(unit, run)]
    ]
    coming = on_its_way(unit, creditor_id=own_creditor(visitor))
    agreed = terms_history(unit, creditor_id=own_creditor(visitor))
    return creditor_page(
        request,
        "payouts.html",
        columns=COLUMNS,
        cut=Cut(shown, cut.next_url, cut.previous_url),
        on_its_way=coming,
        now=next((terms_words(one) for one in agreed if one.valid_from <= unit.today), ""),
        later=[(one.valid_from, terms_words(one)) for one in reversed(agreed) if one.valid_from > unit.today],
    )


@routes.get("/payouts/{run_id:uuid}")
def payout(request: Request, unit: CreditorUnit, visitor: TheVisitor, run_id: UUID) -> Response:
    """One payout, invoice by invoice, with why each fee is what it is."""
    creditor_id = own_creditor(visitor)
    run = run_of(unit, creditor_id=creditor_id, run_id=run_id)
    shares = list(statement_shares(unit, creditor_id=creditor_id, run_id=run_id, limit=SHARES_MAX))
    return creditor_page(
        request,
        "payout.html",
        insured=_insured(unit, creditor_id, shares),
        run=run,
        chip=RUN_STATES[run.state],
        sums=sums_of(unit, run),
        direct=direct_in_run(unit, run=run),
        booked=run.state in BOOKED,
        invoices=facts_of_invoices(unit, _invoices(unit, creditor_id, run_id)),
        columns=LINES,
        cut=Cut([_line(share, current_language()) for share in shares]),
        more=_payments(unit, creditor_id, run_id) > SHARES_MAX,
        shown=SHARES_MAX,
    )


@routes.get("/payouts/{run_id:uuid}/statement.{kind}")
def payout_file(
    unit: CreditorUnit,
    visitor: TheVisitor,
    wiring: TheWiring,
    run_id: UUID,
    kind: Literal["csv", "xlsx", "pdf", "camt", "mt940"],
) -> Response:
    """The payout as a file: rows, a PDF, or a bank statement for the creditor's own books."""
    creditor_id = own_creditor(visitor)
    run = run_of(unit, creditor_id=creditor_id, run_id=run_id)
    name = f"payout-{run.cutoff_on}"
    if kind in ("csv", "xlsx"):
        rows = file_rows(unit, run=run, language=visitor.language)
        return list_file(name=name, headers=FILE_HEADERS, rows=rows, kind="csv" if kind == "csv" else "xlsx")
    if kind == "pdf":
        creditor = unit.session.get_one(Creditor, creditor_id)
        content = statement_pdf(
            unit, run=run, creditor=creditor.name, settings=wiring.settings,
            renderer=wiring.ports.renderer, language=visitor.language,
        )  # fmt: skip
        return _attached(f"{name}.pdf", content, "application/pdf")
    name, content = books_file(
        unit, run=run, settings=wiring.settings, kind="camt" if kind == "camt" else "mt940"
    )
    return _attached(name, content, "application/xml" if kind == "camt" else "text/plain; charset=us-ascii")


@routes.get("/invoices")
def fee_invoices(request: Request, unit: CreditorUnit, visitor: TheVisitor) -> Response:
    """The agency's invoices and credit notes."""
    found = _invoices(unit, own_creditor(visitor), None)
    return creditor_page(
        request, "fee_invoices.html", columns=INVOICES, cut=Cut(facts_of_invoices(unit, found))
    )


@routes.get("/invoices/{invoice_id:uuid}/document.{kind}")
def fee_invoice(
    unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, invoice_id: UUID, kind: Literal["pdf", "xml"]
) -> Response:
    """One invoice, for people as PDF and for programs as UBL."""
    invoice = invoice_of(unit, creditor_id=own_creditor(visitor), invoice_id=invoice_id)
    if kind == "xml":
        return _attached(f"{invoice.full_number}.xml", bytes(invoice.document), "application/xml")
    content = invoice_pdf(invoice, renderer=wiring.ports.renderer, language=visitor.language)
    return _attached(f"{invoice.full_number}.pdf", content, "application/pdf")


def _attached(name: str, content: bytes, media_type: str) -> Response:
    return Response(
        content,
        media_type=media_type,
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def _invoices(unit: Unit, creditor_id: UUID, run_id: UUID | None) -> Sequence[FeeInvoice]:
    statement = select(FeeInvoice).where(FeeInvoice.creditor_id == creditor_id)
    if run_id is not None:
        statement = statement.where(FeeInvoice.run_id == run_id)
    return unit.session.exec(statement.order_by(col(FeeInvoice.issued_at).desc()).limit(500)).all()


def _payments(unit: Unit, creditor_id: UUID, run_id: UUID) -> int:
    found = unit.session.connection().execute(
        text("SELECT count(*) FROM success_fee WHERE creditor_id = :c AND run_id = :run"),
        {"c": creditor_id, "run": run_id},
    )
    return int(found.scalar_one())


def _line(share: StatementShare, language: str) -> Mapping[str, Any]:
    return {
        "href": f"/creditor/credit-checks/{share.check_id}"
        if share.check_id
        else f"/creditor/claims/{share.claim_id}",
        "claim": share.claim_number,
        "debtor": share.debtor,
        "invoice": share.invoice or gettext(PARTS[share.part]),
        "on": share.value_on,
        "received": share.received,
        "kept": share.kept,
        "fee": share.fee,
        "vat": share.vat,
        "paid": share.paid,
        "direct": share.direct,
        "mark": mark_of(share, direct=gettext(N_("paid to you"))),
        "back": taken_back_words(share, language) if share.kind == "reversal" else "",
        "why": from_json(share.trace),
    }


def _insured(unit: Unit, creditor_id: UUID, shares: Sequence[StatementShare]) -> list[dict[str, Any]]:
    """Per insured claim of a payout: whose part of it is whose, and what the policy pays of the fee."""
    covers = covers_of(
        unit, creditor_id=creditor_id, claim_ids=[share.claim_id for share in shares if share.claim_id]
    )
    found = []
    for claim_id, cover in covers.items():
        own = [share for share in shares if share.claim_id == claim_id]
        currency = own[0].fee.currency
        base = Money.total((share.received - share.kept for share in own), currency)
        fee = Money.total((share.fee for share in own), currency)
        zero = Money.zero(currency)
        parts = shares_of(cover, recovered=max(base, zero), fee=max(fee, zero))
        found.append(
            {"claim_id": claim_id, "number": own[0].claim_number, "cover": cover,
             "base": max(base, zero), "shares": parts}
        )  # fmt: skip
    return found
