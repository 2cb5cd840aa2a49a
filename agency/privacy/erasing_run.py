"""Carrying a run out: one item after another, each whole or not at all, and only through the eraser's door.

A worker that ends under it costs the item it was at: what is done is done, what is not is looked at again.
Files are named before their bytes go, so what a crash leaves lying there is found again by its hash.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlmodel import col, select

from agency.claims.lifecycle import move
from agency.claims.models import Claim
from agency.claims.states import ClaimState
from agency.kernel.audit import record
from agency.kernel.ids import HOUSE
from agency.kernel.outbox import renew_lease
from agency.kernel.unit import Door, Unit, Units
from agency.ports.providers import FileStore
from agency.privacy.blanking import change_of, files_of
from agency.privacy.inventory import CLAIM_SPOTS, DEBTOR_SPOTS, KIND_SPOTS, STAYS, Spot
from agency.privacy.models import ErasureItem, ErasureRun, ItemState, RunState
from agency.privacy.runs import items_of, run_of, tell_run
from agency.privacy.standing_of_claims import UNACCEPTED, standing_of
from agency.rules.retention import Verdict
from agency.rules.trace import as_json

log = structlog.get_logger()
BY: Final = "system:privacy.erase_due"
LEASE_SECONDS: Final = 300
ITEMS_A_JOB: Final = 200
"""After so many steps a job makes room for others, and another one goes on."""
ROWS_A_STEP: Final = 2_000

_DOOR: Final = text(
    "SELECT set_config('app.erasure_run', :run, true), set_config('app.erasure_place', :place, true),"
    " set_config('app.creditor_id', :creditor, true), set_config('app.claim_id', :claim, true),"
    " set_config('role', 'agency_eraser', true)"
)
_BACK: Final = text(
    "SELECT set_config('role', 'agency_worker', true), set_config('app.creditor_id', '', true),"
    " set_config('app.claim_id', '', true), set_config('app.erasure_place', '', true)"
)
_LOCK: Final = text(
    "SELECT d.identity_id FROM debtor d JOIN claim c ON c.creditor_id = d.creditor_id AND c.debtor_id = d.id"
    " WHERE c.creditor_id = :creditor AND c.id = :claim FOR UPDATE OF c, d"
)
_OTHERS: Final = text(
    "SELECT EXISTS (SELECT FROM claim c WHERE c.creditor_id = :creditor AND c.debtor_id = :debtor"
    "  AND c.id <> :claim AND c.erased_at IS NULL),"
    " EXISTS (SELECT FROM debtor d WHERE d.identity_id = :identity AND NOT (d.creditor_id = :creditor"
    "  AND d.id = :debtor) AND d.name <> '–')"
)
_NAME_FILES: Final = text(
    "INSERT INTO erased_file (creditor_id, sha256, run_id, place, found_at, kept_why)"
    " SELECT coalesce(f.creditor_id, :house), f.sha256, :run, :place, :now, ''"
    " FROM jsonb_to_recordset(CAST(:files AS jsonb)) AS f(creditor_id uuid, sha256 text)"
    " ON CONFLICT (creditor_id, sha256) DO UPDATE SET run_id = excluded.run_id, place = excluded.place,"
    " found_at = excluded.found_at, erased_at = NULL, kept_why = ''"
)
_DONE: Final = text(
    "UPDATE erasure_item SET state = CAST(:state AS varchar), rows = CAST(:rows AS jsonb),"
    " files = files + :files,"
    " done_at = CASE WHEN CAST(:state AS varchar) = 'done' THEN app.now() END"
    " WHERE run_id = :run AND place = :place"
)
_PENDING_FILES: Final = text(
    "SELECT creditor_id, sha256 FROM erased_file WHERE run_id = :run AND erased_at IS NULL AND kept_why = ''"
    " ORDER BY sha256 LIMIT 200"
)
# Of these hashes, those that something still names that was not erased: the same file in two places.
_LIVING: Final = text(
    "SELECT DISTINCT sha256 FROM ("
    " SELECT x.sha256 FROM document x LEFT JOIN claim c ON c.creditor_id = x.creditor_id"
    "  AND c.id = x.claim_id"
    "  WHERE x.sha256 = ANY(:shas) AND c.erased_at IS NULL"
    " UNION ALL SELECT x.sha256 FROM reply x JOIN claim c ON c.creditor_id = x.creditor_id"
    "  AND c.id = x.claim_id WHERE x.sha256 = ANY(:shas) AND c.erased_at IS NULL"
    " UNION ALL SELECT content_sha256 FROM message WHERE content_sha256 = ANY(:shas)"
    " UNION ALL SELECT content_sha256 FROM creditor_mail WHERE content_sha256 = ANY(:shas)"
    " UNION ALL SELECT pdf_sha256 FROM dossier WHERE pdf_sha256 = ANY(:shas)"
    " UNION ALL SELECT zip_sha256 FROM dossier WHERE zip_sha256 = ANY(:shas)"
    " UNION ALL SELECT sha256 FROM inbound WHERE sha256 = ANY(:shas) AND source_key NOT LIKE 'erased-%'"
    " UNION ALL SELECT sha256 FROM dropped_file WHERE sha256 = ANY(:shas) AND key NOT LIKE 'erased-%'"
    " UNION ALL SELECT sha256 FROM incoming_document WHERE sha256 = ANY(:shas) AND name <> ''"
    " UNION ALL SELECT sha256 FROM placement WHERE sha256 = ANY(:shas) AND name <> ''"
    " UNION ALL SELECT file_sha256 FROM bank_statement WHERE file_sha256 = ANY(:shas) AND name <> ''"
    " UNION ALL SELECT file_sha256 FROM bank_notice WHERE file_sha256 = ANY(:shas) AND name <> ''"
    " UNION ALL SELECT sha256 FROM kept_record WHERE sha256 = ANY(:shas)"
    " UNION ALL SELECT sha256 FROM onboarding_task WHERE sha256 = ANY(:shas)"
    " UNION ALL SELECT logo_sha256 FROM brand WHERE logo_sha256 = ANY(:shas)) named"
)
_FILE_GONE: Final = text(
    "UPDATE erased_file SET"
    " erased_at = CASE WHEN CAST(:why AS varchar) = '' THEN CAST(:now AS timestamptz) END,"
    " kept_why = CAST(:why AS varchar)"
    " WHERE creditor_id = :creditor AND sha256 = :sha"
)
_SHAS: Final = text(
    "SELECT DISTINCT sha256 FROM erased_file WHERE run_id = :run AND erased_at IS NOT NULL ORDER BY sha256"
)
_COUNTS: Final = text(
    "SELECT count(*) FILTER (WHERE state = 'done'), count(*) FILTER (WHERE state = 'skipped')"
    " FROM erasure_item WHERE run_id = :run"
)


class _Hindered(Exception):
    """The database let nothing through: something stands in the way since it was looked at."""


class _Ended(Exception):
    """The run was cancelled, or is done: there is nothing to go on with."""


def erase_some(units: Units, files: FileStore, *, run_id: UUID) -> bool:
    """This function will erase items of an approved run, or end it when all are erased.

    :returns: whether there is more to do; a job more has to be asked for.
    :raises NotFound: there is no such run.
    """
    try:
        for _ in range(ITEMS_A_JOB):
            _erase_files(units, files, run_id)
            if not _erase_next(units, run_id):
                _finish(units, run_id)
                return False
    except _Ended:
        _erase_files(units, files, run_id)
        _certify(units, run_id)
        return False
    return True


def _erase_next(units: Units, run_id: UUID) -> bool:
    try:
        with units.open(Door.WORKER, by=BY) as unit:
            run = _still_running(unit, run_id)
            item = _next(unit, run_id)
            if item is None:
                return False
            if item.claim_id is None:
                _erase_kind(unit, run, item)
            else:
                _erase_claim(unit, run, item)
            _count(unit, run)
    except _Hindered:
        log.info("erasure.hindered", run=str(run_id))
        with units.open(Door.WORKER, by=BY) as unit:
            item = _next(unit, run_id)
            assert item is not None
            _skip(unit, item, item.trace)
            _count(unit, _still_running(unit, run_id))
    return True


def _erase_claim(unit: Unit, run: ErasureRun, item: ErasureItem) -> None:
    assert item.creditor_id is not None
    assert item.claim_id is not None
    values: dict[str, Any] = {
        "creditor": item.creditor_id, "claim": item.claim_id, "debtor": item.debtor_id, "identity": None,
    }  # fmt: skip
    connection = unit.session.connection()
    values["identity"] = connection.execute(_LOCK, values).scalar_one()
    found = standing_of(unit, creditor_id=item.creditor_id, claim_id=item.claim_id, on=unit.today)
    assert found is not None
    if found.decision.verdict is not Verdict.DUE:
        _skip(unit, item, as_json(found.decision.trace))
        return
    if found.state in UNACCEPTED:
        claim = unit.session.exec(
            select(Claim).where(Claim.creditor_id == item.creditor_id, Claim.id == item.claim_id)
        ).one()
        move(unit, claim=claim, to=ClaimState.WITHDRAWN, why="erased", close_code="erased")
    others, faces = connection.execute(_OTHERS, values).one()
    spots: Sequence[Spot] = CLAIM_SPOTS
    if not others:
        spots = [*CLAIM_SPOTS, *(one for one in DEBTOR_SPOTS if one.table != "debtor_identity" or not faces)]
    with _through_the_door(unit, item):
        _erase_spots(unit, run, item, spots, values)
    record(
        unit, action="claim.erased", subject=f"claim:{item.claim_id}", creditor_id=item.creditor_id,
        facts={"run": str(run.id), "kind": item.kind.value, "person": not others},
    )  # fmt: skip


def _erase_kind(unit: Unit, run: ErasureRun, item: ErasureItem) -> None:
    """Erase rows of a kind, so many at a time; the item is done when none is left."""
    values = {"border": item.border, "today": unit.today}
    with _through_the_door(unit, item):
        for spot in KIND_SPOTS[item.kind]:
            if _erase_spots(unit, run, item, [spot], values, limit=ROWS_A_STEP):
                return
        _mark(unit, item, ItemState.DONE, item.rows, 0)


def _erase_spots(
    unit: Unit,
    run: ErasureRun,
    item: ErasureItem,
    spots: Sequence[Spot],
    values: dict[str, Any],
    *,
    limit: int | None = None,
) -> int:
    """Erase rows, name their files, and write down how many there were; return that."""
    connection = unit.session.connection()
    named = {
        (row.creditor_id, row.sha256)
        for spot in spots
        if spot.files
        for row in connection.execute(files_of(spot, limit=limit), values)
    }
    if named:
        listed = [{"creditor_id": owner, "sha256": sha} for owner, sha in sorted(named, key=str)]
        connection.execute(
            _NAME_FILES,
            {
                "house": HOUSE, "run": run.id, "place": item.place, "now": unit.now,
                "files": json.dumps(listed, default=str),
            },
        )  # fmt: skip
    rows, changed = dict(item.rows), 0
    for spot in spots:
        count = connection.execute(change_of(spot, limit=limit), values).rowcount
        changed += count
        if count:
            rows[spot.table] = rows.get(spot.table, 0) + count
    if changed or limit is None:
        _mark(unit, item, ItemState.PENDING if limit else ItemState.DONE, rows, len(named))
    return changed


@contextmanager
def _through_the_door(unit: Unit, item: ErasureItem) -> Iterator[None]:
    """Be the eraser for a while: a role that may change personal columns of this item and nothing else."""
    connection = unit.session.connection()
    unit.session.flush()
    connection.execute(
        _DOOR,
        {
            "run": str(item.run_id), "place": str(item.place), "creditor": str(item.creditor_id or ""),
            "claim": str(item.claim_id or ""),
        },
    )  # fmt: skip
    yield
    connection.execute(_BACK)


def _mark(unit: Unit, item: ErasureItem, state: ItemState, rows: dict[str, Any], files: int) -> None:
    done = unit.session.connection().execute(
        _DONE,
        {
            "state": state.value, "rows": json.dumps(rows), "files": files, "run": item.run_id,
            "place": item.place,
        },
    )  # fmt: skip
    if done.rowcount != 1:
        raise _Hindered


def _skip(unit: Unit, item: ErasureItem, why: list[Any]) -> None:
    item.state, item.why, item.done_at = ItemState.SKIPPED, why, unit.now
    unit.session.add(item)
    unit.session.flush()


def _still_running(unit: Unit, run_id: UUID) -> ErasureRun:
    renew_lease(unit, seconds=LEASE_SECONDS)
    run = run_of(unit, run_id=run_id)
    if run.state is not RunState.RUNNING:
        raise _Ended
    return run


def _next(unit: Unit, run_id: UUID) -> ErasureItem | None:
    return unit.session.exec(
        select(ErasureItem)
        .where(ErasureItem.run_id == run_id, ErasureItem.state == ItemState.PENDING)
        .order_by(col(ErasureItem.place))
        .limit(1)
        .execution_options(populate_existing=True)
    ).first()


def _count(unit: Unit, run: ErasureRun) -> None:
    run.done, run.skipped = unit.session.connection().execute(_COUNTS, {"run": run.id}).one()
    unit.session.add(run)
    unit.session.flush()
    tell_run(unit, run.id)


def _erase_files(units: Units, files: FileStore, run_id: UUID) -> None:
    """Erase the bytes of named files that nothing else names; the bytes go before they are ticked off."""
    while True:
        with units.open(Door.WORKER, by=BY) as unit:
            renew_lease(unit, seconds=LEASE_SECONDS)
            connection = unit.session.connection()
            rows = connection.execute(_PENDING_FILES, {"run": run_id}).all()
            if not rows:
                return
            shas = [row.sha256 for row in rows]
            living = set(connection.execute(_LIVING, {"shas": shas}).scalars())
            for row in rows:
                if row.sha256 not in living:
                    files.erase(row.sha256)
                why = "named elsewhere" if row.sha256 in living else ""
                connection.execute(
                    _FILE_GONE,
                    {"why": why, "now": unit.now, "creditor": row.creditor_id, "sha": row.sha256},
                )


def _finish(units: Units, run_id: UUID) -> None:
    with units.open(Door.WORKER, by=BY) as unit:
        run = _still_running(unit, run_id)
        run.state, run.ended_at, run.ended_by = RunState.DONE, unit.now, unit.by
        unit.session.flush()
        _write_certificate(unit, run)


def _certify(units: Units, run_id: UUID) -> None:
    """A run that was cancelled half-way has its certificate too."""
    with units.open(Door.WORKER, by=BY) as unit:
        run = run_of(unit, run_id=run_id)
        if run.state is RunState.CANCELLED and run.sha256 is None:
            _write_certificate(unit, run)


def certificate_bytes(content: dict[str, Any]) -> bytes:
    """This function will return a certificate as the bytes that its hash is of."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, indent=1).encode()


