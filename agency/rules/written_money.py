"""Amounts as the readers of a language write them: what Babel writes, at a tenth of its time."""

import re
from functools import cache

from babel.numbers import format_currency

from agency.money import Money

# Two samples of each currency tell how it is written; the second, whether four digits are grouped already.
_WHOLE = re.compile(r"(\D*)1(\D+)234(?:\2)567(\D+)89(\D*)")
_SAMPLE, _SMALL = 123_456_789, 123_456


def written_amount(amount: Money, locale: str) -> str:
    """Return an amount as `babel.numbers.format_currency` writes it in a locale (`nl_NL`), sign for sign.

    Amounts below zero, and currencies without hundredths, are left to Babel itself.
    """
    frame = _frame(amount.currency, locale)
    if frame is None or amount.minor < 0:
        return _by_babel(amount, locale)
    before, group, point, after = frame
    whole, hundredths = divmod(amount.minor, 100)
    return f"{before}{f'{whole:,}'.replace(',', group)}{point}{hundredths:02d}{after}"


@cache
def _frame(currency: str, locale: str) -> tuple[str, str, str, str] | None:
    found = _WHOLE.fullmatch(_by_babel(Money(_SAMPLE, currency), locale))
    if found is None:
        return None
    before, group, point, after = found.groups()
    small = _by_babel(Money(_SMALL, currency), locale)
    return (before, group, point, after) if small == f"{before}1{group}234{point}56{after}" else None


def _by_babel(amount: Money, locale: str) -> str:
    return str(format_currency(amount.decimal, amount.currency, locale=locale))
