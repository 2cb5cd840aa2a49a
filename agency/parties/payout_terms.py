"""How and how often a creditor is paid out, agreed from a day on; all else that was agreed stays."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from agency.kernel.audit import record
from agency.kernel.errors import Invalid
from agency.kernel.unit import Unit
from agency.money import Money
from agency.parties.models import RemittanceMode
from agency.parties.terms import follow_terms
from agency.rules.payout import PayoutCycle

_DAYS = {PayoutCycle.WEEKLY: 7, PayoutCycle.MONTHLY: 31}


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutAgreement:
    """What is agreed: `day` is an ISO weekday (weekly) or a day of the month (monthly), else without meaning;
    `least` is the smallest amount that is paid out."""

    mode: RemittanceMode
    cycle: PayoutCycle
    day: int
    least: Money


def agree_payouts(unit: Unit, *, creditor_id: UUID, valid_from: date, wanted: PayoutAgreement) -> None:
    """This function will let a way of paying out count from a day on.

    :raises NotFound: no such creditor.
    :raises Invalid: the day has passed, or the day of payout or the least amount does not fit the cycle.
    :raises UnableToAgree: see the exception.
    """
    _refuse(wanted)
    changes = {
        "remittance_mode": wanted.mode,
        "payout_cycle": wanted.cycle,
        "payout_day": wanted.day,
        "payout_from_minor": wanted.least.minor,
    }
    follow_terms(unit, creditor_id=creditor_id, valid_from=valid_from, changes=changes)
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


def _refuse(wanted: PayoutAgreement) -> None:
    if not 1 <= wanted.day <= _DAYS.get(wanted.cycle, 31):
        raise Invalid("this is no day of a week or of a month", field="day")
    if wanted.least.minor < 0 or wanted.least.currency != "EUR":
        raise Invalid("give an amount in euro", field="least")
    if wanted.cycle is PayoutCycle.THRESHOLD and not wanted.least:
        raise Invalid("a threshold needs an amount", field="least")
