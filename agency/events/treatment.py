"""What treatment tells: the path of a claim and its steps."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from agency.events.event import Event


@dataclass(frozen=True, kw_only=True)
class TreatmentStarted(Event):
    """A treatment path was pinned to the claim."""

    path: str
    version: int


@dataclass(frozen=True, kw_only=True)
class PathTried(Event):
    """The try-out of a draft path has come further; only nudges open pages."""

    creditor_sees: ClassVar[bool] = False
    draft_id: UUID


@dataclass(frozen=True, kw_only=True)
class PathChanged(Event):
    """A claim follows another version of its path from here on, where it stood."""

    creditor_sees: ClassVar[bool] = False
    path: str
    version: int
    before: int


@dataclass(frozen=True, kw_only=True)
class CallDue(Event):
    """The path has come to a phone call: a collector is asked to make it."""

    creditor_sees: ClassVar[bool] = False
    reacts: ClassVar[bool] = True
    step: str
    cycle: int
    why: str
