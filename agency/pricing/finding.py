"""Finding a quote by what people and programs call it."""

from uuid import UUID

from sqlalchemy import text

from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit


def quote_numbered(unit: Unit, *, creditor_id: UUID, number: str) -> UUID:
    """This function will return a creditor's quote by its number (`Q-2026-00001`) or its id.

    :raises NotFound: this creditor has no such quote.
    """
    found = (
        unit.session.connection()
        .execute(
            text("SELECT id FROM quote WHERE creditor_id = :c AND (number = :number OR id::text = :number)"),
            {"c": creditor_id, "number": number[:64].replace("\0", "")},
        )
        .scalar_one_or_none()
    )
    if found is None:
        raise NotFound("no such quote")
    quote_id: UUID = found
    return quote_id
