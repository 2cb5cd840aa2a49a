"""The rate card: what it may say, and which rule of fairness or law a card breaks, and where."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from functools import cache
from itertools import pairwise
from typing import Any, Final

from agency.money import EXPONENTS
from agency.rules.contract_split import Keeper
from agency.rules.facts import DebtorKind, DisputeStatus, Phase
from agency.rules.no_cure_no_pay import UnlawfulFee, Work, refuse_forbidden
from agency.rules.tables import read_table

WHOLE: Final = 10_000
OTHER_COUNTRIES: Final = "*"
_PHASES: Final = tuple(Phase)
# The statuses that every card has to price; a status that came later costs what `substantiated` costs.
_STATUSES: Final = frozenset(
    {
        DisputeStatus.none,
        DisputeStatus.raised,
        DisputeStatus.substantiated,
        DisputeStatus.resolved_creditor,
        DisputeStatus.resolved_debtor,
    }
)


@dataclass(frozen=True, slots=True)
class CardFault:
    """A rule that a card breaks: the field (`bands.2` is the second row) and the rule as a sentence."""

    field: str
    sentence: str


class UnfairRateCard(ValueError):
    """A rate card under which more evidence, a younger claim or no dispute could cost more; says where."""

    def __init__(self, version: str, faults: Sequence[CardFault]) -> None:
        self.faults = tuple(faults)
        super().__init__(f"rate card {version}: {faults[0].sentence} ({faults[0].field})")


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


@dataclass(frozen=True, slots=True)
class PhaseStep:
    """What a claim costs more in a phase that is done by result; `not_in` are countries (ISO 3166) where it
    is not, because the law of the country does not allow it or the agency does not offer it."""

    phase: str
    bps: int
    not_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCard:
    """A versioned rate card. Its bands are slices: each rate counts only for its own part of the claim.

    All surcharges are basis points on every band; the fee of a band never leaves `floor_bps`..`ceiling_bps`.
    Completeness moves the fee by `bps_per_point` for each point under or over `pivot_points`. `minimum` and
    `file_fee` are minor units per claim; both are earned only from what is collected. A card without
    `phases` asks the same in every phase. `interest_to` and `costs_to` name who keeps what the debtor pays
    of them, where the creditor's own terms say nothing else.

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
    file_fee: int = 0
    phases: tuple[PhaseStep, ...] = ()
    interest_to: str = Keeper.CREDITOR.value
    costs_to: str = Keeper.AGENCY.value

    def __post_init__(self) -> None:
        faults = tuple(_faults(self))
        if faults:
            raise UnfairRateCard(self.version, faults)

    def __hash__(self) -> int:
        """Equal cards have one version: what is worked out under a card can be remembered by it."""
        return hash(self.version)

    @classmethod
    def from_json(cls, content: str | bytes) -> "RateCard":
        """Read a card that `to_json` wrote, also one of before it knew a later field.

        :raises UnfairRateCard: when the card breaks a rule of fairness.
        :raises ValueError: when it is not a card.
        """
        try:
            return cls.from_fields(json.loads(content))
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a rate card: {error}") from error

    @classmethod
    def from_fields(cls, content: Mapping[str, Any]) -> "RateCard":
        """Build a card from plain fields, as a table or JSON holds them.

        :raises TypeError: when a field is missing or unknown.
        """
        bands = tuple(Band(up_to=band.get("up_to"), bps=band["bps"]) for band in content["bands"])
        ages = tuple(AgeStep(**step) for step in content["ages"])
        phases = tuple(
            PhaseStep(step["phase"], step["bps"], tuple(step.get("not_in", ())))
            for step in content.get("phases", ())
        )
        return cls(**dict(content) | {"bands": bands, "ages": ages, "phases": phases})

    def to_json(self) -> bytes:
        """Return the card as canonical bytes: equal cards give equal bytes, so they can be hashed."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    def age_step(self, age_days: int) -> AgeStep:
        """Return the step that an age has reached."""
        return next(step for step in reversed(self.ages) if age_days >= step.from_days)

    def phase_step(self, phase: Phase, country: str) -> PhaseStep | None:
        """Return the step of a phase, or of the last one before it that is done by result in a country."""
        reached = _PHASES.index(phase)
        offered = (
            step
            for step in reversed(self.phases)
            if country not in step.not_in and _PHASES.index(Phase(step.phase)) <= reached
        )
        return next(offered, None)

    def dispute_bps(self, dispute: DisputeStatus) -> int:
        """Return what a dispute costs; a status that the card does not know counts as substantiated."""
        known = self.disputes.get(dispute)
        return self.disputes[DisputeStatus.substantiated] if known is None else known


def unlawful_fees(card: RateCard, *, on: date) -> tuple[CardFault, ...]:
    """Return each phase that the card does by result in a country whose law forbids that, with the source.

    :param on: the day from which the card would count.
    """
    faults = []
    for row, step in enumerate(card.phases, 1):
        for country in sorted(_countries_with_law() - set(step.not_in)):
            try:
                refuse_forbidden(Work(country=country, phase=Phase(step.phase), on=on))
            except UnlawfulFee as refusal:
                faults.append(CardFault(f"phases.{row}", str(refusal)))
    return tuple(faults)


def card_differences(old: RateCard, new: RateCard) -> tuple[tuple[str, Any, Any], ...]:
    """Return what differs between two cards, as (field, before, after); None where one has no such row."""
    before, after = dict(_cells(old)), dict(_cells(new))
    names = [*before, *(name for name in after if name not in before)]
    return tuple(
        (name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)
    )


def default_card() -> RateCard:
    """Return the card that the agency starts with, from the table `rate_card`."""
    return _default_card()


@cache
def _default_card() -> RateCard:
    return RateCard.from_fields(read_table("rate_card"))


@cache
def _countries_with_law() -> frozenset[str]:
    return frozenset(row["country"] for row in read_table("success_fee")["forbidden"])


def _cells(card: RateCard) -> Iterator[tuple[str, Any]]:
    """Name each value of a card by a path that stays the same when a row is put between others."""
    bands = ((f"bands.{band.up_to if band.up_to is not None else 'above'}", band.bps) for band in card.bands)
    ages = ((f"ages.{step.from_days}", step.bps) for step in card.ages)
    yield from bands
    yield from ages
    for step in card.phases:
        yield f"phases.{step.phase}", step.bps
        yield f"phases.{step.phase}.not_in", ", ".join(step.not_in)
    for group in ("countries", "debtors", "disputes"):
        yield from ((f"{group}.{key}", bps) for key, bps in getattr(card, group).items())
    for field in fields(card):
        value = getattr(card, field.name)
        if field.name != "version" and not isinstance(value, tuple | Mapping):
            yield field.name, value


def _faults(card: RateCard) -> Iterator[CardFault]:
    yield from _band_faults(card)
    yield from _step_faults(card)
    yield from _phase_faults(card)
    yield from _group_faults(card)
    simple = {
        "currency": ("its currency is known", card.currency not in EXPONENTS),
        "bps_per_point": ("a document never makes it dearer", card.bps_per_point < 0),
        "pivot_points": ("its neutral completeness is 0 to 100", not 0 <= card.pivot_points <= 100),
        "floor_bps": (
            "its lower limit is above zero and under the upper one",
            not 0 < card.floor_bps <= card.ceiling_bps,
        ),
        "ceiling_bps": ("its upper limit is at most the whole", card.ceiling_bps > WHOLE),
        "minimum": ("its minimum is not negative", card.minimum < 0),
        "file_fee": ("its file fee is not negative", card.file_fee < 0),
        "interest_to": ("it says who keeps the interest", card.interest_to not in list(Keeper)),
        "costs_to": ("it says who keeps the costs", card.costs_to not in list(Keeper)),
    }
    yield from (CardFault(field, sentence) for field, (sentence, broken) in simple.items() if broken)


def _band_faults(card: RateCard) -> Iterator[CardFault]:
    shape = "its bands rise and only the last one is open"
    if not card.bands:
        yield CardFault("bands", shape)
    below = 0
    for row, band in enumerate(card.bands, 1):
        last = row == len(card.bands)
        if (band.up_to is None) != last or (band.up_to is not None and band.up_to <= below):
            yield CardFault(f"bands.{row}", shape)
        below = band.up_to or below
        if row > 1 and band.bps > card.bands[row - 2].bps:
            yield CardFault(f"bands.{row}", "a claim split in two never costs less: rates fall with the size")


def _step_faults(card: RateCard) -> Iterator[CardFault]:
    if not card.ages or card.ages[0].from_days != 0:
        yield CardFault("ages.1", "its ages begin at zero and rise")
    for row, (young, old) in enumerate(pairwise(card.ages), 2):
        if old.from_days <= young.from_days:
            yield CardFault(f"ages.{row}", "its ages begin at zero and rise")
        if old.bps < young.bps:
            yield CardFault(f"ages.{row}", "an older claim never costs less")


def _phase_faults(card: RateCard) -> Iterator[CardFault]:
    known = [step.phase in list(Phase) for step in card.phases]
    order = [_PHASES.index(Phase(step.phase)) for step in card.phases] if all(known) else []
    for row, step in enumerate(card.phases, 1):
        if not known[row - 1] or (order and row > 1 and order[row - 1] <= order[row - 2]):
            yield CardFault(f"phases.{row}", "its phases are known and stand in their order")
        if row > 1 and step.bps < card.phases[row - 2].bps:
            yield CardFault(f"phases.{row}", "a later phase never costs less")
    if card.phases and card.phases[0].not_in:
        yield CardFault("phases.1", "its first phase is done by result everywhere")


def _group_faults(card: RateCard) -> Iterator[CardFault]:
    calm = card.disputes.get(DisputeStatus.none, 0)
    for status, bps in card.disputes.items():
        if bps < calm:
            yield CardFault(f"disputes.{status}", "a dispute never makes it cheaper")
    if card.disputes.get(DisputeStatus.resolved_creditor, calm) != calm:
        sentence = "a dispute settled for the creditor restores the price"
        yield CardFault(f"disputes.{DisputeStatus.resolved_creditor.value}", sentence)
    if not _STATUSES <= set(card.disputes) <= set(DisputeStatus):
        yield CardFault("disputes", "it prices every dispute status")
    if set(card.debtors) != set(DebtorKind):
        yield CardFault("debtors", "it prices every kind of debtor")
    if OTHER_COUNTRIES not in card.countries:
        yield CardFault("countries", "it prices every country")
