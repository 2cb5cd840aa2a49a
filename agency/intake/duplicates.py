"""Claims that look like one debt claimed twice: found set-based, shown side by side, decided by a person.

Alike are two claims of one creditor with the same amount, due dates near one another, and names and addresses
that are spelt much the same (trigrams). Claims of one customer with invoices of their own are alike only when
they fall due almost together: equal amounts every week are a habit, not a mistake.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel import select

from agency.claims.lifecycle import claim_to_change, move
from agency.claims.states import ClaimState
from agency.events import DuplicateDecided, PlacementRead
from agency.intake.models import DuplicateState, LikelyDuplicate
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, NotFound
from agency.kernel.unit import Unit
from agency.rules.tables import read_table, row_in_force

Answer = Literal["same", "two"]
_SAME_CUSTOMER_DAYS: Final = 3
_LIVE: Final = "('new', 'quoted', 'active')"

# Claims are compared within blocks of one amount. A block too large for that is cut by postcode and by the
# beginning of the name; one that is still too large says nothing about mistakes.
_BASE: Final = (
    "CREATE TEMP TABLE duplicate_base ON COMMIT DROP AS"
    " SELECT c.id, c.number, c.currency, c.principal_minor, c.due_on, c.placement_id = :p AS fresh,"
    " c.debtor_id,"
    " d.name_key, d.postal_code, lower(d.street || ' ' || coalesce(d.postal_code, '')) AS address"
    " FROM claim c JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    f" WHERE c.creditor_id = :c AND c.state IN {_LIVE}"
)
_KEYS: Final = (
    "CREATE TEMP TABLE duplicate_key ON COMMIT DROP AS WITH sized AS (SELECT b.*, n.members FROM"
    " duplicate_base b"
    " JOIN (SELECT currency, principal_minor, count(*) AS members, bool_or(fresh) AS fresh FROM"
    " duplicate_base"
    "  GROUP BY 1, 2 HAVING count(*) > 1) n ON n.currency = b.currency AND n.principal_minor ="
    " b.principal_minor"
    "  AND n.fresh),"
    " keyed AS (SELECT s.id, s.currency || s.principal_minor AS key FROM sized s WHERE s.members <= :block"
    "  UNION ALL SELECT s.id, s.currency || s.principal_minor || 'p' || s.postal_code FROM sized s"
    "   WHERE s.members > :block AND s.postal_code IS NOT NULL"
    "  UNION ALL SELECT s.id, s.currency || s.principal_minor || 'n' || left(s.name_key, 8) FROM sized s"
    "   WHERE s.members > :block)"
    " SELECT id, key FROM (SELECT id, key, count(*) OVER (PARTITION BY key) AS members FROM keyed) k"
    " WHERE members BETWEEN 2 AND :block"
)
_PAIRS: Final = (
    "INSERT INTO likely_duplicate (creditor_id, id, claim_id, other_claim_id, name_percent, address_percent,"
    " days_apart, state, found_at)"
    " SELECT :c, uuidv7(), x.id, x.other, x.name_percent, x.address_percent, x.days_apart, 'open',"
    " :now FROM ("
    "  SELECT DISTINCT a.id, b.id AS other, abs(a.due_on - b.due_on) AS days_apart,"
    "   round(similarity(a.name_key, b.name_key) * 100)::int AS name_percent,"
    "   round(similarity(a.address, b.address) * 100)::int AS address_percent, a.debtor_id ="
    " b.debtor_id AS one"
    "  FROM duplicate_key ka JOIN duplicate_base a ON a.id = ka.id"
    "  JOIN duplicate_key kb ON kb.key = ka.key JOIN duplicate_base b ON b.id = kb.id"
    # The younger asks about the older; of two in one file the later number.
    "  WHERE a.fresh AND a.number > b.number AND abs(a.due_on - b.due_on) <= :days) x"
    " WHERE x.name_percent >= :name AND coalesce(x.address_percent, 100) >= :address"
    " AND (NOT x.one OR x.days_apart <= :own_days)"
    " ON CONFLICT (creditor_id, claim_id, other_claim_id) DO NOTHING"
)


def find_duplicates(unit: Unit, event: PlacementRead) -> None:
    """This function will look for claims that a placement seems to claim a second time."""
    look_for_duplicates(unit, creditor_id=event.creditor_id, placement_id=event.placement_id)


def look_for_duplicates(unit: Unit, *, creditor_id: UUID, placement_id: UUID) -> int:
    """This function will record each pair of claims that looks like one, and return how many are new.

    A pair that was asked about before, whatever the answer, is not asked again.
    """
    row = row_in_force(read_table("intake")["duplicate"], unit.today)
    assert row is not None, "the rule of the house has always been in force"
    values = {
        "c": creditor_id, "p": placement_id, "now": unit.now, "block": row["block_max"],
        "days": row["days_apart"], "own_days": _SAME_CUSTOMER_DAYS, "name": row["name_percent"],
        "address": row["address_percent"],
    }  # fmt: skip
    connection = unit.session.connection()
    connection.execute(text("DROP TABLE IF EXISTS pg_temp.duplicate_base, pg_temp.duplicate_key"))
    for statement in (_BASE, _KEYS):
        connection.execute(text(statement), values)
    for table, column in (("duplicate_base", "id"), ("duplicate_key", "key")):
        connection.execute(text(f"CREATE INDEX ON {table} ({column})"))
        connection.execute(text(f"ANALYZE {table}"))
    found = connection.execute(text(_PAIRS), values).rowcount
    connection.execute(text("DROP TABLE duplicate_base, duplicate_key"))
    return found


def decide_duplicate(unit: Unit, *, creditor_id: UUID, duplicate_id: UUID, answer: Answer) -> None:
    """This function will keep a person's answer; of one debt claimed twice the younger claim is withdrawn.

    :raises NotFound: this creditor has no such question.
    :raises Conflict: it was answered otherwise before, or the younger claim cannot be withdrawn any more.
    """
    asked = unit.session.exec(
        select(LikelyDuplicate)
        .where(LikelyDuplicate.creditor_id == creditor_id, LikelyDuplicate.id == duplicate_id)
        .with_for_update()
    ).one_or_none()
    if asked is None:
        raise NotFound("no such question")
    if asked.state != DuplicateState.OPEN:
        if asked.state.value != answer:
            raise Conflict("this question was answered before")
        return
    placement_id = None
    if answer == "same":
        claim = claim_to_change(unit, creditor_id=creditor_id, claim_id=asked.claim_id)
        placement_id = claim.placement_id
        move(
            unit,
            claim=claim,
            to=ClaimState.WITHDRAWN,
            why="the same debt as another claim",
            close_code="duplicate",
        )
    asked.state, asked.decided_at, asked.decided_by = DuplicateState(answer), unit.now, unit.by
    unit.session.flush()
    emit(
        unit,
        DuplicateDecided(
            creditor_id=creditor_id,
            claim_id=asked.claim_id,
            duplicate_id=asked.id,
            answer=answer,
            placement_id=placement_id,
        ),
    )


@dataclass(frozen=True, slots=True)
class Side:
    """One of two claims that look alike, as it is shown beside the other."""

    claim_id: UUID
    number: str
    reference: str
    state: str
    debtor: str
    debtor_reference: str
    address: str
    principal_minor: int
    currency: str
    issued_on: date
    due_on: date
    file: str


@dataclass(frozen=True, slots=True)
class Question:
    """Two claims that look like one debt: the younger left, and how alike they are in per cent."""

    id: UUID
    creditor_id: UUID
    creditor: str
    younger: Side
    older: Side
    name_percent: int
    address_percent: int | None
    days_apart: int


_SIDE_COLUMNS: Final = (
    "{s}c.id AS {s}_id",
    "{s}c.number AS {s}_number",
    "{s}c.reference AS {s}_reference",
    "{s}c.state AS {s}_state",
    "{s}d.name AS {s}_debtor",
    "{s}d.reference AS {s}_debtor_reference",
    "concat_ws(', ', {s}d.street, {s}d.postal_code, {s}d.city, {s}d.country) AS {s}_address",
    "{s}c.principal_minor AS {s}_principal_minor",
    "{s}c.currency AS {s}_currency",
    "{s}c.due_on AS {s}_due_on",
    "(SELECT min(i.issued_on) FROM invoice i WHERE i.creditor_id = {s}c.creditor_id"
    " AND i.claim_id = {s}c.id) AS {s}_issued_on",
    "coalesce((SELECT p.name FROM placement p WHERE p.creditor_id = {s}c.creditor_id"
    " AND p.id = {s}c.placement_id), '') AS {s}_file",
)
_SIDE: Final = ", ".join(
    column.replace("{s}", side) for side in ("younger", "older") for column in _SIDE_COLUMNS
)
_QUESTIONS: Final = (
    f"SELECT q.id, q.creditor_id, k.name AS creditor, q.name_percent, q.address_percent,"
    f" q.days_apart, {_SIDE} FROM likely_duplicate q"
    " JOIN creditor k ON k.id = q.creditor_id"
    " JOIN claim youngerc ON youngerc.creditor_id = q.creditor_id AND youngerc.id = q.claim_id"
    " JOIN debtor youngerd ON youngerd.creditor_id = q.creditor_id AND youngerd.id = youngerc.debtor_id"
    " JOIN claim olderc ON olderc.creditor_id = q.creditor_id AND olderc.id = q.other_claim_id"
    " JOIN debtor olderd ON olderd.creditor_id = q.creditor_id AND olderd.id = olderc.debtor_id"
    f" WHERE (CAST(:c AS uuid) IS NULL OR q.creditor_id = :c) AND q.state = 'open' AND"
    f" youngerc.state IN {_LIVE}"
    f" AND olderc.state IN {_LIVE}"
    " AND (CAST(:claim AS uuid) IS NULL OR :claim IN (q.claim_id, q.other_claim_id))"
    " ORDER BY q.found_at, q.id LIMIT :limit"
)


def open_questions(
    unit: Unit, *, creditor_id: UUID | None, claim_id: UUID | None = None, limit: int = 100
) -> list[Question]:
    """This function will return the pairs that wait for an answer, the oldest first.

    :param creditor_id: whose; None for those of every creditor, which only staff sees.
    :param claim_id: only those about this claim.
    """
    rows = unit.session.connection().execute(
        text(_QUESTIONS), {"c": creditor_id, "claim": claim_id, "limit": limit}
    )
    return [
        Question(
            row.id, row.creditor_id, row.creditor, _side(row, "younger"), _side(row, "older"),
            row.name_percent, row.address_percent,
            row.days_apart,
        )
        for row in rows
    ]  # fmt: skip


def count_questions(unit: Unit, *, creditor_id: UUID) -> int:
    """This function will return how many pairs of a creditor wait for an answer."""
    found: int = (
        unit.session.connection()
        .execute(
            text("SELECT count(*) FROM likely_duplicate WHERE creditor_id = :c AND state = 'open'"),
            {"c": creditor_id},
        )
        .scalar_one()
    )
    return found


def _side(row: Row[Any], side: str) -> Side:
    values = {
        name: getattr(row, f"{side}_{name}") for name in Side.__dataclass_fields__ if name != "claim_id"
    }
    return Side(claim_id=getattr(row, f"{side}_id"), **values)
