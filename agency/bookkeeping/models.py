"""Tables of the connections with bookkeeping."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from agency.kernel.columns import CreditorRow, Minor, choice, json_field, moment_field, within_creditor


class ConnectionState(StrEnum):
    """Where a connection stands."""

    CONSENT = "consent"  # somebody is on the vendor's page, or came back with nothing
    CONNECTED = "connected"
    BROKEN = "broken"  # the vendor lets us in no more
    ENDED = "ended"


class BookkeepingConnection(CreditorRow, table=True):
    """A creditor's bookkeeping at one vendor, and what the creditor wants of it.

    `state_sha256` is what the vendor must bring back, once, into the session that asked; `administrations`
    are those to choose from. With `rule_on`, what is `rule_days` overdue is handed over by itself, for a
    price that waits for acceptance.
    """

    __tablename__ = "bookkeeping_connection"
    __table_args__ = (
        Index(
            "uq_bookkeeping_connection_vendor",
            "creditor_id",
            "vendor",
            unique=True,
            postgresql_where="state IN ('connected', 'broken')",
        ),
    )

    vendor: str
    state: ConnectionState = Field(default=ConnectionState.CONSENT, sa_type=choice(ConnectionState, "state"))
    administration: str = ""
    administration_name: str = ""
    administrations: list[Any] = json_field(default_factory=list)
    state_sha256: str = ""
    session_sha256: str = ""
    consent_until: datetime | None = moment_field(default=None)
    overdue_days: int = 14
    rule_on: bool = False
    rule_days: int = 45
    rule_minor: int = Field(default=5_000, sa_type=Minor)
    rule_confirmed_at: datetime | None = moment_field(default=None)
    rule_confirmed_by: str | None = None
    customers_since: datetime | None = moment_field(default=None)
    fetched_at: datetime | None = moment_field(default=None)
    busy_until: datetime | None = moment_field(default=None)  # the vendor wants to be left alone so long
    started_at: datetime = moment_field()
    started_by: str
    connected_at: datetime | None = moment_field(default=None)
    ended_at: datetime | None = moment_field(default=None)
    ended_by: str | None = None


class BookkeepingTokens(SQLModel, table=True):
    """What opens a bookkeeping, sealed; gone with its connection."""

    __tablename__ = "bookkeeping_tokens"
    __table_args__ = (within_creditor("connection_id", "bookkeeping_connection"),)

    creditor_id: UUID = Field(primary_key=True)
    connection_id: UUID = Field(primary_key=True)
    sealed: bytes = Field(sa_type=LargeBinary)
    access_until: datetime | None = moment_field(default=None)
    kept_at: datetime = moment_field()


class FetchState(StrEnum):
    """Where a fetch stands."""

    RUNNING = "running"
    WAITING = "waiting"  # the vendor asked for patience, or is silent
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class FetchProblem(StrEnum):
    """Why a fetch waits or failed."""

    NONE = ""
    LIMIT = "limit"
    SILENT = "silent"
    REVOKED = "revoked"
    REFUSED = "refused"


class BookkeepingFetch(CreditorRow, table=True):
    """One pass over everything that is open; `cursor` is where it goes on."""

    __tablename__ = "bookkeeping_fetch"
    __table_args__ = (
        within_creditor("connection_id", "bookkeeping_connection"),
        Index(
            "uq_bookkeeping_fetch_open",
            "creditor_id",
            "connection_id",
            unique=True,
            postgresql_where="state IN ('running', 'waiting')",
        ),
        Index("ix_bookkeeping_fetch_newest", "creditor_id", "connection_id", "started_at"),
        Index("ix_bookkeeping_fetch_waiting", "wait_until", postgresql_where="state = 'waiting'"),
    )

    connection_id: UUID
    state: FetchState = Field(default=FetchState.RUNNING, sa_type=choice(FetchState, "state"))
    cursor: str = ""
    pages: int = 0
    items: int = 0
    expected: int = 0
    percent: int = 0
    failures: int = 0
    problem: FetchProblem = Field(default=FetchProblem.NONE, sa_type=choice(FetchProblem, "problem"))
    wait_until: datetime | None = moment_field(default=None)
    started_at: datetime = moment_field()
    started_by: str
    ended_at: datetime | None = moment_field(default=None)


class BookedCustomer(CreditorRow, table=True):
    """A customer as the books know it."""

    __tablename__ = "booked_customer"
    __table_args__ = (
        within_creditor("connection_id", "bookkeeping_connection"),
        UniqueConstraint("creditor_id", "connection_id", "ref"),
    )

    connection_id: UUID
    ref: str
    number: str = ""
    name: str
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""
    email: str = ""
    phone: str = ""
    vat_number: str = ""
    registration_number: str = ""


class DocumentState(StrEnum):
    """What became of the document of an invoice that was handed over."""

    NONE = "none"
    WANTED = "wanted"
    KEPT = "kept"
    MISSING = "missing"
    REFUSED = "refused"


class BookedInvoice(CreditorRow, table=True):
    """An invoice, or money in the customer's favour (negative), as the books said when they were last read
    whole.

    `pass_lines` holds the open amount of each of its lines while a fetch runs (`pass_id`), and counts only
    when that has ended. `told_minor` is down to which open amount the creditor was asked about money that it
    received.
    """

    __tablename__ = "booked_invoice"
    __table_args__ = (
        within_creditor("connection_id", "bookkeeping_connection"),
        within_creditor("placement_id", "placement"),
        within_creditor("claim_id", "claim"),
        UniqueConstraint("creditor_id", "connection_id", "ref"),
        Index("ix_booked_invoice_number", "creditor_id", "number"),
        Index(
            "ix_booked_invoice_due",
            "creditor_id",
            "connection_id",
            "due_on",
            "id",
            postgresql_where="open_minor <> 0 AND claim_id IS NULL",
        ),
        Index(
            "ix_booked_invoice_claim",
            "creditor_id",
            "connection_id",
            postgresql_where="claim_id IS NOT NULL",
        ),
    )

    connection_id: UUID
    ref: str
    number: str
    customer_ref: str
    customer_name: str
    issued_on: date | None = None
    due_on: date
    currency: str = Field(max_length=3)
    open_minor: int = Field(sa_type=Minor)
    total_minor: int | None = Field(default=None, sa_type=Minor)
    credited_minor: int | None = Field(default=None, sa_type=Minor)
    credits: str = ""
    pass_id: UUID | None = None
    pass_lines: dict[str, Any] = json_field(default_factory=dict)
    placement_id: UUID | None = None
    claim_id: UUID | None = None
    told_minor: int | None = Field(default=None, sa_type=Minor)
    told_credited_minor: int | None = Field(default=None, sa_type=Minor)
    document: DocumentState = Field(default=DocumentState.NONE, sa_type=choice(DocumentState, "document"))
    first_seen_at: datetime = moment_field()


class HandoverState(StrEnum):
    """Where a chosen set of invoices stands."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class BookkeepingHandover(CreditorRow, table=True):
    """Invoices that were chosen together; a large set is handed over by a job."""

    __tablename__ = "bookkeeping_handover"
    __table_args__ = (
        within_creditor("connection_id", "bookkeeping_connection"),
        within_creditor("placement_id", "placement"),
    )

    connection_id: UUID
    by_rule: bool = False
    invoice_ids: list[Any] = json_field(default_factory=list)
    state: HandoverState = Field(default=HandoverState.WAITING, sa_type=choice(HandoverState, "state"))
    placement_id: UUID | None = None
    asked_at: datetime = moment_field()
    asked_by: str


