"""Payment plans: computed, then agreed at once within the creditor's bands, else put before a collector."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from agency.arrangements.charges import charged
from agency.arrangements.models import Plan, PlanClaim, PlanInstalment, PlanState
from agency.arrangements.paid_since import known_payments
from agency.arrangements.terms import terms_of
from agency.claims.holds import lift_holds_on, place_hold
from agency.claims.itemisation import itemise_many
from agency.claims.models import Claim
from agency.claims.states import ClaimState, HoldGround
from agency.events import PlanAgreed, PlanOffered, PlanProposed
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Invalid
from agency.kernel.ids import new_id
from agency.kernel.locks import lock_claims
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.instalments import (
    Bands,
    Judgement,
    Rhythm,
    Schedule,
    UnworkablePlan,
    judge,
    schedule_by_amount,
    schedule_by_count,
)
from agency.rules.trace import as_json

FIRST_WITHIN_DAYS_MAX = 92
"""No plan begins later, also not one that a collector agrees to."""

_SENTENCES = {
    "nothing_owed": "nothing is owed on this claim",
    "amount_too_small": "this amount is too small for an instalment",
    "amount_too_large": "this is more than what is owed",
    "too_many": "that gives too many or too small instalments",
    "count_too_small": "give one instalment or more",
}


class UnableToPlan(Conflict):
    """These claims take no plan now: not being collected, contested as a whole, or in a plan already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a plan should look like: either an amount each time, or a number of instalments."""

    first_on: date
    rhythm: Rhythm = Rhythm.MONTHLY
    amount: Money | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class ComputedPlan:
    """A plan as it would be: the instalments, what is owed per claim, and whether it is accepted at once."""

    debtor_id: UUID
    owed: dict[UUID, Money]
    schedule: Schedule
    judgement: Judgement
    bands: Bands


def compute_plan(unit: Unit, *, creditor_id: UUID, claim_ids: Sequence[UUID], wish: Wish) -> ComputedPlan:
    """This function will work out a plan over a debtor's claims without keeping anything.

    What is contested stays out; interest and costs count up to and including today.

    :raises UnableToPlan: see the exception.
    :raises Invalid: the wish gives no plan; `field` is amount, count or first_on.
    """
    claims = _claims(unit, creditor_id, claim_ids)
    keys = [(creditor_id, claim.id) for claim in claims]
    owed = {
        claim_id: found.total
        for (_, claim_id), found in itemise_many(unit, keys=keys, on=unit.today, undisputed=True).items()
    }
    currency = claims[0].currency
    bands = terms_of(unit, creditor_id=creditor_id, on=unit.today).bands
    if not unit.today <= wish.first_on <= unit.today + timedelta(days=FIRST_WITHIN_DAYS_MAX):
        raise Invalid(f"choose a day within {FIRST_WITHIN_DAYS_MAX} days", field="first_on")
    schedule = _schedule(Money.total(owed.values(), currency), wish, bands)
    return ComputedPlan(
        claims[0].debtor_id,
        owed,
        schedule,
        judge(schedule=schedule, bands=bands, today=unit.today),
        bands,
    )


def propose_plan(unit: Unit, *, creditor_id: UUID, claim_ids: Sequence[UUID], wish: Wish) -> Plan:
    """This function will agree a debtor's plan when it lies within the bands, else ask a collector.

    Until a collector has decided, no reminder leaves.

    :raises UnableToPlan, Invalid: see `compute_plan`.
    """
    computed = compute_plan(unit, creditor_id=creditor_id, claim_ids=claim_ids, wish=wish)
    if computed.judgement.accepted:
        plan = keep_plan(unit, creditor_id=creditor_id, computed=computed, state=PlanState.ACTIVE)
        start(unit, plan)
        return plan
    plan = keep_plan(unit, creditor_id=creditor_id, computed=computed, state=PlanState.PROPOSED)
    _hold_all(unit, plan, HoldGround.PLAN_REQUESTED)
    told: dict[str, Any] = {
        "creditor_id": creditor_id,
        "plan_id": plan.id,
        "reasons": list(computed.judgement.reasons),
    }
    emit(unit, *[PlanProposed(claim_id=claim_id, lead=at == 0, **told)
                 for at, claim_id in enumerate(reached(unit, plan))])  # fmt: skip
    return plan


def agree_plan(
    unit: Unit, *, creditor_id: UUID, claim_ids: Sequence[UUID], wish: Wish, why: str = ""
) -> Plan:
    """This function will note a plan that a collector agreed with the debtor, in the debtor's presence.

    :param why: the reason; needed when the plan lies outside the creditor's bands.
    :raises UnableToPlan, Invalid: see `compute_plan`; also without a needed reason.
    """
    computed = compute_plan(unit, creditor_id=creditor_id, claim_ids=claim_ids, wish=wish)
    if not computed.judgement.accepted and not why.strip():
        raise Invalid("say why this plan is agreed outside the creditor's bands", field="why")
    plan = keep_plan(unit, creditor_id=creditor_id, computed=computed, state=PlanState.ACTIVE, why=why)
    start(unit, plan)
    record_decision(unit, plan, "plan.agreed")
    return plan


def offer_plan(
    unit: Unit, *, creditor_id: UUID, claim_ids: Sequence[UUID], wish: Wish, follows_id: UUID | None = None
) -> Plan:
    """This function will offer a debtor a plan, to be accepted on the debtor's page within the bands' days.

    :raises UnableToPlan, Invalid: see `compute_plan`.
    """
    computed = compute_plan(unit, creditor_id=creditor_id, claim_ids=claim_ids, wish=wish)
    plan = keep_plan(
        unit, creditor_id=creditor_id, computed=computed, state=PlanState.OFFERED, follows_id=follows_id
    )
    _hold_all(unit, plan, HoldGround.PLAN_REQUESTED)
    emit(unit, *[PlanOffered(creditor_id=creditor_id, claim_id=claim_id, plan_id=plan.id, lead=at == 0)
                 for at, claim_id in enumerate(reached(unit, plan))])  # fmt: skip
    record_decision(unit, plan, "plan.offered")
    return plan


def start(unit: Unit, plan: Plan) -> None:
    """This function will let an agreed plan begin: its claims are held for as long as it is kept.

    What a debtor's door cannot reach (his other claims, the interest) follows in `start_everywhere`.

    :raises UnableToPlan: its first day has passed.
    """
    plan.state, plan.agreed_at = PlanState.ACTIVE, unit.now
    unit.session.add(plan)
    unit.session.flush()
    _hold_all(unit, plan, HoldGround.PLAN_KEPT)
    first = unit.session.exec(
        select(PlanInstalment).where(
            PlanInstalment.creditor_id == plan.creditor_id, PlanInstalment.plan_id == plan.id,
            PlanInstalment.number == 1,
        )
    ).one()  # fmt: skip
    if first.due_on < unit.today:
        raise UnableToPlan("the first day of this plan has passed; make another one")
    told: dict[str, Any] = {
        "creditor_id": plan.creditor_id,
        "plan_id": plan.id,
        "amount_minor": first.amount_minor,
        "currency": plan.currency,
        "due_on": first.due_on.isoformat(),
        "total_minor": plan.total_minor,
    }
    emit(unit, *[PlanAgreed(claim_id=claim_id, lead=at == 0, **told)
                 for at, claim_id in enumerate(reached(unit, plan))])  # fmt: skip


def claims_of(unit: Unit, plan: Plan) -> list[UUID]:
    """This function will return the claims of a plan in order; the first one leads: it gets the messages."""
    return list(
        unit.session.exec(
            select(PlanClaim.claim_id)
            .where(PlanClaim.creditor_id == plan.creditor_id, PlanClaim.plan_id == plan.id)
            .order_by(col(PlanClaim.claim_id))
        )
    )


def keep_plan(
    unit: Unit,
    *,
    creditor_id: UUID,
    computed: ComputedPlan,
    state: PlanState,
    why: str = "",
    follows_id: UUID | None = None,
) -> Plan:
    """This function will write a computed plan down with its claims and instalments.

    :raises UnableToPlan: one of the claims is in a live plan or has an open promise or settlement.
    """
    _refuse_other_agreements(unit, creditor_id, list(computed.owed))
    bands = computed.bands
    days = bands.answer_days if state is PlanState.PROPOSED else bands.offer_days
    plan = Plan(
        creditor_id=creditor_id,
        id=new_id(),
        debtor_id=computed.debtor_id,
        state=state,
        rhythm=computed.schedule.rhythm,
        total_minor=computed.schedule.total.minor,
        currency=computed.schedule.total.currency,
        bands={**asdict(bands), "since": bands.since.isoformat()},
        reasons=list(computed.judgement.reasons),
        trace=as_json(computed.judgement.trace),
        known_payments=known_payments(unit, creditor_id=creditor_id, claim_ids=list(computed.owed)),
        made_at=unit.now,
        made_by=unit.by,
        answer_by=unit.today + timedelta(days=days),
        decision=why.strip(),
        follows_id=follows_id,
    )
    unit.session.add(plan)
    unit.session.flush()
    _write_parts(unit, plan, computed)
    return plan


def bands_of_plan(plan: Plan) -> Bands:
    """This function will return the bands that a plan is kept or broken by: those of when it was made."""
    return Bands(**{**plan.bands, "since": date.fromisoformat(plan.bands["since"])})


def record_decision(unit: Unit, plan: Plan, action: str) -> None:
    """This function will note in the audit what a person decided on a plan, and why."""
    record(
        unit,
        action=action,
        subject=f"plan:{plan.id}",
        creditor_id=plan.creditor_id,
        facts={"total_minor": plan.total_minor, "reasons": plan.reasons, "why": plan.decision},
    )


def lift(unit: Unit, plan: Plan, ground: HoldGround) -> None:
    """This function will end a plan's hold on each claim that this door reaches."""
    for claim_id in reached(unit, plan):
        lift_holds_on(unit, creditor_id=plan.creditor_id, claim_id=claim_id, ground=ground)


