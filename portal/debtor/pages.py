"""The debtor's pages: the link, the second fact, the claim itself, and what was paid."""

import re
from dataclasses import replace
from typing import Any

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from agency.claims.itemisation import open_total
from agency.communication.payment_codes import transfer_code
from agency.communication.values import in_fours
from agency.desk.call_notes import waiting_note
from agency.desk.models import VisitState
from agency.desk.visits import open_visit
from agency.events import PayLinkOpened
from agency.kernel.emitting import emit
from agency.kernel.unit import Door, Unit
from agency.payments.links import (
    LinkUnusable,
    asks_postal_code,
    check_second_fact,
    is_about_person,
    resolve_link,
)
from agency.payments.refund_accounts import refund_waits
from portal.debtor.fields import Fields
from portal.debtor.together import together
from portal.debtor.views import DUE_WORDS, brand_values, claim_view, due_now, payments
from portal.debtor.visits import TheVisit, UnconfirmedVisit, Visit, give_cookie
from portal.shared.audience import TheWiring, here, router
from portal.shared.forms import Form, FormModel, blank, submitted
from portal.shared.i18n import N_, choose_language, speaking
from portal.shared.rendering import Here, Notice, page

# What mail programs and people take along when an address stands at the end of a sentence.
_NOT_OF_TOKEN = re.compile(r"[^0-9A-Za-z_-]+$")
debtor_routes = router(audience="debtor", prefix="/pay")
links = router(audience="debtor", prefix="/pay")


class SecondFact(FormModel):
    """What only the debtor knows besides the link."""

    answer: str


@debtor_routes.get("")
def start(request: Request, visit: UnconfirmedVisit) -> Response:
    """The claim, or first the question that opens it."""
    return _claim(request, visit) if visit.confirmed else _question(request, visit, blank())


@debtor_routes.post("/identify")
def identify(request: Request, visit: UnconfirmedVisit, fields: Fields) -> Response:
    """Check the second fact; five wrong answers lock the link."""
    form = submitted(SecondFact, fields)
    if form.errors:
        return _question(request, visit, form, status=422)
    with visit.open() as (unit, link):
        right = check_second_fact(unit, link=link, answer=form.data.answer)
        if right:
            emit(
                unit,
                PayLinkOpened(creditor_id=link.creditor_id, claim_id=link.claim_id, link_id=link.link_id),
            )
        person = right and is_about_person(unit, link=link, answer=form.data.answer)
        agreed = right and _agreed(unit, visit)
        now = unit.now
    if not right:
        left = link.checks_left - 1
        if left <= 0:
            raise LinkUnusable("this link is locked after too many wrong answers; call us for a new one")
        form.refuse(N_("This is not what we have on file. Check it and try again."), "answer")
        return _question(request, visit, form, status=422)
    # Who was asked to confirm what a call agreed on comes for that.
    response = RedirectResponse("/pay/agreed" if agreed else "/pay", status_code=303)
    give_cookie(response, visit.wiring.settings, link=link, confirmed=True, now=now, person=person)
    return response


@debtor_routes.get("/code.svg")
def code(visit: TheVisit) -> Response:
    """The code of a transfer of all that is asked, for a banking app."""
    settings = visit.wiring.settings
    with visit.unit() as unit:
        view = claim_view(unit, creditor_id=visit.creditor_id, claim_id=visit.claim_id)
    image = transfer_code(
        holder=settings.trust_name,
        iban=settings.trust_iban,
        amount=view.asked,
        reference=view.reference,
    )
    if image is None:
        raise LinkUnusable("there is nothing to pay")
    return Response(image, media_type="image/svg+xml")


@debtor_routes.get("/receipt")
def receipt(request: Request, visit: TheVisit) -> Response:
    """What was paid, to keep or print."""
    return show_debtor(request, visit, "debtor/receipt.html", {})


_SHOWN_AT = {
    "/pay/identify": "/pay",
    "/pay/start": "/pay",
    "/pay/promise/change": "/pay/promise",
    "/pay/promise/withdrawal": "/pay/promise",
    "/pay/plan/acceptance": "/pay/plan",
    "/pay/plan/refusal": "/pay/plan",
    "/pay/plan/pause": "/pay/plan/affordability",
    "/pay/plan/mandate/revocation": "/pay/plan",
    "/pay/agreed/confirmation": "/pay/agreed",
    "/pay/agreed/correction": "/pay/agreed",
    "/pay/visit/refusal": "/pay/visit",
}


