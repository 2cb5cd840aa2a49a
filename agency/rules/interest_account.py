"""What an interest consists of: its segments, each with a share of the rounded amount."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from agency.money import Money, compounded, round_ratio
from agency.rules.interest_plan import Plan, Stretch, Year


class RoundingPoint(StrEnum):
    """When interest is rounded half-up to the cent; practice differs by a cent or two over years.

    YEAR_AND_END: exact within a year, rounded when a full year is capitalised and once at the end.
    EACH_SEGMENT: at every change of rate too.
    """

    YEAR_AND_END = "year_and_end"
    EACH_SEGMENT = "each_segment"


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of days at one yearly rate over one base.

    `days` of a year of `year_days` bear interest, as the day count counts them; the rate is in force since
    `since`. `amount` is its share of the rounded interest: the segments of an interest add up to it exactly.
    """

    first_day: date
    last_day: date
    days: int
    year_days: int
    base: Money
    percent: Decimal
    amount: Money
    since: date
    source: str


@dataclass(frozen=True, slots=True)
class AccountedYear:
    """The segments over one base, and what they `added`; with `turn`, the day on which the base was raised by
    it to `raised_to`."""

    segments: tuple[Segment, ...]
    added: Money
    raised_to: Money
    turn: date | None


def interest_minor(minor: int, plan: Plan, rounding: RoundingPoint) -> int:
    """Return the interest over a principal; both in minor units."""
    raised = minor
    if rounding is RoundingPoint.YEAR_AND_END:
        raised = compounded(raised, plan.full_years, plan.divisor)
        return raised - minor + round_ratio(raised * plan.last_year, plan.divisor)
    for year in plan.years:
        raised += sum(_shares(raised, year, plan.divisor, rounding))
    return raised - minor


def account(principal: Money, plan: Plan, rounding: RoundingPoint) -> Iterator[AccountedYear]:
    """Yield the years of an interest with their segments, over a base that each full year raises."""
    base = principal
    for year in plan.years:
        shares = _shares(base.minor, year, plan.divisor, rounding)
        segments = tuple(
            _segment(stretch, base, share) for stretch, share in zip(year.stretches, shares, strict=True)
        )
        added = Money(sum(shares), base.currency)
        base += added
        yield AccountedYear(segments, added, base, year.turn)


def _shares(minor: int, year: Year, divisor: int, rounding: RoundingPoint) -> list[int]:
    """Return the rounded interest of each stretch of a year, in minor units."""
    if rounding is RoundingPoint.EACH_SEGMENT:
        return [round_ratio(minor * stretch.weight, divisor) for stretch in year.stretches]
    # The running sum is rounded, never the part: the shown parts then add up to the whole.
    exact = booked = 0
    shares = []
    for stretch in year.stretches:
        exact += minor * stretch.weight
        shares.append(round_ratio(exact, divisor) - booked)
        booked += shares[-1]
    return shares


def _segment(stretch: Stretch, base: Money, amount: int) -> Segment:
    return Segment(
        first_day=stretch.first_day,
        last_day=stretch.last_day,
        days=stretch.days,
        year_days=stretch.year_days,
        base=base,
        percent=stretch.rate.percent,
        amount=Money(amount, base.currency),
        since=stretch.rate.since,
        source=stretch.rate.source,
    )
