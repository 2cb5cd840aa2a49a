"""How a file writes its amounts and days: with which decimal sign, and day or month first."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from agency.intake import values
from agency.intake.amounts import DecimalSign, NotUnderstood, parse_amount
from agency.intake.table import Cell, Row
from agency.intake.values import DateOrder

_ORDERS: Final[tuple[DateOrder, ...]] = ("day", "month")
_SIGNS: Final[tuple[DecimalSign, ...]] = (",", ".")
_DAYS: Final = ("issued_on", "due_on", "period")
_YEAR_LAST: Final = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4}|\d{2})(?!\d)")


@dataclass(frozen=True)
class Writing:
    """How amounts and dates are written in a file, as far as the file itself says; None leaves doubt.

    :param amount: an amount that can be read in two ways, when `decimal_sign` is in doubt.
    :param day: likewise a date.
    """

    decimal_sign: DecimalSign | None
    date_order: DateOrder | None
    amount: str = ""
    day: str = ""


def find_writing(columns: Mapping[str, str], headers: Sequence[str], sample: Sequence[Row]) -> Writing:
    """This function will find how a file writes amounts and dates.

    One value that can be read in one way only says it for all, two that contradict each other leave doubt. A
    date with dashes or points has its day first, as all who write dates so have; with slashes it may be
    either.
    """
    amounts = _texts(columns, headers, sample, ("amount", "total"))
    days = [values.spread(text) for text in _texts(columns, headers, sample, _DAYS)]
    sign, doubtful_amount = _sign(amounts)
    order, doubtful_day = _order(days)
    return Writing(sign, order, doubtful_amount, doubtful_day)


def find_otherwise(
    columns: Mapping[str, str],
    headers: Sequence[str],
    sample: Sequence[Row],
    *,
    decimal_sign: DecimalSign | None,
    date_order: DateOrder,
) -> tuple[str, str]:
    """This function will find an amount and a date that can only be read otherwise than is said; each is
    empty where there is none, or where others can only be read as is said.
    """
    amounts = _texts(columns, headers, sample, ("amount", "total"))
    days = [values.spread(text) for text in _texts(columns, headers, sample, _DAYS)]
    amount = day = ""
    if decimal_sign and _sign(amounts)[0] not in (None, decimal_sign):
        amount = next(text for text in amounts if _amount(text, decimal_sign) is None)
    if {_shown_order(text) for text in days} - {None} == set(_ORDERS) - {date_order}:
        day = next(text for text in days if _shown_order(text))
    return amount, day


def _texts(
    columns: Mapping[str, str], headers: Sequence[str], sample: Sequence[Row], fields: Sequence[str]
) -> list[str]:
    at = [list(headers).index(columns[field]) for field in fields if columns.get(field) in headers]
    cells = (row[index] for _, row in sample for index in at if len(row) > index)
    return [cell.strip() for cell in cells if isinstance(cell, str) and cell.strip()]


def _sign(amounts: Sequence[str]) -> tuple[DecimalSign | None, str]:
    shown: set[DecimalSign] = set()
    doubtful = ""
    for text in amounts:
        read = {sign: _amount(text, sign) for sign in _SIGNS}
        good = [sign for sign in _SIGNS if read[sign] is not None]
        if len(good) == 1:
            shown.add(good[0])
        elif len(good) == 2 and read[","] != read["."]:
            doubtful = doubtful or text
    if len(shown) == 1:
        return shown.pop(), ""
    return None, doubtful or (amounts[0] if shown else "")


@lru_cache(maxsize=4_096)
def _amount(text: str, sign: DecimalSign) -> Decimal | None:
    try:
        return parse_amount(text, decimal_sign=sign)
    except NotUnderstood:
        return None


def _order(days: Sequence[str]) -> tuple[DateOrder | None, str]:
    shown: set[DateOrder] = set()
    doubtful = ""
    short = []
    for text in days:
        parts = _YEAR_LAST.match(text)
        if parts is None:
            continue
        short += [parts] if len(parts[4]) == 2 else []
        order = _shown_order(text)
        if order:
            shown.add(order)
        elif parts[2] == "/" and int(parts[1]) != int(parts[3]):
            doubtful = doubtful or text
    if len(shown) > 1:
        return None, days[0]
    if short and not _year_is_last(short):
        return None, short[0][0]
    if shown:
        return shown.pop(), ""
    return (None, doubtful) if doubtful else ("day", "")


def _shown_order(text: str) -> DateOrder | None:
    """The order of a date of which one part is no month."""
    parts = _YEAR_LAST.match(text)
    if parts is None or max(int(parts[1]), int(parts[3])) <= 12:
        return None
    return "day" if int(parts[1]) > 12 else "month"


def _year_is_last(days: Sequence["re.Match[str]"]) -> bool:
    """Whether of days such as `1-8-26` the year is the last part: it has two digits and differs least, and
    what stands in the middle is no month."""
    firsts, lasts = {parts[1] for parts in days}, {parts[4] for parts in days}
    no_month = any(int(parts[3]) > 12 for parts in days)
    return no_month or any(len(first) == 1 for first in firsts) or len(lasts) < len(firsts)


def is_date(cell: Cell) -> bool:
    """This function will tell whether a cell holds a date in either order."""
    return isinstance(cell, date) or any(_has_date(str(cell), order) for order in _ORDERS)


def is_amount(cell: Cell) -> bool:
    """This function will tell whether a cell holds an amount, with either decimal sign; no long number."""
    if isinstance(cell, Decimal):
        return True
    if isinstance(cell, date) or is_date(cell):
        return False
    text = str(cell)
    return len(text) <= 20 and any(_amount(text, sign) is not None for sign in _SIGNS)


@lru_cache(maxsize=4_096)
def _has_date(text: str, order: DateOrder) -> bool:
    try:
        # A number such as 26000123 is a day too, of another age.
        return values.parse_date(text, order=order).year in values.OUR_TIME
    except NotUnderstood:
        return False


def read_both_ways(cell: Cell) -> list[Decimal | None]:
    """This function will read an amount with a comma and with a point for its decimals; None where it is
    none that way."""
    if isinstance(cell, Decimal):
        return [cell, cell]
    return [_amount(str(cell or "").strip(), sign) for sign in _SIGNS]
