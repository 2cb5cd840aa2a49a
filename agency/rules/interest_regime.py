"""Which rate runs on a debt: the statutory one, perhaps with points, or the agreed one within its limits."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from math import lcm
from typing import Any, Final

from agency.rules.facts import InterestKind, Law
from agency.rules.rates import DatedRate, NoRate, RateTable, rate_table
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import Trace, TraceLine

_ZERO: Final = Decimal(0)


class UnlawfulInterest(ValueError):
    """Interest that no rule allows; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestTerms:
    """What decides the rate: the law, the kind of debt, and what was agreed.

    :raises ValueError: when a rate or points are negative, or both were agreed, or interest as agreed in the
        contract has no agreed rate.
    """

    law: Law
    kind: InterestKind
    contractual_percent: Decimal | None = None
    surcharge_percent: Decimal = _ZERO
    compounding_agreed: bool = False
    simple: bool = False
    public_body: bool = False
    contract_on: date | None = None

    def __post_init__(self) -> None:
        if self.surcharge_percent < 0 or (self.contractual_percent or _ZERO) < 0:
            raise ValueError("an agreed rate is not negative, and neither are points on the statutory one")
        if self.contractual_percent is not None and self.surcharge_percent:
            raise ValueError("either a rate was agreed or points on the statutory one, not both")
        if self.kind is InterestKind.contract and self.contractual_percent is None:
            raise ValueError("interest as agreed needs the agreed rate")


@dataclass(frozen=True, slots=True)
class Course:
    """The rates that run one after another, each from its day in `starts`; `changes` are those of the days
    on which the percentage differs from the one before. `scaled` has the percentages as whole numbers,
    `scale` times as large."""

    title: str
    starts: tuple[date, ...]
    rates: tuple[DatedRate, ...]
    changes: tuple[date, ...]
    scaled: tuple[int, ...]
    scale: int

    def place(self, on: date) -> int:
        """Return which of the rates runs on a day.

        :raises NoRate: when the course begins later.
        """
        index = bisect_right(self.starts, on) - 1
        if index < 0:
            raise NoRate(f"{self.title} is not known before {self.starts[0]}")
        return index

    def changes_within(self, first_day: date, last_day: date) -> tuple[date, ...]:
        """Return the days after the first one, up to the last, on which the percentage changes."""
        return self.changes[bisect_right(self.changes, first_day) : bisect_right(self.changes, last_day)]


@dataclass(frozen=True, slots=True)
class Regime:
    """Which rates run and whether full years raise the base; `because` explains it.

    `confirmed_until` is the last day for which the table under it is complete, None without a table.
    """

    course: Course
    compounds: bool
    confirmed_until: date | None
    because: Trace


@lru_cache(maxsize=65536)
def interest_regime(terms: InterestTerms, late_since: date) -> Regime:
    """Decide which rates run on a debt that is late since a day (the first day of default).

    Consumer and civil debts, Netherlands: an agreed rate counts when it is higher than the statutory one on
    that day (BW 6:119(3)), and so against a public body (BW 6:119b(8)). Belgium: over the trade rate of that
    day it is void, which leaves the civil rate, and it never exceeds the trade rate of the day (WER art.
    XIX.4); points on top are an agreed rate under another name and not charged. Trade: an agreed rate
    replaces the statutory one (BW 6:119a(8)). What the law compounds is simple when a rate or points were
    agreed and compounding was not.

    :raises NoRate: when no statutory rate is known.
    :raises UnlawfulInterest: when compounding was agreed where the law forbids it (BGB s. 248, 289; old
        Belgian BW art. 1154).
    """
    rule = _rule(terms, late_since)
    if terms.compounding_agreed and not rule["anatocism"]:
        raise UnlawfulInterest(
            f"an agreement on interest over interest is void: {rule['source_compounding']} ({terms.law})"
        )
    if terms.contractual_percent is None:
        return _statutory(terms, rule, late_since)
    if rule["agreed"] == "capped":
        return _capped(terms, rule, late_since, terms.contractual_percent)
    if rule["agreed"] == "when_higher":
        statutory = _table(terms).at(late_since).percent
        if terms.contractual_percent <= statutory:
            inputs = {"agreed": _plain(terms.contractual_percent), "statutory": _plain(statutory)}
            note = _line(terms, rule, "agreed_not_higher", inputs, source=rule["source_agreed"])
            return _statutory(terms, rule, late_since, note)
    rate = DatedRate(terms.contractual_percent, late_since, rule["source_agreed"])
    line = _line(terms, rule, "agreed", {"percent": _plain(rate.percent)}, source=rate.source)
    course = _course(rate.source, [(date.min, rate)])
    return _regime(terms, rule, course, None, terms.compounding_agreed, line)


