"""The days of an interest, cut where its rate, its year of default or its day count changes."""

from calendar import isleap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from agency.calendar import anniversary
from agency.rules.day_count import PARTS_PER_YEAR, DayCount, days_between, days_of_year, parts_before
from agency.rules.facts import InterestKind, Law
from agency.rules.interest_regime import Course, InterestTerms, Regime, interest_regime
from agency.rules.interest_stops import Span, Stop, running_spans, stopped_span
from agency.rules.rates import DatedRate

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days at one rate within one year of default; `weight` is its exact factor over `Plan.divisor`."""

    first_day: date
    last_day: date
    days: int
    year_days: int
    rate: DatedRate
    weight: int


@dataclass(frozen=True, slots=True)
class Year:
    """The stretches over one base, and the sum of their weights.

    `turn` is the day from which their interest is part of the base, None for the last year.
    """

    stretches: tuple[Stretch, ...]
    weight: int
    turn: date | None


@dataclass(frozen=True, slots=True)
class Plan:
    """How an interest is computed: over each base, interest is base x weight / divisor, an exact fraction.

    `full_years` are the weights of the years that raise the base, `last_year` that of the last one. `stops`
    are those that lie in the period, each with its days in it.
    """

    regime: Regime
    divisor: int
    years: tuple[Year, ...]
    full_years: tuple[int, ...]
    last_year: int
    stops: tuple[tuple[Stop, Span], ...]


@lru_cache(maxsize=65536)
def interest_plan(
    law: Law,
    kind: InterestKind,
    contractual_percent: Decimal | None,
    surcharge_percent: Decimal,
    compounding_agreed: bool,
    simple: bool,
    public_body: bool,
    contract_on: date | None,
    first_day: date,
    last_day: date,
    late_since: date,
    stops: tuple[Stop, ...],
    day_count: DayCount,
) -> Plan:
    """Cut a period of interest into years of default and stretches of one rate.

    Everything but the principal: debts of equal terms and days share one plan.

    :raises NoRate: when no rate is known for a day.
    :raises UnlawfulInterest: when the terms are void.
    :raises ValueError: when the terms contradict each other.
    """
    terms = InterestTerms(
        law=law, kind=kind, contractual_percent=contractual_percent, surcharge_percent=surcharge_percent,
        compounding_agreed=compounding_agreed, simple=simple, public_body=public_body,
        contract_on=contract_on,
    )  # fmt: skip
    regime = interest_regime(terms, late_since)
    divisor = 100 * regime.course.scale * PARTS_PER_YEAR[day_count]
    if last_day < first_day:
        return Plan(regime, divisor, (), (), 0, ())
    running = running_spans(first_day, last_day, stops)
    years = []
    for first, last in _years(first_day, last_day, late_since, compounds=regime.compounds):
        stretches = tuple(_stretches(regime.course, first, last, day_count, running))
        weight = sum(stretch.weight for stretch in stretches)
        years.append(Year(stretches, weight, last + _DAY if last < last_day else None))
    weights = tuple(year.weight for year in years)
    within = tuple((stop, span) for stop in stops if (span := stopped_span(stop, first_day, last_day)))
    return Plan(regime, divisor, tuple(years), weights[:-1], weights[-1], within)


def _years(first_day: date, last_day: date, late_since: date, *, compounds: bool) -> Iterator[Span]:
    """Cut a period at the anniversaries of default, when interest is capitalised there."""
    start = first_day
    number = first_day.year - late_since.year
    while compounds:
        end = anniversary(late_since, number) - _DAY
        if end >= last_day:
            break
        if end >= start:
            yield start, end
            start = end + _DAY
        number += 1
    yield start, last_day


def _stretches(
    course: Course, first: date, last: date, day_count: DayCount, running: Sequence[Span]
) -> Iterator[Stretch]:
    for begins, ends in running:
        start, end = max(first, begins), min(last, ends)
        if start > end:
            continue
        cuts = (start, *_cuts(course, start, end, day_count), end + _DAY)
        for cut, following in pairwise(cuts):
            index = course.place(cut)
            parts = parts_before(following, day_count) - parts_before(cut, day_count)
            yield Stretch(
                first_day=cut,
                last_day=following - _DAY,
                days=days_between(cut, following, day_count),
                year_days=days_of_year(cut, day_count),
                rate=course.rates[index],
                weight=course.scaled[index] * parts,
            )


def _cuts(course: Course, first: date, last: date, day_count: DayCount) -> Sequence[date]:
    """Return the days after the first on which another rate runs, or a year of another length begins."""
    changes = course.changes_within(first, last)
    if day_count is not DayCount.ACTUAL_ACTUAL:
        return changes
    lengths = (
        date(year, 1, 1) for year in range(first.year + 1, last.year + 1) if isleap(year) != isleap(year - 1)
    )
    return sorted({*changes, *lengths})
