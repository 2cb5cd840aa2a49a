"""Costs that a notice announced, after part of the debt was paid within the notice's term."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text

from agency.claims.build_up import ItemisedClaim
from agency.claims.itemisation import itemise_each
from agency.kernel.unit import Unit
from agency.money import Money
from agency.payments.cases import Case
from agency.rules.costs import collection_costs
from agency.rules.facts import DebtorKind

_DEBTORS = text(
    "SELECT w.creditor_id, w.claim_id, d.kind, c.vat_deductible, coalesce((SELECT costs_clause"
    "  FROM creditor_terms t WHERE t.creditor_id = c.id AND t.valid_from <= w.day"
    "  ORDER BY t.valid_from DESC LIMIT 1), false) AS clause"
    " FROM unnest(CAST(:creditors AS uuid[]), CAST(:claims AS uuid[]), CAST(:debtors AS uuid[]),"
    "  CAST(:days AS date[])) AS w(creditor_id, claim_id, debtor_id, day)"
    " JOIN debtor d ON d.creditor_id = w.creditor_id AND d.id = w.debtor_id"
    " JOIN creditor c ON c.id = d.creditor_id"
)
_LOWER = text(
    # From now on they are the costs of what is still asked: of what is contested later, that is the share.
    "UPDATE claim c SET costs_minor = x.costs, costs_vat_minor = x.vat, costs_over_minor = x.over,"
    " costs_left_out_minor = c.disputed_minor"
    " FROM jsonb_to_recordset(CAST(:lowered AS jsonb))"
    "  AS x(creditor_id uuid, claim_id uuid, costs bigint, vat bigint, over bigint)"
    " WHERE c.creditor_id = x.creditor_id AND c.id = x.claim_id"
)


def recompute_announced_costs(unit: Unit, cases: Sequence[Case]) -> None:
    """This function will lower announced costs to those of the principal still open, where a payment arrives
    within the term (HR ECLI:NL:HR:2016:2704, r.o. 3.6; WER art. XIX.4). Paid in full: no costs.

    Costs only ever fall here, because the notice named the amount; what is contested bears none.

    :param cases: payments that are about to be booked, on different claims.
    """
    within = [case for case in cases if _within_the_term(case)]
    if not within:
        return
    days = {case.incoming.claim: case.incoming.value_on for case in within}
    owed, asked = itemise_each(unit, days=days), itemise_each(unit, days=days, undisputed=True)
    debtors = _debtors(unit, within)
    lowered = [
        _lowered(case, owed[claim].interest, asked[claim], debtors[claim])
        for case in within
        for claim in (case.incoming.claim,)
    ]
    unit.session.connection().execute(_LOWER, {"lowered": json.dumps(lowered, default=str)})


def _within_the_term(case: Case) -> bool:
    announced = case.costs_from is not None and case.incoming.value_on < case.costs_from
    return announced and case.costs_minor > 0


def _debtors(unit: Unit, cases: Sequence[Case]) -> dict[Any, Row[Any]]:
    rows = unit.session.connection().execute(
        _DEBTORS,
        {
            "creditors": [case.incoming.creditor_id for case in cases],
            "claims": [case.incoming.claim_id for case in cases],
            "debtors": [case.debtor_id for case in cases],
            "days": [case.incoming.value_on for case in cases],
        },
    )
    return {(row.creditor_id, row.claim_id): row for row in rows}


def _lowered(case: Case, interest: Money, asked: ItemisedClaim, debtor: Row[Any]) -> dict[str, Any]:
    """Costs over what the payment leaves of what is asked, after it paid all interest."""
    one = case.incoming
    left = max(one.amount - interest, Money.zero(one.amount.currency))
    still_open = []
    for invoice in asked.invoices:
        taken = min(left, invoice.open)
        left -= taken
        if invoice.open > taken:
            still_open.append(invoice.open - taken)
    costs = vat = 0
    if still_open:
        lawful = collection_costs(
            law=case.law,
            debtor=DebtorKind(debtor.kind),
            principals=still_open,
            on=one.value_on,
            vat_deductible=debtor.vat_deductible,
            clause_agreed=debtor.clause,
        )
        costs, vat = min(case.costs_minor, lawful.amount.minor), min(case.costs_vat_minor, lawful.vat.minor)
    over = sum(rest.minor for rest in still_open)
    return {
        "creditor_id": one.creditor_id, "claim_id": one.claim_id, "costs": costs, "vat": vat, "over": over,
    }  # fmt: skip
