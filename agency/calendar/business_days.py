"""Business days: Monday to Friday, holidays not counted."""

from datetime import date, timedelta

from agency.calendar.public_holidays import is_holiday

_DAY = timedelta(days=1)
_SATURDAY = 5


def is_business_day(*, country: str, day: date, region: str | None = None) -> bool:
    """Tell whether a day is Monday to Friday and no holiday there."""
    return day.weekday() < _SATURDAY and not is_holiday(country=country, day=day, region=region)


def next_business_day(*, country: str, day: date, region: str | None = None) -> date:
    """Return the day itself when it is a business day, else the first one after it."""
    while not is_business_day(country=country, day=day, region=region):
        day += _DAY
    return day


def add_business_days(*, country: str, day: date, count: int, region: str | None = None) -> date:
    """Return the count-th business day after a day; the day itself is not counted.

    :raises ValueError: when `count` is negative.
    """
    if count < 0:
        raise ValueError("business days are counted forward")
    for _ in range(count):
        day = next_business_day(country=country, day=day + _DAY, region=region)
    return day
