"""The creditor's brand as its debtors see it: what counts now, and the draft that waits."""

from dataclasses import replace
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.communication.brand_cases import creditor_facts
from agency.communication.brand_checklist import checklist
from agency.communication.mandatory import KINDS
from agency.kernel.errors import AgencyError
from agency.kernel.unit import Unit
from agency.parties.branding import open_draft
from portal.creditor.doors import MANAGERS, creditor_page
from portal.shared import brand_previews
from portal.shared.audience import CreditorUnit, TheVisitor, TheWiring, own_creditor, router
from portal.shared.brand_previews import NOW, Look, View, figures, look_at
from portal.shared.brand_words import LANGUAGE_NAMES, MESSAGES, TONES, point_words
from portal.shared.words import DRAFT_STATES

routes = router(audience="creditor", roles=MANAGERS, prefix="/creditor/brand")

_PREFIX = "/creditor/brand"


@routes.get("")
def brand(request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring) -> Response:
    """Every message as it is now or as the open draft makes it, with what is still to be done."""
    creditor_id = own_creditor(visitor)
    draft = open_draft(unit, creditor_id=creditor_id)
    wanted = str(draft.id) if draft and request.query_params.get("look") == "draft" else NOW
    look, view = _look(unit, creditor_id, wanted), View.asked(request.query_params)
    missing = False
    try:
        found = figures(unit, wiring, creditor_id=creditor_id, look=look, view=view)
    except AgencyError:
        view, missing = replace(view, number=""), True
        found = figures(unit, wiring, creditor_id=creditor_id, look=look, view=view)
    points = checklist(unit, creditor_id=creditor_id, design=look.design, settings=wiring.settings)
    return creditor_page(
        request,
        "brand.html",
        creditor=creditor_facts(unit, creditor_id=creditor_id)["creditor_name"],
        draft_chip=DRAFT_STATES[draft.state] if draft else None,
        shows_draft=wanted != NOW,
        points=[point_words(point) for point in points],
        looks=[(None, found)],
        missing_claim=missing,
        view=view,
        messages={key: MESSAGES.get(key, key) for key in KINDS},
        languages_of_mail=LANGUAGE_NAMES,
        tone_names=TONES,
        now_look=NOW,
    )


@routes.get("/preview/{which}/mail")
def mail(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, which: str
) -> Response:
    """A mail, exactly as it would be sent."""
    creditor_id = own_creditor(visitor)
    look, view = _look(unit, creditor_id, which), View.asked(request.query_params)
    return brand_previews.mail_frame(unit, wiring, creditor_id=creditor_id, look=look, view=view)


@routes.get("/preview/{which}/letter.pdf")
def letter(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, which: str
) -> Response:
    """A letter, exactly as it would be printed."""
    creditor_id = own_creditor(visitor)
    look, view = _look(unit, creditor_id, which), View.asked(request.query_params)
    return brand_previews.letter(unit, wiring, creditor_id=creditor_id, look=look, view=view)


@routes.get("/preview/{which}/letter-{number}.jpg")
def letter_picture(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, which: str, number: int
) -> Response:
    """A picture of one page of a letter."""
    creditor_id = own_creditor(visitor)
    look, view = _look(unit, creditor_id, which), View.asked(request.query_params)
    return brand_previews.letter_picture(
        unit, wiring, creditor_id=creditor_id, look=look, view=view, page=number
    )


@routes.get("/preview/{which}/page")
def pay_page(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, which: str
) -> Response:
    """The payment page; its buttons do nothing."""
    creditor_id = own_creditor(visitor)
    look, view = _look(unit, creditor_id, which), View.asked(request.query_params)
    return brand_previews.pay_page_frame(request, unit, wiring, creditor_id=creditor_id, look=look, view=view)


@routes.get("/preview/{which}/brand.css")
def style(unit: CreditorUnit, visitor: TheVisitor, which: str) -> Response:
    """The colours of the payment page."""
    return brand_previews.style_frame(_look(unit, own_creditor(visitor), which))


def _look(unit: Unit, creditor_id: UUID, which: str) -> Look:
    return look_at(unit, creditor_id=creditor_id, which=which, prefix=_PREFIX)
