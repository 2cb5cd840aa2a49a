"""Statutory interest for a column of debts at once: the cents of `interest`, without segments and trace."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final

from agency.calendar import anniversary
from agency.money import compounded, round_ratio
from agency.rules.day_count import PARTS_PER_YEAR, DayCount, parts_before
from agency.rules.facts import InterestKind, Law
from agency.rules.interest_regime import Course, InterestTerms, interest_regime
from agency.rules.interest_stops import Span
from agency.rules.rates import NoRate

_ZERO: Final = Decimal(0)
_DAY: Final = timedelta(days=1)


def interest_column(
    *,
    law: Law,
    kind: InterestKind,
    principals: Sequence[int],
    first_days: Sequence[date],
    last_days: Sequence[date],
    late_since: Sequence[date] | None = None,
    surcharge_percent: Decimal = _ZERO,
    compounding_agreed: bool = False,
    simple: bool = False,
    contract_on: date | None = None,
    day_count: DayCount = DayCount.ACTUAL_365,
) -> list[int]:
    """Compute statutory interest for many debts of one law and kind, rounded as `interest` does by default.

    Each day's rate is added up once, so that a debt costs a subtraction for each of its years of default.
    Debts with an agreed rate or with stops go through `interest` one by one.

    :param principals: in minor units of one currency, not negative; the columns are of one length.
    :param late_since: the first days of default; without them each debt is late since its first day.
    :returns: the interest of each debt in minor units.
    :raises NoRate: when no statutory rate is known for a day.
    :raises UnlawfulInterest: when compounding was agreed where the law forbids it.
    :raises ValueError: when the columns differ in length, or as `interest` does.
    """
    terms = InterestTerms(
        law=law, kind=kind, surcharge_percent=surcharge_percent,
        compounding_agreed=compounding_agreed, simple=simple, contract_on=contract_on,
    )  # fmt: skip
    if not principals:
        return []
    span = (date(min(first_days).year, 1, 1), date(max(last_days).year, 12, 31))
    defaults: dict[date, _Default] = {}
    found = []
    for minor, first, last, late in zip(
        principals, first_days, last_days, late_since or first_days, strict=True
    ):
        default = defaults.get(late)
        if default is None:
            default = defaults[late] = _default(terms, late, day_count, span)
        found.append(default.interest(minor, first, last))
    return found


@dataclass(frozen=True, slots=True)
class _Default:
    """What debts that became late on one day have in common.

    `sums` holds what a unit of principal bears before each day from `origin` on, times `divisor`; `turns` are
    the anniversaries of default as days since `origin`, where interest is capitalised, and `years` what the
    year that begins at each of them bears.
    """

    late_since: date
    title: str
    origin: int
    sums: Sequence[int]
    divisor: int
    turns: Sequence[int]
    years: Sequence[int]

    def interest(self, minor: int, first_day: date, last_day: date) -> int:
        """Return the interest of one debt in minor units."""
        if minor < 0:
            raise ValueError("interest runs over what is owed, not over a credit")
        if self.late_since > first_day:
            raise ValueError("interest does not run before the default")
        if last_day < first_day:
            return 0
        begin, last = first_day.toordinal() - self.origin, last_day.toordinal() - self.origin
        if begin < 0:
            raise NoRate(f"{self.title} is not known on {first_day}")
        raised = minor
        passed, turned = bisect_right(self.turns, begin), bisect_right(self.turns, last)
        if turned > passed:
            broken = self.sums[self.turns[passed]] - self.sums[begin]
            raised = compounded(minor, (broken, *self.years[passed : turned - 1]), self.divisor)
            begin = self.turns[turned - 1]
        rest = round_ratio(raised * (self.sums[last + 1] - self.sums[begin]), self.divisor)
        return raised - minor + rest


def _default(terms: InterestTerms, late_since: date, day_count: DayCount, span: Span) -> _Default:
    regime = interest_regime(terms, late_since)
    course = regime.course
    first, last = max(span[0], course.starts[0]), span[1]
    origin, sums = first.toordinal(), _sums(course, day_count, first, last)
    turns = [turn - origin for turn in _turns(late_since, last)] if regime.compounds else []
    turns = turns[bisect_right(turns, 0) :]
    return _Default(
        late_since=late_since,
        title=course.title,
        origin=origin,
        sums=sums,
        divisor=100 * course.scale * PARTS_PER_YEAR[day_count],
        turns=turns,
        years=[sums[end] - sums[start] for start, end in pairwise(turns)],
    )


@lru_cache(maxsize=256)
def _sums(course: Course, day_count: DayCount, first: date, last: date) -> tuple[int, ...]:
    """Add up the days from the first one: entry n is what n of them bear, the last entry what all do."""
    days = [first + number * _DAY for number in range((last - first).days + 2)]
    parts = [parts_before(day, day_count) for day in days]
    rates = [course.scaled[course.place(day)] for day in days[:-1]]
    weights = (rate * (after - before) for rate, (before, after) in zip(rates, pairwise(parts), strict=True))
    return tuple(accumulate(weights, initial=0))


def _turns(late_since: date, last: date) -> Iterator[int]:
    """Return the anniversaries of default up to a day, as ordinals."""
    for years in range(1, last.year - late_since.year + 1):
        yield anniversary(late_since, years).toordinal()
