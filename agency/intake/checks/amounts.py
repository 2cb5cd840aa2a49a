"""The amount of an invoice: more than nothing, and not so much or so little that it is probably a slip."""

from datetime import date
from functools import lru_cache
from typing import Any, Final

from agency.intake.checks.finding import Finding, Severity
from agency.money import Money
from agency.rules.tables import read_table, row_in_force

NOTHING: Final = "is nothing: there is nothing to collect"
NEGATIVE: Final = "is less than nothing; a credit note names the invoice that it credits"
UNUSUALLY_HIGH: Final = "is unusually high; is it right?"
UNUSUALLY_LOW: Final = "is so little that collecting it hardly pays"


def check_amount(amount: Money, *, today: date, is_invoice: bool = True) -> list[Finding]:
    """Refuse nothing and less than nothing; ask about very much, warn about very little."""
    if amount.minor == 0:
        return [Finding("amount", Severity.REJECT, NOTHING, str(amount))]
    if is_invoice and amount.minor < 0:
        return [Finding("amount", Severity.REJECT, NEGATIVE, str(amount))]
    row = _row(amount.currency, today)
    if row is None:
        return []
    if abs(amount.minor) > row["ask_over_minor"]:
        return [Finding("amount", Severity.ASK, UNUSUALLY_HIGH, str(amount), row["source"])]
    if abs(amount.minor) < row["warn_under_minor"]:
        return [Finding("amount", Severity.WARN, UNUSUALLY_LOW, str(amount), row["source"])]
    return []


def usual_amounts(currency: str, today: date) -> tuple[int, int] | None:
    """Return the least and the largest amount of which nothing is said, in minor units, where one stands."""
    row = _row(currency, today)
    return (row["warn_under_minor"], row["ask_over_minor"]) if row else None


@lru_cache(maxsize=256)
def _row(currency: str, on: date) -> dict[str, Any] | None:
    return row_in_force((row for row in read_table("intake")["amount"] if row["currency"] == currency), on)
