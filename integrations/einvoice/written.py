"""Days, amounts and references as people write them on an invoice in Dutch, French, English and German."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from stdnum import iban, iso11649

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "januari janvier january januar jan janv",
            "februari février fevrier february februar feb févr fevr fév",
            "maart mars march märz maerz mrt mar mär",
            "april avril apr avr",
            "mei mai may",
            "juni juin june jun",
            "juli juillet july jul juil",
            "augustus août aout august aug",
            "september septembre sep sept",
            "oktober octobre october okt oct",
            "november novembre nov",
            "december décembre decembre dezember dec déc dez",
        ),
        start=1,
    )
    for name in names.split()
}
_DAY: Final = re.compile(
    r"(?<![\d./-])(?:(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"
    r"|(?P<a>\d{1,2})(?P<s>[-/.])(?P<b>\d{1,2})(?P=s)(?P<c>\d{4}|\d{2})"
    r"|(?P<e>\d{1,2})(?:\.|er|st|nd|rd|th)? (?P<f>[^\W\d_]{3,10})\.? (?P<g>\d{4})"
    r"|(?P<h>[^\W\d_]{3,10})\.? (?P<i>\d{1,2}),? (?P<j>\d{4}))(?![\d/])"
)
_AMOUNT: Final = re.compile(
    r"(?P<minus>[-−(])?\s?(?:€|EUR)?\s?(?P<minus2>[-−])?"
    r"(?P<number>\d{1,3}(?:[ .,'’\u00a0\u202f]\d{3})*[.,]\d{2}|\d+[.,]\d{2})(?!\d|[.,]\d)"
)
_OGM: Final = re.compile(r"(?:\+\+\+|\*\*\*)\s?(\d{3})\s?/\s?(\d{4})\s?/\s?(\d{5})\s?(?:\+\+\+|\*\*\*)")
_RF: Final = re.compile(r"\bRF\d{2}(?: ?[A-Z0-9]{1,4}){1,6}\b")
_IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")


@dataclass(frozen=True, slots=True)
class Day:
    """A day as it was read; not `clear` when day and month could be exchanged, or the century is not said."""

    day: date
    clear: bool


def find_day(text: str, *, english: bool) -> Day | None:
    """This function will return the first day that a text names.

    Outside English texts the day stands before the month.
    """
    for found in _DAY.finditer(text):
        parts = found.groupdict()
        if parts["y"]:
            day = _made(parts["y"], parts["m"], parts["d"])
            clear = True
        elif parts["a"]:
            day, clear = _numeric(parts, english)
        else:
            month = _MONTHS.get((parts["f"] or parts["h"]).casefold())
            day = _made(parts["g"] or parts["j"], month, parts["e"] or parts["i"]) if month else None
            clear = True
        if day:
            return Day(day, clear)
    return None


def _numeric(parts: dict[str, str], english: bool) -> tuple[date | None, bool]:
    first, second, year = int(parts["a"]), int(parts["b"]), int(parts["c"])
    short = len(parts["c"]) == 2
    day = _made(year + 2000 if short else year, second, first)
    doubtful = english and parts["s"] == "/" and first <= 12 and second <= 12 and first != second
    if day is None and english:
        return _made(year, first, second), not short
    return day, not short and not doubtful


def _made(year: str | int, month: str | int, day: str | int) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def find_amounts(text: str) -> list[Decimal]:
    """This function will return the amounts with cents in a text, in euros as written: `1.234,56`."""
    return [_decimal(found) for found in _AMOUNT.finditer(text)]


def _decimal(found: "re.Match[str]") -> Decimal:
    number = found["number"]
    whole = re.sub(r"\D", "", number[:-3])
    amount = Decimal(f"{whole}.{number[-2:]}")
    return -amount if found["minus"] or found["minus2"] else amount


def find_payment_reference(text: str) -> str | None:
    """This function will return a Belgian or ISO 11649 payment reference whose check digits are right."""
    for found in _OGM.finditer(text):
        digits = "".join(found.groups())
        if int(digits[:10]) % 97 in (int(digits[10:]) % 97,) and 1 <= int(digits[10:]) <= 97:
            return f"+++{found[1]}/{found[2]}/{found[3]}+++"
    for found in _RF.finditer(text):
        words = found[0].split(" ")
        for size in range(len(words), 0, -1):
            reference = "".join(words[:size])
            if iso11649.is_valid(reference):
                return reference
    return None


def find_ibans(text: str) -> list[str]:
    """This function will return the valid account numbers in a text, without blanks."""
    valid = []
    for found in _IBAN.finditer(text):
        words = found[0].split(" ")
        for size in range(len(words), 0, -1):
            account = "".join(words[:size])
            if iban.is_valid(account, check_country=False):
                valid.append(account)
                break
    return valid
