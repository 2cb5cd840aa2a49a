"""What a debtor owes on one claim, worked out by hand: simple interest by the day, then costs, then the rest.

It knows nothing of the product's rules. One invoice, an agreed yearly rate over 365 days, costs from a day.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

DAY = timedelta(days=1)


class Parts(NamedTuple):
    """An amount by what it is, in cents."""

    costs: int
    interest: int
    principal: int

    @property
    def total(self) -> int:
        return sum(self)


def half_up(amount: Fraction | int) -> int:
    """Round to the cent, half of one away from nothing."""
    whole = int(abs(amount) + Fraction(1, 2))
    return whole if amount >= 0 else -whole


@dataclass
class ClaimAccount:
    """A claim's account; `taken` is what was paid or given up, by day."""

    principal: int
    due_on: date
    percent: int = 0
    costs: int = 0
    costs_from: date = date.max
    state: str = "active"
    last_on: date = date.min
    taken: dict[date, Counter] = field(default_factory=dict)
    costs_fixed: Counter = field(default_factory=Counter)
    # First and last day of each time in which no interest runs; the last is none while it goes on.
    stops: list[tuple[date, date | None]] = field(default_factory=list)
    # What the ledger should show: fixed so far, less what was taken.
    booked: Counter = field(default_factory=Counter)
    owed_back: int = 0
    open_when_withdrawn: int = 0

    def __post_init__(self) -> None:
        self.booked["principal"] = self.principal

    def owed(self, on: date) -> Parts:
        """What is owed at the end of a day."""
        still = self.principal - self._sum("principal", on)
        fixed = sum(minor for day, minor in self.costs_fixed.items() if day <= on)
        asked = max(self.costs if self.costs_from <= on else 0, fixed)
        return Parts(max(0, asked - self._sum("costs", on)), self._interest(on), still)

    def _sum(self, part: str, on: date) -> int:
        return sum(taken[part] for day, taken in self.taken.items() if day <= on)

    def _interest(self, on: date) -> int:
        """Interest runs from the day after the due date, that of a payment included; not on stopped days."""
        if not self.percent:
            return 0
        unpaid, base, begins = 0, self.principal, self.due_on + DAY
        for day in sorted({*(day for day in self.taken if day <= on), on}):
            if begins <= day:
                days = sum(not self._stands_still(begins + n * DAY) for n in range((day - begins).days + 1))
                unpaid += half_up(Fraction(max(0, base) * self.percent * days, 36_500))
                begins = day + DAY
            taken = self.taken.get(day, Counter())
            unpaid -= min(taken["interest"], unpaid) if taken["interest"] > 0 else taken["interest"]
            base -= taken["principal"]
        return unpaid

    def _stands_still(self, day: date) -> bool:
        return any(first <= day <= (last or date.max) for first, last in self.stops)

    def take(self, on: date, parts: Parts) -> None:
        """Write down that something was paid or given up, and what was fixed for it; minus takes it back."""
        taken = self.taken.setdefault(on, Counter())
        for part, minor in parts._asdict().items():
            taken[part] += minor
            self.booked[part] -= minor
        self.last_on = max(self.last_on, on)

    def fix(self, on: date, asked: Parts) -> None:
        """Write down interest and costs that ran until a day."""
        if (asked.costs, asked.interest) == (self.booked["costs"], self.booked["interest"]):
            return
        self.taken.setdefault(on, Counter())
        self.last_on = max(self.last_on, on)
        self.costs_fixed[on] += asked.costs - self.booked["costs"]
        self.booked["costs"], self.booked["interest"] = asked.costs, asked.interest

    def divide(self, minor: int, on: date) -> tuple[Parts, int]:
        """What a payment pays off, and what of it is too much."""
        left, parts = minor, []
        for owed in self.owed(on):
            parts.append(min(left, owed))
            left -= parts[-1]
        return Parts(*parts), left
