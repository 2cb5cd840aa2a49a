"""Which part of which invoice is contested: kept with the invoices, and written into the dispute's history.

Where nobody names an invoice, the part lies on the oldest first: those bear the most interest, so what is
still asked of the debtor is never too much.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from agency.claims.models import Claim
from agency.disputes.models import Dispute, DisputeAction, DisputeChange
from agency.kernel.errors import Invalid
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.facts import DisputeStatus

_INVOICES = text(
    "SELECT id, number, open_minor, disputed_minor FROM invoice WHERE creditor_id = :c AND claim_id = :claim"
    " ORDER BY due_on, number"
)
_MARK = text("UPDATE invoice SET disputed_minor = :minor WHERE creditor_id = :c AND id = :id")
_OPEN = text(
    "SELECT coalesce(sum(amount_minor), :placed) FROM ledger_entry WHERE creditor_id = :c"
    " AND claim_id = :claim AND account = 'claims.principal'"
)


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """An invoice of a claim: what was open of it when placed, and what is contested; minor units."""

    invoice_id: UUID
    number: str
    open_minor: int
    disputed_minor: int


def lines_of(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> Sequence[InvoiceLine]:
    """This function will return a claim's invoices with what is contested of each, the oldest first."""
    rows = unit.session.connection().execute(_INVOICES, {"c": creditor_id, "claim": claim_id})
    return [InvoiceLine(*row) for row in rows]


def whole_lines(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID, invoice_ids: Collection[UUID]
) -> dict[UUID, Money] | None:
    """This function will return all that is open of the chosen invoices, None when none is chosen.

    :raises Invalid: one of them is not of this claim.
    """
    if not invoice_ids:
        return None
    currency: str = unit.session.get_one(Claim, (creditor_id, claim_id)).currency
    known = {line.invoice_id: line for line in lines_of(unit, creditor_id=creditor_id, claim_id=claim_id)}
    if any(invoice_id not in known for invoice_id in invoice_ids):
        raise Invalid("choose invoices of this claim", field="lines")
    return {invoice_id: Money(known[invoice_id].open_minor, currency) for invoice_id in invoice_ids}


def spread(lines: Sequence[InvoiceLine], minor: int) -> dict[UUID, int]:
    """This function will lay a contested amount (minor units) on invoices in their order, each at most once
    over; what lies beyond all of them is lost, as nothing more can be contested.
    """
    parts: dict[UUID, int] = {}
    for line in lines:
        part = max(0, min(minor, line.open_minor))
        if part:
            parts[line.invoice_id] = part
        minor -= part
    return parts


def check_lines(lines: Sequence[InvoiceLine], chosen: Mapping[UUID, int]) -> None:
    """This function will refuse parts that are not within the claim's invoices.

    :raises Invalid: naming the invoice.
    """
    known = {line.invoice_id: line for line in lines}
    for invoice_id, minor in chosen.items():
        line = known.get(invoice_id)
        if line is None:
            raise Invalid("choose invoices of this claim", field="lines")
        if not 0 < minor <= line.open_minor:
            raise Invalid(f"the disputed part must lie within invoice {line.number}", field="lines")


def mark(unit: Unit, claim: Claim, parts: Mapping[UUID, int]) -> None:
    """This function will set what is contested of every invoice of a locked claim, and of the claim.

    Credit notes lower the claim, so more than the claim itself can never be contested.
    """
    for line in lines_of(unit, creditor_id=claim.creditor_id, claim_id=claim.id):
        minor = parts.get(line.invoice_id, 0)
        if minor != line.disputed_minor:
            unit.session.connection().execute(
                _MARK, {"minor": minor, "c": claim.creditor_id, "id": line.invoice_id}
            )
    claim.disputed_minor = min(sum(parts.values()), claim.principal_minor)
    unit.session.flush()


def nothing_else_open(unit: Unit, claim: Claim) -> bool:
    """This function will tell whether all that is open of a claim's principal is contested."""
    values = {"c": claim.creditor_id, "claim": claim.id, "placed": claim.principal_minor}
    still_open: int = unit.session.connection().execute(_OPEN, values).scalar_one()
    return claim.disputed_minor >= still_open


def note_change(unit: Unit, dispute: Dispute, action: DisputeAction, words: str = "") -> None:
    """This function will append to a dispute's history, with what is contested of each invoice now."""
    lines: list[dict[str, Any]] = [
        {"invoice": str(line.invoice_id), "number": line.number, "minor": line.disputed_minor}
        for line in lines_of(unit, creditor_id=dispute.creditor_id, claim_id=dispute.claim_id)
        if line.disputed_minor
    ]
    unit.session.add(
        DisputeChange(
            creditor_id=dispute.creditor_id,
            id=new_id(),
            claim_id=dispute.claim_id,
            dispute_id=dispute.id,
            action=action,
            status=DisputeStatus(dispute.status).value,
            disputed_minor=dispute.disputed_minor,
            words=words,
            lines=lines,
            at=unit.now,
            by=unit.by,
        )
    )
    unit.session.flush()
