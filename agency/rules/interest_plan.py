"""The days of an interest, cut where its rate, its year of default or its day count changes."""

from calendar import isleap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise

from agency.calendar import anniversary
from agency.rules.day_count import PARTS_PER_YEAR, DayCount, days_between, days_of_year, parts_before
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

    `stops` are those that lie in the period, each with its days in it.
    """

    regime: Regime
    years: tuple[Year, ...]
    divisor: int
    stops: tuple[tuple[Stop, Span], ...] = ()


@lru_cache(maxsize=65536)
def interest_plan(
    terms: InterestTerms,
    first_day: date,
    last_day: date,
    late_since: date,
    day_count: DayCount,
    stops: tuple[Stop, ...],
) -> Plan:
    """Cut a period of interest into years of default and stretches of one rate.

    :raises NoRate: when no rate is known for a day.
    :raises UnlawfulInterest: when the terms are void.
    """
    regime = interest_regime(terms, late_since)
    divisor = 100 * regime.course.scale * PARTS_PER_YEAR[day_count]
    if last_day < first_day:
        return Plan(regime, (), divisor)
    within = tuple((stop, span) for stop in stops if (span := stopped_span(stop, first_day, last_day)))
    running = running_spans(first_day, last_day, stops)
    years = []
    for first, last in _years(first_day, last_day, late_since, compounds=regime.compounds):
        stretches = tuple(_stretches(regime.course, first, last, day_count, running))
        weight = sum(stretch.weight for stretch in stretches)
        years.append(Year(stretches, weight, last + _DAY if last < last_day else None))
    return Plan(regime, tuple(years), divisor, within)


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
