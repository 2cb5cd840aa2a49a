"""Tables of the disputes."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from agency.kernel.columns import CreditorRow, Minor, choice, json_field, moment_field, within_creditor
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


class DisputeAction(StrEnum):
    """What was done with a dispute."""

    RAISED = "raised"
    WIDENED = "widened"
    SUBSTANTIATED = "substantiated"
    ANSWERED = "answered"
    SETTLED = "settled"


class DisputeChange(CreditorRow, table=True):
    """Append-only history of a dispute: who did what, and how much of which invoice was contested then.

    `lines` are rows of invoice (id), number and minor.
    """

    __tablename__ = "dispute_change"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        Index("ix_dispute_change_claim", "creditor_id", "claim_id"),
        within_creditor("dispute_id", "dispute"),
        Index("ix_dispute_change", "creditor_id", "dispute_id"),
    )

    claim_id: UUID
    dispute_id: UUID
    action: DisputeAction = Field(sa_type=choice(DisputeAction, "action"))
    status: str = Field(max_length=40)
    disputed_minor: int = Field(sa_type=Minor)
    words: str = ""
    lines: list[Any] = json_field(default_factory=list)
    at: datetime = moment_field()
    by: str
