"""What disputes tell."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from agency.events.event import Event


@dataclass(frozen=True, kw_only=True)
class DisputeRaised(Event):
    """The debtor disputes all or part; collection stops for it."""

    reacts: ClassVar[bool] = True
    dispute_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class DisputeAnswered(Event):
    """The creditor said what it thinks of a dispute; a collector looks at it."""

    reacts: ClassVar[bool] = True
    dispute_id: UUID


@dataclass(frozen=True, kw_only=True)
class DisputeResolved(Event):
    """A dispute got an outcome."""

    reacts: ClassVar[bool] = True
    dispute_id: UUID
    outcome: str
