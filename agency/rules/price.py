"""What it costs a creditor to have a claim collected, and why."""

from dataclasses import dataclass
from functools import lru_cache
from operator import mul
from typing import Final, NamedTuple

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


class Factor(NamedTuple):
    """One part of the fee in basis points, shown with its reason; the factors add up to the fee."""

    key: str
    label: str
    bps: int
    why: str


class Saving(NamedTuple):
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
    widths = _widths(card, minor)
    basis = _basis(
        card, facts.age_days, facts.debtor, facts.country, facts.completeness, facts.dispute, facts.phase,
        facts.gains, facts.completeness_resolved,
    )  # fmt: skip
    least = _least(card, facts, basis.surcharge) if facts.smaller else 0
    total = max(least, _total(card, widths, minor, basis.rates))
    fee_bps, maximum = _bps_of(total, minor), round_ratio(total, WHOLE)
    base_bps = _bps_of(_sliced(widths, basis.base), minor)
    totals = [_total(card, widths, minor, rates) for rates in basis.reached]
    lower = [_lower(max(after, least), minor, fee_bps) for after in totals]
    return Price(
        fee_bps=fee_bps,
        minimum=Money(min(card.minimum, maximum), card.currency),
        factors=_explained(card, facts.amount, base_bps, fee_bps, basis),
        cheaper=tuple(
            Saving(gain.document, after)
            for gain, after in zip(facts.gains, lower, strict=False)
            if after is not None
        ),
        maximum=Money(maximum, card.currency),
        resolved_bps=lower[-1] if facts.completeness_resolved is not None else None,
        held=min(totals, default=least) < least,
        card_version=card.version,
        asked=facts,
    )


_Rates = tuple[int, ...]
"""The rate of each band in basis points, within the limits of the card."""


@dataclass(frozen=True, slots=True)
class _Basis:
    """What no amount changes: the parts of a fee beside its base with their sum; the rates without them, with
    them, and those that would be `reached` by each gain in turn and by settling the dispute, if there is one.
    """

    parts: tuple[Factor, ...]
    surcharge: int
    base: _Rates
    rates: _Rates
    reached: tuple[_Rates, ...]


@lru_cache(maxsize=8192)
def _basis(
    card: RateCard,
    age_days: int,
    debtor: DebtorKind,
    country: str,
    completeness: int,
    dispute: DisputeStatus,
    phase: Phase | None,
    gains: tuple[ScoreGain, ...],
    completeness_resolved: int | None,
) -> _Basis:
    """Work out what claims of one kind and age share; a portfolio has far fewer of these than claims."""
    parts = (
        _evidence(card, completeness),
        *_surcharges(card, age_days=age_days, debtor=debtor, country=country, dispute=dispute, phase=phase),
    )
    surcharge = sum(part.bps for part in parts)
    reached = [surcharge - (gain.completeness - completeness) * card.bps_per_point for gain in gains]
    if completeness_resolved is not None:
        less = card.dispute_bps(dispute) - card.dispute_bps(DisputeStatus.resolved_creditor)
        points = completeness_resolved - completeness
        reached.append(surcharge - less - points * card.bps_per_point)
    base, rates, *others = (_rates(card, bps) for bps in (0, surcharge, *reached))
    return _Basis(parts, surcharge, base, rates, tuple(others))


def _lower(total: int, minor: int, fee_bps: int) -> int | None:
    """Return the fee of a total where it is lower than another, nothing where it saves nothing."""
    after = _bps_of(total, minor)
    return after if after < fee_bps else None


def _least(card: RateCard, facts: PriceFacts, surcharge: int) -> int:
    """Return the largest exact fee of the smaller claims, which this one may not undercut."""
    least = 0
    for minor, completeness in facts.smaller:
        extra = (facts.completeness - completeness) * card.bps_per_point
        least = max(least, _total(card, _widths(card, minor), minor, _rates(card, surcharge + extra)))
    return least


def _widths(card: RateCard, minor: int) -> list[int]:
    """Cut an amount into the parts that fall in each band, from the first band on."""
    widths, below = [], 0
    for band in card.bands:
        top = minor if band.up_to is None else min(minor, band.up_to)
        if top <= below:
            break
        widths.append(top - below)
        below = top
    return widths


def _rates(card: RateCard, surcharge_bps: int) -> _Rates:
    floor, ceiling = card.floor_bps, card.ceiling_bps
    return tuple(min(max(band.bps + surcharge_bps, floor), ceiling) for band in card.bands)


def _sliced(widths: list[int], rates: _Rates) -> int:
    """Return the exact percentage fee over the whole claim, in minor units times 10,000."""
    return sum(map(mul, widths, rates))


def _total(card: RateCard, widths: list[int], minor: int, rates: _Rates) -> int:
    """Return the exact fee with minimum and file fee, which never lift it over the upper limit."""
    total = _sliced(widths, rates)
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


def _surcharges(
    card: RateCard,
    *,
    age_days: int,
    debtor: DebtorKind,
    country: str,
    dispute: DisputeStatus,
    phase: Phase | None,
) -> tuple[Factor, ...]:
    step = card.age_step(age_days)
    priced = country if country in card.countries else OTHER_COUNTRIES
    found = (
        Factor("age", "Age", step.bps, f"{age_days} days after the due date"),
        Factor("country", "Country of the debtor", card.countries[priced], f"debtor in {country}"),
        Factor("debtor", "Kind of debtor", card.debtors[debtor], f"the debtor is a {debtor}"),
        Factor("dispute", "Dispute", card.dispute_bps(dispute), f"dispute: {dispute}"),
    )
    offered = card.phase_step(phase, country) if phase is not None else None
    if offered is None:
        return found
    return (*found, Factor("phase", "Phase", offered.bps, f"work of the {offered.phase} phase"))


def _explained(
    card: RateCard, amount: Money, base_bps: int, fee_bps: int, basis: _Basis
) -> tuple[Factor, ...]:
    """Put the base in front of the factors, and behind them what file fee, limits and minimum changed."""
    first = Factor("base", "Size of the claim", base_bps, f"rate of the card for {amount}")
    shown, share = (first, *basis.parts), 0
    if card.file_fee:
        share = _bps_of(card.file_fee * WHOLE, amount.minor)
        why = f"{Money(card.file_fee, card.currency)} per claim, earned as money comes in"
        shown = (*shown, Factor("file", "File fee", share, why))
    bounds = fee_bps - base_bps - basis.surcharge - share
    if bounds:
        why = f"no part of the fee is under {card.floor_bps} or over {card.ceiling_bps} basis points"
        shown = (*shown, Factor("bounds", "Lower and upper limit", bounds, why))
    return shown


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
