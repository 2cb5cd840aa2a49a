"""What pages show of agreements: one plan with its instalments, the plans of a claim, and lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel import col, select

from agency.arrangements.given_back import parts_asked
from agency.arrangements.models import (
    Plan,
    PlanInstalment,
    PlanState,
    Promise,
    PromiseState,
    Settlement,
)
from agency.arrangements.plans import bands_of_plan
from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.instalments import PartState, standing

_LATEST = text(
    "SELECT p.id FROM plan p JOIN plan_claim c ON c.creditor_id = p.creditor_id AND c.plan_id = p.id"
    " WHERE p.creditor_id = :c AND c.claim_id = :claim"
    " ORDER BY c.live DESC, p.made_at DESC, p.id DESC LIMIT 1"
)
_COVERED = text(
    "SELECT c.id, c.number, pc.owed_minor FROM plan_claim pc JOIN claim c ON c.creditor_id = pc.creditor_id"
    " AND c.id = pc.claim_id WHERE pc.creditor_id = :c AND pc.plan_id = :plan ORDER BY c.number"
)


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One instalment as a page shows it."""

    number: int
    due_on: date
    amount: Money
    paid: Money
    state: PartState

    @property
    def open(self) -> Money:
        """What is still to be paid of it."""
        return self.amount - self.paid


@dataclass(frozen=True, slots=True)
class Covered:
    """A claim of a plan: only those that the reader's door reaches are listed."""

    claim_id: UUID
    number: str
    owed: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSheet:
    """The statement of a plan: what was agreed, what was paid, and what comes next."""

    creditor_id: UUID
    plan_id: UUID
    debtor_id: UUID
    state: PlanState
    rhythm: str
    total: Money
    paid: Money
    lines: tuple[SheetLine, ...]
    claims: tuple[Covered, ...]
    interest_stops: bool
    grace_days: int
    reasons: tuple[str, ...]
    made_at: datetime
    made_by: str
    answer_by: date | None
    decision: str
    ended_at: datetime | None

    @property
    def left(self) -> Money:
        """What is still to be paid of the plan."""
        return self.total - self.paid

    @property
    def next(self) -> SheetLine | None:
        """The instalment that is paid next: the oldest that is not."""
        return next((line for line in self.lines if line.open.minor > 0), None)


def read_plan(unit: Unit, *, creditor_id: UUID, plan_id: UUID) -> PlanSheet:
    """This function will return the statement of a plan.

    :raises NotFound: this reader has no such plan.
    """
    plan = unit.session.get(Plan, (creditor_id, plan_id), populate_existing=True)
    if plan is None:
        raise NotFound("no such plan")
    rows = unit.session.exec(
        select(PlanInstalment)
        .where(PlanInstalment.creditor_id == creditor_id, PlanInstalment.plan_id == plan_id)
        .order_by(col(PlanInstalment.number))
        .execution_options(populate_existing=True)
    ).all()
    covered = unit.session.connection().execute(_COVERED, {"c": creditor_id, "plan": plan_id})
    return _sheet(unit, plan, rows, covered.all())


def plan_of_claim(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> PlanSheet | None:
    """This function will return a claim's live plan, else its latest one, else None."""
    found = unit.session.connection().execute(_LATEST, {"c": creditor_id, "claim": claim_id})
    plan_id = found.scalar_one_or_none()
    return None if plan_id is None else read_plan(unit, creditor_id=creditor_id, plan_id=plan_id)


def open_promise(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> Promise | None:
    """This function will return the promise of a claim that is still awaited, None without one."""
    return unit.session.exec(
        select(Promise).where(
            Promise.creditor_id == creditor_id,
            Promise.claim_id == claim_id,
            Promise.state == PromiseState.OPEN,
        )
    ).one_or_none()


def settlement_of_claim(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> Settlement | None:
    """This function will return the latest settlement of a claim, None when there was none."""
    return unit.session.exec(
        select(Settlement)
        .where(Settlement.creditor_id == creditor_id, Settlement.claim_id == claim_id)
        .order_by(col(Settlement.offered_at).desc(), col(Settlement.id).desc())
        .limit(1)
    ).first()


_WAITING = text(
    "SELECT s.id, s.claim_id, c.number, c.reference, d.name AS debtor, s.owed_minor, s.amount_minor,"
    " s.currency, s.pay_by, s.why, s.offered_at FROM settlement s"
    " JOIN claim c ON c.creditor_id = s.creditor_id AND c.id = s.claim_id"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " WHERE s.creditor_id = :c AND s.state = 'waiting' ORDER BY s.offered_at, s.id LIMIT 200"
)


def settlements_to_decide(unit: Unit, *, creditor_id: UUID) -> Sequence[Row[Any]]:
    """This function will return the settlements that wait for a creditor, the oldest first."""
    return unit.session.connection().execute(_WAITING, {"c": creditor_id}).all()


_OTHERS = text(
    "SELECT c.id, c.number, c.principal_minor, c.currency FROM claim c JOIN claim mine"
    " ON mine.creditor_id = c.creditor_id AND mine.debtor_id = c.debtor_id AND mine.currency = c.currency"
    " WHERE mine.creditor_id = :c AND mine.id = :claim AND c.id <> mine.id AND c.state = 'active'"
    " AND c.disputed_minor < c.principal_minor AND NOT EXISTS (SELECT FROM plan_claim pc"
    "  WHERE pc.creditor_id = c.creditor_id AND pc.claim_id = c.id AND pc.live)"
    " ORDER BY c.number LIMIT 50"
)


def joinable_claims(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> Sequence[Row[Any]]:
    """This function will return the debtor's other claims with this creditor that one plan may cover too."""
    return unit.session.connection().execute(_OTHERS, {"c": creditor_id, "claim": claim_id}).all()


def _sheet(unit: Unit, plan: Plan, rows: Sequence[PlanInstalment], covered: Sequence[Row[Any]]) -> PlanSheet:
    parts = parts_asked(unit, plan, rows)
    states = standing(parts, today=unit.today, bands=bands_of_plan(plan)).parts
    currency = plan.currency
    return PlanSheet(
        creditor_id=plan.creditor_id,
        plan_id=plan.id,
        debtor_id=plan.debtor_id,
        state=PlanState(plan.state),
        rhythm=str(plan.rhythm),
        total=Money(plan.total_minor, currency),
        paid=Money(sum(row.paid_minor for row in rows), currency),
        lines=tuple(
            SheetLine(
                row.number,
                row.due_on,
                Money(row.amount_minor, currency),
                Money(row.paid_minor, currency),
                states[row.number],
            )
            for row in rows
        ),
        claims=tuple(Covered(row.id, row.number, Money(row.owed_minor, currency)) for row in covered),
        interest_stops=bool(plan.bands["interest_stops"]),
        grace_days=int(plan.bands["grace_days"]),
        reasons=tuple(plan.reasons),
        made_at=plan.made_at,
        made_by=plan.made_by,
        answer_by=plan.answer_by,
        decision=plan.decision,
        ended_at=plan.ended_at,
    )
