"""Tables of the remittance. Global: remittance_file (one payout file covers many creditors) and
invoice_series (the agency numbers its invoices over all creditors)."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from agency.kernel.columns import CreditorRow, Minor, choice, json_field, moment_field, within_creditor
from agency.kernel.ids import HOUSE, new_id
from agency.rules.account_change import ChangeState


class RunState(StrEnum):
    """draft -> approved (by another person) -> exported -> paid (seen on the bank); sent back by the bank, it
    is put forward again as a draft."""

    DRAFT = "draft"
    APPROVED = "approved"
    EXPORTED = "exported"
    PAID = "paid"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class ReportState(StrEnum):
    """What became of a report of money that the creditor received itself."""

    REPORTED = "reported"
    BOOKED = "booked"
    REFUSED = "refused"
    TAKEN_BACK = "taken_back"


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
    """What one creditor gets for everything collected up to a cut-off.

    Of the fee with VAT `withheld_minor` is kept from the money; the rest is invoiced. `attempt` counts how
    often it was put forward; `payee_iban` is the account that the latest file pays to. A run of the house
    pays out the agency's own share and holds no fees.
    """

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
        CheckConstraint("state <> 'returned' OR returned_at IS NOT NULL", name="returned"),
        Index("ix_remittance_run_returned", "returned_at", postgresql_where="state = 'returned'"),
    )

    cutoff_on: date
    state: RunState = Field(default=RunState.DRAFT, sa_type=choice(RunState, "state"))
    mode: str
    collected_minor: int = Field(sa_type=Minor)
    fee_minor: int = Field(sa_type=Minor)
    vat_minor: int = Field(sa_type=Minor)
    withheld_minor: int = Field(sa_type=Minor)
    net_minor: int = Field(sa_type=Minor)
    currency: str = Field(max_length=3)
    drafted_at: datetime = moment_field()
    drafted_by: str
    approved_at: datetime | None = moment_field(default=None)
    approved_by: str | None = None
    file_id: UUID | None = Field(default=None, foreign_key="remittance_file.id")
    end_to_end: str | None = None
    paid_at: datetime | None = moment_field(default=None)
    attempt: int = 1
    payee_iban: str | None = None
    payee_name: str | None = None
    returned_why: str = ""
    # Since when a payout that came back waits, who of finance sees to it, and by when.
    returned_at: datetime | None = moment_field(default=None)
    owner_id: UUID | None = Field(default=None, foreign_key="user_account.id")
    due_on: date | None = None

    @property
    def is_own(self) -> bool:
        """Whether it goes to the agency itself."""
        return self.creditor_id == HOUSE


class SuccessFee(CreditorRow, table=True):
    """The fee on one payment, by its accepted quote line, or on a withdrawal or what an offer asks beside a
    share of the money (then there is no payment), or a credit check (then there is no claim either).

    A reversal is a row with negative amounts. `vat_percent` is exact text; `vat_category` is that of UNCL
    5305.
    """

    __tablename__ = "success_fee"
    __table_args__ = (
        within_creditor("payment_id", "payment"),
        within_creditor("claim_id", "claim"),
        Index("ix_success_fee_claim", "creditor_id", "claim_id"),
        within_creditor("run_id", "remittance_run"),
        # A fee points at the line that agreed to it.
        ForeignKeyConstraint(
            ["creditor_id", "quote_id", "claim_id"],
            ["quote_line.creditor_id", "quote_line.quote_id", "quote_line.claim_id"],
        ),
        within_creditor("invoice_id", "fee_invoice"),
        UniqueConstraint("creditor_id", "payment_id", "kind"),
        Index("ix_success_fee_run", "creditor_id", "run_id"),
        Index("ix_success_fee_invoice", "creditor_id", "invoice_id"),
        Index("ix_success_fee_waiting", "creditor_id", "earned_at", postgresql_where="run_id IS NULL"),
        # A claim is withdrawn once.
        Index(
            "uq_success_fee_withdrawal",
            "creditor_id",
            "claim_id",
            unique=True,
            postgresql_where="kind = 'withdrawal'",
        ),
        CheckConstraint(
            "(payment_id IS NULL) = (kind IN ('withdrawal', 'flat', 'hours', 'check'))", name="payment"
        ),
        CheckConstraint("(cause_id IS NOT NULL) = (kind IN ('flat', 'hours', 'check'))", name="cause"),
        CheckConstraint("(claim_id IS NULL) = (kind = 'check')", name="claim"),
        # What falls due by an offer, and a credit check, is charged once.
        Index(
            "uq_success_fee_cause",
            "creditor_id",
            "cause_id",
            unique=True,
            postgresql_where="cause_id IS NOT NULL",
        ),
    )

    payment_id: UUID | None = None
    claim_id: UUID | None = None
    kind: str = "fee"
    quote_id: UUID | None = None
    base_minor: int = Field(sa_type=Minor)
    fee_bps: int
    net_minor: int = Field(sa_type=Minor)
    vat_minor: int = Field(sa_type=Minor)
    currency: str = Field(max_length=3)
    earned_at: datetime = moment_field()
    run_id: UUID | None = None
    invoice_id: UUID | None = None
    vat_percent: str
    vat_category: str = Field(max_length=2)
    trace: list[Any] = json_field(default_factory=list)
    # The phase of an offer that began, the hours that were booked, or the credit check.
    cause_id: UUID | None = None


class InvoiceSeries(SQLModel, table=True):
    """The latest number of a series in a year; its row is the lock that keeps the numbers without gaps."""

    __tablename__ = "invoice_series"

    series: str = Field(primary_key=True)
    year: int = Field(primary_key=True)
    latest: int = 0


class FeeInvoice(CreditorRow, table=True):
    """A fee invoice or credit note as it was issued: positive amounts, the document as its bytes.

    `settled_minor` is what the payout settled: kept from it, or given back with it. `facts` are the parties
    as they stood that day.
    """

    __tablename__ = "fee_invoice"
    __table_args__ = (
        within_creditor("run_id", "remittance_run"),
        UniqueConstraint("creditor_id", "series", "year", "number"),
        UniqueConstraint("creditor_id", "run_id", "kind"),
        CheckConstraint("kind IN ('invoice', 'credit_note')", name="kind"),
        CheckConstraint("net_minor >= 0 AND vat_minor >= 0 AND number > 0", name="amounts"),
    )

    series: str
    year: int
    number: int
    kind: str
    run_id: UUID
    issued_on: date
    due_on: date
    net_minor: int = Field(sa_type=Minor)
    vat_minor: int = Field(sa_type=Minor)
    settled_minor: int = Field(sa_type=Minor)
    currency: str = Field(max_length=3)
    document: bytes = Field(sa_type=LargeBinary)
    sha256: str
    issued_at: datetime = moment_field()
    issued_by: str
    facts: dict[str, Any] = json_field()

    @property
    def full_number(self) -> str:
        """The number as it stands on the document."""
        return f"{self.series}{self.year}-{self.number:05d}"


class AccountChangeRow(CreditorRow, table=True):
    """A creditor's wish to be paid on another account: who asked, who approved, from when it counts."""

    __tablename__ = "creditor_account_change"
    __table_args__ = (
        Index(
            "uq_creditor_account_change_running",
            "creditor_id",
            unique=True,
            postgresql_where="state IN ('asked', 'confirmed', 'approved')",
        ),
        CheckConstraint("first_by IS NULL OR first_by <> asked_by", name="first_person"),
        CheckConstraint(
            "second_by IS NULL OR (second_by <> asked_by AND second_by <> first_by)", name="second_person"
        ),
        CheckConstraint(
            "state NOT IN ('approved', 'in_force')"
            " OR (first_by IS NOT NULL AND second_by IS NOT NULL AND pays_from IS NOT NULL)",
            name="approvals",
        ),
    )

    iban: str
    holder: str
    old_iban: str | None = None
    state: ChangeState = Field(default=ChangeState.ASKED, sa_type=choice(ChangeState, "state"))
    reason: str = ""
    asked_at: datetime = moment_field()
    asked_by: str
    first_by: str | None = None
    first_at: datetime | None = moment_field(default=None)
    second_by: str | None = None
    second_at: datetime | None = moment_field(default=None)
    pays_from: datetime | None = moment_field(default=None)
    ended_at: datetime | None = moment_field(default=None)
    ended_by: str | None = None
    ended_why: str = ""


