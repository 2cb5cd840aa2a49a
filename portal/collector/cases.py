"""Taking a case, finishing it, letting it rest; after the last word on one the next case opens, of the kind
that was chosen in the list."""

from datetime import datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.desk.models import WorkKind
from agency.desk.queue import TakenCase, finish, put_back, put_off, take, take_next
from agency.kernel.unit import AGENCY_ZONE, Unit
from portal.collector.claim_views import show_claim
from portal.collector.doors import claim_url, routes
from portal.shared.audience import StaffUnit, TheVisitor, leave_for
from portal.shared.forms import Fields, FormModel, submitted
from portal.shared.i18n import N_
from portal.shared.sessions import Visitor

NOTHING_WAITS = N_("Nothing waits any more. Well done.")
NONE_OF_THIS_KIND = N_("Nothing of this kind waits any more.")
_KIND_COOKIE = "desk_kind"


class TakeForm(FormModel):
    """Which kind of work; without one the most urgent of all."""

    kind: str = ""


class HeldForm(FormModel):
    """Which lease the page was made under."""

    generation: int


class PutOffForm(HeldForm):
    """Until when a case rests, on the agency's clock."""

    until: datetime


@routes.post("/cases")
def take_one(unit: StaffUnit, visitor: TheVisitor, fields: Fields) -> Response:
    """Take the next case, or go on with the one in hand; the kind chosen here counts for those after it."""
    form = submitted(TakeForm, fields)
    kind = _kind("" if form.errors else form.data.kind)
    response = _open(take_next(unit, user_id=visitor.user_id, kind=kind), kind)
    if kind:
        response.set_cookie(_KIND_COOKIE, kind.value, httponly=True, samesite="lax", path="/desk")
    else:
        response.delete_cookie(_KIND_COOKIE, path="/desk")
    return response


@routes.post("/cases/{creditor_id:uuid}/{item_id:uuid}")
def take_this(unit: StaffUnit, visitor: TheVisitor, creditor_id: UUID, item_id: UUID) -> Response:
    """Take a chosen case."""
    return _open(take(unit, user_id=visitor.user_id, creditor_id=creditor_id, item_id=item_id))


@routes.post("/cases/{creditor_id:uuid}/{item_id:uuid}/completion")
def complete(
    request: Request, unit: StaffUnit, visitor: TheVisitor, fields: Fields, creditor_id: UUID, item_id: UUID
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
    return _following(request, unit, visitor)


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
    return _following(request, unit, visitor)


@routes.post("/cases/return")
def give_back(unit: StaffUnit, visitor: TheVisitor) -> Response:
    """Put whatever is in hand back on the queue."""
    put_back(unit, user_id=visitor.user_id)
    return leave_for("/desk", notice=N_("The case is back on the queue."))


def _kind(asked: str) -> WorkKind | None:
    return WorkKind(asked) if asked in set(WorkKind) else None


def _following(request: Request, unit: Unit, visitor: Visitor) -> Response:
    kind = _kind(request.cookies.get(_KIND_COOKIE, ""))
    return _open(take_next(unit, user_id=visitor.user_id, kind=kind), kind)


def _open(case: TakenCase | None, kind: WorkKind | None = None) -> Response:
    if case is None and kind:
        return leave_for("/desk", notice=NONE_OF_THIS_KIND)
    if case is None:
        return leave_for("/desk", notice=NOTHING_WAITS)
    return leave_for(claim_url(case.creditor_id, case.claim_id))
