"""The bank as finance reads it: statements, lines and the day's figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, DateTime, Integer, Row, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from agency.banking.suspense import GOING_BACK, PARKED, business_days_since
from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.suspense_age import suspense_age


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One imported statement; `matched` counts lines that are not in suspense any more, or that stand with
    the earlier statement which brought them first."""

    statement_id: UUID
    name: str
    iban: str
    closes_on: date | None
    opening: Money | None
    closing: Money | None
    lines: int
    matched: int
    warnings: tuple[str, ...]
    imported_at: datetime
    imported_by: str


@dataclass(frozen=True, slots=True)
class LineRow:
    """One bank line and what became of it."""

    line_id: UUID
    statement_id: UUID
    booked_on: date
    value_on: date
    amount: Money
    counterparty: str
    counterparty_iban: str
    text: str
    structured_reference: str
    state: str
    creditor_id: UUID | None
    claim_id: UUID | None
    claim_number: str | None
    settled_by: str | None
    settled_at: datetime | None
    match: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BankDay:
    """What came in on a day, and how much of it is known to be whose."""

    on: date
    received: Money
    matched: Money


@dataclass(frozen=True, slots=True)
class AgeBand:
    """Lines in suspense of one age, in business days; `to` is None for the oldest. `amounts` has one amount
    per currency, always of euro: what came in less what went out, as it stands in the ledger."""

    start: int
    to: int | None
    lines: int
    amounts: tuple[Money, ...]


_STATEMENTS = (
    "SELECT s.id, s.name, s.iban, s.closes_on, coalesce(s.closes_on, CAST(s.imported_at AS date)) AS on_,"
    " s.opening_minor, s.closing_minor, s.currency, s.lines,"
    " s.warnings, s.imported_at, s.imported_by, greatest(0, s.lines - (SELECT count(*) FROM bank_line l"
    "  WHERE l.statement_id = s.id AND l.state = 'suspense'))::int AS matched FROM bank_statement s"
)
_LINES = (
    "SELECT l.id, l.statement_id, l.booked_on, l.value_on, l.amount_minor, l.currency, l.counterparty,"
    " l.counterparty_iban, l.text, l.structured_reference, l.state, l.creditor_id, l.claim_id, c.number,"
    " l.settled_by, l.settled_at, l.match_trace FROM bank_line l"
    " LEFT JOIN claim c ON c.creditor_id = l.creditor_id AND c.id = l.claim_id"
)

_WAITS = f"l.state = 'suspense' AND l.amount_minor <> 0 AND NOT {PARKED} AND NOT {GOING_BACK}"


STATEMENTS = (
    text(_STATEMENTS)
    .columns(
        id=Uuid, name=Text, iban=Text, closes_on=Date, on_=Date, opening_minor=BigInteger,
        closing_minor=BigInteger, currency=Text, lines=Integer, warnings=JSONB,
        imported_at=DateTime(timezone=True), imported_by=Text, matched=Integer,
    )
    .subquery("statement")
)  # fmt: skip
"""The imported statements as a table to select from, for lists; see `statement_row`. `on_` is the day each
closes; where it says none, the day it was imported."""


def latest_statement(unit: Unit) -> StatementRow | None:
    """This function will return the statement that closes last."""
    row = unit.session.connection().execute(text(_STATEMENTS + " ORDER BY on_ DESC, s.id DESC LIMIT 1"))
    found = row.one_or_none()
    return None if found is None else statement_row(found)


def read_statement(unit: Unit, *, statement_id: UUID) -> StatementRow:
    """This function will return one statement.

    :raises NotFound: there is none of that id.
    """
    row = unit.session.connection().execute(text(_STATEMENTS + " WHERE s.id = :id"), {"id": statement_id})
    found = row.one_or_none()
    if found is None:
        raise NotFound("no such statement")
    return statement_row(found)


def statement_lines(
    unit: Unit, *, statement_id: UUID, state: str = "", limit: int, after: UUID | None = None
) -> list[LineRow]:
    """This function will return a statement's lines in the bank's order, of one state or of all.

    :param after: begin after this line, to read on where a list ended.
    """
    rows = unit.session.connection().execute(
        text(
            _LINES + " WHERE l.statement_id = :id AND (:state = '' OR l.state = :state)"
            " AND (CAST(:after AS uuid) IS NULL OR (l.booked_on, l.id) >"
            "  (SELECT booked_on, id FROM bank_line WHERE id = :after))"
            " ORDER BY l.booked_on, l.id LIMIT :limit"
        ),
        {"id": statement_id, "state": state, "limit": limit, "after": after},
    )
    return [_line(row) for row in rows]


def lines_by_state(unit: Unit, *, statement_id: UUID) -> dict[str, int]:
    """This function will count a statement's lines by what became of them."""
    rows = unit.session.connection().execute(
        text("SELECT state, count(*) AS lines FROM bank_line WHERE statement_id = :id GROUP BY state"),
        {"id": statement_id},
    )
    return {row.state: row.lines for row in rows}


