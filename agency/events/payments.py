"""What payments tell: money in, money taken back, money sent back."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from agency.events.event import Event


@dataclass(frozen=True, kw_only=True)
class PayLinkOpened(Event):
    """The debtor opened the pay page."""

    link_id: UUID


@dataclass(frozen=True, kw_only=True)
class PaymentStarted(Event):
    """The debtor went to the payment provider."""

    intent_id: UUID
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class PaymentReceived(Event):
    """Money for this claim was booked."""

    reacts: ClassVar[bool] = True
    payment_id: UUID
    amount_minor: int
    currency: str
    source: str


@dataclass(frozen=True, kw_only=True)
class PaymentHeld(Event):
    """Money came in that may not be booked on its claim; finance decides what becomes of it."""

    creditor_sees: ClassVar[bool] = False
    amount_minor: int
    currency: str
    source: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class PaymentReversed(Event):
    """A booked payment was taken back."""

    reacts: ClassVar[bool] = True
    payment_id: UUID
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class RefundRequested(Event):
    """Somebody asked that money goes back to who paid it; another person decides."""

    creditor_sees: ClassVar[bool] = False
    refund_id: UUID
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class RefundAccountGiven(Event):
    """The debtor named the account to which his money may go back."""

    creditor_sees: ClassVar[bool] = False
    request_id: UUID


@dataclass(frozen=True, kw_only=True)
class RefundPaid(Event):
    """Money went back: seen on the bank, or carried out by the payment provider."""

    creditor_sees: ClassVar[bool] = False
    refund_id: UUID
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class RefundEnded(Event):
    """A refund came to nothing; the money is owed back as before."""

    creditor_sees: ClassVar[bool] = False
    refund_id: UUID
    amount_minor: int
    currency: str
    why: str
