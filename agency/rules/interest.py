"""Interest as of a date: nothing accrues by itself, every figure is computed when it is asked for."""

from calendar import isleap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Final

from agency.calendar import anniversary
from agency.money import Money, round_ratio
from agency.rules.facts import InterestKind, Law
from agency.rules.rates import DatedRate, RateTable, rate_table
from agency.rules.trace import Trace, TraceLine

_DAY: Final = timedelta(days=1)
_YEAR: Final = 365
_DAYS_PER_TWO_YEARS: Final = _YEAR * (_YEAR + 1)
_ZERO: Final = Decimal(0)


class RoundingPoint(StrEnum):
    """When interest is rounded to the cent; practice differs by a cent or two over years."""

    YEAR_AND_END = "when a full year is capitalised and once at the end"
    EACH_SEGMENT = "at every change of rate, when a year is capitalised and at the end"


class DayCount(StrEnum):
    """How many days a year has; the statute is silent, practice divides by 365 in leap years too."""

    ACTUAL_365 = "actual/365"
    ACTUAL_ACTUAL = "actual/366 in leap years"


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of days at one yearly rate over one base.

    `amount` is its share of the rounded interest: the segments of an interest add up to it exactly.
    """

    first_day: date
    last_day: date
    days: int
    base: Money
    percent: Decimal
    amount: Money
    source: str


@dataclass(frozen=True, slots=True)
class Interest:
    """Interest over a period, and how it came about."""

    amount: Money
    segments: tuple[Segment, ...]
    trace: Trace


def interest(
    *,
    law: Law,
    kind: InterestKind,
    principal: Money,
    first_day: date,
    last_day: date,
    contractual_percent: Decimal | None = None,
    late_since: date | None = None,
    surcharge_percent: Decimal = _ZERO,
    compounding_agreed: bool = False,
    rounding: RoundingPoint = RoundingPoint.YEAR_AND_END,
    day_count: DayCount = DayCount.ACTUAL_365,
) -> Interest:
    """Compute interest over a principal; both days count, so the day of payment bears interest.

    Netherlands: statutory interest follows each change of rate (BW 6:120) and after each full year of default
    the base is raised with that year's interest (BW 6:119(2), 6:119a(3)). Belgium (law of 2 August 2002),
    Germany (BGB s. 289), the United Kingdom (1998 Act) and the Directive: simple interest. An agreed rate
    is simple unless compounding was agreed too:

    - consumer and civil, NL: an agreed rate counts when it is higher than the statutory one on the day the
      default began (BW 6:119(3));
    - consumer, BE: an agreed rate above the trade rate of that day is void and leaves the civil rate; a valid
      one never exceeds the trade rate of the day (WER art. XIX.4);
    - trade: an agreed rate replaces the statutory one (BW 6:119a(8)).

    :param principal: what the interest runs over; not negative.
    :param first_day: the first day of interest, the day after the due date when nothing was paid yet.
    :param last_day: the last day; when it is before `first_day` there is no interest.
    :param contractual_percent: the agreed yearly rate in per cent.
    :param late_since: the first day of default, when it lies before `first_day`; years are counted from it.
    :param surcharge_percent: points agreed on top of the statutory rate ("statutory + 2%").
    :raises NoRate: when no statutory rate is known for a day.
    :raises ValueError: when the principal is negative an agreed rate is missing, or the default is later.
    """
    if principal.minor < 0:
        raise ValueError("interest runs over what is owed, not over a credit")
    if late_since is not None and late_since > first_day:
        raise ValueError("interest does not run before the default")
    terms = _Terms(law, kind, contractual_percent, surcharge_percent, compounding_agreed)
    plan = _plan(terms, first_day, last_day, late_since or first_day, day_count)
    amount, segments = _accrue(principal, plan.years, rounding)
    line = TraceLine(
        rule=f"{law}.interest.{kind}",
        version=first_day.isoformat(),
        source=plan.source,
        inputs={
            "principal": str(principal),
            "first_day": first_day.isoformat(),
            "last_day": last_day.isoformat(),
            "late_since": (late_since or first_day).isoformat(),
            "day_count": day_count.value,
            "rounding": rounding.value,
        },
        outcome=plan.regime,
        amount=amount,
    )
    return Interest(amount=amount, segments=segments, trace=(line,))


def compounds(
    *, law: Law, kind: InterestKind, late_since: date, contractual_percent: Decimal | None = None
) -> bool:
    """Tell whether interest of a full year of default raises the base, for whoever replays part payments.

    :param late_since: the first day of default.
    :raises ValueError: when an agreed rate is missing.
    """
    return _regime(_Terms(law, kind, contractual_percent, _ZERO, False), late_since).compounds


@dataclass(frozen=True, slots=True)
class _Terms:
    """What decides the rate: hashable, so that plans of equal dates are made once."""

    law: Law
    kind: InterestKind
    agreed: Decimal | None
    surcharge: Decimal
    compounding_agreed: bool


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Days at one rate within one year of default; `weight` is its exact factor over `_Year.divisor`."""

    first_day: date
    last_day: date
    percent: Decimal
    source: str
    weight: int


