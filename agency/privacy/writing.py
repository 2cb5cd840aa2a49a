"""Writing an export: a claim at a time, each kept before the next is begun, then all put together.

A worker that ends under it costs one claim: the next one goes on where it stood. Nothing but one claim is in
memory; what is put together lies in a file of this machine until it is in the file store.
"""

import hashlib
import tempfile
from collections.abc import Callable
from datetime import timedelta
from typing import BinaryIO, Final
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlmodel import col, select

from agency.kernel.audit import record
from agency.kernel.ids import HOUSE
from agency.kernel.outbox import renew_lease
from agency.kernel.ports import Ports
from agency.kernel.settings import Settings
from agency.kernel.unit import Door, Unit, Units, agency_day
from agency.ports.providers import FileNotStored
from agency.privacy.asking import OPEN, export_of, tell
from agency.privacy.assembling import assemble
from agency.privacy.claim_folder import claim_facts, write_folder
from agency.privacy.models import ExportState, InspectionExport, InspectionExportClaim
from agency.privacy.papers import Papers
from agency.privacy.person_copy import assemble_copy
from agency.privacy.person_folder import own_facts, write_own_folder
from agency.privacy.telling import PersonTelling, Telling
from agency.rules.kept_records import ExportLimits, export_limits

log = structlog.get_logger()
BY: Final = "system:privacy.write_export"
LEASE_SECONDS: Final = 300
"""Longer than one claim takes; so long nobody goes on after a worker ended."""
FINISHING_SECONDS: Final = 900
CLAIMS_A_JOB: Final = 50
"""After so many claims a job makes room for others, and another one goes on."""

_PART: Final = 1 << 20
_GOING_ON: Final = text(
    "UPDATE inspection_export SET state = 'running', done = :done WHERE id = :id"
    " AND state IN ('waiting', 'running') RETURNING 1"
)
_SIZE: Final = text("SELECT coalesce(sum(size), 0) FROM inspection_export_claim WHERE export_id = :id")


class _Ended(Exception):
    """It was cancelled, or has failed: there is nothing to go on with."""


def write_some(units: Units, ports: Ports, papers: Papers, settings: Settings, *, export_id: UUID) -> bool:
    """This function will write claims of an export, or put it together when all are written.

    :returns: whether there is more to do; a job more has to be asked for.
    :raises NotFound: there is no such export.
    """
    try:
        for _ in range(CLAIMS_A_JOB):
            if not _write_next(units, ports, papers, export_id):
                _finish(units, ports, papers, settings, export_id)
                return False
    except _Ended:
        log.info("inspection_export.ended", export=str(export_id))
        return False
    except FileNotStored as missing:
        log.error("inspection_export.file_missing", export=str(export_id), sha256=missing.sha256)
        with units.open(Door.WORKER, by=BY) as unit:
            _fail(unit, export_id, "a file that belongs to it is not in the file store")
        return False
    return True


def _write_next(units: Units, ports: Ports, papers: Papers, export_id: UUID) -> bool:
    with units.open(Door.WORKER, by=BY) as unit:
        export = _still_open(unit, export_id)
        row = _next(unit, export_id)
        if row is None:
            return False
        if row.sha256 is not None:  # a worker ended between naming a folder and keeping it
            ports.files.erase(row.sha256)
        write = _folder_writer(unit, ports, papers, export, row)
        limits = export_limits(on=agency_day(export.as_of))
    with tempfile.TemporaryFile() as file:
        size = write(file)
        _keep_folder(units, ports, row, file, size, limits)
    return True


def _folder_writer(
    unit: Unit, ports: Ports, papers: Papers, export: InspectionExport, row: InspectionExportClaim
) -> Callable[[BinaryIO], int]:
    """Read a claim for whom the export is for; what comes back writes its folder and says how large it is."""
    on = agency_day(export.as_of)
    if export.for_person:
        own = own_facts(unit, ports.files, export=export, creditor_id=row.creditor_id, claim_id=row.claim_id)
        telling = PersonTelling(papers, export.language)
        return lambda file: write_own_folder(file, ports, telling, row=row, facts=own, on=on)
    facts = claim_facts(unit, ports.files, export=export, creditor_id=row.creditor_id, claim_id=row.claim_id)
    words = Telling(papers, export.language)
    return lambda file: write_folder(file, ports, words, row=row, facts=facts, on=on)