def _hold_all(unit: Unit, plan: Plan, ground: HoldGround) -> None:
    for claim_id in reached(unit, plan):
        place_hold(unit, creditor_id=plan.creditor_id, claim_id=claim_id, ground=ground)
        if ground is HoldGround.PLAN_KEPT:
            lift_holds_on(
                unit, creditor_id=plan.creditor_id, claim_id=claim_id, ground=HoldGround.PLAN_REQUESTED
            )


def reached(unit: Unit, plan: Plan) -> list[UUID]:
    """This function will return the plan's claims that this door sees: a debtor behind a link sees one."""
    return list(
        unit.session.exec(
            select(Claim.id)
            .where(Claim.creditor_id == plan.creditor_id, col(Claim.id).in_(claims_of(unit, plan)))
            .order_by(col(Claim.id))
        )
    )


def _claims(unit: Unit, creditor_id: UUID, claim_ids: Sequence[UUID]) -> list[Claim]:
    wanted = sorted(set(claim_ids))
    lock_claims(unit, creditor_id=creditor_id, claim_ids=wanted)
    claims = list(
        unit.session.exec(
            select(Claim)
            .where(Claim.creditor_id == creditor_id, col(Claim.id).in_(wanted))
            .order_by(col(Claim.id))
            .execution_options(populate_existing=True)
        )
    )
    if not wanted or len(claims) != len(wanted):
        raise UnableToPlan("no such claim")
    if any(claim.state != ClaimState.ACTIVE for claim in claims):
        raise UnableToPlan("this claim is not being collected")
    if len({(claim.debtor_id, claim.currency) for claim in claims}) > 1:
        raise UnableToPlan("a plan is for one debtor and one currency")
    if any(claim.disputed_minor >= claim.principal_minor for claim in claims):
        raise UnableToPlan("a claim that is contested as a whole takes no plan")
    return claims


