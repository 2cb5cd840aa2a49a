"""Changing claims to another version of their path, all of them or chosen ones, each where it stands."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.events import PathChanged
from agency.kernel.actor import actor
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict
from agency.kernel.ids import HOUSE
from agency.kernel.outbox import enqueue, renew_lease
from agency.kernel.unit import Door, Unit, Units
from agency.rules.path_migration import land
from agency.treatment.path_facts import ClaimKey, read_conditions, with_conditions
from agency.treatment.paths import PublishedPath, path_version, read_paths
from agency.treatment.planner import follow_messages
from agency.treatment.standing import read_standing

CHUNK: Final = 2_000
_SECONDS: Final = 300
_NOBODY: Final = UUID(int=0)
STANDS_STILL: Final = "-"
"""In the place of a next step: the claim stands still on any version, so none can be told."""

# Claims on another version of the path; chosen by number, or all of them.
_CLAIMS = (
    "SELECT t.creditor_id, t.claim_id, t.path_id, p.version, c.number, EXISTS (SELECT 1 FROM treatment_step s"
    "  WHERE s.creditor_id = t.creditor_id AND s.claim_id = t.claim_id AND s.state = 'planned') AS waits"
    " FROM treatment t JOIN treatment_path p ON p.id = t.path_id"
    " JOIN claim c ON c.creditor_id = t.creditor_id AND c.id = t.claim_id"
    " WHERE p.key = :key AND t.path_id <> :path AND t.ended_at IS NULL AND c.state = 'active'"
    " AND (CAST(:numbers AS text[]) IS NULL OR c.number = ANY(CAST(:numbers AS text[])))"
    " AND (t.creditor_id, t.claim_id) > (:creditor, :claim) ORDER BY t.creditor_id, t.claim_id LIMIT :limit"
)
_LOOK = text(_CLAIMS)
_LOCK = text(f"{_CLAIMS} FOR UPDATE OF t")
_CHANGE = text(
    "UPDATE treatment t SET path_id = :path, next_on = :today, walked_at = NULL"
    " FROM jsonb_to_recordset(CAST(:claims AS jsonb)) AS w(creditor_id uuid, claim_id uuid)"
    " WHERE t.creditor_id = w.creditor_id AND t.claim_id = w.claim_id"
)


@dataclass
class Migration:
    """How many claims can change to a version and how many stay, by reason; `numbers` are those looked at,
    and `unknown` those asked for that are on no other version of the path."""

    moves: int = 0
    stays: Counter[str] = field(default_factory=Counter)
    next_steps: Counter[str] = field(default_factory=Counter)
    numbers: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Judged:
    row: Row[Any]
    refusal: str
    next: str


def count_migration(unit: Unit, *, key: str, version: int, numbers: Sequence[str] = ()) -> Migration:
    """This function will count which claims can change to a version of their path; nothing is changed.

    :param numbers: of the chosen claims; all claims on other versions of the path when empty.
    :raises NotFound: there is no such version.
    :raises Conflict: its first day has not come.
    """
    target = _target(unit, key, version)
    follow_messages(unit)  # what has left meanwhile is not under way any more
    counted = Migration()
    last: ClaimKey = (_NOBODY, _NOBODY)
    while True:
        rows = unit.session.connection().execute(_LOOK, _asked(target, key, numbers, last)).all()
        for one in _judge(unit, target, rows):
            counted.numbers.add(one.row.number)
            if one.refusal:
                counted.stays[one.refusal] += 1
            else:
                counted.moves += 1
                counted.next_steps[one.next] += 1
        if len(rows) < CHUNK:
            break
        last = (rows[-1].creditor_id, rows[-1].claim_id)
    counted.unknown = set(numbers) - counted.numbers - {""}
    if counted.unknown:
        counted.stays["not_on_this_path"] = len(counted.unknown)
    return counted


def migrate_later(unit: Unit, *, key: str, version: int, numbers: Sequence[str] = ()) -> None:
    """This function will have claims changed to a version by a worker; those that cannot stay as they are.

    :raises NotFound: there is no such version.
    :raises Conflict: its first day has not come.
    """
    _target(unit, key, version)
    record(
        unit, action="treatment_path.migrated", subject=f"treatment_path:{key}:{version}", creditor_id=HOUSE,
        facts={"claims": list(numbers) or "all"},
    )  # fmt: skip
    enqueue(unit, migrate_claims, path=key, version=version, numbers=list(numbers), by=unit.by)


@actor(attempts_max=3, lease_seconds=_SECONDS, own_units=True)
def migrate_claims(units: Units, *, path: str, version: int, numbers: list[str], by: str) -> None:
    """This function will change claims to a version, some at a time; begun anew, it goes on where it was."""
    with units.open(Door.WORKER, by=by) as unit:
        follow_messages(unit)
    last: ClaimKey | None = (_NOBODY, _NOBODY)
    while last is not None:
        with units.open(Door.WORKER, by=by) as unit:
            renew_lease(unit, seconds=_SECONDS)
            last = _change_some(unit, _target(unit, path, version), path, numbers, last)


def _change_some(
    unit: Unit, target: PublishedPath, key: str, numbers: Sequence[str], last: ClaimKey
) -> ClaimKey | None:
    rows = unit.session.connection().execute(_LOCK, _asked(target, key, numbers, last)).all()
    moved = [one.row for one in _judge(unit, target, rows) if not one.refusal]
    claims = [{"creditor_id": str(row.creditor_id), "claim_id": str(row.claim_id)} for row in moved]
    unit.session.connection().execute(
        _CHANGE, {"path": target.id, "today": unit.today, "claims": json.dumps(claims)}
    )
    emit(
        unit,
        *[
            PathChanged(
                creditor_id=row.creditor_id, claim_id=row.claim_id, path=key, version=target.version,
                before=row.version,
            )
            for row in moved
        ],
    )  # fmt: skip
    return (rows[-1].creditor_id, rows[-1].claim_id) if len(rows) == CHUNK else None


def _judge(unit: Unit, target: PublishedPath, rows: Sequence[Row[Any]]) -> list[_Judged]:
    keys = [(row.creditor_id, row.claim_id) for row in rows]
    if not keys:
        return []
    standing, known = read_standing(unit, keys), read_conditions(unit, keys)
    paths = read_paths(unit, ids={row.path_id for row in rows})
    judged = []
    for row, key in zip(rows, keys, strict=True):
        if row.waits:
            judged.append(_Judged(row, "step_under_way", ""))
            continue
        facts = with_conditions(standing[key], known.get(key))
        landing = land(old=paths[row.path_id], new=target.path, facts=facts, today=unit.today)
        further = STANDS_STILL if facts.stopped else landing.next.key if landing.next else ""
        judged.append(_Judged(row, landing.refusal, further))
    return judged


def _asked(target: PublishedPath, key: str, numbers: Sequence[str], last: ClaimKey) -> dict[str, Any]:
    return {
        "key": key, "path": target.id, "numbers": list(numbers) or None, "creditor": last[0],
        "claim": last[1], "limit": CHUNK,
    }  # fmt: skip


def _target(unit: Unit, key: str, version: int) -> PublishedPath:
    target = path_version(unit, key=key, version=version)
    if target.valid_from > unit.today:
        raise Conflict("the first day of this version has not come")
    return target
