"""Prices: the list, and one quote with its build-up and what would make it cheaper."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from starlette.requests import Request
from starlette.responses import Response

from agency.kernel.unit import Unit
from agency.money import Money
from agency.parties.goals import goals_of
from agency.parties.onboarding import is_ready
from agency.pricing.outlooks import quote_outlook
from agency.pricing.quoting import quote_placement
from agency.pricing.rate_cards import card_of
from agency.pricing.requoting import requote_claim
from agency.rules.goals import over_maximum
from portal.creditor.claims import line_words
from portal.creditor.doors import creditor_page, routes
from portal.creditor.own_prices import own_price_of
from portal.creditor.price_changes import count_waiting, price_change, waiting_price
from portal.creditor.products import placement_product
from portal.creditor.words import DOCUMENTS, QUOTE_STATES, decline_words
from portal.quote_rows import quote_of, quote_rows
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
    creditor_id = own_creditor(visitor)
    rows = [listed_quote(row) for row in quote_rows(unit, creditor_id=creditor_id)]
    waiting = count_waiting(unit, creditor_id=creditor_id).claims + sum(
        row["state"] is QUOTE_STATES["open"] and row["placed"] for row in rows
    )
    return creditor_page(request, "quotes.html", columns=COLUMNS, cut=Cut(rows), waiting=waiting)


def listed_quote(row: Row[Any]) -> dict[str, Any]:
    """This function will turn a price into what a table of prices shows."""
    return {
        "href": f"/creditor/quotes/{row.id}",
        "number": row.number,
        "placement": row.placement,
        "placed": row.placement_id is not None,
        "state": QUOTE_STATES[row.state],
        "claims": row.claims,
        "principal": Money(row.principal_minor, row.currency),
        "fee": row.fee_bps_average,
        "issued_at": row.issued_at,
    }


@routes.get("/quotes/{quote_id:uuid}")
def quote(request: Request, unit: CreditorUnit, visitor: TheVisitor, quote_id: UUID) -> Response:
    """One price with every factor."""
    return quote_page(request, unit, visitor.roles, own_creditor(visitor), quote_id)


def quote_page(
    request: Request,
    unit: Unit,
    roles: frozenset[str],
    creditor_id: UUID,
    quote_id: UUID,
    *,
    error: str = "",
    status: int = 200,
) -> Response:
    """This function will show one price; `error` says why something was not done."""
    found = quote_of(unit, creditor_id, quote_id)
    lines = quote_lines(unit, creditor_id, quote_id, LINES_SHOWN)
    own_price, asked, poor = own_price_of(unit, creditor_id, found)
    fee_at_most = Money(own_price.at_most if own_price else found.fee_at_most, found.currency)
    principal = Money(found.principal_minor, found.currency)
    card = card_of(unit, rate_card_id=found.rate_card_id).card
    expected = quote_outlook(unit, creditor_id=creditor_id, quote_id=quote_id, card=card, on=unit.today)
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
        ready=is_ready(unit, creditor_id=creditor_id),
        over_maximum=_over_maximum(unit, creditor_id, quote_id),
        expected=None if own_price else expected,
        own_price=own_price,
        asked_price=asked,
        poor=poor,
        change=price_change(unit, creditor_id=creditor_id, quote_id=quote_id)
        if found.claim_id and not own_price
        else None,
        product=placement_product(unit, creditor_id=creditor_id, placement_id=found.placement_id),
        reason=decline_words(found.closed_why),
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


def quote_lines(unit: Unit, creditor_id: UUID, quote_id: UUID, limit: int) -> list[dict[str, Any]]:
    """This function will return the lines of a price in words, the largest claims first."""
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
            " WHERE l.creditor_id = :c AND l.quote_id = :q GROUP BY 1"
            " UNION ALL SELECT NULL, count(*), sum((fee_bps - CAST(facts ->> 'resolved_bps' AS integer))"
            " * CAST(facts ->> 'amount_minor' AS bigint) / 10000)::bigint FROM quote_line"
            " WHERE creditor_id = :c AND quote_id = :q AND facts ? 'resolved_bps' HAVING count(*) > 0"
            " ORDER BY 3 DESC, 1"
        ),
        {"c": creditor_id, "q": quote_id},
    )
    return [
        {
            "label": gettext("Add: %(document)s") % {"document": gettext(DOCUMENTS[row.kind])}
            if row.kind
            else gettext("Settle the dispute in your favour"),
            "claims": row.claims,
            "less": Money(row.less, currency),
        }
        for row in rows
    ]


@routes.post("/quotes/{quote_id:uuid}/renewal")
def renew(unit: CreditorUnit, visitor: TheVisitor, quote_id: UUID) -> Response:
    """Ask for a new price in place of one that expired."""
    creditor_id = own_creditor(visitor)
    found = quote_of(unit, creditor_id, quote_id)
    if found.claim_id is not None:
        return _renew_rise(unit, creditor_id, found)
    issued = quote_placement(unit, creditor_id=creditor_id, placement_id=found.placement_id)
    if issued is None:
        return leave_for(
            f"/creditor/quotes/{quote_id}", notice=N_("No claim waits for a price."), tone="info"
        )
    return leave_for(f"/creditor/quotes/{issued.quote_id}")


def _renew_rise(unit: Unit, creditor_id: UUID, found: Row[Any]) -> Response:
    """Ask anew for the higher price of one claim; what it costs now may have become less meanwhile."""
    requote_claim(unit, creditor_id=creditor_id, claim_id=found.claim_id)
    waiting = waiting_price(unit, creditor_id=creditor_id, claim_id=found.claim_id)
    if waiting is None:
        return leave_for(
            f"/creditor/claims/{found.claim_id}", notice=N_("No claim waits for a price."), tone="info"
        )
    return leave_for(f"/creditor/quotes/{waiting['row'].id}")
