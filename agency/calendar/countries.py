"""Countries (ISO 3166-1 alpha-2), their regions (ISO 3166-2) and the zones their people live in."""

from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

HOME_ZONE: Final = "Europe/Amsterdam"
"""The zone of the agency itself; Brussels keeps the same time."""

_ZONES: Final[dict[str, str]] = {
    "AT": "Europe/Vienna", "BE": "Europe/Brussels", "BG": "Europe/Sofia", "CH": "Europe/Zurich",
    "CY": "Asia/Nicosia", "CZ": "Europe/Prague", "DE": "Europe/Berlin", "DK": "Europe/Copenhagen",
    "EE": "Europe/Tallinn", "ES": "Europe/Madrid", "FI": "Europe/Helsinki", "FR": "Europe/Paris",
    "GB": "Europe/London", "GR": "Europe/Athens", "HR": "Europe/Zagreb", "HU": "Europe/Budapest",
    "IE": "Europe/Dublin", "IS": "Atlantic/Reykjavik", "IT": "Europe/Rome", "LI": "Europe/Vaduz",
    "LT": "Europe/Vilnius", "LU": "Europe/Luxembourg", "LV": "Europe/Riga", "MT": "Europe/Malta",
    "NL": "Europe/Amsterdam", "NO": "Europe/Oslo", "PL": "Europe/Warsaw", "PT": "Europe/Lisbon",
    "RO": "Europe/Bucharest", "SE": "Europe/Stockholm", "SI": "Europe/Ljubljana",
    "SK": "Europe/Bratislava",
}  # fmt: skip

_REGION_ZONES: Final[dict[tuple[str, str], str]] = {
    ("ES", "CN"): "Atlantic/Canary",
    ("FR", "971"): "America/Guadeloupe",
    ("FR", "972"): "America/Martinique",
    ("FR", "973"): "America/Cayenne",
    ("FR", "974"): "Indian/Reunion",
    ("FR", "976"): "Indian/Mayotte",
    ("PT", "20"): "Atlantic/Azores",
    ("PT", "30"): "Atlantic/Madeira",
}


class UnknownCountry(ValueError):
    """The country is not served, so its holidays and hours are not known."""


def is_served(country: str) -> bool:
    """Tell whether the country's zone and holidays are known."""
    return country in _ZONES


def region_code(country: str, region: str | None) -> str | None:
    """Return a region as it is written here: "BE-WAL", "be-wal" and "wal" are all "WAL"; nothing is None."""
    if not region or not region.strip():
        return None
    return region.strip().upper().removeprefix(f"{country}-")


@lru_cache(maxsize=256)
def zone_of(country: str, region: str | None = None) -> ZoneInfo:
    """Return the zone of a country, or of a region of it that keeps another time.

    :param region: with or without the country before it, in any case; one that is not known changes nothing.
    :raises UnknownCountry: when the country is not served.
    """
    if not is_served(country):
        raise UnknownCountry(f"no zone known for country {country!r}")
    return ZoneInfo(_REGION_ZONES.get((country, region_code(country, region) or ""), _ZONES[country]))
