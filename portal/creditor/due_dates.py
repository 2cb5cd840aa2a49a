"""Correcting the due date of an invoice in collection: what follows from it is worked out anew."""

from datetime import date
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.claims.amending import correct_due_date
from agency.claims.models import Claim, Invoice
from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from portal.creditor.doors import creditor_page, routes
from portal.shared.audience import CreditorUnit, TheVisitor, leave_for, own_creditor
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_

PATH = "/claims/{claim_id:uuid}/invoices/{invoice_id:uuid}/due-date"


class DueDateForm(FormModel):
    """The right day, and what shows it."""

    due_on: date
    why: str


@routes.get(PATH)
def due_date(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, claim_id: UUID, invoice_id: UUID
) -> Response:
    """The day as it stands, and what changes with it."""
    return _page(request, unit, own_creditor(visitor), claim_id, invoice_id, blank())


@routes.post(PATH)
def correct(
    request: Request,
    unit: CreditorUnit,
    visitor: TheVisitor,
    claim_id: UUID,
    invoice_id: UUID,
    fields: Fields,
) -> Response:
    """Correct it; the price of the claim follows by itself."""
    creditor_id = own_creditor(visitor)
    form = submitted(DueDateForm, fields)
    with form.attempt(unit):
        correct_due_date(
            unit,
            creditor_id=creditor_id,
            claim_id=claim_id,
            invoice_id=invoice_id,
            due_on=form.data.due_on,
            why=form.data.why,
        )
    if form.errors:
        return _page(request, unit, creditor_id, claim_id, invoice_id, form, status=422)
    return leave_for(f"/creditor/claims/{claim_id}", notice=N_("The due date is corrected."))


def _page(
    request: Request,
    unit: Unit,
    creditor_id: UUID,
    claim_id: UUID,
    invoice_id: UUID,
    form: Form[Any],
    *,
    status: int = 200,
) -> Response:
    claim = unit.session.get(Claim, (creditor_id, claim_id))
    invoice = unit.session.get(Invoice, (creditor_id, invoice_id))
    if claim is None or invoice is None or invoice.claim_id != claim_id:
        raise NotFound("no such invoice")
    return creditor_page(request, "due_date.html", status=status, form=form, claim=claim, invoice=invoice)
