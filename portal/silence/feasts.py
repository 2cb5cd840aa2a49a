"""A calendar of its own: the audit must not ask the product which days are feasts."""

import tomllib
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any


def easter(year: int) -> date:
    """Easter Sunday of the western churches (Gauss, as amended by Lichtenberg)."""
    century = year // 100
    secular = 15 + (3 * century + 3) // 4 - (8 * century + 13) // 25
    sunday_shift = 2 - (3 * century + 3) // 4
    golden = year % 19
    seed = (19 * golden + secular) % 30
    correction = (seed + golden // 11) // 29
    moon = 21 + seed - correction
    first_sunday = 7 - (year + year // 4 + sunday_shift) % 7
    return date(year, 3, 1) + timedelta(days=moon + 7 - (moon - first_sunday) % 7 - 1)


def is_feast(*, country: str, region: str | None, day: date) -> bool:
    """Whether a day is a feast where somebody lives."""
    places = [country] + ([f"{country}-{region}"] if region else [])
    return any(day in _feasts(place, day.year) for place in places)


@cache
def _feasts(place: str, year: int) -> frozenset[date]:
    row = _table().get(place, {})
    days = {date.fromisoformat(f"{year}-{day}") for day in row.get("days", ())}
    days |= {easter(year) + timedelta(days=after) for after in row.get("easter", ())}
    days |= set(row.get("decree", ()))
    for moving in row.get("weekday", ()):
        first = date.fromisoformat(f"{year}-{moving['from']}")
        days.add(first + timedelta(days=(moving["weekday"] - first.weekday()) % 7))
    if "kings_day" in row:
        birthday = date.fromisoformat(f"{year}-{row['kings_day']}")
        days.add(birthday - timedelta(days=birthday.weekday() == 6))
    return frozenset(days)


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files("portal.silence").joinpath("feasts.toml").read_text(encoding="utf-8"))
