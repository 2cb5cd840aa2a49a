"""Tables of the arrangements."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from agency.kernel.columns import CreditorRow, Minor, choice, moment_field, within_creditor


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
