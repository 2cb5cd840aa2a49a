"""Owns amounts of money: whole minor units with a currency, percentages of them, and rounding.
Promises that no amount is ever a float, that two currencies never mix, and that a split loses no cent.
Rounding happens in one named place, `round_ratio`; everything else calls it.
Tells nobody anything: it is pure arithmetic, below every other room.
"""

from agency.money.amount import CurrencyMismatch, Money, UnreadableAmount
from agency.money.currency import EXPONENTS, UnknownCurrency
from agency.money.percent import bps_of, percent_of
from agency.money.rounding import Rounding, compounded, round_minor, round_ratio

__all__ = [
    "EXPONENTS",
    "CurrencyMismatch",
    "Money",
    "Rounding",
    "UnknownCurrency",
    "UnreadableAmount",
    "bps_of",
    "compounded",
    "percent_of",
    "round_minor",
    "round_ratio",
]
