"""Visits over all claims: first those that are still to be made, for whoever makes them."""

from typing import Any

from sqlalchemy import Row
from sqlmodel import col
from starlette.requests import Request
from starlette.responses import Response

from agency.desk.models import FieldVisit
from agency.progress.visit_list import VISIT_ORDERS, all_visits
from portal.collector.doors import claim_url, desk_page, routes
from portal.collector.words import VISIT_STATES
from portal.shared.audience import StaffUnit
from portal.shared.i18n import N_
from portal.shared.listing import Column, Cut, Listing

VISITS = (
    Column("debtor", N_("Debtor"), "link", sub="number", sort=True),
    Column("day", N_("Day"), "day", sub="hours", sort=True),
    Column("address", N_("Address")),
    Column("visitor", N_("Visitor"), sort=True, phone=False),
    Column("state", N_("Status"), "chip"),
    Column("creditor", N_("Creditor"), phone=False),
)


@routes.get("/visits")
def visits(request: Request, unit: StaffUnit) -> Response:
    """Visits that are still to be made, the first day first; or those of another state."""
    listing = Listing.read(
        "/desk/visits", request.query_params, sorts=tuple(VISIT_ORDERS), default="day", filters=("q", "state")
    )
    asked = listing.filters.get("state", "")
    statement = all_visits(state=asked if asked in VISIT_STATES else "", words=listing.filters.get("q", ""))
    rows = unit.session.connection().execute(
        listing.apply(statement, columns=VISIT_ORDERS, tie=col(FieldVisit.id))
    )
    field = "name_key" if listing.sort == "debtor" else listing.sort
    cut = listing.cut(rows.all(), position=lambda row: (getattr(row, field), row.id))
    return desk_page(
        request,
        "visits.html",
        columns=VISITS,
        listing=listing,
        cut=Cut([_row(row) for row in cut.rows], cut.next_url, cut.previous_url),
        states=[(name, chip.label) for name, chip in VISIT_STATES.items() if name != "under_way"],
    )


def _row(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "href": f"{claim_url(row.creditor_id, row.claim_id)}/visits",
        "debtor": row.debtor,
        "number": row.number,
        "day": row.day,
        "hours": f"{row.first:%H:%M} – {row.last:%H:%M}",
        "address": ", ".join(part for part in (row.street, row.postal_code, row.city) if part),
        "visitor": row.visitor,
        "state": VISIT_STATES[row.visit_state],
        "creditor": row.creditor,
    }
