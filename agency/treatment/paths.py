"""Treatment paths as published versions; a claim keeps the version that it began with."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.kernel.errors import NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.rules.treatment import TreatmentPath, default_paths

_ALWAYS = date(2000, 1, 1)  # the first version counts for every claim, whenever it begins

_COLUMNS = "SELECT id, key, version, valid_from, definition, author, approved_by FROM treatment_path"
_NEWEST = text(f"{_COLUMNS} WHERE key = :key ORDER BY version DESC LIMIT 1")
_NEWEST_OF_ALL = text(
    _COLUMNS.replace("SELECT", "SELECT DISTINCT ON (key)", 1) + " ORDER BY key, version DESC"
)
_IN_FORCE = text(f"{_COLUMNS} WHERE key = :key AND valid_from <= :on ORDER BY version DESC LIMIT 1")
_VERSION = text(f"{_COLUMNS} WHERE key = :key AND version = :version")
_PUBLISH = text(
    "INSERT INTO treatment_path (id, key, version, definition, created_at, valid_from, author, approved_by)"
    " VALUES (:id, :key, :version, CAST(:definition AS jsonb), :now, :valid_from, :author, :approved_by)"
)


@dataclass(frozen=True, slots=True)
class PublishedPath:
    """A version of a path and since when claims begin on it; `author` is None for what set-up laid down."""

    id: UUID
    version: int
    valid_from: date
    path: TreatmentPath
    author: str | None


def publish_paths(unit: Unit) -> int:
    """This function will publish the default paths that changed and return how many versions it gave.

    A path that a person of the agency published is the agency's own: it stays as it is.
    """
    connection = unit.session.connection()
    newest = {row.key: _published(row) for row in connection.execute(_NEWEST_OF_ALL)}
    versions = [
        _version_after(newest.get(path.key), path, valid_from=unit.today if path.key in newest else _ALWAYS)
        | {"now": unit.now, "author": None, "approved_by": None}
        for path in default_paths()
        if _differs(newest.get(path.key), path)
    ]
    if versions:
        connection.execute(_PUBLISH, versions)
    return len(versions)


def _differs(newest: PublishedPath | None, path: TreatmentPath) -> bool:
    return newest is None or (newest.author is None and newest.path != path)


def _version_after(newest: PublishedPath | None, path: TreatmentPath, *, valid_from: date) -> dict[str, Any]:
    return {
        "id": new_id(), "key": path.key, "version": newest.version + 1 if newest else 1,
        "definition": path.to_json().decode(), "valid_from": valid_from,
    }  # fmt: skip


def publish_version(
    unit: Unit,
    *,
    path: TreatmentPath,
    valid_from: date,
    author: str | None = None,
    approved_by: str | None = None,
) -> int:
    """This function will add a version of a path for claims that begin from a day on, and return it."""
    values = _version_after(newest_path(unit, key=path.key), path, valid_from=valid_from)
    unit.session.connection().execute(
        _PUBLISH, values | {"now": unit.now, "author": author, "approved_by": approved_by}
    )
    version: int = values["version"]
    return version


def newest_path(unit: Unit, *, key: str) -> PublishedPath | None:
    """This function will return the last version of a path, also one whose day has not come."""
    return _found(unit, _NEWEST, {"key": key})


def path_in_sight(unit: Unit, *, key: str) -> PublishedPath:
    """This function will return the version in force; of a path whose first day has not come, the newest.

    :raises NotFound: no version of it was published.
    """
    found = _found(unit, _IN_FORCE, {"key": key, "on": unit.today}) or newest_path(unit, key=key)
    if found is None:
        raise NotFound("no such path")
    return found


def path_version(unit: Unit, *, key: str, version: int) -> PublishedPath:
    """This function will return one version of a path.

    :raises NotFound: there is none.
    """
    found = _found(unit, _VERSION, {"key": key, "version": version})
    if found is None:
        raise NotFound("no such path")
    return found


def _found(unit: Unit, statement: Any, values: Mapping[str, Any]) -> PublishedPath | None:
    row = unit.session.connection().execute(statement, values).one_or_none()
    return None if row is None else _published(row)


def _published(row: Row[Any]) -> PublishedPath:
    return PublishedPath(
        row.id, row.version, row.valid_from, TreatmentPath.from_fields(row.definition), row.author
    )


def read_paths(unit: Unit, *, ids: set[UUID]) -> dict[UUID, TreatmentPath]:
    """This function will return the path versions of these ids."""
    rows = unit.session.connection().execute(
        text("SELECT id, definition FROM treatment_path WHERE id = ANY(:ids)"), {"ids": list(ids)}
    )
    return {row.id: TreatmentPath.from_json(json.dumps(row.definition)) for row in rows}


def all_paths(unit: Unit) -> dict[UUID, TreatmentPath]:
    """This function will return every version of every path."""
    rows = unit.session.connection().execute(
        text("SELECT id, CAST(definition AS text) AS definition FROM treatment_path")
    )
    return {row.id: _read_once(row.definition) for row in rows}


@lru_cache(maxsize=1_000)
def _read_once(definition: str) -> TreatmentPath:
    return TreatmentPath.from_json(definition)
