"""What stands beside a price: what the debtor will owe on top, what may be expected, what is left of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from agency.money import Money, bps_of
from agency.pricing.scoring import ClaimFacts
from agency.rules.costs import collection_costs
from agency.rules.facts import InterestKind, Law
from agency.rules.interest import interest
from agency.rules.interest_regime import UnlawfulInterest
from agency.rules.lawful_costs import UnlawfulCosts
from agency.rules.rates import NoRate
from agency.rules.recovery import Expectation, Kind, OwnBooks, expected_recovery, kind_of
from agency.rules.trace import Trace

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What the outlook needs of the creditor: its country (ISO 3166), a clause on costs in its terms, whether
    it can set off VAT, and who keeps what the debtor pays of interest and costs (`creditor` or `agency`)."""

    country: str = "NL"
    costs_clause: bool = True
    vat_deductible: bool = True
    keeps: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a creditor may expect of a claim.

    `costs` with its VAT and `interest` are what the debtor will owe beside the principal: costs after the
    notice that the law asks for, interest until today. `net` is what is left of `expected` when the fee is
    paid, before VAT. All of it is an outlook: only the fee is binding.
    """

    costs: Money
    interest: Money
    expected: Expectation
    fee: Money
    net: Money
    trace: Trace


def outlook(
    *,
    facts: ClaimFacts,
    law: Law,
    interest_kind: InterestKind,
    due_on: date,
    today: date,
    fee_bps: int,
    agreed: Agreed,
    own: Mapping[Kind, OwnBooks],
) -> Outlook:
    """This function will work out what a creditor may expect of one claim."""
    costs, costs_trace = _costs(facts, law, today, agreed)
    running, interest_trace = _interest(facts, law, interest_kind, due_on, today)
    kind = kind_of(debtor=facts.debtor, age_days=facts.age_days, amount=facts.amount)
    expected = expected_recovery(
        amount=facts.amount,
        age_days=facts.age_days,
        debtor=facts.debtor,
        dispute=facts.dispute,
        own=own.get(kind),
    )
    fee = bps_of(expected.middle, fee_bps)
    return Outlook(
        costs=costs,
        interest=running,
        expected=expected,
        fee=fee,
        net=expected.middle - fee,
        trace=(*costs_trace, *interest_trace, *expected.trace),
    )


def together(outlooks: list[Outlook]) -> Outlook:
    """This function will add up the outlooks of several claims in one currency; `source` is `own` only when
    all are.

    :raises ValueError: there is none.
    """
    if not outlooks:
        raise ValueError("nothing to add up")
    first, currency = outlooks[0], outlooks[0].costs.currency

    def total(amounts: list[Money]) -> Money:
        return Money.total(amounts, currency)

    expected = replace(
        first.expected,
        low=total([one.expected.low for one in outlooks]),
        middle=total([one.expected.middle for one in outlooks]),
        high=total([one.expected.high for one in outlooks]),
        source="own" if all(one.expected.source == "own" for one in outlooks) else "house",
        claims=min(one.expected.claims for one in outlooks),
    )
    return Outlook(
        costs=total([one.costs for one in outlooks]),
        interest=total([one.interest for one in outlooks]),
        expected=expected,
        fee=total([one.fee for one in outlooks]),
        net=total([one.net for one in outlooks]),
        trace=(),
    )


def _costs(facts: ClaimFacts, law: Law, today: date, agreed: Agreed) -> tuple[Money, Trace]:
    try:
        found = collection_costs(
            law=law,
            debtor=facts.debtor,
            principals=[facts.amount],
            on=today,
            vat_deductible=agreed.vat_deductible,
            clause_agreed=agreed.costs_clause,
        )
    except UnlawfulCosts:
        return Money.zero(facts.amount.currency), ()
    return found.total, found.trace


def _interest(
    facts: ClaimFacts, law: Law, kind: InterestKind, due_on: date, today: date
) -> tuple[Money, Trace]:
    if due_on >= today or kind is InterestKind.contract:
        return Money.zero(facts.amount.currency), ()
    try:
        found = interest(law=law, kind=kind, principal=facts.amount, first_day=due_on + _DAY, last_day=today)
    except (NoRate, UnlawfulInterest):
        return Money.zero(facts.amount.currency), ()
    return found.amount, found.trace
