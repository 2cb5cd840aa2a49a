"""Offers: prices that people draw up where the rate card fits badly; what they cost and what they may ask."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

from agency.money import Money, bps_of, percent_of, round_ratio
from agency.rules.facts import Phase
from agency.rules.no_cure_no_pay import UnlawfulFee, Work, refuse_forbidden
from agency.rules.rate_card import CardFault, RateCard
from agency.rules.success_fee import success_fee
from agency.rules.tables import read_table, row_in_force

OFFER_RULE: Final = "1"
"""The version of the arithmetic below; a replay says which it needs."""
_PHASES: Final = tuple(Phase)
_HOUR: Final = 60


class OfferKind(StrEnum):
    """How an offer is paid: by result, one amount, by the hour, amount and result, or phase by phase."""

    success = "success"
    flat = "flat"
    hourly = "hourly"
    hybrid = "hybrid"
    phased = "phased"


class Nature(StrEnum):
    """Whether a part comes with the offer, or is chosen by the creditor."""

    required = "required"
    recommended = "recommended"


class Supplier(StrEnum):
    """Who does the work of an offer."""

    agency = "agency"
    lawyer = "lawyer"
    bailiff = "bailiff"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferPart:
    """What one phase costs per claim: a share of what is collected in it (basis points), an amount when it
    begins, and hours at a rate, both in minor units, of at most `minutes_max` minutes."""

    phase: Phase
    nature: Nature = Nature.required
    success_bps: int = 0
    flat: int = 0
    hour: int = 0
    minutes_max: int = 0

    @property
    def hours_at_most(self) -> int:
        """What all hours cost together, in minor units: never more than the rate makes of the minutes."""
        return hours_cost(self.hour, self.minutes_max)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What is asked per claim. `minimum` is the least success fee of a claim on which anything is collected,
    in minor units; `supplier` does the work, by `name` where that is not the agency."""

    kind: OfferKind
    currency: str
    parts: tuple[OfferPart, ...]
    minimum: int = 0
    supplier: Supplier = Supplier.agency
    name: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the offer as plain values in a fixed order."""
        return {
            "kind": self.kind.value,
            "currency": self.currency,
            "minimum": self.minimum,
            "supplier": self.supplier.value,
            "name": self.name,
            "parts": [
                {"phase": part.phase.value, "nature": part.nature.value, "success_bps": part.success_bps,
                 "flat": part.flat, "hour": part.hour, "minutes_max": part.minutes_max}
                for part in self.parts
            ],
        }  # fmt: skip

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> "Offer":
        """Read an offer that `as_json` wrote."""
        return cls(
            kind=OfferKind(facts["kind"]),
            currency=facts["currency"],
            minimum=facts["minimum"],
            supplier=Supplier(facts["supplier"]),
            name=facts["name"],
            parts=tuple(
                OfferPart(**dict(part) | {"phase": Phase(part["phase"]), "nature": Nature(part["nature"])})
                for part in facts["parts"]
            ),
        )

    def with_parts(self, phases: Collection[Phase]) -> "Offer":
        """Return the offer with its required parts and the recommended ones that were chosen.

        :raises ValueError: a phase is not recommended in it.
        """
        unknown = set(phases) - {part.phase for part in self.parts}
        if unknown:
            raise ValueError(f"not a part of the offer: {', '.join(sorted(unknown))}")
        kept = tuple(part for part in self.parts if part.nature is Nature.required or part.phase in phases)
        return Offer(
            kind=self.kind, currency=self.currency, parts=kept, minimum=self.minimum,
            supplier=self.supplier, name=self.name,
        )  # fmt: skip

    @property
    def success_bps(self) -> int:
        """The highest share of what is collected that any part asks."""
        return max((part.success_bps for part in self.parts), default=0)


@dataclass(frozen=True, slots=True)
class WorkedOut:
    """What a claim costs when so much is collected: success fee, amounts and all hours, before VAT; `left` is
    what the creditor keeps of what was collected, with VAT paid."""

    recovered: Money
    success: Money
    flat: Money
    hours: Money
    total: Money
    vat: Money
    left: Money


@dataclass(frozen=True, slots=True)
class OfferPolicy:
    """The house rule for offers; see `offers.toml` for the units."""

    since: date
    answer_days: int
    valid_days: int
    valid_days_max: int
    remind_days_before: int
    most_bps_of_claim: int
    hour_cost_minor: int
    source: str


def hours_cost(hour: int, minutes: int) -> int:
    """Return what minutes cost at a rate per hour, both in minor units, rounded to the cent."""
    return round_ratio(hour * minutes, _HOUR)


def success_at_most(offer: Offer, amount: Money) -> Money:
    """Return the largest success fee of a claim: its whole at the highest share, or the minimum, never more
    than the claim."""
    most = max(bps_of(amount, offer.success_bps), Money(offer.minimum, amount.currency))
    return min(most, amount) if offer.success_bps else Money.zero(amount.currency)


def at_most(offer: Offer, amount: Money) -> Money:
    """Return the cap: what all parts of an offer cost together when all is collected and worked."""
    fixed = sum(part.flat + part.hours_at_most for part in offer.parts)
    return success_at_most(offer, amount) + Money(fixed, amount.currency)


def work_out(offer: Offer, *, amount: Money, recovered: Money, vat_percent: Decimal) -> WorkedOut:
    """Work out what a claim costs when so much of it is collected, with every hour used and, where parts ask
    different shares, at the highest.

    :raises ValueError: more is recovered than the claim, or less than nothing.
    """
    if not 0 <= recovered.minor <= amount.minor:
        raise ValueError("between nothing and the whole claim can be recovered")
    found = success_fee(
        collected=recovered,
        fee_bps=offer.success_bps,
        vat_percent=vat_percent,
        minimum_left=Money(offer.minimum, amount.currency) if offer.minimum else None,
        maximum_left=success_at_most(offer, amount),
    )
    flat = Money(sum(part.flat for part in offer.parts), amount.currency)
    hours = Money(sum(part.hours_at_most for part in offer.parts), amount.currency)
    total = found.net + flat + hours
    vat = percent_of(total, vat_percent)
    return WorkedOut(recovered, found.net, flat, hours, total, vat, recovered - total - vat)


def offer_faults(
    offer: Offer, *, amounts: Sequence[Money], countries: Collection[str], card: RateCard, on: date
) -> tuple[CardFault, ...]:
    """Return what an offer may not ask, and in which field (`parts.1.flat` is the amount of the first part).

    The same rules as for a rate card: the upper limit of its shares, a minimum that is earned from what is
    collected, and no fee by result where the law forbids that.

    :param amounts: of the claims that it is for.
    :param countries: of their debtors (ISO 3166).
    """
    faults = [*_shape_faults(offer), *_part_faults(offer, card), *_unlawful(offer, countries, on)]
    most = offer_policy(on).most_bps_of_claim
    if not faults and any(at_most(offer, one) > bps_of(one, most) for one in amounts):
        faults.append(CardFault("parts.1", "all parts together never cost more than the claim"))
    return tuple(faults)


def _shape_faults(offer: Offer) -> Iterator[CardFault]:
    if not offer.parts:
        yield CardFault("parts.1", "an offer has a part")
        return
    order = [_PHASES.index(part.phase) for part in offer.parts]
    if any(later <= earlier for earlier, later in pairwise(order)):
        yield CardFault("parts.2", "the phases of an offer stand in their order, each once")
    if offer.parts[0].nature is not Nature.required:
        yield CardFault("parts.1.nature", "the first part of an offer is required")
    if offer.kind is OfferKind.phased and len(offer.parts) < 2:
        yield CardFault("parts.2", "an offer by phase has at least two")
    if offer.kind is not OfferKind.phased and len(offer.parts) > 1:
        yield CardFault("kind", "only an offer by phase has several")
    if offer.minimum < 0 or (offer.minimum and not offer.success_bps):
        yield CardFault("minimum", "a minimum goes with a fee by result")
    if offer.supplier is not Supplier.agency and not offer.name.strip():
        yield CardFault("name", "say who does the work")


_ASKED: Final = {
    OfferKind.success: (True, False, False),
    OfferKind.flat: (False, True, False),
    OfferKind.hourly: (False, False, True),
    OfferKind.hybrid: (True, True, False),
}
_FIELDS: Final = ("success", "flat", "hour")


def _part_faults(offer: Offer, card: RateCard) -> Iterator[CardFault]:
    for number, part in enumerate(offer.parts, 1):
        given = (bool(part.success_bps), bool(part.flat), bool(part.hour))
        wanted = _ASKED.get(offer.kind)
        if wanted is None and not any(given):
            yield CardFault(f"parts.{number}.success", "every part asks something")
        for name, has, wants in zip(_FIELDS, given, wanted or given, strict=True):
            if has != wants:
                yield CardFault(f"parts.{number}.{name}", "this does not go with the kind of offer")
        if min(part.success_bps, part.flat, part.hour, part.minutes_max) < 0:
            yield CardFault(f"parts.{number}", "no part of an offer is below zero")
        if part.success_bps > card.ceiling_bps:
            yield CardFault(f"parts.{number}.success", "a share is at most the upper limit of the card")
        if bool(part.hour) != bool(part.minutes_max):
            yield CardFault(f"parts.{number}.hours", "hours have a rate and a highest number")


def _unlawful(offer: Offer, countries: Collection[str], on: date) -> Iterator[CardFault]:
    acts = offer.supplier is Supplier.bailiff
    for number, part in enumerate(offer.parts, 1):
        for country in sorted(countries) if part.success_bps else ():
            official = acts and part.phase in (Phase.legal, Phase.execution)
            try:
                refuse_forbidden(Work(country=country, phase=part.phase, on=on, bailiff_act=official))
            except UnlawfulFee as refusal:
                yield CardFault(f"parts.{number}.success", str(refusal))


@dataclass(frozen=True, slots=True)
class Review:
    """Whether a second person looks at an offer, and why; `loss` is how much less it is expected to bring
    than its work costs, nothing where it is not."""

    second: bool
    why: tuple[str, ...]
    loss: Money


@dataclass(frozen=True, slots=True)
class Expected:
    """One claim of an offer, as its expectation is judged: the claim and what is expected to come in."""

    amount: Money
    recovered: Money


def review_offer(
    offer: Offer, *, claims: Sequence[Expected], roles: Collection[str], card: RateCard, on: date
) -> Review:
    """Decide whether somebody of these roles may send an offer alone.

    A second person looks at what is larger than the role's limit, at what is expected to make a loss on its
    required parts, and at a share under the lower limit of the card.
    """
    required = offer.with_parts(())
    currency = offer.currency
    brings = Money.total(
        (work_out(required, amount=one.amount, recovered=one.recovered, vat_percent=Decimal(0)).total
         for one in claims), currency
    )  # fmt: skip
    costs = Money(_work_cost(required, on) * len(claims), currency)
    loss = costs - brings if costs > brings else Money.zero(currency)
    principal = sum(one.amount.minor for one in claims)
    alone = max((row["alone_minor"] for row in _authority(roles, on)), default=0)
    found = {
        "size": principal > alone,
        "loss": bool(loss),
        "floor": any(0 < part.success_bps < card.floor_bps and not part.flat for part in offer.parts),
    }
    why = tuple(name for name, holds in found.items() if holds)
    return Review(bool(why), why, loss)


def may_be_second(*, why: Collection[str], principal_minor: int, roles: Collection[str], on: date) -> bool:
    """Tell whether somebody of these roles may be the second person for offers of this size and reason."""
    return any(
        principal_minor <= row["second_minor"] and (row["loss"] or not {"loss", "floor"} & set(why))
        for row in _authority(roles, on)
    )


def offer_policy(on: date) -> OfferPolicy:
    """Return the house rule in force on a day.

    :raises LookupError: every row begins later.
    """
    return OfferPolicy(**_row("policy", on))


def poor_fit(
    *,
    amount: Money,
    age_days: int,
    country: str,
    dispute: str,
    claim_type: str | None,
    card: RateCard,
    on: date,
) -> tuple[str, ...]:
    """Return why the card fits a claim badly: `dispute`, `age`, `country`, `size`, `kind` or `currency`;
    nothing where it fits.

    :param age_days: since the due date.
    :param country: of the debtor (ISO 3166).
    """
    row = _row("poor_fit", on)
    found = {
        "currency": amount.currency != card.currency,
        "dispute": dispute in row["disputes"],
        "age": age_days >= row["age_days_min"],
        "country": country not in card.countries,
        "size": amount.minor >= row["amount_minor_min"],
        "kind": claim_type in row["claim_types"],
    }
    return tuple(name for name, holds in found.items() if holds)


def _work_cost(offer: Offer, on: date) -> int:
    costs = {
        row["phase"]: row["minor"]
        for row in sorted(_rows("cost"), key=lambda row: row["since"])
        if row["since"] <= on
    }
    hour = offer_policy(on).hour_cost_minor
    return sum(costs[part.phase] + hours_cost(hour, part.minutes_max) for part in offer.parts)


def _authority(roles: Collection[str], on: date) -> list[Mapping[str, Any]]:
    latest: dict[str, Mapping[str, Any]] = {}
    for row in sorted(_rows("authority"), key=lambda row: row["since"]):
        if row["since"] <= on and row["role"] in roles:
            latest[row["role"]] = row
    return list(latest.values())


def _row(name: str, on: date) -> dict[str, Any]:
    row = row_in_force(_rows(name), on)
    if row is None:
        raise LookupError(f"no rule for offers is in force on {on}")
    return row


def _rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of one part of the table of offers."""
    rows: list[dict[str, Any]] = read_table("offers")[name]
    return rows
