"""Costs on the terms of one running contract: rent, energy, insurance, instalments."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from agency.calendar import add_months
from agency.money import Money
from agency.rules.costs import Costs, VatPosition, collection_costs
from agency.rules.costs_vat import vat_lines
from agency.rules.facts import DebtorKind, Law
from agency.rules.lawful_costs import addends, costs_of
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import TraceLine


@dataclass(frozen=True, slots=True)
class EarlierTerm:
    """A term of the same contract that was missed before, and the costs (without VAT) that it earned."""

    missed_on: date
    costs: Money


def periodic_term_costs(
    *, principal: Money, missed_on: date, earlier: Sequence[EarlierTerm], vat_deductible: bool = True
) -> Costs:
    """Work out the costs of one missed term that got its own fourteen-day letter (Dutch law, consumer).

    From 1 October 2024 the first small term in six months earns 40, each following one 20, and all of them
    together at most 140 (Stb. 2024, 44; the steps follow from the published cap, see the table). Larger terms
    keep the ordinary scale. VAT comes on top of the cap, as it does on the minimum of the scale.

    :param vat_deductible: whether the creditor can set off the VAT on the agency's invoice.
    :raises UnlawfulCosts: when the ordinary scale refuses the principal.
    """
    plain = _one_letter([principal], missed_on, vat_deductible)
    rule = _rule(missed_on)
    if rule is None or principal.minor >= rule["terms_below"] or not plain.amount:
        return plain
    lines = _term_lines(rule, principal, missed_on, earlier)
    lines.append(_line(rule, "periodic_alone", None, principal=str(principal), alone=str(plain.amount)))
    currency = principal.currency
    vat = vat_lines(
        costs=addends(lines, currency),
        law=Law.nl,
        position=VatPosition(deductible=vat_deductible),
        on=missed_on,
    )
    return costs_of(lines, currency=currency, vat_lines=vat)


def late_letter_costs(*, principals: Sequence[Money], on: date, vat_deductible: bool = True) -> Costs:
    """Work out the costs of one letter for several terms that were not reminded one by one.

    From 1 October 2024 it earns only the highest costs that a single term would have earned
    (kantoorabri.nl on Stb. 2024, 44); before, the terms were added like any other claims (BW 6:96(7)).

    :param vat_deductible: whether the creditor can set off the VAT on the agency's invoice.
    :raises ValueError: when there is no principal.
    """
    rule = _rule(on)
    if rule is None or len(principals) < 2:
        return _one_letter(principals, on, vat_deductible)
    singles = (_one_letter([principal], on, vat_deductible) for principal in principals)
    highest = max(singles, key=lambda costs: costs.amount.minor)
    line = _line(rule, "late_letter", None, terms=str(len(principals)))
    return replace(highest, trace=(line, *highest.trace))


def _term_lines(
    rule: dict[str, Any], principal: Money, missed_on: date, earlier: Sequence[EarlierTerm]
) -> list[TraceLine]:
    since = add_months(missed_on, -rule["months"])
    recent = [term.costs for term in earlier if since < term.missed_on <= missed_on]
    earned = Money.total(recent, principal.currency)
    step = Money(rule["next" if recent else "first"], principal.currency)
    key = "periodic_next" if recent else "periodic_first"
    lines = [_line(rule, key, step, months=str(rule["months"]), terms=str(len(recent)))]
    cap = Money(rule["cap"], principal.currency)
    left = max(cap - earned, Money.zero(principal.currency))
    if step > left:
        inputs = {"cap": str(cap), "earned": str(earned), "months": str(rule["months"])}
        lines.append(_line(rule, "periodic_cap", left - step, **inputs))
    return lines


def _line(rule: dict[str, Any], key: str, amount: Money | None, **inputs: str) -> TraceLine:
    return TraceLine(
        rule="nl.bik_periodic",
        version=rule["since"].isoformat(),
        source=rule["source"],
        inputs=inputs,
        outcome=f"costs.{key}",
        amount=amount,
    )


def _rule(on: date) -> dict[str, Any] | None:
    return row_in_force(read_table("costs")["periodic"], on)


def _one_letter(principals: Sequence[Money], on: date, vat_deductible: bool) -> Costs:
    return collection_costs(
        law=Law.nl,
        debtor=DebtorKind.consumer,
        principals=principals,
        on=on,
        vat_deductible=vat_deductible,
    )
