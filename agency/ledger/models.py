"""Tables of the ledger: per creditor, so that every transaction balances within one tenant."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from agency.kernel.columns import CreditorRow, Minor, choice, moment_field, within_creditor


class Book(StrEnum):
    """The ledgers that never mix: what debtors owe, client money in trust, the agency's own, and what passes
    through to and from bailiffs."""

    CLAIMS = "claims"
    TRUST = "trust"
    AGENCY = "agency"
    BAILIFF = "bailiff"


class LedgerAccount(SQLModel, table=True):
    """An account of one creditor in one book; the trust bank's balance is the sum over all creditors."""

    __tablename__ = "ledger_account"
    __table_args__ = (CheckConstraint("code LIKE book || '.%'", name="code"),)

    creditor_id: UUID = Field(primary_key=True, foreign_key="creditor.id")
    code: str = Field(primary_key=True)
    book: Book = Field(sa_type=choice(Book, "book"))


class LedgerTransaction(CreditorRow, table=True):
    """One balanced transaction, sealed when its database transaction ends."""

    __tablename__ = "ledger_transaction"
    __table_args__ = (
        UniqueConstraint("creditor_id", "book", "kind", "source_key"),
        Index("ix_ledger_transaction_booked", "creditor_id", "booked_on"),
        # A transaction is taken back once.
        Index(
            "uq_ledger_transaction_reverses",
            "creditor_id",
            "reverses_id",
            unique=True,
            postgresql_where="reverses_id IS NOT NULL",
        ),
    )

    book: Book = Field(sa_type=choice(Book, "book"))
    kind: str
    source_key: str
    content_sha256: str
    booked_on: date
    effective_on: date
    at: datetime = moment_field()
    by: str
    memo: str = ""
    reverses_id: UUID | None = None
    # The database transaction that wrote it; entries of any other are refused (the seal).
    xid: int | None = Field(
        default=None,
        sa_type=BigInteger,
        nullable=False,
        sa_column_kwargs={"server_default": text("(pg_current_xact_id()::text::bigint)")},
    )


class LedgerEntry(SQLModel, table=True):
    """One leg: debit positive, credit negative, in minor units."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        within_creditor("transaction_id", "ledger_transaction"),
        ForeignKeyConstraint(
            ["creditor_id", "account"], ["ledger_account.creditor_id", "ledger_account.code"]
        ),
        within_creditor("claim_id", "claim"),
        Index("ix_ledger_entry_account", "creditor_id", "account"),
        Index("ix_ledger_entry_claim", "creditor_id", "claim_id", "account"),
        CheckConstraint("amount_minor <> 0 AND abs(amount_minor) < 100000000000000", name="amount"),
    )

    creditor_id: UUID = Field(primary_key=True)
    transaction_id: UUID = Field(primary_key=True)
    line: int = Field(primary_key=True)
    account: str
    amount_minor: int = Field(sa_type=Minor)
    currency: str = Field(max_length=3)
    claim_id: UUID | None = None
