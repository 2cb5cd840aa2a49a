"""Promises to pay: made by a debtor, judged by the ledger."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.exc import IntegrityError

from agency.arrangements.models import Promise, PromiseState
from agency.claims.holds import lift_holds_on, place_hold
from agency.claims.itemisation import itemise_many
from agency.claims.lifecycle import claim_to_change
from agency.claims.states import ClaimState, HoldGround
from agency.events import PaymentReceived, PromiseBroken, PromiseKept, PromiseMade, PromiseWithdrawn
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import AGENCY_ZONE, Unit, agency_day
from agency.money import Money
from agency.rules.instalments import policy

_OPEN = (
    "SELECT p.creditor_id, p.id, p.claim_id, p.amount_minor, p.currency, p.due_on, p.made_at,"
    " coalesce((SELECT -sum(e.amount_minor) FROM ledger_entry e JOIN ledger_transaction t"
    "  ON t.creditor_id = e.creditor_id AND t.id = e.transaction_id"
    "  WHERE e.creditor_id = p.creditor_id AND e.claim_id = p.claim_id AND starts_with(t.kind, 'payment')"
    "  AND e.account IN ('claims.principal', 'claims.interest', 'claims.costs')"
    "  AND t.effective_on >= CAST(p.made_at AT TIME ZONE 'Europe/Amsterdam' AS date)"
    # What was paid earlier on that day was paid before it was promised.
    "  AND t.at >= p.made_at AND t.effective_on <= p.due_on + :grace), 0)::bigint AS paid_minor"
    " FROM promise p WHERE p.state = 'open'"
)
# A plan says already what is paid and when; a settlement may be promised.
_IN_PLAN = text(
    "SELECT EXISTS (SELECT FROM plan_claim WHERE creditor_id = :c AND claim_id = :claim AND live)"
)
_ALL_OPEN = text(_OPEN + " ORDER BY p.creditor_id, p.claim_id FOR UPDATE SKIP LOCKED")
_OF_CLAIM = text(_OPEN + " AND p.creditor_id = :creditor AND p.claim_id = :claim FOR UPDATE")


# A promise that was made in place of another goes back to the moment of the first.
_FIRST_MADE = text(
    "WITH RECURSIVE back AS (SELECT p.made_at FROM promise p WHERE p.creditor_id = :creditor AND p.id = :id"
    "  UNION SELECT p.made_at FROM back b JOIN promise p ON p.creditor_id = :creditor AND p.claim_id = :claim"
    "  AND p.state = 'cancelled' AND p.settled_at = b.made_at)"
    " SELECT min(made_at) FROM back"
)


class UnableToPromise(Conflict):
    """The claim takes no promise now: it is not being collected, or a plan or promise stands."""


class UnableToWithdraw(Conflict):
    """The promise is not open any more."""


def days_ahead_max(on: date) -> int:
    """This function will return how many days ahead a promise may lie, by the house policy of a day."""
    return int(policy("promise", on)["days_ahead_max"])


def _grace_days(on: date) -> int:
    return int(policy("promise", on)["grace_days"])


def make_promise(unit: Unit, *, creditor_id: UUID, claim_id: UUID, amount: Money, due_on: date) -> UUID:
    """This function will note that a debtor will pay an amount by a day, and hold the claim until then.

    :raises Invalid: the day has passed or is too far away, or the amount is not part of what is owed.
    :raises UnableToPromise: see the exception.
    """
    check_promise(unit, creditor_id=creditor_id, claim_id=claim_id, amount=amount, due_on=due_on)
    promise = Promise(
        creditor_id=creditor_id,
        id=new_id(),
        claim_id=claim_id,
        amount_minor=amount.minor,
        currency=amount.currency,
        due_on=due_on,
        made_at=unit.now,
        made_by=unit.by,
    )
    try:
        with unit.session.begin_nested():
            unit.session.add(promise)
    except IntegrityError as error:
        raise UnableToPromise("a promise is open already") from error
    place_hold(
        unit,
        creditor_id=creditor_id,
        claim_id=claim_id,
        ground=HoldGround.PROMISE,
        ends_at=_end_of(due_on + timedelta(days=_grace_days(unit.today))),
    )
    emit(
        unit,
        PromiseMade(
            creditor_id=creditor_id,
            claim_id=claim_id,
            promise_id=promise.id,
            amount_minor=amount.minor,
            currency=amount.currency,
            due_on=due_on.isoformat(),
        ),
    )
    return promise.id


def check_promise(unit: Unit, *, creditor_id: UUID, claim_id: UUID, amount: Money, due_on: date) -> None:
    """This function will refuse a promise that could not be made now; it locks the claim and keeps nothing.

    :raises Invalid, UnableToPromise: see `make_promise`.
    """
    claim = claim_to_change(unit, creditor_id=creditor_id, claim_id=claim_id)
    if claim.state != ClaimState.ACTIVE:
        raise UnableToPromise("this claim is not being collected")
    if unit.session.connection().execute(_IN_PLAN, {"c": creditor_id, "claim": claim_id}).scalar_one():
        raise UnableToPromise("a plan is running or asked for already")
    days = days_ahead_max(unit.today)
    if not unit.today <= due_on <= unit.today + timedelta(days=days):
        raise Invalid(f"choose a day within {days} days", field="due_on")
    owed = itemise_many(unit, keys=[(creditor_id, claim_id)], on=unit.today)[creditor_id, claim_id].total
    if amount.currency != owed.currency or not 0 < amount.minor <= owed.minor:
        raise Invalid("choose an amount up to what is open", field="amount")


def change_promise(unit: Unit, *, creditor_id: UUID, claim_id: UUID, amount: Money, due_on: date) -> UUID:
    """This function will put another promise in the place of the open one and return its id.

    The day may lie as far ahead as one could be promised when the first was made: who moves it again and
    again does not put off paying for ever.

    :raises Invalid: as `make_promise`.
    :raises UnableToPromise: no promise is open, or the claim takes none.
    """
    row = _open_of_claim(unit, creditor_id, claim_id)
    first = unit.session.connection().execute(
        _FIRST_MADE, {"creditor": creditor_id, "claim": claim_id, "id": row.id}
    )
    made_on = agency_day(first.scalar_one())
    last_on = made_on + timedelta(days=days_ahead_max(made_on))
    if due_on > max(last_on, row.due_on):
        days = (max(last_on, row.due_on) - unit.today).days
        raise Invalid(f"choose a day within {days} days", field="due_on")
    _take_back(unit, row, replaced=True)
    return make_promise(unit, creditor_id=creditor_id, claim_id=claim_id, amount=amount, due_on=due_on)


def withdraw_promise(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> None:
    """This function will take the open promise back: what it held goes on as if it had not been made.

    :raises UnableToPromise: no promise is open.
    """
    _take_back(unit, _open_of_claim(unit, creditor_id, claim_id))


def _open_of_claim(unit: Unit, creditor_id: UUID, claim_id: UUID) -> Row[Any]:
    claim_to_change(unit, creditor_id=creditor_id, claim_id=claim_id)
    found = unit.session.connection().execute(
        _OF_CLAIM, {"grace": _grace_days(unit.today), "creditor": creditor_id, "claim": claim_id}
    )
    row = found.one_or_none()
    if row is None:
        raise UnableToPromise("no promise is open any more")
    return row


def take_back_promise(unit: Unit, *, creditor_id: UUID, claim_id: UUID, promise_id: UUID, why: str) -> None:
    """This function will take an open promise back for the agency: it was noted wrongly, or is agreed anew.

    :raises NotFound: the claim has no such promise.
    :raises Invalid: without a reason.
    :raises UnableToWithdraw: it was kept, broken or taken back before.
    """
    reason = why.strip()
    if not reason:
        raise Invalid("write something", field="why")
    claim_to_change(unit, creditor_id=creditor_id, claim_id=claim_id)
    row = unit.session.get(Promise, (creditor_id, promise_id), with_for_update=True, populate_existing=True)
    if row is None or row.claim_id != claim_id:
        raise NotFound("no such promise")
    if row.state != PromiseState.OPEN:
        raise UnableToWithdraw("this promise is not open any more")
    _take_back(unit, row, why=reason)
    unit.session.expire(row)
    record(
        unit,
        action="promise.withdrawn",
        subject=f"promise:{promise_id}",
        creditor_id=creditor_id,
        facts={"claim": str(claim_id), "why": reason},
    )


def _take_back(unit: Unit, row: Row[Any] | Promise, *, replaced: bool = False, why: str = "") -> None:
    _end(unit, row, PromiseState.CANCELLED)
    emit(
        unit,
        PromiseWithdrawn(
            creditor_id=row.creditor_id, claim_id=row.claim_id, promise_id=row.id, replaced=replaced, why=why
        ),
    )


def check_promises(unit: Unit) -> int:
    """This function will settle open promises that were kept, or whose day and grace have passed.

    :returns: how many were settled.
    """
    rows = unit.session.connection().execute(_ALL_OPEN, {"grace": _grace_days(unit.today)})
    return sum(_settle(unit, row) for row in rows.all())


def check_when_paid(unit: Unit, event: PaymentReceived) -> None:
    """This function will settle the claim's promise when the payment fulfils it."""
    rows = unit.session.connection().execute(
        _OF_CLAIM, {"grace": _grace_days(unit.today), "creditor": event.creditor_id, "claim": event.claim_id}
    )
    for row in rows.all():
        _settle(unit, row)


def _settle(unit: Unit, row: Row[Any]) -> bool:
    whose = {"creditor_id": row.creditor_id, "claim_id": row.claim_id}
    if row.paid_minor >= row.amount_minor:
        _end(unit, row, PromiseState.KEPT)
        emit(unit, PromiseKept(**whose, promise_id=row.id))
        return True
    if unit.today > row.due_on + timedelta(days=_grace_days(unit.today)):
        _end(unit, row, PromiseState.BROKEN)
        emit(unit, PromiseBroken(**whose, promise_id=row.id))
        return True
    return False


def _end(unit: Unit, row: Row[Any] | Promise, state: PromiseState) -> None:
    unit.session.connection().execute(
        text("UPDATE promise SET state = :state, settled_at = :now WHERE creditor_id = :c AND id = :id"),
        {"state": state, "now": unit.now, "c": row.creditor_id, "id": row.id},
    )
    lift_holds_on(unit, creditor_id=row.creditor_id, claim_id=row.claim_id, ground=HoldGround.PROMISE)


def _end_of(day: date) -> datetime:
    """The moment at which a day is over on the agency's clock."""
    return datetime.combine(day + timedelta(days=1), time(0), tzinfo=AGENCY_ZONE).astimezone(UTC)
