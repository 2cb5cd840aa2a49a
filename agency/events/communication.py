"""What communication tells: messages out, and what comes in."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from agency.events.event import Event


@dataclass(frozen=True, kw_only=True)
class MessageSent(Event):
    """A message was accepted by its provider."""

    message_id: UUID
    channel: str
    step: str


@dataclass(frozen=True, kw_only=True)
class MessageDelivered(Event):
    """The provider says that the message arrived."""

    message_id: UUID
    channel: str


@dataclass(frozen=True, kw_only=True)
class MessageOpened(Event):
    """The debtor opened the message."""

    message_id: UUID
    channel: str


@dataclass(frozen=True, kw_only=True)
class MessageBounced(Event):
    """The message could not be delivered."""

    reacts: ClassVar[bool] = True
    message_id: UUID
    channel: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class MessageRefused(Event):
    """The law or a hold forbade the message at the moment of sending."""

    message_id: UUID
    channel: str
    reasons: list[str]


@dataclass(frozen=True, kw_only=True)
class ReplyReceived(Event):
    """The debtor wrote; the path stands still until a person has read it. `topic` is the likeliest."""

    reply_id: UUID
    channel: str
    topic: str


@dataclass(frozen=True, kw_only=True)
class ReplyDecided(Event):
    """A person read what the debtor wrote: answered, closed without, or withdrawn from the claim."""

    creditor_sees: ClassVar[bool] = False
    reply_id: UUID
    decision: str
    topic: str


@dataclass(frozen=True, kw_only=True)
class InboundNoted(Event):
    """A machine answered one of our messages (`inbound_kind`): kept, and nothing follows from it."""

    creditor_sees: ClassVar[bool] = False
    inbound_id: UUID
    inbound_kind: str


@dataclass(frozen=True, kw_only=True)
class DebtorOptedOut(Event):
    """The debtor wants no more messages by this channel; it is not used any more."""

    channel: str


@dataclass(frozen=True, kw_only=True)
class DebtorOptedIn(Event):
    """The debtor wants messages by this channel again, after he had written himself off."""

    channel: str


@dataclass(frozen=True, kw_only=True)
class MessageWaitsForClaim(Event):
    """Something came in of which nobody can tell yet to which claim it belongs; told under the house."""

    creditor_sees: ClassVar[bool] = False
    inbound_id: UUID
    why: str
