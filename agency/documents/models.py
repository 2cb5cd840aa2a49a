"""Tables of the documents: the files, what reading them gave, what people said of them, and completeness that
a person lifted."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
)
from sqlmodel import Field

from agency.kernel.columns import CreditorRow, choice, json_field, moment_field, within_creditor
from agency.rules.evidence import Standing
from agency.rules.facts import DocumentKind


class KindFrom(StrEnum):
    """Where a document's kind comes from; what a person says outranks what its words say."""

    person = "person"
    name = "name"
    content = "content"
    corrected = "corrected"


class Verdict(StrEnum):
    """What a person says of a document."""

    right = "right"
    wrong_document = "wrong_document"
    kind = "kind"
    again = "again"  # the claim was changed, or the file should be read anew


class Document(CreditorRow, table=True):
    """A file in a claim's dossier. `name` is as uploaded and never used as a path.

    Only a document that `counts` proves anything: it does while nobody looked (`unchecked`) and when it was
    found in order (`valid`), not while it is in question or after it was refuted.
    """

    __tablename__ = "document"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        ForeignKeyConstraint(["creditor_id", "sha256"], ["stored_file.creditor_id", "stored_file.sha256"]),
        UniqueConstraint("creditor_id", "claim_id", "sha256"),
        Index("ix_document_claim", "creditor_id", "claim_id"),
        Index("ix_document_size", "creditor_id", postgresql_include=["size"]),
    )

    claim_id: UUID | None  # None: taken back out of the file where somebody had put it
    kind: DocumentKind = Field(sa_type=choice(DocumentKind, "kind"))
    name: str
    sha256: str
    media_type: str
    size: int = Field(sa_type=BigInteger)
    added_at: datetime = moment_field()
    added_by: str
    checks: dict[str, Any] = json_field(default_factory=dict)
    kind_from: KindFrom = Field(
        default=KindFrom.person,
        sa_type=choice(KindFrom, "kind_from"),
        sa_column_kwargs={"server_default": "person"},
    )
    standing: Standing = Field(
        default=Standing.unchecked,
        sa_type=choice(Standing, "standing"),
        sa_column_kwargs={"server_default": "unchecked"},
    )
    reasons: list[str] = json_field(default_factory=list, sa_column_kwargs={"server_default": "[]"})
    checked_at: datetime | None = moment_field(default=None)
    counts: bool | None = Field(
        default=None,
        sa_column=Column(
            Boolean, Computed("standing IN ('unchecked', 'valid')", persisted=True), nullable=False
        ),
    )


class DocumentCheck(CreditorRow, table=True):
    """What reading a document gave, once per reading; never changed. `facts` are what the claim said then."""

    __tablename__ = "document_check"
    __table_args__ = (
        within_creditor("document_id", "document"),
        within_creditor("claim_id", "claim"),
        Index("ix_document_check_document", "creditor_id", "document_id", "at"),
        Index("ix_document_check_claim", "creditor_id", "claim_id"),
    )

    document_id: UUID
    claim_id: UUID
    at: datetime = moment_field()
    state: str
    page_count: int
    kind: DocumentKind | None = Field(default=None, sa_type=choice(DocumentKind, "kind"))
    confidence: int
    language: str
    standing: Standing = Field(sa_type=choice(Standing, "standing"))
    reasons: list[str] = json_field()
    pages: list[list[int]] = json_field()  # number, width, height of those that can be shown
    findings: list[dict[str, Any]] = json_field()
    trace: list[dict[str, Any]] = json_field()
    facts: dict[str, Any] = json_field()
    rule_version: str


class DocumentVerdict(CreditorRow, table=True):
    """What a person said of a document, and who and when; never changed, the last one stands."""

    __tablename__ = "document_verdict"
    __table_args__ = (
        within_creditor("document_id", "document"),
        within_creditor("claim_id", "claim"),
        Index("ix_document_verdict_document", "creditor_id", "document_id", "at"),
        Index("ix_document_verdict_claim", "creditor_id", "claim_id"),
    )

    document_id: UUID
    claim_id: UUID
    at: datetime = moment_field()
    by: str
    by_agency: bool
    verdict: Verdict = Field(sa_type=choice(Verdict, "verdict"))
    kind_before: DocumentKind = Field(sa_type=choice(DocumentKind, "kind_before"))
    kind_after: DocumentKind = Field(sa_type=choice(DocumentKind, "kind_after"))
    standing_before: Standing = Field(sa_type=choice(Standing, "standing_before"))
    standing_after: Standing = Field(sa_type=choice(Standing, "standing_after"))
    reasons: list[str] = json_field()  # what the check had against it
    note: str


class CompletenessOverride(CreditorRow, table=True):
    """A completeness that a person lifted, with the reason; withdrawn, never deleted.

    It only lifts: what should not count is refuted as a document, by name.
    """

    __tablename__ = "completeness_override"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        Index(
            "uq_completeness_override_open", "creditor_id", "claim_id", unique=True,
            postgresql_where="withdrawn_at IS NULL",
        ),
        CheckConstraint("at_least BETWEEN 1 AND 100", name="at_least"),
        CheckConstraint("length(reason) >= 10", name="reason"),
    )  # fmt: skip

    claim_id: UUID
    at_least: int
    reason: str
    made_at: datetime = moment_field()
    made_by: str
    rule_version: str
    facts: dict[str, Any] = json_field()  # the completeness then, and the documents behind it
    withdrawn_at: datetime | None = moment_field(default=None)
    withdrawn_by: str | None = None
    withdrawn_reason: str | None = None
