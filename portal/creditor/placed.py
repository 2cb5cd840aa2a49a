"""Where to go once a creditor's placement was read."""

from uuid import UUID

from sqlalchemy import text

from agency.kernel.unit import Unit


def next_page(unit: Unit, creditor_id: UUID, placement_id: UUID) -> str:
    """This function will lead to the price when every row was taken; else to what became of the rows."""
    row = unit.session.connection().execute(
        text(
            "SELECT p.rejected, q.id FROM placement p JOIN quote q ON q.creditor_id = p.creditor_id"
            " AND q.placement_id = p.id AND q.state = 'open' WHERE p.creditor_id = :c AND p.id = :p"
        ),
        {"c": creditor_id, "p": placement_id},
    )
    found = row.first()
    if found and not found.rejected:
        return f"/creditor/quotes/{found.id}"
    return f"/creditor/placements/{placement_id}"