def _statutory(terms: InterestTerms, rule: dict[str, Any], late_since: date, *notes: TraceLine) -> Regime:
    table, points = _table(terms), terms.surcharge_percent
    if points and rule["agreed"] == "capped":
        note = _line(terms, rule, "points_void", {"points": _plain(points)}, source=rule["source_agreed"])
        points, notes = _ZERO, (*notes, note)
    confirmed: date | None = table.confirmed_until
    if table.fixed_for_debt:
        # The rate of a past half-year does not change any more, however long the debt stays open.
        confirmed = None if late_since <= table.confirmed_until else confirmed
        notes = (*notes, _line(terms, rule, "fixed_for_debt", {"late_since": late_since.isoformat()}))
    course = _course_of(terms, points, late_since if table.fixed_for_debt else None)
    if points:
        line = _line(terms, rule, "statutory_with_points", {"points": _plain(points)})
        return _regime(terms, rule, course, confirmed, terms.compounding_agreed, line, *notes)
    line = _line(terms, rule, "statutory", {})
    return _regime(terms, rule, course, confirmed, rule["compounds"], line, *notes)


@lru_cache(maxsize=4096)
def _course_of(terms: InterestTerms, points: Decimal, fixed_on: date | None) -> Course:
    """Return the rates of a table with points on them: all of them, or the one of the day that fixes it."""
    table = _table(terms)
    rates = [(rate.since, rate) for rate in table.rates]
    if fixed_on is not None:
        rates = [(date.min, table.at(fixed_on))]
    return _course(
        table.title, [(start, replace(rate, percent=rate.percent + points)) for start, rate in rates]
    )


def _capped(terms: InterestTerms, rule: dict[str, Any], late_since: date, agreed: Decimal) -> Regime:
    cap = rate_table(law=terms.law, kind=InterestKind.trade, contract_on=terms.contract_on)
    most = cap.at(late_since).percent
    inputs = {"agreed": _plain(agreed), "cap": _plain(most), "late_since": late_since.isoformat()}
    if agreed > most:
        note = _line(terms, rule, "agreed_void", inputs, source=rule["source_agreed"])
        return _statutory(terms, rule, late_since, note)
    own = DatedRate(agreed, late_since, rule["source_agreed"])
    course = _course(cap.title, [(rate.since, min(own, rate, key=_percent)) for rate in cap.rates])
    line = _line(terms, rule, "agreed_within_cap", inputs, source=rule["source_agreed"])
    return _regime(terms, rule, course, cap.confirmed_until, False, line)


def _regime(
    terms: InterestTerms,
    rule: dict[str, Any],
    course: Course,
    confirmed: date | None,
    compounds: bool,
    *because: TraceLine,
) -> Regime:
    agreed = because[0].outcome != "interest.statutory"
    if compounds and terms.simple:
        how = "compounding_waived"
    elif compounds:
        how = "compounds_as_agreed" if agreed else "compounds"
    else:
        how = "compounding_not_agreed" if agreed and rule["compounds"] else "simple"
    source = rule["source_agreed" if agreed and (compounds or rule["compounds"]) else "source_compounding"]
    line = _line(terms, rule, how, {}, source=source)
    return Regime(course, compounds and not terms.simple, confirmed, (*because, line))


def _course(title: str, rates: Sequence[tuple[date, DatedRate]]) -> Course:
    changes = [start for (_, before), (start, rate) in pairwise(rates) if rate.percent != before.percent]
    scale = lcm(*(rate.percent.as_integer_ratio()[1] for _, rate in rates))
    return Course(
        title=title,
        starts=tuple(start for start, _ in rates),
        rates=tuple(rate for _, rate in rates),
        changes=tuple(changes),
        scaled=tuple(int(rate.percent * scale) for _, rate in rates),
        scale=scale,
    )


def _rule(terms: InterestTerms, late_since: date) -> dict[str, Any]:
    rows = [
        row
        for row in read_table("interest_rules")["rule"]
        if row["law"] == terms.law
        and terms.kind in row["kinds"]
        and (terms.public_body or not row.get("public_body"))
    ]
    # A row for public bodies stands behind the general one of the same day, so the last of equals counts.
    rule = row_in_force(reversed(rows), late_since)
    if rule is None:
        raise NoRate(f"no interest of kind {terms.kind} under the law of {terms.law} on {late_since}")
    return rule


def _table(terms: InterestTerms) -> RateTable:
    return rate_table(law=terms.law, kind=terms.kind, contract_on=terms.contract_on)


def _line(
    terms: InterestTerms, rule: dict[str, Any], outcome: str, inputs: dict[str, str], source: str = ""
) -> TraceLine:
    return TraceLine(
        rule=f"{terms.law}.interest.{terms.kind}",
        version=rule["since"].isoformat(),
        source=source or rule["source"],
        inputs=inputs,
        outcome=f"interest.{outcome}",
    )


def _percent(rate: DatedRate) -> Decimal:
    return rate.percent


def _plain(percent: Decimal) -> str:
    return f"{percent:f}"
