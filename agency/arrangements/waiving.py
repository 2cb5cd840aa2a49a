"""Forgiving what is left of a claim: written in the ledger as what it is, never as a payment."""

from uuid import UUID

from agency.claims.itemisation import CRYSTALLISATION, itemise
from agency.claims.lifecycle import claim_to_change, move
from agency.claims.states import ClaimState
from agency.kernel.unit import Unit
from agency.ledger.models import Book
from agency.ledger.posting import Leg, Posting, post_many
from agency.ledger.queries import claim_balance

WAIVER = "waiver"


def waive_rest(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID, key: str, why: str, close_code: str
) -> UUID | None:
    """This function will waive everything that is still owed on a claim and close it as paid.

    What ran until today is fixed first, so that the books show what was forgiven.

    :param key: names the agreement that it follows from; the same key waives once.
    :returns: the waiver's transaction; None when nothing was owed.
    :raises NotFound: the creditor has no such claim.
    """
    claim = claim_to_change(unit, creditor_id=creditor_id, claim_id=claim_id)
    owed = itemise(unit, creditor_id=creditor_id, claim_id=claim_id, on=unit.today)
    booked = claim_balance(unit, creditor_id=creditor_id, claim_id=claim_id)
    costs = owed.costs + owed.costs_vat
    ran = (owed.interest - booked.interest, costs - booked.costs)
    fixed = (
        Leg("claims.interest", ran[0], claim_id),
        Leg("claims.costs", ran[1], claim_id),
        Leg("claims.control", -(ran[0] + ran[1]), claim_id),
    )
    forgiven = (
        Leg("claims.control", owed.total, claim_id),
        Leg("claims.costs", -costs, claim_id),
        Leg("claims.interest", -owed.interest, claim_id),
        Leg("claims.principal", -owed.principal, claim_id),
    )
    postings = [
        Posting(
            creditor_id=creditor_id,
            book=Book.CLAIMS,
            kind=kind,
            source_key=key,
            legs=tuple(leg for leg in legs if leg.amount),
            effective_on=unit.today,
            memo=why,
        )
        for kind, legs in ((CRYSTALLISATION, fixed), (WAIVER, forgiven))
        if any(leg.amount for leg in legs)
    ]
    ids = post_many(unit, postings)
    if claim.state == ClaimState.ACTIVE:
        move(unit, claim=claim, to=ClaimState.PAID, why=why, close_code=close_code)
    return ids[-1] if owed.total else None
