"""Booking money on claims: both allocations of a payment, in one transaction with everything that follows.

The debtor's side is the law's (costs, interest, principal). The creditor's side is the contract's: who keeps
the costs and the interest. Overpaid money is owed back to the debtor and never reaches the creditor.
One payment and many go through the same steps; many share their statements.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import text

from agency.claims.build_up import ItemisedClaim
from agency.claims.giving_up import was_ended
from agency.claims.itemisation import CRYSTALLISATION, ClaimKey, itemise_each
from agency.claims.lifecycle import claims_changed, move, move_many
from agency.claims.models import Claim
from agency.claims.states import ClaimState
from agency.events import PaymentHeld, PaymentReceived, PaymentReversed
from agency.kernel.emitting import emit
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.locks import lock_claims, lock_claims_of
from agency.kernel.unit import Unit
from agency.ledger.models import Book
from agency.ledger.posting import Leg, Posting, post_many, reverse
from agency.money import Money
from agency.payments.cases import Case, Incoming, booked_before, read_cases, why_held
from agency.payments.held import hold
from agency.payments.models import Payment, PaymentSource
from agency.payments.notice_costs import recompute_announced_costs
from agency.payments.refunds import SUSPENSE, stop_refunds_of
from agency.rules.allocation import Allocation, allocate
from agency.rules.contract_split import split_by_contract
from agency.rules.trace import as_json

__all__ = ["Incoming", "Settled", "UnableToSettle", "reverse_payment", "settle", "settle_many"]


NOTHING_OWED: Final = "nothing_owed"


class UnableToSettle(Invalid):
    """The amount cannot be booked as a payment."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of incoming money: booked as a payment, or held with the reason."""

    outcome: Literal["booked", "held"]
    payment_id: UUID | None = None
    reason: str = ""


def settle(
    unit: Unit,
    *,
    creditor_id: UUID,
    claim_id: UUID,
    source: PaymentSource,
    source_key: str,
    amount: Money,
    value_on: date,
    trust_account: str | None,
) -> Settled:
    """This function will book one payment on a claim, once per source and key.

    :param value_on: the day that counts for interest and terms.
    :raises UnableToSettle: the amount is not positive.
    :raises KeyReused: the key stands with another amount or claim.
    :raises NotFound: the creditor has no such claim.
    """
    incoming = Incoming(
        creditor_id=creditor_id,
        claim_id=claim_id,
        source=source,
        source_key=source_key,
        amount=amount,
        value_on=value_on,
        trust_account=trust_account,
    )
    return settle_many(unit, [incoming])[0]


def settle_many(unit: Unit, incoming: Sequence[Incoming]) -> list[Settled]:
    """This function will book payments in the order given, with a fixed number of statements for all that
    concern different claims.

    :raises UnableToSettle, KeyReused, NotFound: see `settle`; then none is booked.
    """
    for one in incoming:
        if one.amount.minor <= 0:
            raise UnableToSettle(f"{one.amount} is not an amount that was paid")
    unit.session.flush()
    lock_claims_of(unit, keys=[one.claim for one in incoming])
    settled = {at: Settled("booked", found) for at, found in booked_before(unit, incoming).items()}
    while len(settled) < len(incoming):
        settled |= _settle_round(unit, _next_round(incoming, settled))
    claims_changed(unit, keys={one.claim for one in incoming})
    return [settled[position] for position in range(len(incoming))]


def _next_round(incoming: Sequence[Incoming], settled: Mapping[int, Settled]) -> dict[int, Incoming]:
    """Take the first open payment of each claim: the second one depends on what the first left."""
    chosen: dict[ClaimKey, tuple[int, Incoming]] = {}
    for position, one in enumerate(incoming):
        if position not in settled:
            chosen.setdefault(one.claim, (position, one))
    return dict(chosen.values())


def _settle_round(unit: Unit, round_: Mapping[int, Incoming]) -> dict[int, Settled]:
    cases = dict(zip(round_, read_cases(unit, list(round_.values())), strict=True))
    refused = {position: why_held(case) or _nothing_owed(unit, case) for position, case in cases.items()}
    settled = {
        position: _hold(unit, cases[position].incoming, reason)
        for position, reason in refused.items()
        if reason
    }
    booked = {position: case for position, case in cases.items() if not refused[position]}
    if booked:
        recompute_announced_costs(unit, list(booked.values()))
        payments = _book(unit, list(booked.values()))
        settled |= {at: Settled("booked", payment) for at, payment in zip(booked, payments, strict=True)}
    return settled


def _nothing_owed(unit: Unit, case: Case) -> str:
    """Refuse what was paid to the creditor for a claim on which nothing is owed: none of it is the claim's,
    and no money of it stands with us, so that there is nothing to book."""
    if case.incoming.trust_account is not None:
        return ""
    [asked] = itemise_each(unit, days={case.incoming.claim: case.on}).values()
    return "" if asked.total else NOTHING_OWED


