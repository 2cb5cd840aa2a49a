"""Decisions on payment plans that were asked for or offered: by a collector, by the debtor, or by time."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from agency.arrangements.models import Plan, PlanState
from agency.arrangements.plans import Wish, claims_of, lift, offer_plan, reached, record_decision, start
from agency.claims.holds import lift_holds_on, place_hold
from agency.claims.interest_stops import resume_interest, stop_interest
from agency.claims.states import HoldGround
from agency.events import PlanAgreed, PlanEnded, PlanRefused, PlanRunsOn
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.unit import Unit, agency_day
from agency.rules.interest_stops import StopGround

_DAY = timedelta(days=1)
_TAKE = text("UPDATE plan_claim SET live = true WHERE creditor_id = :c AND plan_id = :plan")
_FREE = text("UPDATE plan_claim SET live = false WHERE creditor_id = :c AND plan_id = :plan AND live")


class UnableToDecide(Conflict):
    """The plan does not wait for this decision any more."""


def plan_to_change(unit: Unit, *, creditor_id: UUID, plan_id: UUID) -> Plan:
    """This function will return a plan with its row locked until the transaction ends.

    :raises NotFound: this creditor (or this debtor) has no such plan.
    """
    plan = unit.session.get(Plan, (creditor_id, plan_id), with_for_update=True, populate_existing=True)
    if plan is None:
        raise NotFound("no such plan")
    return plan


def accept_proposal(unit: Unit, *, creditor_id: UUID, plan_id: UUID, why: str) -> None:
    """This function will agree to a plan that a debtor asked for.

    :raises Invalid: without a reason: the plan lies outside the creditor's bands.
    :raises UnableToDecide, NotFound: see the exceptions.
    """
    plan = _waiting(unit, creditor_id, plan_id, PlanState.PROPOSED)
    _decide(unit, plan, PlanState.ACTIVE, why)
    start(unit, plan)
    record_decision(unit, plan, "plan.accepted")


def refuse_proposal(unit: Unit, *, creditor_id: UUID, plan_id: UUID, why: str) -> None:
    """This function will refuse a plan that a debtor asked for; treatment goes on.

    :raises Invalid: without a reason: the debtor reads it.
    :raises UnableToDecide, NotFound: see the exceptions.
    """
    plan = _waiting(unit, creditor_id, plan_id, PlanState.PROPOSED)
    _decide(unit, plan, PlanState.REFUSED, why)
    _close_unmade(unit, plan, "refused")
    record_decision(unit, plan, "plan.refused")


def counter_proposal(unit: Unit, *, creditor_id: UUID, plan_id: UUID, wish: Wish, why: str) -> Plan:
    """This function will answer a debtor's plan with another one, which the debtor may accept.

    :raises Invalid: without a reason, or the wish gives no plan.
    :raises UnableToDecide, UnableToPlan, NotFound: see the exceptions.
    """
    plan = _waiting(unit, creditor_id, plan_id, PlanState.PROPOSED)
    _decide(unit, plan, PlanState.COUNTERED, why)
    _free(unit, plan)
    _end_request_stop(unit, plan)
    return offer_plan(
        unit, creditor_id=creditor_id, claim_ids=claims_of(unit, plan), wish=wish, follows_id=plan.id
    )


def accept_offer(unit: Unit, *, creditor_id: UUID, plan_id: UUID) -> None:
    """This function will let the debtor agree to a plan that was offered.

    :raises UnableToDecide: it was answered already, or the offer has ended.
    :raises NotFound: the debtor has no such plan.
    """
    plan = _waiting(unit, creditor_id, plan_id, PlanState.OFFERED)
    if plan.answer_by is not None and plan.answer_by < unit.today:
        raise UnableToDecide("this offer has ended")
    plan.decided_at, plan.decided_by = unit.now, unit.by
    start(unit, plan)


def decline_offer(unit: Unit, *, creditor_id: UUID, plan_id: UUID) -> None:
    """This function will let the debtor say no to a plan that was offered.

    :raises UnableToDecide, NotFound: see the exceptions.
    """
    plan = _waiting(unit, creditor_id, plan_id, PlanState.OFFERED)
    plan.state, plan.decided_at, plan.decided_by = PlanState.REFUSED, unit.now, unit.by
    _close_unmade(unit, plan, "declined")


def cancel_plan(unit: Unit, *, creditor_id: UUID, plan_id: UUID, why: str) -> None:
    """This function will end a running plan by a person's decision; what was paid stays paid.

    :raises Invalid: without a reason.
    :raises UnableToDecide, NotFound: see the exceptions.
    """
    plan = _waiting(unit, creditor_id, plan_id, PlanState.ACTIVE)
    _decide(unit, plan, PlanState.CANCELLED, why)
    end_plan(unit, plan, PlanState.CANCELLED)
    record_decision(unit, plan, "plan.cancelled")


def end_plan(unit: Unit, plan: Plan, state: PlanState) -> None:
    """This function will end a running plan: its holds and its stop of interest end with it."""
    plan.state, plan.ended_at = state, unit.now
    _free(unit, plan)
    lift(unit, plan, HoldGround.PLAN_KEPT)
    for claim_id in reached(unit, plan):
        resume_interest(
            unit,
            creditor_id=plan.creditor_id,
            claim_id=claim_id,
            ground=StopGround.payment_plan,
            last_day=unit.today,
        )
    told: dict[str, Any] = {"creditor_id": plan.creditor_id, "plan_id": plan.id, "outcome": state.value,
                            "ended_on": unit.today.isoformat()}  # fmt: skip
    emit(unit, *[PlanEnded(claim_id=claim_id, lead=at == 0, **told)
                 for at, claim_id in enumerate(reached(unit, plan))])  # fmt: skip


def run_on(unit: Unit, plan: Plan) -> None:
    """This function will let a plan that was paid off run on, because a payment of it was taken back.

    It holds its claims again, and no day between gets interest that was to stop.
    """
    assert plan.ended_at is not None, "a plan that was paid off has ended"
    ended_on = agency_day(plan.ended_at)
    plan.state, plan.ended_at = PlanState.ACTIVE, None
    unit.session.connection().execute(_TAKE, {"c": plan.creditor_id, "plan": plan.id})
    claim_ids = claims_of(unit, plan)
    _hold(unit, plan, claim_ids, first_day=ended_on + _DAY)
    emit(unit, *[PlanRunsOn(creditor_id=plan.creditor_id, claim_id=claim_id, plan_id=plan.id)
                 for claim_id in claim_ids])  # fmt: skip


def start_everywhere(unit: Unit, event: PlanAgreed) -> None:
    """This reaction will hold all claims of an agreed plan and stop their interest where that was agreed.

    It runs as a worker, because a debtor's door reaches one claim only.
    """
    plan = plan_to_change(unit, creditor_id=event.creditor_id, plan_id=event.plan_id)
    if not event.lead or plan.state != PlanState.ACTIVE:
        return
    _end_request_stop(unit, plan)
    claim_ids = claims_of(unit, plan)
    # The total counts interest up to and including the day on which it was computed.
    _hold(unit, plan, claim_ids, first_day=agency_day(plan.made_at) + _DAY)
    for claim_id in claim_ids:
        lift_holds_on(unit, creditor_id=plan.creditor_id, claim_id=claim_id, ground=HoldGround.PLAN_REQUESTED)


def _hold(unit: Unit, plan: Plan, claim_ids: Sequence[UUID], *, first_day: date) -> None:
    """Hold the claims of a running plan, without interest from a day on where that was agreed."""
    for claim_id in claim_ids:
        whose: dict[str, Any] = {"creditor_id": plan.creditor_id, "claim_id": claim_id}
        place_hold(unit, **whose, ground=HoldGround.PLAN_KEPT)
        if plan.bands["interest_stops"]:
            stop_interest(unit, **whose, ground=StopGround.payment_plan, first_day=first_day)


def free_everywhere(unit: Unit, event: PlanRefused) -> None:
    """This reaction will let all claims go of a plan that did not come about."""
    plan = plan_to_change(unit, creditor_id=event.creditor_id, plan_id=event.plan_id)
    if event.lead and plan.state in (PlanState.REFUSED, PlanState.EXPIRED):
        _end_request_stop(unit, plan)
        _free(unit, plan)
        lift(unit, plan, HoldGround.PLAN_REQUESTED)


def expire_offer(unit: Unit, plan: Plan) -> None:
    """This function will close an offer that the debtor did not take in time."""
    plan.state, plan.decided_at = PlanState.EXPIRED, unit.now
    _close_unmade(unit, plan, "expired")


def _waiting(unit: Unit, creditor_id: UUID, plan_id: UUID, state: PlanState) -> Plan:
    plan = plan_to_change(unit, creditor_id=creditor_id, plan_id=plan_id)
    if plan.state != state:
        raise UnableToDecide("this plan was decided on already")
    return plan


def _decide(unit: Unit, plan: Plan, state: PlanState, why: str) -> None:
    if not why.strip():
        raise Invalid("give a reason", field="why")
    plan.state, plan.decision = state, why.strip()
    plan.decided_at, plan.decided_by = unit.now, unit.by
    unit.session.add(plan)
    unit.session.flush()


def _close_unmade(unit: Unit, plan: Plan, outcome: str) -> None:
    unit.session.add(plan)
    _free(unit, plan)
    lift(unit, plan, HoldGround.PLAN_REQUESTED)
    told: dict[str, Any] = {"creditor_id": plan.creditor_id, "plan_id": plan.id, "outcome": outcome}
    emit(unit, *[PlanRefused(claim_id=claim_id, lead=at == 0, **told)
                 for at, claim_id in enumerate(reached(unit, plan))])  # fmt: skip


def _free(unit: Unit, plan: Plan) -> None:
    unit.session.add(plan)
    unit.session.flush()
    unit.session.connection().execute(_FREE, {"c": plan.creditor_id, "plan": plan.id})


def _end_request_stop(unit: Unit, plan: Plan) -> None:
    """Default interest stood still while nobody decided; the day of the decision bears it again."""
    for claim_id in claims_of(unit, plan):
        resume_interest(
            unit,
            creditor_id=plan.creditor_id,
            claim_id=claim_id,
            ground=StopGround.plan_request,
            last_day=unit.today - _DAY,
        )
