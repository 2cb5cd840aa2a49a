from dataclasses import dataclass

from agency.money import Money
from agency.rules.facts import Law
from agency.rules.trace import Trace


@dataclass(frozen=True, slots=True)
class Allocation:
    """What a payment pays off; `over` is owed back to the debtor. The four parts add up to the payment."""

    costs: Money
    interest: Money
    principal: Money
    over: Money
    trace: Trace


def allocate(*, law: Law, paid: Money, costs: Money, interest: Money, principal: Money) -> Allocation:
    raise NotImplementedError
