"""Tables of the communication. Global: template."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from agency.kernel.columns import (
    CreditorRow,
    PartRow,
    Timestamped,
    choice,
    json_field,
    moment_field,
    within_creditor,
)
from agency.kernel.ids import new_id
from agency.rules.facts import Channel


class MessageState(StrEnum):
    """queued -> sending -> sent | refused | unknown; receipts move sent on, never back."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    OPENED = "opened"
    BOUNCED = "bounced"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Template(Timestamped, table=True):
    """A published text; messages pin the version."""

    __tablename__ = "template"
    __table_args__ = (UniqueConstraint("key", "language", "channel", "version"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    key: str
    language: str
    channel: Channel = Field(sa_type=choice(Channel, "channel"))
    version: int
    subject: str
    body: str
    sha256: str


class Message(PartRow, Timestamped, table=True):
    """One message to a debtor. Unique per claim, step, cycle and channel, so that no step is sent twice."""

    __tablename__ = "message"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        within_creditor("debtor_id", "debtor"),
        within_creditor("brand_version_id", "brand_version"),
        UniqueConstraint("creditor_id", "claim_id", "step", "cycle", "channel"),
        # In the order in which they are taken: letters by creditor, all others by their moment.
        Index("ix_message_due", "due_at", "id", postgresql_where="state = 'queued' AND channel <> 'letter'"),
        Index(
            "ix_message_letters_due",
            "creditor_id",
            "due_at",
            "id",
            postgresql_where="state = 'queued' AND channel = 'letter'",
        ),
        Index("ix_message_sending", "lease_until", postgresql_where="state IN ('sending', 'unknown')"),
        # A provider's report names the message only; whose it is must be found.
        Index("ix_message_id", "id"),
        Index("ix_message_debtor", "creditor_id", "debtor_id", "sent_at"),
        Index(
            "ix_message_mailed",
            "creditor_id",
            "sent_at",
            postgresql_where="channel = 'email' AND sent_at IS NOT NULL",
        ),
    )

    claim_id: UUID
    debtor_id: UUID
    channel: Channel = Field(sa_type=choice(Channel, "channel"))
    step: str
    cycle: int = 1
    template_id: UUID = Field(foreign_key="template.id")
    brand_version_id: UUID | None = None  # the look that it was reserved with
    state: MessageState = Field(default=MessageState.QUEUED, sa_type=choice(MessageState, "state"))
    due_at: datetime = moment_field()
    to_value: str = ""
    generation: int = 0  # raised by every reservation: the fence against a sender that was given up
    attempts: int = 0
    lease_until: datetime | None = moment_field(default=None)  # on the machine's own clock
    reserved_at: datetime | None = moment_field(default=None)  # the law was asked and the amounts taken then
    sent_at: datetime | None = moment_field(default=None)
    posted_at: datetime | None = moment_field(default=None)  # a letter: when the printer gave it to the post
    provider_ref: str | None = None
    subject: str = ""
    content_sha256: str | None = None  # the rendered e-mail, SMS text or PDF in the file store
    amounts: dict[str, Any] = json_field(default_factory=dict)  # as of the moment of sending
    trace: list[Any] = json_field(default_factory=list)  # the verdict of the law at that moment
    reasons: list[Any] = json_field(default_factory=list)


class MessageReceipt(CreditorRow, table=True):
    """What a provider told us about a message; unique per provider event."""

    __tablename__ = "message_receipt"
    __table_args__ = (
        within_creditor("message_id", "message"),
        UniqueConstraint("creditor_id", "message_id", "event_key"),
        Index("ix_message_receipt_unwanted", "creditor_id", "at", postgresql_where="kind = 'unwanted'"),
    )

    message_id: UUID
    kind: str
    event_key: str
    at: datetime = moment_field()
    detail: str = ""
