"""Months and years over dates."""

from calendar import monthrange
from datetime import date

_MONTHS = 12


def add_months(day: date, months: int) -> date:
    """Return the same day some months later (or earlier), or the last day of a shorter month."""
    year, month = divmod(day.year * _MONTHS + day.month - 1 + months, _MONTHS)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def add_years(day: date, years: int) -> date:
    """Return the same day some years later (or earlier); 29 February becomes the 28th where there is none."""
    return add_months(day, years * _MONTHS)


def anniversary(start: date, years: int) -> date:
    """Return the first day after `years` full years that began on `start`.

    A year that began on 29 February ends on 28 February, so the next one begins on 1 March.
    """
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return date(start.year + years, 3, 1)


def full_months_between(start: date, end: date) -> int:
    """Count the full calendar months from one day to another; from 31 March the first is full on 30 April.

    :raises ValueError: when `end` is before `start`.
    """
    if end < start:
        raise ValueError("months are counted forward")
    months = (end.year - start.year) * _MONTHS + end.month - start.month
    return months if add_months(start, months) <= end else months - 1
