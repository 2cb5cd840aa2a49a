"""Prices of one's own: ask for one, compare the offers, ask back, accept one or decline them all."""

from typing import Any, Final
from uuid import UUID

from pydantic import Field
from sqlalchemy import text
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from agency.kernel.errors import Invalid, NotFound
from agency.kernel.unit import Unit
from agency.parties.onboarding import is_ready
from agency.pricing.asking import ask_back, ask_price, why_poor, withdraw_request
from agency.pricing.offer_acceptance import accept_offer, decline_offers
from agency.rules.facts import Phase
from portal.adding_documents import add_files, quota_of
from portal.creditor.doors import binding, creditor_page, routes
from portal.creditor.quote_closing import REASONS, decline_reason
from portal.creditor.words import decline_words
from portal.price_requests import (
    KINDS,
    REQUEST_STATES,
    grounds_words,
    latest_about,
    notes_of,
    offers_shown,
    own_requests,
    request_row,
    work_rows,
)
from portal.shared.audience import CreditorUnit, TheVisitor, TheWiring, leave_for, own_creditor
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_
from portal.shared.listing import Column, Cut
from portal.shared.sessions import Visitor
from portal.shared.throttling import address_of

PAGE: Final = "/creditor/price-requests"
COLUMNS = (
    Column("number", N_("Number"), "link", sub="about"),
    Column("state", N_("Status"), "chip"),
    Column("asked_at", N_("Asked"), "moment", phone=False),
    Column("due_on", N_("Answer by"), "day", phone=False),
)
_ABOUT = {
    "claim": text(
        "SELECT c.id, c.number || ' · ' || c.reference AS name FROM claim c"
        " WHERE c.creditor_id = :c AND c.id = :id"
    ),
    "placement": text("SELECT p.id, p.name FROM placement p WHERE p.creditor_id = :c AND p.id = :id"),
}


class AskForm(FormModel):
    """What is asked, about which claim or placement."""

    claim: UUID | None = None
    placement: UUID | None = None
    wished: str = ""
    question: str = Field(default="", max_length=2000)


class NoteForm(FormModel):
    """A question or an answer."""

    said: str = Field(max_length=2000)


@routes.get("/price-requests")
def price_requests(request: Request, unit: CreditorUnit, visitor: TheVisitor) -> Response:
    """Every price that was asked for."""
    rows = own_requests(unit, creditor_id=own_creditor(visitor))
    listed = [
        {
            "href": f"{PAGE}/{row.id}",
            "number": row.number,
            "about": row.about,
            "state": REQUEST_STATES[row.state],
            "asked_at": row.asked_at,
            "due_on": row.due_on if row.state in ("asked", "to_approve") else None,
        }
        for row in rows
    ]
    return creditor_page(request, "price_requests.html", columns=COLUMNS, cut=Cut(listed))


@routes.get("/price-requests/new")
def ask_form(request: Request, unit: CreditorUnit, visitor: TheVisitor) -> Response:
    """What should the price be for, and how would the creditor like to pay?"""
    asked = {name: request.query_params.get(name, "") for name in ("claim", "placement")}
    return _ask_page(request, unit, own_creditor(visitor), blank(**asked))


@routes.post("/price-requests")
def ask(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, fields: Fields
) -> Response:
    """Ask for a price, with documents where it is about one claim."""
    creditor_id = own_creditor(visitor)
    sent = {name: value for name, value in fields.items() if name != "file"}
    form = submitted(AskForm, sent)
    made: UUID | None = None
    with form.attempt(unit):
        files = _files(fields)
        if files and form.data.claim is not None:
            add_files(
                unit, wiring.ports.files, creditor_id=creditor_id, claim_id=form.data.claim, kind=None,
                sent=files, quota=quota_of(wiring.settings),
            )  # fmt: skip
        made = ask_price(
            unit, creditor_id=creditor_id, claim_id=form.data.claim, placement_id=form.data.placement,
            question=form.data.question, wished=form.data.wished,
        ).id  # fmt: skip
    if form.errors or made is None:
        return _ask_page(request, unit, creditor_id, form, status=422)
    return leave_for(f"{PAGE}/{made}", notice=N_("Asked. You hear from us by the day that stands here."))


def _files(fields: dict[str, Any]) -> list[tuple[str, bytes]]:
    given = fields.get("file", [])
    parts = given if isinstance(given, list) else [given]
    return [(part.filename or "", part.file.read()) for part in parts if isinstance(part, UploadFile)]


def _ask_page(
    request: Request, unit: Unit, creditor_id: UUID, form: Form[Any], *, status: int = 200
) -> Response:
    about = next((name for name in ("claim", "placement") if form.value(name)), "")
    found = None
    if about:
        found = unit.session.connection().execute(
            _ABOUT[about], {"c": creditor_id, "id": _id(str(form.value(about)))}
        ).one_or_none()  # fmt: skip
    if found is None:
        raise NotFound("no such claim")
    which: dict[str, Any] = {f"{about}_id": found.id}
    before = latest_about(unit, creditor_id=creditor_id, **which)
    running = before if before is not None and before.closed_at is None else None
    return creditor_page(
        request,
        "price_request_new.html",
        status=status,
        form=form,
        about=about,
        name=found.name,
        back=f"/creditor/{about}s/{found.id}",
        kinds=list(KINDS.items()),
        grounds=grounds_words(why_poor(unit, creditor_id=creditor_id, **which)),
        running=running,
    )


