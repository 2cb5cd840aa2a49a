"""Money of a plan that went back: collections that the bank refused or gave back, payments that were taken
back. What that does to the plan, and to the mandate."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.arrangements.models import DebitState, DirectDebit, Plan, PlanInstalment, PlanState, SepaMandate
from agency.events import InstalmentGivenBack
from agency.kernel.emitting import emit
from agency.kernel.unit import Unit, agency_day
from agency.rules.instalments import Part, asked_again
from agency.rules.mandates import ends_mandate

_SEEN = text(
    "SELECT greatest((SELECT max(seen_at) FROM direct_debit WHERE creditor_id = :c AND plan_id = :plan"
    "  AND state = 'returned'),"
    " (SELECT max(p.reversed_at) FROM payment p JOIN plan_claim c ON c.creditor_id = p.creditor_id"
    "  AND c.claim_id = p.claim_id JOIN plan ON plan.creditor_id = c.creditor_id AND plan.id = c.plan_id"
    "  WHERE c.creditor_id = :c AND c.plan_id = :plan AND p.reversed_at > plan.made_at))"
)


def parts_asked(unit: Unit, plan: Plan, rows: Sequence[PlanInstalment]) -> list[Part]:
    """This function will return a plan's instalments with the days from which they are late.

    What went back is late from the day we saw it: until then the debtor had paid.
    """
    seen = unit.session.connection().execute(_SEEN, {"c": plan.creditor_id, "plan": plan.id}).scalar_one()
    return [
        asked_again(
            Part(row.number, row.due_on, row.amount_minor, row.paid_minor),
            given_back_on=_day(seen),
            missed_on=_day(row.missed_at),
        )
        for row in rows
    ]


def tell_given_back(unit: Unit, debit: DirectDebit) -> None:
    """This function will tell that an instalment was not collected after all, and end a mandate under which
    nothing can be collected any more."""
    ended = _end_mandate(unit, debit)
    plan = unit.session.get_one(Plan, (debit.creditor_id, debit.plan_id))
    # One that was paid off runs on now that its last money went back.
    if plan.state not in (PlanState.ACTIVE, PlanState.COMPLETED):
        return
    row = unit.session.get_one(PlanInstalment, (debit.creditor_id, debit.plan_id, debit.number))
    emit(
        unit,
        InstalmentGivenBack(
            creditor_id=debit.creditor_id,
            claim_id=debit.claim_id,
            plan_id=debit.plan_id,
            number=debit.number,
            due_on=row.due_on.isoformat(),
            amount_minor=debit.amount_minor,
            currency=debit.currency,
            mandate_ended=ended,
        ),
    )


def is_collected_again(unit: Unit, *, creditor_id: UUID, plan_id: UUID, number: int) -> bool:
    """This function will tell whether an instalment that is open may still come by direct debit: what was
    collected once and is open again is not collected a second time."""
    once = unit.session.exec(
        select(DirectDebit.number).where(
            DirectDebit.creditor_id == creditor_id,
            DirectDebit.plan_id == plan_id,
            DirectDebit.number == number,
            col(DirectDebit.state).in_((DebitState.COLLECTED, DebitState.RETURNED)),
        )
    ).first()
    return once is None


def _end_mandate(unit: Unit, debit: DirectDebit) -> bool:
    if not ends_mandate(debit.return_reason, on=unit.today):
        return False
    mandate = unit.session.get_one(
        SepaMandate, (debit.creditor_id, debit.mandate_id), with_for_update=True, populate_existing=True
    )
    if mandate.revoked_at is not None:
        return False
    mandate.revoked_at, mandate.revoked_by = unit.now, unit.by
    unit.session.add(mandate)
    unit.session.flush()
    return True


def _day(moment: datetime | None) -> date | None:
    return agency_day(moment) if moment is not None else None
