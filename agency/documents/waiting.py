"""Tables of what waits around the dossier: files without a claim, information asked, bundles being bound."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field

from agency.kernel.columns import CreditorRow, choice, json_field, moment_field, within_creditor


def _stored(column: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["creditor_id", column], ["stored_file.creditor_id", "stored_file.sha256"])


class IncomingState(StrEnum):
    """A file waits for its claim, is in a claim's file, or is not needed."""

    WAITING = "waiting"
    FILED = "filed"
    NOT_NEEDED = "not_needed"


class IncomingDocument(CreditorRow, table=True):
    """A file that came without its claim; `signs` is what it says, `candidates` the claims that it may mean.

    `candidates` are rows of claim_id, score (0-200) and reasons, the likeliest first.
    """

    __tablename__ = "incoming_document"
    __table_args__ = (
        _stored("sha256"),
        within_creditor("claim_id", "claim"),
        within_creditor("document_id", "document"),
        Index("uq_incoming_document_sha256", "creditor_id", "sha256", unique=True),
        Index(
            "ix_incoming_document_waiting",
            "creditor_id",
            "received_at",
            "id",
            postgresql_where="state = 'waiting'",
        ),
        Index("ix_incoming_document_drop", "creditor_id", "drop_id"),
    )

    drop_id: UUID | None = None
    name: str
    sha256: str
    media_type: str
    size: int = Field(sa_type=BigInteger)
    kind: str = Field(max_length=40)
    state: IncomingState = Field(default=IncomingState.WAITING, sa_type=choice(IncomingState, "state"))
    signs: dict[str, Any] = json_field(default_factory=dict)
    candidates: list[Any] = json_field(default_factory=list)
    claim_id: UUID | None = None
    document_id: UUID | None = None
    why: str = ""
    received_at: datetime = moment_field()
    received_by: str
    decided_at: datetime | None = moment_field(default=None)
    decided_by: str | None = None


class SortingAction(StrEnum):
    """What was decided on an incoming file: by the rules, by a person, or taken back."""

    MATCHED = "matched"
    CHOSEN = "chosen"
    NOT_NEEDED = "not_needed"
    UNDONE = "undone"


class IncomingDecision(CreditorRow, table=True):
    """Append-only history of what was decided on an incoming file, with its reasons."""

    __tablename__ = "incoming_decision"
    __table_args__ = (
        within_creditor("incoming_id", "incoming_document"),
        Index("ix_incoming_decision", "creditor_id", "incoming_id"),
    )

    incoming_id: UUID
    action: SortingAction = Field(sa_type=choice(SortingAction, "action"))
    claim_id: UUID | None = None
    document_id: UUID | None = None
    why: str = ""
    reasons: list[Any] = json_field(default_factory=list)
    at: datetime = moment_field()
    by: str


class RequestState(StrEnum):
    """What became of a question to the creditor."""

    OPEN = "open"
    SOLVED = "solved"
    STARTED_WITHOUT = "started_without"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


class InformationRequest(CreditorRow, table=True):
    """What a claim lacks before its debtor may be contacted: one open request per claim."""

    __tablename__ = "information_request"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        Index(
            "uq_information_request_open",
            "creditor_id",
            "claim_id",
            unique=True,
            postgresql_where="state = 'open'",
        ),
        Index("ix_information_request_due", "due_on", postgresql_where="state = 'open'"),
        Index("ix_information_request_claim", "creditor_id", "claim_id"),
    )

    claim_id: UUID
    state: RequestState = Field(default=RequestState.OPEN, sa_type=choice(RequestState, "state"))
    rule_version: str
    asked_at: datetime = moment_field()
    due_on: date  # the last day on which the creditor may answer
    told_at: datetime | None = moment_field(default=None)
    reminded_at: datetime | None = moment_field(default=None)
    closed_at: datetime | None = moment_field(default=None)


class Expiry(StrEnum):
    """What happens when an item is not solved in time: start without it, or return the claim."""

    START = "start"
    RETURN = "return"


class InformationItem(CreditorRow, table=True):
    """One thing that is missing. It solves itself when the fact is there."""

    __tablename__ = "information_item"
    __table_args__ = (
        within_creditor("request_id", "information_request"),
        UniqueConstraint("creditor_id", "request_id", "item"),
    )

    request_id: UUID
    item: str = Field(max_length=40)
    blocking: bool
    on_expiry: Expiry = Field(sa_type=choice(Expiry, "on_expiry"))
    solved_at: datetime | None = moment_field(default=None)
    solved_by: str | None = None


class DossierState(StrEnum):
    """How far a bundle is."""

    WAITING = "waiting"
    BUILDING = "building"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"


class DossierReader(StrEnum):
    """For whom a claim's file is bound; what each may read is decided here and in `LEFT_OUT` only.

    A summons in the Netherlands must tell the debtor's defences and their grounds, and what there is to prove
    the claim (Rv art. 111(3); the judge may order what is missing, art. 120(4)): what he wrote, promised and
    agreed belongs in the court's bundle, which the agency's staff take. His words were written to the agency,
    about his health or his means as well, so his creditor reads what follows from them and not the words.
    What the creditor pays the agency is no concern of the court or of the debtor, who gets the bundle too;
    the inspector sees that as well, because the file of an accepted assignment holds the assignment (Bki
    art. 5.1).
    """

    COURT = "court"
    CREDITOR = "creditor"
    INSPECTOR = "inspector"


LEFT_OUT: Final = {
    DossierReader.COURT: frozenset({"quote", "shares"}),
    DossierReader.CREDITOR: frozenset({"told", "quote", "shares"}),
    DossierReader.INSPECTOR: frozenset[str](),
}


class Dossier(CreditorRow, table=True):
    """A court bundle of one claim as of a moment: one PDF/A and one ZIP in the file store."""

    __tablename__ = "dossier"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        _stored("pdf_sha256"),
        _stored("zip_sha256"),
        Index("ix_dossier_claim", "creditor_id", "claim_id", "as_of"),
    )

    claim_id: UUID
    reader: DossierReader = Field(default=DossierReader.CREDITOR, sa_type=choice(DossierReader, "reader"))
    state: DossierState = Field(default=DossierState.WAITING, sa_type=choice(DossierState, "state"))
    percent: int = 0
    language: str = Field(max_length=2)
    as_of: datetime = moment_field()
    asked_by: str
    finished_at: datetime | None = moment_field(default=None)
    pages: int | None = None
    pdf_sha256: str | None = None
    zip_sha256: str | None = None
    error: str = ""
