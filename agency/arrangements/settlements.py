"""Settlements: a smaller sum for full discharge, within somebody's authority, until a day.

Paid in time, the rest is waived in the ledger; if not, or if the payment is taken back, all is owed again.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from agency.arrangements.models import Settlement, SettlementState
from agency.arrangements.paid_since import known_payments, paid_since
from agency.arrangements.terms import terms_of
from agency.claims.giving_up import take_back, waive_rest
from agency.claims.holds import lift_holds_on, place_hold
from agency.claims.itemisation import open_total
from agency.claims.lifecycle import claim_to_change
from agency.claims.states import ClaimState, HoldGround
from agency.events import PaymentReceived, PaymentReversed, SettlementEnded, SettlementKept, SettlementOffered
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.instalments import policy

_BPS = 10_000
_OTHERS = text(
    "SELECT EXISTS (SELECT FROM promise WHERE creditor_id = :c AND claim_id = :claim AND state = 'open')"
    " OR EXISTS (SELECT FROM plan_claim WHERE creditor_id = :c AND claim_id = :claim AND live)"
)


class UnableToSettleFor(Conflict):
    """The claim takes no settlement now: not being collected, or something else was agreed on it."""


def offer_settlement(
    unit: Unit,
    *,
    creditor_id: UUID,
    claim_id: UUID,
    amount: Money,
    pay_by: date,
    why: str,
    is_admin: bool = False,
) -> UUID:
    """This function will offer a smaller sum for full discharge, to be paid by a day.

    What lies above the offerer's authority waits for the creditor first.

    :param is_admin: whether the offerer has an administrator's authority instead of a collector's.
    :raises Invalid: the amount is not less than what is owed, the day is not ahead or too far, no reason.
    :raises UnableToSettleFor: see the exception.
    """
    claim = claim_to_change(unit, creditor_id=creditor_id, claim_id=claim_id)
    if claim.state != ClaimState.ACTIVE:
        raise UnableToSettleFor("this claim is not being collected")
    rule = policy("settlement", unit.today)
    owed = open_total(unit, creditor_id=creditor_id, claim_id=claim_id, on=unit.today)
    _check(unit, amount, owed, pay_by, why, days_max=rule["valid_days_max"])
    if unit.session.connection().execute(_OTHERS, {"c": creditor_id, "claim": claim_id}).scalar_one():
        raise UnableToSettleFor("a promise or a plan is open already")
    within = _within_authority(unit, creditor_id, owed, amount, is_admin=is_admin)
    settlement = Settlement(
        creditor_id=creditor_id,
        id=new_id(),
        claim_id=claim_id,
        owed_minor=owed.minor,
        amount_minor=amount.minor,
        currency=owed.currency,
        pay_by=pay_by,
        grace_days=rule["grace_days"],
        state=SettlementState.OPEN if within else SettlementState.WAITING,
        why=why.strip(),
        known_payments=known_payments(unit, creditor_id=creditor_id, claim_ids=[claim_id]),
        offered_at=unit.now,
        offered_by=unit.by,
    )
    _keep_offer(unit, settlement)
    return settlement.id


def _within_authority(unit: Unit, creditor_id: UUID, owed: Money, amount: Money, *, is_admin: bool) -> bool:
    authority = terms_of(unit, creditor_id=creditor_id, on=unit.today).authority
    allowed_bps = authority.admin_bps if is_admin else authority.collector_bps
    return (owed.minor - amount.minor) * _BPS <= owed.minor * allowed_bps


def _keep_offer(unit: Unit, settlement: Settlement) -> None:
    try:
        with unit.session.begin_nested():
            unit.session.add(settlement)
    except IntegrityError as error:
        raise UnableToSettleFor("a settlement is open already") from error
    if settlement.state == SettlementState.OPEN:
        _hold(unit, settlement)
    _tell_offered(unit, settlement)


def decide_settlement(unit: Unit, *, creditor_id: UUID, settlement_id: UUID, accept: bool) -> None:
    """This function will let the creditor accept or refuse what lies above the agency's authority.

    :raises NotFound: the creditor has no such settlement.
    :raises UnableToSettleFor: it does not wait for the creditor, or its day has passed.
    """
    settlement = _locked(unit, creditor_id, settlement_id)
    if settlement.state != SettlementState.WAITING:
        raise UnableToSettleFor("this settlement was decided on already")
    if accept and settlement.pay_by < unit.today:
        raise UnableToSettleFor("the day of this settlement has passed")
    settlement.decided_at, settlement.decided_by = unit.now, unit.by
    settlement.state = SettlementState.OPEN if accept else SettlementState.REFUSED
    unit.session.add(settlement)
    unit.session.flush()
    if accept:
        _hold(unit, settlement)
        _tell_offered(unit, settlement)
    else:
        _tell_ended(unit, settlement, "refused")
    _audit(unit, settlement, "settlement.accepted" if accept else "settlement.refused")


def withdraw_settlement(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID, settlement_id: UUID, why: str
) -> None:
    """This function will take back a settlement that was not paid yet: the full amount is asked again.

    :raises Invalid: without a reason.
    :raises NotFound: the claim has no such settlement.
    :raises UnableToSettleFor: it was paid, refused or taken back before.
    """
    if not why.strip():
        raise Invalid("write something", field="why")
    claim_to_change(unit, creditor_id=creditor_id, claim_id=claim_id)
    settlement = _locked(unit, creditor_id, settlement_id)
    if settlement.claim_id != claim_id:
        raise NotFound("no such settlement")
    if settlement.state not in (SettlementState.WAITING, SettlementState.OPEN):
        raise UnableToSettleFor("this settlement is not open any more")
    settlement.decided_at, settlement.decided_by = unit.now, unit.by
    _end(unit, settlement, SettlementState.CANCELLED)
    record(
        unit,
        action="settlement.withdrawn",
        subject=f"settlement:{settlement_id}",
        creditor_id=creditor_id,
        facts={"claim": str(claim_id), "why": why.strip()},
    )


@dataclass(frozen=True, slots=True)
class OpenSettlement:
    """A settlement that can still be paid: what of it was not paid yet, and by which day."""

    left: Money
    pay_by: date


def open_settlement(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> OpenSettlement | None:
    """This function will return what a debtor can pay today to be discharged, None when nothing was agreed
    or its days are over."""
    settlement = unit.session.exec(
        select(Settlement).where(
            Settlement.creditor_id == creditor_id,
            Settlement.claim_id == claim_id,
            Settlement.state == SettlementState.OPEN,
        )
    ).one_or_none()
    if settlement is None or unit.today > _last_day(settlement):
        return None
    left = settlement.amount_minor - _paid(unit, settlement)
    return OpenSettlement(Money(left, settlement.currency), settlement.pay_by) if left > 0 else None


def check_settlements(unit: Unit) -> int:
    """This function will keep or end every open settlement by the ledger and return how many there were."""
    rows = unit.session.exec(
        select(Settlement)
        .where(col(Settlement.state).in_([SettlementState.OPEN, SettlementState.WAITING]))
        .order_by(col(Settlement.creditor_id), col(Settlement.id))
        .with_for_update(skip_locked=True)
    ).all()
    for settlement in rows:
        _judge(unit, settlement)
    return len(rows)


def check_settlement_when_paid(unit: Unit, event: PaymentReceived) -> None:
    """This reaction will waive the rest when a payment fulfils the claim's settlement.

    A transfer made in time may be seen late: it brings a settlement back that had lapsed meanwhile.
    """
    settlement = _latest(unit, event, (SettlementState.OPEN, SettlementState.LAPSED))
    if settlement is not None and _paid(unit, settlement) >= settlement.amount_minor:
        _keep(unit, settlement)


def undo_settlement_when_reversed(unit: Unit, event: PaymentReversed) -> None:
    """This reaction will let a kept settlement lapse when its payment was taken back, and undo the waiver."""
    settlement = _latest(unit, event, (SettlementState.KEPT,))
    if settlement is None or _paid(unit, settlement) >= settlement.amount_minor:
        return
    if settlement.waiver_id is not None:
        take_back(
            unit,
            creditor_id=settlement.creditor_id,
            transaction_id=settlement.waiver_id,
            key=f"settlement:{settlement.id}:{settlement.waiver_id}",
            why="the payment of the settlement was taken back",
            on=unit.today,
        )
    _end(unit, settlement, SettlementState.LAPSED)


def _latest(
    unit: Unit, event: PaymentReceived | PaymentReversed, states: tuple[SettlementState, ...]
) -> Settlement | None:
    found = unit.session.exec(
        select(Settlement)
        .where(Settlement.creditor_id == event.creditor_id, Settlement.claim_id == event.claim_id)
        .order_by(col(Settlement.offered_at).desc(), col(Settlement.id).desc())
        .limit(1)
        .with_for_update()
    ).one_or_none()
    return found if found is not None and found.state in states else None


def _judge(unit: Unit, settlement: Settlement) -> None:
    if settlement.state == SettlementState.OPEN and _paid(unit, settlement) >= settlement.amount_minor:
        _keep(unit, settlement)
    elif unit.today > _last_day(settlement):
        _end(unit, settlement, SettlementState.LAPSED)


def _keep(unit: Unit, settlement: Settlement) -> None:
    settlement.waiver_id = waive_rest(
        unit,
        creditor_id=settlement.creditor_id,
        claim_id=settlement.claim_id,
        key=f"settlement:{settlement.id}",
        why="settled for a part",
        close_code="settled",
    )
    settlement.state, settlement.ended_at = SettlementState.KEPT, unit.now
    unit.session.add(settlement)
    unit.session.flush()
    _lift(unit, settlement)
    emit(
        unit,
        SettlementKept(
            creditor_id=settlement.creditor_id,
            claim_id=settlement.claim_id,
            settlement_id=settlement.id,
            amount_minor=settlement.amount_minor,
            currency=settlement.currency,
        ),
    )


def _end(unit: Unit, settlement: Settlement, state: SettlementState) -> None:
    settlement.state, settlement.ended_at = state, unit.now
    unit.session.add(settlement)
    unit.session.flush()
    _lift(unit, settlement)
    _tell_ended(unit, settlement, state.value)


def _paid(unit: Unit, settlement: Settlement) -> int:
    """What came in time: a payment's own value date counts, not the day on which it was seen."""
    return paid_since(
        unit,
        creditor_id=settlement.creditor_id,
        claim_ids=[settlement.claim_id],
        known=settlement.known_payments,
        value_by=_last_day(settlement),
    )


