"""Collections under mandates: drafted by one person, approved by another, and seen on the bank."""

from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.arrangements.direct_debits import (
    cancel_collection,
    collections,
    coming_collections,
    download_collection,
    draft_collection,
)
from agency.kernel.unit import Unit
from agency.money import Money
from portal.collections import approve_and_write
from portal.finance.doors import finance_page, id_asked, names_of, routes
from portal.shared.audience import StaffUnit, TheVisitor, TheWiring, leave_for
from portal.shared.forms import Form, blank
from portal.shared.i18n import N_
from portal.shared.listing import Chip, Cut

SHOWN = 50
FILE_STATES = {
    "draft": Chip(N_("Draft"), "warning"),
    "approved": Chip(N_("Approved"), "good"),
    "cancelled": Chip(N_("Cancelled"), "neutral"),
}


@routes.get("/collections")
def listed(request: Request, unit: StaffUnit, visitor: TheVisitor) -> Response:
    """The newest collection files."""
    return _page(request, unit, visitor.by, blank())


@routes.post("/collections")
def draft(request: Request, unit: StaffUnit, visitor: TheVisitor) -> Response:
    """Draft a file of every instalment that can be collected."""
    form = blank()
    with form.attempt(unit):
        draft_collection(unit)
    if form.errors:
        return _page(request, unit, visitor.by, form, status=409)
    return leave_for("/finance/collections", notice=N_("Drafted. Another person approves."))


@routes.post("/collections/{file_id:uuid}/approval")
def approve(
    request: Request, unit: StaffUnit, visitor: TheVisitor, wiring: TheWiring, file_id: UUID
) -> Response:
    """Approve, as the second person; the file is written for the bank."""
    form = blank()
    with form.attempt(unit):
        approve_and_write(unit, file_id=file_id, settings=wiring.settings)
    if form.errors:
        return _page(request, unit, visitor.by, form, status=409)
    return leave_for("/finance/collections", notice=N_("Approved. The file is ready to download."))


@routes.post("/collections/{file_id:uuid}/cancellation")
def cancel(request: Request, unit: StaffUnit, visitor: TheVisitor, file_id: UUID) -> Response:
    """Throw a draft away."""
    form = blank()
    with form.attempt(unit):
        cancel_collection(unit, file_id=file_id)
    if form.errors:
        return _page(request, unit, visitor.by, form, status=409)
    return leave_for("/finance/collections", notice=N_("Cancelled. Its instalments can be drafted again."))


@routes.post("/collections/{file_id:uuid}/download")
def download(unit: StaffUnit, file_id: UUID) -> Response:
    """The file as it was written; every download is counted."""
    name, content, downloads = download_collection(unit, file_id=file_id)
    marked = name if downloads == 1 else name.replace(".xml", f"-copy-{downloads}.xml")
    return Response(
        content,
        media_type="application/xml",
        headers={"content-disposition": f'attachment; filename="{marked}"'},
    )


def _page(request: Request, unit: Unit, by: str, form: Form[Any], *, status: int = 200) -> Response:
    coming = coming_collections(unit)
    before = id_asked(request, "before")
    found = collections(unit, limit=SHOWN + 1, before=before)
    older = f"/finance/collections?before={found[SHOWN - 1].id}" if len(found) > SHOWN else None
    found = found[:SHOWN]
    return finance_page(
        request,
        "collections.html",
        status=status,
        form=form,
        files=[(one, Money(one.total_minor, one.currency), FILE_STATES[one.state]) for one in found],
        cut=Cut(found, next_url=older, previous_url="/finance/collections" if before else None),
        names=names_of(unit, [name for one in found for name in (one.drafted_by, one.approved_by)]),
        by=by,
        coming=coming[:SHOWN],
        coming_more=max(0, len(coming) - SHOWN),
        today=unit.today,
    )
