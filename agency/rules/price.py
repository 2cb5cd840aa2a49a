"""What it costs a creditor to have a claim collected, and why."""

from dataclasses import dataclass
from typing import Final

from agency.money import CurrencyMismatch, Money, round_ratio
from agency.rules.facts import DebtorKind, DisputeStatus, DocumentKind, Phase
from agency.rules.rate_card import (
    OTHER_COUNTRIES,
    WHOLE,
    AgeStep,
    Band,
    CardFault,
    PhaseStep,
    RateCard,
    UnfairRateCard,
    default_card,
)
from agency.rules.score import COMPLETE, ScoreGain
from agency.rules.trace import Trace, TraceLine

__all__ = [
    "DEFAULT_CARD", "PRICE_RULE", "AgeStep", "Band", "CardFault", "Factor", "PhaseStep", "Price",
    "PriceFacts", "RateCard", "Saving", "UnfairRateCard", "price",
]  # fmt: skip

PRICE_RULE: Final = "1"
"""The version of the arithmetic below. Another one gets another number, and a replay says which it needs."""
_SOURCE: Final = "rate card of the agency"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFacts:
    """What the price depends on; `gains` comes from the score and shows what each document would save.

    `completeness_resolved` is the completeness that would be reached were the dispute settled for the
    creditor; None where there is none to settle. `phase` is None for claims priced before phases had a rate.
    `smaller` holds smaller amounts, in minor units, with the completeness that the same documents make there:
    larger claims need other documents, and none may pay less in total for having reached that size.
    """

    amount: Money
    age_days: int
    debtor: DebtorKind
    country: str
    completeness: int
    dispute: DisputeStatus
    gains: tuple[ScoreGain, ...] = ()
    phase: Phase | None = None
    completeness_resolved: int | None = None
    smaller: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Factor:
    """One part of the fee in basis points, shown with its reason; the factors add up to the fee."""

    key: str
    label: str
    bps: int
    why: str


@dataclass(frozen=True, slots=True)
class Saving:
    """The fee that would be paid after adding one document."""

    document: DocumentKind
    fee_bps_after: int


@dataclass(frozen=True, slots=True)
class Price:
    """The binding price: `fee_bps` of what is collected, in total at most `maximum`; nothing if nothing.

    `maximum` is the fee when the whole claim is collected, to the cent. It exists because basis points are
    whole: without it a slightly larger claim could round to a fee a few cents lower. `resolved_bps` is the
    fee that would be paid were the dispute settled for the creditor, None where that changes nothing. `held`
    says that the price of a smaller claim keeps a saving from being as large as it could: whoever shows
    savings then prices the changed claim itself.
    """

    fee_bps: int
    minimum: Money
    factors: tuple[Factor, ...]
    cheaper: tuple[Saving, ...]
    maximum: Money
    resolved_bps: int | None
    held: bool
    card_version: str
    asked: PriceFacts

    @property
    def trace(self) -> Trace:
        """Which card made what of which facts; worded only when somebody asks."""
        return (_line(self),)


def price(*, card: RateCard, facts: PriceFacts) -> Price:
    """Quote the fee for a claim: no cure, no pay.

    A document never raises the fee; age, and a dispute, never lower it; and a larger claim never pays less
    in euros, because the bands are slices and `maximum` is exact. The file fee, too, is earned only from
    what is collected.

    :raises CurrencyMismatch: when the card is in another currency.
    :raises ValueError: when the amount is not positive, the age negative or completeness not 0 to 100.
    """
    if facts.amount.currency != card.currency:
        raise CurrencyMismatch(f"the card is in {card.currency}, the claim in {facts.amount.currency}")
    if facts.amount.minor <= 0 or facts.age_days < 0 or not 0 <= facts.completeness <= COMPLETE:
        raise ValueError("a price needs a positive amount, an age and a completeness of 0 to 100")
    minor = facts.amount.minor
    slices = _slices(card, minor)
    parts = (_evidence(card, facts.completeness), *_surcharges(card, facts))
    surcharge = sum(part.bps for part in parts)
    least = _least(card, facts, surcharge)
    total = max(least, _total(card, slices, minor, surcharge))
    fee_bps, maximum = _bps_of(total, minor), Money(round_ratio(total, WHOLE), card.currency)
    base_bps = _bps_of(_sliced(card, slices, 0), minor)
    factors = _explained(card, facts.amount, base_bps, fee_bps, parts)
    saving = _Savings(card, slices, minor, surcharge, least, fee_bps)
    cheaper = (saving.by_completeness(gain.completeness - facts.completeness) for gain in facts.gains)
    return Price(
        fee_bps=fee_bps,
        minimum=min(Money(card.minimum, card.currency), maximum),
        factors=factors,
        cheaper=tuple(
            Saving(document=gain.document, fee_bps_after=after)
            for gain, after in zip(facts.gains, cheaper, strict=True)
            if after is not None
        ),
        maximum=maximum,
        resolved_bps=saving.by_settling(facts),
        held=saving.held,
        card_version=card.version,
        asked=facts,
    )


_Slices = tuple[tuple[int, int], ...]


