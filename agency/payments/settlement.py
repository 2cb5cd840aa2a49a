"""Booking money on claims: both allocations of a payment, in one transaction with everything that follows.

The debtor's side is the law's (costs, interest, principal). The creditor's side is the contract's: who keeps
the costs and the interest. Overpaid money is owed back to the debtor and never reaches the creditor.
One payment and many go through the same steps; many share their statements.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import insert, text
from sqlmodel import col, select, tuple_

from agency.claims.build_up import ItemisedClaim
from agency.claims.itemisation import CRYSTALLISATION, ClaimKey, itemise_many
from agency.claims.lifecycle import move
from agency.claims.models import Claim
from agency.claims.states import ClaimState
from agency.events import Event, PaymentHeld, PaymentReceived, PaymentReversed
from agency.kernel.emitting import emit
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.locks import lock_claims
from agency.kernel.unit import Unit
from agency.ledger.models import Book
from agency.ledger.posting import KeyReused, Leg, Posting, post_many, reverse
from agency.money import Money
from agency.payments.held import hold
from agency.payments.models import Payment, PaymentSource
from agency.payments.notice_costs import recompute_announced_costs
from agency.payments.refunds import SUSPENSE, stop_refunds_of
from agency.rules.allocation import Allocation, allocate
from agency.rules.contract_split import Keeper, split_by_contract
from agency.rules.trace import as_json

NOTHING_OWED: Final = "nothing_owed"


class UnableToSettle(Invalid):
    """The amount cannot be booked as a payment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """Money for a claim. `source_key` is the provider's or the bank line's own; `trust_account` is where the
    money stands until it is booked, None when it was paid to the creditor directly."""

    creditor_id: UUID
    claim_id: UUID
    source: PaymentSource
    source_key: str
    amount: Money
    value_on: date
    trust_account: str | None

    @property
    def key(self) -> str:
        """The ledger's key of this payment."""
        return f"{self.source}:{self.source_key}"


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
    for creditor_id in sorted({one.creditor_id for one in incoming}):
        mine = [one.claim_id for one in incoming if one.creditor_id == creditor_id]
        lock_claims(unit, creditor_id=creditor_id, claim_ids=sorted(set(mine)))
    settled: dict[int, Settled] = _settled_before(unit, incoming)
    while len(settled) < len(incoming):
        settled |= _settle_round(unit, _next_round(incoming, settled))
    return [settled[position] for position in range(len(incoming))]


def _next_round(incoming: Sequence[Incoming], settled: dict[int, Settled]) -> dict[int, Incoming]:
    """Take the first open payment of each claim: the second one depends on what the first left."""
    chosen: dict[ClaimKey, tuple[int, Incoming]] = {}
    for position, one in enumerate(incoming):
        if position not in settled:
            chosen.setdefault((one.creditor_id, one.claim_id), (position, one))
    return dict(chosen.values())


def _settled_before(unit: Unit, incoming: Sequence[Incoming]) -> dict[int, Settled]:
    keys = {(one.creditor_id, one.source.value, one.source_key): at for at, one in enumerate(incoming)}
    if len(keys) != len(incoming):
        raise KeyReused("one payment was given twice")
    rows = unit.session.exec(
        select(Payment).where(
            tuple_(Payment.creditor_id, col(Payment.source), col(Payment.source_key)).in_(list(keys))
        )
    )
    found: dict[int, Settled] = {}
    for payment in rows:
        position = keys[payment.creditor_id, PaymentSource(payment.source).value, payment.source_key]
        one = incoming[position]
        if (payment.claim_id, payment.amount_minor) != (one.claim_id, one.amount.minor):
            raise KeyReused(f"{one.key} was booked before with another claim or amount")
        found[position] = Settled("booked", payment.id)
    return found


@dataclass(frozen=True, slots=True)
class _Case:
    """A payment with the claim it meets, and who keeps what."""

    incoming: Incoming
    claim: Claim
    on: date
    interest_to: Keeper
    costs_to: Keeper
    booked: dict[str, int]


def _settle_round(unit: Unit, round_: dict[int, Incoming]) -> dict[int, Settled]:
    cases = _read_cases(unit, list(round_.values()))
    refused = {
        position: _why_held(cases[claim_of(one)], one) or _nothing_owed(unit, one, on=cases[claim_of(one)].on)
        for position, one in round_.items()
    }
    held = {position: one for position, one in round_.items() if refused[position]}
    booked = {position: cases[claim_of(one)] for position, one in round_.items() if not refused[position]}
    settled = {
        position: _hold(unit, one, cases[claim_of(one)].claim, refused[position])
        for position, one in held.items()
    }
    for case in booked.values():
        recompute_announced_costs(
            unit, claim=case.claim, paid=case.incoming.amount, value_on=case.incoming.value_on
        )
    payments = _book(unit, list(booked.values()))
    return settled | {
        position: Settled("booked", payment_id) for position, payment_id in zip(booked, payments, strict=True)
    }


