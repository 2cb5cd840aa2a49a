"""What pricing tells: the binding price and its answer."""

from dataclasses import dataclass
from typing import ClassVar
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
class RateCardTried(Event):
    """The try-out of a draft card has come further; only nudges open pages."""

    creditor_sees: ClassVar[bool] = False
    draft_id: UUID
