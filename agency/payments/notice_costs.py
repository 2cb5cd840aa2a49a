"""Costs that a notice announced, after part of the debt was paid within the notice's term."""

from datetime import date

from sqlalchemy import text

from agency.claims.itemisation import itemise
from agency.claims.models import Claim
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.costs import collection_costs
from agency.rules.facts import DebtorKind


def recompute_announced_costs(unit: Unit, *, claim: Claim, paid: Money, value_on: date) -> None:
    """This function will lower the announced costs to those of the principal still open, when a payment
    arrived within the term (HR ECLI:NL:HR:2016:2704, r.o. 3.6; WER art. XIX.4). Paid in full: no costs.

    Costs only ever fall here, because the notice named the amount.
    """
    if claim.costs_from is None or value_on >= claim.costs_from or not claim.costs_minor:
        return
    asked = itemise(unit, creditor_id=claim.creditor_id, claim_id=claim.id, on=value_on)
    left = max(paid - asked.interest, Money.zero(paid.currency))
    still_open = []
    for invoice in asked.invoices:
        taken = min(left, invoice.open)
        left -= taken
        if invoice.open > taken:
            still_open.append(invoice.open - taken)
    if not still_open:
        claim.costs_minor = claim.costs_vat_minor = 0
    else:
        debtor, vat_deductible, clause = _facts(unit, claim, value_on)
        lawful = collection_costs(
            law=claim.law,
            debtor=debtor,
            principals=still_open,
            on=value_on,
            vat_deductible=vat_deductible,
            clause_agreed=clause,
        )
        claim.costs_minor = min(claim.costs_minor, lawful.amount.minor)
        claim.costs_vat_minor = min(claim.costs_vat_minor, lawful.vat.minor)
    unit.session.add(claim)
    unit.session.flush()


def _facts(unit: Unit, claim: Claim, on: date) -> tuple[DebtorKind, bool, bool]:
    row = (
        unit.session.connection()
        .execute(
            text(
                "SELECT d.kind, c.vat_deductible, coalesce((SELECT costs_clause FROM creditor_terms t"
                "  WHERE t.creditor_id = c.id AND t.valid_from <= :on ORDER BY t.valid_from DESC LIMIT 1),"
                "  false) AS clause"
                " FROM debtor d JOIN creditor c ON c.id = d.creditor_id"
                " WHERE d.creditor_id = :c AND d.id = :debtor"
            ),
            {"c": claim.creditor_id, "debtor": claim.debtor_id, "on": on},
        )
        .one()
    )
    return DebtorKind(row.kind), row.vat_deductible, row.clause
