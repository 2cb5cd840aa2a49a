"""An amount of money."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

from agency.money.currency import EXPONENTS, UnknownCurrency, exponent_of

MINOR_MAX: Final = 2**63 - 1
"""The largest amount a BIGINT column can hold."""

_PLAIN_DECIMAL = re.compile(r"-?\d{1,15}(?:\.\d{1,3})?", re.ASCII)


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies met in one sum or comparison."""


class UnreadableAmount(ValueError):
    """A text is not a plain decimal number with at most the currency's decimals."""


@dataclass(frozen=True, slots=True, init=False)
class Money:
    """An exact amount: whole minor units (cents) of one currency. May be negative; never a float.

    :raises UnknownCurrency: when the currency's minor unit is not known.
    :raises OverflowError: when the amount would not fit the database's BIGINT.
    """

    minor: int
    currency: str

    def __init__(self, minor: int, currency: str) -> None:
        if type(minor) is not int:
            raise TypeError(f"minor units are whole numbers, not {type(minor).__name__}")
        if currency not in EXPONENTS:
            raise UnknownCurrency(f"no minor unit known for currency {currency!r}")
        if not -MINOR_MAX <= minor <= MINOR_MAX:
            raise OverflowError("the amount is larger than the books can hold")
        # A claim's sum takes dozens of these: the way that a frozen class leaves open costs a third more.
        _set_minor(self, minor)
        _set_currency(self, currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Return nothing, in a currency."""
        return cls(0, currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> Self:
        """Read a plain decimal such as "1234.50" or "-7"; no separators, signs of money or exponents.

        :raises UnreadableAmount: on anything else, or on more than 15 digits or the currency's decimals.
        """
        exponent = exponent_of(currency)
        if not _PLAIN_DECIMAL.fullmatch(text):
            raise UnreadableAmount(f"not a plain decimal amount: {text[:40]!r}")
        whole, _, decimals = text.partition(".")
        if len(decimals) > exponent:
            raise UnreadableAmount(f"{currency} has {exponent} decimals, not {len(decimals)}: {text!r}")
        return cls(int(whole + decimals.ljust(exponent, "0")), currency)

    @classmethod
    def total(cls, amounts: Iterable["Money"], currency: str) -> Self:
        """Add up amounts of one currency; the sum of none is zero.

        :raises CurrencyMismatch: when one of them has another currency.
        """
        result = 0
        for amount in amounts:
            if amount.currency != currency:
                raise CurrencyMismatch(f"{amount.currency} in a sum of {currency}")
            result += amount.minor
        return cls(result, currency)

    @property
    def decimal(self) -> Decimal:
        """The amount in major units: `Money(123450, "EUR").decimal` is `Decimal("1234.50")`."""
        return Decimal(self.minor).scaleb(-EXPONENTS[self.currency])

    def split(self, parts: int) -> tuple["Money", ...]:
        """Divide into equal parts; the cents left over go to the first parts, so the sum stays exact.

        :raises ValueError: when `parts` is not positive.
        """
        if parts < 1:
            raise ValueError("an amount is split into one part or more")
        return self.allocate([1] * parts)

    def allocate(self, weights: Sequence[int]) -> tuple["Money", ...]:
        """Divide by whole weights; left-over cents go to the largest remainders, the first of equals first.

        :raises ValueError: when a weight is negative or all are zero.
        """
        whole = sum(weights)
        if whole <= 0 or min(weights) < 0:
            raise ValueError("weights are zero or more, and at least one is more")
        if self.minor < 0:
            return tuple(-part for part in (-self).allocate(weights))
        shares = [divmod(self.minor * weight, whole) for weight in weights]
        left = self.minor - sum(share for share, _ in shares)
        by_remainder = sorted(range(len(weights)), key=lambda index: -shares[index][1])
        lucky = set(by_remainder[:left])
        parts = tuple(
            Money(share + (index in lucky), self.currency) for index, (share, _) in enumerate(shares)
        )
        assert sum(part.minor for part in parts) == self.minor
        return parts

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __abs__(self) -> "Money":
        return Money(abs(self.minor), self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __lt__(self, other: "Money") -> bool:
        self._same(other)
        return self.minor < other.minor

    def __le__(self, other: "Money") -> bool:
        self._same(other)
        return self.minor <= other.minor

    def __gt__(self, other: "Money") -> bool:
        self._same(other)
        return self.minor > other.minor

    def __ge__(self, other: "Money") -> bool:
        self._same(other)
        return self.minor >= other.minor

    def __str__(self) -> str:
        return f"{self.currency} {self.decimal}"

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not mix")


_set_minor, _set_currency = (Money.__dict__[name].__set__ for name in Money.__slots__)