def _keep_folder(
    units: Units,
    ports: Ports,
    row: InspectionExportClaim,
    file: BinaryIO,
    size: int,
    limits: ExportLimits,
) -> None:
    """Name it, keep it, and only then count it: whatever happens in between, what was kept has a name."""
    with units.open(Door.WORKER, by=BY) as unit:
        _still_open(unit, row.export_id)
        _change(unit, row, "sha256 = :sha256, size = :size", sha256=sha256_of(file), size=size)
    ports.files.put_file(file)
    with units.open(Door.WORKER, by=BY) as unit:
        _change(unit, row, "done_at = :now", now=unit.now)
        written = unit.session.connection().execute(_SIZE, {"id": row.export_id}).scalar_one()
        if written > limits.bytes_max:
            _fail(unit, row.export_id, "the export is too large; ask for fewer claims")
            return
        _go_on(unit, row.export_id, row.place)


def _finish(units: Units, ports: Ports, papers: Papers, settings: Settings, export_id: UUID) -> None:
    with tempfile.TemporaryFile() as file:
        with units.open(Door.WORKER, by=BY) as unit:
            unit.allow_long_statements()
            export = _still_open(unit, export_id, seconds=FINISHING_SECONDS)
            put_together = assemble_copy if export.for_person else assemble
            put_together(unit, ports, papers, settings, export=export, file=file)
            earlier = export.sha256
        size, sha256 = file.seek(0, 2), sha256_of(file)
        if earlier is not None and earlier != sha256:
            ports.files.erase(earlier)
        with units.open(Door.WORKER, by=BY) as unit:
            _still_open(unit, export_id).sha256 = sha256
        ports.files.put_file(file)
    with units.open(Door.WORKER, by=BY) as unit:
        export = _still_open(unit, export_id)
        keep_days = export_limits(on=agency_day(export.as_of)).keep_days
        export.state, export.size, export.ended_at = ExportState.READY, size, unit.now
        export.expires_at = unit.now + timedelta(days=keep_days)
        unit.session.flush()
        record(
            unit,
            action="inspection_export.made",
            subject=f"inspection_export:{export_id}",
            creditor_id=HOUSE,
            facts={"sha256": sha256, "bytes": size, "claims": export.claims},
        )
        tell(unit, export_id)


def sha256_of(file: BinaryIO) -> str:
    """This function will return the SHA-256 of a whole file, which is left at its beginning."""
    file.seek(0)
    seen = hashlib.sha256()
    while part := file.read(_PART):
        seen.update(part)
    file.seek(0)
    return seen.hexdigest()


def _still_open(unit: Unit, export_id: UUID, *, seconds: int = LEASE_SECONDS) -> InspectionExport:
    renew_lease(unit, seconds=seconds)
    export = export_of(unit, export_id=export_id)
    if export.state not in OPEN:
        raise _Ended
    return export


def _next(unit: Unit, export_id: UUID) -> InspectionExportClaim | None:
    return unit.session.exec(
        select(InspectionExportClaim)
        .where(InspectionExportClaim.export_id == export_id, col(InspectionExportClaim.done_at).is_(None))
        .order_by(col(InspectionExportClaim.place))
        .limit(1)
    ).first()


def _change(unit: Unit, row: InspectionExportClaim, what: str, **values: object) -> None:
    unit.session.connection().execute(
        text(f"UPDATE inspection_export_claim SET {what} WHERE export_id = :id AND place = :place"),
        {**values, "id": row.export_id, "place": row.place},
    )


def _go_on(unit: Unit, export_id: UUID, done: int) -> None:
    renew_lease(unit, seconds=LEASE_SECONDS)
    values = {"id": export_id, "done": done}
    if unit.session.connection().execute(_GOING_ON, values).first() is None:
        raise _Ended
    tell(unit, export_id)


def _fail(unit: Unit, export_id: UUID, why: str) -> None:
    export = _still_open(unit, export_id)
    export.state, export.error, export.ended_at = ExportState.FAILED, why, unit.now
    unit.session.flush()
    tell(unit, export_id)