@debtor_routes.get("/identify")
@debtor_routes.get("/start")
@debtor_routes.get("/promise/change")
@debtor_routes.get("/promise/withdrawal")
@debtor_routes.get("/plan/acceptance")
@debtor_routes.get("/plan/refusal")
@debtor_routes.get("/plan/pause")
@debtor_routes.get("/plan/mandate/revocation")
@debtor_routes.get("/agreed/confirmation")
@debtor_routes.get("/agreed/correction")
@debtor_routes.get("/visit/refusal")
def sent_to(request: Request) -> Response:
    """Where a form was sent to: who loads that address again, or chose another language there, goes back to
    the page of the form."""
    return RedirectResponse(_SHOWN_AT[request.url.path], status_code=303)


# Included after the fixed addresses, because a token could look like one of them.
@links.get("/{token}")
def open_link(request: Request, token: str, wiring: TheWiring) -> Response:
    """Swap the token for a cookie and go to an address without it."""
    with wiring.units.open(Door.GATE, by="system:gate") as unit:
        link = resolve_link(unit, _NOT_OF_TOKEN.sub("", token))
        now = unit.now
    response = RedirectResponse("/pay", status_code=303)
    give_cookie(response, wiring.settings, link=link, confirmed=False, now=now)
    return response


def show_debtor(
    request: Request,
    visit: Visit,
    template: str,
    values: dict[str, Any],
    *,
    status: int = 200,
    notice: Notice | None = None,
) -> Response:
    """This function will answer with a page about the visit's claim, in the creditor's brand."""
    settings = visit.wiring.settings
    claim = {"creditor_id": visit.creditor_id, "claim_id": visit.claim_id}
    with visit.unit() as unit:
        reader = reader_of(request, visit, unit, *([notice] if notice else []))
        with speaking(reader.language):
            shown = {
                **brand_values(
                    unit, creditor_id=visit.creditor_id, debtor_id=visit.debtor_id, settings=settings
                ),
                "claim": claim_view(unit, **claim),
                "due_words": DUE_WORDS,
                "refund": refund_waits(unit, **claim),
                "payments": payments(unit, **claim),
                "today": unit.today,
                "bank": {"iban": in_fours(settings.trust_iban), "holder": settings.trust_name},
            }
    return page(template, shown | values, here=reader, status=status)


def reader_of(request: Request, visit: Visit, unit: Unit, *notices: Notice) -> Here:
    """This function will describe who reads a visit's page: in the language chosen on it, else in that of our
    messages to the debtor."""
    found = here(request, *notices)
    written = unit.session.connection().execute(
        text("SELECT language FROM debtor WHERE creditor_id = :c AND id = :d"),
        {"c": visit.creditor_id, "d": visit.debtor_id},
    )
    language = choose_language(
        stored=None,
        cookie=request.cookies.get("language"),
        written=written.scalar_one_or_none(),
        accepted=request.headers.get("accept-language"),
    )
    return replace(found, language=language, csrf=visit.csrf)


def _claim(request: Request, visit: Visit) -> Response:
    with visit.unit() as unit:
        agreed = _agreed(unit, visit)
        owed = open_total(unit, creditor_id=visit.creditor_id, claim_id=visit.claim_id, on=unit.today)
        due = due_now(unit, creditor_id=visit.creditor_id, claim_id=visit.claim_id, owed=owed)
        coming = open_visit(unit, creditor_id=visit.creditor_id, claim_id=visit.claim_id)
    values = {
        "form": blank(what=due.what if due else "all"),
        "together": together(visit),
        "agreed": agreed,
        "coming": coming if coming and coming.state is VisitState.ANNOUNCED else None,
    }
    return show_debtor(request, visit, "debtor/claim.html", values)


def _agreed(unit: Unit, visit: Visit) -> bool:
    """Whether the debtor was asked to confirm what a call agreed on."""
    return waiting_note(unit, creditor_id=visit.creditor_id, claim_id=visit.claim_id) is not None


def _question(request: Request, visit: Visit, form: Form[Any], *, status: int = 200) -> Response:
    """Only who asks is shown: not from whom, nor how much. After a wrong answer, how many are left."""
    with visit.open() as (unit, link):
        asked = {"by_postal_code": asks_postal_code(unit, link=link), "checks_left": link.checks_left}
        reader = reader_of(request, visit, unit)
        brand = brand_values(
            unit,
            creditor_id=visit.creditor_id,
            debtor_id=visit.debtor_id,
            settings=visit.wiring.settings,
        )
    values = brand | asked | {"form": form, "wrong": status != 200}
    return page("debtor/identify.html", values, here=reader, status=status)
