"""Money at the provider for a claim that takes none: held in suspense until it is booked or given back."""

from datetime import date
from uuid import UUID

from sqlmodel import select

from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.ledger.models import Book
from agency.ledger.posting import Leg, Posting, post_many, reverse
from agency.money import Money
from agency.payments.models import HeldPayment, PaymentSource
from agency.payments.refunds import SUSPENSE, stop_refunds_of

HELD = "payment_held"


def hold(
    unit: Unit,
    *,
    creditor_id: UUID,
    claim_id: UUID,
    source: PaymentSource,
    source_key: str,
    amount: Money,
    value_on: date,
    trust_account: str,
    reason: str,
) -> UUID:
    """This function will move money from where it stands into suspense and write down that it waits.

    The same source and key is held once; returns its id.
    """
    held = unit.session.exec(
        select(HeldPayment).where(
            HeldPayment.creditor_id == creditor_id,
            HeldPayment.source == source,
            HeldPayment.source_key == source_key,
        )
    ).one_or_none()
    if held is not None:
        return held.id
    posting = Posting(
        creditor_id=creditor_id,
        book=Book.TRUST,
        kind=HELD,
        source_key=f"{source}:{source_key}",
        legs=(Leg(trust_account, amount, claim_id), Leg(SUSPENSE, -amount, claim_id)),
        effective_on=value_on,
        memo=reason,
    )
    [transaction_id] = post_many(unit, [posting])
    held = HeldPayment(
        creditor_id=creditor_id,
        id=new_id(),
        created_at=unit.now,
        claim_id=claim_id,
        source=source,
        source_key=source_key,
        amount_minor=amount.minor,
        currency=amount.currency,
        value_on=value_on,
        reason=reason,
        transaction_id=transaction_id,
    )
    unit.session.add(held)
    unit.session.flush()
    return held.id


def release(unit: Unit, *, held: HeldPayment, why: str) -> None:
    """This function will end a holding whose claim the caller has locked: its posting is reversed, refunds
    that were not carried out are cancelled, and those of the provider count as never booked."""
    stop_refunds_of(unit, creditor_id=held.creditor_id, held_id=held.id, why=why)
    reverse(
        unit,
        creditor_id=held.creditor_id,
        transaction_id=held.transaction_id,
        source_key=f"{PaymentSource(held.source).value}:{held.source_key}",
        why=why,
    )
    held.ended_at = unit.now
    unit.session.add(held)
    unit.session.flush()
