"""Tables of what the agency shows about itself. Global: inspection_export, inspection_export_claim."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from agency.kernel.columns import CreditorRow, choice, json_field, moment_field, within_creditor
from agency.kernel.ids import new_id
from agency.rules.kept_records import Authority, RecordKind


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
