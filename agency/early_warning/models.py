"""Tables of the early warning."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from agency.kernel.columns import PartRow, choice, json_field, moment_field, within_creditor
from agency.rules.early_warning import Level


class DebtorWarning(PartRow, table=True):
    """What the signs of one debtor came to last night; a debtor without a level has no row.

    `signs` are `{"sign", "measure", "points", "sure"}`, `facts` what they were weighed from, `owed` minor
    units by currency. `since` is the day on which the level became what it is.
    """

    __tablename__ = "debtor_warning"
    __table_args__ = (
        within_creditor("debtor_id", "debtor"),
        UniqueConstraint("creditor_id", "debtor_id"),
        Index("ix_debtor_warning_points", "creditor_id", "points", "id"),
        Index("ix_debtor_warning_agency", "points", "id"),
    )

    debtor_id: UUID
    level: Level = Field(sa_type=choice(Level, "level"))
    points: int
    careful: bool
    signs: list[Any] = json_field()
    actions: list[Any] = json_field()
    facts: dict[str, Any] = json_field()
    owed: dict[str, Any] = json_field()
    open_claims: int
    rule_version: str
    since: date
    assessed_at: datetime = moment_field()
