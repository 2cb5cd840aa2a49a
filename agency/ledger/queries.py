"""What the ledger says: balances as of a day, by the day a fact belongs to or by the day it was booked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.kernel.unit import Unit
from agency.money import Money

_ROWS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class ClaimBalance:
    """What stands in the ledger as owed on a claim: principal, and the interest and costs fixed so far."""

    principal: Money
    interest: Money
    costs: Money

    @property
    def total(self) -> Money:
        """All three together."""
        return self.principal + self.interest + self.costs


# Both days narrow: what counts by the one and was written by the other.
_AS_OF = (
    " AND (CAST(:effective AS date) IS NULL OR t.effective_on <= :effective)"
    " AND (CAST(:booked AS date) IS NULL OR t.booked_on <= :booked)"
)
_CLAIM = (
    "SELECT coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'claims.principal'), 0)::bigint,"
    " coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'claims.interest'), 0)::bigint,"
    " coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'claims.costs'), 0)::bigint, max(c.currency)"
    " FROM claim c LEFT JOIN ledger_entry e ON e.creditor_id = c.creditor_id AND e.claim_id = c.id"
)


def claim_balance(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> ClaimBalance:
    """This function will return a claim's balance; one that was not opened yet owes nothing here."""
    row = unit.session.connection().execute(
        text(_CLAIM + " WHERE c.creditor_id = :c AND c.id = :claim"),
        {"c": creditor_id, "claim": claim_id},
    )
    principal, interest, costs, currency = row.one()
    currency = currency or "EUR"
    return ClaimBalance(Money(principal, currency), Money(interest, currency), Money(costs, currency))


def account_balance(
    unit: Unit,
    *,
    account: str,
    currency: str,
    creditor_id: UUID | None = None,
    effective_to: date | None = None,
    booked_to: date | None = None,
) -> Money:
    """This function will return an account's balance (debit positive), of one creditor or of all."""
    minor = (
        unit.session.connection()
        .execute(
            text(
                "SELECT coalesce(sum(e.amount_minor), 0)::bigint FROM ledger_entry e"
                " JOIN ledger_transaction t ON t.creditor_id = e.creditor_id AND t.id = e.transaction_id"
                " WHERE e.account = :account AND e.currency = :currency"
                " AND (CAST(:creditor AS uuid) IS NULL OR e.creditor_id = :creditor)" + _AS_OF
            ),
            {
                "account": account,
                "currency": currency,
                "creditor": creditor_id,
                "effective": effective_to,
                "booked": booked_to,
            },
        )
        .scalar_one()
    )
    return Money(int(minor), currency)


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """One account's balance in one currency, over all creditors."""

    account: str
    balance: Money
    entries: int


def trial_balance(
    unit: Unit,
    *,
    effective_to: date | None = None,
    booked_to: date | None = None,
) -> list[AccountBalance]:
    """This function will return every account's balance (debit positive), over all creditors.

    :param effective_to: the day by which facts count.
    :param booked_to: the day by which they were written.
    """
    dated = (
        ""
        if effective_to is None and booked_to is None
        else " JOIN ledger_transaction t ON t.creditor_id = e.creditor_id AND t.id = e.transaction_id"
        + _AS_OF
    )
    rows = unit.session.connection().execute(
        text(
            "SELECT e.account, e.currency, sum(e.amount_minor)::bigint AS minor, count(*) AS entries"
            " FROM ledger_entry e" + dated + " GROUP BY e.account, e.currency ORDER BY e.account, e.currency"
        ),
        {"effective": effective_to, "booked": booked_to},
    )
    return [AccountBalance(row.account, Money(row.minor, row.currency), row.entries) for row in rows]


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which entries of an account are meant: of one creditor, claim or kind, up to a day; all where None."""

    creditor_id: UUID | None = None
    claim_id: UUID | None = None
    kind: str | None = None
    effective_to: date | None = None
    booked_to: date | None = None


@dataclass(frozen=True, slots=True)
class BuildUpRow:
    """What one kind of booking added to an account's balance in one currency."""

    kind: str
    amount: Money
    entries: int
    first_on: date
    last_on: date


