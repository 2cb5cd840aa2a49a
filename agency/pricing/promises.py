"""What must hold of every price, whatever the card and the claim say: looked for in counterexamples.

The same search runs in the tests, before a card is published, and as `dev price prove` over random cards.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from agency.money import Money
from agency.rules.facts import ClaimType, DebtorKind, DisputeStatus, DocumentKind, Law, Phase
from agency.rules.price import Price, PriceFacts, price
from agency.rules.rate_card import OTHER_COUNTRIES, AgeStep, Band, PhaseStep, RateCard
from agency.rules.score import score
from agency.rules.smaller_claims import smaller_claims

_COUNTRIES: Final = ("NL", "BE", "DE", "FR", "ES", "US")
_AGE_MAX: Final = 4_000
_SIZE_LIMIT: Final = 25_000  # where the score asks for other documents
_PRICED_DISPUTES: Final = (
    DisputeStatus.none,
    DisputeStatus.raised,
    DisputeStatus.substantiated,
    DisputeStatus.resolved_creditor,
    DisputeStatus.resolved_debtor,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedCase:
    """A claim with what is changed about it: the document that is added, how much older and larger it gets,
    where it is split."""

    amount: Money
    age_days: int
    debtor: DebtorKind
    country: str
    documents: frozenset[DocumentKind]
    dispute: DisputeStatus
    phase: Phase | None
    added: DocumentKind
    older_by: int
    larger_by: int
    split_at: int
    law: Law = Law.nl
    claim_type: ClaimType = ClaimType.sale


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A promise that a card breaks for a case, with both prices."""

    promise: str
    case: PricedCase
    before: Price
    after: Price


def counterexamples(card: RateCard, case: PricedCase) -> Iterator[Counterexample]:
    """Yield every promise of the price that a card breaks for one case.

    Valid evidence never raises the price, age and dispute never lower it, a dispute that is settled for the
    creditor restores it, a later phase never costs less, a larger claim never pays less in total, and a
    claim split in two never pays less, but for the cent that rounding each half may take.
    """
    here = price(card=card, facts=_facts(case))
    pairs = {
        "a document never makes it dearer": (
            price(card=card, facts=_facts(replace(case, documents=case.documents | {case.added}))),
            here,
        ),
        "an older claim never costs less": (
            here,
            price(card=card, facts=_facts(replace(case, age_days=case.age_days + case.older_by))),
        ),
        "a dispute never makes it cheaper": (
            price(card=card, facts=_facts(replace(case, dispute=DisputeStatus.none))),
            here,
        ),
        "a later phase never costs less": (
            price(card=card, facts=_facts(replace(case, phase=Phase.reminder))),
            price(card=card, facts=_facts(replace(case, phase=Phase.legal))),
        ),
    }
    for promise, (low, high) in pairs.items():
        if low.fee_bps > high.fee_bps or low.maximum > high.maximum:
            yield Counterexample(promise, case, low, high)
    yield from _about_euros(card, case, here)
    calm = price(card=card, facts=_facts(replace(case, dispute=DisputeStatus.none)))
    settled = price(card=card, facts=_facts(replace(case, dispute=DisputeStatus.resolved_creditor)))
    if (calm.fee_bps, calm.maximum) != (settled.fee_bps, settled.maximum):
        yield Counterexample("a dispute settled for the creditor restores the price", case, calm, settled)
    if sum(factor.bps for factor in here.factors) != here.fee_bps or here.minimum > here.maximum:
        yield Counterexample("the factors add up to the fee", case, here, here)


def _about_euros(card: RateCard, case: PricedCase, here: Price) -> Iterator[Counterexample]:
    larger = price(card=card, facts=_facts(replace(case, amount=_more(case.amount, case.larger_by))))
    if larger.maximum < here.maximum:
        yield Counterexample("a larger claim never pays less in total", case, here, larger)
    if 0 < case.split_at < case.amount.minor:
        facts = replace(_facts(case), smaller=())  # each part proved as the whole is
        whole = price(card=card, facts=facts)
        first = price(card=card, facts=replace(facts, amount=Money(case.split_at, case.amount.currency)))
        second = price(card=card, facts=replace(facts, amount=_more(case.amount, -case.split_at)))
        if first.maximum.minor + second.maximum.minor + 1 < whole.maximum.minor:
            yield Counterexample("a claim split in two never costs less", case, whole, first)


