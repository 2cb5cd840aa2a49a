"""What a cell is by itself: blank, a number, a date, a word for a total; and a row as one line of text."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from agency.intake.table import UNKNOWN, Cell

_NUMBER: Final = re.compile(
    r"(?:CR\s*|DR\s*)?[-+(]?(?:[€$£]|EUR)?\s*\d[\d.,' \u00a0]*[-)]?%?(?:\s*(?:CR|DR|C|D|EUR|€)\.?)?",
    re.ASCII | re.IGNORECASE,
)
_YEAR: Final = re.compile(r"(?:19|20)\d\d", re.ASCII)
_DATE: Final = re.compile(r"\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4}(?:[T ]\d.*)?|\d{8}", re.ASCII)
_ACCOUNT: Final = re.compile(r"[A-Z]{2}\d{2}[ ]?(?:[A-Z0-9]{4}[ ]?){2,7}[A-Z0-9]{0,4}", re.ASCII)
_TOTAL: Final = re.compile(
    r"(?:algemeen |grand |eind|sub|sous-|zwischen|gesamt|(?:percentage|%) (?:of |van |du ))?\s*-?"
    r"(?:totaa?l(?:en)?|totals?|total général|totaux|summe|gesamtsumme|endsumme|som|saldo)\b.*"
    r"|(?:gesamt(?:betrag|saldo)?|insgesamt) ?:?|\*{1,3}(?: .*)?",
    re.IGNORECASE,
)


_OPENING: Final = re.compile(
    r"(?:begin|openings?|vorig|vorige|oud|anfangs|eröffnungs)[ -]?saldo.*|saldo ?vortrag|opening balance"
    r"|balance (?:brought )?forward|brought forward|solde (?:initial|reporté|précédent)|à nouveau|transport",
    re.IGNORECASE,
)


def is_blank(cell: Cell) -> bool:
    """This function will tell whether a cell holds nothing but blanks."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def is_number(cell: Cell) -> bool:
    """This function will tell whether a cell holds a number, also with a sign or a currency, or a formula
    that was not worked out."""
    if isinstance(cell, str):
        return cell == UNKNOWN or bool(_NUMBER.fullmatch(cell.strip()))
    return isinstance(cell, Decimal)


def is_year(text: str) -> bool:
    """This function will tell whether a text is a year of our time."""
    return bool(_YEAR.fullmatch(text))


def is_day(cell: Cell) -> bool:
    """This function will tell whether a cell is written as a date, whether or not the calendar has it."""
    return isinstance(cell, date) or (isinstance(cell, str) and bool(_DATE.fullmatch(cell.strip())))


def is_value(cell: Cell) -> bool:
    """This function will tell a date, an amount with decimals, an account or an address of mail: no header
    looks like these."""
    if isinstance(cell, date | Decimal):
        return True
    text = str(cell or "").strip()
    amount = "," in text or "." in text
    return bool(
        _DATE.fullmatch(text)
        or (amount and _NUMBER.fullmatch(text))
        or (len(text) > 14 and _ACCOUNT.fullmatch(text))
        or ("@" in text and "." in text and " " not in text)
    )


def says_total(cell: Cell) -> bool:
    """This function will tell whether a cell begins with a word for a total."""
    return isinstance(cell, str) and bool(_TOTAL.fullmatch(cell.strip()))


def says_balance(text: str) -> bool:
    """This function will tell whether a text without a number is a word for a total or an opening balance."""
    return not any(map(str.isdigit, text)) and (says_total(text) or bool(_OPENING.fullmatch(text.strip())))


def as_line(cells: Sequence[Cell]) -> str:
    """This function will write a row as one line of at most 300 characters."""
    return " ".join(str(cell).strip() for cell in cells if not is_blank(cell))[:300]
