"""What pricing tells: the binding price and its answer."""

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from agency.events.event import Event


@dataclass(frozen=True, kw_only=True)
class QuoteIssued(Event):
    """A binding price was offered."""

    quote_id: UUID
    fee_bps: int


@dataclass(frozen=True, kw_only=True)
class QuoteAccepted(Event):
    """The creditor accepted: the mandate stands and treatment may start."""

    reacts: ClassVar[bool] = True
    quote_id: UUID
    placement_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class QuoteDeclined(Event):
    """The creditor declined."""

    quote_id: UUID


@dataclass(frozen=True, kw_only=True)
class PriceLowered(Event):
    """The facts of a claim in collection changed and its fee is lower from now on, unasked."""

    quote_id: UUID
    before_bps: int
    fee_bps: int


@dataclass(frozen=True, kw_only=True)
class PriceRiseAsked(Event):
    """The facts of a claim in collection changed and it would cost more: the creditor is asked. The claim
    waits, or only what the debtor contests of it."""

    quote_id: UUID
    before_bps: int
    fee_bps: int


@dataclass(frozen=True, kw_only=True)
class PriceKept(Event):
    """The facts of a claim in collection changed too little to ask for more: what was agreed stands.

    `why` is "small_part" or "small_rise"; `trace` holds the figures.
    """

    why: str
    trace: list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class PriceRiseDropped(Event):
    """A higher price is no longer asked for: the facts changed again, or nothing is collected any more."""

    reacts: ClassVar[bool] = True
    quote_id: UUID


@dataclass(frozen=True, kw_only=True)
class PriceRiseAccepted(Event):
    """The creditor accepted a higher price for a claim in collection; work goes on."""

    reacts: ClassVar[bool] = True
    quote_id: UUID
    fee_bps: int


@dataclass(frozen=True, kw_only=True)
class PriceRiseDeclined(Event):
    """The creditor declined a higher price: the claim is given back and nothing more is charged."""

    quote_id: UUID


@dataclass(frozen=True, kw_only=True)
class RateCardTried(Event):
    """The try-out of a draft card has come further; only nudges open pages."""

    creditor_sees: ClassVar[bool] = False
    draft_id: UUID


@dataclass(frozen=True, kw_only=True)
class PriceAsked(Event):
    """A price of its own was asked for, by the creditor or because the facts of an agreed one changed.

    `due_on` is the day by which the agency answers.
    """

    request_id: UUID
    number: str
    due_on: str


@dataclass(frozen=True, kw_only=True)
class OffersMade(Event):
    """The agency made offers that the creditor can accept."""

    request_id: UUID
    number: str
    offers: int


@dataclass(frozen=True, kw_only=True)
class OffersOutdated(Event):
    """The facts changed while offers waited: they no longer stand and are made anew."""

    request_id: UUID
    number: str


@dataclass(frozen=True, kw_only=True)
class OfferWithdrawn(Event):
    """The agency took an offer back before it was accepted."""

    request_id: UUID
    number: str


@dataclass(frozen=True, kw_only=True)
class OfferAccepted(Event):
    """The creditor accepted an offer: it is the price of the claim from now on."""

    request_id: UUID
    quote_id: UUID
    number: str


@dataclass(frozen=True, kw_only=True)
class OffersDeclined(Event):
    """The creditor declined every offer that was made."""

    request_id: UUID
    number: str


@dataclass(frozen=True, kw_only=True)
class PriceRequestEnded(Event):
    """A request for a price ended without one; `why` is "withdrawn", "lapsed" or "stands"."""

    request_id: UUID
    number: str
    why: str


@dataclass(frozen=True, kw_only=True)
class PriceNoteLeft(Event):
    """Somebody asked or answered something about a request; `side` is "creditor" or "agency"."""

    request_id: UUID
    number: str
    side: str


@dataclass(frozen=True, kw_only=True)
class OfferPhaseBegan(Event):
    """Work of a phase of an accepted offer began, and its amount fell due."""

    quote_id: UUID
    phase: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class HoursBooked(Event):
    """Hours were worked on a claim whose price is by the hour."""

    quote_id: UUID
    minutes: int
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class HoursTakenBack(Event):
    """Hours that were booked by mistake are not charged."""

    quote_id: UUID
    minutes: int
    amount_minor: int
    currency: str
