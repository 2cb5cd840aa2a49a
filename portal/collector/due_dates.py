"""Correcting the due date of an invoice in collection, for a creditor who wrote or rang about it."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import Field
from sqlmodel import select
from starlette.requests import Request
from starlette.responses import Response

from agency.claims.amending import WHY_MAX, correct_due_date
from agency.claims.models import Claim, Invoice
from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from portal.collector.doors import claim_url, desk_page, routes
from portal.shared.audience import StaffUnit, leave_for
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_, format_day, gettext

_ADDRESS = "/claims/{creditor_id:uuid}/{claim_id:uuid}/due-date"


class DueDateForm(FormModel):
    """Which invoice, the right day, and what shows it."""

    invoice: UUID
    due_on: date
    why: str = Field(max_length=WHY_MAX)


@routes.get(_ADDRESS)
def due_date(request: Request, unit: StaffUnit, creditor_id: UUID, claim_id: UUID) -> Response:
    """The days as they stand, and the form."""
    return _page(request, unit, creditor_id, claim_id)


@routes.post(_ADDRESS)
def correct(request: Request, unit: StaffUnit, fields: Fields, creditor_id: UUID, claim_id: UUID) -> Response:
    """Correct one; interest, the path and the price of the claim follow by themselves."""
    form = submitted(DueDateForm, fields)
    with form.attempt(unit):
        correct_due_date(
            unit,
            creditor_id=creditor_id,
            claim_id=claim_id,
            invoice_id=form.data.invoice,
            due_on=form.data.due_on,
            why=form.data.why,
        )
    if form.errors:
        return _page(request, unit, creditor_id, claim_id, form, status=422)
    return leave_for(claim_url(creditor_id, claim_id), notice=N_("The due date is corrected."))


def _page(
    request: Request,
    unit: Unit,
    creditor_id: UUID,
    claim_id: UUID,
    form: Form[Any] | None = None,
    *,
    status: int = 200,
) -> Response:
    claim = unit.session.get(Claim, (creditor_id, claim_id))
    if claim is None:
        raise NotFound("no such claim")
    invoices = unit.session.exec(
        select(Invoice)
        .where(Invoice.creditor_id == creditor_id, Invoice.claim_id == claim_id, Invoice.kind == "invoice")
        .order_by("due_on", "number")
    ).all()
    only = str(invoices[0].id) if len(invoices) == 1 else ""
    return desk_page(
        request,
        "due_date.html",
        status=status,
        form=form or blank(invoice=only),
        url=claim_url(creditor_id, claim_id),
        number=claim.number,
        invoices=[(str(invoice.id), invoice.number, _days_of(invoice)) for invoice in invoices],
    )


def _days_of(invoice: Invoice) -> str:
    days = {"issued": format_day(invoice.issued_on), "due": format_day(invoice.due_on)}
    return gettext("of %(issued)s, due on %(due)s") % days
