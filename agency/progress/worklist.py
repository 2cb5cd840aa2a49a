"""The collectors' list of cases, read in one statement with the amounts from the ledger."""

import base64
import json
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text

from agency.kernel.errors import Invalid
from agency.kernel.unit import Unit

PAGE = 50

# Sort keys that a page may ask for; each ends in the id, so that paging never skips or repeats a row.
_SORTS = {
    "urgency": ("-w.priority", "bigint", "asc"),
    "debtor": ("d.name_key", "text", "asc"),
    "due": ("c.due_on", "date", "asc"),
    "principal": ("-c.principal_minor", "bigint", "asc"),
}

_LIST = """
SELECT w.creditor_id, w.id AS item_id, w.claim_id, w.kind, w.reason, w.due_at, w.leased_by, w.leased_until,
       c.number, c.phase, c.due_on, c.currency, d.name AS debtor, cr.name AS creditor,
       coalesce(o.open_minor, 0)::bigint AS open_minor, {sort}::text AS sort_key
  FROM work_item w
  JOIN claim c ON c.creditor_id = w.creditor_id AND c.id = w.claim_id
  JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id
  JOIN creditor cr ON cr.id = w.creditor_id
  LEFT JOIN LATERAL (
    SELECT sum(e.amount_minor) AS open_minor FROM ledger_entry e
     WHERE e.creditor_id = c.creditor_id AND e.claim_id = c.id
       AND e.account IN ('claims.principal', 'claims.interest', 'claims.costs')
  ) o ON true
 WHERE w.done_at IS NULL AND w.due_at <= app.now()
   AND (CAST(:kind AS text) IS NULL OR w.kind = :kind)
   AND (CAST(:search AS text) IS NULL OR d.name_key LIKE :search OR c.number LIKE :search_number)
   AND (CAST(:after_id AS uuid) IS NULL OR ({sort}, w.id) > (CAST(:after_key AS {type}), :after_id))
 ORDER BY {sort}, w.id LIMIT :limit
"""


@dataclass(frozen=True)
class WorklistRow:
    """One case on the list; amounts in minor units."""

    creditor_id: UUID
    item_id: UUID
    claim_id: UUID
    kind: str
    reason: str
    due_at: datetime
    leased_by: UUID | None
    leased_until: datetime | None
    number: str
    phase: str
    due_on: date
    currency: str
    debtor: str
    creditor: str
    open_minor: int


@dataclass(frozen=True)
class WorklistPage:
    """A page and the cursor of the next one (None on the last)."""

    rows: list[WorklistRow]
    next_cursor: str | None


def worklist(
    unit: Unit,
    *,
    sort: str = "urgency",
    kind: str | None = None,
    search: str | None = None,
    cursor: str | None = None,
    limit: int = PAGE,
) -> WorklistPage:
    """This function will return one page of open cases; `search` is part of a name or a claim number.

    :raises Invalid: an unknown sort or a cursor that this function did not make.
    """
    if sort not in _SORTS:
        raise Invalid(f"cannot sort by {sort}", field="sort")
    expression, kind_of_key, _ = _SORTS[sort]
    after_key, after_id = read_cursor(cursor) if cursor else (None, None)
    words = " ".join((search or "").lower().split())
    rows = (
        unit.session.connection()
        .execute(
            text(_LIST.format(sort=expression, type=kind_of_key)),
            {
                "kind": kind or None,
                "search": f"%{_literal(words)}%" if words else None,
                "search_number": f"{_literal(words)}%" if words else None,
                "after_key": after_key,
                "after_id": after_id,
                "limit": limit + 1,
            },
        )
        .all()
    )
    page = [WorklistRow(*row[:-1]) for row in rows[:limit]]
    more = len(rows) > limit
    last = rows[limit - 1] if more else None
    return WorklistPage(page, write_cursor(str(last.sort_key), last.item_id) if last else None)


def counts_by_kind(unit: Unit) -> dict[str, int]:
    """This function will count open cases per kind of work."""
    rows = unit.session.connection().execute(
        text(
            "SELECT kind, count(*) FROM work_item WHERE done_at IS NULL AND due_at <= app.now()"
            " GROUP BY kind ORDER BY kind"
        )
    )
    return {row[0]: row[1] for row in rows}


def write_cursor(key: str, row_id: UUID) -> str:
    """This function will return an opaque text that names the last row of a page."""
    return base64.urlsafe_b64encode(json.dumps([key, str(row_id)]).encode()).decode()


def read_cursor(cursor: str) -> tuple[str, UUID]:
    """This function will read what `write_cursor` wrote.

    :raises Invalid: it is something else.
    """
    try:
        key, row_id = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        return str(key), UUID(row_id)
    except (ValueError, TypeError) as error:
        raise Invalid("this page link is not valid any more", field="cursor") from error


def _literal(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
