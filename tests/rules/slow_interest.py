"""Interest a second time: day by day, in fractions, with its own reading of the tables and of the law.

Nothing of `agency.rules` is called: it is slow and plain on purpose, and what the product is held against.
"""

import tomllib
from calendar import isleap, monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from math import floor
from pathlib import Path

TABLES = Path(__file__).parents[2] / "agency" / "rules" / "tables"
FILES = {
    ("nl", "consumer"): "rates_nl_consumer",
    ("nl", "civil"): "rates_nl_consumer",
    ("nl", "trade"): "rates_nl_trade",
    ("be", "consumer"): "rates_be_civil",
    ("be", "civil"): "rates_be_civil",
    ("be", "trade"): "rates_be_trade",
    ("eu", "trade"): "rates_eu_trade",
}


@dataclass(frozen=True, kw_only=True)
class Debt:
    """What the product is asked, in plain values; `stops` are first and last days, None for no end yet."""

    law: str
    kind: str
    minor: int
    first: date
    last: date
    late: date
    agreed: Fraction | None = None
    points: Fraction = Fraction(0)
    compounding_agreed: bool = False
    simple: bool = False
    public_body: bool = False
    contract_on: date | None = None
    stops: Sequence[tuple[date, date | None]] = ()
    rounding: str = "year_and_end"
    day_count: str = "actual_365"


def slow_interest(debt: Debt) -> int:
    """Walk through every day and return the interest in minor units, rounded as the setting says."""
    rates, compounding = _ruling(debt)
    base, booked, exact, of_segment = debt.minor, 0, Fraction(0), Fraction(0)
    running: Fraction | None = None
    day = debt.first
    while day <= debt.last:
        if compounding and day > debt.first and _is_anniversary(debt.late, day):
            of_year = _round(exact) + _round(of_segment)
            base, booked, exact, of_segment, running = base + of_year, booked + of_year, 0, 0, None
        bears = not any(begin <= day and (end is None or day <= end) for begin, end in debt.stops)
        rate = rates(day) if bears else None
        if debt.rounding == "each_segment" and (rate != running or _new_length(day, debt.day_count)):
            booked_segment = _round(of_segment)
            exact, of_segment = exact + booked_segment, Fraction(0)
        running = rate
        if rate is not None:
            share = base * rate / 100 * _share_of_year(day, debt.day_count)
            if debt.rounding == "each_segment":
                of_segment += share
            else:
                exact += share
        day += timedelta(days=1)
    return booked + _round(exact) + _round(of_segment)


def statutory(law: str, kind: str, day: date, contract_on: date | None = None) -> Fraction:
    """Return the statutory rate of a day by reading the rows one after another."""
    if law == "de":
        points = 5 if kind != "trade" else 9 if day >= date(2014, 7, 29) else 8
        return _row("de_base_rate", day) + points
    if law == "uk":
        return _row("uk_bank_rate", day) + 8
    if (law, kind) == ("be", "trade") and contract_on and contract_on < date(2013, 3, 16):
        return _row("rates_be_trade_old" if day < date(2015, 3, 16) else "rates_be_trade", day)
    return _row(FILES[law, kind], day)


def _ruling(debt: Debt):
    """Return the rate of each day, and whether full years raise the base."""
    law, kind = debt.law, debt.kind

    def by_law(day: date) -> Fraction:
        return statutory(law, kind, debt.late if law == "uk" else day, debt.contract_on)

    legal_compounding = law == "nl" and kind != "contract"
    if debt.agreed is None:
        points = Fraction(0) if law == "be" and kind != "trade" else debt.points
        compounding = debt.compounding_agreed if points else legal_compounding
        return (lambda day: by_law(day) + points), compounding and not debt.simple
    agreed = debt.agreed
    if law == "be" and kind in ("consumer", "civil"):
        if agreed > statutory("be", "trade", debt.late, debt.contract_on):
            return by_law, False
        return (lambda day: min(agreed, statutory("be", "trade", day, debt.contract_on))), False
    only_higher = law == "nl" and (kind in ("consumer", "civil") or (kind == "trade" and debt.public_body))
    if only_higher and agreed <= by_law(debt.late):
        return by_law, not debt.simple
    return (lambda day: agreed), debt.compounding_agreed and not debt.simple


@cache
def _rows(name: str) -> list[tuple[date, Fraction]]:
    content = tomllib.loads((TABLES / f"{name}.toml").read_text(), parse_float=Fraction)
    return [(row["since"], Fraction(row["percent"])) for row in content["rate"]]


@cache
def _row(name: str, day: date) -> Fraction:
    found = [percent for since, percent in _rows(name) if since <= day]
    return found[-1]


def _is_anniversary(late: date, day: date) -> bool:
    if (late.month, late.day) == (2, 29) and not isleap(day.year):
        return (day.month, day.day) == (3, 1)
    return (late.month, late.day) == (day.month, day.day) and day.year > late.year


def _share_of_year(day: date, day_count: str) -> Fraction:
    if day_count == "actual_365":
        return Fraction(1, 365)
    if day_count == "actual_actual":
        return Fraction(1, 366 if isleap(day.year) else 365)
    # Months of thirty days: the 30th bears nothing before a 31st, February ends with what is left.
    last = monthrange(day.year, day.month)[1]
    if day.day == last:
        return Fraction(30 - min(day.day, 30) + 1, 360)
    return Fraction(0 if day.day == 30 else 1, 360)


def _new_length(day: date, day_count: str) -> bool:
    begins = (day.month, day.day) == (1, 1)
    return day_count == "actual_actual" and begins and isleap(day.year) != isleap(day.year - 1)


def _round(exact: Fraction) -> int:
    return floor(Fraction(exact) + Fraction(1, 2))
