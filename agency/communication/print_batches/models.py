"""Tables of the print batches: what was handed over together, what was counted, and who settled it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from agency.kernel.columns import CreditorRow, PartRow, choice, json_field, moment_field, within_creditor
from agency.rules.print_batch import ControlTotals, Envelope, MailClass

# Nothing told is NULL, not the JSON value null.
_TOLD: Any = JSONB(none_as_null=True)


class PrintState(StrEnum):
    """reserved -> on_press -> printed -> posted; unknown is asked after; blocked waits for a person."""

    RESERVED = "reserved"
    UNKNOWN = "unknown"
    ON_PRESS = "on_press"
    PRINTED = "printed"
    POSTED = "posted"
    BLOCKED = "blocked"
    SETTLED = "settled"
    CANCELLED = "cancelled"


class PrintBatchRow(CreditorRow, table=True):
    """One batch with its control totals.

    `answer` are the totals as the printer counted them when it took the batch in; `printed`, `posted` and
    `returned` what it reported later, as `{"letters", "pages", "sheets"}`. `differences` lists
    `{"stage", "total", "ours", "theirs"}`. Once `released_at` stands, its letters never leave it.
    """

    __tablename__ = "print_batch"
    __table_args__ = (
        within_creditor("brand_version_id", "brand_version"),
        # A report names the batch only; whose it is must be found.
        Index("ix_print_batch_id", "id"),
        Index("ix_print_batch_reserved_at", "reserved_at", "id"),
        Index(
            "ix_print_batch_open",
            "lease_until",
            postgresql_where="state IN ('reserved', 'unknown', 'blocked')",
        ),
    )

    brand_version_id: UUID | None = None
    country: str
    envelope: Envelope = Field(sa_type=choice(Envelope, "envelope"))
    mail_class: MailClass = Field(sa_type=choice(MailClass, "mail_class"))
    currency: str = Field(max_length=3)
    letters: int
    pages: int
    sheets: int
    amount_minor: int
    files_sha256: str
    state: PrintState = Field(default=PrintState.RESERVED, sa_type=choice(PrintState, "state"))
    why: str = ""
    provider_ref: str = ""
    reserved_at: datetime = moment_field()
    lease_until: datetime | None = moment_field(default=None)  # on the machine's own clock
    released_at: datetime | None = moment_field(default=None)
    answer: dict[str, Any] | None = Field(default=None, sa_type=_TOLD)
    printed: dict[str, Any] | None = Field(default=None, sa_type=_TOLD)
    posted: dict[str, Any] | None = Field(default=None, sa_type=_TOLD)
    returned: dict[str, Any] | None = Field(default=None, sa_type=_TOLD)
    differences: list[Any] = json_field(default_factory=list)
    decided_at: datetime | None = moment_field(default=None)
    decided_by: str | None = None
    remark: str = ""

    @property
    def totals(self) -> ControlTotals:
        """What we counted."""
        return ControlTotals(self.letters, self.pages, self.sheets, self.amount_minor, self.files_sha256)


class PrintBatchLetter(PartRow, table=True):
    """A letter in its batch; `freed_at` when the batch was never printed, so that it may go in another."""

    __tablename__ = "print_batch_letter"
    __table_args__ = (
        within_creditor("batch_id", "print_batch"),
        within_creditor("message_id", "message"),
        UniqueConstraint("creditor_id", "batch_id", "message_id"),
        Index(
            "uq_print_batch_letter_message", "creditor_id", "message_id", unique=True,
            postgresql_where="freed_at IS NULL",
        ),
    )  # fmt: skip

    batch_id: UUID
    message_id: UUID
    generation: int
    sha256: str
    pages: int
    amount_minor: int
    freed_at: datetime | None = moment_field(default=None)