def _hold(unit: Unit, one: Incoming, reason: str) -> Settled:
    """Leave bank money in suspense, move the provider's into it, and tell finance why. What the creditor has
    itself waits for nobody here."""
    if one.trust_account is None:
        return Settled("held", reason=reason)
    if one.trust_account != SUSPENSE:
        hold(
            unit,
            creditor_id=one.creditor_id,
            claim_id=one.claim_id,
            source=one.source,
            source_key=one.source_key,
            amount=one.amount,
            value_on=one.value_on,
            trust_account=one.trust_account,
            reason=reason,
        )
    emit(
        unit,
        PaymentHeld(
            creditor_id=one.creditor_id,
            claim_id=one.claim_id,
            amount_minor=one.amount.minor,
            currency=one.amount.currency,
            source=one.source.value,
            reason=reason,
        ),
    )
    return Settled("held", reason=reason)


_PAYMENTS = text(
    "INSERT INTO payment (creditor_id, id, created_at, claim_id, source, source_key, amount_minor, currency,"
    " value_on, costs_minor, interest_minor, principal_minor, over_minor, to_creditor_minor, to_agency_minor,"
    " transaction_id, trace)"
    " SELECT p.creditor_id, p.id, :now, p.claim_id, p.source, p.source_key, p.amount_minor, p.currency,"
    " p.value_on, p.costs_minor, p.interest_minor, p.principal_minor, p.over_minor, p.to_creditor_minor,"
    " p.to_agency_minor, p.transaction_id, p.trace FROM jsonb_to_recordset(CAST(:payments AS jsonb))"
    " AS p(creditor_id uuid, id uuid, claim_id uuid, source text, source_key text, amount_minor bigint,"
    "  currency text, value_on date, costs_minor bigint, interest_minor bigint, principal_minor bigint,"
    "  over_minor bigint, to_creditor_minor bigint, to_agency_minor bigint, transaction_id uuid, trace jsonb)"
)


@dataclass(frozen=True, slots=True)
class _Booking:
    """A payment that is being booked: what was asked on its day, and how both sides divide it."""

    case: Case
    asked: ItemisedClaim
    parts: Allocation
    to_creditor: Money
    to_agency: Money


def _book(unit: Unit, cases: Sequence[Case]) -> list[UUID]:
    asked = itemise_each(unit, days={case.incoming.claim: case.on for case in cases})
    bookings = [_divide(case, asked[case.incoming.claim]) for case in cases]
    postings = [list(_postings(booking)) for booking in bookings]
    posted = iter(post_many(unit, [posting for many in postings for posting in many]))
    ids = [new_id() for _ in bookings]
    rows = []
    for booking, many, payment_id in zip(bookings, postings, ids, strict=True):
        transactions = {posting.book: next(posted) for posting in many}
        stands_in = transactions.get(Book.TRUST) or transactions[Book.CLAIMS]
        rows.append(_payment_row(booking, payment_id, stands_in))
    unit.session.connection().execute(_PAYMENTS, {"payments": json.dumps(rows), "now": unit.now})
    paid_off = [booking.case.incoming.claim for booking in bookings if _pays_off(booking)]
    move_many(unit, keys=paid_off, to=ClaimState.PAID, why="paid in full")
    told = [
        _received(booking.case.incoming, payment_id)
        for booking, payment_id in zip(bookings, ids, strict=True)
    ]
    emit(unit, *told)
    return ids


def _pays_off(booking: _Booking) -> bool:
    applied = booking.case.incoming.amount - booking.parts.over
    return booking.case.state == ClaimState.ACTIVE and applied == booking.asked.total


def _divide(case: Case, asked: ItemisedClaim) -> _Booking:
    """Divide a payment by law for the debtor, and by the creditor's terms between creditor and agency."""
    one = case.incoming
    parts = allocate(
        law=case.law,
        paid=one.amount,
        costs=asked.costs + asked.costs_vat,
        interest=asked.interest,
        principal=asked.principal,
    )
    if one.trust_account is None:
        return _Booking(case, asked, parts, one.amount - parts.over, Money.zero(one.amount.currency))
    split = split_by_contract(parts=parts, costs_to=case.costs_to, interest_to=case.interest_to)
    return _Booking(case, asked, parts, split.creditor, split.agency)


def _postings(booking: _Booking) -> Iterator[Posting]:
    case, parts = booking.case, booking.parts
    yield from _crystallisation(case, booking.asked)
    one = case.incoming
    applied = one.amount - parts.over
    if applied:
        legs = [Leg("claims.control", applied, one.claim_id)]
        for account, amount in (
            ("claims.costs", parts.costs),
            ("claims.interest", parts.interest),
            ("claims.principal", parts.principal),
        ):
            legs.append(Leg(account, -amount, one.claim_id))
        yield _posting(case, Book.CLAIMS, legs, case.on)
    if one.trust_account is not None:
        trust = [
            Leg(one.trust_account, one.amount, one.claim_id),
            Leg("trust.creditor", -booking.to_creditor, one.claim_id),
            Leg("trust.agency", -booking.to_agency, one.claim_id),
            Leg("trust.debtor", -parts.over, one.claim_id),
        ]
        yield _posting(case, Book.TRUST, trust, one.value_on)
        if booking.to_agency:
            income = [
                Leg("agency.trust", booking.to_agency, one.claim_id),
                Leg("agency.costs_income", -booking.to_agency, one.claim_id),
            ]
            yield _posting(case, Book.AGENCY, income, one.value_on)


