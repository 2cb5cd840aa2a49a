"""Tables of the payments."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from agency.kernel.columns import (
    CreditorRow,
    Minor,
    Timestamped,
    choice,
    json_field,
    moment_field,
    within_creditor,
)


class IntentState(StrEnum):
    """Where a payment at the provider stands; `creating` is unknown until the provider has answered."""

    CREATING = "creating"
    OPEN = "open"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELED = "canceled"


class PaymentSource(StrEnum):
    """Where the money came in."""

    PSP = "psp"
    BANK = "bank"
    DIRECT = "direct"  # paid to the creditor itself


class RefundRoute(StrEnum):
    """How money goes back: by transfer from the trust account, or by the provider that took it."""

    BANK = "bank"
    PROVIDER = "provider"


class RefundState(StrEnum):
    """requested -> approved (by another person) -> in a file, or with the provider -> paid."""

    REQUESTED = "requested"
    APPROVED = "approved"
    SENDING = "sending"  # the provider was asked, or is about to be; whether it heard is not known yet
    EXPORTED = "exported"  # in a payout file, not yet seen on the bank
    PAID = "paid"
    CANCELLED = "cancelled"
    REJECTED = "rejected"  # the bank or the provider did not carry it out, or the money came back


UNPOSTED_REFUNDS = (RefundState.REQUESTED, RefundState.APPROVED, RefundState.SENDING)


class PayLink(CreditorRow, Timestamped, table=True):
    """A link to a debtor's page: 128 random bits, kept as SHA-256, bound to one claim."""

    __tablename__ = "pay_link"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        Index("ix_pay_link_claim", "creditor_id", "claim_id"),
        UniqueConstraint("creditor_id", "token_sha256"),
        Index("ix_pay_link_token", "token_sha256"),
    )

    claim_id: UUID
    token_sha256: str
    expires_at: datetime = moment_field()
    revoked_at: datetime | None = moment_field(default=None)
    opened_at: datetime | None = moment_field(default=None)
    failed_checks: int = 0


class PaymentIntent(CreditorRow, Timestamped, table=True):
    """A payment that a debtor started at the provider. Its id is the provider's idempotency key."""

    __tablename__ = "payment_intent"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        Index("ix_payment_intent_claim", "creditor_id", "claim_id"),
        UniqueConstraint("creditor_id", "provider_ref"),
        Index("ix_payment_intent_provider_ref", "provider_ref"),
        Index("ix_payment_intent_open", "created_at", postgresql_where="state IN ('creating', 'open')"),
        Index(
            "ix_payment_intent_on_its_way",
            "creditor_id",
            postgresql_where="state = 'paid' AND arrived_on IS NULL",
        ),
        CheckConstraint("amount_minor > 0", name="amount"),
    )

    claim_id: UUID
    amount_minor: int = Field(sa_type=Minor)
    currency: str = Field(max_length=3)
    state: IntentState = Field(default=IntentState.CREATING, sa_type=choice(IntentState, "state"))
    provider_ref: str | None = None
    checkout_url: str | None = None
    method: str | None = None
    # Counted up before the provider is asked; only the answer to the latest question is applied.
    generation: int = 0
    paid_at: datetime | None = moment_field(default=None)
    arrived_on: date | None = None  # the bank's day of the lump that it came in


class PaymentIntentPart(CreditorRow, table=True):
    """What one of several claims gets of a payment that is for all of them, in the order in which they are
    paid off; an intent without parts is for its own claim alone."""

    __tablename__ = "payment_intent_part"
    __table_args__ = (
        within_creditor("intent_id", "payment_intent"),
        within_creditor("claim_id", "claim"),
        UniqueConstraint("creditor_id", "intent_id", "claim_id"),
        Index("ix_payment_intent_part_claim", "creditor_id", "claim_id"),
        CheckConstraint("amount_minor > 0", name="amount"),
    )

    intent_id: UUID
    claim_id: UUID
    place: int
    amount_minor: int = Field(sa_type=Minor)


class Payment(CreditorRow, Timestamped, table=True):
    """Money booked on a claim, with both allocations: by law (debtor's side) and by contract (creditor's)."""

    __tablename__ = "payment"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        UniqueConstraint("creditor_id", "source", "source_key"),
        Index("ix_payment_claim", "creditor_id", "claim_id"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("refund_minor BETWEEN 0 AND over_minor", name="refund"),
    )

    claim_id: UUID
    source: PaymentSource = Field(sa_type=choice(PaymentSource, "source_value"))
    source_key: str
    amount_minor: int = Field(sa_type=Minor)
    currency: str = Field(max_length=3)
    value_on: date
    costs_minor: int = Field(sa_type=Minor)
    interest_minor: int = Field(sa_type=Minor)
    principal_minor: int = Field(sa_type=Minor)
    over_minor: int = Field(sa_type=Minor)
    to_creditor_minor: int = Field(sa_type=Minor)
    to_agency_minor: int = Field(sa_type=Minor)
    transaction_id: UUID
    trace: list[Any] = json_field(default_factory=list)
    reversed_at: datetime | None = moment_field(default=None)
    # What live refunds take of `over_minor`; only the trigger on refunds writes it.
    refund_minor: int = Field(
        default=0, sa_type=Minor, nullable=False, sa_column_kwargs={"server_default": text("0")}
    )


