"""How days become parts of a year; the statute is silent, practice divides by 365 in leap years too."""

from calendar import isleap
from datetime import date
from enum import StrEnum
from typing import Final

_YEAR: Final = 365
_LEAP_YEAR: Final = 366
_TRADE_YEAR: Final = 360
_TRADE_MONTH: Final = 30


class DayCount(StrEnum):
    """How many days a year has: 365 always, 365 or 366 as the calendar says, or twelve months of 30 days."""

    ACTUAL_365 = "actual_365"
    ACTUAL_ACTUAL = "actual_actual"
    THIRTY_360 = "thirty_360"


PARTS_PER_YEAR: Final = {
    DayCount.ACTUAL_365: _YEAR,
    DayCount.ACTUAL_ACTUAL: _YEAR * _LEAP_YEAR,
    DayCount.THIRTY_360: _TRADE_YEAR,
}
"""Whole parts that a year is counted in, so that every day of every year is a whole number of them."""


def parts_before(day: date, day_count: DayCount) -> int:
    """Return how many parts of a year lie before a day; a period's parts are a difference of two.

    Differences add up, so a period may be cut anywhere. 30/360 is the European one: the 31st counts as the
    30th, and a whole February as 30 days.
    """
    if day_count is DayCount.ACTUAL_365:
        return day.toordinal()
    if day_count is DayCount.THIRTY_360:
        return day.year * _TRADE_YEAR + day.month * _TRADE_MONTH + min(day.day, _TRADE_MONTH)
    nth = day.timetuple().tm_yday - 1
    return day.year * _YEAR * _LEAP_YEAR + nth * (_YEAR if isleap(day.year) else _LEAP_YEAR)


def days_between(start: date, end: date, day_count: DayCount) -> int:
    """Return the days that count from one day up to the day before another."""
    if day_count is DayCount.THIRTY_360:
        return parts_before(end, day_count) - parts_before(start, day_count)
    return (end - start).days


def days_of_year(day: date, day_count: DayCount) -> int:
    """Return how many days the year of a day is divided by."""
    if day_count is DayCount.THIRTY_360:
        return _TRADE_YEAR
    return _LEAP_YEAR if day_count is DayCount.ACTUAL_ACTUAL and isleap(day.year) else _YEAR
