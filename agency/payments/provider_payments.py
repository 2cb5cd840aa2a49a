"""What the provider says about a payment, brought into the books.

Only the fetched payment counts, never what a webhook claims. What is booked is brought to what the provider
says now, so notices that come twice, late or in another order end in the same ledger. Questions are
numbered: an answer to an older question than the latest is not applied.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.kernel.locks import lock_claims
from agency.kernel.unit import AGENCY_ZONE, Unit
from agency.money import Money
from agency.payments.models import IntentState, Payment, PaymentIntent, PaymentSource
from agency.payments.settlement import HELD, reverse_payment, settle
from agency.ports.providers import ProviderPayment

TRUST_PSP = "trust.psp"


@dataclass(frozen=True, slots=True)
class Question:
    """A numbered question about one intent; `ref` is None while the provider's answer was lost."""

    creditor_id: UUID
    intent_id: UUID
    ref: str | None
    generation: int


def ask(unit: Unit, *, intent_id: UUID | None = None, ref: str | None = None) -> Question | None:
    """This function will number a question about an intent, by its own id or the provider's reference.

    :returns: None when we have no such intent.
    """
    row = unit.session.connection().execute(
        text(
            "UPDATE payment_intent SET generation = generation + 1"
            " WHERE id = CAST(:id AS uuid) OR provider_ref = CAST(:ref AS text)"
            " RETURNING creditor_id, id, provider_ref, generation"
        ),
        {"id": intent_id, "ref": ref},
    )
    found = row.one_or_none()
    return Question(*found) if found else None


def apply_answer(unit: Unit, *, question: Question, answer: ProviderPayment) -> None:
    """This function will bring the books to what the provider says, unless a newer question was asked."""
    intent = unit.session.get(PaymentIntent, (question.creditor_id, question.intent_id))
    assert intent is not None, "questions are only asked about intents that exist"
    lock_claims(unit, creditor_id=intent.creditor_id, claim_ids=[intent.claim_id])
    unit.session.refresh(intent, with_for_update=True)
    if intent.generation != question.generation:
        return
    intent.provider_ref = answer.ref
    intent.method = answer.method or intent.method
    state = IntentState(answer.status)
    # What was paid stays paid: a refund or a chargeback is a reversal, not another state.
    if intent.state != IntentState.PAID:
        intent.state = state
    if state is IntentState.PAID:
        intent.paid_at = intent.paid_at or answer.paid_at or unit.now
    unit.session.add(intent)
    unit.session.flush()
    if intent.state == IntentState.PAID:
        kept = answer.amount - answer.amount_refunded - answer.amount_charged_back
        _bring_to(unit, intent, max(kept, Money.zero(kept.currency)))


def give_up(unit: Unit, *, question: Question) -> None:
    """This function will end an intent that the provider never knew, unless something newer is known."""
    intent = unit.session.get(PaymentIntent, (question.creditor_id, question.intent_id), with_for_update=True)
    if intent is not None and intent.generation == question.generation and intent.provider_ref is None:
        intent.state = IntentState.EXPIRED
        unit.session.add(intent)


def _bring_to(unit: Unit, intent: PaymentIntent, kept: Money) -> None:
    """Book, reverse, or reverse and book again, until exactly `kept` stands for this payment."""
    history = list(
        unit.session.exec(
            select(Payment)
            .where(
                Payment.creditor_id == intent.creditor_id,
                Payment.source == PaymentSource.PSP,
                col(Payment.source_key).startswith(f"{intent.provider_ref}#"),
            )
            .order_by(col(Payment.created_at))
        )
    )
    standing = next((payment for payment in history if payment.reversed_at is None), None)
    if (standing.amount_minor if standing else 0) == kept.minor:
        return
    if standing is not None:
        reverse_payment(
            unit,
            creditor_id=intent.creditor_id,
            payment_id=standing.id,
            why="refunded or charged back at the payment provider",
            effective_on=unit.today,
        )
    if kept and not _held(unit, intent):
        assert intent.paid_at is not None, "a paid intent knows when"
        settle(
            unit,
            creditor_id=intent.creditor_id,
            claim_id=intent.claim_id,
            source=PaymentSource.PSP,
            source_key=f"{intent.provider_ref}#{len(history) + 1}",
            amount=kept,
            value_on=intent.paid_at.astimezone(AGENCY_ZONE).date(),
            trust_account=TRUST_PSP,
        )


def _held(unit: Unit, intent: PaymentIntent) -> bool:
    """Whether the money was put in suspense before, where it waits for finance's decision."""
    found = unit.session.connection().execute(
        text(
            "SELECT EXISTS (SELECT FROM ledger_transaction WHERE creditor_id = :c AND kind = :held"
            " AND source_key = :key)"
        ),
        {"c": intent.creditor_id, "held": HELD, "key": f"psp:{intent.provider_ref}#1"},
    )
    return bool(found.scalar_one())
