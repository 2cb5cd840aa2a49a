"""What it costs a creditor to have a claim collected, and why."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Final

from agency.money import CurrencyMismatch, Money, round_ratio
from agency.rules.facts import DebtorKind, DisputeStatus, DocumentKind
from agency.rules.score import COMPLETE, ScoreGain
from agency.rules.tables import read_table
from agency.rules.trace import Trace, TraceLine

_WHOLE: Final = 10_000
_SOURCE: Final = "rate card of the agency"
_OTHER_COUNTRIES: Final = "*"


class UnfairRateCard(ValueError):
    """A rate card under which more evidence, a younger claim or no dispute could cost more; says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFacts:
    """What the price depends on; `gains` comes from the score and shows what each document would save."""

    amount: Money
    age_days: int
    debtor: DebtorKind
    country: str
    completeness: int
    dispute: DisputeStatus
    gains: tuple[ScoreGain, ...] = ()


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
    whole: without it a slightly larger claim could round to a fee a few cents lower.
    """

    fee_bps: int
    minimum: Money
    factors: tuple[Factor, ...]
    cheaper: tuple[Saving, ...]
    trace: Trace
    maximum: Money


@dataclass(frozen=True, slots=True)
class Band:
    """The fee over the part of a claim up to `up_to` minor units; the last band has no end."""

    up_to: int | None
    bps: int


@dataclass(frozen=True, slots=True)
class AgeStep:
    """What a claim costs more from so many days after its due date."""

    from_days: int
    bps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCard:
    """A versioned rate card. Its bands are slices: each rate counts only for its own part of the claim.

    All surcharges are basis points on every band; the fee of a band never leaves `floor_bps`..`ceiling_bps`.
    Completeness moves the fee by `bps_per_point` for each point under or over `pivot_points`.

    :raises UnfairRateCard: when the card could charge more for better evidence, youth or peace.
    """

    version: str
    currency: str
    bands: tuple[Band, ...]
    ages: tuple[AgeStep, ...]
    countries: Mapping[str, int]
    debtors: Mapping[str, int]
    disputes: Mapping[str, int]
    bps_per_point: int
    pivot_points: int
    floor_bps: int
    ceiling_bps: int
    minimum: int = 0

    def __post_init__(self) -> None:
        for sentence, broken in _faults(self).items():
            if broken:
                raise UnfairRateCard(f"rate card {self.version}: {sentence}")

    @classmethod
    def from_json(cls, content: str | bytes) -> "RateCard":
        """Read a card that `to_json` wrote.

        :raises UnfairRateCard: when the card breaks a rule of fairness.
        :raises ValueError: when it is not a card.
        """
        try:
            return cls.from_fields(json.loads(content))
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a rate card: {error}") from error

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> "RateCard":
        """Build a card from plain fields, as a table or JSON holds them.

        :raises TypeError: when a field is missing or unknown.
        """
        bands = tuple(Band(up_to=band.get("up_to"), bps=band["bps"]) for band in fields["bands"])
        ages = tuple(AgeStep(**step) for step in fields["ages"])
        return cls(**dict(fields) | {"bands": bands, "ages": ages})

    def to_json(self) -> bytes:
        """Return the card as canonical bytes: equal cards give equal bytes, so they can be hashed."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def price(*, card: RateCard, facts: PriceFacts) -> Price:
    """Quote the fee for a claim: no cure, no pay.

    A document never raises the fee; age, and a dispute, never lower it; and a larger claim never pays less
    in euros, because the bands are slices and `maximum` is exact.

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
    total = _total(card, slices, minor, surcharge)
    fee_bps, maximum = _bps_of(total, minor), Money(round_ratio(total, _WHOLE), card.currency)
    base_bps = _bps_of(_total(card, slices, minor, 0), minor)
    factors = _explained(card, facts.amount, base_bps, fee_bps, parts)
    cheaper = []
    for gain in facts.gains:
        less = (gain.completeness - facts.completeness) * card.bps_per_point
        after = _bps_of(_total(card, slices, minor, surcharge - less), minor)
        if after < fee_bps:
            cheaper.append(Saving(document=gain.document, fee_bps_after=after))
    return Price(
        fee_bps=fee_bps,
        minimum=min(Money(card.minimum, card.currency), maximum),
        factors=factors,
        cheaper=tuple(cheaper),
        trace=(_line(card, facts, fee_bps, maximum, factors),),
        maximum=maximum,
    )


_Slices = tuple[tuple[int, int], ...]


def _slices(card: RateCard, minor: int) -> _Slices:
    """Cut an amount into the parts that fall in each band, each with the rate of its band."""
    slices, below = [], 0
    for band in card.bands:
        top = minor if band.up_to is None else min(minor, band.up_to)
        slices.append((top - below, band.bps))
        below = top
        if below == minor:
            break
    return tuple(slices)


def _total(card: RateCard, slices: _Slices, minor: int, surcharge_bps: int) -> int:
    """Return the exact fee over the whole claim, in minor units times 10,000."""
    floor, ceiling = card.floor_bps, card.ceiling_bps
    total = 0
    for part, bps in slices:
        rate = bps + surcharge_bps
        total += part * (floor if rate < floor else ceiling if rate > ceiling else rate)
    return max(total, min(card.minimum * _WHOLE, minor * ceiling))


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
    step = next(step for step in reversed(card.ages) if facts.age_days >= step.from_days)
    country = facts.country if facts.country in card.countries else _OTHER_COUNTRIES
    return (
        Factor("age", "Age", step.bps, f"{facts.age_days} days after the due date"),
        Factor("country", "Country of the debtor", card.countries[country], f"debtor in {facts.country}"),
        Factor("debtor", "Kind of debtor", card.debtors[facts.debtor], f"the debtor is a {facts.debtor}"),
        Factor("dispute", "Dispute", card.disputes[facts.dispute], f"dispute: {facts.dispute}"),
    )


def _explained(
    card: RateCard, amount: Money, base_bps: int, fee_bps: int, parts: tuple[Factor, ...]
) -> tuple[Factor, ...]:
    """Put the base in front of the factors, and behind them what floor, ceiling and minimum changed."""
    first = Factor("base", "Size of the claim", base_bps, f"rate of the card for {amount}")
    bounds = fee_bps - base_bps - sum(part.bps for part in parts)
    if not bounds:
        return (first, *parts)
    why = f"no part of the fee is under {card.floor_bps} or over {card.ceiling_bps} basis points"
    return (first, *parts, Factor("bounds", "Lower and upper limit", bounds, why))


def _line(
    card: RateCard, facts: PriceFacts, fee_bps: int, maximum: Money, factors: Sequence[Factor]
) -> TraceLine:
    return TraceLine(
        rule="price",
        version=card.version,
        source=_SOURCE,
        inputs={
            "amount": str(facts.amount),
            "age_days": str(facts.age_days),
            "debtor": facts.debtor.value,
            "country": facts.country,
            "completeness": str(facts.completeness),
            "dispute": facts.dispute.value,
        },
        outcome=f"{fee_bps} basis points = "
        + " ".join(f"{factor.key} {factor.bps:+d}" for factor in factors),
        amount=maximum,
    )


def _faults(card: RateCard) -> dict[str, bool]:
    ends = [band.up_to for band in card.bands]
    open_ended = bool(ends) and ends[-1] is None and None not in ends[:-1]
    closed = [end for end in ends if end is not None]
    calm = card.disputes.get(DisputeStatus.none, 0)
    return {
        "its bands rise and only the last one is open": not open_ended
        or any(low >= high for low, high in pairwise([0, *closed])),
        "its lower limit is above zero and under the upper one": not 0 < card.floor_bps <= card.ceiling_bps,
        "its upper limit is at most the whole": card.ceiling_bps > _WHOLE,
        "its ages begin at zero and rise": not card.ages
        or card.ages[0].from_days != 0
        or any(old.from_days <= young.from_days for young, old in pairwise(card.ages)),
        "an older claim never costs less": any(old.bps < young.bps for young, old in pairwise(card.ages)),
        "a document never makes it dearer": card.bps_per_point < 0,
        "a dispute never makes it cheaper": any(bps < calm for bps in card.disputes.values()),
        "it prices every dispute status": set(card.disputes) != set(DisputeStatus),
        "it prices every kind of debtor": set(card.debtors) != set(DebtorKind),
        "it prices every country": _OTHER_COUNTRIES not in card.countries,
        "its minimum is not negative": card.minimum < 0,
    }


@cache
def _default_card() -> RateCard:
    return RateCard.from_fields(read_table("rate_card"))


DEFAULT_CARD: Final = _default_card()
