"""The outlook of a quote's claims and of one that is only asked about, from the books."""

from dataclasses import replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.kernel.unit import Unit
from agency.money import Money
from agency.pricing.agreed_terms import agreed_with
from agency.pricing.outlook import Agreed, Outlook, outlook, together
from agency.pricing.recovering import own_books
from agency.pricing.requoting import agreed_price
from agency.pricing.scoring import ClaimFacts
from agency.rules.facts import InterestKind, Law
from agency.rules.rate_card import RateCard

CLAIMS_MAX: Final = 200
"""A page works out at most so many claims; the largest come first."""

_LINES = text(
    "SELECT l.fee_bps, l.facts, c.law, c.interest_kind, c.due_on FROM quote_line l"
    " JOIN claim c ON c.creditor_id = l.creditor_id AND c.id = l.claim_id"
    " WHERE l.creditor_id = :c AND l.quote_id = :q ORDER BY c.principal_minor DESC, c.id LIMIT :limit"
)

_CLAIM = text("SELECT law, interest_kind, due_on FROM claim WHERE creditor_id = :c AND id = :claim")


def quote_outlook(
    unit: Unit, *, creditor_id: UUID, quote_id: UUID, card: RateCard, on: date
) -> tuple[Outlook, Agreed, int] | None:
    """This function will add up the outlook of a quote's claims, of the largest `CLAIMS_MAX` of many.

    :param on: the day until which interest is counted, and as of which the books are read.
    :returns: the outlook, what was agreed, and how many claims are in it; None when the quote has no lines.
    """
    rows = (
        unit.session.connection()
        .execute(_LINES, {"c": creditor_id, "q": quote_id, "limit": CLAIMS_MAX})
        .all()
    )
    if not rows:
        return None
    agreed = agreed_with(unit, creditor_id=creditor_id, card=card, on=on)
    own = own_books(unit, on=on)
    found = [_of_line(row, on, agreed, own) for row in rows]
    return together(found), agreed, len(found)


def claim_outlook(unit: Unit, *, creditor_id: UUID, claim_id: UUID, owed: Money) -> Outlook | None:
    """This function will work out what going on with a claim may still bring and cost, as of today.

    :param owed: the principal that is still open; nothing more can be expected than that.
    :returns: None when nothing is open, or no price was agreed.
    """
    price = agreed_price(unit, creditor_id=creditor_id, claim_id=claim_id)
    if price is None or owed.minor <= 0:
        return None
    claim = unit.session.connection().execute(_CLAIM, {"c": creditor_id, "claim": claim_id}).one()
    return outlook(
        facts=replace(price.facts, amount=owed, age_days=max(0, (unit.today - claim.due_on).days)),
        law=Law(claim.law),
        interest_kind=InterestKind(claim.interest_kind),
        due_on=claim.due_on,
        today=unit.today,
        fee_bps=price.terms.fee_bps,
        agreed=agreed_with(unit, creditor_id=creditor_id, card=price.card.card, on=unit.today),
        own=own_books(unit, on=unit.today),
    )


def _of_line(row: Row[Any], on: date, agreed: Agreed, own: Any) -> Outlook:
    return outlook(
        facts=ClaimFacts.from_json(row.facts),
        law=Law(row.law),
        interest_kind=InterestKind(row.interest_kind),
        due_on=row.due_on,
        today=on,
        fee_bps=row.fee_bps,
        agreed=agreed,
        own=own,
    )
