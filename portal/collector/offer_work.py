"""Work on a claim whose price is an offer: begin its phases, book hours within what was agreed."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from agency.claims.models import Claim
from agency.kernel.errors import NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.money import Money
from agency.parties.models import Debtor
from agency.pricing.offer_work import OfferWork, book_hours, offer_work, start_phase, take_back_hours
from agency.rules.facts import Phase
from portal.collector.doors import claim_url, desk_page, routes
from portal.price_requests import PHASES, hours_words, offer_words
from portal.shared.audience import StaffUnit, leave_for
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_, gettext

_ADDRESS = "/claims/{creditor_id:uuid}/{claim_id:uuid}/work"


class HoursForm(FormModel):
    """What was done, when, and for how long; `sent_key` tells the same form sent twice."""

    phase: Phase
    minutes: int = Field(ge=1)
    worked_on: date
    description: str = Field(max_length=500)
    sent_key: UUID


@routes.get(_ADDRESS)
def work(request: Request, unit: StaffUnit, creditor_id: UUID, claim_id: UUID) -> Response:
    """The offer that prices the claim, its phases, and the hours so far."""
    return _page(request, unit, creditor_id, claim_id, None)


@routes.post(_ADDRESS + "/phases/{phase}")
def begin(request: Request, unit: StaffUnit, creditor_id: UUID, claim_id: UUID, phase: Phase) -> Response:
    """Begin the next phase: its amount falls due."""
    form = blank()
    with form.attempt(unit):
        start_phase(unit, creditor_id=creditor_id, claim_id=claim_id, phase=phase)
    return _done(request, unit, creditor_id, claim_id, form, N_("The phase has begun."))


@routes.post(_ADDRESS + "/hours")
def book(request: Request, unit: StaffUnit, creditor_id: UUID, claim_id: UUID, fields: Fields) -> Response:
    """Book work, within the hours that were agreed."""
    form = submitted(HoursForm, fields)
    with form.attempt(unit):
        book_hours(
            unit, creditor_id=creditor_id, claim_id=claim_id, phase=form.data.phase,
            minutes=form.data.minutes, worked_on=form.data.worked_on, description=form.data.description,
            sent_key=form.data.sent_key,
        )  # fmt: skip
    return _done(request, unit, creditor_id, claim_id, form, N_("Booked. The creditor sees it."))


@routes.post(_ADDRESS + "/hours/{hours_id:uuid}/removal")
def take_back(
    request: Request, unit: StaffUnit, creditor_id: UUID, claim_id: UUID, hours_id: UUID
) -> Response:
    """Take back hours that were booked by mistake and not charged yet."""
    form = blank()
    with form.attempt(unit):
        take_back_hours(unit, creditor_id=creditor_id, claim_id=claim_id, hours_id=hours_id)
    return _done(request, unit, creditor_id, claim_id, form, N_("Taken back. It is not charged."))


def _done(
    request: Request, unit: Unit, creditor_id: UUID, claim_id: UUID, form: Form[Any], done: str
) -> Response:
    if form.errors:
        return _page(request, unit, creditor_id, claim_id, form)
    return leave_for(claim_url(creditor_id, claim_id) + "/work", notice=done)


def _page(
    request: Request, unit: Unit, creditor_id: UUID, claim_id: UUID, form: Form[Any] | None
) -> Response:
    claim = unit.session.get(Claim, (creditor_id, claim_id))
    found = offer_work(unit, creditor_id=creditor_id, claim_id=claim_id)
    if claim is None or found is None:
        raise NotFound("no offer prices this claim")
    shown = form or blank(worked_on=unit.today.isoformat(), sent_key=str(new_id()))
    return desk_page(
        request,
        "offer_work.html",
        status=422 if form is not None else 200,
        url=claim_url(creditor_id, claim_id) + "/work",
        claim_href=claim_url(creditor_id, claim_id),
        number=claim.number,
        debtor=unit.session.get_one(Debtor, (creditor_id, claim.debtor_id)).name,
        active=claim.state == "active",
        work=found,
        phases=PHASES,
        words=offer_words(found.offer),
        following=PHASES[found.next_part.phase] if found.next_part else "",
        by_hour=_by_hour(found),
        hours=_hours(found),
        form=shown,
    )


def _by_hour(found: OfferWork) -> list[tuple[str, str]]:
    """The begun phases that are paid by the hour, each with how much of it is left."""
    begun = {row.phase for row in found.begun}
    return [
        (
            part.phase.value,
            gettext("%(phase)s: %(left)s of %(all)s hours left")
            % {
                "phase": gettext(PHASES[part.phase]),
                "left": hours_words(part.minutes_max - found.minutes(part.phase)),
                "all": hours_words(part.minutes_max),
            },
        )
        for part in found.offer.parts
        if part.hour and part.phase in begun
    ]


def _hours(found: OfferWork) -> list[dict[str, Any]]:
    return [
        {
            "id": row.id,
            "phase": PHASES[row.phase],
            "time": hours_words(row.minutes),
            "amount": Money(row.net_minor, row.currency),
            "worked_on": row.worked_on,
            "description": row.description,
            "back": row.taken_back_at,
            "charged": row.charged,
        }
        for row in found.hours
    ]