@dataclass(frozen=True, slots=True)
class _Year:
    """The stretches over one base. Interest is base x weight / divisor, an exact fraction."""

    stretches: tuple[_Stretch, ...]
    divisor: int
    capitalises: bool


@dataclass(frozen=True, slots=True)
class _Plan:
    years: tuple[_Year, ...]
    regime: str
    source: str


@dataclass(frozen=True, slots=True)
class _Regime:
    """Which rate runs: the table's (plus a surcharge), or the agreed one, perhaps capped by a table."""

    table: RateTable | None
    agreed: Decimal | None
    cap: RateTable | None
    surcharge: Decimal
    compounds: bool
    why: str

    def rate_at(self, day: date, late_since: date) -> DatedRate:
        """Return the rate that runs on a day; a rate may be fixed on the day the debt became late."""
        if self.table is not None:
            rate = self.table.at(late_since if self.table.fixed_for_debt else day)
            return replace(rate, percent=rate.percent + self.surcharge) if self.surcharge else rate
        assert self.agreed is not None, "without a table the rate was agreed"
        ceiling = self.cap.at(day) if self.cap else None
        if ceiling is not None and ceiling.percent < self.agreed:
            return ceiling
        return DatedRate(percent=self.agreed, since=late_since, source="agreed")

    def changes(self) -> tuple[date, ...]:
        """Return the days on which the rate may change."""
        table = self.table or self.cap
        return table.starts if table else ()

    def doubt(self, last_day: date) -> str:
        """Tell when the table may miss a newer rate, so that nobody takes an old rate for a sure one."""
        table = self.table or self.cap
        if table is None or last_day <= table.confirmed_until:
            return ""
        return f"; the rate after {table.confirmed_until} is not confirmed yet"


def _accrue(
    principal: Money, years: tuple[_Year, ...], rounding: RoundingPoint
) -> tuple[Money, tuple[Segment, ...]]:
    """Add up the years over a growing base, rounding where the setting says."""
    base, total = principal.minor, 0
    segments: list[Segment] = []
    for year in years:
        exact, booked, shown = 0, 0, Money(base, principal.currency)
        for stretch in year.stretches:
            if rounding is RoundingPoint.EACH_SEGMENT:
                amount = round_ratio(base * stretch.weight, year.divisor)
            else:
                # The running sum is rounded, never the part: the shown parts then add up to the whole.
                exact += base * stretch.weight
                amount = round_ratio(exact, year.divisor) - booked
            booked += amount
            segments.append(_segment(stretch, shown, amount))
        total += booked
        base += booked if year.capitalises else 0
    return Money(total, principal.currency), tuple(segments)


def _segment(stretch: _Stretch, base: Money, amount: int) -> Segment:
    return Segment(
        first_day=stretch.first_day,
        last_day=stretch.last_day,
        days=(stretch.last_day - stretch.first_day).days + 1,
        base=base,
        percent=stretch.percent,
        amount=Money(amount, base.currency),
        source=stretch.source,
    )


@lru_cache(maxsize=65536)
def _plan(terms: _Terms, first_day: date, last_day: date, late_since: date, day_count: DayCount) -> _Plan:
    regime = _regime(terms, late_since)
    if last_day < first_day:
        return _Plan(years=(), regime="no day of interest", source=regime.why)
    spans = list(_spans(regime, first_day, last_day, late_since))
    years = tuple(
        _year(regime, late_since, first, last, day_count, capitalises=last < last_day)
        for first, last in spans
    )
    how = "the base is raised after each full year" if regime.compounds else "simple interest"
    return _Plan(years=years, regime=f"{how}{regime.doubt(last_day)}", source=regime.why)


