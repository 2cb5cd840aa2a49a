"""Claims that look alike: one debt or two? Asked side by side, the answer is kept."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.intake.duplicates import decide_duplicate, open_questions
from portal.creditor.doors import creditor_page, routes
from portal.shared.audience import CreditorUnit, TheVisitor, leave_for, own_creditor
from portal.shared.duplicates import AnswerForm, asked, refuse_unknown
from portal.shared.forms import Fields, submitted
from portal.shared.i18n import N_


@routes.get("/duplicates")
def duplicates(request: Request, unit: CreditorUnit, visitor: TheVisitor) -> Response:
    """Every pair that waits for an answer."""
    found = open_questions(unit, creditor_id=own_creditor(visitor))
    return creditor_page(request, "duplicates.html", questions=[asked(one, "/creditor") for one in found])


@routes.post("/duplicates/{duplicate_id:uuid}")
def decide(unit: CreditorUnit, visitor: TheVisitor, fields: Fields, duplicate_id: UUID) -> Response:
    """Keep the answer; of one debt the younger claim is withdrawn."""
    refuse_unknown(unit, creditor_id=own_creditor(visitor), duplicate_id=duplicate_id)
    form = submitted(AnswerForm, fields)
    with form.attempt(unit):
        decide_duplicate(
            unit, creditor_id=own_creditor(visitor), duplicate_id=duplicate_id, answer=form.data.answer
        )
    if form.errors:
        return leave_for("/creditor/duplicates", notice=next(iter(form.errors.values())), tone="bad")
    return leave_for("/creditor/duplicates", notice=N_("Your answer is kept."))
