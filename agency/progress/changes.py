"""Which claims changed since a program last asked: a place in the order of events that skips none.

Events get their position when they are written and are seen when their transaction ends, so a later position
may be seen before an earlier one. What could still be overtaken is held back: only events are told whose
transaction is older than every one that still writes.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text

from agency.kernel.unit import Unit

# `age` counts transactions backwards, so of two the older one has more. What is a day old is told in any
# case: no transaction lasts that long, and their counter turns round after two thousand million.
_SETTLED: Final = (
    "(age(e.xmin) > age(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS xid))"
    " OR e.at < app.now() - interval '1 day')"
)
# A new price of a placement is one event for all its claims; each of its lines is a place of its own.
_CHANGES: Final = text(
    "WITH told AS (SELECT e.position, e.claim_id FROM event e WHERE e.creditor_id = :c"
    "  AND e.position >= :position AND (e.position, e.claim_id) > (:position, :claim)"
    f"  AND e.claim_id IS NOT NULL AND e.creditor_sees AND {_SETTLED} ORDER BY e.position LIMIT :limit),"
    " told_to AS (SELECT CASE WHEN count(*) = :limit THEN max(position) ELSE 9223372036854775807 END AS last"
    "  FROM told),"
    " priced AS (SELECT e.position, l.claim_id FROM event e JOIN quote_line l"
    "  ON l.creditor_id = e.creditor_id AND l.quote_id = CAST(e.facts ->> 'quote_id' AS uuid)"
    "  WHERE e.creditor_id = :c AND e.position >= :position AND e.position <= (SELECT last FROM told_to)"
    "  AND (e.position, l.claim_id) > (:position, :claim)"
    f"  AND e.claim_id IS NULL AND e.kind = 'QuoteIssued' AND {_SETTLED} ORDER BY 1, 2 LIMIT :limit)"
    " SELECT position, claim_id FROM told UNION SELECT position, claim_id FROM priced"
    " ORDER BY 1, 2 LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class Place:
    """How far a program has read: an event, and the last claim of it."""

    position: int
    claim_id: UUID


START: Final = Place(0, UUID(int=0))


@dataclass(frozen=True, slots=True)
class Changes:
    """Claims that changed, each once and in the order in which they last did; where to go on, and whether
    there is more already."""

    claim_ids: list[UUID]
    upto: Place
    more: bool


def changes_since(unit: Unit, *, creditor_id: UUID, since: Place, limit: int) -> Changes:
    """This function will return which of a creditor's claims changed after a place, as it may see it.

    :param limit: how many changes are looked at; of several of one claim the last counts.
    """
    parameters = {
        "c": creditor_id,
        "position": since.position,
        "claim": since.claim_id,
        "limit": limit,
    }
    rows = unit.session.connection().execute(_CHANGES, parameters).all()
    last = {row.claim_id: row.position for row in rows}
    upto = Place(rows[-1].position, rows[-1].claim_id) if rows else since
    return Changes(sorted(last, key=lambda claim_id: last[claim_id]), upto, more=len(rows) == limit)
