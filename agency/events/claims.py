"""What claims tell: their lives, holds, and parts that are given up."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from agency.events.event import Event


@dataclass(frozen=True, kw_only=True)
class ClaimMoved(Event):
    """A claim went from one state to another."""

    from_state: str
    to_state: str
    why: str


@dataclass(frozen=True, kw_only=True)
class ClaimPaidOff(Event):
    """Nothing is owed any more; pending contacts are cancelled."""

    reacts: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class ClaimClosed(Event):
    """Collection ended without payment: given up, credited in full, or taken back by the creditor while it
    ran; pending contacts are cancelled."""

    reacts: ClassVar[bool] = True
    close_code: str


@dataclass(frozen=True, kw_only=True)
class DueDateCorrected(Event):
    """The due date of an invoice in collection was wrong; days as ISO 8601."""

    reacts: ClassVar[bool] = True
    number: str
    before: str
    after: str
    why: str


@dataclass(frozen=True, kw_only=True)
class GivingUpAsked(Event):
    """Somebody asks a person of more authority to give up a part of a claim."""

    creditor_sees: ClassVar[bool] = False
    request_id: UUID
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class PartGivenUp(Event):
    """A part of what is owed was given up; `act` is "waiver" or "write_off"."""

    act: str
    amount_minor: int
    currency: str
    why: str


@dataclass(frozen=True, kw_only=True)
class PartOwedAgain(Event):
    """What was given up is owed again."""

    reacts: ClassVar[bool] = True
    act: str
    amount_minor: int
    currency: str
    why: str


@dataclass(frozen=True, kw_only=True)
class HoldPlaced(Event):
    """Nothing may leave for this claim until the hold is lifted."""

    reacts: ClassVar[bool] = True
    hold_id: UUID
    ground: str


@dataclass(frozen=True, kw_only=True)
class HoldLifted(Event):
    """The claim may be worked again."""

    reacts: ClassVar[bool] = True
    hold_id: UUID
    ground: str


@dataclass(frozen=True, kw_only=True)
class EarlierStepKnown(Event):
    """The creditor told of a reminder, notice or call of its own; `faults` are what the law finds wrong."""

    step_kind: str
    channel: str
    sent_on: str
    faults: list[str]


@dataclass(frozen=True, kw_only=True)
class CoverChanged(Event):
    """The creditor told of its credit insurance on the claim."""

    insurer: str
    notify_by: str
    notified_on: str | None = None
