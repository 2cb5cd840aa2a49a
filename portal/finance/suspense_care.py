"""What else can be done about a line in suspense: look after it, note, send it back, park it, or book it as
the agency's own."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from agency.banking.own_money import OwnKind, ask_to_book_as_own, book_as_own, let_own_wait
from agency.banking.sending_back import send_back
from agency.banking.suspense_cases import add_note, ask_to_park, park, take_care, unpark
from agency.kernel.unit import Unit
from portal.finance.doors import routes
from portal.finance.suspense import line_page, on_to_the_next
from portal.shared.audience import StaffUnit, leave_for
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_


class CareForm(FormModel):
    """Who looks after a line, and until when."""

    owner_id: UUID
    due_on: date | None = None


class NoteForm(FormModel):
    """What was found out."""

    text: str = Field(max_length=4_000)


class ReasonForm(FormModel):
    """Why money goes back, or why nobody can tell whose it is."""

    reason: str = Field(max_length=500)


class OwnForm(FormModel):
    """What of the agency's own a line is."""

    kind: OwnKind


@routes.post("/suspense/{line_id:uuid}/care")
def care(request: Request, unit: StaffUnit, line_id: UUID, fields: Fields) -> Response:
    """Say who looks after the line."""
    form = submitted(CareForm, fields)
    return _done(
        request,
        unit,
        line_id,
        form,
        lambda: take_care(unit, line_id=line_id, owner_id=form.data.owner_id, due_on=form.data.due_on),
        N_("Kept."),
    )


@routes.post("/suspense/{line_id:uuid}/notes")
def note(request: Request, unit: StaffUnit, line_id: UUID, fields: Fields) -> Response:
    """Write down what was found out."""
    form = submitted(NoteForm, fields)
    return _done(
        request,
        unit,
        line_id,
        form,
        lambda: add_note(unit, line_id=line_id, words=form.data.text),
        N_("Kept."),
    )


@routes.post("/suspense/{line_id:uuid}/refund")
def refund_line(request: Request, unit: StaffUnit, line_id: UUID, fields: Fields) -> Response:
    """Ask that the line goes back to its sender."""
    form = submitted(ReasonForm, fields)
    return _done(
        request,
        unit,
        line_id,
        form,
        lambda: send_back(unit, line_id=line_id, reason=form.data.reason),
        N_("Asked for. Another person approves."),
        to="/finance/refunds",
    )


@routes.post("/suspense/{line_id:uuid}/parking")
def ask_parking(request: Request, unit: StaffUnit, line_id: UUID, fields: Fields) -> Response:
    """Ask that the line is parked."""
    form = submitted(ReasonForm, fields)
    return _done(
        request,
        unit,
        line_id,
        form,
        lambda: ask_to_park(unit, line_id=line_id, reason=form.data.reason),
        N_("Asked for. Another person agrees."),
    )


@routes.post("/suspense/{line_id:uuid}/parking/approval")
def agree_to_park(request: Request, unit: StaffUnit, line_id: UUID) -> Response:
    """Park the line, as the second person."""
    return _done(request, unit, line_id, blank(), lambda: park(unit, line_id=line_id), N_("Parked."))


@routes.post("/suspense/{line_id:uuid}/parking/end")
def end_parking(request: Request, unit: StaffUnit, line_id: UUID) -> Response:
    """Put the line back among those that wait."""
    return _done(
        request, unit, line_id, blank(), lambda: unpark(unit, line_id=line_id), N_("It waits again.")
    )


@routes.post("/suspense/{line_id:uuid}/own")
def ask_own(request: Request, unit: StaffUnit, line_id: UUID, fields: Fields) -> Response:
    """Ask that the line is booked as the agency's own."""
    form = submitted(OwnForm, fields)
    return _done(
        request,
        unit,
        line_id,
        form,
        lambda: ask_to_book_as_own(unit, line_id=line_id, kind=form.data.kind),
        N_("Asked for. Another person agrees."),
    )


@routes.post("/suspense/{line_id:uuid}/own/approval")
def agree_to_own(request: Request, unit: StaffUnit, line_id: UUID) -> Response:
    """Book the line as the agency's own, as the second person, and go on to the next one."""
    form = blank()
    with form.attempt(unit):
        book_as_own(unit, line_id=line_id)
    if form.errors:
        return line_page(request, unit, line_id, form, status=409)
    return on_to_the_next(unit, line_id, N_("Booked as our own."))


@routes.post("/suspense/{line_id:uuid}/own/end")
def end_own(request: Request, unit: StaffUnit, line_id: UUID) -> Response:
    """Let go of the wish to book the line as the agency's own."""
    return _done(
        request, unit, line_id, blank(), lambda: let_own_wait(unit, line_id=line_id), N_("It waits again.")
    )


def _done(
    request: Request,
    unit: Unit,
    line_id: UUID,
    form: Form[Any],
    do: Callable[[], object],
    notice: str,
    *,
    to: str = "",
) -> Response:
    with form.attempt(unit):
        do()
    if form.errors:
        return line_page(request, unit, line_id, form, status=409)
    return leave_for(to or f"/finance/suspense/{line_id}", notice=notice)
