"""Erasing what was made for an inspection: folders once they are put together, the whole in its time."""

from typing import Final
from uuid import UUID

from sqlalchemy import text

from agency.kernel.audit import record
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Door, Units
from agency.ports.providers import FileStore
from agency.privacy.asking import tell

_BY: Final = "system:privacy.erase_exports"
# Nobody writes them any more: an export that is ready has its own file, one that was given up needs none.
_FOLDERS: Final = text(
    "SELECT x.export_id, x.place, x.sha256 FROM inspection_export_claim x"
    " JOIN inspection_export e ON e.id = x.export_id WHERE x.sha256 IS NOT NULL"
    " AND e.state NOT IN ('waiting', 'running') ORDER BY x.export_id, x.place LIMIT :limit"
)
_FORGET: Final = text(
    "UPDATE inspection_export_claim SET sha256 = NULL WHERE export_id = :export_id AND place = :place"
)
_OVER: Final = text(
    "SELECT id, sha256 FROM inspection_export WHERE sha256 IS NOT NULL AND (state IN ('cancelled', 'failed')"
    " OR (state = 'ready' AND expires_at <= app.now())) ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1"
)
_ERASED: Final = text(
    "UPDATE inspection_export SET sha256 = NULL, state = CASE state WHEN 'ready' THEN 'erased' ELSE state END"
    " WHERE id = :id"
)
_CHUNK: Final = 200


def erase_what_is_over(units: Units, files: FileStore) -> int:
    """This function will erase what no export needs any more and return how many files that were.

    The bytes go before the row forgets them: what a crash leaves is erased again, never left without a name.
    """
    erased = 0
    while found := _erase_folders(units, files):
        erased += found
    while _erase_one(units, files) is not None:
        erased += 1
    return erased


def _erase_folders(units: Units, files: FileStore) -> int:
    with units.open(Door.WORKER, by=_BY) as unit:
        rows = unit.session.connection().execute(_FOLDERS, {"limit": _CHUNK}).all()
        for row in rows:
            files.erase(row.sha256)
            unit.session.connection().execute(_FORGET, {"export_id": row.export_id, "place": row.place})
        return len(rows)


def _erase_one(units: Units, files: FileStore) -> UUID | None:
    with units.open(Door.WORKER, by=_BY) as unit:
        row = unit.session.connection().execute(_OVER).first()
        if row is None:
            return None
        files.erase(row.sha256)
        unit.session.connection().execute(_ERASED, {"id": row.id})
        record(
            unit,
            action="inspection_export.erased",
            subject=f"inspection_export:{row.id}",
            creditor_id=HOUSE,
            facts={"sha256": row.sha256},
        )
        tell(unit, row.id)
        export_id: UUID = row.id
        return export_id
