"""Money that opens into its build-up: an amount with the lines it consists of, which must add up."""

from collections.abc import Sequence
from dataclasses import dataclass

from agency.money import Money


@dataclass(frozen=True, slots=True)
class Part:
    """One line of a build-up; `note` says in a few words where it comes from."""

    label: str
    amount: Money
    note: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """An amount and its parts, for the macro `ui.explain`."""

    total: Money
    parts: tuple[Part, ...]


def explanation(*, total: Money, parts: Sequence[Part]) -> Explanation:
    """This function will pair an amount with its build-up.

    :raises AssertionError: the parts do not add up; a page must never show such a sum.
    """
    added = sum((part.amount for part in parts), Money.zero(total.currency))
    assert added == total, f"a build-up of {total} adds up to {added}"
    return Explanation(total, tuple(parts))
