"""What remittance tells: payouts, fee invoices, accounts and direct payments."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from agency.events.event import Event


@dataclass(frozen=True, kw_only=True)
class RemittanceDrafted(Event):
    """A payout to the creditor was prepared."""

    creditor_sees: ClassVar[bool] = False
    run_id: UUID
    net_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class RemittanceApproved(Event):
    """A second person approved the payout."""

    run_id: UUID
    net_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class RemittancePaid(Event):
    """The payout was seen on the bank."""

    run_id: UUID
    net_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class RemittanceReturned(Event):
    """The bank did not pay the payout, or the money came back; it will be paid again."""

    run_id: UUID
    net_minor: int
    currency: str
    why: str


@dataclass(frozen=True, kw_only=True)
class FeeInvoiced(Event):
    """The agency issued an invoice for its fees, or a credit note (`document`)."""

    invoice_id: UUID
    number: str
    document: str
    total_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class AccountChangeMoved(Event):
    """A change of the creditor's account was asked, approved, put in force or stopped."""

    reacts: ClassVar[bool] = True
    change_id: UUID
    state: str


@dataclass(frozen=True, kw_only=True)
class DirectPaymentsReported(Event):
    """The creditor reported money that it received itself, or took a report back."""

    reacts: ClassVar[bool] = True
    report_id: UUID
    payments: int
