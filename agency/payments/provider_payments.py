"""What the provider says about a payment, brought into the books.

Only the fetched payment counts, never what a webhook claims. What is booked is brought to what the provider
says now, so notices that come twice, late or in another order end in the same ledger. Questions are
numbered: an answer to an older question than the latest is not applied.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, func, select

from agency.kernel.locks import lock_claims
from agency.kernel.unit import Unit, agency_day
from agency.money import Money
from agency.payments.held import release
from agency.payments.intents import parts_of
from agency.payments.models import (
    HeldPayment,
    IntentState,
    Payment,
    PaymentIntent,
    PaymentSource,
    Refund,
    RefundRoute,
    RefundState,
)
from agency.payments.provider_refunds import take_refunds
from agency.payments.settlement import Incoming, reverse_payment, settle_many
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
    of_parts = [part.claim_id for part in parts_of(unit, intent)]
    lock_claims(unit, creditor_id=intent.creditor_id, claim_ids=[intent.claim_id, *of_parts])
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
        take_refunds(unit, creditor_id=intent.creditor_id, said=answer.refunds)
        kept = answer.amount - answer.amount_refunded - answer.amount_charged_back
        _bring_to(unit, intent, max(kept, Money.zero(kept.currency)))


def give_up(unit: Unit, *, question: Question) -> None:
    """This function will end an intent that the provider never knew, unless something newer is known."""
    intent = unit.session.get(PaymentIntent, (question.creditor_id, question.intent_id), with_for_update=True)
    if intent is not None and intent.generation == question.generation and intent.provider_ref is None:
        intent.state = IntentState.EXPIRED
        unit.session.add(intent)


def _bring_to(unit: Unit, intent: PaymentIntent, kept: Money) -> None:
    """Book, take back, or take back and book again, until exactly `kept` stands for this payment: on its
    claim, or on each of the claims that it is for.

    What went back by refunds of our own is booked as such: it is not expected to be kept any more.
    """
    history = sorted(
        (*_booked(unit, intent, Payment), *_booked(unit, intent, HeldPayment)),
        key=lambda one: int(one.source_key.rpartition("#")[2]),
    )
    standing = [(one, _expected(unit, one)) for one in history if not _is_over(one)]
    if sum(minor for _, minor in standing) == kept.minor:
        return
    shares = _shares(unit, intent, kept.minor, history, standing)
    left = shares.copy()
    for one, minor in standing:
        if left.get(one.claim_id) == minor:  # this part stands as it should: it is left alone
            del left[one.claim_id]
        else:
            _take_back(unit, one)
    if left:
        assert intent.paid_at is not None, "a paid intent knows when"
        day = agency_day(intent.paid_at)
        settle_many(
            unit,
            [
                Incoming(
                    creditor_id=intent.creditor_id,
                    claim_id=claim_id,
                    source=PaymentSource.PSP,
                    source_key=f"{intent.provider_ref}#{number}",
                    amount=Money(minor, kept.currency),
                    value_on=day,
                    trust_account=TRUST_PSP,
                )
                for number, (claim_id, minor) in enumerate(left.items(), len(history) + 1)
            ],
        )


def _shares(
    unit: Unit,
    intent: PaymentIntent,
    kept: int,
    history: Sequence[Payment | HeldPayment],
    standing: Sequence[tuple[Payment | HeldPayment, int]],
) -> dict[UUID, int]:
    """What each claim should have of what is kept, in minor units.

    Finance may have booked a part on another claim than it was begun for: what stands goes first. Of less
    than all, the claims get theirs in the order in which they were to be paid off, the last what is left.
    """
    parts = [(part.claim_id, part.amount_minor) for part in parts_of(unit, intent)]
    if not parts:
        return {history[-1].claim_id if history else intent.claim_id: kept} if kept else {}
    stands = Counter[UUID]()
    for one, minor in standing:
        stands[one.claim_id] += minor
    place = {claim_id: number for number, (claim_id, _) in enumerate(parts)}
    in_order = sorted(stands.items(), key=lambda one: place.get(one[0], len(place)))
    wanted = in_order if sum(stands.values()) > kept else parts
    shares: dict[UUID, int] = {}
    for claim_id, most in wanted:
        if share := min(most, kept - sum(shares.values())):
            shares[claim_id] = share
    rest = kept - sum(shares.values())
    if rest:  # more than was asked for: it is owed back on the claim that came first
        first = wanted[0][0]
        shares[first] = shares.get(first, 0) + rest
    return shares


def _booked(
    unit: Unit, intent: PaymentIntent, kind: type[Payment] | type[HeldPayment]
) -> Sequence[Payment | HeldPayment]:
    rows = unit.session.exec(
        select(kind)
        .where(
            kind.creditor_id == intent.creditor_id,
            col(kind.source) == PaymentSource.PSP,
            col(kind.source_key).startswith(f"{intent.provider_ref}#", autoescape=True),
        )
        .execution_options(populate_existing=True)
    )
    return cast(Sequence[Payment | HeldPayment], rows.all())


def _is_over(one: Payment | HeldPayment) -> bool:
    return (one.reversed_at if isinstance(one, Payment) else one.ended_at) is not None


def _expected(unit: Unit, standing: Payment | HeldPayment) -> int:
    """What the provider should still have of it: all but what it gave back because we asked."""
    of = Refund.payment_id if isinstance(standing, Payment) else Refund.held_id
    given = unit.session.exec(
        select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(
            Refund.creditor_id == standing.creditor_id,
            of == standing.id,
            Refund.route == RefundRoute.PROVIDER,
            Refund.state == RefundState.PAID,
        )
    ).one()
    return standing.amount_minor - int(given)


def _take_back(unit: Unit, standing: Payment | HeldPayment) -> None:
    why = "refunded or charged back at the payment provider"
    if isinstance(standing, HeldPayment):
        release(unit, held=standing, why=why)
        return
    reverse_payment(
        unit,
        creditor_id=standing.creditor_id,
        payment_id=standing.id,
        why=why,
        effective_on=unit.today,
    )
