"""Tables of the claims."""

from datetime import date, datetime
from enum import StrEnum
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
from agency.rules.authority import Act
from agency.rules.facts import Channel, ClaimType, InterestKind, Law, Phase
from agency.rules.interest_stops import StopGround


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
    claim_type: ClaimType = Field(
        default=ClaimType.sale,
        sa_type=choice(ClaimType, "claim_type"),
        sa_column_kwargs={"server_default": "sale"},
    )
    currency: str = Field(max_length=3)
    principal_minor: int = Field(sa_type=Minor)
    disputed_minor: int = Field(default=0, sa_type=Minor)
    due_on: date  # of the oldest invoice; interest per invoice runs from the day after its own
    state: ClaimState = Field(default=ClaimState.NEW, sa_type=choice(ClaimState, "state"))
    phase: Phase = Field(default=Phase.reminder, sa_type=choice(Phase, "phase"))
    costs_from: date | None = None  # first day on which the law allows the costs of the notice
    costs_minor: int = Field(default=0, sa_type=Minor)  # the exact amount that the notice announced
    costs_vat_minor: int = Field(default=0, sa_type=Minor)
    costs_over_minor: int | None = Field(
        default=None, sa_type=Minor
    )  # the principal they were announced over
    costs_left_out_minor: int = Field(default=0, sa_type=Minor)  # what was contested then, and not counted
    description: str = ""
    contract_on: date | None = None  # the day on which the contract was made, where the creditor told it
    closed_at: datetime | None = moment_field(default=None)
    close_code: str | None = None
    erased_at: datetime | None = moment_field(default=None)  # what was personal in it is gone since


class Invoice(PartRow, Timestamped, table=True):
    """One invoice (positive) or credit note (negative amount) of a claim."""

    __tablename__ = "invoice"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        UniqueConstraint("creditor_id", "number"),
        Index("ix_invoice_claim", "creditor_id", "claim_id"),
        Index("ix_invoice_number", "number"),
        CheckConstraint("disputed_minor >= 0", name="disputed"),
    )

    claim_id: UUID
    number: str
    kind: str = "invoice"
    issued_on: date
    due_on: date
    currency: str = Field(max_length=3)
    total_minor: int = Field(sa_type=Minor)
    open_minor: int = Field(sa_type=Minor)
    disputed_minor: int = Field(default=0, sa_type=Minor)  # the part of it that is contested
    description: str = ""


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


class EarlierKind(StrEnum):
    """What a creditor did itself before it handed a claim over."""

    REMINDER = "reminder"
    NOTICE = "notice"  # a formal notice; to a Dutch consumer the fourteen-day letter
    CALL = "call"


class EarlierStep(CreditorRow, Timestamped, table=True):
    """A reminder or notice that the creditor sent itself; `facts` are what a notice says of term and costs.

    `faults` are what the law finds wrong with a notice, by name; a notice without faults is the claim's own.
    """

    __tablename__ = "earlier_step"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        UniqueConstraint("creditor_id", "claim_id", "kind", "sent_on"),
    )

    claim_id: UUID
    kind: EarlierKind = Field(sa_type=choice(EarlierKind, "kind"))
    channel: Channel = Field(sa_type=choice(Channel, "channel"))
    sent_on: date
    document_id: UUID | None = None
    facts: dict[str, Any] = json_field(default_factory=dict)
    faults: list[Any] = json_field(default_factory=list)
    by: str


class InsuranceCover(CreditorRow, Timestamped, table=True):
    """A credit insurance that covers a part of a claim, in basis points of it.

    `indemnity_bps` is the part of the collection fee that the policy pays back; `notify_by` is the last day
    on which the insurer must have been told.
    """

    __tablename__ = "insurance_cover"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        UniqueConstraint("creditor_id", "claim_id"),
        Index("ix_insurance_cover_due", "creditor_id", "notify_by", postgresql_where="notified_on IS NULL"),
        CheckConstraint("covered_bps BETWEEN 1 AND 10000", name="covered"),
        CheckConstraint("indemnity_bps BETWEEN 0 AND 10000", name="indemnity"),
    )

    claim_id: UUID
    insurer: str
    policy_number: str
    covered_bps: int
    indemnity_bps: int = 0
    notify_by: date | None = None
    notified_on: date | None = None
    by: str


class InterestStop(CreditorRow, table=True):
    """Days on which no interest runs over a claim; a row whose last day is before its first stops none."""

    __tablename__ = "interest_stop"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        Index("ix_interest_stop_claim", "creditor_id", "claim_id"),
        # One ground runs once at a time.
        Index(
            "uq_interest_stop_running",
            "creditor_id",
            "claim_id",
            "ground",
            unique=True,
            postgresql_where="last_day IS NULL",
        ),
    )

    claim_id: UUID
    ground: StopGround = Field(sa_type=choice(StopGround, "ground"))
    first_day: date
    last_day: date | None = None
    by: str


class RequestState(StrEnum):
    """What became of a request to give up a part of a claim."""

    WAITING = "waiting"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class WaiverRequest(CreditorRow, table=True):
    """Parts of a claim that somebody wants to give up and a person of more authority decides on."""

    __tablename__ = "waiver_request"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        Index("ix_waiver_request_claim", "creditor_id", "claim_id"),
        Index(
            "uq_waiver_request_waiting",
            "creditor_id",
            "claim_id",
            unique=True,
            postgresql_where="state = 'waiting'",
        ),
        Index("ix_waiver_request_state", "state", "asked_at"),
        CheckConstraint(
            "least(principal_minor, interest_minor, costs_minor) >= 0"
            " AND principal_minor + interest_minor + costs_minor > 0",
            name="amounts",
        ),
        CheckConstraint("state <> 'granted' OR decided_by <> asked_by", name="second_person"),
    )

    claim_id: UUID
    act: Act = Field(sa_type=choice(Act, "act"))
    principal_minor: int = Field(sa_type=Minor)
    interest_minor: int = Field(sa_type=Minor)
    costs_minor: int = Field(sa_type=Minor)
    currency: str = Field(max_length=3)
    why: str
    state: RequestState = Field(default=RequestState.WAITING, sa_type=choice(RequestState, "state"))
    asked_at: datetime = moment_field()
    asked_by: str
    decided_at: datetime | None = moment_field(default=None)
    decided_by: str | None = None
    decision: str = ""
    transaction_id: UUID | None = None
