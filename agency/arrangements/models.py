"""Tables of the arrangements. Global: direct_debit_file (one file to the bank covers many creditors)."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from agency.kernel.columns import CreditorRow, Minor, choice, json_field, moment_field, within_creditor
from agency.kernel.ids import new_id
from agency.rules.instalments import Rhythm


class PromiseState(StrEnum):
    """What became of a promise."""

    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"
    CANCELLED = "cancelled"


class Promise(CreditorRow, table=True):
    """A debtor's promise to pay an amount by a date."""

    __tablename__ = "promise"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        Index("ix_promise_claim", "creditor_id", "claim_id"),
        Index("uq_promise_open", "creditor_id", "claim_id", unique=True, postgresql_where="state = 'open'"),
        CheckConstraint("amount_minor > 0", name="amount"),
    )

    claim_id: UUID
    amount_minor: int = Field(sa_type=Minor)
    currency: str = Field(max_length=3)
    due_on: date
    state: PromiseState = Field(default=PromiseState.OPEN, sa_type=choice(PromiseState, "state"))
    made_at: datetime = moment_field()
    made_by: str
    settled_at: datetime | None = moment_field(default=None)


class ArrangementTerms(CreditorRow, table=True):
    """What a creditor accepts unseen, and how much may be forgiven in its name; the newest begun counts."""

    __tablename__ = "arrangement_terms"
    __table_args__ = (
        UniqueConstraint("creditor_id", "valid_from"),
        CheckConstraint("months_max BETWEEN 1 AND 120", name="months"),
        CheckConstraint("collector_bps BETWEEN 0 AND admin_bps AND admin_bps <= 10000", name="authority"),
    )

    valid_from: date
    months_max: int
    instalment_min_minor: int = Field(sa_type=Minor)
    monthly_min_minor: int = Field(sa_type=Minor)
    share_min_bps: int
    interest_stops: bool
    grace_days: int
    missed_max: int
    collector_bps: int
    admin_bps: int
    set_at: datetime = moment_field()
    set_by: str


class PlanState(StrEnum):
    """Where a plan stands: asked for, offered back, agreed, and how it ended."""

    PROPOSED = "proposed"  # by the debtor, outside the bands: a collector decides
    OFFERED = "offered"  # by a collector: the debtor decides
    ACTIVE = "active"
    COMPLETED = "completed"
    BROKEN = "broken"
    REFUSED = "refused"
    COUNTERED = "countered"  # answered with another offer
    EXPIRED = "expired"  # an offer that nobody took
    CANCELLED = "cancelled"


LIVE = (PlanState.PROPOSED, PlanState.OFFERED, PlanState.ACTIVE)
"""Where a plan has not ended; a claim is in one such plan at most."""


class Plan(CreditorRow, table=True):
    """An agreement to pay in parts: one debtor, one creditor, one or several claims."""

    __tablename__ = "plan"
    __table_args__ = (
        within_creditor("debtor_id", "debtor"),
        within_creditor("follows_id", "plan"),
        Index("ix_plan_live", "state", postgresql_where="state IN ('proposed', 'offered', 'active')"),
        Index("ix_plan_debtor", "creditor_id", "debtor_id"),
        CheckConstraint("total_minor > 0", name="total"),
    )

    debtor_id: UUID
    state: PlanState = Field(sa_type=choice(PlanState, "state"))
    rhythm: Rhythm = Field(sa_type=choice(Rhythm, "rhythm"))
    total_minor: int = Field(sa_type=Minor)
    currency: str = Field(max_length=3)
    # The bands as they were: a plan is kept or broken by what held when it was agreed.
    bands: dict[str, Any] = json_field()
    reasons: list[Any] = json_field(default_factory=list)
    trace: list[Any] = json_field(default_factory=list)
    # Payments that the total takes into account already, as ids of ledger transactions.
    known_payments: list[Any] = json_field(default_factory=list)
    made_at: datetime = moment_field()
    made_by: str
    answer_by: date | None = None
    decided_at: datetime | None = moment_field(default=None)
    decided_by: str | None = None
    decision: str = ""
    agreed_at: datetime | None = moment_field(default=None)
    ended_at: datetime | None = moment_field(default=None)
    follows_id: UUID | None = None


class PlanClaim(SQLModel, table=True):
    """A claim that a plan covers, and what was owed on it then; a claim is in one live plan at a time."""

    __tablename__ = "plan_claim"
    __table_args__ = (
        within_creditor("plan_id", "plan"),
        within_creditor("claim_id", "claim"),
        Index("ix_plan_claim_claim", "creditor_id", "claim_id"),
        Index("uq_plan_claim_live", "creditor_id", "claim_id", unique=True, postgresql_where="live"),
    )

    creditor_id: UUID = Field(primary_key=True)
    plan_id: UUID = Field(primary_key=True)
    claim_id: UUID = Field(primary_key=True)
    owed_minor: int = Field(sa_type=Minor)
    # Interest and costs ever asked until then: what came up since is told apart by it.
    charged_minor: int = Field(sa_type=Minor)
    live: bool = True


