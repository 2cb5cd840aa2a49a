"""What a creditor's terms say that an outlook needs."""

from datetime import date
from uuid import UUID

from sqlalchemy import text

from agency.kernel.unit import Unit
from agency.parties.terms import NoTerms, terms_on
from agency.pricing.outlook import Agreed
from agency.rules.rate_card import RateCard


def agreed_with(unit: Unit, *, creditor_id: UUID, card: RateCard, on: date) -> Agreed:
    """This function will return what the creditor's terms say of costs, interest and VAT on a day."""
    creditor = (
        unit.session.connection()
        .execute(text("SELECT country, vat_deductible FROM creditor WHERE id = :c"), {"c": creditor_id})
        .one()
    )
    clause, interest_to, costs_to = False, card.interest_to, card.costs_to
    try:
        terms = terms_on(unit, creditor_id=creditor_id, on=on)
        clause, interest_to, costs_to = terms.costs_clause, terms.interest_to.value, terms.costs_to.value
    except NoTerms:
        pass  # the card says it
    return Agreed(
        country=creditor.country,
        costs_clause=clause,
        vat_deductible=creditor.vat_deductible,
        keeps={"interest": interest_to, "costs": costs_to},
    )
