"""What a reminder itself may cost a consumer, beside any indemnity."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from agency.money import Money
from agency.rules.facts import DebtorKind, Law
from agency.rules.lawful_costs import Costs, UnlawfulCosts, costs_of
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import TraceLine


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindedBefore:
    """What was reminded before the reminder at hand.

    `reminders` of this due date; for a `periodic` delivery (energy, telecom) also `due_dates`, the other
    unpaid due dates of the contract that were reminded in the same calendar year.
    """

    reminders: int
    periodic: bool = False
    due_dates: int = 0


def reminder_costs(
    *,
    law: Law,
    debtor: DebtorKind,
    on: date,
    before: RemindedBefore,
    postage: Money,
    asked: Money | None = None,
) -> Costs:
    """Work out what one reminder may cost a Belgian consumer (WER art. XIX.2).

    The first reminder of a debt is free; of a periodic delivery the reminders for three due dates in a
    calendar year are. Every further one costs at most 7.50, and the postage.

    :param postage: what the post really took for it.
    :param asked: the cost of the reminder in the contract when it is lower than the maximum.
    :raises UnlawfulCosts: under another law or for another debtor (a Dutch consumer owes one amount for
        everything, BW 6:96(5)), before the rule was in force, in another currency or with negative amounts.
    """
    row = _row(law, debtor, on)
    maximum = Money(row["maximum"], row["currency"])
    fee = maximum if asked is None else asked
    zero = Money.zero(maximum.currency)
    if maximum.currency != fee.currency or fee < zero or fee > maximum or postage < zero:
        raise UnlawfulCosts(f"{row['rule']}: a reminder costs at most {maximum} and postage, not {fee}")
    if _is_free(row, before):
        inputs = {"reminders": str(before.reminders), "due_dates": str(before.due_dates)}
        key = "reminder_free_periodic" if before.periodic else "reminder_free"
        lines = [_line(row, key, zero, free=str(row["free_due_dates"]), **inputs)]
    else:
        lines = [
            _line(row, "reminder", fee, maximum=str(maximum)),
            _line(row, "postage", postage, postage=str(postage)),
        ]
    return costs_of(lines, currency=maximum.currency)


def _is_free(row: dict[str, Any], before: RemindedBefore) -> bool:
    if before.periodic:
        return bool(before.due_dates < row["free_due_dates"])
    return bool(before.reminders < row["free_reminders"])


def _row(law: Law, debtor: DebtorKind, on: date) -> dict[str, Any]:
    reminders = read_table("costs")["reminder"]
    rows = [row for row in reminders if row["law"] == law and debtor in row["debtors"]]
    row = row_in_force(rows, on)
    if row is None:
        raise UnlawfulCosts(f"no rule lets a reminder of {on} cost a {debtor} anything (law: {law})")
    return row


def _line(row: dict[str, Any], key: str, amount: Money, **inputs: str) -> TraceLine:
    return TraceLine(
        rule=row["rule"],
        version=row["since"].isoformat(),
        source=row["source"],
        inputs=inputs,
        outcome=f"costs.{key}",
        amount=amount,
    )