class PlanInstalment(SQLModel, table=True):
    """One part of a plan and what of it was paid, by the ledger."""

    __tablename__ = "plan_instalment"
    __table_args__ = (
        within_creditor("plan_id", "plan"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("paid_minor BETWEEN 0 AND amount_minor", name="paid"),
    )

    creditor_id: UUID = Field(primary_key=True)
    plan_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    due_on: date
    amount_minor: int = Field(sa_type=Minor)
    paid_minor: int = Field(default=0, sa_type=Minor)
    missed_at: datetime | None = moment_field(default=None)


class SettlementState(StrEnum):
    """Where a settlement stands; `waiting` is above the offerer's authority, so the creditor decides."""

    WAITING = "waiting"
    OPEN = "open"
    KEPT = "kept"
    LAPSED = "lapsed"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class Settlement(CreditorRow, table=True):
    """A smaller sum for full discharge, if it is paid in time."""

    __tablename__ = "settlement"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        Index("ix_settlement_claim", "creditor_id", "claim_id"),
        Index(
            "uq_settlement_live",
            "creditor_id",
            "claim_id",
            unique=True,
            postgresql_where="state IN ('waiting', 'open')",
        ),
        CheckConstraint("amount_minor > 0 AND amount_minor < owed_minor", name="amount"),
    )

    claim_id: UUID
    owed_minor: int = Field(sa_type=Minor)
    amount_minor: int = Field(sa_type=Minor)
    currency: str = Field(max_length=3)
    pay_by: date
    grace_days: int
    state: SettlementState = Field(sa_type=choice(SettlementState, "state"))
    why: str
    known_payments: list[Any] = json_field(default_factory=list)
    offered_at: datetime = moment_field()
    offered_by: str
    decided_at: datetime | None = moment_field(default=None)
    decided_by: str | None = None
    ended_at: datetime | None = moment_field(default=None)
    waiver_id: UUID | None = None


class SepaMandate(CreditorRow, table=True):
    """A debtor's permission to collect a plan's instalments from an account (SEPA Core)."""

    __tablename__ = "sepa_mandate"
    __table_args__ = (
        within_creditor("plan_id", "plan"),
        within_creditor("debtor_id", "debtor"),
        UniqueConstraint("creditor_id", "reference"),
        Index(
            "uq_sepa_mandate_live",
            "creditor_id",
            "plan_id",
            unique=True,
            postgresql_where="revoked_at IS NULL",
        ),
    )

    plan_id: UUID
    debtor_id: UUID
    reference: str = Field(max_length=35)
    iban: str = Field(max_length=34)
    holder: str = Field(max_length=70)
    signed_at: datetime = moment_field()
    signed_by: str
    revoked_at: datetime | None = moment_field(default=None)
    revoked_by: str | None = None


class FileState(StrEnum):
    """A collection file: drafted, approved by another person (and so written), or thrown away."""

    DRAFT = "draft"
    APPROVED = "approved"
    CANCELLED = "cancelled"


class DirectDebitFile(SQLModel, table=True):
    """A collection as it was approved; downloading again gives the same bytes."""

    __tablename__ = "direct_debit_file"
    __table_args__ = (
        UniqueConstraint("message_id"),
        CheckConstraint("approved_by IS NULL OR approved_by <> drafted_by", name="second_person"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    message_id: str
    collect_on: date
    state: FileState = Field(default=FileState.DRAFT, sa_type=choice(FileState, "state"))
    total_minor: int = Field(sa_type=Minor)
    currency: str = Field(max_length=3)
    drafted_at: datetime = moment_field()
    drafted_by: str
    approved_at: datetime | None = moment_field(default=None)
    approved_by: str | None = None
    content: bytes | None = Field(default=None, sa_type=LargeBinary)
    sha256: str | None = None
    downloads: int = 0


class DebitState(StrEnum):
    """One collection: drafted, sent to the bank, seen on the bank, or given back by it."""

    DRAFT = "draft"
    SENT = "sent"
    COLLECTED = "collected"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class DirectDebit(CreditorRow, table=True):
    """One instalment collected from one account; a cancelled or returned one makes room for another."""

    __tablename__ = "direct_debit"
    __table_args__ = (
        within_creditor("mandate_id", "sepa_mandate"),
        within_creditor("claim_id", "claim"),
        Index("ix_direct_debit_claim", "creditor_id", "claim_id"),
        ForeignKeyConstraint(
            ["creditor_id", "plan_id", "number"],
            ["plan_instalment.creditor_id", "plan_instalment.plan_id", "plan_instalment.number"],
        ),
        UniqueConstraint("creditor_id", "end_to_end"),
        Index(
            "uq_direct_debit_live",
            "creditor_id",
            "plan_id",
            "number",
            unique=True,
            postgresql_where="state IN ('draft', 'sent', 'collected')",
        ),
        Index("ix_direct_debit_file", "file_id"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("sequence IN ('FRST', 'RCUR', 'FNAL', 'OOFF')", name="sequence"),
    )

    mandate_id: UUID
    plan_id: UUID
    number: int
    claim_id: UUID
    file_id: UUID = Field(foreign_key="direct_debit_file.id")
    amount_minor: int = Field(sa_type=Minor)
    currency: str = Field(max_length=3)
    sequence: str = Field(max_length=4)
    end_to_end: str = Field(max_length=35)
    state: DebitState = Field(default=DebitState.DRAFT, sa_type=choice(DebitState, "state"))
    seen_at: datetime | None = moment_field(default=None)
    return_reason: str = ""
