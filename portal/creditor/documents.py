"""The page of one claim, and the documents of its file: upload them, see the price fall, get them back."""

from typing import Any
from uuid import UUID

from sqlmodel import col, select
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from agency.claims.amending import AMENDABLE, amend_claim_type, amend_invoice, tell_contract
from agency.claims.models import Claim, Invoice
from agency.documents.asking import solve
from agency.documents.correcting import judge_document
from agency.documents.jobs import check_claim_later
from agency.documents.models import DocumentCheck
from agency.documents.quota import OverQuota
from agency.documents.sandbox import picture
from agency.documents.upload import claim_of, document_of, fetch_document
from agency.kernel.errors import Invalid
from agency.kernel.unit import Unit
from agency.rules.facts import DocumentKind
from portal.adding_documents import add_files, price_again, quota_of
from portal.creditor.claims import show_claim
from portal.creditor.doors import creditor_page, routes
from portal.creditor.words import DOCUMENTS
from portal.shared.audience import CreditorUnit, TheVisitor, TheWiring, leave_for, own_creditor
from portal.shared.evidence import evidence_values
from portal.shared.evidence_forms import (
    ClaimTypeForm,
    ContractForm,
    InvoiceForm,
    VerdictForm,
    as_download,
    as_picture,
    filled,
)
from portal.shared.forms import Fields, Form, blank, submitted
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
            add_files(
                unit,
                wiring.ports.files,
                creditor_id=creditor_id,
                claim_id=claim_id,
                kind=_kind(fields),
                sent=[(upload.filename or "", upload.file.read()) for upload in _uploads(fields)],
                quota=quota_of(wiring.settings),
            )
    except (Invalid, OverQuota) as refusal:
        return show_claim(request, unit, creditor_id, claim_id, error=refusal.message, status=refusal.status)
    return leave_for(f"/creditor/claims/{claim_id}", notice=_price_again(unit, creditor_id, claim_id))


def _uploads(fields: dict[str, Any]) -> list[UploadFile]:
    given = fields.get("file", [])
    uploads = [
        part for part in (given if isinstance(given, list) else [given]) if isinstance(part, UploadFile)
    ]
    if not uploads:
        raise Invalid("choose a file first", field="file")
    return uploads


def _kind(fields: dict[str, Any]) -> DocumentKind | None:
    """What the uploader said it is; without that its content tells, later."""
    said = fields.get("kind")
    if not said:
        return None
    try:
        return DocumentKind(said)
    except ValueError:
        raise Invalid("choose what the document is", field="kind") from None


def _price_again(
    unit: Unit, creditor_id: UUID, claim_id: UUID, *, done: str = N_("The document is in the file.")
) -> str:
    """Price the placement of a claim that is not accepted yet, and say what the change did to the fee."""
    change = price_again(unit, creditor_id=creditor_id, claim_id=claim_id)
    if change is None:
        return done
    fees = {"before": format_bps(change.before_bps), "after": format_bps(change.after_bps)}
    return f"{gettext(done)} {gettext('Your fee went from %(before)s to %(after)s.') % fees}"


@routes.get("/documents/{document_id:uuid}")
def download(unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, document_id: UUID) -> Response:
    """A document as it came: always a download, never opened by the browser as a page of ours."""
    document, content = fetch_document(
        unit, wiring.ports.files, creditor_id=own_creditor(visitor), document_id=document_id
    )
    return as_download(document, content)


@routes.get("/documents/{document_id:uuid}/pages/{page:int}")
def picture_of_page(
    unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, document_id: UUID, page: int
) -> Response:
    """A picture of one page, drawn where the file can do no harm."""
    document, content = fetch_document(
        unit, wiring.ports.files, creditor_id=own_creditor(visitor), document_id=document_id
    )
    return as_picture(picture(content, media_type=document.media_type, page=page))


@routes.get("/documents/{document_id:uuid}/check")
def check(request: Request, unit: CreditorUnit, visitor: TheVisitor, document_id: UUID) -> Response:
    """A document beside its claim: what it was taken for, what is the same and what is not."""
    return _show_check(request, unit, own_creditor(visitor), document_id)


