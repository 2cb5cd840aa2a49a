"""Fee invoices and credit notes: numbered without gaps, written once, kept as they were issued.

A run has at most one of each: what was earned stands on the invoice, what was given back on the credit note.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.events import FeeInvoiced
from agency.kernel.emitting import emit
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit, agency_day
from agency.money import Money
from agency.parties.models import Creditor, RemittanceMode
from agency.ports.invoices import InvoiceDocument, InvoiceLine, InvoiceParty, InvoiceWriter, Kind, VatTotal
from agency.remittance.fees import CHECK_NUMBER
from agency.remittance.models import FeeInvoice, RemittanceRun
from agency.rules.tables import read_table, row_in_force

LINES_MAX: Final = 1_000
"""Beyond so many, a document has one line per rate, and the statement tells them apart."""

_OWN_KINDS: Final = ("flat", "hours", "check")


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who sends fee invoices, the account they are paid to, and the writer of their bytes."""

    seller: InvoiceParty
    iban: str
    writer: InvoiceWriter


_LINES = text(
    "SELECT f.id, f.kind, f.claim_id, f.base_minor, f.fee_bps, f.net_minor, f.vat_minor, f.currency,"
    " f.vat_percent, f.vat_category, p.source, o.invoice_id AS original_id, f.earned_at,"
    f" coalesce(c.number, {CHECK_NUMBER}) AS number,"
    " coalesce(c.reference, k.country || ' ' || coalesce(nullif(k.registration_number, ''),"
    "  k.result->'company'->>'registration_number')) AS reference"
    " FROM success_fee f LEFT JOIN claim c ON c.creditor_id = f.creditor_id AND c.id = f.claim_id"
    " LEFT JOIN credit_check k ON f.kind = 'check' AND k.creditor_id = f.creditor_id AND k.id = f.cause_id"
    " LEFT JOIN payment p ON p.creditor_id = f.creditor_id AND p.id = f.payment_id"
    " LEFT JOIN success_fee o ON f.kind = 'reversal' AND o.creditor_id = f.creditor_id"
    "  AND o.payment_id = f.payment_id AND o.kind = 'fee'"
    " WHERE f.creditor_id = :c AND f.run_id = :run AND f.net_minor <> 0 ORDER BY c.number, f.earned_at, f.id"
)
_NEXT = text(
    "INSERT INTO invoice_series (series, year, latest) VALUES (:series, :year, 1)"
    " ON CONFLICT (series, year) DO UPDATE SET latest = invoice_series.latest + 1 RETURNING latest"
)
_NUMBERS = text(
    "SELECT id, series || year || '-' || lpad(number::text, 5, '0') AS number FROM fee_invoice"
    " WHERE creditor_id = :c AND id = ANY(:ids) ORDER BY 2"
)
_MARK = text("UPDATE success_fee SET invoice_id = :invoice WHERE creditor_id = :c AND id = ANY(:ids)")


def issue_invoices(unit: Unit, *, run: RemittanceRun, issuer: Issuer) -> list[FeeInvoice]:
    """This function will issue what a run's fees ask for: an invoice, a credit note, both or none.

    Numbers come from a row that stays locked until the transaction ends, so that there are no gaps.
    """
    earned, given_back = _rows(unit, run)
    settled = _settled(run, given_back)
    made = []
    if earned:
        made.append(_issue(unit, run, "invoice", earned, settled["invoice"], issuer))
    if given_back:
        # Read anew: what was paid and taken back within this payout is credited from the invoice just issued.
        _, given_back = _rows(unit, run)
        made.append(_issue(unit, run, "credit_note", given_back, settled["credit_note"], issuer))
    return made


def _rows(unit: Unit, run: RemittanceRun) -> tuple[list[Row[Any]], list[Row[Any]]]:
    """Return what was earned and what was given back in a payout."""
    rows = unit.session.connection().execute(_LINES, {"c": run.creditor_id, "run": run.id}).all()
    return (
        [row for row in rows if row.kind != "reversal"],
        [row for row in rows if row.kind == "reversal"],
    )


