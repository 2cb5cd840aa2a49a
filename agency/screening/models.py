"""Tables of the screening."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from agency.kernel.columns import PartRow, choice, json_field, moment_field, within_creditor


class ScreeningState(StrEnum):
    """What the registers said of a debtor last."""

    WAITING = "waiting"  # asked, not answered: no first contact
    CLEAR = "clear"
    FOUND = "found"
    UNCLEAR = "unclear"  # the answer could not be understood: a person looks, no first contact


class Screening(PartRow, table=True):
    """Where the screening of one debtor stands; `next_at` is when the registers are asked again."""

    __tablename__ = "screening"
    __table_args__ = (
        within_creditor("debtor_id", "debtor"),
        UniqueConstraint("creditor_id", "debtor_id"),
        Index("ix_screening_next", "next_at"),
    )

    debtor_id: UUID
    state: ScreeningState = Field(default=ScreeningState.WAITING, sa_type=choice(ScreeningState, "state"))
    asked_at: datetime = moment_field()
    answered_at: datetime | None = moment_field(default=None)
    next_at: datetime = moment_field()
    attempts: int = 0
    found: list[Any] = json_field(default_factory=list)
    failure: str = ""