def claim_of(one: Incoming) -> ClaimKey:
    """This function will return the claim that a payment is for."""
    return one.creditor_id, one.claim_id


_CASES = text(
    "WITH wanted AS (SELECT * FROM unnest(CAST(:creditors AS uuid[]), CAST(:claims AS uuid[]),"
    "  CAST(:days AS date[])) AS k(creditor_id, claim_id, value_on))"
    " SELECT w.creditor_id, w.claim_id, coalesce(t.interest_to, 'creditor') AS interest_to,"
    " coalesce(t.costs_to, 'agency') AS costs_to, booked.last_on, booked.interest, booked.costs"
    " FROM wanted w LEFT JOIN LATERAL (SELECT interest_to, costs_to FROM creditor_terms t"
    "  WHERE t.creditor_id = w.creditor_id AND t.valid_from <= w.value_on"
    "  ORDER BY t.valid_from DESC LIMIT 1) AS t ON true"
    " CROSS JOIN LATERAL (SELECT max(x.effective_on) FILTER (WHERE x.kind <> 'opening') AS last_on,"
    "  coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'claims.interest'), 0)::bigint AS interest,"
    "  coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'claims.costs'), 0)::bigint AS costs"
    "  FROM ledger_entry e JOIN ledger_transaction x ON x.creditor_id = e.creditor_id"
    "  AND x.id = e.transaction_id AND x.book = 'claims'"
    "  WHERE e.creditor_id = w.creditor_id AND e.claim_id = w.claim_id) AS booked"
)


def _read_cases(unit: Unit, incoming: Sequence[Incoming]) -> dict[ClaimKey, _Case]:
    keys = [claim_of(one) for one in incoming]
    claims = {
        (claim.creditor_id, claim.id): claim
        for claim in unit.session.exec(
            select(Claim)
            .where(tuple_(Claim.creditor_id, col(Claim.id)).in_(keys))
            .execution_options(populate_existing=True)
        )
    }
    if len(claims) != len(keys):
        raise NotFound("no such claim")
    rows = unit.session.connection().execute(
        _CASES,
        {
            "creditors": [one.creditor_id for one in incoming],
            "claims": [one.claim_id for one in incoming],
            "days": [one.value_on for one in incoming],
        },
    )
    facts = {(row.creditor_id, row.claim_id): row for row in rows}
    cases = {}
    for one in incoming:
        row = facts[claim_of(one)]
        # An earlier value date that arrives late meets what later ones left, not what they already paid.
        on = max(one.value_on, row.last_on) if row.last_on else one.value_on
        cases[claim_of(one)] = _Case(
            one,
            claims[claim_of(one)],
            on,
            Keeper(row.interest_to),
            Keeper(row.costs_to),
            {"interest": row.interest, "costs": row.costs},
        )
    return cases


def _why_held(case: _Case, one: Incoming) -> str:
    """Return why the money may not be booked on the claim, empty when it may.

    A payment on a paid claim is booked: all of it is overpaid, so owed back to the debtor.
    """
    if one.amount.currency != case.claim.currency:
        return "other_currency"
    if case.claim.state in (ClaimState.WITHDRAWN, ClaimState.CLOSED):
        return f"claim_{case.claim.state}"
    if case.claim.state in (ClaimState.NEW, ClaimState.QUOTED):
        return "claim_not_accepted"
    return ""


def _nothing_owed(unit: Unit, one: Incoming, *, on: date) -> str:
    """Refuse what was paid to the creditor for a claim on which nothing is owed: none of it is the claim's,
    and no money of it stands with us, so that there is nothing to book."""
    if one.trust_account is not None:
        return ""
    asked = itemise_many(unit, keys=[claim_of(one)], on=on)[claim_of(one)]
    return "" if asked.total else NOTHING_OWED


def _hold(unit: Unit, one: Incoming, claim: Claim, reason: str) -> Settled:
    """Leave bank money in suspense, move the provider's into it, and tell finance why."""
    if one.trust_account not in (None, SUSPENSE):
        assert one.trust_account is not None
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
            claim_id=claim.id,
            amount_minor=one.amount.minor,
            currency=one.amount.currency,
            source=one.source.value,
            reason=reason,
        ),
    )
    return Settled("held", reason=reason)


def _book(unit: Unit, cases: Sequence[_Case]) -> list[UUID]:
    unit.session.flush()
    asked = _itemise(unit, cases)
    divided = [_allocate(case, claim) for case, claim in zip(cases, asked, strict=True)]
    postings = [
        list(_postings(case, claim, parts)) for case, claim, parts in zip(cases, asked, divided, strict=True)
    ]
    ids = iter(post_many(unit, [posting for many in postings for posting in many]))
    rows = []
    for case, parts, many in zip(cases, divided, postings, strict=True):
        transactions = {posting.book: next(ids) for posting in many}
        rows.append(_payment_row(unit, case, parts, transactions))
    if rows:
        unit.session.connection().execute(insert(Payment), rows)
    events: list[Event] = []
    for case, claim, parts, row in zip(cases, asked, divided, rows, strict=True):
        events.append(_received(case.incoming, row["id"]))
        applied = case.incoming.amount - parts.over
        if case.claim.state == ClaimState.ACTIVE and applied == claim.total:
            move(unit, claim=case.claim, to=ClaimState.PAID, why="paid in full")
    emit(unit, *events)
    return [row["id"] for row in rows]