def _settled(run: RemittanceRun, given_back: Sequence[Row[Any]]) -> dict[Kind, int]:
    """Divide what the payout kept over both documents: what was given back is settled by netting it."""
    netted = {
        RemittanceMode.NET.value: given_back,
        RemittanceMode.COMBINED.value: [row for row in given_back if row.source != "direct"],
    }
    back = -sum(row.net_minor + row.vat_minor for row in netted.get(run.mode, ()))
    return {"invoice": run.withheld_minor + back, "credit_note": back}


def _issue(
    unit: Unit, run: RemittanceRun, kind: Kind, rows: Sequence[Row[Any]], settled: int, issuer: Issuer
) -> FeeInvoice:
    policy = row_in_force(read_table("payout")["fee_invoice"], unit.today)
    assert policy is not None, "the table begins before the product"
    series = policy["series"] if kind == "invoice" else policy["credit_series"]
    year = unit.today.year
    number: int = unit.session.connection().execute(_NEXT, {"series": series, "year": year}).scalar_one()
    made = FeeInvoice(
        creditor_id=run.creditor_id,
        id=new_id(),
        series=series,
        year=year,
        number=number,
        kind=kind,
        run_id=run.id,
        issued_on=unit.today,
        due_on=unit.today + timedelta(days=policy["payment_days"]),
        net_minor=abs(sum(row.net_minor for row in rows)),
        vat_minor=abs(sum(row.vat_minor for row in rows)),
        settled_minor=settled,
        currency=run.currency,
        document=b"",
        sha256="",
        issued_at=unit.now,
        issued_by=unit.by,
        facts={},
    )
    document = _document(unit, made, rows, issuer)
    made.document = issuer.writer(document)
    made.sha256 = hashlib.sha256(made.document).hexdigest()
    made.facts = as_facts(document)
    unit.session.add(made)
    unit.session.flush()
    unit.session.connection().execute(
        _MARK, {"invoice": made.id, "c": run.creditor_id, "ids": [row.id for row in rows]}
    )
    _tell(unit, made)
    return made


def _tell(unit: Unit, made: FeeInvoice) -> None:
    emit(
        unit,
        FeeInvoiced(
            creditor_id=made.creditor_id,
            invoice_id=made.id,
            number=made.full_number,
            document=made.kind,
            total_minor=made.net_minor + made.vat_minor,
            currency=made.currency,
        ),
    )


def _document(unit: Unit, made: FeeInvoice, rows: Sequence[Row[Any]], issuer: Issuer) -> InvoiceDocument:
    creditor = unit.session.get_one(Creditor, made.creditor_id)

    def money(minor: int) -> Money:
        return Money(minor, made.currency)

    return InvoiceDocument(
        kind="invoice" if made.kind == "invoice" else "credit_note",
        number=made.full_number,
        issued_on=made.issued_on,
        due_on=made.due_on,
        currency=made.currency,
        seller=issuer.seller,
        buyer=_buyer(creditor),
        buyer_reference=creditor.reference,
        seller_iban=issuer.iban,
        lines=tuple(_lines(rows)),
        vat_totals=tuple(_vat_totals(rows)),
        net=money(made.net_minor),
        vat=money(made.vat_minor),
        settled=money(made.settled_minor),
        credits=_credited(unit, made.creditor_id, rows),
    )


def _buyer(creditor: Creditor) -> InvoiceParty:
    return InvoiceParty(
        name=creditor.name,
        country=creditor.country,
        legal_id=creditor.registration_number or "",
        vat_number=creditor.vat_number or "",
        street=creditor.street or "",
        postal_code=creditor.postal_code or "",
        city=creditor.city or "",
        email=creditor.email or "",
        phone=creditor.phone or "",
    )


def _lines(rows: Sequence[Row[Any]]) -> Iterable[InvoiceLine]:
    if len(rows) > LINES_MAX:
        yield from _lines_per_rate(rows)
        return
    for row in rows:
        yield InvoiceLine(
            name=row.number,
            note=(row.reference or "").strip(),
            base=Money(abs(row.base_minor), row.currency),
            fee_bps=row.fee_bps,
            net=Money(abs(row.net_minor), row.currency),
            vat_percent=Decimal(row.vat_percent),
            vat_category=row.vat_category,
            kind=row.kind,
            on=agency_day(row.earned_at) if row.kind == "check" else None,
        )


