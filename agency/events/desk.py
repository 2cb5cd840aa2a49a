"""What the desk tells, and what asks for a person at it."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from agency.events.event import Event


@dataclass(frozen=True, kw_only=True)
class PersonWanted(Event):
    """The path asks for a person; `kind` is one of the desk's kinds of work, `key` asks once."""

    creditor_sees: ClassVar[bool] = False
    reacts: ClassVar[bool] = True
    work_kind: str
    key: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class CallMade(Event):
    """A collector called."""

    call_id: UUID
    disposition: str


@dataclass(frozen=True, kw_only=True)
class CallReported(Event):
    """The telephone provider told what became of a call: answered, busy, no_answer, failed or completed."""

    creditor_sees: ClassVar[bool] = False
    call_id: UUID
    state: str


@dataclass(frozen=True, kw_only=True)
class CallNoteSent(Event):
    """What a call agreed on was written to the debtor, to be confirmed or corrected."""

    creditor_sees: ClassVar[bool] = False
    note_id: UUID
    agreed: str


@dataclass(frozen=True, kw_only=True)
class CallNoteAnswered(Event):
    """The debtor confirmed or corrected what a call agreed on, or did not answer in time (`answer`)."""

    creditor_sees: ClassVar[bool] = False
    reacts: ClassVar[bool] = True
    note_id: UUID
    answer: str
    agreed: str


@dataclass(frozen=True, kw_only=True)
class VisitAnnounced(Event):
    """A visit was announced to the debtor in writing, for a day (ISO 8601)."""

    visit_id: UUID
    day: str


@dataclass(frozen=True, kw_only=True)
class VisitRefused(Event):
    """The debtor does not want a visit."""

    reacts: ClassVar[bool] = True
    visit_id: UUID


@dataclass(frozen=True, kw_only=True)
class VisitCancelled(Event):
    """A visit that was announced is not made: `why` is paid, closed, agreed, disputed or colleague."""

    creditor_sees: ClassVar[bool] = False
    visit_id: UUID
    why: str


@dataclass(frozen=True, kw_only=True)
class VisitMade(Event):
    """Somebody rang at the debtor's door; `outcome` says how it ended."""

    visit_id: UUID
    outcome: str


@dataclass(frozen=True, kw_only=True)
class NoteAdded(Event):
    """A collector wrote something down."""

    creditor_sees: ClassVar[bool] = False
    note_id: UUID
