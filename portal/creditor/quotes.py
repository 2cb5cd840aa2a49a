"""Prices: the list, one quote with its build-up and what would make it cheaper, accepting and declining."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from starlette.requests import Request
from starlette.responses import Response

from agency.kernel.errors import AgencyError, Conflict, NotFound
from agency.kernel.unit import Unit
from agency.money import Money
from agency.parties.goals import goals_of
from agency.pricing.acceptance import accept_quote, decline_quote
from agency.pricing.quoting import quote_placement
from agency.rules.goals import over_maximum
from portal.creditor.claims import line_words
from portal.creditor.doors import binding, creditor_page, routes
from portal.creditor.figures import quotes as quote_rows
from portal.creditor.words import DOCUMENTS, QUOTE_STATES
from portal.shared.audience import CreditorUnit, TheVisitor, leave_for, own_creditor
from portal.shared.i18n import N_, gettext
from portal.shared.listing import Column, Cut

LINES_SHOWN = 100
COLUMNS = (
    Column("number", N_("Price"), "link", sub="placement"),
    Column("state", N_("Status"), "chip"),
    Column("claims", N_("Claims"), "number"),
    Column("principal", N_("Together"), "money", phone=False),
    Column("fee", N_("Fee"), "bps"),
    Column("issued_at", N_("Made"), "moment", phone=False),
)


@routes.get("/quotes")
def quotes(request: Request, unit: CreditorUnit, visitor: TheVisitor) -> Response:
    """Every price that was made for this creditor."""
    rows = [
        {
            "href": f"/creditor/quotes/{row.id}",
            "number": row.number,
            "placement": row.placement,
            "state": QUOTE_STATES[row.state],
            "claims": row.claims,
            "principal": Money(row.principal_minor, row.currency),
            "fee": row.fee_bps_average,
            "issued_at": row.issued_at,
        }
        for row in quote_rows(unit, creditor_id=own_creditor(visitor))
    ]
    return creditor_page(request, "quotes.html", columns=COLUMNS, cut=Cut(rows))


@routes.get("/quotes/{quote_id:uuid}")
def quote(request: Request, unit: CreditorUnit, visitor: TheVisitor, quote_id: UUID) -> Response:
    """One price with every factor."""
    return _quote_page(request, unit, visitor.roles, own_creditor(visitor), quote_id)


def _quote_page(
    request: Request,
    unit: Unit,
    roles: frozenset[str],
    creditor_id: UUID,
    quote_id: UUID,
    *,
    error: str = "",
    status: int = 200,
) -> Response:
    found = _quote(unit, creditor_id, quote_id)
    lines = _lines(unit, creditor_id, quote_id, LINES_SHOWN)
    fee_at_most = Money(found.fee_at_most, found.currency)
    principal = Money(found.principal_minor, found.currency)
    return creditor_page(
        request,
        "quote.html",
        status=status,
        quote=found,
        chip=QUOTE_STATES[found.state],
        principal=principal,
        fee_at_most=fee_at_most,
        left=principal - fee_at_most,
        lines=lines,
        more=found.claims - len(lines),
        savings=_savings(unit, creditor_id, quote_id, found.currency),
        may_bind="creditor_manager" in roles,
        over_maximum=_over_maximum(unit, creditor_id, quote_id),
        error=error,
    )


def _over_maximum(unit: Unit, creditor_id: UUID, quote_id: UUID) -> dict[str, Any] | None:
    """How many claims of a price cost more than the creditor's own maximum."""
    maximum = goals_of(unit, creditor_id=creditor_id).maximum_fee_bps
    if maximum is None:
        return None
    fees = unit.session.connection().execute(
        text("SELECT fee_bps, count(*) FROM quote_line WHERE creditor_id = :c AND quote_id = :q GROUP BY 1"),
        {"c": creditor_id, "q": quote_id},
    )
    over = sum(count for fee, count in fees if over_maximum(fee_bps=fee, maximum_fee_bps=maximum))
    return {"claims": over, "maximum": maximum} if over else None


def _quote(unit: Unit, creditor_id: UUID, quote_id: UUID) -> Row[Any]:
    row = (
        unit.session.connection()
        .execute(
            text(
                "SELECT q.id, q.number, q.placement_id, q.claims, q.principal_minor, q.currency,"
                " q.fee_bps_average, q.issued_at, q.expires_at, q.accepted_at, r.version AS card,"
                " p.name AS placement, p.rejected, CASE WHEN q.state = 'open' AND q.expires_at <= app.now()"
                " THEN 'expired' ELSE q.state END AS state, (SELECT coalesce(sum("
                "  CAST(l.facts ->> 'maximum_minor' AS bigint)), 0)::bigint FROM quote_line l"
                "  WHERE l.creditor_id = q.creditor_id AND l.quote_id = q.id) AS fee_at_most,"
                " (SELECT n.id FROM quote n WHERE n.creditor_id = q.creditor_id"
                "  AND n.placement_id = q.placement_id AND n.state = 'open' AND n.id <> q.id LIMIT 1)"
                " AS newer"
                " FROM quote q JOIN rate_card r ON r.id = q.rate_card_id JOIN placement p"
                " ON p.creditor_id = q.creditor_id AND p.id = q.placement_id"
                " WHERE q.creditor_id = :c AND q.id = :q"
            ),
            {"c": creditor_id, "q": quote_id},
        )
        .one_or_none()
    )
    if row is None:
        raise NotFound("no such quote")
    return row


