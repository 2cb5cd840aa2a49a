"""Claims of one creditor that look alike, for a collector: one debt or two?"""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.intake.duplicates import decide_duplicate, open_questions
from portal.collector.doors import desk_page, routes
from portal.shared.audience import StaffUnit, leave_for
from portal.shared.duplicates import AnswerForm, asked, refuse_unknown
from portal.shared.forms import Fields, submitted
from portal.shared.i18n import N_


@routes.get("/duplicates")
def duplicates(request: Request, unit: StaffUnit) -> Response:
    """Every pair that waits for an answer, of every creditor, the oldest first."""
    found = open_questions(unit, creditor_id=None)
    return desk_page(request, "duplicates.html", questions=[asked(one, "/desk") for one in found])


@routes.post("/duplicates/{creditor_id:uuid}/{duplicate_id:uuid}")
def decide(unit: StaffUnit, fields: Fields, creditor_id: UUID, duplicate_id: UUID) -> Response:
    """Keep the answer; of one debt the younger claim is withdrawn."""
    refuse_unknown(unit, creditor_id=creditor_id, duplicate_id=duplicate_id)
    form = submitted(AnswerForm, fields)
    with form.attempt(unit):
        decide_duplicate(unit, creditor_id=creditor_id, duplicate_id=duplicate_id, answer=form.data.answer)
    if form.errors:
        return leave_for("/desk/duplicates", notice=next(iter(form.errors.values())), tone="bad")
    return leave_for("/desk/duplicates", notice=N_("The answer is kept."))
