"""A claim's disputes in words, for whichever door: status, disputed lines, and everything that was said."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

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
    history = history_of([row._asdict() for row in connection.execute(_CHANGES, values)], currency)
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


def history_of(changes: Sequence[Mapping[str, Any]], currency: str) -> dict[UUID, list[dict[str, Any]]]:
    """This function will describe what was done with each dispute, by its id, the oldest first."""
    history: dict[UUID, list[dict[str, Any]]] = {}
    for change in changes:
        history.setdefault(change["dispute_id"], []).append(
            {
                "at": change["at"],
                "what": DISPUTE_ACTIONS[change["action"]],
                "amount": Money(change["disputed_minor"], currency),
                "words": change["words"],
                "lines": [(line["number"], Money(line["minor"], currency)) for line in change["lines"]],
            }
        )
    return history


def invoice_lines(invoices: Sequence[Mapping[str, Any]], currency: str) -> list[dict[str, Any]]:
    """This function will return a claim's invoices that can be disputed, for choosing some of them."""
    return [
        {"id": one["id"], "number": one["number"], "open": Money(one["open_minor"], currency)}
        for one in invoices
        if one["open_minor"] > 0
    ]
