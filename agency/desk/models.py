"""Tables of the desk."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from agency.kernel.columns import CreditorRow, Minor, choice, moment_field, within_creditor


class Disposition(StrEnum):
    """The outcome of a call."""

    RIGHT_PARTY = "right_party"
    THIRD_PARTY = "third_party"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    REFUSES = "refuses"
    PROMISE = "promise"
    DISPUTE = "dispute"
    HARDSHIP = "hardship"


class WorkKind(StrEnum):
    """Why a case asks for a person."""

    DISPUTE = "dispute"
    HARDSHIP = "hardship"
    ANSWER = "answer"  # the debtor says: not me, paid already, somebody helps me with my debts
    UNREACHABLE = "unreachable"
    PROMISE_BROKEN = "promise_broken"
    CALL_DUE = "call_due"
    CALL_BACK = "call_back"
    VISIT_DUE = "visit_due"
    PATH_ENDED = "path_ended"


class WorkItem(CreditorRow, table=True):
    """A case that asks for a person, with the reason why; leased by one collector at a time.

    `urgency` orders the queue, the lowest first; `reason` is what the debtor or the path said.
    """

    __tablename__ = "work_item"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        UniqueConstraint("creditor_id", "key"),
        Index("ix_work_item_open", "urgency", "id", postgresql_where="done_at IS NULL"),
        Index("ix_work_item_leased", "leased_by", postgresql_where="done_at IS NULL"),
        Index("ix_work_item_claim", "creditor_id", "claim_id"),
    )

    claim_id: UUID
    key: str
    kind: WorkKind = Field(sa_type=choice(WorkKind, "kind"))
    reason: str
    urgency: int = Field(sa_type=Minor)
    due_at: datetime = moment_field()
    leased_by: UUID | None = None
    leased_until: datetime | None = moment_field(default=None)
    generation: int = 0
    done_at: datetime | None = moment_field(default=None)
    done_by: str | None = None


class Call(CreditorRow, table=True):
    """A phone call by a collector."""

    __tablename__ = "call"
    __table_args__ = (within_creditor("claim_id", "claim"), Index("ix_call_claim", "creditor_id", "claim_id"))

    claim_id: UUID
    number: str
    by: str
    state: str = "dialling"
    provider_ref: str | None = None
    disposition: Disposition | None = Field(
        default=None, sa_type=choice(Disposition, "disposition"), nullable=True
    )
    started_at: datetime = moment_field()
    ended_at: datetime | None = moment_field(default=None)


class Note(CreditorRow, table=True):
    """What a collector wrote down."""

    __tablename__ = "note"
    __table_args__ = (within_creditor("claim_id", "claim"), Index("ix_note_claim", "creditor_id", "claim_id"))

    claim_id: UUID
    text: str
    by: str
    at: datetime = moment_field()
    shareable: bool = False  # may stand in the dossier, where creditor and judge read it
