"""Treatment paths: which there are, their versions, what differs, and which claims are on them."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from agency.kernel.errors import AgencyError, Invalid
from agency.kernel.unit import Unit
from agency.rules.facts import DebtorKind, Law
from agency.rules.path_changes import path_differences
from agency.rules.treatment_path import PathStep, Signature, TreatmentPath
from agency.treatment.drafting import draft_path, start_draft
from agency.treatment.migrating import STANDS_STILL, Migration, count_migration, migrate_later
from agency.treatment.own_paths import draw_path, follow_path, followers, leave_path
from agency.treatment.paths import PublishedPath, path_in_sight, path_version
from portal.admin.path_form import read_debtors
from portal.admin.path_timeline import timeline
from portal.admin.path_words import (
    ENDS,
    LAWS,
    SIGNATURES,
    difference_words,
    path_name,
    stays_words,
    step_name,
)
from portal.shared.audience import StaffUnit, leave_for, router, show
from portal.shared.forms import Fields
from portal.shared.i18n import N_, gettext
from portal.shared.listing import Column, Cut
from portal.shared.words import DEBTOR_KINDS, DRAFT_STATES

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
    " FROM treatment_path p ORDER BY p.key, p.valid_from <= :today DESC, p.version DESC LIMIT 500"
)
_VERSIONS = text(
    "SELECT p.version, p.valid_from, coalesce(a.name, p.author) AS author,"
    " coalesce(b.name, p.approved_by) AS approver, (SELECT count(*) FROM treatment t"
    "  WHERE t.path_id = p.id AND t.ended_at IS NULL) AS claims FROM treatment_path p"
    " LEFT JOIN user_account a ON p.author = 'user:' || a.id"
    " LEFT JOIN user_account b ON p.approved_by = 'user:' || b.id"
    " WHERE p.key = :key ORDER BY p.version DESC LIMIT 500"
)
_NUMBERS_MAX = 1_000
_DRAFTS = text(
    "SELECT id, key, state, content, valid_from, changed_at FROM treatment_path_draft"
    " WHERE (CAST(:key AS text) IS NULL OR key = :key)"
    " AND (state IN ('draft', 'submitted') OR changed_at > :since) ORDER BY changed_at DESC LIMIT 200"
)


@routes.get("")
def paths(request: Request, unit: StaffUnit) -> HTMLResponse:
    """Every path, the version that counts or is the first to, and the drafts."""
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


@routes.get("/new")
def new(request: Request) -> HTMLResponse:
    """Who a path from nothing is for."""
    return _new_page(request, {}, None)


@routes.post("/new")
def draw(request: Request, unit: StaffUnit, fields: Fields) -> Response:
    """Begin a path from nothing; its editor opens."""
    law, signature = str(fields.get("law") or ""), str(fields.get("signature") or "")
    try:
        draft_id = draw_path(
            unit,
            name=str(fields.get("name") or ""),
            law=Law(law) if law in set(Law) else Law.nl,
            debtors=tuple(DebtorKind(kind) for kind in read_debtors(fields)),
            signature=Signature(signature) if signature in set(Signature) else Signature.either,
        )
    except AgencyError as refusal:
        return _new_page(request, fields, refusal)
    return leave_for(f"/admin/paths/drafts/{draft_id}")


def _new_page(request: Request, fields: Mapping[str, Any], refusal: AgencyError | None) -> HTMLResponse:
    values = {
        "typed": str(fields.get("name") or ""), "law": fields.get("law", "nl"),
        "signature": fields.get("signature", "either"), "debtors": read_debtors(fields),
        "laws": LAWS, "signatures": SIGNATURES, "debtor_names": DEBTOR_KINDS,
        "error": refusal.message if refusal else "", "wrong": refusal.field if refusal else "",
    }  # fmt: skip
    return show(request, "admin/path_new.html", values, status=refusal.status if refusal else 200)


@routes.get("/{key}")
def path(request: Request, unit: StaffUnit, key: str) -> HTMLResponse:
    """One path: its versions, its drafts, and the steps that count today."""
    current = path_in_sight(unit, key=key)
    versions = [
        row._asdict() | {"href": f"/admin/paths/{key}/versions/{row.version}"}
        for row in unit.session.connection().execute(_VERSIONS, {"key": key})
    ]
    values = {
        "key": key, "name": name_of(current.path), "current": current.version,
        "valid_from": current.valid_from, "counts": current.valid_from <= unit.today,
        "versions": VERSIONS, "versions_cut": Cut(versions),
        "drafts": DRAFTS, "drafts_cut": Cut(_drafts(unit, key=key)),
        "followers": followers(unit, key=key), "today": unit.today.isoformat(),
        "own": key.startswith("own-"), **_shown(unit, current.path),
    }  # fmt: skip
    return show(request, "admin/path.html", values)


@routes.post("/{key}/creditors")
def follow(unit: StaffUnit, key: str, fields: Fields) -> Response:
    """New claims of a creditor begin on this path, from a day on."""
    try:
        valid_from = date.fromisoformat(str(fields.get("valid_from") or ""))
    except ValueError:
        valid_from = unit.today
    follow_path(unit, key=key, reference=str(fields.get("reference") or "")[:60], valid_from=valid_from)
    return leave_for(f"/admin/paths/{key}", notice=N_("New claims of this creditor begin on the path."))


@routes.post("/{key}/creditors/{creditor_id:uuid}/end")
def stop_following(unit: StaffUnit, key: str, creditor_id: UUID) -> Response:
    """New claims of a creditor begin on the default paths again."""
    leave_path(unit, key=key, creditor_id=creditor_id)
    return leave_for(f"/admin/paths/{key}", notice=N_("New claims begin on the default path again."))


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
    """Count which claims can change to this version; with `do`, have those changed that were counted."""
    typed = str(fields.get("claims") or "").strip()
    other = False
    try:
        numbers = _numbers(typed)
        other = fields.get("counted", " ".join(numbers)) != " ".join(numbers)
        if fields.get("do") and not other:
            migrate_later(unit, key=key, version=version, numbers=numbers)
            return leave_for(
                f"/admin/paths/{key}/versions/{version}", notice=N_("The claims are being changed.")
            )
        counted = count_migration(unit, key=key, version=version, numbers=numbers)
    except AgencyError as refusal:
        return _version_page(request, unit, key, version, error=refusal, typed=typed, status=refusal.status)
    status = 409 if fields.get("do") and other else 200
    return _version_page(
        request, unit, key, version, counted=counted, typed="\n".join(numbers), status=status
    )


def _version_page(
    request: Request,
    unit: Unit,
    key: str,
    version: int,
    *,
    error: AgencyError | None = None,
    counted: Migration | None = None,
    typed: str = "",
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
        "error": error.message if error else "", "counted": counted, "typed": typed,
        "recounted": status == 409 and counted is not None,
        "unknown": sorted(counted.unknown if counted else ()),
        "stays": [(stays_words(reason), n) for reason, n in (counted.stays if counted else {}).items()],
        "next_steps": _next_steps(counted, found.path),
        **_shown(unit, found.path),
    }  # fmt: skip
    return show(request, "admin/path_version.html", values, status=status)


def _next_steps(counted: Migration | None, path: TreatmentPath) -> list[tuple[str, int]]:
    """What the claims that change would do next, in the order of the path."""
    if counted is None:
        return []
    names = step_names(path.steps) | {
        STANDS_STILL: gettext("none as long as a dispute, hold or arrangement stops it"),
        "": gettext("none, the path is walked"),
    }
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
    return path_name(path.key, path.law, path.debtors, path.signature, path.name)


def _named(content: Any) -> str:
    return path_name(
        content["key"], content["law"], content["debtors"], content.get("signature", "either"),
        content.get("name", ""),
    )  # fmt: skip


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
    """The claim numbers of a text: one a line, or divided by commas or spaces; none is left out unsaid.

    :raises Invalid: there are too many, or nothing but signs between them, which must not mean every claim.
    """
    found = tuple(dict.fromkeys(asked.replace(",", " ").replace(";", " ").upper().split()))
    if asked and not found:
        raise Invalid(N_("there is no claim number in this; leave it empty for every claim"), field="claims")
    if len(found) > _NUMBERS_MAX:
        raise Invalid(N_("give at most a thousand claim numbers at a time"), field="claims")
    return found
