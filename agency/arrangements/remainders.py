"""The little that is left of a claim that was paid otherwise: waived by house policy, owed again when the
payment is taken back."""

from datetime import date
from uuid import UUID

from sqlalchemy import text

from agency.claims.giving_up import take_back, waive_rest
from agency.claims.itemisation import itemise
from agency.claims.models import Claim
from agency.claims.states import ClaimState
from agency.events import PaymentReceived, PaymentReversed
from agency.kernel.locks import lock_claims
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.remainder import small_remainder

_PAID_ON = text(
    "SELECT max(value_on) FROM payment WHERE creditor_id = :c AND claim_id = :claim AND reversed_at IS NULL"
)
WHY = "a small remainder of interest on a claim that was paid otherwise"
_STANDING = text(
    "SELECT t.id FROM ledger_transaction t WHERE t.creditor_id = :c AND t.book = 'claims'"
    " AND t.kind = 'waiver' AND (t.source_key = :key OR starts_with(t.source_key, :key || '#'))"
    " AND NOT EXISTS (SELECT FROM ledger_transaction r WHERE r.creditor_id = t.creditor_id"
    "  AND r.reverses_id = t.id)"
)


def waive_small_remainder(unit: Unit, event: PaymentReceived) -> None:
    """This reaction will waive the interest that ran while a payment was under way; the claim is paid."""
    assert event.claim_id is not None, "a payment is of a claim"
    _waive(unit, event.creditor_id, event.claim_id)


def owe_remainder_again(unit: Unit, event: PaymentReversed) -> None:
    """This reaction will take the waiver of a remainder back with the payment that it rested on."""
    creditor_id, claim_id = event.creditor_id, event.claim_id
    assert claim_id is not None, "a payment is of a claim"
    lock_claims(unit, creditor_id=creditor_id, claim_ids=[claim_id])
    found = unit.session.connection().execute(_STANDING, {"c": creditor_id, "key": _key(claim_id)})
    for transaction_id in found.scalars().all():
        take_back(
            unit,
            creditor_id=creditor_id,
            transaction_id=transaction_id,
            key=f"remainder:{transaction_id}",
            why="the payment before it was taken back",
        )
        # What was taken back may have been overpaid only: then the remainder is as small as before.
        _waive(unit, creditor_id, claim_id)


def _waive(unit: Unit, creditor_id: UUID, claim_id: UUID) -> None:
    claim = unit.session.get_one(Claim, (creditor_id, claim_id), populate_existing=True)
    if claim.state != ClaimState.ACTIVE:
        return  # most payments pay all: nothing is locked nor worked out for them
    lock_claims(unit, creditor_id=creditor_id, claim_ids=[claim_id])
    owed = itemise(unit, creditor_id=creditor_id, claim_id=claim_id, on=unit.today)
    interest = Money.total((line.amount for line in owed.lines if line.label == "interest"), claim.currency)
    # Who paid within the notice's term owes its costs over nothing but the remainder: they go with it, also
    # when the bank told of the money after it.
    left = owed.total - owed.costs - owed.costs_vat if _paid_in_time(unit, claim) else owed.total
    if owed.paid and small_remainder(left=left, interest=interest, on=unit.today).waived:
        waive_rest(
            unit, creditor_id=creditor_id, claim_id=claim_id, key=_key(claim_id), why=WHY, close_code="paid"
        )


def _paid_in_time(unit: Unit, claim: Claim) -> bool:
    if claim.costs_from is None:
        return False
    paid_on = unit.session.connection().execute(_PAID_ON, {"c": claim.creditor_id, "claim": claim.id})
    last: date | None = paid_on.scalar_one()
    return last is not None and last < claim.costs_from


def _key(claim_id: UUID) -> str:
    return f"remainder:{claim_id}"