def _itemise(unit: Unit, cases: Sequence[_Case]) -> list[ItemisedClaim]:
    """Itemise each claim as of its own payment's day, a day at a time for all of that day."""
    days: dict[date, list[ClaimKey]] = {}
    for case in cases:
        days.setdefault(case.on, []).append(claim_of(case.incoming))
    found: dict[ClaimKey, ItemisedClaim] = {}
    for on, keys in days.items():
        found |= itemise_many(unit, keys=keys, on=on)
    return [found[claim_of(case.incoming)] for case in cases]


def _allocate(case: _Case, asked: ItemisedClaim) -> Allocation:
    return allocate(
        law=case.claim.law,
        paid=case.incoming.amount,
        costs=asked.costs + asked.costs_vat,
        interest=asked.interest,
        principal=asked.principal,
    )


def _postings(case: _Case, asked: ItemisedClaim, parts: Allocation) -> Iterator[Posting]:
    yield from _crystallisation(case, asked)
    one, claim_id = case.incoming, case.claim.id
    applied = one.amount - parts.over
    if applied:
        legs = [Leg("claims.control", applied, claim_id)]
        for account, amount in (
            ("claims.costs", parts.costs),
            ("claims.interest", parts.interest),
            ("claims.principal", parts.principal),
        ):
            legs.append(Leg(account, -amount, claim_id))
        yield _posting(case, Book.CLAIMS, legs, case.on)
    if one.trust_account is not None:
        to_creditor, to_agency = _by_contract(case, parts)
        trust = [
            Leg(one.trust_account, one.amount, claim_id),
            Leg("trust.creditor", -to_creditor, claim_id),
            Leg("trust.agency", -to_agency, claim_id),
            Leg("trust.debtor", -parts.over, claim_id),
        ]
        yield _posting(case, Book.TRUST, trust, one.value_on)
        income = [Leg("agency.trust", to_agency, claim_id), Leg("agency.costs_income", -to_agency, claim_id)]
        if to_agency:
            yield _posting(case, Book.AGENCY, income, one.value_on)


def _crystallisation(case: _Case, asked: ItemisedClaim) -> Iterator[Posting]:
    """Fix in the ledger what ran until this payment, so that the books show what it paid off."""
    claim_id, currency = case.claim.id, case.claim.currency
    interest = asked.interest - Money(case.booked["interest"], currency)
    costs = asked.costs + asked.costs_vat - Money(case.booked["costs"], currency)
    legs = [
        Leg("claims.interest", interest, claim_id),
        Leg("claims.costs", costs, claim_id),
        Leg("claims.control", -(interest + costs), claim_id),
    ]
    if interest or costs:
        yield _posting(case, Book.CLAIMS, legs, case.on, kind=CRYSTALLISATION)


def _posting(case: _Case, book: Book, legs: Sequence[Leg], on: date, *, kind: str = "payment") -> Posting:
    return Posting(
        creditor_id=case.incoming.creditor_id,
        book=book,
        kind=kind,
        source_key=case.incoming.key,
        legs=tuple(leg for leg in legs if leg.amount),
        effective_on=on,
    )


def _by_contract(case: _Case, parts: Allocation) -> tuple[Money, Money]:
    """Return what the creditor and what the agency gets of a payment, by the creditor's terms."""
    split = split_by_contract(parts=parts, costs_to=case.costs_to, interest_to=case.interest_to)
    return split.creditor, split.agency


def _payment_row(
    unit: Unit, case: _Case, parts: Allocation, transactions: dict[Book, UUID]
) -> dict[str, Any]:
    one = case.incoming
    if one.trust_account is None:
        to_creditor, to_agency = one.amount - parts.over, Money.zero(one.amount.currency)
    else:
        to_creditor, to_agency = _by_contract(case, parts)
    return {
        "creditor_id": one.creditor_id,
        "id": new_id(),
        "created_at": unit.now,
        "claim_id": one.claim_id,
        "source": one.source,
        "source_key": one.source_key,
        "amount_minor": one.amount.minor,
        "currency": one.amount.currency,
        "value_on": one.value_on,
        "costs_minor": parts.costs.minor,
        "interest_minor": parts.interest.minor,
        "principal_minor": parts.principal.minor,
        "over_minor": parts.over.minor,
        "to_creditor_minor": to_creditor.minor,
        "to_agency_minor": to_agency.minor,
        "transaction_id": transactions.get(Book.TRUST) or transactions[Book.CLAIMS],
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
    if claim.state == ClaimState.PAID and payment.amount_minor > payment.over_minor:
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
