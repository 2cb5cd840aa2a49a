"""A claim's disputes in words, for whichever door: status, disputed lines, and everything that was said."""

from typing import Any
from uuid import UUID

from sqlalchemy import text

from agency.disputes.lines import lines_of
from agency.kernel.unit import Unit
from agency.money import Money
from portal.shared.words import DISPUTE_ACTIONS, DISPUTE_REASONS, DISPUTE_STATES

_DISPUTES = text(
    "SELECT id, status, reason, text, disputed_minor, raised_at, resolved_at, outcome FROM dispute"
    " WHERE creditor_id = :c AND claim_id = :claim ORDER BY raised_at DESC, id DESC LIMIT 20"
)
_CHANGES = text(
    "SELECT dispute_id, action, disputed_minor, words, lines, at FROM dispute_change"
    " WHERE creditor_id = :c AND claim_id = :claim ORDER BY at, id LIMIT 200"
)


def disputes_of(unit: Unit, *, creditor_id: UUID, claim_id: UUID, currency: str) -> list[dict[str, Any]]:
    """This function will describe a claim's disputes, the latest first, each with its history."""
    values = {"c": creditor_id, "claim": claim_id}
    connection = unit.session.connection()
    history: dict[UUID, list[dict[str, Any]]] = {}
    for row in connection.execute(_CHANGES, values):
        history.setdefault(row.dispute_id, []).append(
            {
                "at": row.at,
                "what": DISPUTE_ACTIONS[row.action],
                "amount": Money(row.disputed_minor, currency),
                "words": row.words,
                "lines": [(line["number"], Money(line["minor"], currency)) for line in row.lines],
            }
        )
    return [
        {
            "id": row.id,
            "chip": DISPUTE_STATES[row.status],
            "label": DISPUTE_REASONS.get(row.reason, row.reason),
            "text": row.text,
            "amount": Money(row.disputed_minor, currency),
            "raised_at": row.raised_at,
            "resolved_at": row.resolved_at,
            "outcome": row.outcome,
            "history": history.get(row.id, []),
        }
        for row in connection.execute(_DISPUTES, values)
    ]


def invoice_lines(unit: Unit, *, creditor_id: UUID, claim_id: UUID, currency: str) -> list[dict[str, Any]]:
    """This function will return a claim's invoices that can be disputed, for choosing some of them."""
    return [
        {
            "id": line.invoice_id,
            "number": line.number,
            "open": Money(line.open_minor, currency),
            "disputed": Money(line.disputed_minor, currency),
        }
        for line in lines_of(unit, creditor_id=creditor_id, claim_id=claim_id)
        if line.open_minor > 0
    ]
