"""How and how often a creditor is paid out, agreed from a day on; all else that was agreed stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlmodel import col, select

from agency.kernel.audit import record
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.money import Money
from agency.parties.models import Creditor, CreditorTerms, RemittanceMode
from agency.rules.payout import PayoutCycle

_COPIED = (
    "interest_to", "costs_to", "costs_clause", "contractual_interest_percent", "reminder_in_creditors_name",
    "free_demand_days", "withdrawal_bps", "withdrawal_minimum_minor",
)  # fmt: skip
_DAYS = {PayoutCycle.WEEKLY: 7, PayoutCycle.MONTHLY: 31}


class UnableToAgree(Conflict):
    """Terms from that day or a later one stand already; what was agreed is not changed behind them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutAgreement:
    """What is agreed: `day` is an ISO weekday (weekly) or a day of the month (monthly), else without meaning;
    `least` is the smallest amount that is paid out."""

    mode: RemittanceMode
    cycle: PayoutCycle
    day: int
    least: Money


def payout_history(unit: Unit, *, creditor_id: UUID) -> Sequence[CreditorTerms]:
    """This function will return what was agreed with a creditor, the newest first."""
    return unit.session.exec(
        select(CreditorTerms)
        .where(CreditorTerms.creditor_id == creditor_id)
        .order_by(col(CreditorTerms.valid_from).desc())
    ).all()


def agree_payouts(unit: Unit, *, creditor_id: UUID, valid_from: date, wanted: PayoutAgreement) -> None:
    """This function will let a way of paying out count from a day on.

    :raises NotFound: no such creditor.
    :raises Invalid: the day has passed, or the day of payout or the least amount does not fit the cycle.
    :raises UnableToAgree: see the exception.
    """
    if unit.session.get(Creditor, creditor_id, with_for_update=True) is None:
        raise NotFound("no such creditor")
    _refuse(unit, valid_from, wanted)
    newest = next(iter(payout_history(unit, creditor_id=creditor_id)), None)
    if newest is not None and newest.valid_from >= valid_from:
        raise UnableToAgree("terms from this day or a later one stand already", field="valid_from")
    kept = {name: getattr(newest, name) for name in _COPIED} if newest is not None else {}
    unit.session.add(
        CreditorTerms(
            creditor_id=creditor_id,
            id=new_id(),
            created_at=unit.now,
            valid_from=valid_from,
            remittance_mode=wanted.mode,
            payout_cycle=wanted.cycle,
            payout_day=wanted.day,
            payout_from_minor=wanted.least.minor,
            **kept,
        )
    )
    unit.session.flush()
    record(
        unit,
        action="payout_terms.agreed",
        subject=f"creditor:{creditor_id}",
        creditor_id=creditor_id,
        facts={
            "valid_from": valid_from.isoformat(),
            "mode": wanted.mode.value,
            "cycle": wanted.cycle.value,
            "day": wanted.day,
            "least_minor": wanted.least.minor,
        },
    )


def _refuse(unit: Unit, valid_from: date, wanted: PayoutAgreement) -> None:
    if valid_from < unit.today:
        raise Invalid("choose today or a later day", field="valid_from")
    if not 1 <= wanted.day <= _DAYS.get(wanted.cycle, 31):
        raise Invalid("this is no day of a week or of a month", field="day")
    if wanted.least.minor < 0 or wanted.least.currency != "EUR":
        raise Invalid("give an amount in euro", field="least")
    if wanted.cycle is PayoutCycle.THRESHOLD and not wanted.least:
        raise Invalid("a threshold needs an amount", field="least")
