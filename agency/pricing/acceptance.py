"""Accepting or declining a quote, the whole of it or chosen claims: once, before it expires by the
database's clock. The claims that were not chosen get a price again.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, NoReturn
from uuid import UUID

from sqlalchemy import text

from agency.claims.lifecycle import move_placement
from agency.claims.states import ClaimState
from agency.events import QuoteAccepted, QuoteDeclined
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.unit import Unit
from agency.pricing.quoting import quote_placement

WHY_MAX: Final = 500


class QuoteNotOpen(Conflict):
    """The quote was accepted, declined or replaced before."""


class QuoteExpired(Conflict):
    """The quote's last moment has passed; a new one can be asked for."""


class QuoteOutdated(Conflict):
    """The claims have changed since the quote was made; a new one replaces it."""


@dataclass(frozen=True)
class _Closing:
    """A quote that is being accepted or declined; `chosen` is None where all its claims are."""

    creditor_id: UUID
    quote_id: UUID
    placement_id: UUID
    chosen: frozenset[UUID] | None
    why: str


def accept_quote(
    unit: Unit,
    *,
    creditor_id: UUID,
    quote_id: UUID,
    claims: Collection[UUID] | None = None,
    address: str | None = None,
) -> int:
    """This function will accept a quote: its claims, or those chosen, become active and the mandate stands.

    Two acceptances at one moment meet in the quote's row; the second finds it accepted.

    :param claims: the claims that are accepted; all when None. The others are priced in a quote of their own.
    :param address: the network address that the acceptance came from, kept with who and when.
    :returns: how many claims became active.
    :raises NotFound: this creditor has no such quote.
    :raises Invalid: no claim was chosen, or one that is not in the quote.
    :raises QuoteNotOpen, QuoteExpired, QuoteOutdated: nothing is accepted.
    """
    closing = _close(unit, creditor_id, quote_id, to="accepted", claims=claims, address=address, why="")
    _refuse_outdated(unit, closing)
    accepted = _move(unit, closing, to=ClaimState.ACTIVE, why="quote accepted")
    _tell(unit, closing, "accepted", claims=accepted)
    emit(unit, QuoteAccepted(creditor_id=creditor_id, quote_id=quote_id, placement_id=closing.placement_id))
    _price_the_others(unit, closing)
    return accepted


def decline_quote(
    unit: Unit,
    *,
    creditor_id: UUID,
    quote_id: UUID,
    why: str = "",
    claims: Collection[UUID] | None = None,
    address: str | None = None,
) -> int:
    """This function will decline a quote: its claims, or those chosen, are withdrawn and nothing is charged.

    :param why: the creditor's reason, kept with the quote.
    :returns: how many claims were withdrawn.
    :raises NotFound: this creditor has no such quote.
    :raises Invalid: no claim was chosen, or one that is not in the quote, or the reason is too long.
    :raises QuoteNotOpen: it was accepted, declined or replaced before.
    """
    if len(why) > WHY_MAX:
        raise Invalid("the reason is too long", field="why")
    closing = _close(unit, creditor_id, quote_id, to="declined", claims=claims, address=address, why=why)
    withdrawn = _move(unit, closing, to=ClaimState.WITHDRAWN, why=why or "quote declined")
    _tell(unit, closing, "declined", claims=withdrawn)
    emit(unit, QuoteDeclined(creditor_id=creditor_id, quote_id=quote_id))
    _price_the_others(unit, closing)
    return withdrawn


def _close(
    unit: Unit,
    creditor_id: UUID,
    quote_id: UUID,
    *,
    to: str,
    claims: Collection[UUID] | None,
    address: str | None,
    why: str,
) -> _Closing:
    """Close an open quote in one statement, so that state and clock are judged where they are changed."""
    chosen = _chosen(unit, creditor_id, quote_id, claims)
    accepted = to == "accepted"
    stamp = ", accepted_at = app.now(), accepted_by = :by" if accepted else ""
    alive = " AND expires_at > app.now()" if accepted else ""
    parameters = {"c": creditor_id, "q": quote_id, "to": to, "by": unit.by, "from": address, "why": why}
    closed = (
        unit.session.connection()
        .execute(
            text(
                f"UPDATE quote SET state = :to{stamp}, closed_at = app.now(), closed_by = :by,"
                " closed_from = :from, closed_why = :why"
                f" WHERE creditor_id = :c AND id = :q AND state = 'open'{alive} RETURNING placement_id"
            ),
            parameters,
        )
        .scalar_one_or_none()
    )
    if closed is None:
        _refuse_closed(unit, parameters)
    closing = _Closing(creditor_id, quote_id, closed, chosen, why)
    _leave_others(unit, closing)
    return closing


