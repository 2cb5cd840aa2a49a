from dataclasses import dataclass
from datetime import date
from typing import Literal

from agency.rules.facts import Channel, DebtorKind, Law


@dataclass(frozen=True, slots=True)
class PathStep:
    """A step; `channels` in order of preference; an optional step is passed over when none is available."""

    key: str
    channels: tuple[Channel, ...]
    template: str
    anchor: Literal["due_date", "previous_sent", "notice_ended"]
    days: int
    optional: bool = False
    is_notice: bool = False


@dataclass(frozen=True, slots=True)
class TreatmentPath:
    key: str
    version: str
    law: Law
    debtors: tuple[DebtorKind, ...]
    steps: tuple[PathStep, ...]

    @classmethod
    def from_json(cls, content: str | bytes) -> "TreatmentPath":
        raise NotImplementedError

    def to_json(self) -> bytes:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class SentStep:
    key: str
    channel: Channel
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PathFacts:
    due_date: date
    sent: tuple[SentStep, ...] = ()
    channels: frozenset[Channel] = frozenset({Channel.letter})
    paused_until: date | None = None
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class PlannedStep:
    key: str
    channel: Channel
    template: str
    due_on: date
    why: str


def default_path(*, law: Law, debtor: DebtorKind) -> TreatmentPath:
    raise NotImplementedError


def next_step(*, path: TreatmentPath, facts: PathFacts, today: date) -> PlannedStep | None:
    raise NotImplementedError
