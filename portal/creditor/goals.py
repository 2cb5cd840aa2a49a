"""What a creditor wants of collection: pace or relation, and the most that it may cost; with what follows."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.kernel.unit import Unit
from agency.parties.goals import Goals, goals_of, set_goals
from agency.rules.facts import DebtorKind, Law
from agency.rules.goals import Emphasis, propose_path
from agency.rules.treatment import PathStep
from portal.creditor.doors import MANAGERS, binding, creditor_page, routes
from portal.creditor.words import step_words
from portal.shared.audience import CreditorUnit, TheVisitor, leave_for, own_creditor
from portal.shared.forms import AmountField, Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_, gettext, ngettext, typed_number

EMPHASES = (
    (Emphasis.speed, N_("Speed"), N_("Steps follow each other quickly, so that money comes in sooner.")),
    (Emphasis.balanced, N_("Balanced"), N_("The usual pace.")),
    (
        Emphasis.relation,
        N_("Relation"),
        N_("More time between steps, and a call before the formal notice: for customers you want to keep."),
    ),
)


class GoalsForm(FormModel):
    """The goal, and the highest fee in per cent; without one there is no limit."""

    emphasis: Emphasis
    maximum_fee_percent: AmountField | None = None


@routes.get("/goals")
def goals(request: Request, unit: CreditorUnit, visitor: TheVisitor) -> Response:
    """What was told, and the path that follows from each choice."""
    told = goals_of(unit, creditor_id=own_creditor(visitor))
    return _page(request, unit, visitor.roles, own_creditor(visitor), _filled(told))


def _filled(told: Goals) -> Form[Any]:
    percent = "" if told.maximum_fee_bps is None else typed_number(Decimal(told.maximum_fee_bps) / 100)
    return blank(emphasis=told.emphasis.value, maximum_fee_percent=percent)


@binding.post("/goals")
def tell(request: Request, unit: CreditorUnit, visitor: TheVisitor, fields: Fields) -> Response:
    """Keep the goals; claims that are being collected stay on the path that they began with."""
    creditor_id = own_creditor(visitor)
    form = submitted(GoalsForm, fields)
    with form.attempt(unit):
        set_goals(
            unit,
            creditor_id=creditor_id,
            emphasis=form.data.emphasis,
            maximum_fee_percent=form.data.maximum_fee_percent,
        )
    if form.errors:
        return _page(request, unit, visitor.roles, creditor_id, form, status=422)
    return leave_for("/creditor/goals", notice=N_("Your goals are kept; new claims follow them."))


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
        "goals.html",
        status=status,
        form=form,
        choices=[(value.value, label, about) for value, label, about in EMPHASES],
        paths=[(gettext(label), _path(value)) for value, label, _ in EMPHASES],
        told=goals_of(unit, creditor_id=creditor_id).told,
        may_tell=bool(roles & MANAGERS),
    )


def _path(emphasis: Emphasis) -> list[tuple[str, str]]:
    """The steps of the path of a Dutch business with their distance, as an example of what a goal does."""
    path = propose_path(law=Law.nl, debtor=DebtorKind.company, emphasis=emphasis).path
    return [(step_words(step.key), when_after(step)) for step in path.steps if step.days or not step.optional]


def when_after(step: PathStep) -> str:
    """This function will say how long after what a step of a default path is due."""
    days = ngettext("%(num)s day", "%(num)s days", step.days) % {"num": step.days}
    after = {
        "due_date": gettext("%(days)s after the due date"),
        "previous_sent": gettext("%(days)s after the step before"),
        "notice_ended": gettext("%(days)s after the term of the notice"),
    }[step.anchor]
    return after % {"days": days}
