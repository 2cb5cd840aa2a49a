"""Due claims that stand alike: what decides about many of them is read as one row, and decided once."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Row, TextClause, text

from agency.claims.states import ENDED
from agency.kernel.claim_sets import ClaimSet
from agency.kernel.unit import Unit
from agency.rules.reanchor import late_from, many_late
from agency.rules.treatment import PathFacts, TreatmentPath
from agency.treatment.path_facts import PROMISED, PROVED, asked_of, with_conditions
from agency.treatment.paths import all_paths
from agency.treatment.standing import moments, moved, standing, standing_of

_LATE = text(
    "SELECT count(*) FROM (SELECT FROM treatment t JOIN claim c ON c.creditor_id = t.creditor_id"
    " AND c.id = t.claim_id WHERE t.ended_at IS NULL AND t.next_on <= :late AND c.state = 'active'"
    " LIMIT :many) late"
)
# Which claims, first; how they stand is read of those alone.
_CHOSEN = (
    "SELECT t.creditor_id, t.claim_id, t.path_id, t.walked_at, t.next_on, t.next_minutes, c.debtor_id,"
    " c.state, c.due_on, c.disputed_minor, c.currency, c.principal_minor"
    " FROM treatment t JOIN claim c ON c.creditor_id = t.creditor_id AND c.id = t.claim_id"
    " WHERE t.ended_at IS NULL AND t.next_on <= :today AND (c.state = ANY(:ended) OR (c.state = 'active'"
    # Until the registers have answered, nobody is contacted for the first time.
    "  AND NOT EXISTS (SELECT 1 FROM screening r WHERE r.creditor_id = c.creditor_id"
    "   AND r.debtor_id = c.debtor_id AND r.state IN ('waiting', 'unclear'))))"
    " ORDER BY t.next_on LIMIT :limit FOR UPDATE OF t SKIP LOCKED"
)
# What a statement has read of a claim it need not look up again.
_ITS_CLAIM = (
    " CROSS JOIN LATERAL (SELECT t.creditor_id, t.claim_id AS id, t.debtor_id, t.state, t.due_on,"
    " t.disputed_minor, t.currency, t.principal_minor) c"
)
# Of an amount it counts only which of the path's bounds it is above; of the rest, what the path asks at all.
_ASKED = (
    ", c.state, t.walked_at IS NOT NULL AS walked, t.next_minutes,"
    # What was due days ago, when that is much, gets its turn claim by claim.
    " CASE WHEN :flood AND t.next_on <= :late THEN t.claim_id END AS alone,"
    " CASE WHEN a.currency = c.currency THEN a.above[width_bucket(c.principal_minor - 1, a.above)] + 1 END"
    "  AS principal_minor, a.currency, home.debtor, coalesce(home.has_address, false) AS has_address,"
    " {promised} AS promised_on, {delivered} AS delivered"
)
_ASKED_OF = (
    " JOIN asked a ON a.path_id = t.path_id"
    " LEFT JOIN LATERAL (SELECT CASE WHEN a.debtor THEN d.kind END AS debtor, a.address"
    "   AND coalesce(d.street, '') <> '' AND coalesce(d.city, '') <> '' AS has_address FROM debtor d"
    "  WHERE (a.debtor OR a.address) AND d.creditor_id = c.creditor_id AND d.id = c.debtor_id) home ON true"
)
_TOLD = f" LEFT JOIN LATERAL ({PROMISED} AND a.promised) told ON true"
_PROVED = f" LEFT JOIN LATERAL ({PROVED.format(only=' AND a.proved')}) proved ON true"
_KEY = (
    "path_id, state, walked, due_on, sent, dropped, waits, drops, held, ended, paid_part_on, disputed, email,"
    " phone, alone, next_minutes, principal_minor, currency, debtor, has_address, promised_on, delivered"
)


@dataclass(frozen=True, slots=True)
class Alike:
    """Claims of which the same is known as far as their path asks, and what that is.

    `late` counts the claims that are late with them where they are many: such claims stand each alone.
    """

    claims: ClaimSet
    many: int
    row: Row[Any]
    path: TreatmentPath
    facts: PathFacts
    late: int


def take_alike(unit: Unit, *, limit: int, apart: bool = False) -> list[Alike]:
    """This function will lock due claims, skipping what others hold, and return them by how they stand.

    :param apart: return each claim by itself.
    """
    paths = all_paths(unit)
    if not paths:
        return []
    many, late_day = many_late(unit.today), late_from(unit.today)
    late = unit.session.connection().execute(_LATE, {"late": late_day, "many": many}).scalar_one()
    asked = [{"path_id": str(path_id)} | asked_of(path) for path_id, path in paths.items()]
    statement = _statement(any(one["promised"] for one in asked), any(one["proved"] for one in asked))
    rows = unit.session.connection().execute(
        statement,
        moments(unit)
        | {
            "limit": limit,
            "ended": sorted(ENDED),
            "late": unit.today if apart else late_day,
            "flood": apart or late >= many,
            "asked": json.dumps(asked),
        },
    )
    return [_alike(unit, row, paths[row.path_id], late) for row in rows.all()]


@cache
def _statement(promised: bool, proved: bool) -> TextClause:
    """What no path asks for is not looked for either."""
    columns = _ASKED.format(
        promised="told.promised_on" if promised else "CAST(NULL AS date)",
        delivered="proved.steps" if proved else "CAST(NULL AS jsonb)",
    )
    joins = _ASKED_OF + (_TOLD if promised else "") + (_PROVED if proved else "")
    return text(
        f"WITH chosen AS MATERIALIZED ({_CHOSEN}), asked AS MATERIALIZED (SELECT * FROM"
        "  jsonb_to_recordset(CAST(:asked AS jsonb)) AS a(path_id uuid, above bigint[], currency text,"
        "   debtor boolean, address boolean, promised boolean, proved boolean)),"
        f" stands AS ({standing('chosen', claims=_ITS_CLAIM, columns=columns, joins=joins)})"
        f" SELECT {_KEY}, min(next_on) AS next_on, count(*) AS claims, CAST(array_agg(creditor_id) AS text)"
        f" AS creditor_ids, CAST(array_agg(claim_id) AS text) AS claim_ids FROM stands GROUP BY {_KEY}"
    )


def _alike(unit: Unit, row: Row[Any], path: TreatmentPath, late: int) -> Alike:
    facts = moved(with_conditions(standing_of(row), row), row, path, unit.today)
    return Alike(ClaimSet(row.creditor_ids, row.claim_ids), row.claims, row, path, facts, late)