def _last_day(settlement: Settlement) -> date:
    return settlement.pay_by + timedelta(days=settlement.grace_days)


def _check(unit: Unit, amount: Money, owed: Money, pay_by: date, why: str, *, days_max: int) -> None:
    if amount.currency != owed.currency or not 0 < amount.minor < owed.minor:
        raise Invalid("choose an amount below what is owed", field="amount")
    if not unit.today <= pay_by <= unit.today + timedelta(days=days_max):
        raise Invalid(f"choose a day within {days_max} days", field="pay_by")
    if not why.strip():
        raise Invalid("give a reason", field="why")


def _hold(unit: Unit, settlement: Settlement) -> None:
    place_hold(
        unit,
        creditor_id=settlement.creditor_id,
        claim_id=settlement.claim_id,
        ground=HoldGround.PLAN_KEPT,
    )


def _lift(unit: Unit, settlement: Settlement) -> None:
    lift_holds_on(
        unit,
        creditor_id=settlement.creditor_id,
        claim_id=settlement.claim_id,
        ground=HoldGround.PLAN_KEPT,
    )


def _locked(unit: Unit, creditor_id: UUID, settlement_id: UUID) -> Settlement:
    found = unit.session.get(
        Settlement, (creditor_id, settlement_id), with_for_update=True, populate_existing=True
    )
    if found is None:
        raise NotFound("no such settlement")
    return found


def _tell_offered(unit: Unit, settlement: Settlement) -> None:
    emit(
        unit,
        SettlementOffered(
            creditor_id=settlement.creditor_id,
            claim_id=settlement.claim_id,
            settlement_id=settlement.id,
            amount_minor=settlement.amount_minor,
            currency=settlement.currency,
            due_on=settlement.pay_by.isoformat(),
            waiting=settlement.state == SettlementState.WAITING,
        ),
    )
    _audit(unit, settlement, "settlement.offered")


def _tell_ended(unit: Unit, settlement: Settlement, outcome: str) -> None:
    emit(
        unit,
        SettlementEnded(
            creditor_id=settlement.creditor_id,
            claim_id=settlement.claim_id,
            settlement_id=settlement.id,
            outcome=outcome,
        ),
    )


def _audit(unit: Unit, settlement: Settlement, action: str) -> None:
    record(
        unit,
        action=action,
        subject=f"settlement:{settlement.id}",
        creditor_id=settlement.creditor_id,
        facts={
            "claim": str(settlement.claim_id),
            "owed_minor": settlement.owed_minor,
            "amount_minor": settlement.amount_minor,
            "why": settlement.why,
        },
    )
