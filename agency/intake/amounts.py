"""Understanding amounts as people and packages write them. Refuses what it would have to guess."""

import re
from decimal import Decimal
from typing import Final, Literal

from agency.money import EXPONENTS, Money

DecimalSign = Literal[",", "."]

AMOUNT_MAX: Final = Decimal(10) ** 12
COLLECTED_CURRENCIES: Final = frozenset({"EUR"})  # the trust account and the rate card are in euros


class NotUnderstood(ValueError):
    """A value was refused; `reason` is a fixed sentence, so that it can be translated."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


AMBIGUOUS_AMOUNT: Final = "could be thousands or decimals; say which decimal sign the file uses"
NOT_AN_AMOUNT: Final = "is not an amount"
FILLED_UP: Final = "is filled up with zeros, so that it may be in cents; write it with its decimals"
TOO_MANY_DECIMALS: Final = "has more decimals than its currency"
AMOUNT_TOO_LARGE: Final = "is too large"
FOREIGN: Final = "is in a currency that the agency does not collect"

_SPACES = re.compile(r"[\s\u00a0\u202f'’]+")
_CURRENCY_SIGN = re.compile(
    r"^(?:EUROS?|EUR|USD|GBP|€|\$|£)|(?:EUROS?|EUR|USD|GBP|€|\$|£|,-|\.-|,--|,=|\.=)$", re.IGNORECASE
)
_PLAIN = re.compile(r"\d+", re.ASCII)
_CURRENCY = re.compile(r"[€$£]|(?<![A-Z])[A-Z]{3}(?![A-Z])")
_CURRENCY_OF: Final = {"€": "EUR", "$": "USD", "£": "GBP"} | {code: code for code in EXPONENTS}

_CENTS: Final = frozenset({"cent", "cents", "centen", "eurocent", "eurocents", "centimes", "minor"})
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")

_MARK = re.compile(r"^(CR|DR)|(CR|DR|C|D)\.?$", re.IGNORECASE)
_TERMS = re.compile(r" ([+-]) (?=\S)")
_TERMS_MAX: Final = 40


def parse_amount(value: str, *, decimal_sign: DecimalSign | None) -> Decimal:
    """This function will read an amount as people write it: `1.234,56`, `1,234.56`, `€ 12,50`, `(12,50)`,
    `12,50-`, `12,50 CR` (in the debtor's favour), and a sum of these: `100,00 - 12,50`.

    With both signs present the last one is the decimal sign. A single sign before exactly three digits
    (`1.234`) means thousands in one country and decimals in another: without a known decimal sign it is
    refused.

    :param decimal_sign: what the file's owner said; None when nobody said anything.
    :raises NotUnderstood: it is no amount, or ambiguous.
    """
    first, *more = _TERMS.split(value.strip(), maxsplit=_TERMS_MAX)
    if more and not any(sign.isdigit() for sign in first):  # "€ - 12,50" is one amount
        return _term(value, decimal_sign)
    amount = _term(first, decimal_sign)
    for plus_or_minus, term in zip(more[::2], more[1::2], strict=True):
        found = _term(term, decimal_sign)
        amount = amount + found if plus_or_minus == "+" else amount - found
    return amount


def amount_in_cell(cell: str | Decimal, *, decimal_sign: DecimalSign | None) -> Decimal:
    """This function will read the amount of a cell: a number as it is, a text as people write one.

    :raises NotUnderstood: it is no amount, ambiguous, or names a currency that the agency does not collect.
    """
    if isinstance(cell, Decimal):
        # A binary fraction's noise in the ninth decimal is no part of an amount of money.
        return cell.quantize(Decimal("0.00000001")).normalize() if cell else Decimal(0)
    if names_foreign(cell.upper()):
        raise NotUnderstood(FOREIGN)
    return parse_amount(cell, decimal_sign=decimal_sign)


def names_foreign(text: str) -> bool:
    """This function will tell whether an amount, or the header above it, names a currency that the agency
    does not collect: `USD 12,50`, `12,50 £`, `Amount (CHF)`.
    """
    named = {_CURRENCY_OF.get(found) for found in _CURRENCY.findall(text)} - {None}
    return not named <= COLLECTED_CURRENCIES


def counts_cents(header: str) -> bool:
    """This function will tell whether a header says that the amounts below it are in cents: `amount_cents`,
    `Bedrag (in centen)`.
    """
    return any(word.casefold() in _CENTS for word in _WORDS.findall(header))


def _term(value: str, decimal_sign: DecimalSign | None) -> Decimal:
    text = _SPACES.sub("", value)
    negative = False
    if text.startswith("(") and text.endswith(")"):
        text, negative = text[1:-1], True
    text = _CURRENCY_SIGN.sub("", _CURRENCY_SIGN.sub("", text))
    mark = _MARK.search(text)
    if mark:
        text = _CURRENCY_SIGN.sub("", text[: mark.start()] + text[mark.end() :])
        negative ^= mark[0][0] in "Cc"
    if text[:1] in "+-−" and text:
        negative, text = negative ^ (text[0] in "-−"), text[1:]
    elif text.endswith("-"):
        negative, text = True, text[:-1]
    text = _CURRENCY_SIGN.sub("", text)
    amount = _unsigned(text, decimal_sign)
    if amount and text[0] == "0" and _PLAIN.fullmatch(text):
        raise NotUnderstood(FILLED_UP)
    return -amount if negative else amount


def _unsigned(text: str, decimal_sign: DecimalSign | None) -> Decimal:
    if _PLAIN.fullmatch(text):
        return Decimal(text)
    signs = [sign for sign in (",", ".") if sign in text]
    if not signs:
        raise NotUnderstood(NOT_AN_AMOUNT)
    sign = decimal_sign or _evident_sign(text, signs)
    if sign is None:
        groups = ",." if text.count(signs[0]) > 1 else ""
        if not groups:
            raise NotUnderstood(AMBIGUOUS_AMOUNT)
        return _joined(text, grouping=signs[0], decimal="")
    other = "." if sign == "," else ","
    return _joined(text, grouping=other, decimal=sign)


def _evident_sign(text: str, signs: list[str]) -> str | None:
    """The decimal sign that the number itself gives away, None for whole numbers and doubtful ones."""
    if len(signs) == 2:
        return max(signs, key=text.rindex)
    if text.count(signs[0]) > 1:
        return None
    before, after = text.split(signs[0])
    doubtful = len(after) == 3 and 1 <= len(before) <= 3 and before != "0"
    return None if doubtful else signs[0]


def _joined(text: str, *, grouping: str, decimal: str) -> Decimal:
    whole, _, decimals = text.partition(decimal) if decimal else (text, "", "")
    groups = whole.split(grouping)
    grouped = len(groups) == 1 or (1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:]))
    if (
        not grouped
        or not _PLAIN.fullmatch("".join(groups) or "0")
        or (decimals and not _PLAIN.fullmatch(decimals))
    ):
        raise NotUnderstood(NOT_AN_AMOUNT)
    if not "".join(groups) and not decimals:
        raise NotUnderstood(NOT_AN_AMOUNT)
    return Decimal(f"{''.join(groups) or '0'}.{decimals or '0'}")


def to_minor(amount: Decimal, currency: str) -> int:
    """This function will return an exact amount in minor units.

    :raises NotUnderstood: it has more decimals than its currency, or does not fit.
    """
    if abs(amount) >= AMOUNT_MAX:
        raise NotUnderstood(AMOUNT_TOO_LARGE)
    minor = amount.scaleb(EXPONENTS[currency])
    if minor != minor.to_integral_value():
        raise NotUnderstood(TOO_MANY_DECIMALS)
    return Money(int(minor), currency).minor
