"""Accepting or declining a quote: the whole placement at once, once, before it expires by the database's
clock.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import text

from agency.claims.lifecycle import move_placement
from agency.claims.states import ClaimState
from agency.events import QuoteAccepted, QuoteDeclined
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, NotFound
from agency.kernel.unit import Unit


class QuoteNotOpen(Conflict):
    """The quote was accepted, declined or replaced before."""


class QuoteExpired(Conflict):
    """The quote's last moment has passed; a new one can be asked for."""


class QuoteOutdated(Conflict):
    """The claims have changed since the quote was made; a new one replaces it."""


def accept_quote(unit: Unit, *, creditor_id: UUID, quote_id: UUID) -> int:
    """This function will accept a quote: its claims become active and the mandate stands.

    Two acceptances at one moment meet in the quote's row; the second finds it accepted.

    :returns: how many claims became active.
    :raises NotFound: this creditor has no such quote.
    :raises QuoteNotOpen, QuoteExpired, QuoteOutdated: nothing is accepted.
    """
    placement_id = _close(unit, creditor_id, quote_id, to="accepted")
    changed = unit.session.connection().execute(
        text(
            # A subquery, not a join: each claim finds its line by key, whatever is believed of the
            # tables' size.
            "SELECT 1 FROM claim c WHERE c.creditor_id = :c AND c.placement_id = :p"
            " AND c.state IN ('new', 'quoted') AND (SELECT CAST(l.facts ->> 'amount_minor' AS bigint)"
            "  FROM quote_line l WHERE l.creditor_id = c.creditor_id AND l.quote_id = :q AND l.claim_id"
            " = c.id)"
            " IS DISTINCT FROM c.principal_minor LIMIT 1"
        ),
        {"c": creditor_id, "q": quote_id, "p": placement_id},
    )
    if changed.first() is not None:
        raise QuoteOutdated("the claims have changed since this price was made")
    accepted = move_placement(
        unit, creditor_id=creditor_id, placement_id=placement_id, to=ClaimState.ACTIVE, why="quote accepted"
    )
    _tell(unit, creditor_id, quote_id, placement_id, "accepted", claims=accepted)
    emit(unit, QuoteAccepted(creditor_id=creditor_id, quote_id=quote_id, placement_id=placement_id))
    return accepted


def decline_quote(unit: Unit, *, creditor_id: UUID, quote_id: UUID, why: str = "") -> int:
    """This function will decline a quote: its claims are withdrawn and nothing is charged.

    :returns: how many claims were withdrawn.
    :raises NotFound: this creditor has no such quote.
    :raises QuoteNotOpen: it was accepted, declined or replaced before.
    """
    placement_id = _close(unit, creditor_id, quote_id, to="declined")
    withdrawn = move_placement(
        unit,
        creditor_id=creditor_id,
        placement_id=placement_id,
        to=ClaimState.WITHDRAWN,
        why=why or "quote declined",
    )
    _tell(unit, creditor_id, quote_id, placement_id, "declined", claims=withdrawn)
    emit(unit, QuoteDeclined(creditor_id=creditor_id, quote_id=quote_id))
    return withdrawn


def _close(unit: Unit, creditor_id: UUID, quote_id: UUID, *, to: str) -> UUID:
    """Close an open quote in one statement, so that state and clock are judged where they are changed."""
    accepted = to == "accepted"
    stamp = ", accepted_at = app.now(), accepted_by = :by" if accepted else ""
    alive = " AND expires_at > app.now()" if accepted else ""
    connection = unit.session.connection()
    parameters: dict[str, Any] = {"c": creditor_id, "q": quote_id, "to": to, "by": unit.by}
    closed = connection.execute(
        text(
            f"UPDATE quote SET state = :to{stamp} WHERE creditor_id = :c AND id = :q"
            f" AND state = 'open'{alive}"
            " RETURNING placement_id"
        ),
        parameters,
    ).scalar_one_or_none()
    if closed is not None:
        placement_id: UUID = closed
        return placement_id
    standing = connection.execute(
        text("SELECT state FROM quote WHERE creditor_id = :c AND id = :q"), parameters
    ).scalar_one_or_none()
    if standing is None:
        raise NotFound("no such quote")
    if standing == "open":
        raise QuoteExpired("this price has expired; ask for a new one")
    raise QuoteNotOpen(f"this quote was {standing} before")


def _tell(
    unit: Unit, creditor_id: UUID, quote_id: UUID, placement_id: UUID, what: str, *, claims: int
) -> None:
    unit.session.connection().execute(
        text("UPDATE placement SET state = :what WHERE creditor_id = :c AND id = :p"),
        {"c": creditor_id, "p": placement_id, "what": what},
    )
    record(
        unit,
        action=f"quote.{what}",
        subject=f"quote:{quote_id}",
        creditor_id=creditor_id,
        facts={"placement": str(placement_id), "claims": claims},
    )
