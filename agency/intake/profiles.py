"""Saved mappings as a creditor sees them: named profiles, each with its versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.intake.mapping import profile_name
from agency.intake.models import ColumnMapping
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.unit import Unit


@dataclass(frozen=True)
class Profile:
    """The latest version of a profile, with the number of files that any version of it read."""

    name: str
    mapping_id: UUID
    version: int
    columns: int
    made_at: datetime
    files: int
    retired: bool


def profiles(unit: Unit, *, creditor_id: UUID) -> Sequence[Profile]:
    """This function will return a creditor's profiles, those in use first, by name."""
    found = unit.session.connection().execute(
        text(
            "SELECT DISTINCT ON (m.name) m.name, m.id, m.version, m.created_at, m.retired_at,"
            " (SELECT count(*) FROM jsonb_object_keys(m.columns)) AS columns,"
            " (SELECT count(*) FROM placement p JOIN column_mapping v ON v.creditor_id = p.creditor_id"
            "   AND v.id = p.mapping_id WHERE p.creditor_id = :c AND v.name = m.name) AS files"
            " FROM column_mapping m WHERE m.creditor_id = :c ORDER BY m.name, m.version DESC"
        ),
        {"c": creditor_id},
    )
    listed = [
        Profile(
            row.name, row.id, row.version, row.columns, row.created_at, row.files, row.retired_at is not None
        )
        for row in found
    ]
    return sorted(listed, key=lambda profile: (profile.retired, profile.name.casefold()))


def profile_of(unit: Unit, *, creditor_id: UUID, mapping_id: UUID) -> ColumnMapping:
    """This function will return one version of a profile.

    :raises NotFound: this creditor has no such profile.
    """
    found = unit.session.exec(
        select(ColumnMapping).where(ColumnMapping.creditor_id == creditor_id, ColumnMapping.id == mapping_id)
    ).one_or_none()
    if found is None:
        raise NotFound("no such profile")
    return found


def rename_profile(unit: Unit, *, creditor_id: UUID, mapping_id: UUID, name: str) -> None:
    """This function will call a profile, with all its versions, otherwise.

    :raises Invalid: another profile is called so, or it is no name.
    :raises NotFound: this creditor has no such profile.
    """
    profile = profile_of(unit, creditor_id=creditor_id, mapping_id=mapping_id)
    wanted = profile_name(name)
    if wanted == profile.name:
        return
    if _versions(unit, creditor_id, wanted):
        raise Invalid("another profile has this name", field="profile")
    for version in _versions(unit, creditor_id, profile.name):
        version.name = wanted
    unit.session.flush()


def retire_profile(unit: Unit, *, creditor_id: UUID, mapping_id: UUID, retired: bool = True) -> None:
    """This function will take a profile out of use for further files, or take it into use again.

    :raises NotFound: this creditor has no such profile.
    """
    profile = profile_of(unit, creditor_id=creditor_id, mapping_id=mapping_id)
    for version in _versions(unit, creditor_id, profile.name):
        version.retired_at = unit.now if retired else None
    unit.session.flush()


def _versions(unit: Unit, creditor_id: UUID, name: str) -> Sequence[ColumnMapping]:
    return unit.session.exec(
        select(ColumnMapping)
        .where(ColumnMapping.creditor_id == creditor_id, ColumnMapping.name == name)
        .order_by(col(ColumnMapping.version))
    ).all()
