"""Booking money that was held: the claim takes it now, or another claim of the same creditor does."""

from uuid import UUID

from sqlalchemy import text

from agency.kernel.audit import record
from agency.kernel.errors import Conflict, NotFound
from agency.kernel.locks import lock_claims
from agency.kernel.unit import Unit
from agency.money import Money
from agency.payments.held import release
from agency.payments.models import HeldPayment, PaymentSource
from agency.payments.settlement import settle

TRUST_PSP = "trust.psp"


class UnableToBookHeld(Conflict):
    """The money is not held any more, is going back, or the claim takes none."""


def book_held(unit: Unit, *, creditor_id: UUID, held_id: UUID, claim_id: UUID) -> UUID:
    """This function will book held money on a claim of its creditor, by a person's decision.

    :returns: the payment.
    :raises NotFound: the creditor has no such money held, or no such claim.
    :raises UnableToBookHeld: it is going back already, or the claim takes no payments.
    """
    held = unit.session.get(HeldPayment, (creditor_id, held_id))
    if held is None:
        raise NotFound("no such payment")
    lock_claims(unit, creditor_id=creditor_id, claim_ids=[held.claim_id, claim_id])
    unit.session.refresh(held, with_for_update=True)
    if held.ended_at is not None:
        raise UnableToBookHeld("this money is not held any more")
    if held.refund_minor:
        raise UnableToBookHeld("a refund of this money is under way; cancel that first")
    release(unit, held=held, why="booked on a claim")
    settled = settle(
        unit,
        creditor_id=creditor_id,
        claim_id=claim_id,
        source=PaymentSource(held.source),
        source_key=_next_key(unit, held),
        amount=Money(held.amount_minor, held.currency),
        value_on=held.value_on,
        trust_account=TRUST_PSP,
    )
    if settled.payment_id is None:
        raise UnableToBookHeld("this claim takes no payment either")
    record(
        unit,
        action="held_payment.booked",
        subject=f"held_payment:{held_id}",
        creditor_id=creditor_id,
        facts={"claim": str(claim_id)},
    )
    return settled.payment_id


def _next_key(unit: Unit, held: HeldPayment) -> str:
    """The provider's payment with the next number: each booking of it, held or not, has its own."""
    ref = held.source_key.partition("#")[0]
    before = unit.session.connection().execute(
        text(
            "SELECT (SELECT count(*) FROM payment WHERE creditor_id = :c AND source = :source"
            "  AND split_part(source_key, '#', 1) = :ref) + (SELECT count(*) FROM held_payment"
            "  WHERE creditor_id = :c AND source = :source AND split_part(source_key, '#', 1) = :ref)"
        ),
        {"c": held.creditor_id, "source": PaymentSource(held.source).value, "ref": ref},
    )
    return f"{ref}#{before.scalar_one() + 1}"
