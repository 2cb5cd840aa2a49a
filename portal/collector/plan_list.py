"""Payment plans over all claims: first those that wait for an answer."""

from typing import Any

from sqlalchemy import Row
from sqlmodel import col
from starlette.requests import Request
from starlette.responses import Response

from agency.arrangements.models import Plan
from agency.money import Money
from agency.progress.plan_list import PLAN_ORDERS, all_plans
from portal.collector.doors import desk_page, routes
from portal.shared.audience import StaffUnit
from portal.shared.i18n import N_
from portal.shared.listing import Column, Cut, Listing
from portal.shared.plan_words import PLAN_STATES

PLANS = (
    Column("debtor", N_("Debtor"), "link", sub="number", sort=True),
    Column("total", N_("In all"), "money", sort=True),
    Column("paid", N_("Paid"), "money", phone=False),
    Column("state", N_("Status"), "chip"),
    Column("creditor", N_("Creditor"), phone=False),
    Column("made_at", N_("Asked on"), "day", sort=True),
    Column("answer_by", N_("Answer by"), "day", phone=False),
)
_FIELDS = {"debtor": "name_key", "total": "total_minor"}


@routes.get("/plans")
def plans(request: Request, unit: StaffUnit) -> Response:
    """Plans in one state, the oldest first: who waits longest is answered first."""
    listing = Listing.read(
        "/desk/plans", request.query_params, sorts=tuple(PLAN_ORDERS), default="made_at",
        filters=("q", "state"),
    )  # fmt: skip
    asked = listing.filters.get("state", "")
    state = asked if asked in PLAN_STATES else "proposed"
    statement = all_plans(state=state, words=listing.filters.get("q", ""))
    rows = unit.session.connection().execute(listing.apply(statement, columns=PLAN_ORDERS, tie=col(Plan.id)))
    field = _FIELDS.get(listing.sort, listing.sort)
    cut = listing.cut(rows.all(), position=lambda row: (getattr(row, field), row.id))
    return desk_page(
        request,
        "plans.html",
        columns=PLANS,
        listing=listing,
        cut=Cut([_row(row) for row in cut.rows], cut.next_url, cut.previous_url),
        states=[(name, chip.label) for name, chip in PLAN_STATES.items() if name != "proposed"],
    )


def _row(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "href": f"/desk/plans/{row.creditor_id}/{row.id}",
        "debtor": row.debtor,
        "number": row.number,
        "creditor": row.creditor,
        "total": Money(row.total_minor, row.currency),
        "paid": Money(int(row.paid_minor), row.currency),
        "state": PLAN_STATES[row.plan_state],
        "made_at": row.made_at,
        "answer_by": row.answer_by if row.plan_state in ("proposed", "offered") else None,
    }
