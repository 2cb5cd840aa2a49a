"""What a person can pay a month without going short, with every step shown. Nothing of it is kept."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from agency.money import Money
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import Trace, TraceLine

_BPS = 10_000
_OTHERWISE = "NL"
"""Elsewhere the Dutch amounts count, the highest that are known."""


class Household(StrEnum):
    """Who lives on the income."""

    SINGLE = "single"
    SINGLE_PARENT = "single_parent"
    COUPLE = "couple"
    COUPLE_PARENT = "couple_parent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A person's month: net income, fixed costs (housing, energy, insurance, care), and what is paid on other
    debts. All of one currency, none negative."""

    income: Money
    fixed_costs: Money
    other_debts: Money
    household: Household
    children: int


@dataclass(frozen=True, slots=True)
class Capacity:
    """What can be paid a month; nothing when the answer is help instead of a plan."""

    monthly: Money
    protected: Money
    left: Money
    trace: Trace

    @property
    def can_pay(self) -> bool:
        """Whether a plan makes sense at all."""
        return bool(self.monthly)


def pause_days(on: date) -> int:
    """Return how long nothing is asked of who cannot pay and may look for help.

    :raises LookupError: the table does not reach back to that day.
    """
    return int(_house(on)["pause_days"])


def capacity(*, budget: Budget, country: str, on: date) -> Capacity:
    """Work out what is left after the protected amount (or higher fixed costs) and other debts.

    Of what is left a part stays free, and the rest is rounded down to a whole step; below the least that is
    worth a transfer, nothing can be paid. Netherlands: Rv art. 475da; Belgium: Ger.W. art. 1409.

    :raises LookupError: no amounts are known for that day.
    :raises ValueError: an amount or the number of children is negative.
    """
    amounts = (budget.income, budget.fixed_costs, budget.other_debts)
    if budget.children < 0 or any(amount.minor < 0 for amount in amounts):
        raise ValueError("incomes, costs and children are not negative")
    row, house = _row(country, on), _house(on)
    currency = budget.income.currency
    protected = Money(row[f"{budget.household.value}_minor"] + row["child_minor"] * budget.children, currency)
    needed = max(protected, budget.fixed_costs)
    left = max(budget.income - needed - budget.other_debts, Money.zero(currency))
    share = left.minor * house["share_bps"] // _BPS
    whole = share - share % house["step_minor"]
    monthly = Money(whole if whole >= house["least_minor"] else 0, currency)
    return Capacity(monthly, protected, left, tuple(_trace(budget, row, house, protected, left, monthly)))


def _trace(
    budget: Budget, row: dict[str, Any], house: dict[str, Any], protected: Money, left: Money, monthly: Money
) -> list[TraceLine]:
    since, source = row["since"].isoformat(), row["source"]
    lines = (
        ("income", budget.income, since, source),
        ("protected", -protected, since, source),
        ("fixed_costs_above", -max(budget.fixed_costs - protected, Money.zero(left.currency)), since, source),
        ("other_debts", -budget.other_debts, since, source),
        ("left", left, since, source),
        ("monthly", monthly, house["since"].isoformat(), house["source"]),
    )
    # What came in stays out of the trace: it is shown once and kept nowhere.
    return [
        TraceLine(
            rule=f"affordability.{key}",
            version=version,
            source=why,
            inputs={"household": budget.household.value, "children": str(budget.children)},
            outcome=f"affordability.{key}",
            amount=amount,
        )
        for key, amount, version, why in lines
    ]


def _row(country: str, on: date) -> dict[str, Any]:
    rows = read_table("affordability")["protected"]
    known = [row for row in rows if row["country"] == country]
    found = row_in_force(known or [row for row in rows if row["country"] == _OTHERWISE], on)
    if found is None:
        raise LookupError(f"no protected amounts for {country} on {on}")
    return found


def _house(on: date) -> dict[str, Any]:
    found = row_in_force(read_table("affordability")["house"], on)
    if found is None:
        raise LookupError(f"no house rule of affordability on {on}")
    return found
