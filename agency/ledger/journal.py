"""The journal of a period, entry by entry as it was booked, read in a stream whatever its length."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.kernel.errors import Invalid
from agency.kernel.unit import Unit
from agency.money import Money

_ROWS_AT_ONCE = 2_000


class EmptyPeriod(Invalid):
    """The period ends before it begins."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days of booking, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise EmptyPeriod(f"the period ends on {self.last}, before it begins on {self.first}", field="to")


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One leg with everything that an accountant asks of it; people stand in it by number only."""

    creditor_id: UUID
    creditor: str
    transaction_id: UUID
    line: int
    book: str
    kind: str
    source_key: str
    memo: str
    booked_on: date
    effective_on: date
    by: str
    reverses_id: UUID | None
    account: str
    amount: Money
    claim: str
    debtor_id: UUID | None


_JOURNAL = text(
    "SELECT e.creditor_id, k.reference AS creditor, e.transaction_id, e.line, t.book, t.kind, t.source_key,"
    " t.memo, t.booked_on, t.effective_on, t.by, t.reverses_id, e.account, e.amount_minor, e.currency,"
    " coalesce(c.number, '') AS claim, c.debtor_id FROM ledger_transaction t"
    " JOIN ledger_entry e ON e.creditor_id = t.creditor_id AND e.transaction_id = t.id"
    " JOIN creditor k ON k.id = t.creditor_id"
    " LEFT JOIN claim c ON c.creditor_id = e.creditor_id AND c.id = e.claim_id"
    " WHERE t.booked_on BETWEEN :first AND :last AND (CAST(:book AS text) IS NULL OR t.book = :book)"
    " AND (CAST(:currency AS text) IS NULL OR e.currency = :currency)"
    " ORDER BY t.booked_on, t.at, t.id, e.line"
)


def journal(
    unit: Unit, *, period: Period, book: str | None = None, currency: str | None = None
) -> Iterator[JournalEntry]:
    """This function will give the entries of a period in the order of booking, transaction by transaction."""
    connection = unit.session.connection()
    rows = connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(
        _JOURNAL, {"first": period.first, "last": period.last, "book": book, "currency": currency}
    )
    for row in rows:
        yield _entry(row)


def _entry(row: Row[Any]) -> JournalEntry:
    return JournalEntry(
        row.creditor_id,
        row.creditor,
        row.transaction_id,
        row.line,
        row.book,
        row.kind,
        row.source_key,
        row.memo,
        row.booked_on,
        row.effective_on,
        row.by,
        row.reverses_id,
        row.account,
        Money(row.amount_minor, row.currency),
        row.claim,
        row.debtor_id,
    )


def bank_at_end_of_days(unit: Unit, *, period: Period) -> list[tuple[date, Money]]:
    """This function will return the trust bank's balance at the end of every day on which it was booked."""
    rows = unit.session.connection().execute(
        text(
            "SELECT booked_on, currency, minor FROM (SELECT t.booked_on, e.currency,"
            " (sum(sum(e.amount_minor)) OVER (PARTITION BY e.currency ORDER BY t.booked_on))::bigint AS minor"
            " FROM ledger_entry e JOIN ledger_transaction t"
            " ON t.creditor_id = e.creditor_id AND t.id = e.transaction_id"
            " WHERE e.account = 'trust.bank' AND t.booked_on <= :last GROUP BY t.booked_on, e.currency) d"
            " WHERE booked_on >= :first ORDER BY booked_on, currency"
        ),
        {"first": period.first, "last": period.last},
    )
    return [(row.booked_on, Money(row.minor, row.currency)) for row in rows]
