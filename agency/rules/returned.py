"""Which earlier payment a bank's return takes back: a returned direct debit or a credit that was reversed."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Generic, Literal, TypeVar

from agency.money import Money
from agency.rules.tables import read_table, row_in_force

PaymentKey = TypeVar("PaymentKey", bound=Hashable)
"""How the caller names its payments; it comes back as it went in."""

_TABLE: Final = "bank_returns"


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """A bank line that takes money back: its amount is negative, texts are empty where it is silent."""

    amount: Money
    on: date
    end_to_end: str = ""
    iban: str = ""


@dataclass(frozen=True, slots=True)
class CameIn(Generic[PaymentKey]):
    """A payment that came in and stands."""

    key: PaymentKey
    amount: Money
    on: date
    end_to_end: str = ""
    iban: str = ""


@dataclass(frozen=True, slots=True)
class Returned(Generic[PaymentKey]):
    """The payment that is returned, or None and why a person has to look."""

    key: PaymentKey | None
    reason: Literal["end_to_end", "account", "return_of_several", "return_of_unknown"]


def returnable_for(on: date) -> timedelta:
    """Return how long back a payment that is returned on a day may have come in."""
    row = row_in_force(read_table(_TABLE)["returnable"], on)
    return timedelta(days=row["days"]) if row else timedelta()


def returned_payment(line: ReturnLine, came_in: Sequence[CameIn[PaymentKey]]) -> Returned[PaymentKey]:
    """Decide which payment a return takes back: never one of two that it may be.

    The end-to-end id of the original comes back with its return; where a format drops it, the account that
    paid and the exact amount must name one payment only. A return of another amount is for a person.
    """
    possible = [
        one
        for one in came_in
        if one.amount == -line.amount and line.on - returnable_for(line.on) <= one.on <= line.on
    ]
    if line.end_to_end:
        named = [one for one in possible if one.end_to_end == line.end_to_end]
        if named:
            return _the_one(named, "end_to_end")
        possible = [one for one in possible if not one.end_to_end]
    return _the_one([one for one in possible if line.iban and one.iban == line.iban], "account")


def _the_one(
    found: Sequence[CameIn[PaymentKey]], by: Literal["end_to_end", "account"]
) -> Returned[PaymentKey]:
    if len(found) == 1:
        return Returned(found[0].key, by)
    return Returned(None, "return_of_several" if found else "return_of_unknown")
