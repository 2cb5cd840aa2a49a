"""Tables of the disputes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from agency.kernel.columns import CreditorRow, Minor, choice, moment_field, within_creditor
from agency.rules.facts import DisputeStatus


class Dispute(CreditorRow, table=True):
    """What a debtor (or the creditor at intake) says is contested."""

    __tablename__ = "dispute"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        Index("ix_dispute_claim", "creditor_id", "claim_id"),
    )

    claim_id: UUID
    status: DisputeStatus = Field(sa_type=choice(DisputeStatus, "status"))
    reason: str
    text: str = ""
    disputed_minor: int = Field(sa_type=Minor)
    raised_at: datetime = moment_field()
    raised_by: str
    resolved_at: datetime | None = moment_field(default=None)
    resolved_by: str | None = None
    outcome: str | None = None
