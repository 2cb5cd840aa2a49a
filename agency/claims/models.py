"""Tables of the claims."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from agency.claims.states import ClaimState, HoldGround
from agency.kernel.columns import (
    CreditorRow,
    Minor,
    PartRow,
    Timestamped,
    choice,
    json_field,
    moment_field,
    within_creditor,
)
from agency.rules.facts import InterestKind, Law, Phase


class Claim(PartRow, Timestamped, table=True):
    """A debt of one debtor to one creditor, of one or more invoices.

    `principal_minor` is what was open when placed; what is open now stands in the ledger.
    `payment_reference` is RF (NL) or OGM (BE), unique over the agency by its number.

    No index holds the state: a claim changes it several times soon after it was written, and an update that
    touches no index costs a tenth of one that does. Pages are half filled for the same reason.
    """

    __tablename__ = "claim"
    __table_args__ = (
        UniqueConstraint("creditor_id", "reference"),
        UniqueConstraint("creditor_id", "number"),
        UniqueConstraint("creditor_id", "payment_reference"),
        within_creditor("debtor_id", "debtor"),
        within_creditor("placement_id", "placement"),
        Index("ix_claim_number", "number"),
        Index("ix_claim_payment_reference", "payment_reference"),
        Index("ix_claim_debtor", "creditor_id", "debtor_id"),
        Index("ix_claim_placement", "creditor_id", "placement_id"),
        CheckConstraint("principal_minor > 0 AND principal_minor < 100000000000000", name="principal"),
        CheckConstraint("disputed_minor >= 0", name="disputed"),
    )

    number: str
    reference: str
    payment_reference: str
    debtor_id: UUID
    placement_id: UUID | None = None
    law: Law = Field(sa_type=choice(Law, "law"))
    interest_kind: InterestKind = Field(sa_type=choice(InterestKind, "interest_kind"))
    currency: str = Field(max_length=3)
    principal_minor: int = Field(sa_type=Minor)
    disputed_minor: int = Field(default=0, sa_type=Minor)
    due_on: date  # of the oldest invoice; interest per invoice runs from the day after its own
    state: ClaimState = Field(default=ClaimState.NEW, sa_type=choice(ClaimState, "state"))
    phase: Phase = Field(default=Phase.reminder, sa_type=choice(Phase, "phase"))
    costs_from: date | None = None  # first day on which the law allows the costs of the notice
    costs_minor: int = Field(default=0, sa_type=Minor)  # the exact amount that the notice announced
    costs_vat_minor: int = Field(default=0, sa_type=Minor)
    description: str = ""
    closed_at: datetime | None = moment_field(default=None)
    close_code: str | None = None


class Invoice(PartRow, Timestamped, table=True):
    """One invoice (positive) or credit note (negative amount) of a claim."""

    __tablename__ = "invoice"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        UniqueConstraint("creditor_id", "number"),
        Index("ix_invoice_claim", "creditor_id", "claim_id"),
        Index("ix_invoice_number", "number"),
    )

    claim_id: UUID
    number: str
    kind: str = "invoice"
    issued_on: date
    due_on: date
    currency: str = Field(max_length=3)
    total_minor: int = Field(sa_type=Minor)
    open_minor: int = Field(sa_type=Minor)
    description: str = ""


class ClaimMove(PartRow, table=True):
    """History of a claim's states: who moved it, when, why."""

    __tablename__ = "claim_move"
    __table_args__ = (within_creditor("claim_id", "claim"), Index("ix_claim_move", "creditor_id", "claim_id"))

    claim_id: UUID
    from_state: str
    to_state: str
    at: datetime = moment_field()
    by: str
    why: str


class Hold(CreditorRow, table=True):
    """A reason in law or agreement why nothing may leave; history stays as rows."""

    __tablename__ = "hold"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        Index("ix_hold_running", "creditor_id", "claim_id", postgresql_where="lifted_at IS NULL"),
    )

    claim_id: UUID
    ground: HoldGround = Field(sa_type=choice(HoldGround, "ground"))
    note: str = ""
    by: str
    starts_at: datetime = moment_field()
    ends_at: datetime | None = moment_field(default=None)
    lifted_at: datetime | None = moment_field(default=None)
    facts: dict[str, Any] = json_field(default_factory=dict)
