"""Lists and figures of one creditor, as rows of SQL: the door's row-level security confines every
statement.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, text
from sqlmodel import col, select

from agency.intake.models import Placement
from agency.kernel.unit import Unit
from portal.claim_rows import CLAIM, DEBTOR, claims_count, claims_statement
from portal.shared.listing import Cut, Listing

CLAIM_SORTS = ("number", "debtor", "due_on", "principal", "placed")
CLAIM_FILTERS = ("q", "state", "placement")

# What was paid too much goes back: it was not collected.
_FIGURES = text(
    "SELECT count(*) FILTER (WHERE state = 'active') AS active,"
    " count(*) FILTER (WHERE state = 'paid') AS paid,"
    " count(*) FILTER (WHERE state IN ('new', 'quoted')) AS waiting, count(*) AS claims,"
    " coalesce(sum(principal_minor) FILTER (WHERE state IN ('active', 'paid', 'closed')), 0)::bigint AS"
    " placed,"
    " (SELECT coalesce(sum(amount_minor), 0)::bigint FROM ledger_entry"
    "  WHERE creditor_id = :c AND account = 'claims.principal') AS owed,"
    " (SELECT coalesce(sum(amount_minor - over_minor), 0)::bigint FROM payment"
    "  WHERE creditor_id = :c AND reversed_at IS NULL) AS collected,"
    " (SELECT coalesce(sum(net_minor), 0)::bigint FROM remittance_run"
    "  WHERE creditor_id = :c AND state IN ('exported', 'paid')) AS paid_out,"
    " (SELECT count(DISTINCT claim_id) FROM dispute WHERE creditor_id = :c AND resolved_at IS NULL) AS"
    " disputed"
    " FROM claim WHERE creditor_id = :c"
)
_MONTHS = text(
    "SELECT m.month::date AS month, coalesce(sum(p.amount_minor - p.over_minor), 0)::bigint AS minor"
    " FROM generate_series("
    " date_trunc('month', CAST(:today AS date)) - interval '11 months',"
    " date_trunc('month', CAST(:today AS date)), interval '1 month') AS m(month)"
    " LEFT JOIN payment p ON p.creditor_id = :c AND p.reversed_at IS NULL"
    " AND p.value_on >= m.month AND p.value_on < m.month + interval '1 month' GROUP BY 1 ORDER BY 1"
)


def figures(unit: Unit, *, creditor_id: UUID) -> Row[Any]:
    """This function will count and add up what stands with one creditor, in minor units of the euro."""
    return unit.session.connection().execute(_FIGURES, {"c": creditor_id}).one()


def collected_by_month(unit: Unit, *, creditor_id: UUID) -> Sequence[Row[Any]]:
    """This function will return what was collected in each of the last twelve months."""
    return unit.session.connection().execute(_MONTHS, {"c": creditor_id, "today": unit.today}).all()


_POSITIONS: dict[str, Callable[[Row[Any]], Any]] = {
    "number": lambda row: row.number,
    "debtor": lambda row: row.debtor.lower(),
    "due_on": lambda row: row.due_on,
    "principal": lambda row: row.principal_minor,
    "placed": lambda row: row.id,
}
_ORDERS = {
    "number": CLAIM.c.number,
    "debtor": func.lower(DEBTOR.c.name),
    "due_on": CLAIM.c.due_on,
    "principal": CLAIM.c.principal_minor,
    "placed": CLAIM.c.id,  # ids rise with time, and the primary key has them in order
}


def claim_list(unit: Unit, listing: Listing, *, creditor_id: UUID) -> Cut[Row[Any]]:
    """This function will return one page of a creditor's claims with the total of the filter."""
    statement = claims_statement(listing.filters, creditor_id=creditor_id)
    connection = unit.session.connection()
    total = connection.execute(claims_count(listing.filters, creditor_id=creditor_id)).scalar_one()
    rows = connection.execute(listing.apply(statement, columns=_ORDERS, tie=CLAIM.c.id)).all()
    position = _POSITIONS[listing.sort]
    return listing.cut(rows, position=lambda row: (position(row), row.id), total=total)


def all_claims(unit: Unit, filters: Mapping[str, str], *, creditor_id: UUID) -> Sequence[Row[Any]]:
    """This function will return every claim of a filter, for an export, by number."""
    statement = claims_statement(filters, creditor_id=creditor_id).order_by(CLAIM.c.number)
    return unit.session.connection().execute(statement).all()


def placements(unit: Unit, listing: Listing, *, creditor_id: UUID) -> Cut[Placement]:
    """This function will return a page of the creditor's placements, the newest first."""
    wanted = select(Placement).where(col(Placement.creditor_id) == creditor_id)
    if words := listing.filters.get("q"):
        wanted = wanted.where(col(Placement.name).icontains(words, autoescape=True))
    order = {"received_at": col(Placement.received_at)}
    found = unit.session.scalars(listing.apply(wanted, columns=order, tie=col(Placement.id))).all()
    return listing.cut(found, position=lambda row: (row.received_at, row.id))
