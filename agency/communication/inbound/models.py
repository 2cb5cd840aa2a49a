"""Tables of what comes in. `inbound` belongs to the house until a claim is known; `reply` to the creditor."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field

from agency.kernel.columns import CreditorRow, choice, json_field, moment_field, within_creditor
from agency.rules.inbound.kind import InboundKind
from agency.rules.inbound.triage import Topic


class InboundChannel(StrEnum):
    """The way it came."""

    EMAIL = "email"
    SMS = "sms"
    LETTER = "letter"
    PAGE = "page"  # written on the debtor's own page


class InboundState(StrEnum):
    """Where it is: in a claim, waiting for one, noted as what needs no person, or set aside by one."""

    THREADED = "threaded"
    QUARANTINED = "quarantined"
    NOTED = "noted"
    DISCARDED = "discarded"


class Inbound(CreditorRow, table=True):
    """Something that came in, as the agency's own row (the house): whose it is must be found first.

    `candidates` are the claims that it may belong to: creditor_id, claim_id and the signs that say so.
    """

    __tablename__ = "inbound"
    __table_args__ = (
        ForeignKeyConstraint(["creditor_id", "sha256"], ["stored_file.creditor_id", "stored_file.sha256"]),
        UniqueConstraint("creditor_id", "source_key"),
        Index("ix_inbound_quarantined", "received_at", "id", postgresql_where="state = 'quarantined'"),
        Index("ix_inbound_claim", "for_creditor_id", "for_claim_id", postgresql_where="state = 'noted'"),
        Index("ix_inbound_decided", "decided_at", "id", postgresql_where="decided_at IS NOT NULL"),
    )

    channel: InboundChannel = Field(sa_type=choice(InboundChannel, "channel"))
    source_key: str = Field(max_length=200)  # equal for every copy of one message
    received_at: datetime = moment_field()
    received_by: str
    kind: InboundKind = Field(sa_type=choice(InboundKind, "kind"))
    signs: list[Any] = json_field(default_factory=list)
    from_value: str
    from_name: str
    to_value: str
    subject: str
    words: str
    sha256: str  # the message as it came
    media_type: str
    size: int = Field(sa_type=BigInteger)
    state: InboundState = Field(sa_type=choice(InboundState, "state"))
    why: str = ""
    candidates: list[Any] = json_field(default_factory=list)
    for_creditor_id: UUID | None = None
    for_claim_id: UUID | None = None
    reply_id: UUID | None = None
    decided_at: datetime | None = moment_field(default=None)
    decided_by: str | None = None


class ReplyState(StrEnum):
    """Unread, answered, read without an answer, or taken out of the claim again."""

    WAITING = "waiting"
    ANSWERED = "answered"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Reply(CreditorRow, table=True):
    """A debtor's own words on one claim; while it waits the claim's path stands still.

    `signs` are the words that gave `topic`; `files` its attachments with the document each became, or why
    not.
    """

    __tablename__ = "reply"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        within_creditor("message_id", "message"),
        ForeignKeyConstraint(["creditor_id", "sha256"], ["stored_file.creditor_id", "stored_file.sha256"]),
        Index("ix_reply_waiting", "received_at", "id", postgresql_where="state = 'waiting'"),
        Index("ix_reply_claim", "creditor_id", "claim_id"),
    )

    claim_id: UUID
    inbound_id: UUID
    channel: InboundChannel = Field(sa_type=choice(InboundChannel, "channel"))
    received_at: datetime = moment_field()
    from_value: str
    subject: str
    words: str
    sha256: str
    files: list[Any] = json_field(default_factory=list)
    found_by: str  # how the claim was found
    topic: Topic = Field(sa_type=choice(Topic, "topic"))
    signs: list[Any] = json_field(default_factory=list)
    language: str = Field(max_length=2)
    state: ReplyState = Field(default=ReplyState.WAITING, sa_type=choice(ReplyState, "state"))
    decided_topic: Topic | None = Field(default=None, sa_type=choice(Topic, "decided_topic"), nullable=True)
    answer: str = ""
    message_id: UUID | None = None
    decided_at: datetime | None = moment_field(default=None)
    decided_by: str | None = None
