"""Parts of an amount, by per cent or by basis points."""

from decimal import Decimal

from agency.money.amount import Money
from agency.money.rounding import Rounding, round_ratio

_BPS_WHOLE = 10_000


def percent_of(money: Money, percent: Decimal, rounding: Rounding = Rounding.HALF_UP) -> Money:
    """Return `percent` per cent of an amount: `percent_of(EUR 100.00, Decimal("21"))` is EUR 21.00."""
    numerator, denominator = percent.as_integer_ratio()
    return Money(round_ratio(money.minor * numerator, 100 * denominator, rounding), money.currency)


def bps_of(money: Money, bps: int, rounding: Rounding = Rounding.HALF_UP) -> Money:
    """Return `bps` basis points of an amount: 850 is eight and a half per cent."""
    return Money(round_ratio(money.minor * bps, _BPS_WHOLE, rounding), money.currency)
