"""The Belgian procedure for undisputed money debts (IOS): whether it is open, and its cap on the extras."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from agency.money import Money, percent_of
from agency.rules.facts import DebtorKind
from agency.rules.lawful_costs import Costs, UnlawfulCosts, costs_of
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import TraceLine


@dataclass(frozen=True, slots=True, kw_only=True)
class IosDebt:
    """What decides whether the procedure is open; the defaults are a debt that it is meant for."""

    debtor: DebtorKind = DebtorKind.company
    both_in_register: bool = True
    contractual: bool = True
    certain_and_due: bool = True
    disputed: bool = False
    insolvent: bool = False
    public_body: bool = False


def ios_extras(*, principal: Money, interest: Money, indemnity: Money, on: date, debt: IosDebt) -> Costs:
    """Work out what may be claimed beside the principal: interest and indemnity, together at most 10% of it.

    :raises UnlawfulCosts: when the procedure is not open (consumers, disputed debts, insolvency, public
        bodies and others, Ger.W. 1394/20), was not in force, or the amounts are negative or not in EUR.
    """
    row = row_in_force(read_table("costs")["ios"], on)
    if row is None:
        raise UnlawfulCosts(f"be.ios was not in force on {on}")
    closed = _why_closed(debt)
    if closed:
        raise UnlawfulCosts(f"be.ios is not open for this debt: {closed}")
    if principal.currency != row["currency"]:
        raise UnlawfulCosts(f"be.ios is for debts in {row['currency']}, not in {principal.currency}")
    if min(principal.minor, interest.minor, indemnity.minor) < 0:
        raise UnlawfulCosts("be.ios: principal, interest and indemnity are not negative")
    lines = [
        _line(row, "ios_interest", interest, interest=str(interest)),
        _line(row, "ios_indemnity", indemnity, indemnity=str(indemnity)),
    ]
    cap = percent_of(principal, Decimal(row["percent"]))
    over = interest + indemnity - cap
    if over.minor > 0:
        inputs = {"percent": str(row["percent"]), "principal": str(principal), "cap": str(cap)}
        lines.append(_line(row, "ios_cap", -over, **inputs))
    return costs_of(lines, currency=principal.currency)


def _why_closed(debt: IosDebt) -> str:
    reasons = {
        "the debtor is a consumer": debt.debtor is DebtorKind.consumer,
        "both sides must stand in the register of enterprises": not debt.both_in_register,
        "it does not arise from a contract": not debt.contractual,
        "it is not certain and due": not debt.certain_and_due,
        "it is disputed": debt.disputed,
        "the debtor is insolvent": debt.insolvent,
        "one side is a public body": debt.public_body,
    }
    return ", ".join(reason for reason, holds in reasons.items() if holds)


def _line(row: dict[str, Any], key: str, amount: Money, **inputs: str) -> TraceLine:
    return TraceLine(
        rule="be.ios",
        version=row["since"].isoformat(),
        source=row["source"],
        inputs=inputs,
        outcome=f"costs.{key}",
        amount=amount,
    )
