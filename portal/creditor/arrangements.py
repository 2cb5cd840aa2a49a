"""What a creditor accepts of payment plans and forgives in settlements, and the settlements it decides on."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.arrangements.queries import settlements_to_decide
from agency.arrangements.settlements import decide_settlement
from agency.arrangements.terms import Terms, Wanted, set_terms, terms_ahead, terms_of
from agency.kernel.errors import Invalid
from agency.kernel.unit import Unit
from agency.money import Money, UnreadableAmount
from portal.creditor.doors import MANAGERS, binding, creditor_page, routes
from portal.shared.audience import CreditorUnit, TheVisitor, leave_for, own_creditor
from portal.shared.forms import AmountField, Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_, typed_money, typed_number


class TermsForm(FormModel):
    """The bands and the authority, as people say them: amounts in euro, shares in per cent."""

    valid_from: date
    months_max: int
    instalment_min: AmountField
    monthly_min: AmountField
    share_min: AmountField
    interest_stops: bool = False
    grace_days: int
    missed_max: int
    collector_percent: AmountField
    admin_percent: AmountField


class DecisionForm(FormModel):
    """Yes or no to a settlement."""

    accept: bool = False


@routes.get("/arrangements")
def arrangements(request: Request, unit: CreditorUnit, visitor: TheVisitor) -> Response:
    """What counts now, and the settlements that wait."""
    creditor_id = own_creditor(visitor)
    terms = terms_of(unit, creditor_id=creditor_id, on=unit.today)
    return _page(
        request, unit, visitor.roles, creditor_id, _filled(terms, _free_day(unit, terms, creditor_id))
    )


@binding.post("/arrangements")
def set_bands(request: Request, unit: CreditorUnit, visitor: TheVisitor, fields: Fields) -> Response:
    """Let new terms count from a day on; what was agreed before keeps its own."""
    creditor_id = own_creditor(visitor)
    form = submitted(TermsForm, fields)
    with form.attempt(unit):
        set_terms(unit, creditor_id=creditor_id, valid_from=form.data.valid_from, wanted=_wanted(form.data))
    _rename(form)
    if form.errors:
        return _page(request, unit, visitor.roles, creditor_id, form, status=422)
    return leave_for("/creditor/arrangements", notice=N_("Kept. What was agreed before stays as it is."))


@binding.post("/settlements/{settlement_id:uuid}/decision")
def decide(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, fields: Fields, settlement_id: UUID
) -> Response:
    """Accept or refuse a settlement that lies above the agency's authority."""
    creditor_id = own_creditor(visitor)
    form = submitted(DecisionForm, fields)
    with form.attempt(unit):
        decide_settlement(unit, creditor_id=creditor_id, settlement_id=settlement_id, accept=form.data.accept)
    if form.errors:
        return _page(request, unit, visitor.roles, creditor_id, form, status=409)
    return leave_for("/creditor/arrangements", notice=N_("Your decision is on file."))


def _free_day(unit: Unit, terms: Terms, creditor_id: UUID) -> date:
    """The first day from which no terms were set yet: those of a day are not changed afterwards."""
    taken = {*terms_ahead(unit, creditor_id=creditor_id), *([terms.bands.since] if terms.own else [])}
    day = unit.today
    while day in taken:
        day += timedelta(days=1)
    return day


def _filled(terms: Terms, first: date) -> Form[Any]:
    bands, authority = terms.bands, terms.authority
    return blank(
        valid_from=first.isoformat(),
        months_max=bands.months_max,
        instalment_min=typed_money(Money(bands.instalment_min_minor, "EUR")),
        monthly_min=typed_money(Money(bands.monthly_min_minor, "EUR")),
        share_min=_percent(bands.share_min_bps),
        interest_stops="true" if bands.interest_stops else "",
        grace_days=bands.grace_days,
        missed_max=bands.missed_max,
        collector_percent=_percent(authority.collector_bps),
        admin_percent=_percent(authority.admin_bps),
    )


def _wanted(data: TermsForm) -> Wanted:
    return Wanted(
        months_max=data.months_max,
        instalment_min_minor=_minor(data.instalment_min, "instalment_min"),
        monthly_min_minor=_minor(data.monthly_min, "monthly_min"),
        share_min_bps=_bps(data.share_min, "share_min"),
        interest_stops=data.interest_stops,
        grace_days=data.grace_days,
        missed_max=data.missed_max,
        collector_bps=_bps(data.collector_percent, "collector_percent"),
        admin_bps=_bps(data.admin_percent, "admin_percent"),
    )


def _minor(typed: Decimal, field: str) -> int:
    try:
        return Money.parse(f"{typed:f}", "EUR").minor
    except UnreadableAmount:
        raise Invalid(N_("Give an amount, like 12.50."), field=field) from None


def _bps(typed: Decimal, field: str) -> int:
    points = typed * 100
    if not 0 <= points <= 10_000 or points != points.to_integral_value():
        raise Invalid("give a percentage between 0 and 100", field=field)
    return int(points)


def _percent(bps: int) -> str:
    return typed_number(Decimal(bps) / 100)


def _rename(form: Form[Any]) -> None:
    """Put errors of the use case beside the fields as this page names them."""
    ours = {
        "instalment_min_minor": "instalment_min", "monthly_min_minor": "monthly_min",
        "share_min_bps": "share_min", "collector_bps": "collector_percent", "admin_bps": "admin_percent",
    }  # fmt: skip
    for theirs, name in ours.items():
        if theirs in form.errors:
            form.errors[name] = form.errors.pop(theirs)


def _page(
    request: Request,
    unit: Unit,
    roles: frozenset[str],
    creditor_id: UUID,
    form: Form[Any],
    *,
    status: int = 200,
) -> Response:
    return creditor_page(
        request,
        "arrangements.html",
        status=status,
        form=form,
        own=terms_of(unit, creditor_id=creditor_id, on=unit.today).own,
        ahead=terms_ahead(unit, creditor_id=creditor_id),
        may_set=bool(roles & MANAGERS),
        waiting=[
            {
                "href": f"/creditor/claims/{row.claim_id}",
                "debtor": row.debtor,
                "number": row.number,
                "owed": Money(row.owed_minor, row.currency),
                "amount": Money(row.amount_minor, row.currency),
                "pay_by": row.pay_by,
                "why": row.why,
                "decide": f"/creditor/settlements/{row.id}/decision",
            }
            for row in settlements_to_decide(unit, creditor_id=creditor_id)
        ],
        first_day=unit.today.isoformat(),
    )
