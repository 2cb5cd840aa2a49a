"""Yearly rates of statutory interest, by law, kind and day."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Final

from agency.rules.facts import InterestKind, Law
from agency.rules.tables import read_table, table_names

_RATES: Final = "rates_"
_JULY: Final = 7
_HALF_POINT: Final = Decimal("0.5")


class NoRate(LookupError):
    """No table holds a rate for this law, kind and day; a missing rate must never pass for a zero one."""


@dataclass(frozen=True, slots=True)
class DatedRate:
    """A yearly rate in per cent, in force from `since` until the next one."""

    percent: Decimal
    since: date
    source: str


@dataclass(frozen=True, slots=True)
class RateTable:
    """All rates of one law and kind, oldest first; known to be complete up to `confirmed_until`."""

    name: str
    title: str
    confirmed_until: date
    fixed_for_debt: bool
    rates: tuple[DatedRate, ...]
    starts: tuple[date, ...]

    def at(self, on: date) -> DatedRate:
        """Return the rate in force on a day.

        :raises NoRate: when the table begins later.
        """
        index = bisect_right(self.starts, on)
        if index == 0:
            raise NoRate(f"{self.title} is not known before {self.starts[0]}")
        return self.rates[index - 1]


def rate_on(*, law: Law, kind: InterestKind, on: date) -> DatedRate:
    """Return the statutory rate in force on a day, with its source.

    :raises NoRate: when the law has no such rate, or not yet on that day.
    """
    return rate_table(law=law, kind=kind).at(on)


def rate_table(*, law: Law, kind: InterestKind) -> RateTable:
    """Return all rates of a law and kind.

    :raises NoRate: when the law knows no such interest.
    """
    try:
        return _tables()[law, kind]
    except KeyError:
        raise NoRate(f"no statutory interest of kind {kind} under the law of {law}") from None


def stale_tables(*, on: date) -> list[str]:
    """Name the rate tables that are not confirmed up to a day, so that somebody looks up the new rate.

    Rate sites lag and a missing row fails silently: this is the alarm.
    """
    tables = {table.name: table for table in _tables().values()}
    return sorted(name for name, table in tables.items() if table.confirmed_until < on)


def reference_on(*, on: date) -> DatedRate:
    """Return the ECB main refinancing rate that trade interest follows on a day.

    It is the rate of the last operation before the half-year began (Directive 2011/7/EU art. 2(7)): a change
    that takes effect on 1 January or 1 July itself counts.

    :raises NoRate: when the ECB table begins later.
    """
    half_year = date(on.year, 1 if on.month < _JULY else _JULY, 1)
    return _load("ecb_refinancing").at(half_year)


def round_up_to_half_point(percent: Decimal) -> Decimal:
    """Return a rate rounded up to the next half point, as Belgian law asks (2 August 2002)."""
    halves, above = divmod(percent, _HALF_POINT)
    return (halves + 1 if above else halves) * _HALF_POINT


@cache
def _tables() -> dict[tuple[Law, InterestKind], RateTable]:
    return {
        (Law(read_table(name)["law"]), InterestKind(kind)): _load(name)
        for name in table_names(_RATES)
        for kind in read_table(name)["kinds"]
    }


@cache
def _load(name: str) -> RateTable:
    content = read_table(name)
    rates = tuple(
        DatedRate(percent=Decimal(row["percent"]), since=row["since"], source=row["source"])
        for row in content["rate"]
    )
    starts = tuple(rate.since for rate in rates)
    assert list(starts) == sorted(set(starts)), f"the rows of {name} are not in order"
    return RateTable(
        name=name,
        title=content["title"],
        confirmed_until=content["confirmed_until"],
        fixed_for_debt=content.get("fixed_for_debt", False),
        rates=rates,
        starts=starts,
    )
