"""What is owed on a day, worked out a second time: from the ledger's rows and the invoices, in fractions.

Slow and plain on purpose: nothing of the product's own calculation is called, only its table of rates read.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from math import floor

from agency.rules.tables import read_table
from portal.silence.diary import Debt

_DAY = timedelta(days=1)
_RATES = {
    ("nl", "consumer"): ("rates_nl_consumer", 0),
    ("nl", "trade"): ("rates_nl_trade", 0),
    ("be", "consumer"): ("rates_be_civil", 0),
    ("be", "trade"): ("rates_be_trade", 0),
    ("de", "consumer"): ("de_base_rate", 5),
    ("de", "trade"): ("de_base_rate", 9),
    ("eu", "trade"): ("rates_eu_trade", 0),
}


@dataclass(frozen=True, slots=True)
class Moved:
    """What the ledger says that a day changed: minor units off the principal, the interest and the costs."""

    on: date
    principal: int
    interest: int
    costs: int


@dataclass(slots=True)
class _Open:
    """An invoice while the days pass; unpaid interest of full years bears interest itself in Dutch law."""

    minor: int
    open: int
    late_since: date
    counted_to: date
    full_years: int = 0
    of_year: int = 0


def owed_on(
    *, debt: Debt, moved: list[Moved], day: date, contested: int, costs_from: date | None, asks_interest: bool
) -> tuple[int, int]:
    """This function will return the open principal and the open interest on a day, in minor units."""
    invoices = _begin(debt, contested, costs_from, day)
    off = 0
    for change in sorted((one for one in moved if one.on <= day), key=lambda one: one.on):
        if asks_interest:
            for invoice in invoices:
                _count(debt, invoice, change.on)
            _take(invoices, change.interest)
        off += change.principal
        _reduce(invoices, off)
    if asks_interest:
        for invoice in invoices:
            _count(debt, invoice, day)
    return sum(one.open for one in invoices), sum(one.full_years + one.of_year for one in invoices)


def _begin(debt: Debt, contested: int, costs_from: date | None, day: date) -> list[_Open]:
    invoices = []
    left = contested
    for owed in _in_order(debt):
        part = min(left, owed.minor)
        left -= part
        late = owed.due_on + _DAY
        if debt.law == "be" and debt.interest == "consumer":
            # Nothing before the term of the free reminder has passed.
            late = max(late, costs_from) if costs_from else day + _DAY
        invoices.append(_Open(owed.minor - part, owed.minor - part, late, late - _DAY))
    return invoices


def _in_order(debt: Debt) -> list:  # type: ignore[type-arg]
    numbered = enumerate(debt.invoices, start=1)
    return [owed for _, owed in sorted(numbered, key=lambda one: (one[1].due_on, one[0]))]


def _reduce(invoices: list[_Open], off: int) -> None:
    left = max(0, off)
    for invoice in invoices:
        taken = min(left, invoice.minor)
        invoice.open = invoice.minor - taken
        left -= taken


def _take(invoices: list[_Open], paid: int) -> None:
    for invoice in invoices:
        of_years = min(paid, invoice.full_years)
        of_year = min(paid - of_years, invoice.of_year)
        invoice.full_years -= of_years
        invoice.of_year -= of_year
        paid -= of_years + of_year


def _count(debt: Debt, invoice: _Open, to: date) -> None:
    """Count the interest of the days not counted yet, rounded once at the end of a year of default."""
    while invoice.counted_to < to:
        first = invoice.counted_to + _DAY
        turn = _next_year_of_default(invoice.late_since, first)
        if first == turn and debt.law == "nl":
            invoice.full_years, invoice.of_year = invoice.full_years + invoice.of_year, 0
        last = (
            min(to, _next_year_of_default(invoice.late_since, first + _DAY) - _DAY)
            if debt.law == "nl"
            else to
        )
        base = invoice.open + invoice.full_years
        invoice.of_year += _rounded(base * _factor(debt.law, debt.interest, first, last))
        invoice.counted_to = last


def _next_year_of_default(late_since: date, day: date) -> date:
    """The first anniversary of the default on or after a day; of 29 February it is 1 March."""
    year = max(day.year, late_since.year + 1)
    while True:
        turn = (
            date(year, 3, 1)
            if (late_since.month, late_since.day) == (2, 29) and year % 4
            else late_since.replace(year=year)
        )
        if turn >= day:
            return turn
        year += 1


@cache
def _factor(law: str, kind: str, first: date, last: date) -> Fraction:
    """The interest of one minor unit over the days from first to last, both included."""
    table, points = _RATES[law, kind]
    rows = [(row["since"], Fraction(str(row["percent"])) + points) for row in read_table(table)["rate"]]
    ends = [since - _DAY for since, _ in rows[1:]] + [date.max]
    days = Fraction(0)
    for (since, percent), end in zip(rows, ends, strict=True):
        run = (min(last, end) - max(first, since)).days + 1
        if run > 0:
            days += run * percent
    return days / 36_500


def _rounded(exact: Fraction) -> int:
    return floor(exact + Fraction(1, 2))