class DirectPayment(CreditorRow, table=True):
    """Money that a creditor says it received itself: reported in the portal, booked by the agency.

    A line of a file that could not be read stands here too, refused with the field and the reason; `given` is
    what was written. `occurrence` tells two true payments of one day and amount apart.
    """

    __tablename__ = "direct_payment"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        Index("ix_direct_payment_claim", "creditor_id", "claim_id"),
        within_creditor("payment_id", "payment"),
        Index(
            "uq_direct_payment_fact",
            "creditor_id",
            "claim_id",
            "paid_on",
            "amount_minor",
            "occurrence",
            unique=True,
            postgresql_where="state IN ('reported', 'booked')",
        ),
        Index("ix_direct_payment_report", "creditor_id", "report_id"),
        Index("ix_direct_payment_waiting", "creditor_id", postgresql_where="state = 'reported'"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint(
            "state = 'refused'"
            " OR (claim_id IS NOT NULL AND paid_on IS NOT NULL AND amount_minor IS NOT NULL)",
            name="facts",
        ),
    )

    report_id: UUID
    row_number: int = 0
    claim_id: UUID | None = None
    amount_minor: int | None = Field(default=None, sa_type=Minor)
    currency: str = Field(max_length=3)
    paid_on: date | None = None
    occurrence: int = 1
    state: ReportState = Field(default=ReportState.REPORTED, sa_type=choice(ReportState, "state"))
    field: str = ""
    why: str = ""
    given: dict[str, Any] = json_field(default_factory=dict)
    file_name: str = ""
    reported_at: datetime = moment_field()
    reported_by: str
    payment_id: UUID | None = None
    take_back_asked_at: datetime | None = moment_field(default=None)
