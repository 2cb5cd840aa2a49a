"""Which of several debts a payment pays off."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import groupby
from typing import Any, Final

from agency.money import Money
from agency.rules.allocation import Allocation, allocate
from agency.rules.facts import Law
from agency.rules.tables import read_table
from agency.rules.trace import Trace, TraceLine


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenClaim:
    """One debt of a debtor to a creditor, as it stands on the day of the payment.

    `yearly_percent` is the interest that runs on it: the higher, the more burdensome. `arose` is the day it
    came into being, `due` the day from which it can be asked. `secured` tells whether the creditor holds
    security for it.
    """

    key: str
    costs: Money
    interest: Money
    principal: Money
    due: date
    arose: date
    yearly_percent: Decimal = Decimal(0)
    secured: bool = False

    @property
    def owed(self) -> Money:
        """Costs, interest and principal together."""
        return self.costs + self.interest + self.principal


@dataclass(frozen=True, slots=True)
class Shares:
    """What a payment pays off of each debt, by its key; `over` is owed back. All together are the payment."""

    by_claim: Mapping[str, Allocation]
    over: Money
    trace: Trace


def allocate_over_claims(
    *,
    law: Law,
    paid: Money,
    on: date,
    claims: Sequence[OpenClaim],
    designated: Sequence[str] = (),
    creditors_choice: Sequence[str] = (),
) -> Shares:
    """Divide a payment over several debts to one creditor.

    The debts that the debtor designated when paying come first, in that order. Then the law decides: the
    Netherlands BW 6:43, Belgium old BW 1253-1256 and Book 5, Germany BGB s. 366; debts that are equal in
    everything share in proportion, to the cent. Within a debt `allocate` decides.

    :param on: the day of the payment, which tells which debts are due.
    :param designated: keys of the debts that the debtor named, for example by a payment reference.
    :param creditors_choice: keys in the order of the creditor, where the law lets it choose (UK).
    :raises CurrencyMismatch: when the amounts are in several currencies.
    :raises ValueError: when an amount is negative, a key is twice there, or a named key is not there at all.
    """
    _check(paid, claims, (*designated, *creditors_choice))
    rule, owing = _rule(law), [claim for claim in claims if claim.owed]
    named = [claim for key in dict.fromkeys(designated) for claim in owing if claim.key == key]
    shares, left = dict.fromkeys((claim.key for claim in claims), Money.zero(paid.currency)), paid
    lines: list[TraceLine] = []
    for claim in named:
        left = _give(shares, left, [claim])
        lines.append(_line(law, rule, "designated", shares[claim.key], claim.key, claim.owed))
    if not designated or rule["rest_of_designated"] == "next":
        others = [claim for claim in owing if claim.key not in designated]
        for criterion, group in _in_order(rule["criteria"], others, on, creditors_choice):
            left = _give(shares, left, group)
            lines += [_line(law, rule, criterion, shares[one.key], one.key, one.owed) for one in group]
    if left:
        lines.append(_line(law, rule, "returned", left, "", paid))
    return Shares(
        by_claim={claim.key: _within(law, shares[claim.key], claim) for claim in claims},
        over=left,
        trace=tuple(line for line in lines if line.amount) or (_line(law, rule, "returned", left, "", paid),),
    )


def _check(paid: Money, claims: Sequence[OpenClaim], named: Sequence[str]) -> None:
    keys = [claim.key for claim in claims]
    if len(set(keys)) != len(keys):
        raise ValueError("each debt needs a key of its own")
    if not set(named) <= set(keys):
        raise ValueError(f"no such debt: {', '.join(sorted(set(named) - set(keys)))}")
    amounts = [amount for claim in claims for amount in (claim.costs, claim.interest, claim.principal)]
    if any(amount < Money.zero(paid.currency) for amount in (paid, *amounts)):
        raise ValueError("a payment and what it pays off are not negative")


def _give(shares: dict[str, Money], left: Money, group: Sequence[OpenClaim]) -> Money:
    """Pay off a group of equal debts, in proportion when the money does not reach; return what is left."""
    owed = Money.total((claim.owed for claim in group), left.currency)
    given = min(left, owed)
    for claim, share in zip(group, given.allocate([claim.owed.minor for claim in group]), strict=True):
        shares[claim.key] = share
    return left - given


def _in_order(
    criteria: Sequence[str], claims: Sequence[OpenClaim], on: date, choice: Sequence[str]
) -> Iterator[tuple[str, list[OpenClaim]]]:
    """Return the debts in groups, each with the first criterion that set it apart from the group before."""

    def rank(claim: OpenClaim) -> tuple[Any, ...]:
        return tuple(_RANKS[criterion](claim, on, choice) for criterion in criteria)

    groups = [(key, list(group)) for key, group in groupby(sorted(claims, key=rank), key=rank)]
    for index, (key, group) in enumerate(groups):
        # The last group is set apart from the one before it; any other from the one that comes after.
        other = groups[index + 1 if index + 1 < len(groups) else index - 1][0]
        differing = (name for name, mine, its in zip(criteria, key, other, strict=True) if mine != its)
        yield ("proportion" if len(group) > 1 else next(differing, "only")), group


_RANKS: Final[dict[str, Callable[[OpenClaim, date, Sequence[str]], Any]]] = {
    "due": lambda claim, on, choice: claim.due > on,
    "burdensome": lambda claim, on, choice: -claim.yearly_percent,
    "unsecured": lambda claim, on, choice: claim.secured,
    "creditor": lambda claim, on, choice: choice.index(claim.key) if claim.key in choice else len(choice),
    "oldest": lambda claim, on, choice: claim.arose,
}


def _within(law: Law, share: Money, claim: OpenClaim) -> Allocation:
    return allocate(
        law=law, paid=share, costs=claim.costs, interest=claim.interest, principal=claim.principal
    )


def _line(law: Law, rule: dict[str, Any], key: str, amount: Money, claim: str, owed: Money) -> TraceLine:
    return TraceLine(
        rule=f"{law}.allocation_over_claims",
        version=rule["since"].isoformat(),
        source=rule["source"],
        inputs={"claim": claim, "owed": str(owed)},
        outcome=f"allocation.claim_{key}",
        amount=amount,
    )


@cache
def _rule(law: Law) -> dict[str, Any]:
    rule: dict[str, Any] = next(row for row in read_table("allocation")["over_claims"] if row["law"] == law)
    return rule