class HeldPayment(CreditorRow, Timestamped, table=True):
    """Money at the provider for a claim that takes none: it stands in suspense until finance decides."""

    __tablename__ = "held_payment"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        UniqueConstraint("creditor_id", "source", "source_key"),
        Index("ix_held_payment_waiting", "created_at", postgresql_where="ended_at IS NULL"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("refund_minor BETWEEN 0 AND amount_minor", name="refund"),
    )

    claim_id: UUID
    source: PaymentSource = Field(sa_type=choice(PaymentSource, "source_value"))
    source_key: str
    amount_minor: int = Field(sa_type=Minor)
    currency: str = Field(max_length=3)
    value_on: date
    reason: str
    transaction_id: UUID
    # No longer held: booked on a claim after all, or taken back by the provider.
    ended_at: datetime | None = moment_field(default=None)
    refund_minor: int = Field(
        default=0, sa_type=Minor, nullable=False, sa_column_kwargs={"server_default": text("0")}
    )


class Refund(CreditorRow, table=True):
    """Money that goes back to who paid it: one of a payment's overpaid part, a held payment or a bank line.

    A bank line is nobody's yet, so its refund stands under the house itself.
    """

    __tablename__ = "refund"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        within_creditor("payment_id", "payment"),
        within_creditor("held_id", "held_payment"),
        Index("ix_refund_state", "state", "requested_at"),
        Index("ix_refund_claim", "creditor_id", "claim_id"),
        Index("ix_refund_payment", "creditor_id", "payment_id"),
        Index("ix_refund_end_to_end", "end_to_end"),
        # A line goes back as a whole, once.
        Index(
            "uq_refund_line",
            "creditor_id",
            "line_id",
            unique=True,
            postgresql_where="state NOT IN ('cancelled', 'rejected')",
        ),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("num_nonnulls(payment_id, held_id, line_id) = 1", name="origin"),
        CheckConstraint("route <> 'bank' OR iban <> ''", name="account"),
        CheckConstraint("approved_by IS NULL OR approved_by <> requested_by", name="second_person"),
        CheckConstraint(
            "state NOT IN ('approved', 'sending', 'exported', 'paid') OR approved_by IS NOT NULL",
            name="approved",
        ),
    )

    claim_id: UUID | None = None
    payment_id: UUID | None = None
    held_id: UUID | None = None
    line_id: UUID | None = Field(default=None, foreign_key="bank_line.id")
    amount_minor: int = Field(sa_type=Minor)
    currency: str = Field(max_length=3)
    route: RefundRoute = Field(sa_type=choice(RefundRoute, "route_value"))
    iban: str = ""
    holder: str = ""
    reason: str
    state: RefundState = Field(default=RefundState.REQUESTED, sa_type=choice(RefundState, "state"))
    requested_at: datetime = moment_field()
    requested_by: str
    approved_at: datetime | None = moment_field(default=None)
    approved_by: str | None = None
    file_id: UUID | None = Field(default=None, foreign_key="remittance_file.id")
    end_to_end: str | None = None
    provider_ref: str | None = None
    ended_at: datetime | None = moment_field(default=None)
    ended_why: str = ""


class RefundAccount(CreditorRow, table=True):
    """An account that a debtor was asked for, and names behind the second fact; empty until then."""

    __tablename__ = "refund_account"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        within_creditor("payment_id", "payment"),
        within_creditor("held_id", "held_payment"),
        Index("uq_refund_account_payment", "creditor_id", "payment_id", unique=True),
        Index("uq_refund_account_held", "creditor_id", "held_id", unique=True),
        Index("ix_refund_account_claim", "creditor_id", "claim_id"),
        CheckConstraint("num_nonnulls(payment_id, held_id) = 1", name="origin"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("(given_at IS NULL) = (iban = '') AND (iban = '') = (holder = '')", name="given"),
    )

    claim_id: UUID
    payment_id: UUID | None = None
    held_id: UUID | None = None
    amount_minor: int = Field(sa_type=Minor)
    currency: str = Field(max_length=3)
    asked_at: datetime = moment_field()
    asked_by: str
    # When the refund was asked for: from then on the account stands with it.
    ended_at: datetime | None = moment_field(default=None)
    iban: str = ""
    holder: str = ""
    given_at: datetime | None = moment_field(default=None)
    given_by: str | None = None
