"""The debtor's payment plan: worked out first, then asked for; and afterwards its statement."""

from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from agency.arrangements.deciding import accept_offer, decline_offer
from agency.arrangements.models import LIVE, PlanState
from agency.arrangements.plans import ComputedPlan, compute_plan, propose_plan
from agency.arrangements.queries import plan_of_claim
from agency.claims.itemisation import open_total
from agency.kernel.unit import Unit
from portal.debtor.fields import Fields
from portal.debtor.mandates import mandate_values
from portal.debtor.pages import debtor_routes, show_debtor
from portal.debtor.visits import TheVisit, Visit
from portal.shared.forms import Form, FormModel, blank, submitted
from portal.shared.plan_forms import PlanForm, usual_first_day, wish_of
from portal.shared.plan_words import PART_STATES, PLAN_STATES, RHYTHMS


class AnswerForm(FormModel):
    """Which offer is answered: another one may have come meanwhile."""

    plan: UUID


@debtor_routes.get("/plan")
def plan(request: Request, visit: TheVisit) -> Response:
    """The plan that stands or stood, or the form to work one out, with the plan that it gives."""
    with visit.unit() as unit:
        sheet = plan_of_claim(unit, **whose(visit))
        first_on = usual_first_day(unit.today)
        nothing_left = not open_total(unit, **whose(visit), on=unit.today)
    if sheet is None and nothing_left:
        return RedirectResponse("/pay", status_code=303)
    query = dict(request.query_params)
    wanted = query.pop("another", None) is not None or "how" in query
    if sheet is not None and (sheet.state in LIVE or not wanted):
        return _statement(request, visit)
    if "how" not in query:
        return _form(request, visit, blank(how="amount", rhythm="monthly", first_on=first_on.isoformat()))
    form = submitted(PlanForm, {"first_on": first_on.isoformat(), "rhythm": "monthly", **query})
    with visit.unit() as unit:
        computed = _compute(unit, visit, form)
    return _form(request, visit, form, computed=computed, status=422 if form.errors else 200)


@debtor_routes.post("/plan")
def ask(request: Request, visit: TheVisit, fields: Fields) -> Response:
    """Ask for the plan that was shown; within the creditor's bands it begins at once."""
    form = submitted(PlanForm, fields)
    with visit.unit() as unit:
        with form.attempt(unit):
            wish = wish_of(form, _currency(unit, visit))
            if wish is not None:
                propose_plan(unit, creditor_id=visit.creditor_id, claim_ids=[visit.claim_id], wish=wish)
        if not form.errors:
            return RedirectResponse("/pay/plan", status_code=303)
    return _form(request, visit, form, status=422)


@debtor_routes.post("/plan/acceptance")
def accept(request: Request, visit: TheVisit, fields: Fields) -> Response:
    """Take the plan that was offered."""
    return _answer(request, visit, fields, accepted=True)


@debtor_routes.post("/plan/refusal")
def refuse(request: Request, visit: TheVisit, fields: Fields) -> Response:
    """Say no to the plan that was offered."""
    return _answer(request, visit, fields, accepted=False)


def whose(visit: Visit) -> dict[str, Any]:
    """This function will name the claim of a visit, for queries."""
    return {"creditor_id": visit.creditor_id, "claim_id": visit.claim_id}


def _answer(request: Request, visit: Visit, fields: dict[str, str], *, accepted: bool) -> Response:
    form = submitted(AnswerForm, fields)
    with visit.unit() as unit:
        with form.attempt(unit):
            use = accept_offer if accepted else decline_offer
            use(unit, creditor_id=visit.creditor_id, plan_id=form.data.plan)
        if not form.errors:
            return RedirectResponse("/pay/plan" if accepted else "/pay", status_code=303)
    return _statement(request, visit, form, status=409)


def _compute(unit: Unit, visit: Visit, form: Form[PlanForm]) -> ComputedPlan | None:
    wish = wish_of(form, _currency(unit, visit))
    if wish is None:
        return None
    found: list[ComputedPlan] = []
    with form.attempt(unit):
        found.append(compute_plan(unit, creditor_id=visit.creditor_id, claim_ids=[visit.claim_id], wish=wish))
    return found[0] if found else None


def _currency(unit: Unit, visit: Visit) -> str:
    return open_total(unit, **whose(visit), on=unit.today).currency


def _form(
    request: Request,
    visit: Visit,
    form: Form[Any],
    *,
    computed: ComputedPlan | None = None,
    status: int = 200,
) -> Response:
    values = {"form": form, "computed": computed, "rhythms": RHYTHMS}
    return show_debtor(request, visit, "debtor/plan_new.html", values, status=status)


def _statement(
    request: Request, visit: Visit, form: Form[Any] | None = None, *, status: int = 200
) -> Response:
    with visit.unit() as unit:
        sheet = plan_of_claim(unit, **whose(visit))
        if sheet is None:  # an answer to a plan that never was
            return RedirectResponse("/pay", status_code=303)
        values = {
            "plan": sheet,
            "chip": PLAN_STATES[sheet.state],
            "part_chips": PART_STATES,
            "form": form or blank(),
            "can_pay": sheet.state is PlanState.ACTIVE and sheet.next is not None,
            **mandate_values(unit, sheet),
        }
    return show_debtor(request, visit, "debtor/plan.html", values, status=status)
