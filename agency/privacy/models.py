"""Tables of what the agency shows about itself and of what it erases.

Global: inspection_export, inspection_export_claim, erasure_run, erasure_item.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from agency.kernel.columns import CreditorRow, PartRow, choice, json_field, moment_field, within_creditor
from agency.kernel.ids import new_id
from agency.rules.kept_records import Authority, RecordKind
from agency.rules.retention import Answer, Kind, RequestKind


class KeptRecord(CreditorRow, table=True):
    """One version of a training or an ethics meeting, as a row of the house; the newest of a series counts.

    `people` are ids of users, `others` names of people who do not sign in, one a line. A version that says
    `withdrawn` was written down by mistake. Versions are never changed and never deleted.
    """

    __tablename__ = "kept_record"
    __table_args__ = (
        UniqueConstraint("creditor_id", "series_id", "version"),
        ForeignKeyConstraint(["creditor_id", "sha256"], ["stored_file.creditor_id", "stored_file.sha256"]),
        CheckConstraint("version > 0 AND minutes_long BETWEEN 0 AND 100000", name="figures"),
    )

    series_id: UUID
    version: int = 1
    kind: RecordKind = Field(sa_type=choice(RecordKind, "kind"))
    held_on: date
    title: str
    minutes_long: int = 0
    people: list[Any] = json_field(default_factory=list)
    others: str = ""
    report: str = ""
    file_name: str = ""
    sha256: str | None = None
    withdrawn: bool = False
    why: str = ""
    at: datetime = moment_field()
    by: str


class ExportState(StrEnum):
    """waiting -> running -> ready -> erased; cancelled or failed from either of the first two."""

    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    ERASED = "erased"
    CANCELLED = "cancelled"
    FAILED = "failed"


class InspectionExport(SQLModel, table=True):
    """What an inspector asked to see, how far the export of it is, and until when it is kept.

    `as_of` is the one moment that stands in it. `creditors` are ids and `numbers` of claims; empty is all.
    `for_person`: it is a person's own copy (GDPR art. 15) and holds nothing of the house or of anybody else.
    """

    __tablename__ = "inspection_export"
    __table_args__ = (
        CheckConstraint("first_day <= last_day", name="period"),
        Index("ix_inspection_export_asked", "as_of", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    authority: Authority = Field(sa_type=choice(Authority, "authority"))
    language: str = Field(max_length=2)
    first_day: date
    last_day: date
    creditors: list[Any] = json_field(default_factory=list)
    numbers: list[Any] = json_field(default_factory=list)
    reason: str
    for_person: bool = False
    state: ExportState = Field(default=ExportState.WAITING, sa_type=choice(ExportState, "state"))
    claims: int = 0
    done: int = 0
    as_of: datetime = moment_field()
    asked_by: str
    ended_at: datetime | None = moment_field(default=None)
    expires_at: datetime | None = moment_field(default=None)
    size: int = Field(default=0, sa_type=BigInteger)
    sha256: str | None = None
    downloads: int = 0
    error: str = ""


class InspectionExportClaim(SQLModel, table=True):
    """A claim of an export in its place, and its folder while the whole is not put together yet.

    `sha256` is known before the folder is kept: whatever happens in between, what lies in the file store is
    named by a row and can be erased.
    """

    __tablename__ = "inspection_export_claim"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        UniqueConstraint("export_id", "creditor_id", "claim_id"),
    )

    export_id: UUID = Field(primary_key=True, foreign_key="inspection_export.id")
    place: int = Field(primary_key=True)
    creditor_id: UUID
    claim_id: UUID
    size: int = Field(default=0, sa_type=BigInteger)
    sha256: str | None = None
    done_at: datetime | None = moment_field(default=None)


class RunState(StrEnum):
    """proposed (by the night) -> asked (by one person) -> running (approved by another) -> done; refused,
    cancelled or overtaken by a newer proposal on the way."""

    PROPOSED = "proposed"
    ASKED = "asked"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    OVERTAKEN = "overtaken"


class ItemState(StrEnum):
    """What became of one thing that a run would erase."""

    PENDING = "pending"
    DONE = "done"
    SKIPPED = "skipped"  # something stood in the way when its turn came


class ErasureRun(SQLModel, table=True):
    """A list of what falls due on a day, who asked for and who approved erasing it, and the certificate.

    `certificate` says what was erased when, by which rule, in which numbers; `sha256` is that of its bytes.
    """

    __tablename__ = "erasure_run"
    __table_args__ = (
        CheckConstraint("approved_by IS NULL OR approved_by <> asked_by", name="second_person"),
        CheckConstraint("state NOT IN ('running', 'done') OR approved_by IS NOT NULL", name="approved"),
        # One list waits or runs at a time.
        Index(
            "uq_erasure_run_open",
            "one",
            unique=True,
            postgresql_where="state IN ('proposed', 'asked', 'running')",
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    one: int = 1
    as_of: date
    state: RunState = Field(default=RunState.PROPOSED, sa_type=choice(RunState, "state"))
    items: int = 0
    done: int = 0
    skipped: int = 0
    proposed_at: datetime = moment_field()
    proposed_by: str
    asked_at: datetime | None = moment_field(default=None)
    asked_by: str | None = None
    approved_at: datetime | None = moment_field(default=None)
    approved_by: str | None = None
    ended_at: datetime | None = moment_field(default=None)
    ended_by: str | None = None
    why: str = ""
    certificate: dict[str, Any] = json_field(default_factory=dict)
    sha256: str | None = None


class ErasureItem(SQLModel, table=True):
    """One thing of a run: a claim with what hangs on it, or a kind of data up to a day (`border`).

    `label` is a number of ours or a kind, never a name. `rows` counts per table what was changed.
    """

    __tablename__ = "erasure_item"
    __table_args__ = (Index("ix_erasure_item_claim", "creditor_id", "claim_id"),)

    run_id: UUID = Field(primary_key=True, foreign_key="erasure_run.id")
    place: int = Field(primary_key=True)
    kind: Kind = Field(sa_type=choice(Kind, "kind"))
    creditor_id: UUID | None = None
    claim_id: UUID | None = None
    debtor_id: UUID | None = None
    label: str
    border: date
    due_on: date
    state: ItemState = Field(default=ItemState.PENDING, sa_type=choice(ItemState, "state"))
    trace: list[Any] = json_field(default_factory=list)
    why: list[Any] = json_field(default_factory=list)
    rows: dict[str, Any] = json_field(default_factory=dict)
    files: int = 0
    done_at: datetime | None = moment_field(default=None)


class ErasedFile(SQLModel, table=True):
    """A file that a run erases: known by its hash before its bytes go, so that none is forgotten half-way."""

    __tablename__ = "erased_file"

    creditor_id: UUID = Field(primary_key=True, foreign_key="creditor.id")
    sha256: str = Field(primary_key=True)
    run_id: UUID = Field(foreign_key="erasure_run.id")
    place: int
    found_at: datetime = moment_field()
    erased_at: datetime | None = moment_field(default=None)
    kept_why: str = ""


class LegalHold(PartRow, table=True):
    """Why nothing of a claim, or of a person without one, is erased; two people lift it."""

    __tablename__ = "legal_hold"
    __table_args__ = (
        within_creditor("debtor_id", "debtor"),
        within_creditor("claim_id", "claim"),
        Index("ix_legal_hold_debtor", "creditor_id", "debtor_id"),
        CheckConstraint("lifted_by IS NULL OR lifted_by <> lift_asked_by", name="second_person"),
        CheckConstraint("lifted_by IS NULL OR lift_asked_by IS NOT NULL", name="asked"),
    )

    debtor_id: UUID
    claim_id: UUID | None = None
    ground: str
    until: date | None = None
    placed_at: datetime = moment_field()
    placed_by: str
    lift_asked_at: datetime | None = moment_field(default=None)
    lift_asked_by: str | None = None
    lift_why: str = ""
    lifted_at: datetime | None = moment_field(default=None)
    lifted_by: str | None = None


class PrivacyRequest(PartRow, table=True):
    """What a person asked of us under GDPR art. 15 or 17, until when he is answered, and what he was."""

    __tablename__ = "privacy_request"
    __table_args__ = (
        within_creditor("debtor_id", "debtor"),
        Index("ix_privacy_request_debtor", "creditor_id", "debtor_id"),
        CheckConstraint("(answered_at IS NULL) = (answer IS NULL)", name="answered"),
    )

    debtor_id: UUID
    kind: RequestKind = Field(sa_type=choice(RequestKind, "kind"))
    received_on: date
    answer_by: date
    extended: bool = False
    note: str = ""
    registered_at: datetime = moment_field()
    registered_by: str
    answer: Answer | None = Field(default=None, sa_type=choice(Answer, "answer"))
    trace: list[Any] = json_field(default_factory=list)
    answered_at: datetime | None = moment_field(default=None)
    answered_by: str | None = None
    export_id: UUID | None = Field(default=None, foreign_key="inspection_export.id")
