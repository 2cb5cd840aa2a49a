"""Tables of the intake."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

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

    `defaults` holds country, currency and kind of debtor for files without those columns; `one_claim_per`
    says whether every invoice becomes a claim or all invoices of a debtor become one.
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
    created_at: datetime = moment_field()


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


class StagedChunk(SQLModel, table=True):
    """Some thousand checked rows of a large file, waiting until all of it is checked.

    `checked` and `rejects` are CSV as COPY reads it. Nobody sees them but the import, which opens all claims
    at once; a reading that was killed goes on behind the last chunk that stands here.
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
