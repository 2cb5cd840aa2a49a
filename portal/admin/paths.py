"""Treatment paths: which there are, their versions, what differs, and which claims are on them."""

from typing import Any

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from agency.kernel.errors import AgencyError
from agency.kernel.unit import Unit
from agency.rules.path_changes import path_differences
from agency.rules.treatment_path import PathStep, TreatmentPath
from agency.treatment.drafting import draft_path, start_draft
from agency.treatment.migrating import Migration, count_migration, migrate_later
from agency.treatment.paths import PublishedPath, path_in_force, path_version
from portal.admin.path_timeline import timeline
from portal.admin.path_words import (
    ENDS,
    difference_words,
    path_name,
    stays_words,
    step_name,
)
from portal.shared.audience import StaffUnit, leave_for, router, show
from portal.shared.forms import Fields
from portal.shared.i18n import N_, gettext
from portal.shared.listing import Column, Cut
from portal.shared.words import DRAFT_STATES

routes = router(audience="admin", roles={"admin"}, prefix="/admin/paths")

PATHS = (
    Column("name", N_("Path"), "link"),
    Column("version", N_("Version"), "number"),
    Column("valid_from", N_("Counts from"), "day", phone=False),
    Column("steps", N_("Steps"), "number", phone=False),
    Column("claims", N_("Claims on it"), "number"),
)
DRAFTS = (
    Column("name", N_("Path"), "link"),
    Column("state", N_("Status"), "chip"),
    Column("valid_from", N_("Counts from"), "day"),
    Column("changed_at", N_("Changed"), "moment", phone=False),
)
VERSIONS = (
    Column("version", N_("Version"), "link"),
    Column("valid_from", N_("Counts from"), "day"),
    Column("author", N_("Written by"), phone=False),
    Column("approver", N_("Published by"), phone=False),
    Column("claims", N_("Claims on it"), "number"),
)
_PATHS = text(
    "SELECT DISTINCT ON (p.key) p.key, p.version, p.valid_from, p.definition,"
    " (SELECT count(*) FROM treatment t JOIN treatment_path v ON v.id = t.path_id"
    "  WHERE v.key = p.key AND t.ended_at IS NULL) AS claims"
    " FROM treatment_path p WHERE p.valid_from <= :today ORDER BY p.key, p.version DESC LIMIT 500"
)
_VERSIONS = text(
    "SELECT p.version, p.valid_from, coalesce(a.name, p.author) AS author,"
    " coalesce(b.name, p.approved_by) AS approver, (SELECT count(*) FROM treatment t"
    "  WHERE t.path_id = p.id AND t.ended_at IS NULL) AS claims FROM treatment_path p"
    " LEFT JOIN user_account a ON p.author = 'user:' || a.id"
    " LEFT JOIN user_account b ON p.approved_by = 'user:' || b.id"
    " WHERE p.key = :key ORDER BY p.version DESC LIMIT 500"
)
_DRAFTS = text(
    "SELECT id, key, state, content, valid_from, changed_at FROM treatment_path_draft"
    " WHERE (CAST(:key AS text) IS NULL OR key = :key)"
    " AND (state IN ('draft', 'submitted') OR changed_at > :since) ORDER BY changed_at DESC LIMIT 200"
)


@routes.get("")
def paths(request: Request, unit: StaffUnit) -> HTMLResponse:
    """Every path, the version that counts, and the drafts."""
    rows = [
        {
            "name": _named(row.definition), "href": f"/admin/paths/{row.key}", "version": row.version,
            "valid_from": row.valid_from, "steps": len(row.definition["steps"]), "claims": row.claims,
        }
        for row in unit.session.connection().execute(_PATHS, {"today": unit.today})
    ]  # fmt: skip
    values = {
        "paths": PATHS, "paths_cut": Cut(sorted(rows, key=lambda row: row["name"])),
        "drafts": DRAFTS, "drafts_cut": Cut(_drafts(unit, key=None)),
    }  # fmt: skip
    return show(request, "admin/paths.html", values)


@routes.get("/{key}")
def path(request: Request, unit: StaffUnit, key: str) -> HTMLResponse:
    """One path: its versions, its drafts, and the steps that count today."""
    current = path_in_force(unit, key=key)
    versions = [
        row._asdict() | {"href": f"/admin/paths/{key}/versions/{row.version}"}
        for row in unit.session.connection().execute(_VERSIONS, {"key": key})
    ]
    values = {
        "key": key, "name": name_of(current.path), "current": current.version,
        "versions": VERSIONS, "versions_cut": Cut(versions),
        "drafts": DRAFTS, "drafts_cut": Cut(_drafts(unit, key=key)),
        **_shown(unit, current.path),
    }  # fmt: skip
    return show(request, "admin/path.html", values)


