"""What the page of a price says about prices of one's own, and where the rate card fits badly."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.kernel.unit import Unit
from agency.pricing.asking import CLAIMS_MAX, why_poor
from agency.pricing.offers_read import parsed
from portal.price_requests import grounds_words, latest_about

_OF_QUOTE = text(
    "SELECT o.request_id AS id, q.claims, (SELECT coalesce(sum("
    "  CAST(l.facts #>> '{offer,at_most_minor}' AS bigint)), 0)::bigint FROM quote_line l"
    "  WHERE l.creditor_id = q.creditor_id AND l.quote_id = q.id) AS at_most"
    " FROM price_offer o JOIN quote q ON q.creditor_id = o.creditor_id AND q.id = o.quote_id"
    " WHERE o.creditor_id = :c AND o.quote_id = :q"
)


def offer_head(unit: Unit, creditor_id: UUID, quote_id: UUID) -> dict[str, Any] | None:
    """This function will return the head of the document of a quote that was an offer; None of another."""
    document = unit.session.connection().execute(
        text(
            "SELECT q.document FROM quote q WHERE q.creditor_id = :c AND q.id = :q AND EXISTS (SELECT FROM"
            " price_offer o WHERE o.creditor_id = q.creditor_id AND o.quote_id = q.id)"
        ),
        {"c": creditor_id, "q": quote_id},
    )
    kept = document.scalar_one_or_none()
    return None if kept is None else dict(parsed(bytes(kept))["head"])


def own_price_of(
    unit: Unit, creditor_id: UUID, found: Row[Any]
) -> tuple[Row[Any] | None, Row[Any] | None, list[str]]:
    """This function will return the request that a quote came from, the request about its claims that runs or
    ran last, and why the card fits them badly where nothing was asked yet."""
    which = {"c": creditor_id, "q": found.id}
    own = unit.session.connection().execute(_OF_QUOTE, which).one_or_none()
    about = {"claim_id": found.claim_id} if found.claim_id else {"placement_id": found.placement_id}
    asked = latest_about(unit, creditor_id=creditor_id, **about)
    if own is not None or found.state != "open" or found.claims > CLAIMS_MAX:
        return own, asked, []
    return own, asked, grounds_words(why_poor(unit, creditor_id=creditor_id, **about))
