"""Taking a case, finishing it, letting it rest; after the last word on one the next case opens."""

from datetime import datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.desk.queue import TakenCase, finish, put_back, put_off, take, take_next
from agency.kernel.unit import AGENCY_ZONE
from portal.collector.claim_views import show_claim
from portal.collector.doors import claim_url, routes
from portal.shared.audience import StaffUnit, TheVisitor, leave_for
from portal.shared.forms import Fields, FormModel, submitted
from portal.shared.i18n import N_

NOTHING_WAITS = N_("Nothing waits any more. Well done.")


class HeldForm(FormModel):
    """Which lease the page was made under."""

    generation: int


class PutOffForm(HeldForm):
    """Until when a case rests, on the agency's clock."""

    until: datetime


@routes.post("/cases")
def take_one(unit: StaffUnit, visitor: TheVisitor) -> Response:
    """Take the next case, or go on with the one in hand."""
    return _open(take_next(unit, user_id=visitor.user_id))


@routes.post("/cases/{creditor_id:uuid}/{item_id:uuid}")
def take_this(unit: StaffUnit, visitor: TheVisitor, creditor_id: UUID, item_id: UUID) -> Response:
    """Take a chosen case."""
    return _open(take(unit, user_id=visitor.user_id, creditor_id=creditor_id, item_id=item_id))


@routes.post("/cases/{creditor_id:uuid}/{item_id:uuid}/completion")
def complete(
    unit: StaffUnit, visitor: TheVisitor, fields: Fields, creditor_id: UUID, item_id: UUID
) -> Response:
    """Finish a case; the next one opens."""
    held = submitted(HeldForm, fields)
    finish(
        unit,
        creditor_id=creditor_id,
        item_id=item_id,
        user_id=visitor.user_id,
        generation=held.data.generation,
    )
    return _open(take_next(unit, user_id=visitor.user_id))


@routes.post("/cases/{creditor_id:uuid}/{item_id:uuid}/{claim_id:uuid}/rest")
def rest(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    fields: Fields,
    creditor_id: UUID,
    item_id: UUID,
    claim_id: UUID,
) -> Response:
    """Let a case rest until a moment; the next one opens."""
    form = submitted(PutOffForm, fields)
    with form.attempt(unit):
        put_off(
            unit,
            creditor_id=creditor_id,
            item_id=item_id,
            user_id=visitor.user_id,
            generation=form.data.generation,
            until=form.data.until.replace(tzinfo=AGENCY_ZONE),
        )
    if form.errors:
        return show_claim(request, unit, visitor, creditor_id, claim_id, failed=("rest", form))
    return _open(take_next(unit, user_id=visitor.user_id))


@routes.post("/cases/return")
def give_back(unit: StaffUnit, visitor: TheVisitor) -> Response:
    """Put whatever is in hand back on the queue."""
    put_back(unit, user_id=visitor.user_id)
    return leave_for("/desk", notice=N_("The case is back on the queue."))


def _open(case: TakenCase | None) -> Response:
    if case is None:
        return leave_for("/desk", notice=NOTHING_WAITS)
    return leave_for(claim_url(case.creditor_id, case.claim_id))