def _crystallisation(case: Case, asked: ItemisedClaim) -> Iterator[Posting]:
    """Fix in the ledger what ran until this payment, so that the books show what it paid off."""
    claim_id = case.incoming.claim_id
    interest = asked.interest - Money(case.booked_interest, case.currency)
    costs = asked.costs + asked.costs_vat - Money(case.booked_costs, case.currency)
    if interest or costs:
        legs = [
            Leg("claims.interest", interest, claim_id),
            Leg("claims.costs", costs, claim_id),
            Leg("claims.control", -(interest + costs), claim_id),
        ]
        yield _posting(case, Book.CLAIMS, legs, case.on, kind=CRYSTALLISATION)


def _posting(case: Case, book: Book, legs: Sequence[Leg], on: date, *, kind: str = "payment") -> Posting:
    return Posting(
        creditor_id=case.incoming.creditor_id,
        book=book,
        kind=kind,
        source_key=case.incoming.key,
        legs=tuple(leg for leg in legs if leg.amount),
        effective_on=on,
    )


def _payment_row(booking: _Booking, payment_id: UUID, transaction_id: UUID) -> dict[str, Any]:
    one, parts = booking.case.incoming, booking.parts
    return {
        "creditor_id": str(one.creditor_id),
        "id": str(payment_id),
        "claim_id": str(one.claim_id),
        "source": one.source.value,
        "source_key": one.source_key,
        "amount_minor": one.amount.minor,
        "currency": one.amount.currency,
        "value_on": one.value_on.isoformat(),
        "costs_minor": parts.costs.minor,
        "interest_minor": parts.interest.minor,
        "principal_minor": parts.principal.minor,
        "over_minor": parts.over.minor,
        "to_creditor_minor": booking.to_creditor.minor,
        "to_agency_minor": booking.to_agency.minor,
        "transaction_id": str(transaction_id),
        "trace": as_json(parts.trace),
    }


def _received(one: Incoming, payment_id: UUID) -> PaymentReceived:
    return PaymentReceived(
        creditor_id=one.creditor_id,
        claim_id=one.claim_id,
        payment_id=payment_id,
        amount_minor=one.amount.minor,
        currency=one.amount.currency,
        source=one.source.value,
    )


def reverse_payment(
    unit: Unit, *, creditor_id: UUID, payment_id: UUID, why: str, effective_on: date | None = None
) -> None:
    """This function will take a payment back: every transaction of it reversed, the claim back at work.

    A payment that was taken back already stays so.

    :param effective_on: the day on which the money left again; None when the payment never was, so that
        it is taken back as of its own day.
    :raises NotFound: the creditor has no such payment.
    """
    payment = unit.session.get(Payment, (creditor_id, payment_id))
    if payment is None:
        raise NotFound("no such payment")
    lock_claims(unit, creditor_id=creditor_id, claim_ids=[payment.claim_id])
    unit.session.refresh(payment)
    if payment.reversed_at is not None:
        return
    stop_refunds_of(unit, creditor_id=creditor_id, payment_id=payment_id, why=why)
    source_key = f"{PaymentSource(payment.source).value}:{payment.source_key}"
    for transaction_id, own_day in _transactions(unit, creditor_id, source_key):
        reverse(
            unit,
            creditor_id=creditor_id,
            transaction_id=transaction_id,
            source_key=source_key,
            why=why,
            effective_on=effective_on or own_day,
        )
    payment.reversed_at = unit.now
    unit.session.add(payment)
    unit.session.flush()
    claim = unit.session.get(Claim, (creditor_id, payment.claim_id), populate_existing=True)
    assert claim is not None, "a payment's claim exists by foreign key"
    if was_ended(claim) and payment.amount_minor > payment.over_minor:
        move(unit, claim=claim, to=ClaimState.ACTIVE, why=why)
    emit(
        unit,
        PaymentReversed(
            creditor_id=creditor_id,
            claim_id=payment.claim_id,
            payment_id=payment_id,
            amount_minor=payment.amount_minor,
            currency=payment.currency,
        ),
    )


def _transactions(unit: Unit, creditor_id: UUID, source_key: str) -> list[tuple[UUID, date]]:
    rows = unit.session.connection().execute(
        text(
            "SELECT id, effective_on FROM ledger_transaction WHERE creditor_id = :c AND kind = 'payment'"
            " AND source_key = :key AND book IN ('claims', 'trust', 'agency') ORDER BY book"
        ),
        {"c": creditor_id, "key": source_key},
    )
    return [(row.id, row.effective_on) for row in rows]
