"""Treatment paths as published versions; a claim keeps the version that it began with."""

import json
from uuid import UUID

from sqlalchemy import text

from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.rules.treatment import TreatmentPath, default_paths

_PUBLISH = text(
    "INSERT INTO treatment_path (id, key, version, definition, created_at)"
    " SELECT :id, :key, coalesce(max(version), 0) + 1, CAST(:definition AS jsonb), :now"
    " FROM treatment_path WHERE key = :key"
    " HAVING CAST(:definition AS jsonb) IS DISTINCT FROM (SELECT p.definition FROM treatment_path p"
    "  WHERE p.key = :key ORDER BY p.version DESC LIMIT 1)"
)


def publish_paths(unit: Unit) -> int:
    """This function will publish the default paths that changed and return how many versions it gave."""
    published = 0
    for path in default_paths():
        result = unit.session.connection().execute(
            _PUBLISH,
            {"id": new_id(), "key": path.key, "definition": path.to_json().decode(), "now": unit.now},
        )
        published += result.rowcount
    return published


def read_paths(unit: Unit, *, ids: set[UUID]) -> dict[UUID, TreatmentPath]:
    """This function will return the path versions of these ids."""
    rows = unit.session.connection().execute(
        text("SELECT id, definition FROM treatment_path WHERE id = ANY(:ids)"), {"ids": list(ids)}
    )
    return {row.id: TreatmentPath.from_json(json.dumps(row.definition)) for row in rows}
