"""How many decimals each currency has (ISO 4217)."""

from typing import Final

EXPONENTS: Final[dict[str, int]] = {
    "AUD": 2, "BGN": 2, "BHD": 3, "CAD": 2, "CHF": 2, "CZK": 2, "DKK": 2, "EUR": 2, "GBP": 2,
    "HUF": 2, "ISK": 0, "JPY": 0, "KWD": 3, "NOK": 2, "PLN": 2, "RON": 2, "SEK": 2, "TRY": 2, "USD": 2,
}  # fmt: skip
"""Minor units per currency: JPY has none, EUR two decimals, BHD three."""


class UnknownCurrency(ValueError):
    """The currency code is not in the table, so its minor unit is not known."""


def exponent_of(currency: str) -> int:
    """Return the number of decimals of a currency.

    :raises UnknownCurrency: when the code is not in `EXPONENTS`.
    """
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(f"no minor unit known for currency {currency!r}") from None