def _lines(unit: Unit, creditor_id: UUID, quote_id: UUID, limit: int) -> list[dict[str, Any]]:
    rows = unit.session.connection().execute(
        text(
            "SELECT l.fee_bps, l.facts, l.factors, l.quote_id, 'open' AS state, c.id AS claim_id, c.number,"
            " c.reference, d.name AS debtor FROM quote_line l"
            " JOIN claim c ON c.creditor_id = l.creditor_id AND c.id = l.claim_id"
            " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
            " WHERE l.creditor_id = :c AND l.quote_id = :q ORDER BY c.principal_minor DESC, c.id LIMIT :limit"
        ),
        {"c": creditor_id, "q": quote_id, "limit": limit},
    )
    return [
        line_words(row)
        | {"claim_id": row.claim_id, "number": row.number, "reference": row.reference, "debtor": row.debtor}
        for row in rows
    ]


def _savings(unit: Unit, creditor_id: UUID, quote_id: UUID, currency: str) -> list[dict[str, Any]]:
    """What each kind of document would save over the whole quote, if added to every claim that lacks it."""
    rows = unit.session.connection().execute(
        text(
            "SELECT s ->> 0 AS kind, count(*) AS claims, sum((l.fee_bps - CAST(s ->> 1 AS integer))"
            " * CAST(l.facts ->> 'amount_minor' AS bigint) / 10000)::bigint AS less"
            " FROM quote_line l, jsonb_array_elements(l.facts -> 'cheaper') s"
            " WHERE l.creditor_id = :c AND l.quote_id = :q GROUP BY 1 ORDER BY 3 DESC, 1"
        ),
        {"c": creditor_id, "q": quote_id},
    )
    return [
        {"label": gettext(DOCUMENTS[row.kind]), "claims": row.claims, "less": Money(row.less, currency)}
        for row in rows
    ]


@binding.post("/quotes/{quote_id:uuid}/acceptance")
def accept(request: Request, unit: CreditorUnit, visitor: TheVisitor, quote_id: UUID) -> Response:
    """Accept the price: the claims of the whole placement go into collection."""
    creditor_id = own_creditor(visitor)
    try:
        with unit.session.begin_nested():
            accept_quote(unit, creditor_id=creditor_id, quote_id=quote_id)
    except Conflict as refusal:
        return _refused(request, unit, visitor.roles, creditor_id, quote_id, refusal)
    return leave_for(
        f"/creditor/quotes/{quote_id}",
        notice=N_("Accepted. The first reminders go out as soon as the law allows."),
    )


@binding.post("/quotes/{quote_id:uuid}/refusal")
def decline(request: Request, unit: CreditorUnit, visitor: TheVisitor, quote_id: UUID) -> Response:
    """Decline the price: the claims are withdrawn and nothing is charged."""
    creditor_id = own_creditor(visitor)
    try:
        with unit.session.begin_nested():
            decline_quote(unit, creditor_id=creditor_id, quote_id=quote_id)
    except Conflict as refusal:
        return _refused(request, unit, visitor.roles, creditor_id, quote_id, refusal)
    return leave_for(f"/creditor/quotes/{quote_id}", notice=N_("Declined. Nothing is charged."), tone="info")


@routes.post("/quotes/{quote_id:uuid}/renewal")
def renew(unit: CreditorUnit, visitor: TheVisitor, quote_id: UUID) -> Response:
    """Ask for a new price in place of one that expired."""
    creditor_id = own_creditor(visitor)
    found = _quote(unit, creditor_id, quote_id)
    issued = quote_placement(unit, creditor_id=creditor_id, placement_id=found.placement_id)
    if issued is None:
        return leave_for(
            f"/creditor/quotes/{quote_id}", notice=N_("No claim waits for a price."), tone="info"
        )
    return leave_for(f"/creditor/quotes/{issued.quote_id}")


def _refused(
    request: Request,
    unit: Unit,
    roles: frozenset[str],
    creditor_id: UUID,
    quote_id: UUID,
    refusal: AgencyError,
) -> Response:
    return _quote_page(
        request, unit, roles, creditor_id, quote_id, error=refusal.message, status=refusal.status
    )
