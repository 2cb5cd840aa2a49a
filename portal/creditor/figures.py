"""Lists and figures of one creditor, as rows of SQL: the door's row-level security confines every
statement.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, Text, cast, func, select, text

from agency.claims.finding import matches
from agency.kernel.unit import Unit
from agency.tables import metadata
from portal.shared.listing import Cut, Listing

CLAIM, DEBTOR, ENTRY = (metadata.tables[name] for name in ("claim", "debtor", "ledger_entry"))
CLAIM_SORTS = ("number", "debtor", "due_on", "principal", "placed")
CLAIM_FILTERS = ("q", "state", "placement")

_FIGURES = text(
    "SELECT count(*) FILTER (WHERE state = 'active') AS active,"
    " count(*) FILTER (WHERE state = 'paid') AS paid,"
    " count(*) FILTER (WHERE state IN ('new', 'quoted')) AS waiting, count(*) AS claims,"
    " coalesce(sum(principal_minor) FILTER (WHERE state IN ('active', 'paid', 'closed')), 0)::bigint AS"
    " placed,"
    " (SELECT coalesce(sum(amount_minor), 0)::bigint FROM ledger_entry"
    "  WHERE creditor_id = :c AND account = 'claims.principal') AS owed,"
    " (SELECT coalesce(sum(amount_minor), 0)::bigint FROM payment"
    "  WHERE creditor_id = :c AND reversed_at IS NULL) AS collected,"
    " (SELECT coalesce(sum(net_minor), 0)::bigint FROM remittance_run"
    "  WHERE creditor_id = :c AND state IN ('exported', 'paid')) AS paid_out,"
    " (SELECT count(DISTINCT claim_id) FROM dispute WHERE creditor_id = :c AND resolved_at IS NULL) AS"
    " disputed"
    " FROM claim WHERE creditor_id = :c"
)
_MONTHS = text(
    "SELECT m.month::date AS month, coalesce(sum(p.amount_minor), 0)::bigint AS minor FROM generate_series("
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


def _claims(filters: Mapping[str, str], creditor_id: UUID) -> Select[Any]:
    owed = (
        select(func.coalesce(func.sum(ENTRY.c.amount_minor), 0))
        .where(
            ENTRY.c.creditor_id == CLAIM.c.creditor_id,
            ENTRY.c.claim_id == CLAIM.c.id,
            ENTRY.c.account.in_(("claims.principal", "claims.interest", "claims.costs")),
        )
        .scalar_subquery()
    )
    statement = select(
        CLAIM.c.id, CLAIM.c.number, CLAIM.c.reference, CLAIM.c.state, CLAIM.c.due_on,
        CLAIM.c.principal_minor, CLAIM.c.currency, CLAIM.c.disputed_minor,
        DEBTOR.c.name.label("debtor"), DEBTOR.c.city, owed.label("owed"),
    )  # fmt: skip
    return statement.join(DEBTOR, _OF_CLAIM).where(*_conditions(filters, creditor_id))


_OF_CLAIM = (DEBTOR.c.creditor_id == CLAIM.c.creditor_id) & (DEBTOR.c.id == CLAIM.c.debtor_id)


def _counted(filters: Mapping[str, str], creditor_id: UUID) -> Select[Any]:
    """Every claim has its debtor, so only a search by name has to look at debtors to count."""
    statement = select(func.count()).select_from(CLAIM).where(*_conditions(filters, creditor_id))
    return statement.join(DEBTOR, _OF_CLAIM) if filters.get("q") else statement


def _conditions(filters: Mapping[str, str], creditor_id: UUID) -> list[ColumnElement[bool]]:
    conditions = [CLAIM.c.creditor_id == creditor_id]
    if state := filters.get("state"):
        conditions.append(CLAIM.c.state == state)
    if placement := filters.get("placement"):
        conditions.append(cast(CLAIM.c.placement_id, Text) == placement)
    if wish := filters.get("q"):
        conditions.append(matches(wish))
    return conditions


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
    statement = _claims(listing.filters, creditor_id)
    connection = unit.session.connection()
    total = connection.execute(_counted(listing.filters, creditor_id)).scalar_one()
    rows = connection.execute(listing.apply(statement, columns=_ORDERS, tie=CLAIM.c.id)).all()
    position = _POSITIONS[listing.sort]
    return listing.cut(rows, position=lambda row: (position(row), row.id), total=total)


def all_claims(unit: Unit, filters: Mapping[str, str], *, creditor_id: UUID) -> Sequence[Row[Any]]:
    """This function will return every claim of a filter, for an export, by number."""
    statement = _claims(filters, creditor_id).order_by(CLAIM.c.number)
    return unit.session.connection().execute(statement).all()


def quotes(unit: Unit, *, creditor_id: UUID, only_open: bool = False) -> Sequence[Row[Any]]:
    """This function will return the creditor's quotes, the newest first; an expired open one says so.

    :param only_open: those of placements that can be accepted now.
    """
    alive = " AND q.state = 'open' AND q.expires_at > app.now() AND q.claim_id IS NULL" if only_open else ""
    return (
        unit.session.connection()
        .execute(
            text(
                "SELECT q.id, q.number, q.claims, q.principal_minor, q.currency, q.fee_bps_average,"
                " q.issued_at,"
                " q.expires_at, q.accepted_at, q.placement_id,"
                " coalesce(p.name, c.number || ' · ' || c.reference) AS placement,"
                " CASE WHEN q.state = 'open' AND c.state <> 'active' THEN 'replaced'"
                " WHEN q.state = 'open' AND q.expires_at <= app.now() THEN 'expired' ELSE q.state END"
                " AS state FROM quote q LEFT JOIN placement p ON p.creditor_id = q.creditor_id"
                " AND p.id = q.placement_id LEFT JOIN claim c ON c.creditor_id = q.creditor_id"
                f" AND c.id = q.claim_id WHERE q.creditor_id = :c{alive}"
                " ORDER BY q.issued_at DESC, q.id DESC LIMIT 200"
            ),
            {"c": creditor_id},
        )
        .all()
    )


def placements(unit: Unit, *, creditor_id: UUID, limit: int = 50) -> Sequence[Row[Any]]:
    """This function will return the creditor's placements, the newest first."""
    return (
        unit.session.connection()
        .execute(
            text(
                "SELECT id, name, state, rows, created, updated, merged, rejected, received_at, refusal"
                " FROM placement WHERE creditor_id = :c ORDER BY received_at DESC, id DESC LIMIT :limit"
            ),
            {"c": creditor_id, "limit": limit},
        )
        .all()
    )
