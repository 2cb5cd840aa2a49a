"""What a debtor can pay a month: worked out on the page, kept nowhere, and told to nobody."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from agency.claims.holds import place_hold
from agency.claims.states import HoldGround
from agency.money import Money, UnreadableAmount
from agency.rules.affordability import Budget, Capacity, Household, capacity, pause_days
from portal.debtor.answers import thanks
from portal.debtor.fields import Fields
from portal.debtor.pages import debtor_routes, show_debtor
from portal.debtor.plans import whose
from portal.debtor.views import claim_view
from portal.debtor.visits import TheVisit, Visit
from portal.shared.forms import AmountField, Form, FormModel, blank, submitted
from portal.shared.i18n import N_

HOUSEHOLDS = (
    ("single", N_("I live alone"), ""),
    ("single_parent", N_("I live with children, without a partner"), ""),
    ("couple", N_("I live with a partner, without children"), ""),
    ("couple_parent", N_("I live with a partner and children"), ""),
)
STEPS = {
    "income": N_("Your income"),
    "protected": N_("What you need to live on, by law"),
    "fixed_costs_above": N_("Fixed costs above that"),
    "other_debts": N_("What you pay on other debts"),
    "left": N_("What is left"),
    "monthly": N_("What you can pay a month: part of it stays free"),
}
# Where people find help that costs nothing, by country.
HELP = {
    "NL": (
        N_("Your municipality helps with debts (schuldhulpverlening), free of charge."),
        "https://www.rijksoverheid.nl/onderwerpen/schulden/hulp-bij-schulden",
    ),
    "BE": (
        N_("A CAW or OCMW near you helps with debts (schuldbemiddeling), free of charge."),
        "https://www.caw.be",
    ),
}
_MOST = 99_999


class BudgetForm(FormModel):
    """A month of the household."""

    household: Household
    children: Annotated[int, Field(ge=0, le=20)] = 0
    income: AmountField
    fixed_costs: AmountField
    other_debts: AmountField | None = None


@debtor_routes.get("/plan/affordability")
def budget_form(request: Request, visit: TheVisit) -> Response:
    """Ask for income and costs."""
    return _page(request, visit, blank(household="single", children="0"))


@debtor_routes.post("/plan/affordability")
def work_out(request: Request, visit: TheVisit, fields: Fields) -> Response:
    """Work out what can be paid a month. A POST, so that no income ever stands in an address or a log."""
    form = submitted(BudgetForm, fields)
    with visit.unit() as unit:
        today = unit.today
        view = claim_view(unit, **whose(visit))
    budget = None if form.errors else _budget(form, view.owed.total.currency)
    if budget is None:
        return _page(request, visit, form, status=422)
    return _page(request, visit, form, found=capacity(budget=budget, country=view.country, on=today))


@debtor_routes.post("/plan/pause")
def pause(visit: TheVisit) -> Response:
    """Pause everything while the debtor looks for help; a collector hears of it."""
    with visit.unit() as unit:
        ends_at = unit.now + timedelta(days=pause_days(unit.today))
        place_hold(
            unit, **whose(visit), ground=HoldGround.DEBT_HELP, note="", ends_at=ends_at, lengthens=True
        )
    return thanks("debt_help")


def _budget(form: Form[BudgetForm], currency: str) -> Budget | None:
    amounts: dict[str, Money] = {}
    for name in ("income", "fixed_costs", "other_debts"):
        typed: Decimal = getattr(form.data, name) or Decimal(0)
        try:
            if not 0 <= typed <= _MOST:
                raise UnreadableAmount("out of reach")
            amounts[name] = Money.parse(f"{typed:f}", currency)
        except UnreadableAmount:
            form.refuse(N_("Give an amount a month, like 1250.00."), name)
    if form.errors:
        return None
    return Budget(household=form.data.household, children=form.data.children, **amounts)


def _page(
    request: Request,
    visit: Visit,
    form: Form[BudgetForm],
    *,
    found: Capacity | None = None,
    status: int = 200,
) -> Response:
    with visit.unit() as unit:
        country = claim_view(unit, **whose(visit)).country
        days = pause_days(unit.today)
    steps = (
        [(STEPS[line.outcome.partition(".")[2]], line.amount, line.source) for line in found.trace]
        if found
        else []
    )
    values = {
        "form": form,
        "found": found,
        "steps": [step for step in steps if step[1] is not None],
        "households": HOUSEHOLDS,
        "help": HELP.get(country, HELP["NL"]),
        "pause_days": days,
    }
    return show_debtor(request, visit, "debtor/affordability.html", values, status=status)
