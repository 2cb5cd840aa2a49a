"""The fee of a German lawyer by the value of the matter (RVG s. 13)."""

from datetime import date
from decimal import Decimal
from typing import Any, Final

from agency.money import Money, Rounding, round_minor, round_ratio
from agency.rules.lawful_costs import UnlawfulCosts
from agency.rules.tables import read_table, row_in_force

CURRENCY: Final = "EUR"


def fee_row(on: date) -> dict[str, Any]:
    """Return the table row of the fees in force on a day.

    :raises UnlawfulCosts: when no table is kept for that day.
    """
    rows = read_table("rvg")["fee"]
    row = row_in_force(rows, on)
    if row is None:
        raise UnlawfulCosts(f"de.rvg: no table of fees is kept before {rows[0]['since']}, so none on {on}")
    return row


def full_fee(*, value: Money, on: date, small_claim: bool = False) -> Money:
    """Return the fee of 1.0 for a value, by the table in force on a day (RVG s. 13(1), annex 2).

    :param small_claim: for collecting an undisputed claim, which has a row of its own for the smallest
        values (RVG s. 13(2)).
    :raises UnlawfulCosts: when no table is kept for that day, or the value is not in EUR or not positive.
    """
    if value.currency != CURRENCY or value.minor <= 0:
        raise UnlawfulCosts(f"de.rvg is a table in {CURRENCY} for values above nothing, not for {value}")
    row = fee_row(on)
    if small_claim and value.minor <= row["small_up_to"]:
        return Money(row["small"], CURRENCY)
    fee, reached = row["first"], row["first_up_to"]
    for step in row["steps"]:
        top = min(value.minor, step.get("to", value.minor))
        if top <= reached:
            break
        # A step that is started counts in full.
        fee += step["add"] * round_ratio(top - reached, step["per"], Rounding.UP)
        reached = top
    return Money(fee, CURRENCY)


def fee_at(*, rate: Decimal, fee: Money, on: date) -> Money:
    """Return a multiple of the fee, half up to the cent and never below the smallest (RVG s. 2(2), 13(3))."""
    minimum = fee_row(on)["minimum"]
    return Money(max(round_minor(rate * fee.minor), minimum), fee.currency)
