"""Which lines of a statement are in the tables already: reads what `rules.same_line` decides on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.banking.line_booking import entry_key
from agency.kernel.unit import Unit
from agency.money import Money
from agency.ports.readers import BankLine, BankStatement
from agency.rules.same_line import Period, ToldLine, sort_out


@dataclass(frozen=True, slots=True)
class Sorted:
    """A statement's lines by what is to be done with them.

    :param new: positions of the lines to book.
    :param parts: collective entries booked as one sum -> positions of the lines that explain them.
    :param taken: keys of the booked lines of those days.
    :param same_as: the statement that told all this before, in another format.
    """

    new: Sequence[int]
    parts: Mapping[UUID, Sequence[int]] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()
    same_as: UUID | None = None


_BOOKED = text(
    "SELECT l.id, l.statement_id, l.line_key, l.booked_on, l.amount_minor, l.currency, l.counterparty_iban,"
    " l.text, l.structured_reference, l.end_to_end, l.bank_ref, l.entry_key, s.format, s.opening_minor,"
    " s.closing_minor, s.currency AS statement_currency, s.closes_on"
    " FROM bank_line l JOIN bank_statement s ON s.id = l.statement_id"
    " WHERE l.iban = :iban AND l.booked_on = ANY(:days) AND l.state <> 'split' ORDER BY l.id"
)


def sort_statement(unit: Unit, read: BankStatement, *, iban: str, used: set[UUID]) -> Sorted:
    """This function will sort a statement's lines into booked and new ones.

    :param used: booked lines that other statements of the same file stand for; those of this one are added.
    """
    rows = [row for row in booked_lines(unit, iban=iban, days=read.booked_days) if row.id not in used]
    if not rows:
        return Sorted(range(len(read.lines)))
    period = Period(read.opening, read.closing, read.closes_on)
    periods = {row.statement_id: _period(row) for row in rows}
    found = sort_out(
        told=[told_line(line, format=read.format, entry=entry_key(read.key, line)) for line in read.lines],
        booked=[booked_line(row) for row in rows],
        period=period,
        periods=periods,
    )
    used.update(rows[at].id for at in found.known.values())
    explaining = {position for many in found.parts.values() for position in many}
    new = [at for at in range(len(read.lines)) if at not in found.known and at not in explaining]
    same_as = None
    if not new and not found.parts and read.closing is not None:
        same_as = next((statement for statement, other in periods.items() if other == period), None)
    return Sorted(
        new,
        {rows[at].id: many for at, many in found.parts.items()},
        frozenset(row.line_key for row in rows),
        same_as,
    )


def booked_lines(unit: Unit, *, iban: str, days: Iterable[date]) -> Sequence[Row[Any]]:
    """This function will return the account's booked lines of some days, in the order of their booking."""
    return unit.session.connection().execute(_BOOKED, {"iban": iban, "days": sorted(days)}).all()


def told_line(line: BankLine, *, format: str, entry: str) -> ToldLine:
    """This function will describe a line of a file."""
    return ToldLine(
        key=line.key,
        day=line.booked_on,
        amount=line.amount,
        format=_family(format),
        bank_ref=line.bank_ref or "",
        end_to_end=line.end_to_end or "",
        iban="".join((line.counterparty_iban or "").split()).upper(),
        reference=" ".join(line.structured_references),
        text=line.text,
        batch=entry,
    )


def booked_line(row: Row[Any]) -> ToldLine:
    """This function will describe a row of `booked_lines`."""
    return ToldLine(
        key=row.line_key,
        day=row.booked_on,
        amount=Money(row.amount_minor, row.currency),
        format=_family(row.format),
        statement=row.statement_id,
        bank_ref=row.bank_ref,
        end_to_end=row.end_to_end,
        iban=row.counterparty_iban,
        reference=row.structured_reference,
        text=row.text,
        batch=row.entry_key,
    )


def _family(format: str) -> str:
    """All versions and kinds of camt word a line alike."""
    return format.partition(".")[0] if format.startswith("camt") else format


def _period(row: Row[Any]) -> Period:
    def money(minor: int | None) -> Money | None:
        return None if minor is None else Money(minor, row.statement_currency)

    return Period(money(row.opening_minor), money(row.closing_minor), row.closes_on)