def _refuse_closed(unit: Unit, parameters: dict[str, Any]) -> NoReturn:
    standing = (
        unit.session.connection()
        .execute(text("SELECT state FROM quote WHERE creditor_id = :c AND id = :q"), parameters)
        .scalar_one_or_none()
    )
    if standing is None:
        raise NotFound("no such quote")
    if standing == "open":
        raise QuoteExpired("this price has expired; ask for a new one")
    raise QuoteNotOpen(f"this quote was {standing} before")


def _chosen(
    unit: Unit, creditor_id: UUID, quote_id: UUID, claims: Collection[UUID] | None
) -> frozenset[UUID] | None:
    """Return the chosen claims when all are lines of the quote; None where that is every line."""
    if claims is None:
        return None
    chosen = frozenset(claims)
    found = (
        unit.session.connection()
        .execute(
            text(
                "SELECT count(*) AS lines, count(*) FILTER (WHERE claim_id = ANY(CAST(:ids AS uuid[])))"
                " AS chosen FROM quote_line WHERE creditor_id = :c AND quote_id = :q"
            ),
            {"c": creditor_id, "q": quote_id, "ids": list(chosen)},
        )
        .one()
    )
    if not found.lines:
        raise NotFound("no such quote")
    if not chosen or found.chosen != len(chosen):
        raise Invalid("choose claims of this price", field="claims")
    return None if found.lines == found.chosen else chosen


def _leave_others(unit: Unit, closing: _Closing) -> None:
    """Mark the lines that were not chosen."""
    if closing.chosen is None:
        return
    unit.session.connection().execute(
        text(
            "UPDATE quote_line SET outcome = 'left' WHERE creditor_id = :c AND quote_id = :q"
            " AND claim_id <> ALL(CAST(:ids AS uuid[]))"
        ),
        {"c": closing.creditor_id, "q": closing.quote_id, "ids": list(closing.chosen)},
    )


def _refuse_outdated(unit: Unit, closing: _Closing) -> None:
    changed = unit.session.connection().execute(
        text(
            # A subquery, not a join: each claim finds its line by key, whatever is believed of the
            # tables' size.
            "SELECT 1 FROM claim c WHERE c.creditor_id = :c AND c.placement_id = :p"
            " AND c.state IN ('new', 'quoted') AND (NOT :some OR c.id = ANY(CAST(:ids AS uuid[])))"
            " AND (SELECT CAST(l.facts ->> 'amount_minor' AS bigint)"
            "  FROM quote_line l WHERE l.creditor_id = c.creditor_id AND l.quote_id = :q AND l.claim_id"
            " = c.id)"
            " IS DISTINCT FROM c.principal_minor LIMIT 1"
        ),
        {
            "c": closing.creditor_id,
            "q": closing.quote_id,
            "p": closing.placement_id,
            "some": closing.chosen is not None,
            "ids": list(closing.chosen or ()),
        },
    )
    if changed.first() is not None:
        raise QuoteOutdated("the claims have changed since this price was made")


def _move(unit: Unit, closing: _Closing, *, to: ClaimState, why: str) -> int:
    return move_placement(
        unit,
        creditor_id=closing.creditor_id,
        placement_id=closing.placement_id,
        to=to,
        why=why,
        claim_ids=closing.chosen,
    )


def _price_the_others(unit: Unit, closing: _Closing) -> None:
    if closing.chosen is not None:
        quote_placement(
            unit,
            creditor_id=closing.creditor_id,
            placement_id=closing.placement_id,
            follows=closing.quote_id,
        )


def _tell(unit: Unit, closing: _Closing, what: str, *, claims: int) -> None:
    unit.session.connection().execute(
        text("UPDATE placement SET state = :what WHERE creditor_id = :c AND id = :p"),
        {"c": closing.creditor_id, "p": closing.placement_id, "what": what},
    )
    record(
        unit,
        action=f"quote.{what}",
        subject=f"quote:{closing.quote_id}",
        creditor_id=closing.creditor_id,
        facts={"placement": str(closing.placement_id), "claims": claims},
    )
