"""A visit that was announced to the debtor: he reads when and who, and may say no."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from agency.desk.models import VisitState
from agency.desk.visits import open_visit, refuse_visit
from portal.debtor.fields import Fields
from portal.debtor.pages import debtor_routes, show_debtor
from portal.debtor.visits import TheVisit, Visit
from portal.shared.forms import Form, FormModel, blank, submitted


class RefuseForm(FormModel):
    """Nothing but the press of the button."""


@debtor_routes.get("/visit")
def announced(request: Request, visit: TheVisit) -> Response:
    """When somebody comes, and how to say no."""
    return _page(request, visit, blank())


@debtor_routes.post("/visit/refusal")
def refuse(request: Request, visit: TheVisit, fields: Fields) -> Response:
    """No, nobody need come."""
    form = submitted(RefuseForm, fields)
    with visit.unit() as unit:
        with form.attempt(unit):
            refuse_visit(unit, creditor_id=visit.creditor_id, claim_id=visit.claim_id)
        if not form.errors:
            return RedirectResponse("/pay/visit/refused", status_code=303)
    return _page(request, visit, form, status=409)


@debtor_routes.get("/visit/refused")
def refused(request: Request, visit: TheVisit) -> Response:
    """Nobody comes; what else is possible."""
    return show_debtor(request, visit, "debtor/visit_refused.html", {})


def _page(request: Request, visit: Visit, form: Form[Any], *, status: int = 200) -> Response:
    with visit.unit() as unit:
        coming = open_visit(unit, creditor_id=visit.creditor_id, claim_id=visit.claim_id)
    announced = coming if coming and coming.state is VisitState.ANNOUNCED else None
    return show_debtor(
        request, visit, "debtor/visit.html", {"coming": announced, "form": form}, status=status
    )
