"""Inspection: whether what the law wants kept is in order, and the trainings and meetings that show it."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path
from pydantic import BeforeValidator, Field
from starlette.background import BackgroundTask
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from agency.documents.upload import DOCUMENT_BYTES_MAX
from agency.kernel.unit import Unit, agency_day
from agency.privacy.asking import exports
from agency.privacy.models import ExportState, InspectionExport, KeptRecord
from agency.privacy.recording import (
    Evidence,
    RecordFacts,
    add_record,
    correct_record,
    current_records,
    open_evidence,
    versions_of,
)
from agency.privacy.standing import DemandStanding, colleagues, records_standing
from agency.rules.explain import explain
from agency.rules.kept_records import RecordKind, Standing
from portal.admin.users import ROLE_WORDS
from portal.shared.audience import StaffUnit, TheWiring, leave_for, router, show
from portal.shared.forms import Fields, Form, FormModel, NumberField, blank, submitted
from portal.shared.i18n import N_, current_language, format_day, gettext
from portal.shared.listing import Chip, Column, Cut

routes = router(audience="admin", roles={"admin"}, prefix="/admin/inspection")
BASE = "/admin/inspection"
SeriesId = Annotated[UUID, Path(alias="series_id")]

KINDS: Mapping[RecordKind, str] = {
    RecordKind.TRAINING: N_("Training"),
    RecordKind.ETHICS_MEETING: N_("Ethics meeting"),
}
STANDINGS: Mapping[Standing, Chip] = {
    Standing.IN_ORDER: Chip(N_("In order"), "good"),
    Standing.DUE: Chip(N_("Due soon"), "warning"),
    Standing.OVERDUE: Chip(N_("Overdue"), "warning"),
}
AUTHORITIES: Mapping[str, str] = {
    "nl": N_("Netherlands: Inspectie JenV"),
    "be": N_("Belgium: FPS Economy"),
}
EXPORT_STATES: Mapping[ExportState, Chip] = {
    ExportState.WAITING: Chip(N_("Waits"), "neutral"),
    ExportState.RUNNING: Chip(N_("Being made"), "info"),
    ExportState.READY: Chip(N_("Ready"), "good"),
    ExportState.ERASED: Chip(N_("Erased"), "calm"),
    ExportState.CANCELLED: Chip(N_("Cancelled"), "neutral"),
    ExportState.FAILED: Chip(N_("Not made"), "bad"),
}
WITHDRAWN = Chip(N_("Withdrawn"), "calm")
DEMANDS = (
    Column("whom", N_("Who"), sub="kind"),
    Column("state", N_("State"), "chip"),
    Column("why", N_("Why"), "html"),
)
EXPORTS = (
    Column("asked_at", N_("Asked"), "link", sub="authority"),
    Column("state", N_("State"), "chip"),
    Column("period", N_("Period"), phone=False),
    Column("claims", N_("Claims"), "number"),
    Column("until", N_("Kept until"), "day", phone=False),
)
RECORDS = (
    Column("title", N_("About"), "link", sub="kind"),
    Column("held_on", N_("Day"), "day"),
    Column("people", N_("Who took part"), phone=False),
)
# Refusals of the use cases that administrators read beside a field.
REFUSALS = (
    N_("somebody else has corrected this meanwhile; look at it again"),
    N_("say why this is corrected"),
    N_("a training does not become a meeting; withdraw it and add the other"),
    N_("the file is larger than 20 MB"),
    N_("say what it was about"),
    N_("write down what has been, not what will be"),
    N_("say how long it took, between a minute and 1000 hours"),
    N_("say who took part"),
    N_("somebody among those who took part is not known"),
    N_("give the minutes of the meeting, as text or as a file"),
)


def _listed(sent: Any) -> Any:
    """One ticked box comes as a text, several as a list."""
    return [sent] if isinstance(sent, str) else sent


class RecordForm(FormModel):
    """A training or a meeting; `hours` may have a point or a comma."""

    kind: RecordKind
    held_on: date
    title: str = Field(min_length=1, max_length=300)
    hours: NumberField
    people: Annotated[list[UUID], BeforeValidator(_listed)] = Field(default_factory=list)
    others: str = Field(default="", max_length=2_000)
    report: str = Field(default="", max_length=10_000)


class CorrectionForm(RecordForm):
    """What it should have said, which version that replaces, and why."""

    version: int
    why: str = Field(default="", max_length=500)
    withdrawn: bool = False


@routes.get("")
def inspection(request: Request, unit: StaffUnit) -> HTMLResponse:
    """How what the law wants kept stands, what was written down, and the exports that were asked for."""
    found = records_standing(unit, on=unit.today)
    values = {
        "demands": Cut([_demand(one) for one in found.demands]),
        "demand_columns": DEMANDS,
        "in_order": found.worst is Standing.IN_ORDER,
        "missing": sum(1 for one in found.demands if one.decision.standing is not Standing.IN_ORDER),
        "exports": Cut([_export(one) for one in exports(unit)]),
        "export_columns": EXPORTS,
        "running": any(one.state in ("waiting", "running") for one in exports(unit, limit=5)),
        "records": Cut([_record(one) for one in current_records(unit, withdrawn=True)]),
        "record_columns": RECORDS,
    }
    return show(request, "admin/inspection.html", values)


@routes.get("/records/new")
def new_record(request: Request, unit: StaffUnit, kind: RecordKind = RecordKind.TRAINING) -> HTMLResponse:
    """The form for a training or a meeting."""
    return _form_page(request, unit, blank(kind=kind.value, held_on=unit.today.isoformat(), people=[]))


@routes.post("/records")
def keep_record(request: Request, unit: StaffUnit, wiring: TheWiring, fields: Fields) -> Response:
    """Write a training or a meeting down."""
    evidence = _evidence(fields)
    form = submitted(RecordForm, fields)
    with form.attempt(unit):
        series_id = add_record(unit, wiring.ports.files, facts=_facts(form.data), evidence=evidence)
    if form.errors:
        return _form_page(request, unit, form)
    return leave_for(f"{BASE}/records/{series_id}", notice=N_("It is written down."))


@routes.get("/records/{series_id}")
def one_record(request: Request, unit: StaffUnit, series_id: SeriesId) -> HTMLResponse:
    """A training or a meeting with every version of it."""
    newest = versions_of(unit, series_id=series_id)[0]
    return _record_page(request, unit, series_id, _filled(newest))


@routes.post("/records/{series_id}")
def keep_correction(
    request: Request, unit: StaffUnit, wiring: TheWiring, fields: Fields, series_id: SeriesId
) -> Response:
    """A version more, with the reason; the earlier ones stay."""
    evidence = _evidence(fields)
    form = submitted(CorrectionForm, fields)
    with form.attempt(unit):
        correct_record(
            unit, wiring.ports.files, series_id=series_id, version=form.data.version,
            facts=_facts(form.data), why=form.data.why, evidence=evidence, withdrawn=form.data.withdrawn,
        )  # fmt: skip
    if form.errors:
        return _record_page(request, unit, series_id, form)
    return leave_for(
        f"{BASE}/records/{series_id}", notice=N_("The correction is kept beside what it replaces.")
    )


@routes.get("/records/{series_id}/{version:int}/file")
def evidence_file(unit: StaffUnit, wiring: TheWiring, series_id: SeriesId, version: int) -> Response:
    """The file that shows it, as a download."""
    name, opened = open_evidence(unit, wiring.ports.files, series_id=series_id, version=version)
    plain = name.encode("ascii", "replace").decode().replace('"', "_").replace("?", "_")
    return StreamingResponse(
        iter(lambda: opened.read(1 << 16), b""),
        media_type="application/octet-stream",
        headers={
            "content-disposition": f'attachment; filename="{plain}"',
            "content-security-policy": "sandbox; default-src 'none'",
        },
        background=BackgroundTask(opened.close),
    )


def _evidence(fields: dict[str, Any]) -> Evidence | None:
    """The file of the form, no more of it than may be kept and one byte to see that it is too large."""
    given = fields.pop("file", None)
    if not isinstance(given, UploadFile):
        return None
    return Evidence(given.filename or "", given.file.read(DOCUMENT_BYTES_MAX + 1))


def _facts(data: RecordForm) -> RecordFacts:
    return RecordFacts(
        kind=data.kind,
        held_on=data.held_on,
        title=data.title,
        minutes_long=int(data.hours * 60),
        people=data.people,
        others=data.others,
        report=data.report,
    )


def _filled(row: KeptRecord) -> Form[Any]:
    """The form of a correction, with what stands there now."""
    hours = Decimal(row.minutes_long) / 60
    return blank(
        kind=row.kind.value, held_on=row.held_on.isoformat(), title=row.title,
        hours=f"{hours.quantize(Decimal('0.01')).normalize():f}", people=row.people, others=row.others,
        report=row.report, version=row.version, withdrawn=row.withdrawn,
    )  # fmt: skip


def _form_page(request: Request, unit: Unit, form: Form[Any]) -> HTMLResponse:
    kind = RecordKind(form.value("kind")) if form.value("kind") in list(RecordKind) else RecordKind.TRAINING
    values = {
        "form": form,
        "kind": kind.value,
        "kind_words": KINDS[kind],
        "staff": _choices(unit),
        "today": unit.today,
    }
    return show(request, "admin/record_new.html", values, status=422 if form.errors else 200)


def _record_page(request: Request, unit: Unit, series_id: UUID, form: Form[Any]) -> HTMLResponse:
    versions = versions_of(unit, series_id=series_id)
    newest = versions[0]
    names = _names(unit)
    values = {
        "form": form,
        "record": newest,
        "kind": newest.kind.value,
        "kind_words": KINDS[newest.kind],
        "chip": WITHDRAWN if newest.withdrawn else None,
        "versions": [
            {
                "version": one,
                "people": _people(one, names),
                "by": names.get(one.by.removeprefix("user:"), ""),
                "file": f"{BASE}/records/{series_id}/{one.version}/file" if one.sha256 else "",
                "hours": _hours(one.minutes_long),
            }
            for one in versions
        ],
        "staff": _choices(unit),
        "today": unit.today,
        "url": f"{BASE}/records/{series_id}",
    }
    return show(request, "admin/record.html", values, status=422 if form.errors else 200)


def _choices(unit: Unit) -> list[tuple[str, str, str]]:
    return [(str(one.id), one.name, one.email) for one in colleagues(unit) if one.blocked_at is None]


def _names(unit: Unit) -> dict[str, str]:
    return {str(one.id): one.name for one in colleagues(unit)}


def _people(row: KeptRecord, names: Mapping[str, str]) -> str:
    return ", ".join([*(names.get(one, one) for one in row.people), *row.others.splitlines()])


def _hours(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02d}"


def _record(row: KeptRecord) -> dict[str, Any]:
    count: Sequence[str] = [*row.people, *row.others.splitlines()]
    kind = gettext(KINDS[row.kind])
    return {
        "id": row.series_id,
        "href": f"{BASE}/records/{row.series_id}",
        "title": row.title,
        "kind": f"{kind} · {gettext(WITHDRAWN.label)}" if row.withdrawn else kind,
        "held_on": row.held_on,
        "people": len(count),
    }


def _demand(one: DemandStanding) -> dict[str, Any]:
    (line,) = explain(one.decision.trace, current_language())
    role = gettext(ROLE_WORDS[one.wanted.role]) if one.person else ""
    return {
        "id": f"{one.wanted.authority}-{one.wanted.key}-{one.person.id if one.person else ''}",
        "whom": one.person.name if one.person else gettext("The agency"),
        "kind": " · ".join(
            filter(None, (gettext(KINDS[one.wanted.kind]), role, one.wanted.authority.value.upper()))
        ),
        "state": STANDINGS[one.decision.standing],
        "why": line.words,
        "source": line.source,
    }


def _export(row: InspectionExport) -> dict[str, Any]:
    return {
        "id": row.id,
        "href": f"{BASE}/exports/{row.id}",
        "asked_at": format_day(agency_day(row.as_of)),
        "authority": gettext(AUTHORITIES[row.authority]),
        "state": EXPORT_STATES[row.state],
        "period": f"{format_day(row.first_day)} – {format_day(row.last_day)}",
        "claims": row.claims,
        "until": row.expires_at,
    }
