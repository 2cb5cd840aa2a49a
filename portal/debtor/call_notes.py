"""What a call agreed on, for its debtor: read it, confirm it, or say what is not right."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from agency.desk.call_notes import confirm_note, correct_note, waiting_note
from portal.debtor.fields import Fields
from portal.debtor.pages import debtor_routes, show_debtor
from portal.debtor.visits import TheVisit, Visit
from portal.shared.forms import Form, FormModel, blank, submitted


class ConfirmForm(FormModel):
    """Nothing but the press of the button."""


class CorrectForm(FormModel):
    """What is not right, in the debtor's words."""

    words: str = ""


@debtor_routes.get("/agreed")
def agreed(request: Request, visit: TheVisit) -> Response:
    """What was agreed, with both answers."""
    return _page(request, visit, blank())


@debtor_routes.post("/agreed/confirmation")
def confirm(request: Request, visit: TheVisit, fields: Fields) -> Response:
    """Yes, this is what we agreed."""
    form = submitted(ConfirmForm, fields)
    with visit.unit() as unit:
        with form.attempt(unit):
            confirm_note(unit, creditor_id=visit.creditor_id, claim_id=visit.claim_id)
        if not form.errors:
            return RedirectResponse("/pay/agreed/thanks/confirmed", status_code=303)
    return _page(request, visit, form, status=409)


@debtor_routes.post("/agreed/correction")
def correct(request: Request, visit: TheVisit, fields: Fields) -> Response:
    """No, this is how it was."""
    form = submitted(CorrectForm, fields)
    with visit.unit() as unit:
        with form.attempt(unit):
            correct_note(unit, creditor_id=visit.creditor_id, claim_id=visit.claim_id, words=form.data.words)
        if not form.errors:
            return RedirectResponse("/pay/agreed/thanks/corrected", status_code=303)
    return _page(request, visit, form, status=422)


@debtor_routes.get("/agreed/thanks/{answer}")
def thanked(request: Request, visit: TheVisit, answer: str) -> Response:
    """What happens next."""
    return show_debtor(request, visit, "debtor/agreed_thanks.html", {"confirmed": answer == "confirmed"})


def _page(request: Request, visit: Visit, form: Form[Any], *, status: int = 200) -> Response:
    with visit.unit() as unit:
        note = waiting_note(unit, creditor_id=visit.creditor_id, claim_id=visit.claim_id)
        lines = note.points.splitlines() if note else []
        answer_by = note.answer_by if note else None
        called_at = note.made_at if note else None
    values = {"lines": lines, "answer_by": answer_by, "called_at": called_at, "form": form}
    return show_debtor(request, visit, "debtor/agreed.html", values, status=status)
