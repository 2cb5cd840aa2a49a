"""Who looks after a line in suspense, what was found out, and parking it by two people.

A parked line stays in suspense and in the proof, with its age; it only no longer stops everybody's payouts.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.banking.models import BankLine, LineState, SuspenseCase, SuspenseNote
from agency.banking.suspense import business_days_since, locked_line
from agency.calendar import next_business_day
from agency.kernel.audit import record
from agency.kernel.errors import Conflict, Forbidden, Invalid
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.money import Money


class UnableToPark(Conflict):
    """The line does not wait, or nobody asked to park it."""


class NotTheSecondPerson(Forbidden):
    """Who asked to park a line may not do it."""


class NoReason(Invalid):
    """Parking money, and noting something, takes words."""


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody found out about a line."""

    at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class ParkedLine:
    """Money without an owner that two people parked, and how old it is in business days."""

    line_id: UUID
    booked_on: date
    amount: Money
    counterparty: str
    business_days: int
    reason: str
    asked_by: str
    parked_by: str
    parked_at: datetime


def read_case(unit: Unit, *, line_id: UUID) -> SuspenseCase:
    """This function will return how a line is looked after; an empty case when nobody does yet."""
    return unit.session.get(SuspenseCase, line_id) or SuspenseCase(line_id=line_id)


def notes_of(unit: Unit, *, line_id: UUID) -> list[Note]:
    """This function will return the notes about a line, the latest first."""
    rows = unit.session.exec(
        select(SuspenseNote).where(SuspenseNote.line_id == line_id).order_by(col(SuspenseNote.id).desc())
    )
    return [Note(row.at, row.by, row.text) for row in rows]


def finance_people(unit: Unit) -> list[tuple[UUID, str]]:
    """This function will return who may look after a line: users of finance, by name."""
    rows = unit.session.connection().execute(
        text(
            "SELECT id, name FROM user_account WHERE 'finance' = ANY(roles) AND disabled_at IS NULL"
            " ORDER BY name, id"
        )
    )
    return [(row.id, row.name) for row in rows]


def take_care(unit: Unit, *, line_id: UUID, owner_id: UUID, due_on: date | None = None) -> None:
    """This function will make a user of finance look after a line until a day.

    :param due_on: the next business day when None.
    :raises NotFound: no such line.
    :raises UnableToPark: the line does not wait.
    :raises NoReason: not a user of finance, or a day that has passed.
    """
    _, case = waiting_case(unit, line_id)
    if owner_id not in dict(finance_people(unit)):
        raise NoReason("choose somebody of finance", field="owner_id")
    if due_on is not None and due_on < unit.today:
        raise NoReason("this day has passed", field="due_on")
    case.owner_id = owner_id
    case.due_on = due_on or next_business_day(country="NL", day=unit.today + timedelta(days=1))
    _keep(unit, case, "assigned", {"owner": str(owner_id), "due_on": case.due_on})


def add_note(unit: Unit, *, line_id: UUID, words: str) -> None:
    """This function will keep what somebody found out about a line, also after it was settled.

    :raises NotFound: no such line.
    :raises NoReason: there are no words.
    """
    locked_line(unit, line_id)
    if not words.strip():
        raise NoReason("write something", field="text")
    note = SuspenseNote(id=new_id(), line_id=line_id, at=unit.now, by=unit.by, text=words.strip()[:4_000])
    unit.session.add(note)
    unit.session.flush()


def ask_to_park(unit: Unit, *, line_id: UUID, reason: str) -> None:
    """This function will ask that a line is parked, because nobody can tell whose it is.

    :raises NotFound: no such line.
    :raises UnableToPark: the line does not wait, or is parked already.
    :raises NoReason: no reason was given.
    """
    _, case = waiting_case(unit, line_id)
    if case.parked_at is not None:
        raise UnableToPark("this line is parked already")
    if not reason.strip():
        raise NoReason("say why nobody can tell whose it is", field="reason")
    case.park_reason, case.park_asked_at, case.park_asked_by = reason.strip()[:1_000], unit.now, unit.by
    _keep(unit, case, "park_asked", {})


def park(unit: Unit, *, line_id: UUID) -> None:
    """This function will park a line, by another person than who asked for it (the database checks too).

    :raises NotFound: no such line.
    :raises UnableToPark: the line does not wait, nobody asked, or it is parked already.
    :raises NotTheSecondPerson: the same person asked.
    """
    _, case = waiting_case(unit, line_id)
    if case.park_asked_by is None or case.parked_at is not None:
        raise UnableToPark("nobody asked to park this line, or it is parked already")
    if case.park_asked_by == unit.by:
        raise NotTheSecondPerson("another person must agree to what you asked")
    case.parked_at, case.parked_by = unit.now, unit.by
    _keep(unit, case, "parked", {})


def unpark(unit: Unit, *, line_id: UUID) -> None:
    """This function will put a line back among those that wait, or let go of the wish to park it.

    :raises NotFound: no such line.
    :raises UnableToPark: the line does not wait, or nobody asked.
    """
    _, case = waiting_case(unit, line_id)
    if case.park_asked_by is None:
        raise UnableToPark("nobody asked to park this line, or it is parked already")
    case.park_asked_at = case.park_asked_by = case.parked_at = case.parked_by = None
    _keep(unit, case, "unparked", {})


def parked_lines(unit: Unit, *, limit: int = 200) -> list[ParkedLine]:
    """This function will return the parked lines that are nobody's still, the oldest first."""
    rows = unit.session.exec(
        select(BankLine, SuspenseCase)
        .join(SuspenseCase, col(SuspenseCase.line_id) == BankLine.id)
        .where(BankLine.state == LineState.SUSPENSE, col(SuspenseCase.parked_at).is_not(None))
        .order_by(col(BankLine.booked_on), col(BankLine.id))
        .limit(limit)
    )
    return [
        ParkedLine(
            line.id,
            line.booked_on,
            Money(line.amount_minor, line.currency),
            line.counterparty or line.counterparty_iban,
            business_days_since(line.booked_on, unit.today),
            case.park_reason,
            case.park_asked_by or "",
            case.parked_by or "",
            case.parked_at or unit.now,
        )
        for line, case in rows
    ]


def waiting_case(unit: Unit, line_id: UUID) -> tuple[BankLine, SuspenseCase]:
    """This function will return a line that waits with its case; the line's lock guards the case too.

    :raises NotFound: no such line.
    :raises UnableToPark: the line does not wait.
    """
    line = locked_line(unit, line_id)
    if line.state != LineState.SUSPENSE:
        raise UnableToPark("this line is not in suspense")
    case = unit.session.get(SuspenseCase, line_id, populate_existing=True)
    return line, case or SuspenseCase(line_id=line_id)


def _keep(unit: Unit, case: SuspenseCase, what: str, facts: dict[str, object]) -> None:
    unit.session.add(case)
    unit.session.flush()
    record(unit, action=f"suspense.{what}", subject=f"bank_line:{case.line_id}", facts=facts)