def draw_case(rng: Random, card: RateCard) -> PricedCase:
    """Draw a case, its amount often at the edge of one of the card's bands."""
    edges = [band.up_to for band in card.bands if band.up_to]
    spread = rng.choice((100, 10_000, 1_000_000, 100_000_000))
    at_edge = rng.randrange(10) < 4
    minor = rng.choice([*edges, _SIZE_LIMIT]) + rng.randint(-2, 2) if at_edge else rng.randint(1, spread)
    minor = max(minor, 1)
    kinds = list(DocumentKind)
    return PricedCase(
        amount=Money(minor, card.currency),
        age_days=rng.randint(0, rng.choice((90, 400, _AGE_MAX))),
        debtor=rng.choice(list(DebtorKind)),
        country=rng.choice(_COUNTRIES),
        documents=frozenset(rng.sample(kinds, rng.randint(0, 5))),
        dispute=rng.choice(_PRICED_DISPUTES),
        phase=rng.choice((None, *Phase)),
        added=rng.choice(kinds),
        older_by=rng.randint(1, 800),
        larger_by=rng.randint(1, rng.choice((3, 1_000, minor + 1))),
        split_at=rng.randint(0, minor),
        law=rng.choice(list(Law)),
        claim_type=rng.choice(list(ClaimType)),
    )


def draw_card(rng: Random) -> RateCard:
    """Draw a card that keeps the rules a card is checked for; the prices it gives are what is in question."""
    edges = sorted(rng.sample(range(100, 20_000_000), rng.randint(0, 5)))
    rates = sorted((rng.randint(-500, 4_000) for _ in range(len(edges) + 1)), reverse=True)
    days = [0, *sorted(rng.sample(range(1, 2_000), rng.randint(0, 5)))]
    ageing = sorted(rng.randint(-800, 2_500) for _ in days)
    calm = rng.randint(-200, 300)
    phases = rng.randint(0, len(Phase))
    steps = sorted(rng.randint(-300, 1_500) for _ in range(phases))
    floor = rng.randint(1, 1_500)
    return RateCard(
        version="drawn",
        currency="EUR",
        bands=tuple(Band(up_to, bps) for up_to, bps in zip([*edges, None], rates, strict=True)),
        ages=tuple(AgeStep(day, bps) for day, bps in zip(days, ageing, strict=True)),
        countries={name: rng.randint(-300, 2_000) for name in (*_COUNTRIES[:4], OTHER_COUNTRIES)},
        debtors={kind.value: rng.randint(-300, 800) for kind in DebtorKind},
        disputes={status.value: calm + rng.randint(0, 2_000) for status in DisputeStatus}
        | {DisputeStatus.none.value: calm, DisputeStatus.resolved_creditor.value: calm},
        bps_per_point=rng.randint(0, 40),
        pivot_points=rng.randint(0, 100),
        floor_bps=floor,
        ceiling_bps=rng.randint(floor, 10_000),
        minimum=rng.choice((0, 0, rng.randint(1, 15_000))),
        file_fee=rng.choice((0, 0, rng.randint(1, 20_000))),
        phases=tuple(
            PhaseStep(phase.value, bps, ("BE",) if row else ())
            for row, (phase, bps) in enumerate(zip(list(Phase)[:phases], steps, strict=True))
        ),
    )


def prove_card(card: RateCard, *, cases: int, seed: int) -> Sequence[Counterexample]:
    """Return the counterexamples to the promises of one card among so many drawn cases."""
    rng = Random(seed)  # noqa: S311 - drawn cases, not secrets
    return [found for _ in range(cases) for found in counterexamples(card, draw_case(rng, card))]


def _more(amount: Money, minor: int) -> Money:
    return Money(amount.minor + minor, amount.currency)


def _facts(case: PricedCase) -> PriceFacts:
    evidence = score(
        debtor=case.debtor,
        amount=case.amount,
        documents=case.documents,
        dispute=case.dispute,
        law=case.law,
        claim_type=case.claim_type,
    )
    return PriceFacts(
        amount=case.amount,
        age_days=case.age_days,
        debtor=case.debtor,
        country=case.country,
        completeness=evidence.completeness,
        dispute=case.dispute,
        phase=case.phase,
        smaller=smaller_claims(
            debtor=case.debtor,
            amount=case.amount,
            documents=case.documents,
            dispute=case.dispute,
            law=case.law,
            claim_type=case.claim_type,
            at_least=0,
            completeness=evidence.completeness,
        ),
    )
