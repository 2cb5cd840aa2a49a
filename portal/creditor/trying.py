"""Trying a file out: what would be taken, what not and why, and what it would cost; nothing is kept."""

from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from agency.intake.receive import INLINE_BYTES_MAX
from agency.kernel.errors import Invalid
from portal.creditor.doors import creditor_page, routes
from portal.creditor.words import DOCUMENTS
from portal.shared.audience import CreditorUnit, TheVisitor, TheWiring, own_creditor
from portal.shared.claim_fields import FIELDS
from portal.shared.forms import Fields
from portal.trying import TriedRow, try_out

ROWS_SHOWN = 200


@routes.get("/placements/try")
def ask_for_file(request: Request, visitor: TheVisitor) -> Response:
    """The place to drop a file that is only to be tried out."""
    own_creditor(visitor)
    return creditor_page(request, "try_file.html", tried=None, error="")


@routes.post("/placements/try")
def try_file(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, fields: Fields
) -> Response:
    """Say row by row what would become of a file; nothing of it is stored."""
    upload = fields.get("file")
    try:
        if not isinstance(upload, UploadFile):
            raise Invalid("choose a file first", field="file")
        tried = try_out(
            unit,
            wiring.ports,
            creditor_id=own_creditor(visitor),
            name=upload.filename or "file",
            content=upload.file.read(INLINE_BYTES_MAX + 1),
            bytes_max=INLINE_BYTES_MAX,
            rows_shown=ROWS_SHOWN,
        )
    except Invalid as refusal:
        return creditor_page(request, "try_file.html", status=422, tried=None, error=refusal.message)
    return creditor_page(
        request,
        "try_file.html",
        tried=tried,
        rows=[_shown(row) for row in tried.rows],
        name=upload.filename or "file",
        error="",
    )


def _shown(row: TriedRow) -> dict[str, Any]:
    return {
        "row": row,
        "why": [(FIELDS.get(field, field), reason, value) for field, reason, value in row.why],
        "best": (DOCUMENTS.get(row.missing[0][0], row.missing[0][0]), row.missing[0][1])
        if row.missing
        else None,
    }
