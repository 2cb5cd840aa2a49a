"""Tables of the documents."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field

from agency.kernel.columns import CreditorRow, choice, json_field, moment_field, within_creditor
from agency.rules.facts import DocumentKind


class Document(CreditorRow, table=True):
    """A file in a claim's dossier. `name` is as uploaded and never used as a path."""

    __tablename__ = "document"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        ForeignKeyConstraint(["creditor_id", "sha256"], ["stored_file.creditor_id", "stored_file.sha256"]),
        UniqueConstraint("creditor_id", "claim_id", "sha256"),
        Index("ix_document_claim", "creditor_id", "claim_id"),
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
