"""Holidays that the law of a country recognises."""

from collections.abc import Iterable
from datetime import date
from functools import cache, lru_cache

import holidays

from agency.calendar.countries import UnknownCountry, is_served, region_code

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

    :param region: as the world writes it (ISO 3166-2), with or without the country: "DE-BY", "BY", "by".
    :raises UnknownCountry: when the country is not served.
    """
    if not is_served(country):
        raise UnknownCountry(f"no holidays known for country {country!r}")
    known = _regions(country)
    found = known.get(region_code(country, region) or "")
    regions: list[str | None] = [None, *known.values()]
    if found is not None or country in _TOWN_HOLIDAYS:
        regions = [found]
    days: set[date] = set()
    for subdivision in regions:
        days.update(_of(country, subdivision, year))
    return frozenset(days)


def load_holidays(countries: Iterable[str]) -> None:
    """Load what the library reads at the first question about these countries: a quarter of a second."""
    for country in countries:
        _regions(country)


@cache
def _regions(country: str) -> dict[str, str]:
    """Return the library's regions of a country by the code that they have here."""
    # Not by the library's list of all countries: making it loads every one of them.
    return {name.upper(): name for name in holidays.country_holidays(country).subdivisions}


def _of(country: str, subdivision: str | None, year: int) -> set[date]:
    categories = _CATEGORIES.get(country, ("public",))
    return set(holidays.country_holidays(country, subdiv=subdivision, years=year, categories=categories))


def is_holiday(*, country: str, day: date, region: str | None = None) -> bool:
    """Tell whether a day is a recognised holiday.

    :raises UnknownCountry: when the country is not served.
    """
    return day in public_holidays(country, region, day.year)
