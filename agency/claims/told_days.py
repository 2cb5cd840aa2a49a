"""Days that a creditor tells of: no further from today than an invoice of ours can lie."""

from datetime import date
from typing import Final

from agency.kernel.errors import Invalid

YEARS: Final = 30
TOO_OLD: Final = "is too long ago"


def oldest_day(today: date) -> date:
    """Return the first day that anything about a claim can have happened on."""
    return date(today.year - YEARS, 1, 1)


def check_told(day: date | None, *, field: str, today: date) -> None:
    """Refuse a day so far away that it is a slip of the keyboard, like the years 1 and 9999.

    :raises Invalid: it lies more than thirty years back or ahead.
    """
    if day is None:
        return
    if day < oldest_day(today):
        raise Invalid(TOO_OLD, field=field)
    if day > date(today.year + YEARS, 12, 31):
        raise Invalid("this lies outside what is possible", field=field)
