"""Tables of the pricing. Global: rate_card."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

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
from agency.kernel.ids import new_id


class QuoteState(StrEnum):
    """Where a quote stands. Expiry is a moment, compared in the database, not a state."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REPLACED = "replaced"


class RateCardVersion(Timestamped, table=True):
    """A published rate card; the canonical bytes are what a quote pins."""

    __tablename__ = "rate_card"
    __table_args__ = (UniqueConstraint("version"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    version: int
    valid_from: date
    card: bytes = Field(sa_type=LargeBinary)
    sha256: str


class ScoreRun(PartRow, table=True):
    """A claim's completeness at a moment, with the facts and the rule version."""

    __tablename__ = "score_run"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        Index("ix_score_run_claim", "creditor_id", "claim_id"),
    )

    claim_id: UUID
    completeness: int
    dispute: str
    rule_version: str
    facts: dict[str, Any] = json_field()
    at: datetime = moment_field()


class Quote(CreditorRow, table=True):
    """A binding price for the claims of a placement; `document` holds the bytes that a replay must equal."""

    __tablename__ = "quote"
    __table_args__ = (
        within_creditor("placement_id", "placement"),
        UniqueConstraint("creditor_id", "number"),
        Index(
            "uq_quote_accepted",
            "creditor_id",
            "placement_id",
            unique=True,
            postgresql_where="state = 'accepted'",
        ),
    )

    number: str
    placement_id: UUID
    rate_card_id: UUID = Field(foreign_key="rate_card.id")
    state: QuoteState = Field(default=QuoteState.OPEN, sa_type=choice(QuoteState, "state"))
    claims: int
    principal_minor: int = Field(sa_type=Minor)
    currency: str = Field(max_length=3)
    fee_bps_average: int
    document: bytes = Field(sa_type=LargeBinary)
    sha256: str
    issued_at: datetime = moment_field()
    expires_at: datetime = moment_field()
    accepted_at: datetime | None = moment_field(default=None)
    accepted_by: str | None = None


class QuoteLine(SQLModel, table=True):
    """The price of one claim; an accepted line is the fee agreement of that claim."""

    __tablename__ = "quote_line"
    __table_args__ = (
        within_creditor("quote_id", "quote"),
        within_creditor("claim_id", "claim"),
        Index("ix_quote_line_claim", "creditor_id", "claim_id"),
    )

    creditor_id: UUID = Field(primary_key=True)
    quote_id: UUID = Field(primary_key=True)
    claim_id: UUID = Field(primary_key=True)
    fee_bps: int
    minimum_minor: int = Field(sa_type=Minor)
    facts: dict[str, Any] = json_field()
    factors: list[Any] = json_field()
