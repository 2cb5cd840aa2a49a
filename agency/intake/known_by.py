"""How a line is known that has no invoice number: by its debtor's number and the month or day it is about.

A landlord's or an association's list has none. Its creditor says once by what a line is known, so that the
same line of a later file is the same claim; which columns would do is never guessed.
"""

import re
from calendar import monthrange
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

from agency.intake.amounts import NotUnderstood
from agency.intake.table import Cell, Row
from agency.intake.values import MONTHS, OUR_TIME, DateOrder, identifier, parse_date

KnownBy = Literal["", "month", "month_description", "due_day", "issue_day"]
KNOWN_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "month": ("debtor_reference", "period"),
    "month_description": ("debtor_reference", "period", "description"),
    "due_day": ("debtor_reference", "due_on"),
    "issue_day": ("debtor_reference", "issued_on"),
}
"""Ways in which a line can be known, each with the fields that together are its number."""
LAST_DAY: Final = 31
"""As the day of a month on which is paid: the last one, also of shorter months."""
NUMBER_MAX: Final = 80
NOT_A_MONTH: Final = "is not a month with its year (such as 2026-10 or October 2026)"

_YEAR_FIRST: Final = re.compile(r"(\d{4})[-/. ]?(\d{1,2})", re.ASCII)
_YEAR_LAST: Final = re.compile(r"(\d{1,2})[-/. ](\d{4})", re.ASCII)
_NAMED: Final = re.compile(r"([^\W\d_]{3,10})\.?['’ \-./]{0,2}(\d{4}|\d{2})")


def known_by(told: object) -> KnownBy:
    """This function will return a way in which lines are known, nothing for what is none."""
    return told if told in KNOWN_BY else ""  # type: ignore[return-value]


def pay_day(told: object) -> int:
    """This function will return the day of the month on which is paid, 1 to 31; 0 for what is none."""
    text = str(told or "")
    return int(text) if text.isascii() and text.isdigit() and 1 <= int(text) <= LAST_DAY else 0


def month_of(cell: Cell, *, order: DateOrder) -> date:
    """This function will return the first day of the month that a cell names, as `2026-10`, `202610`,
    `10/2026`, `okt-26` or `oktober 2026` do, or a day in it.

    :raises NotUnderstood: it names no month, or not its year.
    """
    if isinstance(cell, date):
        return _first(cell.year, cell.month)
    text = identifier(cell) if isinstance(cell, Decimal) else " ".join(str(cell or "").split())
    if found := _YEAR_FIRST.fullmatch(text):
        return _first(int(found[1]), int(found[2]))
    if found := _YEAR_LAST.fullmatch(text):
        return _first(int(found[2]), int(found[1]))
    named = _NAMED.fullmatch(text)
    if named and named[1].casefold() in MONTHS:
        year = int(named[2]) if len(named[2]) > 2 else 2000 + int(named[2])
        return _first(year, MONTHS[named[1].casefold()])
    try:
        day = parse_date(text, order=order)
    except NotUnderstood:
        raise NotUnderstood(NOT_A_MONTH) from None
    return _first(day.year, day.month)


def _first(year: int, month: int) -> date:
    if year not in OUR_TIME or not 1 <= month <= 12:
        raise NotUnderstood(NOT_A_MONTH)
    return date(year, month, 1)


def day_in(month: date, day: int) -> date:
    """This function will return a day of a month, its last one where the month is shorter."""
    return month.replace(day=min(day, monthrange(month.year, month.month)[1]))


def number_of_line(way: str, found: Mapping[str, Any]) -> str | None:
    """This function will return the number by which a line is known, such as `10234/2026-10`; None where a
    part of it is missing."""
    parts = [found[field] for field in KNOWN_BY[way]]
    if any(part is None for part in parts):
        return None
    return "/".join(map(_written, KNOWN_BY[way], parts))


def _written(field: str, part: object) -> str:
    if not isinstance(part, date):
        return str(part)
    return f"{part:%Y-%m}" if field == "period" else part.isoformat()


def stands_twice(way: str, columns: Mapping[str, str], headers: Sequence[str], sample: Sequence[Row]) -> bool:
    """This function will tell whether rows of a sample would have one number: whether these are lines to be
    added up, only the creditor knows."""
    fields = KNOWN_BY.get(way, ())
    places = [list(headers).index(columns[field]) for field in fields if columns.get(field) in headers]
    if not fields or len(places) < len(fields):
        return False
    told = Counter(
        tuple(str(row[at] if at < len(row) and row[at] is not None else "").strip() for at in places)
        for _, row in sample
    )
    return any(times > 1 and all(key) for key, times in told.items())
