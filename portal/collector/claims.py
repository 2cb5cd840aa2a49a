"""All claims, searched and paged; the page of one; and the search behind the command palette."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlmodel import col
from starlette.requests import Request
from starlette.responses import Response

from agency.claims.erased import told_reference
from agency.claims.finding import find_claims
from agency.claims.models import Claim
from agency.money import Money
from agency.progress.worklist import CLAIM_ORDERS, all_claims
from portal.collector.claim_views import show_claim
from portal.collector.doors import claim_url, desk_page, routes
from portal.collector.words import PHASES
from portal.shared.audience import StaffUnit, TheVisitor
from portal.shared.i18n import N_
from portal.shared.listing import Chip, Column, Cut, Listing
from portal.shared.words import CLAIM_STATES

COLUMNS = (
    Column("debtor", N_("Debtor"), "link", sub="city", sort=True),
    Column("number", N_("Claim"), sub="reference", sort=True),
    Column("creditor", N_("Creditor"), phone=False),
    Column("state", N_("Status"), "chip"),
    Column("due_on", N_("Due"), "day", sort=True, phone=False),
    Column("principal", N_("Placed"), "money", sort=True, phone=False),
    Column("open", N_("Principal open"), "money"),
)


@routes.get("/claims")
def claims(request: Request, unit: StaffUnit) -> Response:
    """Every claim of every creditor."""
    listing = Listing.read(
        "/desk/claims",
        request.query_params,
        sorts=tuple(CLAIM_ORDERS),
        default="-number",
        filters=("q", "state", "phase", "creditor"),
    )
    filters = listing.filters
    statement = all_claims(
        state=filters.get("state", ""),
        phase=filters.get("phase", ""),
        creditor=filters.get("creditor", ""),
        words=filters.get("q", ""),
    )
    rows = unit.session.connection().execute(
        listing.apply(statement, columns=CLAIM_ORDERS, tie=col(Claim.id))
    )
    cut = listing.cut(rows.all(), position=lambda row: (_position(row, listing.sort), row.claim_id))
    return desk_page(
        request,
        "claims.html",
        columns=COLUMNS,
        listing=listing,
        cut=Cut([_row(row) for row in cut.rows], cut.next_url, cut.previous_url),
        states=[(state, chip.label) for state, chip in CLAIM_STATES.items()],
        phases=[(phase, chip.label) for phase, chip in PHASES.items()],
    )


@routes.get("/claims/{creditor_id:uuid}/{claim_id:uuid}")
def claim(
    request: Request, unit: StaffUnit, visitor: TheVisitor, creditor_id: UUID, claim_id: UUID
) -> Response:
    """One claim with everything around it."""
    return show_claim(request, unit, visitor, creditor_id, claim_id)


@routes.get("/search")
def search(request: Request, unit: StaffUnit, q: str = "") -> Response:
    """What a few letters may mean, as links for the command palette."""
    words = q.strip().replace("\0", "")[:100]
    return desk_page(
        request,
        "search.html",
        found=[
            {"href": claim_url(row.creditor_id, row.id), "debtor": row.debtor, "number": row.number,
             "creditor": row.creditor}
            for row in find_claims(unit, words=words)
        ],
    )  # fmt: skip


def _position(row: Row[Any], sort: str) -> Any:
    fields = {"debtor": "name_key", "principal": "principal_minor"}
    return getattr(row, fields.get(sort, sort))


def _row(row: Row[Any]) -> dict[str, Any]:
    state = PHASES[row.phase] if row.state == "active" else CLAIM_STATES[row.state]
    if row.state == "active" and row.disputed_minor:
        state = Chip(N_("Disputed"), "bad")
    return {
        "id": row.claim_id,
        "href": claim_url(row.creditor_id, row.claim_id),
        "debtor": row.debtor,
        "city": row.city or "",
        "number": row.number,
        "reference": told_reference(row.reference),
        "creditor": row.creditor,
        "state": state,
        "due_on": row.due_on,
        "principal": Money(row.principal_minor, row.currency),
        "open": Money(int(row.open_minor), row.currency) if row.state not in ("new", "quoted") else None,
    }
