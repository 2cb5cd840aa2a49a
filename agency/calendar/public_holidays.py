"""Holidays that the law of a country recognises."""

from datetime import date
from functools import lru_cache

import holidays

from agency.calendar.countries import UnknownCountry, is_served

# In the Netherlands 5 May is a recognised holiday every year (Algemene termijnenwet art. 3), although most
# employers give the day off only each fifth year; the library files the other years under "optional".
_CATEGORIES = {"NL": ("public", "optional")}
# Italy's subdivisions are towns, each with its patron saint: together they would close a third of the year.
_TOWN_HOLIDAYS = frozenset({"IT"})


@lru_cache(maxsize=2048)
def public_holidays(country: str, region: str | None, year: int) -> frozenset[date]:
    """Return the recognised holidays of one year, Sundays among them included.

    Without a region, or with one that is not known, the holidays of every region count: it is better to
    wait a day too long than to disturb somebody on a holiday.

    :raises UnknownCountry: when the country is not served.
    """
    if not is_served(country):
        raise UnknownCountry(f"no holidays known for country {country!r}")
    # Not by the library's list of all countries: making it loads every one of them.
    known = holidays.country_holidays(country).subdivisions
    regions: list[str | None] = [None, *known]
    if region in known or country in _TOWN_HOLIDAYS:
        regions = [region if region in known else None]
    days: set[date] = set()
    for subdivision in regions:
        days.update(_of(country, subdivision, year))
    return frozenset(days)


def _of(country: str, subdivision: str | None, year: int) -> set[date]:
    categories = _CATEGORIES.get(country, ("public",))
    return set(holidays.country_holidays(country, subdiv=subdivision, years=year, categories=categories))


def is_holiday(*, country: str, day: date, region: str | None = None) -> bool:
    """Tell whether a day is a recognised holiday.

    :raises UnknownCountry: when the country is not served.
    """
    return day in public_holidays(country, region, day.year)