def _lines_per_rate(rows: Sequence[Row[Any]]) -> Iterable[InvoiceLine]:
    grouped: dict[tuple[str, int, str, str], list[Row[Any]]] = defaultdict(list)
    for row in rows:
        kind = row.kind if row.kind in _OWN_KINDS else "fee"
        grouped[kind, row.fee_bps, row.vat_percent, row.vat_category].append(row)
    for (kind, fee_bps, percent, category), same in sorted(grouped.items()):
        yield InvoiceLine(
            name=f"{len(same)} x",
            note="",
            base=Money(abs(sum(row.base_minor for row in same)), same[0].currency),
            fee_bps=fee_bps,
            net=Money(abs(sum(row.net_minor for row in same)), same[0].currency),
            vat_percent=Decimal(percent),
            vat_category=category,
            kind=kind,
        )


def _vat_totals(rows: Sequence[Row[Any]]) -> Iterable[VatTotal]:
    grouped: dict[tuple[str, str], list[Row[Any]]] = defaultdict(list)
    for row in rows:
        grouped[row.vat_category, row.vat_percent].append(row)
    for (category, percent), same in sorted(grouped.items()):
        yield VatTotal(
            category=category,
            percent=Decimal(percent),
            taxable=Money(abs(sum(row.net_minor for row in same)), same[0].currency),
            vat=Money(abs(sum(row.vat_minor for row in same)), same[0].currency),
        )


def _credited(unit: Unit, creditor_id: UUID, rows: Sequence[Row[Any]]) -> tuple[str, ...]:
    ids = sorted({row.original_id for row in rows if row.original_id})
    found = unit.session.connection().execute(_NUMBERS, {"c": creditor_id, "ids": ids})
    return tuple(row.number for row in found)


def as_facts(document: InvoiceDocument) -> dict[str, Any]:
    """This function will return a document as plain JSON values, which `from_facts` reads back."""
    return {
        "kind": document.kind,
        "number": document.number,
        "issued_on": document.issued_on.isoformat(),
        "due_on": document.due_on.isoformat(),
        "currency": document.currency,
        "seller": _party_facts(document.seller),
        "buyer": _party_facts(document.buyer),
        "buyer_reference": document.buyer_reference,
        "seller_iban": document.seller_iban,
        "lines": [
            [one.name, one.note, one.base.minor, one.fee_bps, one.net.minor, str(one.vat_percent),
             one.vat_category, *([one.kind] if one.kind in _OWN_KINDS else []),
             *([one.on.isoformat()] if one.on else [])]
            for one in document.lines
        ],
        "vat_totals": [
            [one.category, str(one.percent), one.taxable.minor, one.vat.minor] for one in document.vat_totals
        ],
        "amounts": [document.net.minor, document.vat.minor, document.settled.minor],
        "credits": list(document.credits),
    }  # fmt: skip


def _party_facts(party: InvoiceParty) -> dict[str, str]:
    return {name: getattr(party, name) for name in InvoiceParty.__slots__}


def from_facts(facts: dict[str, Any]) -> InvoiceDocument:
    """This function will rebuild an issued document, so that its pages show what was issued and nothing
    newer."""
    currency = facts["currency"]

    def money(minor: int) -> Money:
        return Money(minor, currency)

    net, vat, settled = (money(minor) for minor in facts["amounts"])
    return InvoiceDocument(
        kind=facts["kind"],
        number=facts["number"],
        issued_on=date.fromisoformat(facts["issued_on"]),
        due_on=date.fromisoformat(facts["due_on"]),
        currency=currency,
        seller=InvoiceParty(**facts["seller"]),
        buyer=InvoiceParty(**facts["buyer"]),
        buyer_reference=facts["buyer_reference"],
        seller_iban=facts["seller_iban"],
        lines=tuple(
            InvoiceLine(name=name, note=note, base=money(base), fee_bps=bps, net=money(fee),
                        vat_percent=Decimal(percent), vat_category=category, kind=kind[0] if kind else "fee",
                        on=date.fromisoformat(kind[1]) if kind[1:] else None)
            for name, note, base, bps, fee, percent, category, *kind in facts["lines"]
        ),
        vat_totals=tuple(
            VatTotal(category=category, percent=Decimal(percent), taxable=money(taxable), vat=money(amount))
            for category, percent, taxable, amount in facts["vat_totals"]
        ),
        net=net,
        vat=vat,
        settled=settled,
        credits=tuple(facts["credits"]),
    )  # fmt: skip
