"""Credit checks: ask about a company at a price that is shown, and read what is advised."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.credit.checking import check_of, checks_of, request_check
from agency.credit.models import CreditCheck
from agency.kernel.errors import Invalid
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.credit_advice import tariff_on
from portal.creditor.doors import creditor_page, routes
from portal.creditor.single_claim import COUNTRIES
from portal.creditor.words import ADVICES, CHECK_STATES, COMPANY_STATES
from portal.shared.audience import CreditorUnit, TheVisitor, leave_for, own_creditor
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_
from portal.shared.listing import Column, Cut

COLUMNS = (
    Column("company", N_("Company"), "link", sub="number"),
    Column("state", N_("Status"), "chip"),
    Column("advice", N_("Advice"), "chip"),
    Column("asked_at", N_("Asked"), "moment", phone=False),
    Column("price", N_("Price"), "money", phone=False),
)


class CheckForm(FormModel):
    """Which company; its number outranks its name. The key makes a form that is sent twice one check."""

    country: str
    registration_number: str = ""
    name: str = ""
    request_key: str


@routes.get("/credit-checks")
def credit_checks(request: Request, unit: CreditorUnit, visitor: TheVisitor) -> Response:
    """The form with its price, and every check so far."""
    return _page(request, unit, own_creditor(visitor), blank(country="NL"))


@routes.post("/credit-checks")
def ask(request: Request, unit: CreditorUnit, visitor: TheVisitor, fields: Fields) -> Response:
    """Ask for a check and go to its page, where the answer appears."""
    creditor_id = own_creditor(visitor)
    form = submitted(CheckForm, fields)
    check_id = None
    with form.attempt(unit):
        if form.data.country not in dict(COUNTRIES):
            raise Invalid(N_("Choose one of the options."), field="country")
        check_id = request_check(
            unit,
            creditor_id=creditor_id,
            country=form.data.country,
            registration_number=form.data.registration_number,
            name=form.data.name,
            request_key=form.data.request_key,
        )
    if form.errors or check_id is None:
        return _page(request, unit, creditor_id, form, status=422)
    return leave_for(f"/creditor/credit-checks/{check_id}")


def _page(request: Request, unit: Unit, creditor_id: UUID, form: Form[Any], *, status: int = 200) -> Response:
    return creditor_page(
        request,
        "credit_checks.html",
        status=status,
        form=form,
        key=new_id(),
        countries=COUNTRIES,
        price=tariff_on(unit.today).price,
        columns=COLUMNS,
        cut=Cut([_row(check) for check in checks_of(unit, creditor_id=creditor_id)]),
    )


def _row(check: CreditCheck) -> dict[str, Any]:
    company = check.result.get("company", {})
    advice = check.result.get("advice")
    charged = check.state == "answered"
    return {
        "href": f"/creditor/credit-checks/{check.id}",
        "company": company.get("name") or check.name or check.registration_number,
        "number": company.get("registration_number") or check.registration_number,
        "state": CHECK_STATES[check.state],
        "advice": ADVICES[advice] if advice else None,
        "asked_at": check.asked_at,
        "price": Money(check.price_minor, check.currency) if charged else None,
    }


@routes.get("/credit-checks/{check_id:uuid}")
def credit_check(request: Request, unit: CreditorUnit, visitor: TheVisitor, check_id: UUID) -> Response:
    """One check with its date, its advice and why."""
    check = check_of(unit, creditor_id=own_creditor(visitor), check_id=check_id)
    company = check.result.get("company", {})
    return creditor_page(
        request,
        "credit_check.html",
        check=check,
        title=company.get("name") or check.name or check.registration_number,
        chip=CHECK_STATES[check.state],
        company=company,
        status_chip=COMPANY_STATES.get(company.get("status", "unknown"), COMPANY_STATES["unknown"]),
        advice=ADVICES[check.result["advice"]] if "advice" in check.result else None,
        advised=_money(check.result.get("advised_limit")),
        limit=_money(company.get("limit")),
        equity=_money(company.get("equity")),
        experience=check.result.get("experience"),
        price=Money(check.price_minor, check.currency),
        vat=Money(check.vat_minor, check.currency),
        total=Money(check.price_minor + check.vat_minor, check.currency),
    )


def _money(value: Mapping[str, Any] | None) -> Money | None:
    return None if value is None else Money(value["minor"], value["currency"])
