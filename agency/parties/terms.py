"""What was agreed with a creditor, as of a date."""

from datetime import date
from uuid import UUID

from sqlmodel import col, select

from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.parties.models import CreditorTerms


class NoTerms(NotFound):
    """Nothing had been agreed with the creditor on that day."""


def terms_on(unit: Unit, *, creditor_id: UUID, on: date) -> CreditorTerms:
    """This function will return the latest terms that had begun on a day.

    :raises NoTerms: none had.
    """
    terms = unit.session.exec(
        select(CreditorTerms)
        .where(CreditorTerms.creditor_id == creditor_id, CreditorTerms.valid_from <= on)
        .order_by(col(CreditorTerms.valid_from).desc())
        .limit(1)
    ).one_or_none()
    if terms is None:
        raise NoTerms("no terms were agreed with this creditor on that day")
    return terms


def agree_terms(unit: Unit, *, terms: CreditorTerms) -> None:
    """This function will add terms that count from their first day; earlier ones stay as history."""
    unit.session.add(terms)
    unit.session.flush()
