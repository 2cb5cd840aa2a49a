"""A document beside its claim; and the completeness of a claim, which an administrator may lift."""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response

from agency.claims.models import Claim
from agency.documents.completeness import assess_claim
from agency.documents.correcting import judge_document
from agency.documents.models import Document
from agency.documents.overriding import open_override, override_completeness, overrides_of, withdraw_override
from agency.documents.sandbox import picture
from agency.documents.upload import document_of, fetch_document
from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from portal.collector.doors import claim_url, desk_page, lifting, routes, who
from portal.shared.audience import StaffUnit, TheVisitor, TheWiring, leave_for
from portal.shared.evidence import evidence_items, evidence_values
from portal.shared.evidence_forms import OverrideForm, ReasonForm, VerdictForm, as_picture
from portal.shared.forms import Fields, Form, blank, submitted
from portal.shared.i18n import N_
from portal.shared.sessions import Visitor
from portal.shared.words import DOCUMENTS

DOCUMENT = "/claims/{creditor_id:uuid}/{claim_id:uuid}/documents/{document_id:uuid}"
COMPLETENESS = "/claims/{creditor_id:uuid}/{claim_id:uuid}/completeness"


@routes.get(f"{DOCUMENT}/pages/{{page:int}}")
def picture_of_page(
    unit: StaffUnit, wiring: TheWiring, creditor_id: UUID, claim_id: UUID, document_id: UUID, page: int
) -> Response:
    """A picture of one page, drawn where the file can do no harm."""
    document, content = fetch_document(
        unit, wiring.ports.files, creditor_id=creditor_id, document_id=document_id
    )
    _of_claim(document, claim_id)
    return as_picture(picture(content, media_type=document.media_type, page=page))


@routes.get(f"{DOCUMENT}/check")
def check(
    request: Request, unit: StaffUnit, creditor_id: UUID, claim_id: UUID, document_id: UUID
) -> Response:
    """A document beside its claim: what it was taken for, what is the same and what is not."""
    return _show_check(request, unit, creditor_id, claim_id, document_id)


@routes.post(f"{DOCUMENT}/verdict")
def verdict(
    request: Request, unit: StaffUnit, fields: Fields, creditor_id: UUID, claim_id: UUID, document_id: UUID
) -> Response:
    """Say what a document is; what the agency says, a creditor cannot turn around."""
    _of_claim(document_of(unit, creditor_id=creditor_id, document_id=document_id), claim_id)
    form = submitted(VerdictForm, fields)
    with form.attempt(unit):
        judge_document(
            unit,
            creditor_id=creditor_id,
            document_id=document_id,
            verdict=form.data.verdict,
            kind=form.data.kind,
            note=form.data.note,
        )
    if form.errors:
        return _show_check(request, unit, creditor_id, claim_id, document_id, form=form)
    return leave_for(_url(creditor_id, claim_id, document_id) + "/check", notice=N_("Kept, thank you."))


@lifting.get(COMPLETENESS)
def completeness(
    request: Request, unit: StaffUnit, visitor: TheVisitor, creditor_id: UUID, claim_id: UUID
) -> Response:
    """How complete a claim's file is, and every time that was set by hand."""
    return _show_completeness(request, unit, visitor, creditor_id, claim_id)


@lifting.post(COMPLETENESS)
def lift(
    request: Request, unit: StaffUnit, visitor: TheVisitor, fields: Fields, creditor_id: UUID, claim_id: UUID
) -> Response:
    """Lift the completeness of a claim, with the reason."""
    form = submitted(OverrideForm, fields)
    with form.attempt(unit):
        override_completeness(
            unit,
            creditor_id=creditor_id,
            claim_id=claim_id,
            at_least=form.data.at_least,
            reason=form.data.reason,
        )
    if form.errors:
        return _show_completeness(request, unit, visitor, creditor_id, claim_id, form=form)
    return leave_for(
        f"{claim_url(creditor_id, claim_id)}/completeness", notice=N_("The completeness is lifted.")
    )


@lifting.post(f"{COMPLETENESS}/withdrawal")
def withdraw(
    request: Request, unit: StaffUnit, visitor: TheVisitor, fields: Fields, creditor_id: UUID, claim_id: UUID
) -> Response:
    """Take a lifted completeness back, with the reason."""
    form = submitted(ReasonForm, fields)
    with form.attempt(unit):
        withdraw_override(unit, creditor_id=creditor_id, claim_id=claim_id, reason=form.data.reason)
    if form.errors:
        return _show_completeness(request, unit, visitor, creditor_id, claim_id, form=form)
    return leave_for(f"{claim_url(creditor_id, claim_id)}/completeness", notice=N_("Taken back."))


def _show_check(
    request: Request,
    unit: Unit,
    creditor_id: UUID,
    claim_id: UUID,
    document_id: UUID,
    *,
    form: Form[Any] | None = None,
) -> Response:
    values = evidence_values(unit, creditor_id=creditor_id, document_id=document_id, kinds=DOCUMENTS)
    _of_claim(values["document"], claim_id)
    return desk_page(
        request,
        "document.html",
        status=422 if form else 200,
        claim=unit.session.get_one(Claim, (creditor_id, claim_id)),
        claim_url=claim_url(creditor_id, claim_id),
        base=_url(creditor_id, claim_id, document_id),
        form=form or blank(),
        amendable=False,
        **values,
    )


def _show_completeness(
    request: Request,
    unit: Unit,
    visitor: Visitor,
    creditor_id: UUID,
    claim_id: UUID,
    *,
    form: Form[Any] | None = None,
) -> Response:
    claim = unit.session.get(Claim, (creditor_id, claim_id))
    if claim is None:
        raise NotFound("no such claim")
    found = assess_claim(unit, creditor_id=creditor_id, claim_id=claim_id)
    staff = _staff(unit)
    history = overrides_of(unit, creditor_id=creditor_id, claim_id=claim_id)
    return desk_page(
        request,
        "completeness.html",
        status=422 if form else 200,
        claim=claim,
        claim_url=claim_url(creditor_id, claim_id),
        base=f"{claim_url(creditor_id, claim_id)}/completeness",
        form=form or blank(),
        score=found,
        evidence_items=evidence_items(found, kinds=DOCUMENTS, cheaper=()),
        override=open_override(unit, creditor_id=creditor_id, claim_id=claim_id),
        overrides=[{**one.model_dump(), "who": who(one.made_by, staff)} for one in history],
        may_override="admin" in visitor.roles,
    )


def _staff(unit: Unit) -> dict[UUID, str]:
    rows = unit.session.connection().execute(
        text("SELECT id, name FROM user_account WHERE creditor_id IS NULL")
    )
    return {row.id: row.name for row in rows}


def _of_claim(document: Document, claim_id: UUID) -> None:
    if document.claim_id != claim_id:
        raise NotFound("no such document")


def _url(creditor_id: UUID, claim_id: UUID, document_id: UUID) -> str:
    return f"{claim_url(creditor_id, claim_id)}/documents/{document_id}"
