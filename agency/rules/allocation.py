"""What a payment on one debt pays off."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from agency.money import Money
from agency.rules.facts import Law
from agency.rules.tables import read_table
from agency.rules.trace import Trace, TraceLine


@dataclass(frozen=True, slots=True)
class Allocation:
    """What a payment pays off; `over` is owed back to the debtor. The four parts add up to the payment."""

    costs: Money
    interest: Money
    principal: Money
    over: Money
    trace: Trace


def allocate(*, law: Law, paid: Money, costs: Money, interest: Money, principal: Money) -> Allocation:
    """Divide a payment over what is owed, in the order of the law: costs, interest fallen due, principal.

    Netherlands BW 6:44, Belgium old BW 1254 and Book 5, Germany BGB s. 367. Another order inside one debt
    needs the creditor's consent and is not decided here.

    :raises CurrencyMismatch: when the amounts are in several currencies.
    :raises ValueError: when an amount is negative.
    """
    owed = {"costs": costs, "interest": interest, "principal": principal}
    if paid.minor < 0 or any(part.minor < 0 for part in owed.values()):
        raise ValueError("a payment and what it pays off are not negative")
    order = _order(law)
    left, got, lines = paid, dict.fromkeys(owed, Money.zero(paid.currency)), []
    for part in order["parts"]:
        got[part] = min(left, owed[part])
        left -= got[part]
        lines.append(_line(law, order, part, got[part], owed=str(owed[part])))
    if left:
        lines.append(_line(law, order, "over", left, paid=str(paid)))
    return Allocation(**got, over=left, trace=tuple(lines))


def _line(law: Law, order: dict[str, Any], part: str, amount: Money, **inputs: str) -> TraceLine:
    return TraceLine(
        rule=f"{law}.allocation",
        version=order["since"].isoformat(),
        source=order["source"],
        inputs=inputs,
        outcome=f"allocation.{part}",
        amount=amount,
    )


@cache
def _order(law: Law) -> dict[str, Any]:
    order: dict[str, Any] = next(row for row in read_table("allocation")["order"] if row["law"] == law)
    return order
