"""The page of one claim, and the documents of its file: upload them, see the price fall, get them back."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from agency.claims.models import Claim
from agency.documents.types import suggest_kind
from agency.documents.upload import add_document, fetch_document
from agency.kernel.errors import Invalid
from agency.kernel.unit import Unit
from agency.pricing.quoting import quote_placement
from agency.rules.facts import DocumentKind
from portal.creditor.claims import show_claim
from portal.creditor.doors import routes
from portal.shared.audience import CreditorUnit, TheVisitor, TheWiring, leave_for, own_creditor
from portal.shared.forms import Fields
from portal.shared.i18n import N_, format_bps, gettext


@routes.get("/claims/{claim_id:uuid}")
def claim(request: Request, unit: CreditorUnit, visitor: TheVisitor, claim_id: UUID) -> Response:
    """One claim: what is owed, what happened, what comes next, its file and its price."""
    return show_claim(request, unit, own_creditor(visitor), claim_id)


@routes.post("/claims/{claim_id:uuid}/documents")
def add(
    request: Request,
    unit: CreditorUnit,
    visitor: TheVisitor,
    wiring: TheWiring,
    fields: Fields,
    claim_id: UUID,
) -> Response:
    """Add documents to a claim's file; a price that still waits is made anew at once."""
    creditor_id = own_creditor(visitor)
    try:
        with unit.session.begin_nested():
            for upload in _uploads(fields):
                add_document(
                    unit,
                    wiring.ports.files,
                    creditor_id=creditor_id,
                    claim_id=claim_id,
                    kind=_kind(fields, upload),
                    name=upload.filename or "",
                    content=upload.file.read(),
                )
    except Invalid as refusal:
        return show_claim(request, unit, creditor_id, claim_id, error=refusal.message, status=422)
    return leave_for(f"/creditor/claims/{claim_id}", notice=_price_again(unit, creditor_id, claim_id))


def _uploads(fields: dict[str, Any]) -> list[UploadFile]:
    given = fields.get("file", [])
    uploads = [
        part for part in (given if isinstance(given, list) else [given]) if isinstance(part, UploadFile)
    ]
    if not uploads:
        raise Invalid("choose a file first", field="file")
    return uploads


def _kind(fields: dict[str, Any], upload: UploadFile) -> DocumentKind:
    said = fields.get("kind") or suggest_kind(upload.filename or "")
    try:
        return DocumentKind(said)
    except ValueError:
        raise Invalid("choose what the document is", field="kind") from None


def _price_again(unit: Unit, creditor_id: UUID, claim_id: UUID) -> str:
    """Price the placement of a claim that is not accepted yet, and say what the document did to the fee."""
    found = unit.session.get_one(Claim, (creditor_id, claim_id))
    if found.state != "quoted" or found.placement_id is None:
        return N_("The document is in the file.")
    issued = quote_placement(unit, creditor_id=creditor_id, placement_id=found.placement_id)
    for change in issued.changes if issued else ():
        if change.claim_id == claim_id and change.before_bps and change.after_bps:
            return gettext("The document is in the file: your fee went from %(before)s to %(after)s.") % {
                "before": format_bps(change.before_bps),
                "after": format_bps(change.after_bps),
            }
    return N_("The document is in the file.")


@routes.get("/documents/{document_id:uuid}")
def download(unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, document_id: UUID) -> Response:
    """A document as it came: always a download, never opened by the browser as a page of ours."""
    document, content = fetch_document(
        unit, wiring.ports.files, creditor_id=own_creditor(visitor), document_id=document_id
    )
    return Response(
        content,
        media_type=document.media_type,
        headers={
            "content-disposition": f"attachment; filename*=UTF-8''{quote(document.name, safe='')}",
            "content-security-policy": "sandbox; default-src 'none'",
        },
    )
