"""Tables of the banking. Global (the trust account is the agency's): all but the decisions about payers."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Date, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from agency.kernel.columns import CreditorRow, Minor, choice, json_field, moment_field, within_creditor
from agency.kernel.ids import new_id


class LineState(StrEnum):
    """What became of a bank line; every line starts in suspense."""

    SUSPENSE = "suspense"
    MATCHED = "matched"
    PSP_SETTLEMENT = "psp_settlement"
    PAYOUT = "payout"
    RETURNED = "returned"
    SPLIT = "split"  # a collective entry that its details stand for
    REFUND = "refund"  # money that left for a debtor or sender
    SENT_BACK = "sent_back"  # came in, nobody's, and went back to its sender
    OWN = "own"  # the agency's: the bank's charges and interest, and what the agency paid in


class BankStatement(SQLModel, table=True):
    """One statement of one account."""

    __tablename__ = "bank_statement"
    __table_args__ = (
        UniqueConstraint("iban", "statement_id"),
        Index("ix_bank_statement_file", "file_sha256"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    iban: str
    statement_id: str  # the reader's key: equal for one period and its balances, however it is named
    name: str = ""  # the bank's own id of the message
    format: str = ""  # such as "camt.053.001.08", "MT940" or "CSV ING"
    currency: str = Field(max_length=3)
    opening_minor: int | None = Field(default=None, sa_type=Minor)
    closing_minor: int | None = Field(default=None, sa_type=Minor)
    opens_on: date | None = None
    closes_on: date | None = None
    lines: int
    file_sha256: str
    warnings: list[Any] = json_field(default_factory=list)
    imported_at: datetime = moment_field()
    imported_by: str


class BankLine(SQLModel, table=True):
    """One movement on the trust account, once per account and line key however often it is delivered."""

    __tablename__ = "bank_line"
    __table_args__ = (
        UniqueConstraint("iban", "line_key"),
        Index("ix_bank_line_suspense", "booked_on", postgresql_where="state = 'suspense'"),
        Index("ix_bank_line_day", "iban", "booked_on"),
        Index("ix_bank_line_unseen", "id", postgresql_where="state = 'suspense' AND match_trace = '[]'"),
        Index("ix_bank_line_part_of", "part_of", postgresql_where="part_of IS NOT NULL"),
        Index("ix_bank_line_payer", "counterparty_iban", postgresql_where="state = 'matched'"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    statement_id: UUID = Field(foreign_key="bank_statement.id", index=True)
    iban: str
    line_key: str
    booked_on: date
    value_on: date
    amount_minor: int = Field(sa_type=Minor)
    currency: str = Field(max_length=3)
    counterparty: str = ""
    counterparty_iban: str = ""
    text: str = ""
    structured_reference: str = ""
    end_to_end: str = ""
    bank_ref: str = ""
    state: LineState = Field(default=LineState.SUSPENSE, sa_type=choice(LineState, "state"))
    entry_key: str = ""  # names the collective entry that the line is a detail of
    part_of: UUID | None = Field(default=None, foreign_key="bank_line.id")  # the entry booked whole before
    reversal: bool = False
    return_reason: str = ""  # ISO code of a returned payment, such as "MD06"
    creditor_id: UUID | None = Field(default=None, foreign_key="creditor.id")
    claim_id: UUID | None = None
    match_trace: list[Any] = json_field(default_factory=list)
    bookings: int = 0  # how often it was settled on a claim; one that was undone keeps its number
    settled_at: datetime | None = moment_field(default=None)
    settled_by: str | None = None


class BankNotice(SQLModel, table=True):
    """An intraday report or a notification: what the bank announced or explained; it books nothing."""

    __tablename__ = "bank_notice"
    __table_args__ = (UniqueConstraint("iban", "notice_key"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    iban: str
    notice_key: str
    kind: str
    format: str
    name: str
    currency: str = Field(max_length=3)
    net_minor: int = Field(sa_type=Minor)
    days: list[date] = Field(sa_type=ARRAY(Date))
    lines: list[Any] = json_field()
    file_sha256: str
    imported_at: datetime = moment_field()
    imported_by: str


class SettlementPart(SQLModel, table=True):
    """One payment, refund or chargeback of a lump that the payment provider paid out, or its costs, as the
    provider reported it when the lump was booked. Together they are the line's amount.

    `creditor_id` is whose the payment is; the agency itself bears the costs.
    """

    __tablename__ = "settlement_part"
    __table_args__ = (
        CheckConstraint("kind IN ('payment', 'refund', 'chargeback', 'costs')", name="kind"),
        CheckConstraint("(kind = 'costs') = (provider_ref = '')", name="ref"),
        Index("ix_settlement_part_line", "line_id", "position"),
    )

    creditor_id: UUID = Field(primary_key=True, foreign_key="creditor.id")
    line_id: UUID = Field(primary_key=True, foreign_key="bank_line.id")
    position: int = Field(primary_key=True)
    kind: str
    provider_ref: str = ""
    amount_minor: int = Field(sa_type=Minor)
    currency: str = Field(max_length=3)


class SuspenseCase(SQLModel, table=True):
    """Who looks after a line in suspense and until when; parked by two people when nobody can tell whose
    it is, so that it no longer holds up everybody else's payouts. `own_kind` says what of the agency's own
    somebody takes it for, or two agreed that it is."""

    __tablename__ = "suspense_case"
    __table_args__ = (
        CheckConstraint("parked_by IS NULL OR parked_by <> park_asked_by", name="second_person"),
        CheckConstraint("(parked_at IS NULL) = (parked_by IS NULL)", name="parked"),
        CheckConstraint("parked_by IS NULL OR park_asked_by IS NOT NULL", name="asked"),
        CheckConstraint("own_agreed_by IS NULL OR own_agreed_by <> own_asked_by", name="own_second_person"),
        Index("ix_suspense_case_parked", "parked_at", postgresql_where="parked_at IS NOT NULL"),
    )

    line_id: UUID = Field(primary_key=True, foreign_key="bank_line.id")
    owner_id: UUID | None = Field(default=None, foreign_key="user_account.id")
    due_on: date | None = None
    park_reason: str = ""
    park_asked_at: datetime | None = moment_field(default=None)
    park_asked_by: str | None = None
    parked_at: datetime | None = moment_field(default=None)
    parked_by: str | None = None
    own_kind: str | None = None
    own_asked_at: datetime | None = moment_field(default=None)
    own_asked_by: str | None = None
    own_agreed_by: str | None = None


class SuspenseNote(SQLModel, table=True):
    """What somebody found out about a line in suspense."""

    __tablename__ = "suspense_note"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    line_id: UUID = Field(foreign_key="bank_line.id", index=True)
    at: datetime = moment_field()
    by: str
    text: str


class Verdict(StrEnum):
    """What a person said of a payer and a debtor."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"


