"""What intake tells: what was handed over and read."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from agency.events.event import Event


@dataclass(frozen=True, kw_only=True)
class PlacementReceived(Event):
    """A creditor handed over a file or a form."""

    reacts: ClassVar[bool] = True
    placement_id: UUID
    name: str


@dataclass(frozen=True, kw_only=True)
class PlacementRead(Event):
    """The rows were mapped and checked.

    `requote` are placements with an open price whose facts changed; `credited` are claims in collection
    that a credit note lowered.
    """

    reacts: ClassVar[bool] = True
    placement_id: UUID
    rows: int
    created: int
    updated: int
    merged: int
    rejected: int
    requote: list[str]
    credited: list[str]


@dataclass(frozen=True, kw_only=True)
class DuplicateDecided(Event):
    """A person said whether two claims that look alike are one; the younger of one is withdrawn."""

    reacts: ClassVar[bool] = True
    duplicate_id: UUID
    answer: str
    placement_id: UUID | None = None