def read_line(unit: Unit, *, line_id: UUID) -> LineRow:
    """This function will return one bank line.

    :raises NotFound: there is none of that id.
    """
    row = unit.session.connection().execute(text(_LINES + " WHERE l.id = :id"), {"id": line_id})
    found = row.one_or_none()
    if found is None:
        raise NotFound("no such line")
    return _line(found)


def bank_days(unit: Unit, *, days: int = 14) -> list[BankDay]:
    """This function will return what came in per day of the last days, in euro, the oldest first."""
    first = unit.today - timedelta(days=days - 1)
    rows = unit.session.connection().execute(
        text(
            "SELECT booked_on, sum(amount_minor)::bigint AS received,"
            " coalesce(sum(amount_minor) FILTER (WHERE state <> 'suspense'), 0)::bigint AS matched"
            " FROM bank_line WHERE booked_on >= :first AND amount_minor > 0 AND currency = 'EUR'"
            " AND state <> 'split'"
            " GROUP BY booked_on"
        ),
        {"first": first},
    )
    known = {row.booked_on: (row.received, row.matched) for row in rows}
    every = [first + timedelta(days=offset) for offset in range(days)]
    return [BankDay(on, *(Money(minor, "EUR") for minor in known.get(on, (0, 0)))) for on in every]


def suspense_by_age(unit: Unit) -> list[AgeBand]:
    """This function will count what waits in suspense by its age in business days, without what is parked."""
    rows = unit.session.connection().execute(
        text(
            "SELECT l.booked_on, l.currency, count(*) AS lines, sum(l.amount_minor)::bigint AS minor"
            f" FROM bank_line l WHERE l.state = 'suspense' AND l.amount_minor <> 0 AND NOT {PARKED}"
            " GROUP BY l.booked_on, l.currency"
        )
    ).all()  # fmt: skip
    age = suspense_age(on=unit.today)
    bands: list[tuple[int, int | None]] = [
        (0, age.warn_after),
        (age.warn_after + 1, age.block_after),
        (age.block_after + 1, None),
    ]
    ages = [(business_days_since(row.booked_on, unit.today), row) for row in rows]
    found = []
    for start, to in bands:
        inside = [row for age, row in ages if age >= start and (to is None or age <= to)]
        amounts = tuple(
            Money(sum(row.minor for row in inside if row.currency == currency), currency)
            for currency in ("EUR", *sorted({row.currency for row in inside} - {"EUR"}))
        )
        found.append(AgeBand(start, to, sum(row.lines for row in inside), amounts))
    return found


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line stands among those that wait for a person: the lines around it, its number, how many."""

    previous: UUID | None
    next: UUID | None
    number: int
    total: int


def place_in_suspense(unit: Unit, *, line_id: UUID) -> Place:
    """This function will find a line's place among those that wait, also of one that waits no more."""
    row = (
        unit.session.connection()
        .execute(
            text(
                "WITH here AS (SELECT booked_on, id FROM bank_line WHERE id = :line),"
                f" waits AS (SELECT l.booked_on, l.id FROM bank_line l WHERE {_WAITS} AND l.id <> :line)"
                " SELECT (SELECT id FROM waits WHERE (booked_on, id) < (SELECT booked_on, id FROM here)"
                "   ORDER BY booked_on DESC, id DESC LIMIT 1) AS previous,"
                " (SELECT id FROM waits WHERE (booked_on, id) > (SELECT booked_on, id FROM here)"
                "   ORDER BY booked_on, id LIMIT 1) AS next,"
                " (SELECT count(*) FROM waits WHERE (booked_on, id) < (SELECT booked_on, id FROM here)) + 1"
                "  AS number,"
                " (SELECT count(*) FROM waits) + 1 AS total"
            ),
            {"line": line_id},
        )
        .one()
    )
    return Place(row.previous, row.next, row.number, row.total)


def next_in_suspense(unit: Unit, *, after: UUID) -> UUID | None:
    """This function will return the line that waits after another, from the last one on to the oldest."""
    found = unit.session.connection().execute(
        text(
            f"SELECT l.id FROM bank_line l WHERE {_WAITS} AND l.id <> :after"
            " ORDER BY coalesce((l.booked_on, l.id)"
            "  < (SELECT booked_on, id FROM bank_line WHERE id = :after), false), l.booked_on, l.id LIMIT 1"
        ),
        {"after": after},
    )
    return found.scalar_one_or_none()


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor, currency)


def statement_row(row: Row[Any]) -> StatementRow:
    """This function will read a row of `STATEMENTS`."""
    return StatementRow(
        row.id,
        row.name,
        row.iban,
        row.closes_on,
        _money(row.opening_minor, row.currency),
        _money(row.closing_minor, row.currency),
        row.lines,
        row.matched,
        tuple(row.warnings),
        row.imported_at,
        row.imported_by,
    )


def _line(row: Row[Any]) -> LineRow:
    trace: Sequence[dict[str, Any]] = row.match_trace
    return LineRow(
        row.id,
        row.statement_id,
        row.booked_on,
        row.value_on,
        Money(row.amount_minor, row.currency),
        row.counterparty,
        row.counterparty_iban,
        row.text,
        row.structured_reference,
        row.state,
        row.creditor_id,
        row.claim_id,
        row.number,
        row.settled_by,
        row.settled_at,
        trace[0] if trace else {},
    )
