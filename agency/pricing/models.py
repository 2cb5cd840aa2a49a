"""Tables of the pricing. Global: rate_card, rate_card_draft, rate_card_trial,
rate_card_trial_part, recovery_outcome."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint
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
from agency.kernel.drafts import Draft
from agency.kernel.ids import new_id
from agency.kernel.tryouts import Tryout


class QuoteState(StrEnum):
    """Where a quote stands. Expiry is a moment, compared in the database, not a state."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REPLACED = "replaced"


class LineOutcome(StrEnum):
    """What became of a line that did not go the way of its quote."""

    LEFT = "left"  # not chosen; its claim waits for a price again


class RateCardVersion(Timestamped, table=True):
    """A published rate card; the canonical bytes are what a quote pins. `author` drew it up and
    `approved_by`, another person, let it out; both are None for the card that set-up laid down."""

    __tablename__ = "rate_card"
    __table_args__ = (UniqueConstraint("version"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    version: int
    valid_from: date
    card: bytes = Field(sa_type=LargeBinary)
    sha256: str
    author: str | None = None
    approved_by: str | None = None


class RateCardDraft(Draft, table=True):
    """A rate card that is being drawn up, and the day from which it is to count."""

    __tablename__ = "rate_card_draft"

    name: str
    valid_from: date


class RateCardTrial(Tryout, table=True):
    """A try-out of a draft: what creditors would pay under it, against the card in force."""

    __tablename__ = "rate_card_trial"
    __table_args__ = (Index("ix_rate_card_trial_draft", "draft_id", "created_at"),)

    draft_id: UUID = Field(foreign_key="rate_card_draft.id")


class RateCardTrialPart(SQLModel, table=True):
    """The claims that one part of a try-out priced under both cards, as compressed JSON; `claims_before`
    counts those of the parts before it."""

    __tablename__ = "rate_card_trial_part"

    trial_id: UUID = Field(primary_key=True, foreign_key="rate_card_trial.id")
    claims_before: int = Field(primary_key=True)
    lines: bytes = Field(sa_type=LargeBinary)


class RecoveryOutcome(SQLModel, table=True):
    """What came in on closed claims of one kind, over all creditors, as of a day: sums, so that no creditor
    and no claim can be told from it. Shares are basis points of the principal."""

    __tablename__ = "recovery_outcome"

    as_of: date = Field(primary_key=True)
    debtor: str = Field(primary_key=True)
    age_band: int = Field(primary_key=True)
    amount_band: int = Field(primary_key=True)
    claims: int
    creditors: int
    share_sum: int = Field(sa_type=Minor)
    share_squares: int = Field(sa_type=Minor)


class ScoreRun(PartRow, table=True):
    """A claim's completeness when its evidence was looked at, with the facts and the rule version. What
    it was when a price was made stands in the line of the quote."""

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
    """A binding price for the claims of a placement; `document` holds the bytes that a replay must equal.

    With `claim_id` in place of a placement it is the new price of that one claim, whose facts changed after
    its price was accepted.

    `follows_id` is the quote in whose place it came. Who accepts or declines chosen claims closes the quote;
    the others get one of the next `part`, so that each part is accepted at most once.
    """

    __tablename__ = "quote"
    __table_args__ = (
        within_creditor("placement_id", "placement"),
        within_creditor("claim_id", "claim"),
        CheckConstraint("num_nonnulls(placement_id, claim_id) = 1", name="about"),
        UniqueConstraint("creditor_id", "number"),
        Index(
            "uq_quote_accepted",
            "creditor_id",
            "placement_id",
            "part",
            unique=True,
            postgresql_where="state = 'accepted'",
        ),
        within_creditor("follows_id", "quote"),
        Index("ix_quote_claim", "creditor_id", "claim_id", postgresql_where="claim_id IS NOT NULL"),
        Index(
            "ix_quote_to_tell",
            "expires_at",
            postgresql_where="state = 'open' AND claim_id IS NOT NULL AND reminded_at IS NULL",
        ),
        # A claim has one new price that waits.
        Index(
            "uq_quote_open_claim",
            "creditor_id",
            "claim_id",
            unique=True,
            postgresql_where="state = 'open' AND claim_id IS NOT NULL",
        ),
    )

    number: str
    placement_id: UUID | None = None
    claim_id: UUID | None = None
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
    follows_id: UUID | None = None
    part: int = 1
    closed_at: datetime | None = moment_field(default=None)
    closed_by: str | None = None
    closed_from: str | None = None  # the network address of whoever accepted or declined
    closed_why: str = ""
    # When the creditor was written to about a higher price that waits, and reminded before it expires.
    told_at: datetime | None = moment_field(default=None)
    reminded_at: datetime | None = moment_field(default=None)


class QuoteLine(SQLModel, table=True):
    """The price of one claim; an accepted line is the fee agreement of that claim.

    `outcome` is None where the line goes the way of its quote.
    """

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
    outcome: LineOutcome | None = Field(default=None, sa_type=choice(LineOutcome, "outcome"))
