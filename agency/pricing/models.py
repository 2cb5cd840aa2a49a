"""Tables of the pricing. Global: rate_card, rate_card_draft, rate_card_trial,
rate_card_trial_part, recovery_outcome."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint
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


class RequestState(StrEnum):
    """Where a request for a price stands: asked -> (to_approve ->) offered, then one of the ends."""

    ASKED = "asked"
    TO_APPROVE = "to_approve"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"  # its claims are priced, paid or gone otherwise
    STANDS = "stands"  # the facts of an agreed price changed, and the agency lets it stand


class OfferState(StrEnum):
    """Where an offer stands. Expiry is a moment, compared in the database, not a state."""

    DRAFT = "draft"
    OPEN = "open"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"
    OUTDATED = "outdated"
    NOT_CHOSEN = "not_chosen"


class PriceRequest(CreditorRow, table=True):
    """A creditor asks what the card does not say well: for a claim, or for the waiting claims of a placement.

    `grounds` say why the card fits badly; `edition` counts what staff changed, so that two who answer at once
    meet. `note_waits` says that the creditor was not written to about an answer yet.
    """

    __tablename__ = "price_request"
    __table_args__ = (
        within_creditor("placement_id", "placement"),
        within_creditor("claim_id", "claim"),
        CheckConstraint("num_nonnulls(placement_id, claim_id) = 1", name="about"),
        CheckConstraint("approved_by IS NULL OR approved_by <> submitted_by", name="second_person"),
        UniqueConstraint("creditor_id", "number"),
        Index(
            "uq_price_request_claim",
            "creditor_id",
            "claim_id",
            unique=True,
            postgresql_where="claim_id IS NOT NULL AND state IN ('asked', 'to_approve', 'offered')",
        ),
        Index(
            "uq_price_request_placement",
            "creditor_id",
            "placement_id",
            unique=True,
            postgresql_where="placement_id IS NOT NULL AND state IN ('asked', 'to_approve', 'offered')",
        ),
        Index(
            "ix_price_request_waiting",
            "due_on",
            postgresql_where="state IN ('asked', 'to_approve', 'offered')",
        ),
    )

    number: str
    placement_id: UUID | None = None
    claim_id: UUID | None = None
    state: RequestState = Field(default=RequestState.ASKED, sa_type=choice(RequestState, "state"))
    grounds: list[Any] = json_field(default_factory=list)
    wished: str = ""
    question: str = ""
    asked_at: datetime = moment_field()
    asked_by: str
    due_on: date
    edition: int = 1
    submitted_at: datetime | None = moment_field(default=None)
    submitted_by: str | None = None
    approved_by: str | None = None
    offered_at: datetime | None = moment_field(default=None)
    asked_back_at: datetime | None = moment_field(default=None)
    note_waits: bool = False
    told_at: datetime | None = moment_field(default=None)
    reminded_at: datetime | None = moment_field(default=None)
    closed_at: datetime | None = moment_field(default=None)
    closed_by: str | None = None
    closed_from: str | None = None
    closed_why: str = ""


class PriceOffer(CreditorRow, table=True):
    """One answer to a request. `document` holds the bytes from the moment it was sent; accepted, it is the
    quote `quote_id`. `review` says why a second person looked at it; creditors do not read it."""

    __tablename__ = "price_offer"
    __table_args__ = (
        within_creditor("request_id", "price_request"),
        within_creditor("quote_id", "quote"),
        UniqueConstraint("creditor_id", "request_id", "place"),
        Index(
            "uq_price_offer_accepted",
            "creditor_id",
            "request_id",
            unique=True,
            postgresql_where="state = 'accepted'",
        ),
        CheckConstraint("(state = 'draft') = (document IS NULL)", name="document"),
    )

    request_id: UUID
    place: int
    state: OfferState = Field(default=OfferState.DRAFT, sa_type=choice(OfferState, "state"))
    terms: dict[str, Any] = json_field()
    conditions: str = ""
    valid_days: int
    writers: list[Any] = json_field()
    review: list[Any] = json_field(default_factory=list)
    changed_at: datetime = moment_field()
    document: bytes | None = Field(default=None, sa_type=LargeBinary)
    sha256: str = ""
    rate_card_id: UUID | None = Field(default=None, foreign_key="rate_card.id")
    claims: int = 0
    at_most_minor: int = Field(default=0, sa_type=Minor)
    sent_at: datetime | None = moment_field(default=None)
    expires_at: datetime | None = moment_field(default=None)
    closed_at: datetime | None = moment_field(default=None)
    closed_by: str | None = None
    quote_id: UUID | None = None


class PriceNote(PartRow, table=True):
    """What creditor and agency asked and answered about a request."""

    __tablename__ = "price_note"
    __table_args__ = (
        within_creditor("request_id", "price_request"),
        Index("ix_price_note_request", "creditor_id", "request_id"),
        CheckConstraint("side IN ('creditor', 'agency')", name="side"),
    )

    request_id: UUID
    side: str
    words: str
    at: datetime = moment_field()
    by: str


class OfferPhase(PartRow, table=True):
    """A phase of an accepted offer that began for a claim: from then on its share counts for what comes in,
    and its amount is due."""

    __tablename__ = "offer_phase"
    __table_args__ = (
        ForeignKeyConstraint(
            ["creditor_id", "quote_id", "claim_id"],
            ["quote_line.creditor_id", "quote_line.quote_id", "quote_line.claim_id"],
        ),
        UniqueConstraint("creditor_id", "quote_id", "claim_id", "phase"),
    )

    quote_id: UUID
    claim_id: UUID
    phase: str
    success_bps: int
    flat_minor: int = Field(sa_type=Minor)
    currency: str = Field(max_length=3)
    started_at: datetime = moment_field()
    started_by: str


class BookedHours(PartRow, table=True):
    """Work on a claim whose offer is by the hour; `net_minor` is what it costs before VAT."""

    __tablename__ = "booked_hours"
    __table_args__ = (
        ForeignKeyConstraint(
            ["creditor_id", "quote_id", "claim_id"],
            ["quote_line.creditor_id", "quote_line.quote_id", "quote_line.claim_id"],
        ),
        Index("ix_booked_hours_claim", "creditor_id", "claim_id"),
        UniqueConstraint("creditor_id", "sent_key"),
        CheckConstraint("minutes > 0 AND net_minor >= 0", name="amounts"),
    )

    quote_id: UUID
    claim_id: UUID
    phase: str
    minutes: int
    net_minor: int = Field(sa_type=Minor)
    currency: str = Field(max_length=3)
    worked_on: date
    description: str
    sent_key: UUID
    booked_at: datetime = moment_field()
    booked_by: str
    taken_back_at: datetime | None = moment_field(default=None)
    taken_back_by: str | None = None
