"""When a payout falls due, and what of the collected money leaves for the creditor."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from agency.money import Money
from agency.rules.tables import read_table, row_in_force


class PayoutCycle(StrEnum):
    """How often a creditor is paid; by threshold means: as soon as enough has come in."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    THRESHOLD = "threshold"


@dataclass(frozen=True, slots=True)
class PayoutTerms:
    """What was agreed on payouts. `day` is an ISO weekday (1 is Monday) for weekly ones and a day of the
    month for monthly ones, the last day where a month is shorter; `least` is the smallest amount paid out."""

    cycle: PayoutCycle
    day: int
    least: Money


@dataclass(frozen=True, slots=True)
class PayoutSplit:
    """What of a fee with VAT is kept from the client's money, what is invoiced, and what is paid out."""

    withheld: Money
    invoiced: Money
    net: Money


def payout_due(terms: PayoutTerms, *, cutoff_on: date, last_on: date | None, payable: Money) -> bool:
    """Decide whether a creditor is paid on a day.

    A day that was missed is made good on the next one: due is who was not paid since the latest agreed day.

    :param last_on: the cut-off of the creditor's latest payout, None when there was none.
    :param payable: what would be paid out; fees without a payout are invoiced whatever their amount.
    """
    if payable and payable < terms.least:
        return False
    agreed = _latest_day(terms, cutoff_on)
    return last_on is None or last_on < agreed


def checks_due(*, checked_on: date, cutoff_on: date) -> bool:
    """Decide whether credit checks are invoiced by themselves, because no payout took them along in their
    month.

    They go with the first cut-off after the months that the dated table allows them to be gathered.

    :param checked_on: the day of the oldest check without an invoice.
    """
    row = row_in_force(read_table("payout")["check_invoice"], cutoff_on)
    assert row is not None, "the table begins before the product"
    months = (cutoff_on.year - checked_on.year) * 12 + cutoff_on.month - checked_on.month
    return months >= int(row["months"])


def split_payout(
    *, mode: str, collected: Money, fee_on_collected: Money, fee_on_direct: Money
) -> PayoutSplit | None:
    """Divide what was collected: net keeps every fee, combined the fee on what the agency collected, gross
    none. What is kept never exceeds what was collected; the rest of the fee is invoiced.

    :param mode: "net", "gross" or "combined".
    :param collected: the creditor's share of what came in, less what was taken back; when that is below
        zero the shortfall waits for the next payout, and nobody else pays for it.
    :param fee_on_collected: fee with VAT on that money; negative when more was given back than earned.
    :param fee_on_direct: fee with VAT on money that the creditor received itself, on withdrawals,
        offers and credit checks.
    :returns: None when nothing can be paid out or settled now.
    :raises ValueError: when the mode is unknown.
    """
    zero = Money.zero(collected.currency)
    whole = fee_on_collected + fee_on_direct
    keepable = {"net": whole, "combined": fee_on_collected, "gross": zero}.get(mode)
    if keepable is None:
        raise ValueError(f"no mode of payout is called {mode}")
    if collected < zero:
        return None
    withheld = min(keepable, collected)
    return PayoutSplit(withheld=withheld, invoiced=whole - withheld, net=collected - withheld)


def _latest_day(terms: PayoutTerms, cutoff_on: date) -> date:
    """Return the latest agreed day that is not after a cut-off."""
    if terms.cycle is PayoutCycle.WEEKLY:
        return cutoff_on - timedelta(days=(cutoff_on.isoweekday() - terms.day) % 7)
    if terms.cycle is PayoutCycle.MONTHLY:
        this_month = _day_of_month(cutoff_on.year, cutoff_on.month, terms.day)
        if this_month <= cutoff_on:
            return this_month
        before = cutoff_on.replace(day=1) - timedelta(days=1)
        return _day_of_month(before.year, before.month, terms.day)
    return cutoff_on


def _day_of_month(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, monthrange(year, month)[1]))
