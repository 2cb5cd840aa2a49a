"""Tables of the payments."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
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


class PayLink(CreditorRow, Timestamped, table=True):
    """A link to a debtor's page: 128 random bits, kept as SHA-256, bound to one claim."""

    __tablename__ = "pay_link"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
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
        UniqueConstraint("creditor_id", "provider_ref"),
        Index("ix_payment_intent_provider_ref", "provider_ref"),
        Index("ix_payment_intent_open", "created_at", postgresql_where="state IN ('creating', 'open')"),
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


class Payment(CreditorRow, Timestamped, table=True):
    """Money booked on a claim, with both allocations: by law (debtor's side) and by contract (creditor's)."""

    __tablename__ = "payment"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        UniqueConstraint("creditor_id", "source", "source_key"),
        Index("ix_payment_claim", "creditor_id", "claim_id"),
        CheckConstraint("amount_minor > 0", name="amount"),
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
