"""Tables of the treatment. Global: treatment_path."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from agency.kernel.columns import (
    CreditorRow,
    PartRow,
    Timestamped,
    choice,
    json_field,
    moment_field,
    within_creditor,
)
from agency.kernel.ids import new_id


class StepState(StrEnum):
    """A planned step waits, is done, or was dropped with a reason."""

    PLANNED = "planned"
    DONE = "done"
    DROPPED = "dropped"


class TreatmentPathVersion(Timestamped, table=True):
    """A published path: the steps as data."""

    __tablename__ = "treatment_path"
    __table_args__ = (UniqueConstraint("key", "version"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    key: str
    version: int
    definition: dict[str, Any] = json_field()


class Treatment(PartRow, table=True):
    """The path version that a claim is pinned to."""

    __tablename__ = "treatment"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        UniqueConstraint("creditor_id", "claim_id"),
        Index("ix_treatment_next", "next_on", postgresql_where="ended_at IS NULL"),
    )

    claim_id: UUID
    path_id: UUID = Field(foreign_key="treatment_path.id")
    started_at: datetime = moment_field()
    next_on: date  # the first day on which the planner has to look at it again
    ended_at: datetime | None = moment_field(default=None)
    end_reason: str | None = None


class TreatmentStep(CreditorRow, table=True):
    """A step of a claim's path: unique per claim, step and cycle, so that none is doubled."""

    __tablename__ = "treatment_step"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        UniqueConstraint("creditor_id", "claim_id", "step", "cycle"),
        Index("ix_treatment_step_due", "due_at", postgresql_where="state = 'planned'"),
    )

    claim_id: UUID
    step: str
    cycle: int = 1
    channel: str
    due_at: datetime = moment_field()
    state: StepState = Field(default=StepState.PLANNED, sa_type=choice(StepState, "state"))
    done_at: datetime | None = moment_field(default=None)
    why: str = ""
    trace: list[Any] = json_field(default_factory=list)
