"""Costs on the terms of one running contract: rent, energy, insurance, instalments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from agency.calendar import add_months
from agency.money import Money
from agency.rules.costs import Costs, collection_costs
from agency.rules.facts import DebtorKind, Law
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import TraceLine


@dataclass(frozen=True, slots=True)
class EarlierTerm:
    """A term of the same contract that was missed before, and the costs that it already earned."""

    missed_on: date
    costs: Money


def periodic_term_costs(*, principal: Money, missed_on: date, earlier: Sequence[EarlierTerm]) -> Costs:
    """Work out the costs of one missed term that got its own fourteen-day letter (Dutch law, consumer).

    From 1 October 2024 the first small term in six months earns 40, each following one 20, and all of them
    together at most 140 (Stb. 2024, 44; the steps follow from the published cap, see the table). Larger terms
    keep the ordinary scale. VAT is left to the ordinary scale: the cap is stated without it.

    :raises UnlawfulCosts: when the ordinary scale refuses the principal.
    """
    plain = _one_debt(principal, missed_on)
    rule = row_in_force(read_table("costs")["periodic"], missed_on)
    if rule is None or principal.minor >= rule["terms_below"] or not plain.amount:
        return plain
    since = add_months(missed_on, -rule["months"])
    recent = [term.costs for term in earlier if since < term.missed_on <= missed_on]
    left = max(0, rule["cap"] - Money.total(recent, principal.currency).minor)
    amount = Money(min(rule["next"] if recent else rule["first"], left), principal.currency)
    line = TraceLine(
        rule="nl.bik_periodic",
        version=rule["since"].isoformat(),
        source=rule["source"],
        inputs={"principal": str(principal), "earlier_terms": str(len(recent)), "left_under_cap": str(left)},
        outcome="first term of the six months" if not recent else "following term, under the cap",
        amount=amount,
    )
    return Costs(amount=amount, vat=Money.zero(principal.currency), total=amount, trace=(line, *plain.trace))


def late_letter_costs(*, principals: Sequence[Money], on: date) -> Costs:
    """Work out the costs of one letter for several terms that were not reminded one by one.

    It earns only the highest costs that a single term would have earned (kantoorabri.nl on Stb. 2024, 44).

    :raises ValueError: when there is no principal.
    """
    return max((_one_debt(principal, on) for principal in principals), key=lambda costs: costs.amount.minor)


def _one_debt(principal: Money, on: date) -> Costs:
    return collection_costs(law=Law.nl, debtor=DebtorKind.consumer, principals=[principal], on=on)
