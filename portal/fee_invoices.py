"""A fee invoice or credit note as PDF, on the agency's letterhead; the same document gives the same bytes."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.money import Money
from agency.ports.invoices import InvoiceDocument, InvoiceLine, InvoiceParty
from agency.ports.providers import Renderer, Value
from agency.remittance.invoice_payments import paid_on_invoices
from agency.remittance.invoices import from_facts
from agency.remittance.models import FeeInvoice
from agency.rules.explain import written_day, written_money, written_percent
from portal.shared.i18n import N_, gettext, speaking

SOURCE = Path(__file__).with_name("fee_invoice.typ")
TITLES = {"invoice": N_("Invoice"), "credit_note": N_("Credit note")}
WITHDRAWN_BASE = N_("Withdrawal")
_NO_BASE = {"flat": N_("Amount as agreed"), "hours": N_("Hours worked"), "check": N_("Credit checks")}


def invoice_of(unit: Unit, *, creditor_id: UUID, invoice_id: UUID) -> FeeInvoice:
    """This function will return an issued invoice or credit note.

    :raises NotFound: the creditor has none of that id.
    """
    found = unit.session.get(FeeInvoice, (creditor_id, invoice_id))
    if found is None:
        raise NotFound("no such invoice")
    return found


def invoice_pdf(invoice: FeeInvoice, *, renderer: Renderer, language: str) -> bytes:
    """This function will return a document as PDF in a language."""
    document = from_facts(invoice.facts)
    with speaking(language):
        values = _values(document, language)
    return renderer.letter(source=SOURCE.read_text(encoding="utf-8"), values=values, dated=document.issued_on)


def _values(document: InvoiceDocument, language: str) -> dict[str, Value]:
    def money(amount: Money) -> str:
        return written_money(amount, language)

    seller = document.seller
    return {
        "language": language,
        "title": gettext(TITLES[document.kind]),
        "number": document.number,
        "seller": _address(seller),
        "buyer": _address(document.buyer),
        "footer": " · ".join(
            (seller.name, f"KvK {seller.legal_id}", seller.vat_number, document.seller_iban, seller.phone)
        ),
        "facts": _facts(document, language),
        "columns": [
            gettext(name) for name in (N_("Claim"), N_("Collected"), N_("Rate"), N_("Fee"), N_("VAT rate"))
        ],
        "lines": [
            [
                " · ".join(filter(None, (line.name, line.note))),
                _over(line, language),
                written_percent(Decimal(line.fee_bps) / 100, language) if line.kind != "check" else "",
                money(line.net),
                written_percent(line.vat_percent, language),
            ]
            for line in document.lines
        ],
        "totals": _totals(document, language),
        "notes": _notes(document, language),
    }


def _over(line: InvoiceLine, language: str) -> str:
    """What a line is charged over, or for."""
    if line.on:
        return gettext("Credit check of %(day)s") % {"day": written_day(line.on, language)}
    if line.base:
        return written_money(line.base, language)
    return gettext(_NO_BASE.get(line.kind, WITHDRAWN_BASE))


def _address(party: InvoiceParty) -> list[Value]:
    place = " ".join(filter(None, (party.postal_code, party.city)))
    return [row for row in (party.name, party.street, place, party.country) if row]


def _facts(document: InvoiceDocument, language: str) -> list[Value]:
    rows = [
        (gettext("Date"), written_day(document.issued_on, language)),
        (gettext("Your reference"), document.buyer_reference),
    ]
    if document.buyer.vat_number:
        rows.append((gettext("Your VAT number"), document.buyer.vat_number))
    if document.payable and document.kind == "invoice":
        rows.append((gettext("To be paid by"), written_day(document.due_on, language)))
    if document.credits:
        rows.append((gettext("Credits invoice"), ", ".join(document.credits)))
    return [{"name": name, "value": value} for name, value in rows]


def _totals(document: InvoiceDocument, language: str) -> list[Value]:
    rows: list[tuple[str, Money, bool]] = [(gettext("Without VAT"), document.net, False)]
    rows += [
        (
            gettext("VAT %(percent)s") % {"percent": written_percent(total.percent, language)},
            total.vat,
            False,
        )
        for total in document.vat_totals
    ]
    rows.append((gettext("Total"), document.total, not document.settled))
    if document.settled:
        settled = gettext("Kept from your payout")
        if document.kind == "credit_note":
            settled = gettext("Settled with your payout")
        rows.append((settled, -document.settled, False))
        rows.append((gettext("Left to pay"), document.payable, True))
    return [
        {"name": name, "value": written_money(amount, language), "strong": strong}
        for name, amount, strong in rows
    ]


def _notes(document: InvoiceDocument, language: str) -> list[Value]:
    notes: list[Value] = []
    categories = {total.category for total in document.vat_totals}
    if "AE" in categories:
        notes.append(gettext("VAT reverse charged to you (Directive 2006/112/EC, articles 44 and 196)."))
    if "O" in categories:
        notes.append(gettext("No Dutch VAT is due: you are established outside the European Union."))
    if document.kind == "invoice" and document.payable:
        notes.append(
            gettext("Please pay %(money)s to %(iban)s in the name of %(name)s, quoting %(number)s.")
            % {
                "money": written_money(document.payable, language),
                "iban": document.seller_iban,
                "name": document.seller.name,
                "number": document.number,
            }
        )
    elif document.kind == "invoice":
        notes.append(gettext("You have nothing to pay: this was kept from your payout."))
    return notes


def facts_of_invoices(unit: Unit, invoices: Sequence[FeeInvoice]) -> list[dict[str, Any]]:
    """This function will describe invoices for a list of either door, with what was paid on each."""
    paid = paid_on_invoices(unit, invoices)
    return [_invoice_facts(invoice, paid[invoice.id]) for invoice in invoices]


def _invoice_facts(invoice: FeeInvoice, paid: Money) -> dict[str, Any]:
    total = Money(invoice.net_minor + invoice.vat_minor, invoice.currency)
    settled = Money(invoice.settled_minor, invoice.currency)
    return {
        "id": invoice.id,
        "number": invoice.full_number,
        "kind": gettext(TITLES[invoice.kind]),
        "issued_on": invoice.issued_on,
        "total": total,
        "settled": settled,
        "due_on": invoice.due_on,
        "paid": paid,
        "payable": total - settled - paid,
    }
