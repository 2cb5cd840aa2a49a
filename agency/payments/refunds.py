"""Money that goes back to who paid it: asked by one person, approved by another, each cent once.

What is owed back stands in trust: the overpaid part of a payment under `trust.debtor`, money that no claim
took under `trust.suspense`. A refund takes it from there when it leaves: into transit with a payout file, or
off what the provider still has for us.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from schwifty import IBAN
from schwifty.exceptions import SchwiftyException
from sqlalchemy import text
from sqlmodel import col, select

from agency.events import RefundEnded, RefundPaid, RefundRequested
from agency.kernel.audit import fingerprint, record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from agency.kernel.ids import HOUSE, new_id
from agency.kernel.locks import lock_claims
from agency.kernel.unit import Unit
from agency.ledger.models import Book
from agency.ledger.posting import Leg, Posting, post_many, reverse
from agency.money import Money
from agency.payments.models import (
    UNPOSTED_REFUNDS,
    HeldPayment,
    Payment,
    PaymentSource,
    Refund,
    RefundRoute,
    RefundState,
)

SUSPENSE = "trust.suspense"
KIND = "refund"
OWED_BY_DEBTOR = "refund_owed"


class UnableToRefund(Conflict):
    """There is nothing (left) to give back, or the refund stands where this cannot be done to it."""


class NotTheSecondPerson(Forbidden):
    """Who asked for a refund may not approve it."""


class BadAccount(Invalid):
    """The account to pay to is missing or mistyped."""


@dataclass(frozen=True, slots=True)
class Payee:
    """Where a transfer goes: the account and the name that the bank compares with it."""

    iban: str
    holder: str


def checked_payee(*, iban: str, holder: str) -> Payee:
    """This function will return a payee with its account in the compact form.

    :raises BadAccount: no valid IBAN (ISO 13616), or no name.
    """
    try:
        compact = IBAN(iban).compact
    except SchwiftyException:
        raise BadAccount("this is not a valid IBAN", field="iban") from None
    if not holder.strip():
        raise BadAccount("give the name of the account's holder", field="holder")
    return Payee(compact, holder.strip()[:70])


def request_refund(
    unit: Unit, *, creditor_id: UUID, payment_id: UUID, reason: str, payee: Payee | None = None
) -> UUID:
    """This function will ask that everything overpaid on a payment goes back; another person approves.

    :param payee: where to; None for the provider that took the payment.
    :returns: the refund.
    :raises NotFound: the creditor has no such payment.
    :raises UnableToRefund: nothing of it is owed back, or not by this way.
    """
    payment = unit.session.get(Payment, (creditor_id, payment_id))
    if payment is None:
        raise NotFound("no such payment")
    lock_claims(unit, creditor_id=creditor_id, claim_ids=[payment.claim_id])
    unit.session.refresh(payment)
    if payment.source == PaymentSource.DIRECT:
        raise UnableToRefund("this was paid to the creditor, who gives it back")
    if payment.reversed_at is not None:
        raise UnableToRefund("this payment was taken back")
    own = Money(payment.over_minor - payment.refund_minor, payment.currency)
    amount = min(own, owed_back(unit, creditor_id=creditor_id, claim_id=payment.claim_id, of=own.currency))
    refund = Refund(
        **_asked(unit, creditor_id, amount, reason, payee),
        claim_id=payment.claim_id,
        payment_id=payment_id,
    )
    return add_refund(unit, refund, PaymentSource(payment.source))


def request_held_refund(
    unit: Unit, *, creditor_id: UUID, held_id: UUID, reason: str, payee: Payee | None = None
) -> UUID:
    """This function will ask that money which no claim took goes back as a whole; another person approves.

    Less what the claim's debtor got back before and owes, because the provider took it too.

    :raises NotFound, UnableToRefund: see `request_refund`.
    """
    held = unit.session.get(HeldPayment, (creditor_id, held_id))
    if held is None:
        raise NotFound("no such payment")
    lock_claims(unit, creditor_id=creditor_id, claim_ids=[held.claim_id])
    unit.session.refresh(held)
    if held.ended_at is not None:
        raise UnableToRefund("this money is not held any more")
    stands = _debtors_balance(unit, creditor_id=creditor_id, claim_id=held.claim_id, of=held.currency)
    amount = Money(held.amount_minor - held.refund_minor + min(0, stands), held.currency)
    refund = Refund(
        **_asked(unit, creditor_id, amount, reason, payee), claim_id=held.claim_id, held_id=held_id
    )
    return add_refund(unit, refund, PaymentSource(held.source))


def request_line_refund(unit: Unit, *, line_id: UUID, amount: Money, reason: str, payee: Payee) -> UUID:
    """This function will ask that a bank line, whose row the caller has locked, goes back to its sender.

    :raises UnableToRefund: it is going back already.
    """
    standing = unit.session.exec(
        select(Refund.id).where(
            Refund.creditor_id == HOUSE,
            Refund.line_id == line_id,
            col(Refund.state).not_in([RefundState.CANCELLED, RefundState.REJECTED]),
        )
    ).first()
    if standing is not None:
        raise UnableToRefund("this line is going back to its sender already")
    refund = Refund(**_asked(unit, HOUSE, amount, reason, payee), line_id=line_id)
    return add_refund(unit, refund, PaymentSource.BANK)


def _asked(unit: Unit, creditor_id: UUID, amount: Money, reason: str, payee: Payee | None) -> dict[str, Any]:
    return {
        "creditor_id": creditor_id,
        "id": new_id(),
        "amount_minor": amount.minor,
        "currency": amount.currency,
        "route": RefundRoute.BANK if payee else RefundRoute.PROVIDER,
        "iban": payee.iban if payee else "",
        "holder": payee.holder if payee else "",
        "reason": reason,
        "requested_at": unit.now,
        "requested_by": unit.by,
    }


def add_refund(unit: Unit, refund: Refund, source: PaymentSource) -> UUID:
    """This function will write a request down, after checking that its way can carry it."""
    if refund.amount_minor <= 0:
        raise UnableToRefund("nothing of it is owed back")
    if refund.route == RefundRoute.PROVIDER and source is not PaymentSource.PSP:
        raise BadAccount("give the account to pay to", field="iban")
    if refund.route == RefundRoute.BANK and refund.currency != "EUR":
        raise UnableToRefund("only euro can be sent from the trust account")
    unit.session.add(refund)
    unit.session.flush()
    emit(unit, RefundRequested(**told(refund)))
    audit(unit, refund, "requested")
    return refund.id


def owed_back(unit: Unit, *, creditor_id: UUID, claim_id: UUID, of: str) -> Money:
    """This function will return what the ledger owes a claim's debtor in a currency, less what live refunds
    will still take of it; zero when he got more back than he overpaid."""
    return Money(max(0, _debtors_balance(unit, creditor_id=creditor_id, claim_id=claim_id, of=of)), of)


def _debtors_balance(unit: Unit, *, creditor_id: UUID, claim_id: UUID, of: str) -> int:
    row = unit.session.connection().execute(
        text(
            "SELECT coalesce(-sum(amount_minor), 0)::bigint - (SELECT coalesce(sum(r.amount_minor), 0)"
            "  FROM refund r WHERE r.creditor_id = :c AND r.claim_id = :claim AND r.payment_id IS NOT NULL"
            "  AND r.currency = :of AND r.state = ANY(:waiting))::bigint"
            " FROM ledger_entry WHERE creditor_id = :c AND claim_id = :claim AND account = 'trust.debtor'"
            " AND currency = :of"
        ),
        {
            "c": creditor_id,
            "claim": claim_id,
            "of": of,
            "waiting": [state.value for state in UNPOSTED_REFUNDS],
        },
    )
    return int(row.scalar_one())


def refund_to_change(unit: Unit, *, creditor_id: UUID, refund_id: UUID) -> Refund:
    """This function will return a refund with its claim and its own row locked.

    :raises NotFound: there is none of that id.
    """
    refund = unit.session.get(Refund, (creditor_id, refund_id))
    if refund is None:
        raise NotFound("no such refund")
    if refund.claim_id is not None:
        lock_claims(unit, creditor_id=creditor_id, claim_ids=[refund.claim_id])
    unit.session.refresh(refund, with_for_update=True)
    return refund


def cancel_refund(unit: Unit, *, creditor_id: UUID, refund_id: UUID, why: str) -> None:
    """This function will cancel a refund that did not leave yet; the money is owed back as before.

    :raises NotFound: there is none of that id.
    :raises UnableToRefund: it left, or ended, already.
    """
    refund = refund_to_change(unit, creditor_id=creditor_id, refund_id=refund_id)
    if refund.state not in (RefundState.REQUESTED, RefundState.APPROVED):
        raise UnableToRefund("this refund left already, or has ended")
    end_refund(unit, refund, RefundState.CANCELLED, why)


def end_refund(unit: Unit, refund: Refund, state: RefundState, why: str) -> None:
    """This function will end a refund that came to nothing; one that was booked is taken back first."""
    if refund.state in (RefundState.EXPORTED, RefundState.PAID):
        unbook(unit, refund, why)
    refund.state, refund.ended_at, refund.ended_why = state, unit.now, why
    unit.session.add(refund)
    unit.session.flush()
    emit(unit, RefundEnded(**told(refund), why=why))
    audit(unit, refund, state.value)


def pay_refund(unit: Unit, refund: Refund) -> None:
    """This function will close a refund that was carried out."""
    refund.state, refund.ended_at = RefundState.PAID, unit.now
    unit.session.add(refund)
    unit.session.flush()
    emit(unit, RefundPaid(**told(refund)))
    audit(unit, refund, "paid")


def stop_refunds_of(
    unit: Unit, *, creditor_id: UUID, why: str, payment_id: UUID | None = None, held_id: UUID | None = None
) -> None:
    """This function will let go of a payment's refunds, because the payment itself is taken back.

    What did not leave is cancelled. What the provider gave back already lowers what it says was kept, so its
    own booking goes. What left from the trust account has left: its booking stays, and the debtor owes it.
    Of money that was held that is booked apart: until then the claim's debtor was owed nothing.
    """
    of = Refund.payment_id == payment_id if payment_id else Refund.held_id == held_id
    refunds = unit.session.exec(
        select(Refund)
        .where(Refund.creditor_id == creditor_id, of)
        .order_by(col(Refund.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for refund in refunds:
        if refund.state in (RefundState.REQUESTED, RefundState.APPROVED):
            end_refund(unit, refund, RefundState.CANCELLED, why)
        elif refund.state == RefundState.PAID and refund.route == RefundRoute.PROVIDER:
            unbook(unit, refund, why)
        elif held_id and refund.state in (RefundState.EXPORTED, RefundState.PAID):
            _post(unit, refund, OWED_BY_DEBTOR, "trust.debtor", SUSPENSE, on=unit.today, memo=why)


def book_refund(unit: Unit, refund: Refund, on: date) -> None:
    """This function will take the money from whom it was owed, into transit or off what the provider has."""
    owed = "trust.debtor" if refund.payment_id else SUSPENSE
    leaves = "trust.in_transit" if refund.route == RefundRoute.BANK else "trust.psp"
    _post(unit, refund, KIND, owed, leaves, on=on, memo=refund.reason)


def _post(unit: Unit, refund: Refund, kind: str, debit: str, credit: str, *, on: date, memo: str) -> None:
    amount = Money(refund.amount_minor, refund.currency)
    posting = Posting(
        creditor_id=refund.creditor_id,
        book=Book.TRUST,
        kind=kind,
        source_key=str(refund.id),
        legs=(Leg(debit, amount, refund.claim_id), Leg(credit, -amount, refund.claim_id)),
        effective_on=on,
        memo=memo,
    )
    post_many(unit, [posting])


def unbook(unit: Unit, refund: Refund, why: str) -> None:
    """This function will reverse a refund's bookings, once; one that was never booked is left alone."""
    booked = unit.session.connection().execute(
        text(
            "SELECT t.id FROM ledger_transaction t WHERE t.creditor_id = :c AND t.kind = ANY(:kinds)"
            " AND t.source_key = :key AND NOT EXISTS (SELECT FROM ledger_transaction r"
            "  WHERE r.creditor_id = t.creditor_id AND r.reverses_id = t.id)"
            " ORDER BY t.id"
        ),
        {"c": refund.creditor_id, "kinds": [KIND, OWED_BY_DEBTOR], "key": str(refund.id)},
    )
    for transaction_id in booked.scalars().all():
        reverse(
            unit,
            creditor_id=refund.creditor_id,
            transaction_id=transaction_id,
            source_key=str(refund.id),
            why=why,
            effective_on=unit.today,
        )


def told(refund: Refund) -> dict[str, Any]:
    """This function will return what events say about a refund."""
    return {
        "creditor_id": refund.creditor_id,
        "claim_id": refund.claim_id,
        "refund_id": refund.id,
        "amount_minor": refund.amount_minor,
        "currency": refund.currency,
    }


def audit(unit: Unit, refund: Refund, what: str) -> None:
    """This function will write in the audit log what was done to a refund, and of its account only what the
    proof can hold it against."""
    account = {"account": fingerprint(str(refund.id), refund.iban, refund.holder)} if refund.iban else {}
    record(
        unit,
        action=f"refund.{what}",
        subject=f"refund:{refund.id}",
        creditor_id=refund.creditor_id,
        facts={"amount_minor": refund.amount_minor, "currency": refund.currency, "route": str(refund.route)}
        | account,
    )