class PayerDecision(CreditorRow, table=True):
    """A person's decision that a line is, or is not, for a debtor; taken back it stays and counts no more.

    `payer_key` is the key of the payer's name; it counts where the bank gave no account.
    """

    __tablename__ = "payer_decision"
    __table_args__ = (
        within_creditor("debtor_id", "debtor"),
        CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="undone"),
        Index("ix_payer_decision_line", "line_id"),
        Index("ix_payer_decision_iban", "iban", postgresql_where="undone_at IS NULL"),
        Index("ix_payer_decision_payer", "payer_key", postgresql_where="undone_at IS NULL AND iban = ''"),
    )

    line_id: UUID = Field(foreign_key="bank_line.id")
    debtor_id: UUID
    verdict: Verdict = Field(sa_type=choice(Verdict, "verdict"))
    iban: str = ""
    payer_key: str = ""
    at: datetime = moment_field()
    by: str
    undone_at: datetime | None = moment_field(default=None)
    undone_by: str | None = None


class ProofRun(SQLModel, table=True):
    """A stored proof that bank = ledger = liabilities: each check with its two figures.

    `seen` is how far the books went, which the next proof must find: the database's snapshot, how many
    transactions it held, and the last link of each audit chain. While a check is red that only an earlier
    proof can tell, that stays what the earlier one saw, and `present` is what this one saw. `aside_id` is
    what two people set aside last before that.
    """

    __tablename__ = "proof_run"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    at: datetime = moment_field()
    on: date
    green: bool
    checks: list[Any] = json_field()
    seen: dict[str, Any] = json_field(default_factory=dict)
    present: dict[str, Any] = json_field(default_factory=dict)
    aside_id: UUID | None = None


class AsideState(StrEnum):
    """What became of a proposal to set aside what only an earlier proof can tell."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class ProofAside(SQLModel, table=True):
    """What only an earlier proof could tell, set aside by two people: which checks, with both figures as they
    stood in the proof that was looked at, and why. What was decided never changes (the database refuses)."""

    __tablename__ = "proof_aside"
    __table_args__ = (
        CheckConstraint("decided_by <> asked_by OR state <> 'accepted'", name="second_person"),
        CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="decided_by"),
        Index("uq_proof_aside_waiting", "state", unique=True, postgresql_where="state = 'waiting'"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    run_id: UUID = Field(foreign_key="proof_run.id", index=True)
    checks: list[Any] = json_field()
    reason: str
    asked_at: datetime = moment_field()
    asked_by: str
    state: AsideState = Field(default=AsideState.WAITING, sa_type=choice(AsideState, "state"))
    decided_at: datetime | None = moment_field(default=None)
    decided_by: str | None = None
    refusal: str = ""
