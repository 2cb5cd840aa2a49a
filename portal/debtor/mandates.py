"""Direct debit of a plan: the debtor signs on the page, and takes it back there."""

from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from agency.arrangements.mandates import collects, live_mandate, revoke_mandate, sign_mandate
from agency.arrangements.models import PlanState
from agency.arrangements.queries import PlanSheet, plan_of_claim
from agency.communication.values import in_fours
from agency.kernel.unit import Unit
from agency.rules.mandates import prenotification_days
from portal.debtor.fields import Fields
from portal.debtor.pages import debtor_routes, show_debtor
from portal.debtor.visits import TheVisit, Visit
from portal.shared.forms import Form, FormModel, blank, submitted
from portal.shared.i18n import N_


class MandateForm(FormModel):
    """The account, whose it is, and the debtor's yes."""

    iban: str
    holder: str
    agree: bool = False


class RevokeForm(FormModel):
    """Which mandate is taken back."""

    mandate: UUID


@debtor_routes.get("/plan/mandate")
def mandate_form(request: Request, visit: TheVisit) -> Response:
    """The text of the mandate, with the account to fill in; without a running plan there is none."""
    with visit.unit() as unit:
        sheet = plan_of_claim(unit, creditor_id=visit.creditor_id, claim_id=visit.claim_id)
        may_sign = sheet is not None and mandate_values(unit, sheet)["may_sign"]
    if not may_sign:
        return RedirectResponse("/pay/plan" if sheet else "/pay", status_code=303)
    return _page(request, visit, blank())


@debtor_routes.post("/plan/mandate")
def sign(request: Request, visit: TheVisit, fields: Fields) -> Response:
    """Sign: from then on the instalments are collected."""
    form = submitted(MandateForm, fields)
    if not form.errors and not form.data.agree:
        form.refuse(N_("Tick the box to sign."), "agree")
    with visit.unit() as unit:
        sheet = plan_of_claim(unit, creditor_id=visit.creditor_id, claim_id=visit.claim_id)
        if sheet is None or sheet.state is not PlanState.ACTIVE:
            return RedirectResponse("/pay/plan", status_code=303)
        if not form.errors:
            with form.attempt(unit):
                sign_mandate(
                    unit,
                    creditor_id=visit.creditor_id,
                    plan_id=sheet.plan_id,
                    iban=form.data.iban,
                    holder=form.data.holder,
                )
        if not form.errors:
            return RedirectResponse("/pay/plan", status_code=303)
    return _page(request, visit, form, status=422)


@debtor_routes.post("/plan/mandate/revocation")
def revoke(visit: TheVisit, fields: Fields) -> Response:
    """Take a mandate back: nothing is collected any more, the plan goes on."""
    form = submitted(RevokeForm, fields)
    with visit.unit() as unit, form.attempt(unit):
        revoke_mandate(unit, creditor_id=visit.creditor_id, mandate_id=form.data.mandate)
    return RedirectResponse("/pay/plan", status_code=303)


def mandate_values(unit: Unit, sheet: PlanSheet) -> dict[str, Any]:
    """This function will return what the plan's page shows of its mandate."""
    mandate = live_mandate(unit, creditor_id=sheet.creditor_id, plan_id=sheet.plan_id)
    may_sign = mandate is None and sheet.state is PlanState.ACTIVE and sheet.total.currency == "EUR"
    if mandate is None:
        return {"mandate": None, "may_sign": may_sign, "collects_next": False}
    coming = sheet.next
    return {
        "collects_next": coming is not None
        and collects(unit, mandate=mandate, number=coming.number, due_on=coming.due_on),
        "mandate": {"id": mandate.id, "reference": mandate.reference, "iban": in_fours(mandate.iban)},
        "may_sign": False,
    }


def _page(request: Request, visit: Visit, form: Form[Any], *, status: int = 200) -> Response:
    settings = visit.wiring.settings
    with visit.unit() as unit:
        days = prenotification_days(unit.today)
    values = {
        "form": form,
        "collector": {"name": settings.trust_name, "id": settings.sepa_creditor_id},
        "days": days,
    }
    return show_debtor(request, visit, "debtor/mandate.html", values, status=status)
