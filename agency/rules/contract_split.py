"""Who keeps what a debtor paid, by the contract between creditor and agency."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from agency.money import Money
from agency.rules.allocation import Allocation
from agency.rules.trace import Trace, TraceLine

_VERSION: Final = "2026-11-01"


class Keeper(StrEnum):
    """Who keeps the interest or the costs that a debtor pays."""

    CREDITOR = "creditor"
    AGENCY = "agency"


@dataclass(frozen=True, slots=True)
class ContractSplit:
    """What creditor and agency get of a payment, and what goes back to the debtor: together the payment."""

    creditor: Money
    agency: Money
    debtor: Money
    trace: Trace


def split_by_contract(*, parts: Allocation, costs_to: Keeper, interest_to: Keeper) -> ContractSplit:
    """Divide a payment between creditor and agency: the creditor's side beside the debtor's.

    The principal is always the creditor's, and what was paid too much always the debtor's. Costs and interest
    are the creditor's or the agency's, as their contract says; it changes nothing for the debtor.

    :param parts: what the payment paid off by law.
    """
    zero = Money.zero(parts.principal.currency)
    shares = {Keeper.CREDITOR: parts.principal, Keeper.AGENCY: zero}
    lines = [_line("principal_to_creditor", parts.principal)]
    for part, keeper, amount in (
        ("interest", interest_to, parts.interest),
        ("costs", costs_to, parts.costs),
    ):
        shares[keeper] += amount
        lines.append(_line(f"{part}_to_{keeper}", amount))
    if parts.over:
        lines.append(_line("over_to_debtor", parts.over))
    return ContractSplit(
        creditor=shares[Keeper.CREDITOR],
        agency=shares[Keeper.AGENCY],
        debtor=parts.over,
        trace=tuple(lines),
    )


def _line(key: str, amount: Money) -> TraceLine:
    return TraceLine(
        rule="contract.split",
        version=_VERSION,
        source="agreement between creditor and agency",
        inputs={"amount": str(amount)},
        outcome=f"allocation.{key}",
        amount=amount,
    )
