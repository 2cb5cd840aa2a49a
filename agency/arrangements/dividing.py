"""Dividing money that comes in for one claim of a plan over all claims that the plan covers, by law."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import text

from agency.claims.itemisation import itemise_many
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.allocation_over_claims import OpenClaim, allocate_over_claims
from agency.rules.facts import Law

_TOGETHER = text(
    "SELECT c.id, c.law, c.due_on, (SELECT min(i.issued_on) FROM invoice i"
    "  WHERE i.creditor_id = c.creditor_id AND i.claim_id = c.id) AS arose"
    " FROM plan_claim mine JOIN plan p ON p.creditor_id = mine.creditor_id AND p.id = mine.plan_id"
    "  AND p.state = 'active'"
    " JOIN plan_claim pc ON pc.creditor_id = mine.creditor_id AND pc.plan_id = mine.plan_id"
    " JOIN claim c ON c.creditor_id = pc.creditor_id AND c.id = pc.claim_id AND c.state = 'active'"
    " WHERE mine.creditor_id = :c AND mine.claim_id = :claim AND mine.live ORDER BY c.id"
)


def divide_payment(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID, amount: Money, on: date
) -> Sequence[tuple[UUID, Money]]:
    """This function will tell how a payment on one claim of a running plan is spread over the plan's claims.

    The claim that the payer named comes first (BW 6:43(1), old BW 1253); what it does not take goes to the
    others as the law orders them. What nobody owes stays with the named claim, where it is owed back.

    :param on: the payment's value date.
    :returns: claims with what each gets, together the amount; the claim alone when no plan spreads it.
    """
    rows = unit.session.connection().execute(_TOGETHER, {"c": creditor_id, "claim": claim_id}).all()
    if len(rows) < 2 or all(row.id != claim_id for row in rows):
        return [(claim_id, amount)]
    asked = itemise_many(unit, keys=[(creditor_id, row.id) for row in rows], on=on)
    shares = allocate_over_claims(
        law=Law(next(row.law for row in rows if row.id == claim_id)),
        paid=amount,
        on=on,
        claims=[
            OpenClaim(
                key=str(row.id),
                costs=asked[creditor_id, row.id].costs + asked[creditor_id, row.id].costs_vat,
                interest=asked[creditor_id, row.id].interest,
                principal=asked[creditor_id, row.id].principal,
                due=row.due_on,
                arose=row.arose or row.due_on,
            )
            for row in rows
        ],
        designated=[str(claim_id)],
    )
    given = {UUID(key): part.costs + part.interest + part.principal for key, part in shares.by_claim.items()}
    given[claim_id] += shares.over
    return [(each, share) for each, share in given.items() if share]