@routes.post("/documents/{document_id:uuid}/verdict")
def verdict(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, fields: Fields, document_id: UUID
) -> Response:
    """Say what a document is: right, the wrong one, something else."""
    form = submitted(VerdictForm, fields)
    with form.attempt(unit):
        judge_document(
            unit,
            creditor_id=own_creditor(visitor),
            document_id=document_id,
            verdict=form.data.verdict,
            kind=form.data.kind,
            note=form.data.note,
        )
    if form.errors:
        return _show_check(request, unit, own_creditor(visitor), document_id, form=form)
    return leave_for(f"/creditor/documents/{document_id}/check", notice=N_("Kept, thank you."))


@routes.post("/documents/{document_id:uuid}/claim")
def amend(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, fields: Fields, document_id: UUID
) -> Response:
    """Change the claim into what the document says, and compare its documents with it anew."""
    creditor_id = own_creditor(visitor)
    document = document_of(unit, creditor_id=creditor_id, document_id=document_id)
    claim_id = claim_of(document)
    form = submitted(InvoiceForm, fields)
    with form.attempt(unit):
        amend_invoice(
            unit,
            creditor_id=creditor_id,
            claim_id=claim_id,
            invoice_id=form.data.invoice,
            change=form.data.change(),
        )
        check_claim_later(unit, creditor_id=creditor_id, claim_id=claim_id)
    if form.errors:
        return _show_check(request, unit, creditor_id, document_id, amended=form)
    notice = _price_again(unit, creditor_id, claim_id, done=N_("The claim is changed."))
    return leave_for(f"/creditor/documents/{document_id}/check", notice=notice)


@routes.post("/claims/{claim_id:uuid}/contract")
def contract(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, fields: Fields, claim_id: UUID
) -> Response:
    """Say what was agreed and when, which a consumer in Germany must be told."""
    creditor_id = own_creditor(visitor)
    form = submitted(ContractForm, fields)
    with form.attempt(unit):
        tell_contract(
            unit, creditor_id=creditor_id, claim_id=claim_id, subject=form.data.subject,
            contract_on=form.data.contract_on,
        )  # fmt: skip
        solve(unit, creditor_id=creditor_id, claim_id=claim_id)
    if form.errors:
        return show_claim(request, unit, creditor_id, claim_id, refused={"contract": form}, status=422)
    return leave_for(f"/creditor/claims/{claim_id}", notice=N_("The claim is changed."))


@routes.post("/claims/{claim_id:uuid}/type")
def claim_type(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, fields: Fields, claim_id: UUID
) -> Response:
    """Say what a claim is for, which decides what proves it."""
    creditor_id = own_creditor(visitor)
    form = submitted(ClaimTypeForm, fields)
    with form.attempt(unit):
        amend_claim_type(unit, creditor_id=creditor_id, claim_id=claim_id, claim_type=form.data.claim_type)
    if form.errors:
        error = next(iter(form.errors.values()))
        return show_claim(request, unit, creditor_id, claim_id, error=error, status=422)
    notice = _price_again(unit, creditor_id, claim_id, done=N_("The claim is changed."))
    return leave_for(f"/creditor/claims/{claim_id}", notice=notice)


def _show_check(
    request: Request,
    unit: Unit,
    creditor_id: UUID,
    document_id: UUID,
    *,
    form: Form[Any] | None = None,
    amended: Form[Any] | None = None,
) -> Response:
    values = evidence_values(unit, creditor_id=creditor_id, document_id=document_id, kinds=DOCUMENTS)
    claim = unit.session.get_one(Claim, (creditor_id, values["document"].claim_id))
    invoice = _invoice_meant(unit, claim, values["check"]) if claim.state in AMENDABLE else None
    refused = (form and form.errors) or (amended and amended.errors)
    return creditor_page(
        request,
        "document.html",
        status=422 if refused else 200,
        claim=claim,
        base=f"/creditor/documents/{document_id}",
        form=form or blank(),
        amendable=invoice is not None,
        amended=amended or (filled(invoice) if invoice else blank()),
        **values,
    )


def _invoice_meant(unit: Unit, claim: Claim, check: DocumentCheck | None) -> Invoice | None:
    """The invoice that the document was compared with, or else the oldest of the claim."""
    invoices = unit.session.exec(
        select(Invoice)
        .where(
            Invoice.creditor_id == claim.creditor_id, Invoice.claim_id == claim.id, Invoice.kind == "invoice"
        )
        .order_by(col(Invoice.due_on), col(Invoice.number))
    ).all()
    compared = {one["expected"] for one in check.findings if one["field"] == "number"} if check else set()
    return next((one for one in invoices if one.number in compared), invoices[0] if invoices else None)
