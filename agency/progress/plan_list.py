"""The list of payment plans over all claims, for the desk."""

from typing import Any, Final

from sqlalchemy import Select, and_, func, select
from sqlmodel import col

from agency.arrangements.models import Plan, PlanClaim, PlanInstalment
from agency.claims.finding import matches
from agency.claims.models import Claim
from agency.parties.models import Creditor, Debtor
from agency.progress.worklist import Orders

PLAN_ORDERS: Final[Orders] = {
    "made_at": col(Plan.made_at),
    "debtor": col(Debtor.name_key),
    "total": col(Plan.total_minor),
}

# A plan is listed once, under the first of its claims.
_LEAD: Final = (
    select(col(PlanClaim.claim_id))
    .where(col(PlanClaim.creditor_id) == col(Plan.creditor_id), col(PlanClaim.plan_id) == col(Plan.id))
    .order_by(col(PlanClaim.claim_id))
    .limit(1)
    .correlate(Plan)
    .scalar_subquery()
)
_PAID: Final = (
    select(func.coalesce(func.sum(col(PlanInstalment.paid_minor)), 0))
    .where(
        col(PlanInstalment.creditor_id) == col(Plan.creditor_id), col(PlanInstalment.plan_id) == col(Plan.id)
    )
    .correlate(Plan)
    .scalar_subquery()
    .label("paid_minor")
)


def all_plans(*, state: str, words: str) -> Select[Any]:
    """This function will select the plans in one state over all creditors, found by words."""
    chosen = (
        select(
            col(Plan.creditor_id), col(Plan.id), col(Plan.state).label("plan_state"), col(Plan.total_minor),
            col(Plan.currency), col(Plan.made_at), col(Plan.answer_by), _PAID, col(Claim.number),
            col(Debtor.name).label("debtor"), col(Debtor.name_key), col(Creditor.name).label("creditor"),
        )
        .select_from(Plan)
        .join(Claim, and_(col(Claim.creditor_id) == col(Plan.creditor_id), col(Claim.id) == _LEAD))
        .join(
            Debtor,
            and_(col(Debtor.creditor_id) == col(Plan.creditor_id), col(Debtor.id) == col(Plan.debtor_id)),
        )
        .join(Creditor, col(Creditor.id) == col(Plan.creditor_id))
        .where(col(Plan.state) == state)
    )  # fmt: skip
    return chosen.where(matches(words)) if words else chosen