def _schedule(total: Money, wish: Wish, bands: Bands) -> Schedule:
    least = Money(bands.instalment_min_minor, total.currency)
    shape: dict[str, Any] = {"total": total, "first_on": wish.first_on, "rhythm": wish.rhythm, "least": least}
    try:
        if wish.amount is not None:
            if wish.amount.currency != total.currency:
                raise Invalid("give the amount in the claim's currency", field="amount")
            return schedule_by_amount(amount=wish.amount, **shape)
        return schedule_by_count(count=wish.count or 0, **shape)
    except UnworkablePlan as unworkable:
        raise Invalid(_SENTENCES[unworkable.reason], field=unworkable.field) from None


_OTHERS = text(
    "SELECT 'promise' FROM promise WHERE creditor_id = :c AND claim_id = ANY(:claims) AND state = 'open'"
    " UNION ALL SELECT 'settlement' FROM settlement WHERE creditor_id = :c AND claim_id = ANY(:claims)"
    " AND state IN ('waiting', 'open')"
)


def _refuse_other_agreements(unit: Unit, creditor_id: UUID, claim_ids: Sequence[UUID]) -> None:
    found = (
        unit.session.connection().execute(_OTHERS, {"c": creditor_id, "claims": list(claim_ids)}).scalars()
    )
    other = next(iter(found), None)
    if other is not None:
        raise UnableToPlan(
            "a promise is open already" if other == "promise" else "a settlement is open already"
        )


def _write_parts(unit: Unit, plan: Plan, computed: ComputedPlan) -> None:
    whose = {"creditor_id": plan.creditor_id, "plan_id": plan.id}
    asked = charged(unit, creditor_id=plan.creditor_id, claim_ids=list(computed.owed))
    claims = [
        {
            **whose,
            "claim_id": claim_id,
            "owed_minor": owed.minor,
            "charged_minor": asked[claim_id],
            "live": True,
        }
        for claim_id, owed in sorted(computed.owed.items())
    ]
    parts = [
        {
            **whose,
            "number": one.number,
            "due_on": one.due_on,
            "amount_minor": one.amount.minor,
            "paid_minor": 0,
        }
        for one in computed.schedule.instalments
    ]
    try:
        with unit.session.begin_nested():
            unit.session.connection().execute(insert(PlanClaim), claims)
    except IntegrityError as error:
        raise UnableToPlan("a plan is running or asked for already") from error
    unit.session.connection().execute(insert(PlanInstalment), parts)
