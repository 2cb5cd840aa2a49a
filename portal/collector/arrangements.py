"""What a collector agrees with a debtor beyond a promise: a plan worked out first, or a settlement."""

from datetime import date, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field
from starlette.requests import Request
from starlette.responses import Response

from agency.arrangements.deciding import accept_proposal, cancel_plan, counter_proposal, refuse_proposal
from agency.arrangements.models import LIVE, Settlement
from agency.arrangements.plans import ComputedPlan, agree_plan, compute_plan, offer_plan
from agency.arrangements.queries import (
    joinable_claims,
    open_promise,
    plan_of_claim,
    read_plan,
    settlement_of_claim,
)
from agency.arrangements.settlements import offer_settlement, withdraw_settlement
from agency.arrangements.terms import terms_of
from agency.claims.itemisation import open_total
from agency.claims.models import Claim
from agency.kernel.unit import Unit
from agency.money import Money
from agency.parties.models import Debtor
from portal.collector.doors import claim_url, desk_page, routes
from portal.collector.fields import amount_of, currency_of
from portal.shared.audience import StaffUnit, TheVisitor, leave_for
from portal.shared.forms import AmountField, Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_, gettext, typed_money
from portal.shared.plan_forms import PlanForm, usual_first_day, wish_of
from portal.shared.plan_words import PART_STATES, PLAN_STATES, REASONS, RHYTHMS, SETTLEMENT_STATES

Several = Annotated[list[UUID], BeforeValidator(lambda given: given if isinstance(given, list) else [given])]


class AgreeForm(PlanForm):
    """The plan as it was worked out, which other claims it covers, and how it comes about."""

    others: Several = Field(default_factory=list)
    why: str = ""
    step: Literal["agree", "offer"] = "agree"


class AnswerForm(PlanForm):
    """The answer to a plan that a debtor asked for; another offer says what it looks like."""

    answer: Literal["accept", "refuse", "counter"]
    why: str = ""


class EndForm(FormModel):
    """Why a running plan is ended."""

    why: str = ""


class SettlementForm(FormModel):
    """The smaller sum, until when, and why."""

    settle_amount: AmountField
    pay_by: date
    settle_why: str = ""


_ADDRESS = "/claims/{creditor_id:uuid}/{claim_id:uuid}/arrangement"
_PLAN = "/plans/{creditor_id:uuid}/{plan_id:uuid}"


@routes.get(_ADDRESS)
def arrangement(
    request: Request, unit: StaffUnit, visitor: TheVisitor, creditor_id: UUID, claim_id: UUID
) -> Response:
    """Work out a plan, or offer a settlement; nothing is agreed by looking."""
    query = request.query_params
    fields = {name: query.getlist(name) if name == "others" else query[name] for name in query}
    if "how" not in fields:
        form = blank(
            how="count", count="6", rhythm="monthly", first_on=usual_first_day(unit.today).isoformat()
        )
        return _page(request, unit, visitor.roles, creditor_id, claim_id, form)
    form = submitted(AgreeForm, fields)
    computed = _compute(unit, creditor_id, claim_id, form)
    return _page(
        request, unit, visitor.roles, creditor_id, claim_id, form, computed=computed,
        status=422 if form.errors else 200,
    )  # fmt: skip


@routes.post(_ADDRESS + "/plan")
def agree(
    request: Request, unit: StaffUnit, visitor: TheVisitor, fields: Fields, creditor_id: UUID, claim_id: UUID
) -> Response:
    """Note the plan that was agreed with the debtor, or offer it on the debtor's page."""
    form = submitted(AgreeForm, fields)
    wish = wish_of(form, currency_of(unit, creditor_id=creditor_id, claim_id=claim_id))
    plan_id = None
    if wish is not None:
        with form.attempt(unit):
            claims: dict[str, Any] = {
                "creditor_id": creditor_id, "claim_ids": [claim_id, *form.data.others], "wish": wish,
            }  # fmt: skip
            agreed = form.data.step == "agree"
            plan = agree_plan(unit, **claims, why=form.data.why) if agreed else offer_plan(unit, **claims)
            plan_id = plan.id
    if plan_id is None:
        computed = _compute(unit, creditor_id, claim_id, form)
        return _page(request, unit, visitor.roles, creditor_id, claim_id, form, computed=computed, status=422)
    return leave_for(f"/desk/plans/{creditor_id}/{plan_id}", notice=N_("The plan is on file."))


