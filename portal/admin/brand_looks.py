"""What a version of a brand makes, for the frames and pictures of the studio."""

from typing import Annotated
from uuid import UUID

from fastapi import Path
from starlette.requests import Request
from starlette.responses import Response

from portal.shared import brand_previews
from portal.shared.audience import StaffUnit, TheWiring, router
from portal.shared.brand_previews import Look, View, look_at

routes = router(audience="admin", roles={"admin"}, prefix="/admin/brands/{creditor_id}/preview/{which}")
CreditorId = Annotated[UUID, Path()]


@routes.get("/mail")
def mail(
    request: Request, unit: StaffUnit, wiring: TheWiring, creditor_id: CreditorId, which: str
) -> Response:
    """A mail, exactly as the mailer would send it."""
    look = _look(unit, creditor_id, which)
    view = View.asked(request.query_params)
    return brand_previews.mail_frame(unit, wiring, creditor_id=creditor_id, look=look, view=view)


@routes.get("/letter.pdf")
def letter(
    request: Request, unit: StaffUnit, wiring: TheWiring, creditor_id: CreditorId, which: str
) -> Response:
    """A letter, exactly as the printer would get it."""
    look = _look(unit, creditor_id, which)
    view = View.asked(request.query_params)
    return brand_previews.letter(unit, wiring, creditor_id=creditor_id, look=look, view=view)


@routes.get("/letter-{number}.jpg")
def letter_picture(
    request: Request, unit: StaffUnit, wiring: TheWiring, creditor_id: CreditorId, which: str, number: int
) -> Response:
    """A picture of one page of a letter."""
    look = _look(unit, creditor_id, which)
    view = View.asked(request.query_params)
    return brand_previews.letter_picture(
        unit, wiring, creditor_id=creditor_id, look=look, view=view, page=number
    )


@routes.get("/page")
def pay_page(
    request: Request, unit: StaffUnit, wiring: TheWiring, creditor_id: CreditorId, which: str
) -> Response:
    """The payment page; its buttons do nothing."""
    look = _look(unit, creditor_id, which)
    view = View.asked(request.query_params)
    return brand_previews.pay_page_frame(request, unit, wiring, creditor_id=creditor_id, look=look, view=view)


@routes.get("/brand.css")
def style(unit: StaffUnit, creditor_id: CreditorId, which: str) -> Response:
    """The colours of the payment page."""
    return brand_previews.style_frame(_look(unit, creditor_id, which))


def _look(unit: StaffUnit, creditor_id: UUID, which: str) -> Look:
    prefix = f"/admin/brands/{creditor_id}"
    return look_at(unit, creditor_id=creditor_id, which=which, prefix=prefix)
