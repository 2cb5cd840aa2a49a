"""Keeping payment plans: the ledger says what was paid, the bands of the plan say what follows."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlmodel import col, select

from agency.arrangements.charges import charged
from agency.arrangements.deciding import end_plan, expire_offer, run_on
from agency.arrangements.given_back import parts_asked
from agency.arrangements.models import LIVE, Plan, PlanInstalment, PlanState
from agency.arrangements.paid_since import paid_since
from agency.arrangements.plans import bands_of_plan, claims_of
from agency.calendar import add_months
from agency.claims.giving_up import waive_rest
from agency.claims.interest_stops import stop_interest
from agency.claims.itemisation import itemise_many
from agency.claims.states import ClaimState
from agency.events import ClaimClosed, InstalmentMissed, PaymentReceived, PaymentReversed
from agency.kernel.emitting import emit
from agency.kernel.unit import Unit, agency_day
from agency.rules.instalments import Bands, Part, Standing, spread, standing, within_owed
from agency.rules.interest_stops import StopGround, plan_request_stop

_STATES = text("SELECT state FROM claim WHERE creditor_id = :c AND id = ANY(:claims)")
_CHARGED = text("SELECT claim_id, charged_minor FROM plan_claim WHERE creditor_id = :c AND plan_id = :plan")
_PLAN_OF = text("SELECT plan_id FROM plan_claim WHERE creditor_id = :c AND claim_id = :claim AND live")
# The last plan of a claim that is collected again, where nothing was agreed on any of its claims since.
_PAID_OFF = text(
    "SELECT p.id FROM plan p JOIN plan_claim pc ON pc.creditor_id = p.creditor_id AND pc.plan_id = p.id"
    " JOIN claim ON claim.creditor_id = pc.creditor_id AND claim.id = pc.claim_id"
    " WHERE pc.creditor_id = :c AND pc.claim_id = :claim AND p.state = 'completed' AND claim.state = 'active'"
    " AND NOT EXISTS (SELECT FROM plan_claim ours JOIN plan_claim other"
    "  ON other.creditor_id = ours.creditor_id AND other.claim_id = ours.claim_id"
    "  LEFT JOIN promise ON promise.creditor_id = ours.creditor_id AND promise.claim_id = ours.claim_id"
    "   AND promise.state = 'open'"
    "  LEFT JOIN settlement s ON s.creditor_id = ours.creditor_id AND s.claim_id = ours.claim_id"
    "   AND s.state IN ('waiting', 'open')"
    "  WHERE ours.creditor_id = p.creditor_id AND ours.plan_id = p.id"
    "   AND (other.live OR promise.id IS NOT NULL OR s.id IS NOT NULL))"
    " ORDER BY p.ended_at DESC LIMIT 1"
)
_ASKED_IN_BELGIUM = text(
    "SELECT c.id FROM claim c JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " WHERE c.creditor_id = :c AND c.id = ANY(:claims) AND d.country = 'BE' AND d.kind = 'consumer'"
)


def check_plans(unit: Unit) -> int:
    """This function will look at every live plan and return how many there were."""
    plans = unit.session.exec(
        select(Plan)
        .where(col(Plan.state).in_(LIVE))
        .order_by(col(Plan.creditor_id), col(Plan.id))
        .with_for_update(skip_locked=True)
    ).all()
    for plan in plans:
        _check(unit, plan)
    return len(plans)


def check_plan_when_paid(unit: Unit, event: PaymentReceived) -> None:
    """This reaction will put a payment against the plan of its claim."""
    _check_plan_of(unit, event.creditor_id, event.claim_id)


def check_plan_when_reversed(unit: Unit, event: PaymentReversed) -> None:
    """This reaction will open again what a payment had paid that was taken back.

    A plan that was paid off by it runs on: the debtor keeps its terms, and has the days of grace.
    """
    _check_plan_of(unit, event.creditor_id, event.claim_id)
    _run_on(unit, event.creditor_id, event.claim_id)


def check_plan_when_closed(unit: Unit, event: ClaimClosed) -> None:
    """This reaction will end the plan of a claim that is no longer collected, unless others are in it."""
    _check_plan_of(unit, event.creditor_id, event.claim_id)


def _check_plan_of(unit: Unit, creditor_id: UUID, claim_id: UUID | None) -> None:
    plan = _found(unit, _PLAN_OF, creditor_id, claim_id)
    if plan is not None:
        _check(unit, plan)


def _run_on(unit: Unit, creditor_id: UUID, claim_id: UUID | None) -> None:
    plan = _found(unit, _PAID_OFF, creditor_id, claim_id)
    if plan is None:
        return
    rows, claim_ids = _instalments(unit, plan), claims_of(unit, plan)
    paid = paid_since(unit, creditor_id=creditor_id, claim_ids=claim_ids, known=plan.known_payments)
    if paid < sum(row.paid_minor for row in rows):  # not an older payment, nor one that was too much
        run_on(unit, plan)
        keep(unit, plan)


def _found(unit: Unit, which: TextClause, creditor_id: UUID, claim_id: UUID | None) -> Plan | None:
    found = unit.session.connection().execute(which, {"c": creditor_id, "claim": claim_id})
    plan_id = found.scalar_one_or_none()
    if plan_id is None:
        return None
    return unit.session.get(Plan, (creditor_id, plan_id), with_for_update=True, populate_existing=True)


def _check(unit: Unit, plan: Plan) -> None:
    if plan.state == PlanState.ACTIVE:
        keep(unit, plan)
    elif plan.state == PlanState.OFFERED and plan.answer_by is not None and plan.answer_by < unit.today:
        expire_offer(unit, plan)
    elif plan.state == PlanState.PROPOSED:
        _stop_unanswered(unit, plan)


def keep(unit: Unit, plan: Plan) -> None:
    """This function will bring a running plan to what the ledger says and end it when that is due.

    Nobody misses what is no longer owed: after a part was given up or contested, less is asked.
    """
    bands, claim_ids = bands_of_plan(plan), claims_of(unit, plan)
    rows = _instalments(unit, plan)
    _put_payments(unit, plan, rows, claim_ids)
    parts = parts_asked(unit, plan, rows)
    found = standing(parts, today=unit.today, bands=bands)
    states = set(
        unit.session.connection().execute(_STATES, {"c": plan.creditor_id, "claims": claim_ids}).scalars()
    )
    if ClaimState.ACTIVE not in states:
        end_plan(unit, plan, PlanState.COMPLETED if states == {ClaimState.PAID} else PlanState.CANCELLED)
    elif found.outcome == "completed":
        _complete(unit, plan, rows[-1], bands, claim_ids)
    elif found.missed:
        asked = within_owed(parts, owed_minor=_owed(unit, plan, claim_ids))
        found = standing(asked, today=unit.today, bands=bands)
        _tell_missed(unit, plan, rows, {part.number: part.open_minor for part in asked}, found, claim_ids)
        if found.outcome == "broken":
            end_plan(unit, plan, PlanState.BROKEN)


def _owed(unit: Unit, plan: Plan, claim_ids: Sequence[UUID]) -> int:
    """What is asked now on the claims of a plan, in minor units."""
    keys = [(plan.creditor_id, claim_id) for claim_id in claim_ids]
    asked = itemise_many(unit, keys=keys, on=unit.today, undisputed=True)
    return sum(one.total.minor for one in asked.values())


def _put_payments(unit: Unit, plan: Plan, rows: Sequence[PlanInstalment], claim_ids: Sequence[UUID]) -> None:
    paid = paid_since(unit, creditor_id=plan.creditor_id, claim_ids=claim_ids, known=plan.known_payments)
    change = paid - sum(row.paid_minor for row in rows)
    parts, _ = spread([_part(row) for row in rows], minor=change)
    by_number = {part.number: part.paid_minor for part in parts}
    for row in rows:
        row.paid_minor = by_number[row.number]
        unit.session.add(row)
    unit.session.flush()


def _complete(unit: Unit, plan: Plan, last: PlanInstalment, bands: Bands, claim_ids: Sequence[UUID]) -> None:
    """End a plan whose instalments are all paid.

    Where interest was to stop, whatever interest or costs came up meanwhile is waived: the plan named all
    that had to be paid. Where it ran, what came up becomes one more instalment. What else is left (a new
    invoice, an older payment taken back) was never part of the plan and is collected again.
    """
    came_up = _came_up(unit, plan, claim_ids)
    if not bands.interest_stops and came_up:
        _add_closing(unit, plan, last, sum(came_up.values()))
        return
    end_plan(unit, plan, PlanState.COMPLETED)
    for claim_id in came_up:
        waive_rest(
            unit,
            creditor_id=plan.creditor_id,
            claim_id=claim_id,
            key=f"plan:{plan.id}:{claim_id}",
            why="the payment plan was kept",
            close_code="plan_completed",
        )


def _came_up(unit: Unit, plan: Plan, claim_ids: Sequence[UUID]) -> dict[UUID, int]:
    """What is left of each claim where it is no more than the interest and costs since the plan was made."""
    keys = [(plan.creditor_id, claim_id) for claim_id in claim_ids]
    left = itemise_many(unit, keys=keys, on=unit.today, undisputed=True)
    now = charged(unit, creditor_id=plan.creditor_id, claim_ids=claim_ids)
    then = unit.session.connection().execute(_CHARGED, {"c": plan.creditor_id, "plan": plan.id})
    before = {row.claim_id: row.charged_minor for row in then}
    return {
        claim_id: one.total.minor
        for (_, claim_id), one in left.items()
        if 0 < one.total.minor <= now[claim_id] - before[claim_id]
    }


def _add_closing(unit: Unit, plan: Plan, last: PlanInstalment, minor: int) -> None:
    due_on = add_months(max(last.due_on, unit.today), 1)
    unit.session.add(
        PlanInstalment(
            creditor_id=plan.creditor_id,
            plan_id=plan.id,
            number=last.number + 1,
            due_on=due_on,
            amount_minor=minor,
        )
    )
    plan.total_minor += minor
    unit.session.add(plan)
    unit.session.flush()


def _tell_missed(
    unit: Unit,
    plan: Plan,
    rows: Sequence[PlanInstalment],
    open_minor: Mapping[int, int],
    found: Standing,
    claim_ids: Sequence[UUID],
) -> None:
    fresh = [row for row in rows if row.number in found.missed and row.missed_at is None]
    for row in fresh:
        row.missed_at = unit.now
        unit.session.add(row)
        told: dict[str, Any] = {
            "creditor_id": plan.creditor_id,
            "plan_id": plan.id,
            "number": row.number,
            "due_on": row.due_on.isoformat(),
            "amount_minor": open_minor[row.number],
            "currency": plan.currency,
        }
        emit(unit, *[InstalmentMissed(claim_id=claim_id, lead=at == 0, **told)
                     for at, claim_id in enumerate(claim_ids)])  # fmt: skip
    unit.session.flush()


def _stop_unanswered(unit: Unit, plan: Plan) -> None:
    """Let no default interest run when a Belgian consumer waited too long for an answer (WER Book XIX)."""
    stop = plan_request_stop(requested_on=agency_day(plan.made_at))
    if stop is None or unit.today < stop.first_day:
        return
    waiting = unit.session.connection().execute(
        _ASKED_IN_BELGIUM, {"c": plan.creditor_id, "claims": claims_of(unit, plan)}
    )
    for claim_id in waiting.scalars().all():
        stop_interest(
            unit,
            creditor_id=plan.creditor_id,
            claim_id=claim_id,
            ground=StopGround.plan_request,
            first_day=stop.first_day,
        )


def _instalments(unit: Unit, plan: Plan) -> Sequence[PlanInstalment]:
    return unit.session.exec(
        select(PlanInstalment)
        .where(PlanInstalment.creditor_id == plan.creditor_id, PlanInstalment.plan_id == plan.id)
        .order_by(col(PlanInstalment.number))
        .with_for_update()
    ).all()


def _part(row: PlanInstalment) -> Part:
    return Part(row.number, row.due_on, row.amount_minor, row.paid_minor)
