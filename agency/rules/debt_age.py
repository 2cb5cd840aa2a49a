"""How old a debt is, which tariffs ask before they name a percentage."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from agency.calendar import add_months, full_months_between
from agency.money import Money

# Four years hold every combination of months with and without a leap day.
_CYCLE_START: Final = date(2021, 3, 1)
_CYCLE_DAYS: Final = 1461


@dataclass(frozen=True, slots=True)
class DebtAge:
    """The age of a debt since it fell due: in full calendar months, and in days."""

    months: int
    days: int


def debt_age(*, due: date, on: date) -> DebtAge:
    """Return the age of one debt: from 31 March it is a month old on 30 April; before the due day, none."""
    if on < due:
        return DebtAge(months=0, days=0)
    return DebtAge(months=full_months_between(due, on), days=(on - due).days)


def blended_age(*, parts: Sequence[tuple[Money, date]], on: date) -> DebtAge:
    """Return the age of several debts together: the mean, weighed by what is open of each, rounded down.

    :param parts: what is open of each debt, and the day on which it fell due.
    :raises CurrencyMismatch: when the amounts are in several currencies.
    :raises ValueError: when an amount is negative or nothing is open.
    """
    whole = Money.total((amount for amount, _ in parts), parts[0][0].currency).minor if parts else 0
    if whole <= 0 or any(amount.minor < 0 for amount, _ in parts):
        raise ValueError("a blended age needs open amounts that are not negative")
    ages = [(amount.minor, debt_age(due=due, on=on)) for amount, due in parts]
    return DebtAge(
        months=sum(weight * age.months for weight, age in ages) // whole,
        days=sum(weight * age.days for weight, age in ages) // whole,
    )


@lru_cache(maxsize=1024)
def fewest_days(months: int) -> int:
    """Return how many days so many full calendar months have at least, for ages known in months only."""
    days = (_CYCLE_START + timedelta(days=day) for day in range(_CYCLE_DAYS))
    return min((add_months(day, months) - day).days for day in days)