@routes.post(_ADDRESS + "/settlement")
def settle_for(
    request: Request, unit: StaffUnit, visitor: TheVisitor, fields: Fields, creditor_id: UUID, claim_id: UUID
) -> Response:
    """Offer a smaller sum for full discharge."""
    form = submitted(SettlementForm, fields)
    with form.attempt(unit):
        currency = currency_of(unit, creditor_id=creditor_id, claim_id=claim_id)
        amount = amount_of(form.data.settle_amount, currency, "settle_amount")
        assert amount is not None, "the form asks for it"
        offer_settlement(
            unit,
            creditor_id=creditor_id,
            claim_id=claim_id,
            amount=amount,
            pay_by=form.data.pay_by,
            why=form.data.settle_why,
            is_admin="admin" in visitor.roles,
        )
    for theirs, ours in (("amount", "settle_amount"), ("why", "settle_why")):
        if theirs in form.errors:
            form.errors[ours] = form.errors.pop(theirs)
    if form.errors:
        return _page(
            request,
            unit,
            visitor.roles,
            creditor_id,
            claim_id,
            _usual(unit),
            settlement_form=form,
            status=422,
        )
    return leave_for(claim_url(creditor_id, claim_id), notice=N_("The settlement is on file."))


@routes.post(_ADDRESS + "/settlement/{settlement_id:uuid}/end")
def take_settlement_back(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    fields: Fields,
    creditor_id: UUID,
    claim_id: UUID,
    settlement_id: UUID,
) -> Response:
    """Take back a settlement that was not paid yet, with the reason why."""
    form = submitted(EndForm, fields)
    with form.attempt(unit):
        withdraw_settlement(
            unit, creditor_id=creditor_id, claim_id=claim_id, settlement_id=settlement_id, why=form.data.why
        )
    if form.errors:
        return _page(
            request, unit, visitor.roles, creditor_id, claim_id, _usual(unit), end_form=form, status=422
        )
    return leave_for(
        claim_url(creditor_id, claim_id) + "/arrangement", notice=N_("The settlement no longer stands.")
    )


@routes.get(_PLAN)
def plan(request: Request, unit: StaffUnit, creditor_id: UUID, plan_id: UUID) -> Response:
    """One plan with its payments, and the answer where it waits for one."""
    return _plan_page(request, unit, creditor_id, plan_id, _usual(unit))


@routes.post(_PLAN + "/answer")
def answer(request: Request, unit: StaffUnit, fields: Fields, creditor_id: UUID, plan_id: UUID) -> Response:
    """Accept, refuse, or answer with another offer."""
    form = submitted(AnswerForm, fields)
    with form.attempt(unit):
        data, key = form.data, {"creditor_id": creditor_id, "plan_id": plan_id}
        if data.answer == "accept":
            accept_proposal(unit, **key, why=data.why)
        elif data.answer == "refuse":
            refuse_proposal(unit, **key, why=data.why)
        else:
            sheet = read_plan(unit, **key)
            wish = wish_of(form, sheet.total.currency)
            if wish is not None:
                counter_proposal(unit, **key, wish=wish, why=data.why)
    if form.errors:
        return _plan_page(request, unit, creditor_id, plan_id, form, status=422)
    return leave_for(f"/desk/plans/{creditor_id}/{plan_id}", notice=N_("The answer is on file."))


@routes.post(_PLAN + "/end")
def end(request: Request, unit: StaffUnit, fields: Fields, creditor_id: UUID, plan_id: UUID) -> Response:
    """End a running plan, with the reason why."""
    form = submitted(EndForm, fields)
    with form.attempt(unit):
        cancel_plan(unit, creditor_id=creditor_id, plan_id=plan_id, why=form.data.why)
    if form.errors:
        return _plan_page(request, unit, creditor_id, plan_id, form, status=422)
    return leave_for(f"/desk/plans/{creditor_id}/{plan_id}", notice=N_("The plan has ended."))


def _usual(unit: Unit) -> Form[Any]:
    return blank(how="count", count="6", rhythm="monthly", first_on=usual_first_day(unit.today).isoformat())