def _write_certificate(unit: Unit, run: ErasureRun) -> None:
    """Say what was erased: numbers, days, rules, counts and the hashes of files; never what stood there.

    A hash of a name or a telephone number would be found by trying them all; a file's is not.
    """
    shas = unit.session.connection().execute(_SHAS, {"run": run.id}).scalars().all()
    items = items_of(unit, run_id=run.id)
    content = {
        "run": str(run.id),
        "as_of": run.as_of.isoformat(),
        "state": run.state.value,
        "asked": [run.asked_by, str(run.asked_at)],
        "approved": [run.approved_by, str(run.approved_at)],
        "ended_at": str(run.ended_at),
        "items": [
            {
                "label": one.label, "kind": one.kind.value, "creditor": str(one.creditor_id or ""),
                "up_to": one.border.isoformat(), "due_on": one.due_on.isoformat(), "state": one.state.value,
                "rules": [[line["rule"], line["version"], line["source"]] for line in one.trace],
                "rows": one.rows, "files": one.files, "done_at": str(one.done_at or ""),
            }
            for one in items
        ],
        "files_sha256": list(shas),
        "stays": {table: dict(columns) for table, columns in STAYS.items()},
    }  # fmt: skip
    run.certificate = content
    run.sha256 = hashlib.sha256(certificate_bytes(content)).hexdigest()
    unit.session.add(run)
    unit.session.flush()
    record(
        unit,
        action="erasure.ended",
        subject=f"erasure_run:{run.id}",
        creditor_id=HOUSE,
        facts={"certificate": run.sha256, "done": run.done, "skipped": run.skipped, "files": len(shas)},
    )
    tell_run(unit, run.id)
