"""Whether the little that is left of a claim is waived: days of interest on a claim paid otherwise."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from agency.money import Money
from agency.rules.tables import read_table
from agency.rules.trace import Trace, TraceLine

_RULE: Final = "house.remainder"


@dataclass(frozen=True, slots=True)
class Remainder:
    """Whether a remainder is waived, up to which amount the house does so, and why."""

    waived: bool
    limit: Money
    trace: Trace


def small_remainder(*, left: Money, interest: Money, on: date) -> Remainder:
    """Decide whether what is left of a claim is waived by house policy.

    The law pays costs and interest first, so interest that ran after an amount was asked shows as principal
    that is left. It is such a remainder only when it is no more than all interest that was ever asked.

    :param left: all that is still owed after a payment.
    :param interest: the interest asked on the claim until that day, paid or not.
    :raises CurrencyMismatch: when the amounts have different currencies.
    """
    rows = [
        row
        for row in read_table("remainder")["remainder"]
        if row["currency"] == left.currency and row["since"] <= on
    ]
    policy = max(rows, key=lambda row: row["since"], default=None)
    limit = Money(policy["limit_minor"] if policy else 0, left.currency)
    waived = left.minor > 0 and left <= min(limit, interest)
    line = TraceLine(
        rule=_RULE,
        version=str(policy["since"]) if policy else on.isoformat(),
        source=policy["source"] if policy else "no policy for this currency",
        inputs={"left": str(left), "interest": str(interest), "limit": str(limit)},
        outcome="remainder.waived" if waived else "remainder.owed",
        amount=left,
    )
    return Remainder(waived, limit, (line,))