def _regime(terms: _Terms, begun: date) -> _Regime:
    if terms.kind is InterestKind.contract:
        if terms.agreed is None:
            raise ValueError("interest as agreed needs the agreed rate")
        return _agreed(terms, None, "as agreed in the contract")
    table = rate_table(law=terms.law, kind=terms.kind)
    consumer = terms.kind is not InterestKind.trade
    if terms.agreed is None:
        return _statutory(terms, table)
    if terms.law is Law.be and consumer:
        trade = rate_table(law=Law.be, kind=InterestKind.trade)
        if terms.agreed > trade.at(begun).percent:
            return _statutory(terms, table, "; the agreed rate is over the cap of WER art. XIX.4, so void")
        return _agreed(terms, trade, "as agreed, within the cap of WER art. XIX.4")
    if terms.law is Law.nl and consumer and terms.agreed <= table.at(begun).percent:
        return _statutory(terms, table, "; the agreed rate is not higher (BW 6:119(3))")
    return _agreed(terms, None, "as agreed in the contract, in place of the statutory rate")


def _agreed(terms: _Terms, cap: RateTable | None, why: str) -> _Regime:
    return _Regime(
        table=None,
        agreed=terms.agreed,
        cap=cap,
        surcharge=_ZERO,
        compounds=terms.compounding_agreed,
        why=why,
    )


def _statutory(terms: _Terms, table: RateTable, note: str = "") -> _Regime:
    # A Belgian consumer never pays points on top: the surcharge is an agreed rate under another name, and
    # its cap cannot be tested against a rate that moves.
    surcharge = _ZERO if terms.law is Law.be and terms.kind is not InterestKind.trade else terms.surcharge
    compounds = terms.law is Law.nl and (not surcharge or terms.compounding_agreed)
    points = f" + {surcharge} points as agreed" if surcharge else ""
    return _Regime(
        table=table,
        agreed=None,
        cap=None,
        surcharge=surcharge,
        compounds=compounds,
        why=f"{table.title}{points}{note}",
    )


def _spans(regime: _Regime, first_day: date, last_day: date, late_since: date) -> Iterator[tuple[date, date]]:
    """Cut a period at the anniversaries of default, when interest is capitalised there."""
    start = first_day
    years = max(0, first_day.year - late_since.year)
    while regime.compounds:
        years += 1
        end = anniversary(late_since, years) - _DAY
        if end >= last_day:
            break
        if end >= start:
            yield start, end
            start = end + _DAY
    yield start, last_day


def _year(
    regime: _Regime, late_since: date, first: date, last: date, day_count: DayCount, *, capitalises: bool
) -> _Year:
    starts = _cuts(regime, late_since, first, last, day_count)
    ends = [start - _DAY for start in starts[1:]] + [last]
    rates = [regime.rate_at(start, late_since) for start in starts]
    scale = 10 ** max(_decimals(rate.percent) for rate in rates)
    stretches = tuple(
        _Stretch(
            first_day=start,
            last_day=end,
            percent=rate.percent,
            source=rate.source,
            weight=int(rate.percent * scale) * ((end - start).days + 1) * _per_day(start, day_count),
        )
        for start, end, rate in zip(starts, ends, rates, strict=True)
    )
    return _Year(stretches, divisor=100 * scale * _DAYS_PER_TWO_YEARS, capitalises=capitalises)


def _cuts(regime: _Regime, late_since: date, first: date, last: date, day_count: DayCount) -> list[date]:
    """Return the days on which a stretch begins: the first one, and each that has another rate or year."""
    cuts = {first}
    for day in regime.changes():
        if first < day <= last:
            before = regime.rate_at(day - _DAY, late_since)
            if regime.rate_at(day, late_since).percent != before.percent:
                cuts.add(day)
    if day_count is DayCount.ACTUAL_ACTUAL:
        cuts.update(date(year, 1, 1) for year in range(first.year + 1, last.year + 1))
    return sorted(cuts)


def _per_day(day: date, day_count: DayCount) -> int:
    """Return one day's share of a year, counted in parts of which 365 x 366 make a year."""
    leap = day_count is DayCount.ACTUAL_ACTUAL and isleap(day.year)
    return _YEAR if leap else _YEAR + 1


def _decimals(percent: Decimal) -> int:
    exponent = percent.as_tuple().exponent
    assert isinstance(exponent, int), "a rate is a finite number"
    return max(0, -exponent)
