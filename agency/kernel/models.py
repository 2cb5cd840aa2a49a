"""Tables of the kernel: jobs going out, facts coming in, what happened, who did what."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, Interval, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from agency.kernel.columns import CreditorRow, json_field, moment_field, within_creditor
from agency.kernel.ids import new_id


class Clock(SQLModel, table=True):
    """One row: how far the product's clock runs ahead of the machine's (zero in production)."""

    __tablename__ = "clock"

    id: int = Field(default=1, primary_key=True)
    ahead: timedelta = Field(default=timedelta(0), sa_type=Interval)


class Outbox(SQLModel, table=True):
    """A job, written in the transaction of the fact it follows from. Times here are the machine's own."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("key"),
        Index(
            "ix_outbox_waiting",
            "available_at",
            postgresql_where="done_at IS NULL AND quarantined_at IS NULL",
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    actor: str
    queue: str = "default"
    args: dict[str, Any] = json_field()
    creditor_id: UUID | None = None
    key: str | None = None
    created_at: datetime = moment_field()
    available_at: datetime = moment_field()
    dispatched_at: datetime | None = moment_field(default=None)
    leased_until: datetime | None = moment_field(default=None)
    generation: int = 0
    attempts: int = 0
    done_at: datetime | None = moment_field(default=None)
    quarantined_at: datetime | None = moment_field(default=None)
    last_error: str | None = None


class Inbox(SQLModel, table=True):
    """A fact told from outside (a webhook), kept before anything is done with it."""

    __tablename__ = "inbox"
    __table_args__ = (UniqueConstraint("source", "external_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    source: str
    external_id: str
    body: dict[str, Any] = json_field()
    content_sha256: str
    received_at: datetime = moment_field()
    handled_at: datetime | None = moment_field(default=None)


class TimelineEvent(CreditorRow, table=True):
    """What happened, as the catalogue names it."""

    __tablename__ = "event"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        Index("ix_event_claim", "creditor_id", "claim_id", "position"),
        Index("ix_event_position", "creditor_id", "position"),
    )

    position: int | None = Field(
        default=None, sa_type=BigInteger, nullable=False, sa_column_args=[Identity(always=True)]
    )
    kind: str
    at: datetime = moment_field()
    by: str
    claim_id: UUID | None = None
    creditor_sees: bool
    facts: dict[str, Any] = json_field()


class AuditEntry(SQLModel, table=True):
    """One link of a creditor's hash-chained audit log; ids only, never names (erasure stays possible)."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_at", "at"),
        Index("ix_audit_entry_by", "by", "at"),
        Index("ix_audit_entry_subject", "subject", postgresql_ops={"subject": "text_pattern_ops"}),
    )

    creditor_id: UUID = Field(primary_key=True, foreign_key="creditor.id")
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    at: datetime = moment_field()
    by: str
    action: str
    subject: str
    facts: dict[str, Any] = json_field()
    previous: bytes = Field(sa_type=LargeBinary)
    hash: bytes = Field(sa_type=LargeBinary)


class StoredFile(SQLModel, table=True):
    """A file's content, known by its SHA-256; the bytes live in the file store."""

    __tablename__ = "stored_file"

    creditor_id: UUID = Field(primary_key=True, foreign_key="creditor.id")
    sha256: str = Field(primary_key=True)
    size: int = Field(sa_type=BigInteger)
    media_type: str
    stored_at: datetime = moment_field()


class Idempotency(SQLModel, table=True):
    """The answer given to a request that carried an Idempotency-Key."""

    __tablename__ = "idempotency"

    creditor_id: UUID = Field(primary_key=True, foreign_key="creditor.id")
    key: str = Field(primary_key=True)
    request_sha256: str
    status: int
    body: dict[str, Any] = json_field()
    created_at: datetime = moment_field()


class ScheduledRun(SQLModel, table=True):
    """A scheduled job that was started for a due moment; unique, so two schedulers start it once."""

    __tablename__ = "scheduled_run"

    job: str = Field(primary_key=True)
    due_at: datetime = Field(primary_key=True, sa_type=moment_field().sa_type)
    started_at: datetime = moment_field()