@routes.post("/{key}/drafts")
def begin(unit: StaffUnit, key: str, fields: Fields) -> Response:
    """A draft that begins as a copy of the version that counts, or of a chosen one."""
    asked = str(fields.get("version") or "")
    version = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 8 else None
    draft_id = start_draft(unit, key=key, version=version)
    return leave_for(f"/admin/paths/drafts/{draft_id}")


@routes.get("/{key}/versions/{version:int}")
def published(request: Request, unit: StaffUnit, key: str, version: int) -> HTMLResponse:
    """One version, what differs from the one before it or `?against=` another, and the claims on it."""
    return _version_page(request, unit, key, version)


@routes.post("/{key}/versions/{version:int}/migration")
def migrate(request: Request, unit: StaffUnit, key: str, version: int, fields: Fields) -> Response:
    """Count which claims can change to this version; with `do`, have them changed."""
    numbers = _numbers(str(fields.get("claims") or ""))
    try:
        if fields.get("do"):
            migrate_later(unit, key=key, version=version, numbers=numbers)
            return leave_for(
                f"/admin/paths/{key}/versions/{version}", notice=N_("The claims are being changed.")
            )
        counted = count_migration(unit, key=key, version=version, numbers=numbers)
    except AgencyError as refusal:
        return _version_page(request, unit, key, version, error=refusal, status=refusal.status)
    return _version_page(request, unit, key, version, counted=counted, numbers=numbers)


def _version_page(
    request: Request,
    unit: Unit,
    key: str,
    version: int,
    *,
    error: AgencyError | None = None,
    counted: Migration | None = None,
    numbers: tuple[str, ...] = (),
    status: int = 200,
) -> HTMLResponse:
    found = path_version(unit, key=key, version=version)
    versions = [row.version for row in unit.session.connection().execute(_VERSIONS, {"key": key})]
    before = _against(unit, key, version, request.query_params.get("against", ""), versions)
    values = {
        "key": key, "version": version, "name": name_of(found.path), "valid_from": found.valid_from,
        "versions": [one for one in versions if one != version],
        "against": before.version if before else None,
        "differences": differences_of(before.path, found.path) if before else [],
        "counts": found.valid_from <= unit.today, "newest": version == max(versions),
        "error": error.message if error else "", "counted": counted, "numbers": numbers,
        "stays": [(stays_words(reason), n) for reason, n in (counted.stays if counted else {}).items()],
        "next_steps": _next_steps(counted, found.path),
        **_shown(unit, found.path),
    }  # fmt: skip
    return show(request, "admin/path_version.html", values, status=status)


def _next_steps(counted: Migration | None, path: TreatmentPath) -> list[tuple[str, int]]:
    """What the claims that change would do next, in the order of the path."""
    if counted is None:
        return []
    names = step_names(path.steps) | {"": gettext("none, the path is walked")}
    return [(name, counted.next_steps[key]) for key, name in names.items() if counted.next_steps[key]]


def _against(unit: Unit, key: str, version: int, asked: str, versions: list[int]) -> PublishedPath | None:
    other = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 8 else version - 1
    return path_version(unit, key=key, version=other) if other in versions else None


def differences_of(before: TreatmentPath, after: TreatmentPath) -> list[dict[str, str]]:
    """This function will put into words what one version does differently from another."""
    names = step_names((*before.steps, *after.steps))
    return [difference_words(one, names, after.currency) for one in path_differences(before, after)]


def step_names(steps: tuple[PathStep, ...]) -> dict[str, str]:
    """This function will name steps, by key."""
    return {step.key: step_name(step) for step in steps}


def name_of(path: TreatmentPath) -> str:
    """This function will name a path."""
    return path_name(path.key, path.law, path.debtors, path.signature)


def _named(content: Any) -> str:
    return path_name(content["key"], content["law"], content["debtors"], content.get("signature", "either"))


def _drafts(unit: Unit, *, key: str | None) -> list[dict[str, Any]]:
    since = unit.now.replace(year=unit.now.year - 1, day=1)
    return [
        {
            "name": _named(row.content), "href": f"/admin/paths/drafts/{row.id}",
            "state": DRAFT_STATES[row.state], "valid_from": row.valid_from, "changed_at": row.changed_at,
        }
        for row in unit.session.connection().execute(_DRAFTS, {"key": key, "since": since})
    ]  # fmt: skip


def _shown(unit: Unit, path: TreatmentPath) -> dict[str, Any]:
    content = path.to_fields()
    return {
        "phases": timeline(draft_path(content), currency=path.currency, on=unit.today),
        "end": content.get("end"),
        "end_names": ENDS,
    }


def _numbers(asked: str) -> tuple[str, ...]:
    """The claim numbers of a text: one a line, or divided by commas or spaces."""
    return tuple(dict.fromkeys(asked.replace(",", " ").replace(";", " ").upper().split()))[:1000]
