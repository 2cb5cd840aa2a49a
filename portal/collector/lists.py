"""Promises and disputes over all claims."""

from typing import Any, Final

from sqlalchemy import Row
from sqlmodel import col
from starlette.requests import Request
from starlette.responses import Response

from agency.arrangements.models import Promise
from agency.disputes.models import Dispute
from agency.kernel.unit import Unit
from agency.money import Money
from agency.progress.worklist import (
    DISPUTE_ORDERS,
    PROMISE_ORDERS,
    DisputesAsked,
    all_disputes,
    all_promises,
)
from portal.collector.doors import claim_url, desk_page, routes
from portal.collector.words import DISPUTE_REASONS, DISPUTE_STATES, PROMISE_STATES
from portal.shared.audience import StaffUnit
from portal.shared.i18n import N_, gettext
from portal.shared.listing import Chip, Column, Cut, Listing

PROMISES = (
    Column("debtor", N_("Debtor"), "link", sub="number", sort=True),
    Column("amount", N_("Amount"), "money", sort=True),
    Column("due_on", N_("Pays on"), "day", sort=True),
    Column("state", N_("Status"), "chip"),
    Column("creditor", N_("Creditor"), phone=False),
    Column("made_at", N_("Promised on"), "day", phone=False),
)
DISPUTES = (
    Column("debtor", N_("Debtor"), "link", sub="number", sort=True),
    Column("reason", N_("Reason"), sub="text"),
    Column("disputed", N_("Disputed"), "money", sort=True),
    Column("state", N_("Status"), "chip"),
    Column("creditor", N_("Creditor"), phone=False),
    Column("raised_at", N_("Raised on"), "day", sort=True),
)
_FIELDS = {
    "debtor": "name_key",
    "amount": "amount_minor",
    "due_on": "promised_on",
    "disputed": "disputed_minor",
}
_ASKED: Final[dict[str, DisputesAsked]] = {"ended": "ended", "settled": "settled"}


@routes.get("/promises")
def promises(request: Request, unit: StaffUnit) -> Response:
    """Promises to pay, the soonest first; those that broke come to the queue by themselves."""
    listing = Listing.read(
        "/desk/promises", request.query_params, sorts=tuple(PROMISE_ORDERS), default="due_on",
        filters=("q", "state"),
    )  # fmt: skip
    statement = all_promises(state=_state(listing), words=listing.filters.get("q", ""))
    rows = unit.session.connection().execute(
        listing.apply(statement, columns=PROMISE_ORDERS, tie=col(Promise.id))
    )
    cut = _cut(listing, rows.all(), lambda row: _promise(row, unit))
    states = [(state, chip.label) for state, chip in PROMISE_STATES.items() if state != "open"]
    return desk_page(request, "promises.html", columns=PROMISES, listing=listing, cut=cut, states=states)


@routes.get("/disputes")
def disputes(request: Request, unit: StaffUnit) -> Response:
    """Disputes, the oldest first."""
    listing = Listing.read(
        "/desk/disputes", request.query_params, sorts=tuple(DISPUTE_ORDERS), default="raised_at",
        filters=("q", "state"),
    )  # fmt: skip
    asked = _ASKED.get(listing.filters.get("state", ""), "open")
    statement = all_disputes(asked=asked, words=listing.filters.get("q", ""))
    rows = unit.session.connection().execute(
        listing.apply(statement, columns=DISPUTE_ORDERS, tie=col(Dispute.id))
    )
    states = [("ended", N_("Open, the claim has ended")), ("settled", N_("Settled"))]
    return desk_page(
        request,
        "disputes.html",
        columns=DISPUTES,
        listing=listing,
        cut=_cut(listing, rows.all(), _dispute),
        states=states,
    )


def _state(listing: Listing) -> str:
    """Which promises are asked for; a bare address asks for those that are still open."""
    value = listing.filters.get("state", "")
    return value if value in PROMISE_STATES else "open"


def _cut(listing: Listing, rows: Any, shown: Any) -> Cut[dict[str, Any]]:
    field = _FIELDS.get(listing.sort, listing.sort)
    cut = listing.cut(rows, position=lambda row: (getattr(row, field), row.id))
    return Cut([shown(row) for row in cut.rows], cut.next_url, cut.previous_url)


def _promise(row: Row[Any], unit: Unit) -> dict[str, Any]:
    state = PROMISE_STATES[row.promise_state]
    if row.promise_state == "open" and row.promised_on < unit.today:
        state = Chip(N_("Being checked"), "warning")
    return {
        "id": row.id,
        "href": claim_url(row.creditor_id, row.claim_id),
        "debtor": row.debtor,
        "number": row.number,
        "creditor": row.creditor,
        "amount": Money(row.amount_minor, row.currency),
        "due_on": row.promised_on,
        "state": state,
        "made_at": row.made_at,
    }


def _dispute(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "href": claim_url(row.creditor_id, row.claim_id),
        "debtor": row.debtor,
        "number": row.number,
        "creditor": row.creditor,
        "reason": gettext(DISPUTE_REASONS.get(row.reason, row.reason)),
        "text": row.text,
        "disputed": Money(row.disputed_minor, row.currency),
        "state": DISPUTE_STATES[row.status],
        "raised_at": row.raised_at,
    }
