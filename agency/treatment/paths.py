"""Treatment paths as published versions; a claim keeps the version that it began with."""

import json
from uuid import UUID

from sqlalchemy import text

from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.rules.treatment import TreatmentPath, default_paths

_NEWEST = text(
    "SELECT version, definition FROM treatment_path WHERE key = :key ORDER BY version DESC LIMIT 1"
)
_PUBLISH = text(
    "INSERT INTO treatment_path (id, key, version, definition, created_at)"
    " VALUES (:id, :key, :version, CAST(:definition AS jsonb), :now)"
)


def publish_paths(unit: Unit) -> int:
    """This function will publish the default paths that changed and return how many versions it gave."""
    return sum(_publish(unit, path) for path in default_paths())


def _publish(unit: Unit, path: TreatmentPath) -> bool:
    definition = path.to_json().decode()
    newest = unit.session.connection().execute(_NEWEST, {"key": path.key}).one_or_none()
    if newest is not None and newest.definition == json.loads(definition):
        return False
    unit.session.connection().execute(
        _PUBLISH,
        {
            "id": new_id(),
            "key": path.key,
            "version": newest.version + 1 if newest else 1,
            "definition": definition,
            "now": unit.now,
        },
    )
    return True


def read_paths(unit: Unit, *, ids: set[UUID]) -> dict[UUID, TreatmentPath]:
    """This function will return the path versions of these ids."""
    rows = unit.session.connection().execute(
        text("SELECT id, definition FROM treatment_path WHERE id = ANY(:ids)"), {"ids": list(ids)}
    )
    return {row.id: TreatmentPath.from_json(json.dumps(row.definition)) for row in rows}
