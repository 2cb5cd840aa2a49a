"""What we need to know from the creditor before its debtors are contacted: the list, and filling it in."""

from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.claims.models import Claim
from agency.documents.asking import open_requests, requests_of, solve, tell_bought
from agency.intake.contact_told import contact_told
from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.parties.contacting import NewContact, add_contact
from agency.parties.models import Debtor
from portal.creditor.doors import creditor_page, routes
from portal.requests import request_of_claim
from portal.shared.audience import CreditorUnit, TheVisitor, leave_for, own_creditor
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_

ON_A_PAGE = 50


class ContactForm(FormModel):
    """Where the debtor can be reached."""

    email: str = ""
    phone: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""


class BoughtForm(FormModel):
    """What was bought or done, of this claim or of all of which that is asked."""

    subject: str
    everywhere: bool = False


@routes.get("/missing")
def missing(request: Request, unit: CreditorUnit, visitor: TheVisitor, after: str = "") -> Response:
    """Every claim that waits for information, the first due first."""
    creditor_id = own_creditor(visitor)
    found = requests_of(unit, creditor_id=creditor_id, after=_uuid(after), limit=ON_A_PAGE + 1)
    return creditor_page(
        request,
        "missing.html",
        counts=open_requests(unit, creditor_id=creditor_id),
        requests=[request_of_claim(row._asdict()) for row in found[:ON_A_PAGE]],
        next_url=f"/creditor/missing?after={found[ON_A_PAGE - 1].id}" if len(found) > ON_A_PAGE else "",
    )


@routes.get("/missing/{claim_id:uuid}")
def one(request: Request, unit: CreditorUnit, visitor: TheVisitor, claim_id: UUID) -> Response:
    """What is missing of one claim, with the form to fill it in."""
    return _show(request, unit, own_creditor(visitor), claim_id, blank())


@routes.post("/missing/{claim_id:uuid}")
def fill_in(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, fields: Fields, claim_id: UUID
) -> Response:
    """Add where the debtor can be reached; the item ticks itself off."""
    creditor_id = own_creditor(visitor)
    claim = unit.session.get(Claim, (creditor_id, claim_id))
    if claim is None:
        raise NotFound("no such claim")
    debtor = unit.session.get_one(Debtor, (creditor_id, claim.debtor_id))
    form = submitted(ContactForm, fields)
    with form.attempt(unit):
        add_contact(
            unit,
            creditor_id=creditor_id,
            debtor_id=claim.debtor_id,
            contact=_checked(form.data, debtor.country),
        )
        solve(unit, creditor_id=creditor_id)
    if form.errors:
        return _show(request, unit, creditor_id, claim_id, form)
    return leave_for(f"/creditor/missing/{claim_id}", notice=N_("Thank you, it is on file."))


@routes.post("/missing/{claim_id:uuid}/bought")
def bought(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, fields: Fields, claim_id: UUID
) -> Response:
    """Say what was bought or done, which a consumer in Belgium must be told."""
    creditor_id = own_creditor(visitor)
    form = submitted(BoughtForm, fields)
    with form.attempt(unit):
        tell_bought(
            unit, creditor_id=creditor_id, claim_id=claim_id, subject=form.data.subject,
            everywhere=form.data.everywhere,
        )  # fmt: skip
    if form.errors:
        return _show(request, unit, creditor_id, claim_id, blank(), bought=form)
    return leave_for(f"/creditor/missing/{claim_id}", notice=N_("Thank you, it is on file."))


def _checked(data: ContactForm, country: str) -> NewContact:
    """Read what was typed as the intake reads it; an error names its field."""
    return contact_told(
        country=country, email_typed=data.email, phone_typed=data.phone, street=data.street,
        postal_code=data.postal_code, city=data.city,
    )  # fmt: skip


def _show(
    request: Request,
    unit: Unit,
    creditor_id: UUID,
    claim_id: UUID,
    form: Form[Any],
    *,
    bought: Form[Any] | None = None,
) -> Response:
    found = requests_of(unit, creditor_id=creditor_id, claim_id=claim_id, only_open=False, limit=10)
    if not found:
        raise NotFound("nothing is asked about this claim")
    latest = max(found, key=lambda row: row.asked_at)
    return creditor_page(
        request,
        "missing_claim.html",
        status=422 if form.errors or (bought and bought.errors) else 200,
        asked=request_of_claim(latest._asdict()),
        form=form,
        bought=bought or blank(),
    )


def _uuid(said: str) -> UUID | None:
    try:
        return UUID(said)
    except ValueError:
        return None
