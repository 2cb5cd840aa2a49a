"""How what the law wants kept stands today: each demand, for each person whom it is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text

from agency.kernel.unit import Unit, agency_day
from agency.privacy.models import KeptRecord
from agency.privacy.recording import current_records
from agency.rules.kept_records import (
    Authority,
    RecordsDecision,
    Requirement,
    Standing,
    how_it_stands,
    requirements,
)

_STAFF = text(
    "SELECT id, name, email, roles, created_at, disabled_at FROM user_account WHERE audience = 'staff'"
    " ORDER BY lower(name), id"
)


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the agency who signs in: with which roles, since when, and until when."""

    id: UUID
    name: str
    email: str
    roles: Sequence[str]
    since: datetime
    blocked_at: datetime | None


@dataclass(frozen=True, slots=True)
class DemandStanding:
    """A demand and how it stands: of the agency as a whole (`person` None), or of one person."""

    wanted: Requirement
    person: Colleague | None
    decision: RecordsDecision


@dataclass(frozen=True, slots=True)
class RecordsStanding:
    """Every demand with its standing, the worst first; `worst` is that of the whole."""

    demands: Sequence[DemandStanding]
    worst: Standing


def colleagues(unit: Unit) -> list[Colleague]:
    """This function will return everybody of the agency who has or had an account, by name."""
    return [Colleague(*row) for row in unit.session.connection().execute(_STAFF)]


def records_standing(unit: Unit, *, authority: Authority | None = None, on: date) -> RecordsStanding:
    """This function will say of each demand in force on a day whether it is in order, due or overdue.

    A person who may not sign in any more owes no training. A demand begins for a person on the first day of
    his account, and for the agency with its first colleague.
    """
    people = colleagues(unit)
    records = [row for row in current_records(unit) if row.held_on <= on]
    began = min((agency_day(one.since) for one in people), default=on)
    demands = [
        DemandStanding(
            wanted,
            person,
            how_it_stands(
                wanted=wanted,
                held=_days(records, wanted, person),
                begins=agency_day(person.since) if person else began,
                on=on,
            ),
        )
        for wanted in requirements(authority=authority, on=on)
        for person in _asked(wanted, people, on)
    ]
    order = list(Standing)
    demands.sort(key=lambda one: -order.index(one.decision.standing))
    worst = demands[0].decision.standing if demands else Standing.IN_ORDER
    return RecordsStanding(demands, worst)


def _asked(wanted: Requirement, people: Sequence[Colleague], on: date) -> Sequence[Colleague | None]:
    if wanted.of_the_agency:
        return [None]
    return [
        one
        for one in people
        if wanted.role in one.roles
        and agency_day(one.since) <= on
        and (one.blocked_at is None or agency_day(one.blocked_at) > on)
    ]


def _days(records: Sequence[KeptRecord], wanted: Requirement, person: Colleague | None) -> list[date]:
    return [
        row.held_on
        for row in records
        if row.kind == wanted.kind and (person is None or str(person.id) in row.people)
    ]
