"""In which language a debtor is written to first, and in which region a Belgian postcode lies."""

from functools import cache
from typing import Any

from agency.rules.tables import read_table

_EVERY_OTHER = "*"


def belgian_region(country: str, postal_code: str | None) -> str | None:
    """Return the Belgian region of a postcode (ISO 3166-2); None elsewhere, and of what is no postcode."""
    row = _area(country, postal_code)
    return None if row is None else row["region"]


def language_of(country: str, postal_code: str | None, usual: str) -> str:
    """Return the language in which a debtor is written to until he asks for another.

    :param country: where he lives (ISO 3166-1 alpha-2).
    :param usual: the creditor's language, which counts where several are spoken.
    """
    return language_of_area(country, postal_code, usual) or language_of_country(country, usual)


def language_of_area(country: str, postal_code: str | None, usual: str) -> str | None:
    """Return the language of a postcode's area; None where the country alone says it."""
    row = _area(country, postal_code)
    return None if row is None else _of(row, usual)


def language_of_country(country: str, usual: str) -> str:
    """Return the language of a country, as `language_of` without a postcode."""
    rows = {row["country"]: row for row in read_table("languages")["country"]}
    return _of(rows.get(country, rows[_EVERY_OTHER]), usual)


def _of(row: dict[str, Any], usual: str) -> str:
    spoken: list[str] = row["languages"]
    return usual if usual in spoken else spoken[0]


def _area(country: str, postal_code: str | None) -> dict[str, Any] | None:
    written = "".join((postal_code or "").split())
    if country != "BE" or not (written.isascii() and written.isdigit() and len(written) == 4):
        return None
    return _areas().get(int(written))


@cache
def _areas() -> dict[int, dict[str, Any]]:
    rows = read_table("languages")["postcodes"]
    return {number: row for row in rows for number in range(row["first"], row["last"] + 1)}