def _id(sent: str) -> UUID:
    try:
        return UUID(sent)
    except ValueError as error:
        raise NotFound("no such claim") from error


@routes.get("/price-requests/{request_id:uuid}")
def price_request(request: Request, unit: CreditorUnit, visitor: TheVisitor, request_id: UUID) -> Response:
    """One request: its offers side by side, what was said, and what can be done."""
    return _page(request, unit, visitor, request_id)


@routes.post("/price-requests/{request_id:uuid}/questions")
def ask_about(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, request_id: UUID, fields: Fields
) -> Response:
    """Ask something about the request or the offers."""
    form = submitted(NoteForm, fields)
    with form.attempt(unit):
        ask_back(unit, creditor_id=own_creditor(visitor), request_id=request_id, words=form.data.said)
    if form.errors:
        return _page(request, unit, visitor, request_id, note=form, status=422)
    return leave_for(f"{PAGE}/{request_id}", notice=N_("Your question is with us."))


@routes.post("/price-requests/{request_id:uuid}/withdrawal")
def withdraw(request: Request, unit: CreditorUnit, visitor: TheVisitor, request_id: UUID) -> Response:
    """No longer ask: the claims keep the price that they have."""
    form = blank()
    with form.attempt(unit):
        withdraw_request(unit, creditor_id=own_creditor(visitor), request_id=request_id)
    if form.errors:
        return _page(request, unit, visitor, request_id, form=form, status=409)
    return leave_for(f"{PAGE}/{request_id}", notice=N_("The request has ended."), tone="info")


@binding.post("/price-requests/{request_id:uuid}/offers/{offer_id:uuid}/acceptance")
def accept(
    request: Request,
    unit: CreditorUnit,
    visitor: TheVisitor,
    request_id: UUID,
    offer_id: UUID,
    fields: Fields,
) -> Response:
    """Accept an offer with the recommended parts that were ticked: it is the price from now on."""
    form = blank()
    quote_id = None
    with form.attempt(unit):
        quote_id = accept_offer(
            unit, creditor_id=own_creditor(visitor), request_id=request_id, offer_id=offer_id,
            phases=_phases(fields), address=address_of(request),
        )  # fmt: skip
    if form.errors:
        return _page(request, unit, visitor, request_id, form=form, status=409)
    return leave_for(f"/creditor/quotes/{quote_id}", notice=N_("Accepted. This is your price from now on."))


def _phases(fields: dict[str, Any]) -> list[Phase]:
    given = fields.get("phase", [])
    try:
        return [Phase(one) for one in ([given] if isinstance(given, str) else given)]
    except ValueError as error:
        raise Invalid("choose parts of this offer", field="phases") from error


@binding.post("/price-requests/{request_id:uuid}/refusal")
def decline(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, request_id: UUID, fields: Fields
) -> Response:
    """Decline every offer, with a reason: the claims keep the price that they have."""
    form, why = decline_reason(fields)
    if not form.errors:
        with form.attempt(unit):
            decline_offers(
                unit, creditor_id=own_creditor(visitor), request_id=request_id, why=why,
                address=address_of(request),
            )  # fmt: skip
    if form.errors:
        return _page(request, unit, visitor, request_id, form=form, status=422)
    return leave_for(f"{PAGE}/{request_id}", notice=N_("Declined. The price of before still counts."))


def _page(
    request: Request,
    unit: Unit,
    visitor: Visitor,
    request_id: UUID,
    *,
    form: Form[Any] | None = None,
    note: Form[Any] | None = None,
    status: int = 200,
) -> Response:
    creditor_id = own_creditor(visitor)
    row = request_row(unit, creditor_id=creditor_id, request_id=request_id)
    offers = offers_shown(unit, creditor_id=creditor_id, request_id=request_id)
    accepted = next((one for one in offers if one["row"].state == "accepted"), None)
    return creditor_page(
        request,
        "price_request.html",
        status=status,
        asked=row,
        chip=REQUEST_STATES[row.state],
        url=f"{PAGE}/{request_id}",
        about_href=f"/creditor/claims/{row.claim_id}"
        if row.claim_id
        else f"/creditor/placements/{row.placement_id}",
        wished=KINDS.get(row.wished, ""),
        grounds=grounds_words(row.grounds),
        offers=offers,
        compared=[one for one in offers if one["row"].state in ("open", "accepted")],
        accepted=accepted,
        work=work_rows(unit, creditor_id=creditor_id, quote_id=accepted["row"].quote_id) if accepted else [],
        notes=notes_of(unit, creditor_id=creditor_id, request_id=request_id),
        running=row.closed_at is None,
        may_bind="creditor_manager" in visitor.roles,
        ready=is_ready(unit, creditor_id=creditor_id),
        reasons=REASONS,
        reason=decline_words(row.closed_why),
        form=form or blank(),
        note=note or blank(),
    )
