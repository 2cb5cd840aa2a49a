"""Tables of the intake."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from agency.intake.checks.finding import Severity
from agency.kernel.columns import CreditorRow, choice, json_field, moment_field, within_creditor


class PlacementState(StrEnum):
    """Where a batch stands."""

    RECEIVED = "received"
    MAPPING = "mapping"  # waits for the creditor to say what the columns mean
    READING = "reading"
    READ = "read"
    QUOTED = "quoted"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class ColumnMapping(CreditorRow, table=True):
    """How a creditor's columns are read: {our field: their header}, decimal sign, date order.

    `defaults` holds country, currency and kind of debtor for files without those columns, the sheet of a
    workbook that was chosen, and whether rows of one invoice are added up; `one_claim_per` says
    whether every invoice becomes a claim or all invoices of a debtor become one. `headers` are all
    columns of the file it was made for. `parts` say the same of each
    kind of sheet where those of a workbook have different columns. A retired one reads no further files.
    """

    __tablename__ = "column_mapping"
    __table_args__ = (UniqueConstraint("creditor_id", "name", "version"),)

    name: str
    version: int
    columns: dict[str, Any] = json_field()
    decimal_sign: str = ","
    date_order: str = "day"
    defaults: dict[str, Any] = json_field(default_factory=dict)
    one_claim_per: str = "invoice"
    headers: list[str] = json_field(default_factory=list)
    parts: list[Any] = json_field(default_factory=list)
    created_at: datetime = moment_field()
    retired_at: datetime | None = moment_field(default=None)


class DroppedState(StrEnum):
    """What a dropped file has become."""

    WAITING = "waiting"  # stored; read when its kind has its turn
    READING = "reading"
    CLAIM = "claim"
    DOCUMENT = "document"
    QUESTION = "question"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class Drop(CreditorRow, table=True):
    """Files that were dropped together; what of them is a claim is one placement with one price."""

    __tablename__ = "intake_drop"

    started_at: datetime = moment_field()
    started_by: str
    closed_at: datetime | None = moment_field(default=None)


class DroppedFile(CreditorRow, table=True):
    """One file of a drop, or one file of an archive in it (`within` is the archive's name).

    `key` tells files of a drop apart: the browser's for one that was uploaded, so that sending it again
    changes nothing. `facts` holds what was understood of it, `question` or a refusal what is left to say.
    """

    __tablename__ = "dropped_file"
    __table_args__ = (
        UniqueConstraint("creditor_id", "drop_id", "key"),
        within_creditor("drop_id", "intake_drop"),
        within_creditor("placement_id", "placement"),
        within_creditor("claim_id", "claim"),
    )

    drop_id: UUID
    key: str
    name: str
    within: str = ""
    size: int
    sha256: str
    kind: str
    state: DroppedState = Field(default=DroppedState.WAITING, sa_type=choice(DroppedState, "state"))
    placement_id: UUID | None = None
    claim_id: UUID | None = None
    facts: dict[str, Any] = json_field(default_factory=dict)
    question: str = ""
    received_at: datetime = moment_field()


class Placement(CreditorRow, table=True):
    """A batch handed over: one file (unique by its content) or one form.

    rows = created + updated + merged + rejected; `unchanged` says how many of the merged rows stood
    in the books already, exactly so.
    """

    __tablename__ = "placement"
    __table_args__ = (
        UniqueConstraint("creditor_id", "sha256"),
        Index("ix_placement_received", "creditor_id", "received_at"),
    )

    name: str
    sha256: str
    media_type: str
    source: str
    mapping_id: UUID | None = None
    state: PlacementState = Field(default=PlacementState.RECEIVED, sa_type=choice(PlacementState, "state"))
    rows: int = 0
    created: int = 0
    updated: int = 0
    merged: int = 0
    rejected: int = 0
    unchanged: int = 0
    progress_percent: int = 0
    read_rows: int = 0  # so far, while it is read in parts
    reading_since: datetime | None = moment_field(default=None)
    refusal: str | None = None
    sheets: list[str] = json_field(default_factory=list)  # of a workbook of which several were read, in order
    received_at: datetime = moment_field()
    received_by: str


class PlacementRow(SQLModel, table=True):
    """One row of a batch and the claim it became, created or added to."""

    __tablename__ = "placement_row"
    __table_args__ = (within_creditor("placement_id", "placement"), within_creditor("claim_id", "claim"))

    creditor_id: UUID = Field(primary_key=True)
    placement_id: UUID = Field(primary_key=True)
    row: int = Field(primary_key=True)
    outcome: str
    claim_id: UUID | None = None


class PlacementReject(SQLModel, table=True):
    """One reason why a row was not taken: the field as the creditor calls it, what stood there, why."""

    __tablename__ = "placement_reject"
    __table_args__ = (within_creditor("placement_id", "placement"),)

    creditor_id: UUID = Field(primary_key=True)
    placement_id: UUID = Field(primary_key=True)
    row: int = Field(primary_key=True)
    field: str = Field(primary_key=True)
    reason: str
    value: str = ""


class PlacementFinding(SQLModel, table=True):
    """What a check noticed about a row that was taken: a warning, or a question to its creditor."""

    __tablename__ = "placement_finding"
    __table_args__ = (within_creditor("placement_id", "placement"),)

    creditor_id: UUID = Field(primary_key=True)
    placement_id: UUID = Field(primary_key=True)
    row: int = Field(primary_key=True)
    field: str = Field(primary_key=True)
    reason: str = Field(primary_key=True)
    severity: Severity = Field(sa_type=choice(Severity, "severity"))
    value: str = ""
    source: str = ""


class DuplicateState(StrEnum):
    """What a person said of two claims that look alike."""

    OPEN = "open"
    SAME = "same"
    TWO = "two"


class LikelyDuplicate(CreditorRow, table=True):
    """Two claims of one creditor that look like one debt; asked once, the answer is kept."""

    __tablename__ = "likely_duplicate"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        within_creditor("other_claim_id", "claim"),
        UniqueConstraint("creditor_id", "claim_id", "other_claim_id"),
        Index("ix_likely_duplicate_open", "creditor_id", "found_at", postgresql_where="state = 'open'"),
        Index("ix_likely_duplicate_other", "creditor_id", "other_claim_id"),
    )

    claim_id: UUID
    other_claim_id: UUID
    name_percent: int
    address_percent: int | None = None
    days_apart: int
    state: DuplicateState = Field(default=DuplicateState.OPEN, sa_type=choice(DuplicateState, "state"))
    found_at: datetime = moment_field()
    decided_at: datetime | None = moment_field(default=None)
    decided_by: str | None = None


class StagedChunk(SQLModel, table=True):
    """Some thousand checked rows of a large file, waiting until all of it is checked.

    `checked`, `rejects` and `findings` are CSV as COPY reads it. Nobody sees them but the import, which opens
    all claims at once; a reading that was killed goes on behind the last chunk that stands here.
    """

    __tablename__ = "staged_chunk"
    __table_args__ = (within_creditor("placement_id", "placement"),)

    creditor_id: UUID = Field(primary_key=True)
    placement_id: UUID = Field(primary_key=True)
    last_row: int = Field(primary_key=True)
    rows: int
    read_as: str  # columns and mapping; chunks that were read in another way are thrown away
    checked: bytes = Field(sa_type=LargeBinary)
    rejects: bytes = Field(sa_type=LargeBinary)
    findings: bytes = Field(sa_type=LargeBinary)