def account_build_up(unit: Unit, *, account: str, of: Narrowed = Narrowed()) -> list[BuildUpRow]:
    """This function will return what a balance consists of, kind by kind, whatever kind is meant; their sum
    is the balance."""
    rows = unit.session.connection().execute(
        text(
            "SELECT t.kind, e.currency, sum(e.amount_minor)::bigint AS minor, count(*) AS entries,"
            " min(t.effective_on) AS first_on, max(t.effective_on) AS last_on FROM ledger_entry e"
            " JOIN ledger_transaction t ON t.creditor_id = e.creditor_id AND t.id = e.transaction_id"
            " WHERE e.account = :account AND (CAST(:creditor AS uuid) IS NULL OR e.creditor_id = :creditor)"
            " AND (CAST(:claim AS uuid) IS NULL OR e.claim_id = :claim)"
            + _AS_OF
            + " GROUP BY t.kind, e.currency"
            " ORDER BY e.currency, min(t.effective_on), t.kind"
        ),
        _values(account, of),
    )
    return [
        BuildUpRow(row.kind, Money(row.minor, row.currency), row.entries, row.first_on, row.last_on)
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One leg with the transaction it belongs to, for drill-down and export."""

    creditor_id: UUID
    transaction_id: UUID
    kind: str
    source_key: str
    memo: str
    booked_on: date
    effective_on: date
    at: datetime
    by: str
    account: str
    amount: Money
    claim_id: UUID | None
    reverses_id: UUID | None


_ENTRY = (
    "SELECT e.creditor_id, e.transaction_id, t.kind, t.source_key, t.memo, t.booked_on, t.effective_on, t.at,"
    " t.by, e.account, e.amount_minor, e.currency, e.claim_id, t.reverses_id FROM ledger_entry e"
    " JOIN ledger_transaction t ON t.creditor_id = e.creditor_id AND t.id = e.transaction_id"
)


_OF_ACCOUNT = (
    _ENTRY + " WHERE e.account = :account"
    " AND (CAST(:creditor AS uuid) IS NULL OR e.creditor_id = :creditor)"
    " AND (CAST(:claim AS uuid) IS NULL OR e.claim_id = :claim)"
    " AND (CAST(:kind AS text) IS NULL OR t.kind = :kind)" + _AS_OF
)


def account_entries(
    unit: Unit, *, account: str, of: Narrowed = Narrowed(), after: UUID | None = None, limit: int = 500
) -> list[EntryRow]:
    """This function will return an account's latest entries, whole transactions up to about the limit: what
    one transaction holds of the account is never divided over two pages.

    :param after: begin after this transaction, to read on where a list ended.
    """
    rows = unit.session.connection().execute(
        text(
            _OF_ACCOUNT + " AND (CAST(:after AS uuid) IS NULL OR (t.at, t.id) <"
            "  (SELECT at, id FROM ledger_transaction WHERE id = :after LIMIT 1))"
            " ORDER BY t.at DESC, e.transaction_id DESC FETCH FIRST :limit ROWS WITH TIES"
        ),
        _values(account, of) | {"after": after, "limit": limit},
    )
    return _entry_rows(rows.all())


def every_entry(unit: Unit, *, account: str, of: Narrowed = Narrowed()) -> Iterator[EntryRow]:
    """This function will give all of an account's entries, the latest first, in a stream however many."""
    rows = unit.session.connection().execute(
        text(_OF_ACCOUNT + " ORDER BY t.at DESC, e.transaction_id DESC, e.line"),
        _values(account, of),
        execution_options={"yield_per": _ROWS_AT_ONCE},
    )
    for some in rows.partitions():
        yield from _entry_rows(some)


def _values(account: str, of: Narrowed) -> dict[str, Any]:
    return {
        "account": account,
        "creditor": of.creditor_id,
        "claim": of.claim_id,
        "kind": of.kind,
        "effective": of.effective_to,
        "booked": of.booked_to,
    }


def transaction_entries(unit: Unit, *, creditor_id: UUID, transaction_id: UUID) -> list[EntryRow]:
    """This function will return the legs of one transaction, in order; none when it does not exist."""
    rows = unit.session.connection().execute(
        text(_ENTRY + " WHERE e.creditor_id = :c AND e.transaction_id = :id ORDER BY e.line"),
        {"c": creditor_id, "id": transaction_id},
    )
    return _entry_rows(rows.all())


def _entry_rows(rows: Sequence[Row[Any]]) -> list[EntryRow]:
    return [
        EntryRow(
            row.creditor_id,
            row.transaction_id,
            row.kind,
            row.source_key,
            row.memo,
            row.booked_on,
            row.effective_on,
            row.at,
            row.by,
            row.account,
            Money(row.amount_minor, row.currency),
            row.claim_id,
            row.reverses_id,
        )
        for row in rows
    ]
