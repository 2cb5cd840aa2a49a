"""Money that a debtor gets back: he names the account, after the second fact."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from agency.payments.refund_accounts import name_account, refund_waits
from portal.debtor.fields import Fields
from portal.debtor.pages import debtor_routes, show_debtor
from portal.debtor.visits import TheVisit, Visit
from portal.shared.forms import Form, FormModel, blank, submitted


class AccountForm(FormModel):
    """The account, and whose it is."""

    iban: str
    holder: str


@debtor_routes.get("/refund")
def refund_form(request: Request, visit: TheVisit) -> Response:
    """How much goes back, and the account to fill in."""
    return _page(request, visit, blank())


@debtor_routes.post("/refund")
def name(request: Request, visit: TheVisit, fields: Fields) -> Response:
    """Keep the account; two people look at the refund before it leaves."""
    form = submitted(AccountForm, fields)
    if not form.errors:
        with visit.unit() as unit, form.attempt(unit):
            name_account(
                unit,
                creditor_id=visit.creditor_id,
                claim_id=visit.claim_id,
                iban=form.data.iban,
                holder=form.data.holder,
            )
    if form.errors:
        return _page(request, visit, form, status=422)
    return RedirectResponse("/pay/refund", status_code=303)


def _page(request: Request, visit: Visit, form: Form[Any], *, status: int = 200) -> Response:
    with visit.unit() as unit:
        waits = refund_waits(unit, creditor_id=visit.creditor_id, claim_id=visit.claim_id)
    if waits is None:
        return RedirectResponse("/pay", status_code=303)
    return show_debtor(request, visit, "debtor/refund.html", {"form": form, "waits": waits}, status=status)
