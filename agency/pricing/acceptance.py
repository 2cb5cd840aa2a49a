"""Accepting or declining a quote, the whole of it or chosen claims: once, before it expires by the
database's clock. The claims that were not chosen get a price again.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, NoReturn
from uuid import UUID

from sqlalchemy import text

from agency.claims.holds import lift_holds_on
from agency.claims.lifecycle import claim_to_change, move, move_placement
from agency.claims.models import Claim
from agency.claims.states import ClaimState, HoldGround
from agency.events import PriceRiseAccepted, PriceRiseDeclined, QuoteAccepted, QuoteDeclined
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.statistics import refresh_statistics
from agency.kernel.unit import Unit
from agency.parties.onboarding import refuse_unready
from agency.pricing.asking import settle_requests
from agency.pricing.quoting import quote_placement
from agency.pricing.requoting import NOW, agreed_price, new_facts
from agency.pricing.scoring import ClaimFacts

WHY_MAX: Final = 500
PRICE_DECLINED: Final = "price_declined"
"""The close code of a claim whose higher price was declined; its withdrawal is not charged."""


class QuoteNotOpen(Conflict):
    """The quote was accepted, declined or replaced before."""


class QuoteExpired(Conflict):
    """The quote's last moment has passed; a new one can be asked for."""


class QuoteOutdated(Conflict):
    """The claims have changed since the quote was made; a new one replaces it."""


@dataclass(frozen=True)
class _Closing:
    """A quote that is being accepted or declined; `chosen` is None where all its claims are.

    `part` counts the answers to one placement, from 1.
    """

    creditor_id: UUID
    quote_id: UUID
    placement_id: UUID
    part: int
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
    The higher price of a claim whose facts changed counts from that moment, and its work goes on.

    :returns: how many claims became active, or got another price.
    :raises NotFound: this creditor has no such quote.
    :raises Invalid: no claim was chosen, or one that is not in the quote.
    :raises QuoteNotOpen, QuoteExpired, QuoteOutdated: nothing is accepted.
    :raises NotReady: the creditor is new, and something is open before its first claim is worked.
    """
    claim_id = _asked_again(unit, creditor_id, quote_id)
    if claim_id is not None:
        return _accept_rise(unit, creditor_id, quote_id, claim_id, claims=claims, address=address)
    refuse_unready(unit, creditor_id=creditor_id)
    closing = _close(unit, creditor_id, quote_id, to="accepted", claims=claims, address=address, why="")
    _refuse_outdated(unit, closing)
    accepted = _move(unit, closing, to=ClaimState.ACTIVE, why="quote accepted")
    refresh_statistics(unit, written=accepted)
    _tell(unit, closing, "accepted", claims=accepted)
    emit(unit, QuoteAccepted(creditor_id=creditor_id, quote_id=quote_id, placement_id=closing.placement_id))
    _price_the_others(unit, closing)
    settle_requests(unit, creditor_id=creditor_id, placement_id=closing.placement_id)
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

    A claim whose higher price is declined is given back: what came in before is charged as it was agreed, and
    the withdrawal costs nothing.

    :param why: the creditor's reason, kept with the quote.
    :returns: how many claims were withdrawn.
    :raises NotFound: this creditor has no such quote.
    :raises Invalid: no claim was chosen, or one that is not in the quote, or the reason is too long.
    :raises QuoteNotOpen: it was accepted, declined or replaced before.
    """
    if len(why) > WHY_MAX:
        raise Invalid("the reason is too long", field="why")
    claim_id = _asked_again(unit, creditor_id, quote_id)
    if claim_id is not None:
        return _decline_rise(unit, creditor_id, quote_id, claim_id, claims=claims, address=address, why=why)
    closing = _close(unit, creditor_id, quote_id, to="declined", claims=claims, address=address, why=why)
    withdrawn = _move(unit, closing, to=ClaimState.WITHDRAWN, why=why or "quote declined")
    _tell(unit, closing, "declined", claims=withdrawn)
    emit(unit, QuoteDeclined(creditor_id=creditor_id, quote_id=quote_id))
    _price_the_others(unit, closing)
    settle_requests(unit, creditor_id=creditor_id, placement_id=closing.placement_id)
    return withdrawn


def _asked_again(unit: Unit, creditor_id: UUID, quote_id: UUID) -> UUID | None:
    """Return the claim whose new price a quote is; None when it is the price of a placement, or nothing."""
    found = unit.session.connection().execute(
        text("SELECT claim_id FROM quote WHERE creditor_id = :c AND id = :q"),
        {"c": creditor_id, "q": quote_id},
    )
    claim_id: UUID | None = found.scalar_one_or_none()
    return claim_id


