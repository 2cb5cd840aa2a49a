"""Exports for an inspector: asked for with a reason, followed, and taken with a fresh code."""

import re
from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Path
from pydantic import BeforeValidator, Field
from sqlalchemy import text
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from agency.kernel.ids import HOUSE
from agency.kernel.unit import Unit, agency_day
from agency.privacy.asking import OPEN, Wish, ask_export, cancel_export, export_of, take_export
from agency.privacy.jobs import write_later
from agency.rules.kept_records import Authority, export_limits
from portal.admin.inspection import AUTHORITIES, BASE, EXPORT_STATES, routes
from portal.shared.audience import StaffUnit, TheVisitor, TheWiring, leave_for, show
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_, current_language, format_number
from portal.shared.second_look import look_again

ExportId = Annotated[UUID, Path(alias="export_id")]
LANGUAGES: Final = (("nl", "Nederlands"), ("fr", "Français"), ("en", "English"), ("de", "Deutsch"))
_PIECE: Final = 1 << 18
# Refusals of the use cases that administrators read beside a field.
REFUSALS = (
    N_("choose one of the languages"),
    N_("the last day is before the first"),
    N_("the period has not begun yet"),
    N_("say who asks for what, and why"),
    N_("this export is not there to be taken"),
    N_("the export is too large; ask for fewer claims"),
    N_("a file that belongs to it is not in the file store"),
)


def _numbers(sent: Any) -> Any:
    """Numbers of claims as they are pasted: one a line, or with commas, semicolons or blanks."""
    return [one for one in re.split(r"[\s,;]+", sent) if one] if isinstance(sent, str) else sent


def _listed(sent: Any) -> Any:
    return [sent] if isinstance(sent, str) else sent


class ExportForm(FormModel):
    """What an inspector wants to see."""

    authority: Authority
    language: str
    first_day: date
    last_day: date
    creditors: Annotated[list[UUID], BeforeValidator(_listed)] = Field(default_factory=list)
    numbers: Annotated[list[str], BeforeValidator(_numbers)] = Field(default_factory=list)
    reason: str = Field(min_length=1, max_length=1_000)


class TakeForm(FormModel):
    """The code that the administrator's phone shows now."""

    code: str = Field(min_length=1, max_length=20)


@routes.get("/exports/new")
def new_export(request: Request, unit: StaffUnit) -> HTMLResponse:
    """The form for an export; this month stands there."""
    first = date(unit.today.year, unit.today.month, 1)
    form = blank(
        authority="nl", language=current_language(), first_day=first.isoformat(),
        last_day=unit.today.isoformat(), creditors=[],
    )  # fmt: skip
    return _form_page(request, unit, form)


@routes.post("/exports")
def ask(request: Request, unit: StaffUnit, fields: Fields) -> Response:
    """Have an export made."""
    form = submitted(ExportForm, fields)
    with form.attempt(unit):
        data = form.data
        export_id = ask_export(
            unit,
            wish=Wish(
                authority=data.authority, language=data.language, first_day=data.first_day,
                last_day=data.last_day, reason=data.reason, creditors=data.creditors, numbers=data.numbers,
            ),
        )  # fmt: skip
        write_later(unit, export_id=export_id)
    if form.errors:
        return _form_page(request, unit, form)
    return leave_for(f"{BASE}/exports/{export_id}", notice=N_("The export is being made; it shows here."))


@routes.get("/exports/{export_id}")
def one_export(request: Request, unit: StaffUnit, export_id: ExportId) -> HTMLResponse:
    """One export: what was asked, how far it is, and the download."""
    return _page(request, unit, export_id, blank())


@routes.post("/exports/{export_id}/cancellation")
def cancel(unit: StaffUnit, export_id: ExportId) -> Response:
    """Stop an export that is not finished."""
    cancel_export(unit, export_id=export_id)
    return leave_for(f"{BASE}/exports/{export_id}", notice=N_("The export was cancelled."))


@routes.post("/exports/{export_id}/download")
def download(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    wiring: TheWiring,
    fields: Fields,
    export_id: ExportId,
) -> Response:
    """The export as a file: a form with a fresh code, so that there is no address to pass on."""
    form = submitted(TakeForm, fields)
    with form.attempt(unit):
        look_again(unit, wiring, visitor, code=form.data.code)
        export, opened = take_export(unit, wiring.ports.files, export_id=export_id)
    if form.errors:
        return _page(request, unit, export_id, form)
    name = f"inspection-{export.authority.value.upper()}-{export.first_day}-{export.last_day}.zip"
    if export.for_person:
        name = f"own-data-{export.last_day}.zip"
    return StreamingResponse(
        iter(lambda: opened.read(_PIECE), b""),
        media_type="application/zip",
        headers={
            "content-disposition": f'attachment; filename="{name}"',
            "content-length": str(export.size),
            "content-security-policy": "sandbox; default-src 'none'",
        },
        background=BackgroundTask(opened.close),
    )


def _form_page(request: Request, unit: Unit, form: Form[Any]) -> HTMLResponse:
    creditors = unit.session.connection().execute(
        text("SELECT id, name FROM creditor WHERE id <> :house ORDER BY lower(name), id"), {"house": HOUSE}
    )
    limits = export_limits(on=unit.today)
    values = {
        "form": form,
        "authorities": list(AUTHORITIES.items()),
        "export_languages": LANGUAGES,
        "creditors": [(str(row.id), row.name, "") for row in creditors],
        "claims_max": limits.claims_max,
        "keep_days": limits.keep_days,
    }
    return show(request, "admin/inspection_export_new.html", values, status=422 if form.errors else 200)


def _page(request: Request, unit: Unit, export_id: UUID, form: Form[Any]) -> HTMLResponse:
    export = export_of(unit, export_id=export_id)
    connection = unit.session.connection()
    names = connection.execute(
        text("SELECT name FROM creditor WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY lower(name)"),
        {"ids": export.creditors},
    ).scalars()
    asker = connection.execute(
        text("SELECT name FROM user_account WHERE 'user:' || id = :by"), {"by": export.asked_by}
    ).scalar_one_or_none()
    values = {
        "form": form,
        "export": export,
        "chip": EXPORT_STATES[export.state],
        "authority": AUTHORITIES[export.authority],
        "language": dict(LANGUAGES)[export.language],
        "creditors": ", ".join(names),
        "numbers": ", ".join(export.numbers),
        "asker": asker or "",
        "open": export.state in OPEN,
        # Putting it together is the last step, and takes its time too.
        "percent": export.done * 95 // export.claims if export.claims else 95,
        "kept_until": agency_day(export.expires_at) if export.expires_at else None,
        "size": format_number(max(1, export.size // 1024)),
        "url": f"{BASE}/exports/{export_id}",
    }
    return show(request, "admin/inspection_export.html", values, status=422 if form.errors else 200)
