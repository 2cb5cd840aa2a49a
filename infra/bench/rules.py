"""Interest over ten years: a column of debts, and one debt after the other, against a bare loop.

The bare loop knows one rate and no law: it multiplies, divides and rounds once for each debt. No server and
no database takes part.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from agency.money import Money
from agency.rules.facts import InterestKind, Law
from agency.rules.interest import interest
from agency.rules.interest_column import interest_column
from infra.bench.harness import Line, alternate

SEED = 2026
YEARS = 10
LAST_DAY = date(2026, 6, 30)
DUE_DAYS = 300
SINGLE = 50_000
_BARE_RATE, _BARE_YEAR = 1015, 100 * 100 * 365


@dataclass(frozen=True)
class Debts:
    """Columns of debts between businesses, each ten years late and over ten changes of the rate."""

    principals: list[int]
    first_days: list[date]
    last_days: list[date]

    @classmethod
    def drawn(cls, count: int) -> "Debts":
        """Draw debts from a seed; their due days lie within a year, as they do in a portfolio."""
        rng = random.Random(SEED)
        begin = LAST_DAY.replace(year=LAST_DAY.year - YEARS) - timedelta(days=DUE_DAYS)
        return cls(
            [rng.randrange(1_000, 10_000_000) for _ in range(count)],
            [begin + timedelta(days=rng.randrange(DUE_DAYS)) for _ in range(count)],
            [LAST_DAY] * count,
        )


def measure_interest(*, debts: int, pairs: int, say: Callable[[str], None]) -> list[Line]:
    """This function will measure a column of compound interest (Netherlands) and one of simple (Belgium)."""
    drawn = Debts.drawn(debts)
    lines = []
    for law, name in ((Law.nl, "compound"), (Law.be, "simple")):
        line = Line(f"Interest over {YEARS} years, {name}", "debts/s", debts, "1,000,000 debts in under 10 s")
        alternate(line, ours=partial(_column, law, drawn), other=partial(_bare, drawn), pairs=pairs, say=say)
        line.notes["bare loop"] = f"{debts / line.other_seconds:,.0f} debts/s, one rate, no law"
        line.notes["one by one"] = f"{_single(law, drawn):,.0f} debts/s, goal 50,000"
        lines.append(line)
    return lines


def _column(law: Law, debts: Debts) -> None:
    interest_column(
        law=law, kind=InterestKind.trade, principals=debts.principals,
        first_days=debts.first_days, last_days=debts.last_days,
    )  # fmt: skip


def _bare(debts: Debts) -> None:
    found = []
    for minor, first, last in zip(debts.principals, debts.first_days, debts.last_days, strict=True):
        days = (last - first).days + 1
        found.append((minor * days * _BARE_RATE + _BARE_YEAR // 2) // _BARE_YEAR)


def _single(law: Law, debts: Debts) -> float:
    """Debts per second of CPU when each is asked for by itself, as a page does."""
    asked = [
        (Money(minor, "EUR"), first, last)
        for minor, first, last in zip(
            debts.principals[:SINGLE], debts.first_days[:SINGLE], debts.last_days[:SINGLE], strict=True
        )
    ]
    before = time.process_time()
    for principal, first, last in asked:
        interest(law=law, kind=InterestKind.trade, principal=principal, first_day=first, last_day=last)
    return len(asked) / (time.process_time() - before)