@dataclass(slots=True)
class _Savings:
    """What lower fees would be reached from a price; `held` when a smaller claim's price stood in the way."""

    card: RateCard
    slices: _Slices
    minor: int
    surcharge: int
    least: int
    fee_bps: int
    held: bool = False

    def by_completeness(self, points: int) -> int | None:
        return self._after(points * self.card.bps_per_point)

    def by_settling(self, facts: PriceFacts) -> int | None:
        if facts.completeness_resolved is None:
            return None
        card, points = self.card, facts.completeness_resolved - facts.completeness
        less = card.dispute_bps(facts.dispute) - card.dispute_bps(DisputeStatus.resolved_creditor)
        return self._after(less + points * card.bps_per_point)

    def _after(self, less: int) -> int | None:
        total = _total(self.card, self.slices, self.minor, self.surcharge - less)
        self.held = self.held or total < self.least
        after = _bps_of(max(total, self.least), self.minor)
        return after if after < self.fee_bps else None


def _least(card: RateCard, facts: PriceFacts, surcharge: int) -> int:
    """Return the largest exact fee of the smaller claims, which this one may not undercut."""
    least = 0
    for minor, completeness in facts.smaller:
        extra = (facts.completeness - completeness) * card.bps_per_point
        least = max(least, _total(card, _slices(card, minor), minor, surcharge + extra))
    return least


def _slices(card: RateCard, minor: int) -> _Slices:
    """Cut an amount into the parts that fall in each band, each with the rate of its band."""
    slices, below = [], 0
    for band in card.bands:
        top = minor if band.up_to is None else min(minor, band.up_to)
        if top > below:
            slices.append((top - below, band.bps))
            below = top
    return tuple(slices)


def _sliced(card: RateCard, slices: _Slices, surcharge_bps: int) -> int:
    """Return the exact percentage fee over the whole claim, in minor units times 10,000."""
    floor, ceiling = card.floor_bps, card.ceiling_bps
    total = 0
    for part, bps in slices:
        rate = bps + surcharge_bps
        total += part * (floor if rate < floor else ceiling if rate > ceiling else rate)
    return total


def _total(card: RateCard, slices: _Slices, minor: int, surcharge_bps: int) -> int:
    """Return the exact fee with minimum and file fee, which never lift it over the upper limit."""
    total = _sliced(card, slices, surcharge_bps)
    if card.minimum or card.file_fee:
        total = min(max(total, card.minimum * WHOLE) + card.file_fee * WHOLE, minor * card.ceiling_bps)
    return total


def _bps_of(total: int, minor: int) -> int:
    """Return a fee in whole basis points of the claim, rounded up so that `maximum` can be reached."""
    return -(-total // minor)


def _evidence(card: RateCard, completeness: int) -> Factor:
    bps = (card.pivot_points - completeness) * card.bps_per_point
    return Factor(
        key="evidence",
        label="Documents",
        bps=bps,
        why=f"completeness {completeness} of {COMPLETE}; {card.pivot_points} is neutral",
    )


def _surcharges(card: RateCard, facts: PriceFacts) -> tuple[Factor, ...]:
    step = card.age_step(facts.age_days)
    country = facts.country if facts.country in card.countries else OTHER_COUNTRIES
    found = (
        Factor("age", "Age", step.bps, f"{facts.age_days} days after the due date"),
        Factor("country", "Country of the debtor", card.countries[country], f"debtor in {facts.country}"),
        Factor("debtor", "Kind of debtor", card.debtors[facts.debtor], f"the debtor is a {facts.debtor}"),
        Factor("dispute", "Dispute", card.dispute_bps(facts.dispute), f"dispute: {facts.dispute}"),
    )
    offered = card.phase_step(facts.phase, facts.country) if facts.phase is not None else None
    if offered is None:
        return found
    return (*found, Factor("phase", "Phase", offered.bps, f"work of the {offered.phase} phase"))


def _explained(
    card: RateCard, amount: Money, base_bps: int, fee_bps: int, parts: tuple[Factor, ...]
) -> tuple[Factor, ...]:
    """Put the base in front of the factors, and behind them what file fee, limits and minimum changed."""
    first = Factor("base", "Size of the claim", base_bps, f"rate of the card for {amount}")
    shown = [first, *parts]
    if card.file_fee:
        share = _bps_of(card.file_fee * WHOLE, amount.minor)
        why = f"{Money(card.file_fee, card.currency)} per claim, earned as money comes in"
        shown.append(Factor("file", "File fee", share, why))
    bounds = fee_bps - sum(part.bps for part in shown)
    if bounds:
        why = f"no part of the fee is under {card.floor_bps} or over {card.ceiling_bps} basis points"
        shown.append(Factor("bounds", "Lower and upper limit", bounds, why))
    return tuple(shown)


def _line(found: Price) -> TraceLine:
    facts = found.asked
    return TraceLine(
        rule="price",
        version=found.card_version,
        source=_SOURCE,
        inputs={
            "amount": str(facts.amount),
            "age_days": str(facts.age_days),
            "debtor": facts.debtor.value,
            "country": facts.country,
            "completeness": str(facts.completeness),
            "dispute": facts.dispute.value,
        },
        outcome=f"{found.fee_bps} basis points = "
        + " ".join(f"{factor.key} {factor.bps:+d}" for factor in found.factors),
        amount=found.maximum,
    )


DEFAULT_CARD: Final = default_card()
