"""Column types that every table shares, so that no table gets them wrong.

Money is BIGINT minor units beside a CHAR(3) currency, moments carry a zone, choices are text with a
CHECK on their values.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Enum, ForeignKeyConstraint, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from agency.kernel.ids import new_id

SQLModel.metadata.naming_convention = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
).naming_convention

Moment = DateTime(timezone=True)
Minor = BigInteger


def choice(values: type[StrEnum], name: str) -> Enum:
    """This function will return a text column type checked against the values of an enum."""
    return Enum(
        values,
        native_enum=False,
        create_constraint=True,
        length=40,
        name=name,
        values_callable=lambda enum: [member.value for member in enum],
    )


def json_field(**kwargs: Any) -> Any:
    """This function will return a JSONB field."""
    return Field(sa_type=JSONB, **kwargs)


def moment_field(**kwargs: Any) -> Any:
    """This function will return a TIMESTAMPTZ field."""
    return Field(sa_type=Moment, **kwargs)


def within_creditor(column: str, table: str) -> ForeignKeyConstraint:
    """This function will return the composite foreign key that cannot point at another creditor's row."""
    return ForeignKeyConstraint(["creditor_id", column], [f"{table}.creditor_id", f"{table}.id"])


class CreditorRow(SQLModel):
    """Base of every per-creditor table: the tenant is the first part of its key (distributable later)."""

    creditor_id: UUID = Field(primary_key=True, foreign_key="creditor.id")
    id: UUID = Field(default_factory=new_id, primary_key=True)


class PartRow(SQLModel):
    """Base of a table whose rows hang from another row of the creditor by a key that is never empty.

    That key proves the creditor too; a second foreign key would check each row of a large file twice.
    """

    creditor_id: UUID = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)


class Timestamped(SQLModel):
    """Mixin for tables whose rows know when they were made (by the one clock)."""

    created_at: datetime = moment_field()
