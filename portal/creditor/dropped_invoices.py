"""A PDF invoice that leaves doubt: the claim form filled in as far as it was read, beside the page."""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response

from agency.documents.upload import add_document
from agency.intake.drops import dropped_file
from agency.intake.models import DroppedFile, DroppedState
from agency.intake.receive import habits_of
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.files import fetch
from agency.kernel.unit import Unit
from agency.ports.readers import SURE_ENOUGH
from agency.pricing.quoting import quote_placement
from agency.rules.facts import DocumentKind
from integrations.einvoice.pdf_cells import draw_page
from portal.creditor.doors import creditor_page, routes
from portal.creditor.single_claim import COUNTRIES, checked
from portal.placing import FORM, form_as_file, place_file
from portal.shared.audience import CreditorUnit, TheVisitor, TheWiring, leave_for, own_creditor
from portal.shared.forms import Fields, Form, blank
from portal.shared.words import DEBTOR_KINDS
from portal.wiring import Wiring

FORM_OF = {
    "number": "invoice_number",
    "payable": "amount",
    "issue_date": "issued_on",
    "due_date": "due_on",
    "buyer_name": "debtor_name",
    "buyer_number": "debtor_reference",
    "buyer_street": "street",
    "buyer_postal_code": "postal_code",
    "buyer_city": "city",
    "buyer_country": "country",
    "buyer_email": "email",
}
"""What a page says, and the field of the form in which it belongs."""


@routes.get("/drops/{drop_id:uuid}/files/{file_id:uuid}")
def ask(request: Request, unit: CreditorUnit, visitor: TheVisitor, drop_id: UUID, file_id: UUID) -> Response:
    """What was read of an invoice, to be confirmed or corrected."""
    creditor_id = own_creditor(visitor)
    file = _asked(unit, creditor_id, drop_id, file_id)
    read = {FORM_OF[name]: value for name, value in file.facts["values"].items() if name in FORM_OF}
    country = habits_of(unit, creditor_id=creditor_id).country
    form = blank(**{"country": country} | {name: value["value"].lstrip("-") for name, value in read.items()})
    return _page(request, file, form)


def _asked(unit: Unit, creditor_id: UUID, drop_id: UUID, file_id: UUID) -> DroppedFile:
    file = dropped_file(unit, creditor_id=creditor_id, drop_id=drop_id, file_id=file_id)
    if "values" not in file.facts:
        raise NotFound("nothing is asked about this file")
    return file


def _page(request: Request, file: DroppedFile, form: Form[Any], status: int = 200) -> Response:
    read = {FORM_OF[name]: value for name, value in file.facts["values"].items() if name in FORM_OF}
    unsure = {FORM_OF[name] for name in file.facts["unsure"] if name in FORM_OF}
    return creditor_page(
        request,
        "dropped_invoice.html",
        status=status,
        file=file,
        form=form,
        read=read,
        unsure=unsure,
        sure_enough=SURE_ENOUGH,
        pages=sorted({value["page"] for value in file.facts["values"].values()} | {1}),
        kinds_choices=[(kind, label, "") for kind, label in DEBTOR_KINDS.items()],
        countries=COUNTRIES,
    )


@routes.get("/drops/{drop_id:uuid}/files/{file_id:uuid}/pages/{number}")
def page_picture(
    unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, drop_id: UUID, file_id: UUID, number: int
) -> Response:
    """One page of the PDF as a picture: nothing in it can act."""
    creditor_id = own_creditor(visitor)
    file = _asked(unit, creditor_id, drop_id, file_id)
    content, _ = fetch(unit, wiring.ports.files, creditor_id=creditor_id, sha256=file.sha256)
    picture = draw_page(content, number)
    if picture is None:
        raise NotFound("no such page")
    return Response(picture, media_type="image/png", headers={"cache-control": "private, max-age=3600"})


@routes.post("/drops/{drop_id:uuid}/files/{file_id:uuid}")
def answer(
    request: Request,
    unit: CreditorUnit,
    visitor: TheVisitor,
    wiring: TheWiring,
    fields: Fields,
    drop_id: UUID,
    file_id: UUID,
) -> Response:
    """Make the claim that a person confirmed, with the PDF as its invoice."""
    creditor_id = own_creditor(visitor)
    file = _asked(unit, creditor_id, drop_id, file_id)
    form = blank(**{name: value for name, value in fields.items() if name != "csrf"})
    rejects = checked(unit, creditor_id, fields)
    if isinstance(rejects, list):
        for reject in rejects:
            form.refuse(reject.reason, reject.field)
    if not form.errors:
        with form.attempt(unit):
            _make_claim(unit, wiring, file, fields)
    if form.errors:
        return _page(request, file, form, 422)
    return leave_for(f"/creditor/drops/{drop_id}")


def _make_claim(unit: Unit, wiring: Wiring, file: DroppedFile, fields: dict[str, Any]) -> None:
    placed = place_file(
        unit,
        wiring.ports,
        creditor_id=file.creditor_id,
        name=f"{fields['invoice_number']}.csv",
        content=form_as_file(fields),
        bytes_max=wiring.settings.upload_bytes_max,
        source="form",
        mapped=FORM,
    )
    claim_id = (
        unit.session.connection()
        .execute(
            text(
                "SELECT claim_id FROM placement_row WHERE creditor_id = :c AND placement_id = :p"
                " AND claim_id IS NOT NULL LIMIT 1"
            ),
            {"c": file.creditor_id, "p": placed.placement_id},
        )
        .scalar_one_or_none()
    )
    if claim_id is None:
        raise Invalid("this claim could not be taken in")
    content, _ = fetch(unit, wiring.ports.files, creditor_id=file.creditor_id, sha256=file.sha256)
    add_document(
        unit,
        wiring.ports.files,
        creditor_id=file.creditor_id,
        claim_id=claim_id,
        kind=DocumentKind.invoice,
        name=file.name,
        content=content,
    )
    quote_placement(unit, creditor_id=file.creditor_id, placement_id=placed.placement_id)
    file.state, file.claim_id, file.placement_id = DroppedState.CLAIM, claim_id, placed.placement_id
    unit.session.flush()