def _compute(unit: Unit, creditor_id: UUID, claim_id: UUID, form: Form[AgreeForm]) -> ComputedPlan | None:
    wish = wish_of(form, currency_of(unit, creditor_id=creditor_id, claim_id=claim_id))
    if wish is None:
        return None
    found: list[ComputedPlan] = []
    with form.attempt(unit):
        claims = [claim_id, *form.data.others]
        found.append(compute_plan(unit, creditor_id=creditor_id, claim_ids=claims, wish=wish))
    return found[0] if found else None


def _page(
    request: Request,
    unit: Unit,
    roles: frozenset[str],
    creditor_id: UUID,
    claim_id: UUID,
    form: Form[Any],
    *,
    computed: ComputedPlan | None = None,
    settlement_form: Form[Any] | None = None,
    end_form: Form[Any] | None = None,
    status: int = 200,
) -> Response:
    key: dict[str, Any] = {"creditor_id": creditor_id, "claim_id": claim_id}
    owed = open_total(unit, **key, on=unit.today)
    terms = terms_of(unit, creditor_id=creditor_id, on=unit.today)
    bps = terms.authority.admin_bps if "admin" in roles else terms.authority.collector_bps
    least = Money(owed.minor - owed.minor * bps // 10_000, owed.currency)
    claim = unit.session.get_one(Claim, (creditor_id, claim_id))
    standing = plan_of_claim(unit, **key)
    settlement = settlement_of_claim(unit, **key)
    usual = blank(settle_amount=typed_money(least), pay_by=(unit.today + timedelta(days=14)).isoformat())
    return desk_page(
        request,
        "arrangement.html",
        status=status,
        url=claim_url(creditor_id, claim_id) + "/arrangement",
        claim_href=claim_url(creditor_id, claim_id),
        **_who(unit, creditor_id, claim_id),
        owed=owed,
        form=form,
        computed=computed,
        why_person=[gettext(REASONS[code]) for code in computed.judgement.reasons] if computed else [],
        rhythms=RHYTHMS,
        others=[
            (str(row.id), row.number, str(Money(row.principal_minor, row.currency)))
            for row in joinable_claims(unit, **key)
        ],
        first_day=unit.today.isoformat(),
        standing=standing if standing is not None and standing.state in LIVE else None,
        no_plan=_no_plan(unit, claim, settlement),
        settlement=settlement,
        settlement_chip=SETTLEMENT_STATES[settlement.state] if settlement else None,
        settlement_amount=Money(settlement.amount_minor, settlement.currency) if settlement else None,
        settlement_form=settlement_form or usual,
        settlement_stands=settlement is not None and settlement.state in ("waiting", "open"),
        end_form=end_form or blank(),
        least=least,
    )


def _no_plan(unit: Unit, claim: Claim, settlement: Settlement | None) -> str:
    """Why this claim takes no plan now, in the words in which it would be refused, with what to do first."""
    if claim.disputed_minor >= claim.principal_minor:
        return gettext("The claim is contested as a whole: settle the dispute first.")
    if settlement is not None and settlement.state in ("waiting", "open"):
        return gettext("A settlement is open: take it back first, then a plan may be agreed.")
    promise = open_promise(unit, creditor_id=claim.creditor_id, claim_id=claim.id)
    return gettext("A promise is open: take it back on the claim's page first.") if promise else ""


def _plan_page(
    request: Request, unit: Unit, creditor_id: UUID, plan_id: UUID, form: Form[Any], *, status: int = 200
) -> Response:
    sheet = read_plan(unit, creditor_id=creditor_id, plan_id=plan_id)
    lead = sheet.claims[0]
    return desk_page(
        request,
        "plan.html",
        status=status,
        plan=sheet,
        chip=PLAN_STATES[sheet.state],
        part_chips=PART_STATES,
        reasons=[REASONS[code] for code in sheet.reasons],
        **_who(unit, creditor_id, lead.claim_id),
        claims=[(claim_url(creditor_id, one.claim_id), one.number, one.owed) for one in sheet.claims],
        url=f"/desk/plans/{creditor_id}/{plan_id}",
        rhythms=RHYTHMS,
        first_day=unit.today.isoformat(),
        form=form,
    )


def _who(unit: Unit, creditor_id: UUID, claim_id: UUID) -> dict[str, str]:
    claim = unit.session.get_one(Claim, (creditor_id, claim_id))
    debtor = unit.session.get_one(Debtor, (creditor_id, claim.debtor_id))
    return {"debtor": debtor.name, "number": claim.number}