def _accept_rise(
    unit: Unit,
    creditor_id: UUID,
    quote_id: UUID,
    claim_id: UUID,
    *,
    claims: Collection[UUID] | None,
    address: str | None,
) -> int:
    """The claim's lock comes first: money is booked before it or after, never beside it."""
    claim = claim_to_change(unit, creditor_id=creditor_id, claim_id=claim_id)
    _chosen(unit, creditor_id, quote_id, claims)
    _refuse_other_facts(unit, claim, quote_id)
    _stamp(unit, creditor_id, quote_id, to="accepted", address=address, why="", at=NOW)
    fee = unit.session.connection().execute(
        text("SELECT fee_bps_average FROM quote WHERE creditor_id = :c AND id = :q"),
        {"c": creditor_id, "q": quote_id},
    )
    whose = {"creditor_id": creditor_id, "claim_id": claim_id}
    lift_holds_on(unit, **whose, ground=HoldGround.PRICE_TO_AGREE)
    _record(unit, creditor_id, quote_id, "accepted", {"claim": str(claim_id)})
    emit(unit, PriceRiseAccepted(**whose, quote_id=quote_id, fee_bps=fee.scalar_one()))
    return 1


def _decline_rise(
    unit: Unit,
    creditor_id: UUID,
    quote_id: UUID,
    claim_id: UUID,
    *,
    claims: Collection[UUID] | None,
    address: str | None,
    why: str,
) -> int:
    claim = claim_to_change(unit, creditor_id=creditor_id, claim_id=claim_id)
    _chosen(unit, creditor_id, quote_id, claims)
    _stamp(unit, creditor_id, quote_id, to="declined", address=address, why=why, at=NOW)
    if claim.state != ClaimState.ACTIVE:
        raise QuoteOutdated("the claims have changed since this price was made")
    whose = {"creditor_id": creditor_id, "claim_id": claim_id}
    lift_holds_on(unit, **whose, ground=HoldGround.PRICE_TO_AGREE)
    move(unit, claim=claim, to=ClaimState.WITHDRAWN, why=why or "price declined", close_code=PRICE_DECLINED)
    _record(unit, creditor_id, quote_id, "declined", {"claim": str(claim_id)})
    emit(unit, PriceRiseDeclined(**whose, quote_id=quote_id))
    return 1


def _refuse_other_facts(unit: Unit, claim: Claim, quote_id: UUID) -> None:
    """Refuse the price of facts that are no longer those of the claim, though nobody priced it anew yet."""
    whose = {"creditor_id": claim.creditor_id, "claim_id": claim.id}
    asked = unit.session.connection().execute(
        text("SELECT facts FROM quote_line WHERE creditor_id = :c AND quote_id = :q AND claim_id = :claim"),
        {"c": claim.creditor_id, "q": quote_id, "claim": claim.id},
    )
    asked_for = ClaimFacts.from_json(asked.scalar_one())
    agreed = agreed_price(unit, **whose)
    same = agreed and new_facts(unit, **whose, agreed=agreed).facts == asked_for
    if claim.state != ClaimState.ACTIVE or not same:
        raise QuoteOutdated("the claims have changed since this price was made")


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
    chosen = _chosen(unit, creditor_id, quote_id, claims)
    placement_id, part = _stamp(unit, creditor_id, quote_id, to=to, address=address, why=why)
    assert placement_id is not None, "the price of a placement"
    closing = _Closing(creditor_id, quote_id, placement_id, part, chosen, why)
    _leave_others(unit, closing)
    return closing


def _stamp(
    unit: Unit,
    creditor_id: UUID,
    quote_id: UUID,
    *,
    to: str,
    address: str | None,
    why: str,
    at: str = "app.now()",
) -> tuple[UUID | None, int]:
    """Close an open quote in one statement, so that state and clock are judged where they are changed; return
    its placement and the part of it."""
    accepted = to == "accepted"
    stamp = f", accepted_at = {at}, accepted_by = :by" if accepted else ""
    alive = f" AND expires_at > {at}" if accepted else ""
    parameters = {"c": creditor_id, "q": quote_id, "to": to, "by": unit.by, "from": address, "why": why}
    closed = (
        unit.session.connection()
        .execute(
            text(
                f"UPDATE quote SET state = :to{stamp}, closed_at = {at}, closed_by = :by,"
                " closed_from = :from, closed_why = :why"
                f" WHERE creditor_id = :c AND id = :q AND state = 'open'{alive} RETURNING placement_id, part"
            ),
            parameters,
        )
        .one_or_none()
    )
    if closed is None:
        _refuse_closed(unit, parameters)
    return closed.placement_id, closed.part


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
        claim_ids=_meant(unit, closing),
    )


def _meant(unit: Unit, closing: _Closing) -> frozenset[UUID] | None:
    """Return the claims that a closing moves; None where they are all of the placement.

    Of a later part they are its own lines alone: what was answered before is in collection or paid by now,
    and this answer is not about it.
    """
    if closing.chosen is not None or closing.part == 1:
        return closing.chosen
    lines = unit.session.connection().execute(
        text("SELECT claim_id FROM quote_line WHERE creditor_id = :c AND quote_id = :q"),
        {"c": closing.creditor_id, "q": closing.quote_id},
    )
    return frozenset(lines.scalars())


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
    facts = {"placement": str(closing.placement_id), "claims": claims}
    _record(unit, closing.creditor_id, closing.quote_id, what, facts)


def _record(unit: Unit, creditor_id: UUID, quote_id: UUID, what: str, facts: dict[str, Any]) -> None:
    record(unit, action=f"quote.{what}", subject=f"quote:{quote_id}", creditor_id=creditor_id, facts=facts)
