"""Tables of the desk."""

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from agency.kernel.columns import CreditorRow, Minor, choice, json_field, moment_field, within_creditor


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
    SAYS_PAID = "says_paid"
    NOT_ME = "not_me"
    DEBT_HELP = "debt_help"
    DECEASED = "deceased"


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

    `urgency` orders the queue, the lowest first; `reason` is what the debtor or the path said. `given_to` is
    the collector who gets it next, where somebody chose one; `taken_by` and `taken_at` tell the last lease.
    """

    __tablename__ = "work_item"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        UniqueConstraint("creditor_id", "key"),
        Index("ix_work_item_open", "urgency", "id", postgresql_where="done_at IS NULL"),
        Index("ix_work_item_leased", "leased_by", postgresql_where="done_at IS NULL"),
        Index("ix_work_item_claim", "creditor_id", "claim_id"),
        Index(
            "ix_work_item_given",
            "given_to",
            "urgency",
            "id",
            postgresql_where="done_at IS NULL AND given_to IS NOT NULL",
        ),
        Index("ix_work_item_taken", "taken_at", postgresql_where="taken_at IS NOT NULL"),
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
    given_to: UUID | None = None
    taken_by: UUID | None = None
    taken_at: datetime | None = moment_field(default=None)


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


class Agreed(StrEnum):
    """What a call agreed on."""

    PROMISE = "promise"
    PLAN = "plan"
    NOTHING = "nothing"  # only words


class CallNoteState(StrEnum):
    """Written to the debtor; confirmed or corrected by him; not answered in time; or taken back by us."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class CallNote(CreditorRow, table=True):
    """What a call agreed on, as it was written to the debtor: evidence once he confirms it.

    `terms` of a promise are amount_minor, currency and due_on; a plan is the offer `plan_id`. `points` are
    the sentences that the debtor reads, one a line.
    """

    __tablename__ = "call_note"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        within_creditor("call_id", "call"),
        within_creditor("message_id", "message"),
        within_creditor("promise_id", "promise"),
        within_creditor("plan_id", "plan"),
        UniqueConstraint("creditor_id", "call_id"),
        Index("ix_call_note_claim", "creditor_id", "claim_id"),
        Index("ix_call_note_waiting", "answer_by", postgresql_where="state = 'waiting'"),
        Index(
            "uq_call_note_waiting",
            "creditor_id",
            "claim_id",
            unique=True,
            postgresql_where="state = 'waiting'",
        ),
    )

    claim_id: UUID
    call_id: UUID
    agreed: Agreed = Field(sa_type=choice(Agreed, "agreed"))
    terms: dict[str, Any] = json_field(default_factory=dict)
    points: str
    state: CallNoteState = Field(default=CallNoteState.WAITING, sa_type=choice(CallNoteState, "state"))
    made_at: datetime = moment_field()
    made_by: str
    answer_by: date
    message_id: UUID | None = None
    answered_at: datetime | None = moment_field(default=None)
    correction: str = ""
    promise_id: UUID | None = None
    plan_id: UUID | None = None


class VisitState(StrEnum):
    """Announced; a visitor at the door; reported on; not wanted by the debtor; or called off."""

    ANNOUNCED = "announced"
    UNDER_WAY = "under_way"
    MADE = "made"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class VisitOutcome(StrEnum):
    """How a visit ended."""

    TALKED = "talked"
    NOBODY = "nobody"
    SOMEBODY_ELSE = "somebody_else"
    MOVED = "moved"
    REFUSES = "refuses"
    PROMISE = "promise"
    DISPUTE = "dispute"
    HARDSHIP = "hardship"


class FieldVisit(CreditorRow, table=True):
    """A visit to a debtor at home: announced in writing with its day, hours (the agency's clock) and visitor.

    It counts as a contact from `began_at` on, the moment in which the rules let the visitor ring the bell;
    `trace` says by which.
    """

    __tablename__ = "field_visit"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        within_creditor("message_id", "message"),
        Index("ix_field_visit_claim", "creditor_id", "claim_id"),
        Index("ix_field_visit_day", "day", "id", postgresql_where="state IN ('announced', 'under_way')"),
        Index(
            "uq_field_visit_open",
            "creditor_id",
            "claim_id",
            unique=True,
            postgresql_where="state IN ('announced', 'under_way')",
        ),
    )

    claim_id: UUID
    day: date
    first: time
    last: time
    visitor: str
    state: VisitState = Field(default=VisitState.ANNOUNCED, sa_type=choice(VisitState, "state"))
    announced_at: datetime = moment_field()
    announced_by: str
    message_id: UUID | None = None
    began_at: datetime | None = moment_field(default=None)
    began_by: str | None = None
    trace: list[dict[str, Any]] = json_field(default_factory=list)
    ended_at: datetime | None = moment_field(default=None)
    outcome: VisitOutcome | None = Field(default=None, sa_type=choice(VisitOutcome, "outcome"), nullable=True)
    report: str = ""


class Note(CreditorRow, table=True):
    """What a collector wrote down."""

    __tablename__ = "note"
    __table_args__ = (within_creditor("claim_id", "claim"), Index("ix_note_claim", "creditor_id", "claim_id"))

    claim_id: UUID
    text: str
    by: str
    at: datetime = moment_field()
    shareable: bool = False  # may stand in the dossier, where creditor and judge read it
