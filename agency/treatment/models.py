"""Tables of the treatment. Global: treatment_path, treatment_path_draft, path_trial."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
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
from agency.kernel.drafts import Draft
from agency.kernel.ids import new_id
from agency.kernel.tryouts import Tryout


class StepState(StrEnum):
    """A planned step waits, is done, or was dropped with a reason."""

    PLANNED = "planned"
    DONE = "done"
    DROPPED = "dropped"


class TreatmentPathVersion(Timestamped, table=True):
    """A published path: the steps as data, for claims that begin from `valid_from` on.

    `author` drew it up and `approved_by`, another person, let it out; set-up leaves both None.
    """

    __tablename__ = "treatment_path"
    __table_args__ = (UniqueConstraint("key", "version"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    key: str
    version: int
    definition: dict[str, Any] = json_field()
    valid_from: date
    author: str | None = None
    approved_by: str | None = None


class TreatmentPathDraft(Draft, table=True):
    """A version of a path being drawn up, and the day from which claims are to begin on it."""

    __tablename__ = "treatment_path_draft"
    __table_args__ = (Index("ix_treatment_path_draft_key", "key"),)

    key: str
    valid_from: date


class PathTrial(Tryout, table=True):
    """A try-out of a draft: what it would send in the days ahead, against the version in force."""

    __tablename__ = "path_trial"
    __table_args__ = (Index("ix_path_trial_draft", "draft_id", "created_at"),)

    draft_id: UUID = Field(foreign_key="treatment_path_draft.id")


class Treatment(PartRow, table=True):
    """The path version that a claim is pinned to."""

    __tablename__ = "treatment"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        UniqueConstraint("creditor_id", "claim_id"),
        Index("ix_treatment_next", "next_on", postgresql_where="ended_at IS NULL"),
        Index("ix_treatment_path", "path_id", "creditor_id", "claim_id"),
    )

    claim_id: UUID
    path_id: UUID = Field(foreign_key="treatment_path.id")
    started_at: datetime = moment_field()
    next_on: date  # the first day on which the planner has to look at it again
    next_minutes: int = 0  # how long after the first messages of that day, when it catches up
    ended_at: datetime | None = moment_field(default=None)
    end_reason: str | None = None
    walked_at: datetime | None = moment_field(
        default=None
    )  # every step taken: a person was asked what follows


class TreatmentStep(PartRow, table=True):
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


class Experiment(Timestamped, table=True):
    """Ways of contact tried against each other at the steps of one text; one runs per text at a time.

    `arms` are ways of contact in order; `holdout_percent` of the claims are treated as ever. A claim answers
    when something is paid within `answer_days`.
    """

    __tablename__ = "experiment"
    __table_args__ = (
        UniqueConstraint("name"),
        Index("uq_experiment_running", "template", unique=True, postgresql_where="stopped_at IS NULL"),
        CheckConstraint("holdout_percent BETWEEN 1 AND 99", name="holdout"),
        CheckConstraint("answer_days BETWEEN 1 AND 90", name="answer"),
        CheckConstraint("(stopped_at IS NULL) = (stopped_by IS NULL)", name="stopped"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str
    template: str
    arms: list[str] = json_field()
    holdout_percent: int
    answer_days: int
    created_by: str
    stopped_at: datetime | None = moment_field(default=None)
    stopped_by: str | None = None
    stopped_why: str = ""


class ExperimentClaim(PartRow, table=True):
    """The group that a claim was put into when the step came; it is never changed."""

    __tablename__ = "experiment_claim"
    __table_args__ = (
        within_creditor("claim_id", "claim"),
        UniqueConstraint("creditor_id", "claim_id", "experiment_id"),
        Index("ix_experiment_claim_experiment", "experiment_id"),
    )

    claim_id: UUID
    experiment_id: UUID = Field(foreign_key="experiment.id")
    group: str
    at: datetime = moment_field()


class CreditorPath(CreditorRow, Timestamped, table=True):
    """A creditor whose new claims begin on a path of the agency's own, from a day on until it is ended."""

    __tablename__ = "creditor_path"
    __table_args__ = (
        Index(
            "uq_creditor_path_running", "creditor_id", "path_key", unique=True,
            postgresql_where=text("ended_on IS NULL"),
        ),
        Index("ix_creditor_path_key", "path_key"),
    )  # fmt: skip

    path_key: str
    valid_from: date
    ended_on: date | None = None
    by: str
