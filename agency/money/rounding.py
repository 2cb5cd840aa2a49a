"""The one place where money is rounded."""

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from typing import assert_never


class Rounding(StrEnum):
    """How a fraction of a minor unit becomes a whole one; HALF_UP is away from zero at the half."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    DOWN = "down"
    UP = "up"


def round_ratio(numerator: int, denominator: int, mode: Rounding = Rounding.HALF_UP) -> int:
    """Round the exact fraction numerator/denominator to a whole number.

    It works on integers so that no decimal context can change a cent.

    :param denominator: positive; the numerator carries the sign.
    :raises ValueError: when the denominator is not positive.
    """
    if denominator < 1:
        raise ValueError("an amount is divided by something positive")
    if numerator < 0:
        return -round_ratio(-numerator, denominator, mode)
    match mode:
        case Rounding.HALF_UP:
            return (numerator + denominator // 2) // denominator
        case Rounding.HALF_EVEN:
            whole, rest = divmod(numerator, denominator)
            return whole + (2 * rest + whole % 2 > denominator)
        case Rounding.UP:
            return -(-numerator // denominator)
        case Rounding.DOWN:
            return numerator // denominator
        case _:
            assert_never(mode)


def compounded(minor: int, factors: Iterable[int], denominator: int) -> int:
    """Raise an amount by each of some fractions in turn, rounded half-up to whole minor units at each.

    It is `minor += round_ratio(minor * factor, denominator)` for every factor, without a call for each.

    :param minor: the amount at the start, not negative.
    :param factors: numerators of what joins the amount, over `denominator`; not negative.
    :raises ValueError: when the amount is negative.
    """
    if minor < 0:
        raise ValueError("a debt is compounded, not a credit")
    half = denominator // 2
    for factor in factors:
        minor += (minor * factor + half) // denominator
    return minor


def round_minor(value: Decimal, mode: Rounding = Rounding.HALF_UP) -> int:
    """Round a decimal number of minor units to whole minor units."""
    numerator, denominator = value.as_integer_ratio()
    return round_ratio(numerator, denominator, mode)
