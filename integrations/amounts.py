"""Amounts and dates as files write them, turned into exact values or refused; nothing is rounded."""

import re
from datetime import date
from functools import lru_cache

from agency.money import EXPONENTS, Money
from agency.ports.readers import Unreadable

_DECIMAL = re.compile(r"([+-]?)(\d{0,30})(?:\.(\d{0,30}))?", re.ASCII)
_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:T.*|Z|[+-]\d{2}:\d{2})?", re.ASCII)

# Far above any invoice or balance; the ledger takes no more (`ck_ledger_entry_amount`).
_MINOR_MAX = 10**14 - 1


def known_currency(code: str) -> str:
    """This function will return a currency code whose minor unit is known.

    :raises Unreadable: on any other text.
    """
    if code not in EXPONENTS:
        raise Unreadable(f"unknown currency: {code[:10]!r}")
    return code


def exact_money(text: str, currency: str, *, at: str = "") -> Money:
    """This function will read an XML decimal such as "1234.5", "8.850" or "-7" without rounding.

    :param at: the amount's place in its file, such as "line 5"; a refusal begins with it.
    :raises Unreadable: on any other text, an unknown currency, or a fraction of a minor unit.
    """
    try:
        return _exact_money(text, currency)
    except Unreadable as unreadable:
        if not at:
            raise
        raise Unreadable(f"{at}: {unreadable.reason}") from None


def _exact_money(text: str, currency: str) -> Money:
    found = _DECIMAL.fullmatch(text)
    if found is None or not (found[2] or found[3]):
        raise Unreadable(f"an amount is not a decimal number: {text[:40]!r}")
    exponent = EXPONENTS[known_currency(currency)]
    decimals = (found[3] or "").rstrip("0")
    if len(decimals) > exponent:
        raise Unreadable(f"an amount has more decimals than {currency} has: {text[:40]!r}")
    minor = int(found[2] + decimals.ljust(exponent, "0") or "0")
    if minor > _MINOR_MAX:
        raise Unreadable(f"an amount is too large to be real: {text[:40]!r}")
    return Money(-minor if found[1] == "-" else minor, currency)


# A file repeats the same few dates on thousands of lines.
@lru_cache(maxsize=4096)
def iso_date(text: str) -> date | None:
    """This function will read the day of an XML date or date-time; None when it is not one."""
    found = _ISO_DATE.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
