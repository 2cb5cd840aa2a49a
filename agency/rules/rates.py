"""Yearly rates of statutory interest, by law, kind and day."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Final

from agency.rules.facts import InterestKind, Law
from agency.rules.tables import read_table, table_names

_RATES: Final = "rates_"
_REFERENCE: Final = "ecb_refinancing"
_JULY: Final = 7


class NoRate(LookupError):
    """No table holds a rate for this law, kind and day; a missing rate must never pass for a zero one."""


@dataclass(frozen=True, slots=True)
class DatedRate:
    """A yearly rate in per cent, in force from `since` until the next one.

    `doubt` says how a rate may be unsure: "derived" by formula, "conflict" between sources, from "memory".
    """

    percent: Decimal
    since: date
    source: str
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class RateTable:
    """All rates of one law and kind, oldest first; known to be complete up to `confirmed_until`.

    `name` is the file that an operator renews: the base rate's, where the rate is a base rate with points on
    it. With `fixed_for_debt` a debt keeps the rate of the day on which it became late. `contracts_before` is
    set on a table that counts only for contracts concluded before that day.
    """

    name: str
    title: str
    confirmed_until: date
    rates: tuple[DatedRate, ...]
    starts: tuple[date, ...]
    fixed_for_debt: bool = False
    contracts_before: date | None = None

    def at(self, on: date) -> DatedRate:
        """Return the rate in force on a day.

        :raises NoRate: when the table begins later.
        """
        index = bisect_right(self.starts, on)
        if index == 0:
            raise NoRate(f"{self.title} is not known before {self.starts[0]}")
        return self.rates[index - 1]


def rate_on(*, law: Law, kind: InterestKind, on: date, contract_on: date | None = None) -> DatedRate:
    """Return the statutory rate in force on a day, in per cent per year, with its source.

    :param contract_on: the day of the contract, where older contracts keep another rate (Belgian trade from
        before 16 March 2013); without it the contract is taken for a newer one.
    :raises NoRate: when the law has no such rate, or not yet on that day.
    """
    return rate_table(law=law, kind=kind, contract_on=contract_on).at(on)


def rate_table(*, law: Law, kind: InterestKind, contract_on: date | None = None) -> RateTable:
    """Return all rates of a law and kind, for contracts of a day.

    :raises NoRate: when the law knows no such interest.
    """
    ordinary: RateTable | None = None
    for table in _tables().get((law, kind), ()):
        if table.contracts_before is None:
            ordinary = table
        elif contract_on is not None and contract_on < table.contracts_before:
            return table
    if ordinary is None:
        raise NoRate(f"no statutory interest of kind {kind} under the law of {law}")
    return ordinary


def all_rate_tables() -> tuple[RateTable, ...]:
    """Return the rate table of every law and kind, by the file that holds it, each file once."""
    return tuple({table.name: table for tables in _tables().values() for table in tables}.values())


def reference_table() -> RateTable:
    """Return the ECB main refinancing rate (fixed), by the day it took effect."""
    return _load(_REFERENCE)


def half_year(on: date) -> date:
    """Return the first day of the half-year of a day."""
    return date(on.year, 1 if on.month < _JULY else _JULY, 1)


@cache
def _tables() -> dict[tuple[Law, InterestKind], tuple[RateTable, ...]]:
    found: dict[tuple[Law, InterestKind], tuple[RateTable, ...]] = {}
    for name in table_names(_RATES):
        content = read_table(name)
        for kind in content["kinds"]:
            key = Law(content["law"]), InterestKind(kind)
            found[key] = (*found.get(key, ()), _load(name))
    return found


@cache
def _load(name: str) -> RateTable:
    content = read_table(name)
    if "base" in content:
        return _with_points(content)
    if "joins" in content:
        return _joining(content)
    rates = tuple(_row(row) for row in content["rate"])
    return RateTable(name, content["title"], content["confirmed_until"], rates, _starts(rates))


def _row(row: Mapping[str, Any]) -> DatedRate:
    return DatedRate(Decimal(row["percent"]), row["since"], row["source"], row.get("doubt", ""))


def _with_points(content: Mapping[str, Any]) -> RateTable:
    """Build a table that adds points to a base rate: it changes when either does."""
    base = _load(content["base"])
    points = tuple(_row(row) for row in content["points"])
    rates = tuple(_sums(base.rates, points))
    return RateTable(
        name=base.name,
        title=content["title"],
        confirmed_until=base.confirmed_until,
        rates=rates,
        starts=_starts(rates),
        fixed_for_debt=content.get("fixed_for_debt", False),
    )


def _sums(base: tuple[DatedRate, ...], points: tuple[DatedRate, ...]) -> Iterator[DatedRate]:
    base_starts, points_starts = _starts(base), _starts(points)
    known = max(base_starts[0], points_starts[0])
    for since in sorted({known, *base_starts, *points_starts}):
        if since >= known:
            below = base[bisect_right(base_starts, since) - 1]
            above = points[bisect_right(points_starts, since) - 1]
            yield DatedRate(
                percent=below.percent + above.percent,
                since=since,
                source=f"{above.source}: {below.percent} + {above.percent}; {below.source}",
                doubt=below.doubt or above.doubt,
            )


def _joining(content: Mapping[str, Any]) -> RateTable:
    """Build a table of old contracts, which from a day on bear what every contract bears."""
    ordinary = _load(content["ordinary"])
    joins: date = content["joins"]
    at_once = ordinary.at(joins)
    rates = (
        *(_row(row) for row in content["rate"] if row["since"] < joins),
        DatedRate(at_once.percent, joins, at_once.source, at_once.doubt),
        *(rate for rate in ordinary.rates if rate.since > joins),
    )
    return RateTable(
        name=ordinary.name,
        title=content["title"],
        confirmed_until=ordinary.confirmed_until,
        rates=rates,
        starts=_starts(rates),
        contracts_before=content["contracts_before"],
    )


def _starts(rates: tuple[DatedRate, ...]) -> tuple[date, ...]:
    return tuple(rate.since for rate in rates)
