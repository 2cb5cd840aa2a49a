"""Tables of the remittance. Global: remittance_file (one payout file covers many creditors)."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from agency.kernel.columns import CreditorRow, Minor, choice, json_field, moment_field, within_creditor
from agency.kernel.ids import new_id


class RunState(StrEnum):
    """draft -> approved (by another person) -> exported -> paid (seen on the bank)."""

    DRAFT = "draft"
    APPROVED = "approved"
    EXPORTED = "exported"
    PAID = "paid"
    CANCELLED = "cancelled"


class RemittanceFile(SQLModel, table=True):
    """A payout file as it was made; downloading again gives the same bytes."""

    __tablename__ = "remittance_file"
    __table_args__ = (UniqueConstraint("message_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    message_id: str
    content: bytes = Field(sa_type=LargeBinary)
    sha256: str
    total_minor: int = Field(sa_type=Minor)
    currency: str = Field(max_length=3)
    made_at: datetime = moment_field()
    made_by: str
    downloads: int = 0


class RemittanceRun(CreditorRow, table=True):
    """What one creditor gets for everything collected up to a cut-off."""

    __tablename__ = "remittance_run"
    __table_args__ = (
        # One run per creditor and cut-off; a cancelled one makes room for another.
        Index(
            "uq_remittance_run_cutoff",
            "creditor_id",
            "cutoff_on",
            unique=True,
            postgresql_where="state <> 'cancelled'",
        ),
        CheckConstraint("approved_by IS NULL OR approved_by <> drafted_by", name="second_person"),
        CheckConstraint("net_minor >= 0", name="net"),
    )

    cutoff_on: date
    state: RunState = Field(default=RunState.DRAFT, sa_type=choice(RunState, "state"))
    mode: str
    collected_minor: int = Field(sa_type=Minor)
    fee_minor: int = Field(sa_type=Minor)
    vat_minor: int = Field(sa_type=Minor)
    net_minor: int = Field(sa_type=Minor)
    currency: str = Field(max_length=3)
    drafted_at: datetime = moment_field()
    drafted_by: str
    approved_at: datetime | None = moment_field(default=None)
    approved_by: str | None = None
    file_id: UUID | None = Field(default=None, foreign_key="remittance_file.id")
    end_to_end: str | None = None
    paid_at: datetime | None = moment_field(default=None)


class SuccessFee(CreditorRow, table=True):
    """The fee on one payment, by its accepted quote line; reversal is a row with negative amounts."""

    __tablename__ = "success_fee"
    __table_args__ = (
        within_creditor("payment_id", "payment"),
        within_creditor("claim_id", "claim"),
        within_creditor("run_id", "remittance_run"),
        # A fee points at the line that agreed to it.
        ForeignKeyConstraint(
            ["creditor_id", "quote_id", "claim_id"],
            ["quote_line.creditor_id", "quote_line.quote_id", "quote_line.claim_id"],
        ),
        UniqueConstraint("creditor_id", "payment_id", "kind"),
        Index("ix_success_fee_run", "creditor_id", "run_id"),
    )

    payment_id: UUID
    claim_id: UUID
    kind: str = "fee"
    quote_id: UUID | None = None
    base_minor: int = Field(sa_type=Minor)
    fee_bps: int
    net_minor: int = Field(sa_type=Minor)
    vat_minor: int = Field(sa_type=Minor)
    currency: str = Field(max_length=3)
    earned_at: datetime = moment_field()
    run_id: UUID | None = None
    trace: list[Any] = json_field(default_factory=list)
