"""Writes MT940, so that a creditor's older book-keeping program can read what the agency paid out."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Final

from agency.money import Money
from integrations.bankfiles.camt_writer import StatementLine

_WIDTH: Final = 65
_LINES_MAX: Final = 6
_REFERENCE_MAX: Final = 16
# What SWIFT carries (character set x), without the slash that separates the subfields of :86:.
_NOT_SWIFT = re.compile(r"[^A-Za-z0-9?:().,'+ \-]")


def write_mt940(
    *,
    reference: str,
    account: str,
    currency: str,
    on: date,
    opening: Money,
    lines: Sequence[StatementLine],
    sequence_number: int = 1,
) -> bytes:
    """This function will write one statement of one account; the closing balance follows from the lines.

    Texts lose what SWIFT cannot carry; accents become their letters where possible.

    :param reference: the statement's own, cut to 16 characters.
    :raises CurrencyMismatch: when a line or the opening balance is in another currency.
    """
    closing = opening + Money.total((line.amount for line in lines), currency)
    rows = [
        f":20:{_plain(reference)[:_REFERENCE_MAX]}",
        f":25:{account}",
        f":28C:{sequence_number:05d}",
        f":60F:{_balance(opening, on)}",
    ]
    for line in lines:
        rows += _entry(line)
    rows += [f":62F:{_balance(closing, on)}", "-"]
    return ("\r\n".join(rows) + "\r\n").encode("ascii")


def _entry(line: StatementLine) -> list[str]:
    value = line.value_on or line.booked_on
    mark = "C" if line.amount.minor >= 0 else "D"
    first = (
        f":61:{value:%y%m%d}{line.booked_on:%m%d}{mark}{_figure(line.amount)}NTRF"
        f"{_plain(line.end_to_end or 'NONREF')[:_REFERENCE_MAX]}//{_plain(line.bank_ref)[:_REFERENCE_MAX]}"
    )
    parts = [
        ("EREF", line.end_to_end),
        ("IBAN", line.counterparty_iban),
        ("REMI", line.text),
        ("NAME", line.counterparty),
    ]
    details = "".join(f"/{code}/{_plain(value)}" for code, value in parts if value)
    rows = _cut(details)
    return [first, *([f":86:{rows[0]}", *rows[1:]] if rows else [])]


def _cut(details: str) -> list[str]:
    """Cut a text into lines of full width; readers put them together again without a blank."""
    whole = details[: _WIDTH * _LINES_MAX]
    return [whole[at : at + _WIDTH] for at in range(0, len(whole), _WIDTH)]


def _balance(amount: Money, on: date) -> str:
    mark = "C" if amount.minor >= 0 else "D"
    return f"{mark}{on:%y%m%d}{amount.currency}{_figure(amount)}"


def _figure(amount: Money) -> str:
    return str(abs(amount).decimal).replace(".", ",")


def _plain(value: str) -> str:
    letters = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode()
    return " ".join(_NOT_SWIFT.sub(" ", letters).split())