class FallKind(StrEnum):
    """What the books show of an amount that is open no more."""

    PAYMENT = "payment"
    CREDIT = "credit"
    UNKNOWN = "unknown"


class FallState(StrEnum):
    """What became of the question."""

    OPEN = "open"
    REPORTED = "reported"  # paid to the creditor: told as every other direct payment
    CREDITED = "credited"
    NOTHING = "nothing"  # a correction of the books, or our own payout
    OURS = "ours"  # told apart by our reference, and never asked


class BookedFall(CreditorRow, table=True):
    """Part of an invoice in collection that is open no more in the creditor's books: asked, never booked.

    `collected_minor` is what the agency itself had received for the claim by then: it may be our own payout.
    """

    __tablename__ = "booked_fall"
    __table_args__ = (
        within_creditor("invoice_id", "booked_invoice"),
        within_creditor("claim_id", "claim"),
        Index(
            "uq_booked_fall_payment",
            "creditor_id",
            "invoice_id",
            "payment_ref",
            unique=True,
            postgresql_where="payment_ref <> ''",
        ),
        Index("ix_booked_fall_open", "creditor_id", "seen_at", postgresql_where="state = 'open'"),
    )

    invoice_id: UUID
    claim_id: UUID
    kind: FallKind = Field(sa_type=choice(FallKind, "kind"))
    minor: int = Field(sa_type=Minor)
    currency: str = Field(max_length=3)
    paid_on: date | None = None
    payment_ref: str = ""
    description: str = ""
    collected_minor: int = Field(default=0, sa_type=Minor)
    state: FallState = Field(default=FallState.OPEN, sa_type=choice(FallState, "state"))
    seen_at: datetime = moment_field()
    answered_at: datetime | None = moment_field(default=None)
    answered_by: str | None = None
    report_id: UUID | None = None
