"""Answering an offer: accepted, it is a quote like any other, with what was chosen of it frozen; declined,
its request ends and the claims keep the price that they have.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn
from uuid import UUID

from sqlalchemy import Row, text

from agency.claims.lifecycle import move_placement
from agency.claims.states import ClaimState
from agency.events import OfferAccepted, OffersDeclined, QuoteAccepted
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.locks import take_turns
from agency.kernel.statistics import refresh_statistics
from agency.kernel.unit import Unit
from agency.money import Money
from agency.parties.onboarding import refuse_unready
from agency.pricing.acceptance import WHY_MAX, QuoteExpired, QuoteNotOpen, QuoteOutdated
from agency.pricing.asking import (
    close_offers,
    refuse_closed,
    request_to_change,
    settle_requests,
)
from agency.pricing.document import PackedLines, pack_document
from agency.pricing.models import PriceRequest, RequestState
from agency.pricing.offer_papers import differ_from, offer_head, rows_of_request
from agency.pricing.offers_read import parsed
from agency.pricing.quoting import next_number, placement_part, quote_placement
from agency.pricing.rate_cards import PublishedCard, card_of
from agency.pricing.replay import offer_of_line
from agency.pricing.requoting import NOW, drop_new_price
from agency.rules.facts import Phase
from agency.rules.offer import Nature, Offer, OfferPart, at_most, success_at_most

_STAMP = text(
    f"UPDATE price_offer SET state = 'accepted', closed_at = {NOW}, closed_by = :by WHERE creditor_id = :c"
    f" AND request_id = :r AND id = :o AND state = 'open' AND expires_at > {NOW}"
    " RETURNING document, sha256, conditions, rate_card_id, place"
)
_QUOTE = text(
    "INSERT INTO quote (creditor_id, id, number, placement_id, claim_id, rate_card_id, state, claims,"
    " principal_minor, currency, fee_bps_average, document, sha256, issued_at, expires_at, accepted_at,"
    " accepted_by, follows_id, part, closed_at, closed_by, closed_from, closed_why)"
    " VALUES (:c, :id, :number, :placement, :claim, :card, 'accepted', :claims, :principal, :currency, :fee,"
    " :document, :sha, CAST(:issued AS timestamptz), CAST(:expires AS timestamptz),"
    f" {NOW}, :by, :follows, :part, {NOW}, :by, :from, '')"
)
_LINES = text(
    "INSERT INTO quote_line (creditor_id, quote_id, claim_id, fee_bps, minimum_minor, facts, factors)"
    " SELECT :c, :q, l.claim, l.fee, l.minimum, l.facts, l.factors FROM jsonb_to_recordset("
    " CAST(:lines AS jsonb)) AS l(claim uuid, fee int, minimum bigint, facts jsonb, factors jsonb)"
)
_BEGIN = text(
    "INSERT INTO offer_phase (creditor_id, id, quote_id, claim_id, phase, success_bps, flat_minor, currency,"
    " started_at, started_by)"
    " SELECT l.creditor_id, uuidv7(), l.quote_id, l.claim_id, :phase, :bps, :flat, :currency, q.accepted_at,"
    " :by FROM quote_line l JOIN quote q ON q.creditor_id = l.creditor_id AND q.id = l.quote_id"
    " WHERE l.creditor_id = :c AND l.quote_id = :q"
)
_OPEN_QUOTE = text(
    "SELECT id FROM quote WHERE creditor_id = :c AND placement_id = :p AND state = 'open' FOR UPDATE"
)
_REPLACE = text(
    "UPDATE quote SET state = 'replaced' WHERE creditor_id = :c AND placement_id = :p AND state = 'open'"
)
_STATES = text(
    "SELECT id, state, placement_id FROM claim WHERE creditor_id = :c AND id = ANY(CAST(:ids AS uuid[]))"
)


@dataclass(frozen=True)
class _Chosen:
    """An offer with the parts that were chosen, and the claims that it is for."""

    row: Row[Any]
    head: Mapping[str, Any]
    lines: list[dict[str, Any]]
    offer: Offer
    card: PublishedCard


def accept_offer(
    unit: Unit,
    *,
    creditor_id: UUID,
    request_id: UUID,
    offer_id: UUID,
    phases: Collection[Phase] = (),
    address: str | None = None,
) -> UUID:
    """This function will accept an offer: it becomes the quote of its claims, which become active where they
    waited; the other offers are closed.

    The open quote, the claims, the request and the offer are locked in this order, as everywhere; of two that
    accept, or of one who accepts while the agency takes back, the second finds what the first did.

    :param phases: the recommended parts that are chosen beside the required ones.
    :param address: the network address that the acceptance came from.
    :returns: the quote.
    :raises NotFound: this creditor has no such request or offer.
    :raises Invalid: a phase is not recommended in the offer.
    :raises RequestClosed, QuoteNotOpen, QuoteExpired, QuoteOutdated: nothing is accepted.
    :raises NotReady: something is open before the creditor's first claim is worked.
    """
    refuse_unready(unit, creditor_id=creditor_id)
    take_turns(unit, "quote", creditor_id)
    placement_id = _lock_quote(unit, creditor_id, request_id)
    request = request_to_change(unit, creditor_id=creditor_id, request_id=request_id)
    refuse_closed(request)
    chosen = _stamped(unit, request, offer_id, phases)
    waiting = _refuse_changed(unit, request, chosen)
    quote_id = _issue(unit, request, chosen, address, placement_id=placement_id if waiting else None)
    close_offers(unit, request, state="not_chosen", but=offer_id)
    _close(unit, request, RequestState.ACCEPTED, address, "")
    unit.session.connection().execute(
        text("UPDATE price_offer SET quote_id = :q WHERE creditor_id = :c AND id = :o"),
        {"q": quote_id, "c": creditor_id, "o": offer_id},
    )
    if waiting:
        assert placement_id is not None, "a claim that waits came with a placement"
        _start(unit, request, chosen, quote_id, placement_id)
    else:
        assert request.claim_id is not None, "only a claim by itself is priced in collection"
        drop_new_price(unit, creditor_id=creditor_id, claim_id=request.claim_id)
    emit(
        unit,
        OfferAccepted(
            creditor_id=creditor_id, claim_id=request.claim_id, request_id=request_id, quote_id=quote_id,
            number=f"{request.number}/{chosen.row.place}",
        ),
    )  # fmt: skip
    _record(unit, creditor_id, f"quote:{quote_id}", "quote.accepted", {"offer": str(offer_id)})
    return quote_id


def decline_offers(
    unit: Unit, *, creditor_id: UUID, request_id: UUID, why: str, address: str | None = None
) -> None:
    """This function will decline everything that was offered; the claims keep the price that they have.

    :raises NotFound: this creditor has no such request.
    :raises RequestClosed: it ended before.
    :raises Conflict: nothing was offered yet; a request is withdrawn.
    :raises Invalid: the reason is missing or too long.
    """
    if not why.strip():
        raise Invalid("say why", field="why")
    if len(why) > WHY_MAX:
        raise Invalid("the reason is too long", field="why")
    request = request_to_change(unit, creditor_id=creditor_id, request_id=request_id)
    refuse_closed(request)
    if request.state != RequestState.OFFERED:
        raise Conflict("nothing was offered yet")
    close_offers(unit, request, state="not_chosen")
    _close(unit, request, RequestState.DECLINED, address, why.strip())
    emit(
        unit,
        OffersDeclined(
            creditor_id=creditor_id, claim_id=request.claim_id, request_id=request_id, number=request.number
        ),
    )  # fmt: skip
    _record(unit, creditor_id, f"price_request:{request_id}", "price_request.declined", {"why": why.strip()})


def _lock_quote(unit: Unit, creditor_id: UUID, request_id: UUID) -> UUID | None:
    """Return the placement that a request is about, or its claim came with, with its open quote locked."""
    row = (
        unit.session.connection()
        .execute(
            text(
                "SELECT coalesce(r.placement_id, c.placement_id) AS placement FROM price_request r"
                " LEFT JOIN claim c ON c.creditor_id = r.creditor_id AND c.id = r.claim_id"
                " WHERE r.creditor_id = :c AND r.id = :r"
            ),
            {"c": creditor_id, "r": request_id},
        )
        .one_or_none()
    )
    if row is None:
        raise NotFound("no such request")
    unit.session.connection().execute(_OPEN_QUOTE, {"c": creditor_id, "p": row.placement})
    placement_id: UUID | None = row.placement
    return placement_id


def _stamped(unit: Unit, request: PriceRequest, offer_id: UUID, phases: Collection[Phase]) -> _Chosen:
    """Close the offer in one statement, so that state and clock are judged where they are changed."""
    which = {"c": request.creditor_id, "r": request.id, "o": offer_id}
    row = unit.session.connection().execute(_STAMP, which | {"by": unit.by}).one_or_none()
    if row is None:
        _refuse_offer(unit, which)
    document = parsed(bytes(row.document))
    offer = Offer.from_json(document["head"]["offer"])
    recommended = {part.phase for part in offer.parts if part.nature is Nature.recommended}
    if not set(phases) <= recommended:
        raise Invalid("choose parts of this offer", field="phases")
    card = card_of(unit, rate_card_id=row.rate_card_id)
    return _Chosen(row, document["head"], document["lines"], offer.with_parts(phases), card)


def _refuse_offer(unit: Unit, which: Mapping[str, Any]) -> NoReturn:
    state = (
        unit.session.connection()
        .execute(
            text(
                "SELECT state FROM price_offer WHERE creditor_id = :c AND request_id = :r AND id = :o"
                " AND state <> 'draft'"
            ),
            which,
        )
        .scalar_one_or_none()
    )
    if state is None:
        raise NotFound("no such offer")
    if state == "open":
        raise QuoteExpired("this offer has expired; ask for a new one")
    raise QuoteNotOpen("this offer does not wait for an answer any more")


def _refuse_changed(unit: Unit, request: PriceRequest, chosen: _Chosen) -> bool:
    """Refuse an offer whose facts have changed; return whether its claims wait for a price."""
    about = {"claim_id": request.claim_id, "placement_id": request.placement_id}
    rows = rows_of_request(unit, creditor_id=request.creditor_id, **about)
    if differ_from(chosen.lines, rows, on=unit.today):
        raise QuoteOutdated("the claims have changed since this offer was made")
    ids = [line["claim"] for line in chosen.lines]
    found = unit.session.connection().execute(_STATES, {"c": request.creditor_id, "ids": ids})
    return {row.state for row in found} != {ClaimState.ACTIVE.value}


def _issue(
    unit: Unit, request: PriceRequest, chosen: _Chosen, address: str | None, *, placement_id: UUID | None
) -> UUID:
    quote_id = new_id()
    creditor_id = request.creditor_id
    amounts = [Money(line["facts"]["amount_minor"], line["facts"]["currency"]) for line in chosen.lines]
    number = next_number(unit, creditor_id)
    document, sha = _document(chosen, quote_id, number, amounts)
    if placement_id is not None:
        unit.session.connection().execute(_REPLACE, {"c": creditor_id, "p": placement_id})
    first = chosen.offer.parts[0]
    values = {
        "c": creditor_id, "id": quote_id, "number": number, "placement": placement_id,
        "claim": None if placement_id else request.claim_id, "card": chosen.row.rate_card_id,
        "claims": len(chosen.lines), "principal": sum(one.minor for one in amounts),
        "currency": chosen.offer.currency, "fee": first.success_bps, "document": document, "sha": sha,
        "issued": chosen.head["issued_at"], "expires": chosen.head["expires_at"], "by": unit.by,
        "follows": None, "part": placement_part(unit, creditor_id, placement_id) if placement_id else 1,
        "from": address,
    }  # fmt: skip
    connection = unit.session.connection()
    connection.execute(_QUOTE, values)
    connection.execute(_LINES, {"c": creditor_id, "q": quote_id, "lines": _rows(request, chosen, amounts)})
    begin_phase(unit, creditor_id=creditor_id, quote_id=quote_id, part=first, currency=chosen.offer.currency)
    return quote_id


def _document(chosen: _Chosen, quote_id: UUID, number: str, amounts: list[Money]) -> tuple[bytes, str]:
    kept = {"request", "creditor", "placement", "claim", "issued_at", "expires_at", "keeps"}
    head = offer_head(
        offer=chosen.offer, amounts=amounts, card=chosen.card,
        vat_percent=Decimal(chosen.head["vat_percent"]), conditions=chosen.row.conditions,
        facts={name: value for name, value in chosen.head.items() if name in kept}
        | {"quote": str(quote_id), "number": number,
           "of_offer": {"number": chosen.head["number"], "sha256": chosen.row.sha256}},
    ) | {"rules": chosen.head["rules"]}  # fmt: skip
    lines = (offer_of_line(line, head) for line in chosen.lines)
    return pack_document(head=head, lines=PackedLines(lines))


def _rows(request: PriceRequest, chosen: _Chosen, amounts: list[Money]) -> str:
    bps = chosen.offer.parts[0].success_bps
    rows = [
        {
            "claim": line["claim"],
            "fee": bps,
            "minimum": min(chosen.offer.minimum, success_at_most(chosen.offer, amount).minor),
            "facts": line["facts"] | {
                "completeness": line["completeness"],
                "maximum_minor": success_at_most(chosen.offer, amount).minor,
                "cheaper": [],
                "offer": {"request": str(request.id), "number": request.number,
                          "at_most_minor": at_most(chosen.offer, amount).minor},
            },
            "factors": [{"key": "offer", "label": "Offer", "bps": bps, "why": request.number}],
        }
        for line, amount in zip(chosen.lines, amounts, strict=True)
    ]  # fmt: skip
    return json.dumps(rows)


def begin_phase(unit: Unit, *, creditor_id: UUID, quote_id: UUID, part: OfferPart, currency: str) -> None:
    """This function will begin a part of an accepted offer for all its claims, when it was accepted."""
    unit.session.connection().execute(
        _BEGIN,
        {"c": creditor_id, "q": quote_id, "phase": part.phase.value, "bps": part.success_bps,
         "flat": part.flat, "currency": currency, "by": unit.by},
    )  # fmt: skip


def _start(unit: Unit, request: PriceRequest, chosen: _Chosen, quote_id: UUID, placement_id: UUID) -> None:
    """Let the claims of the offer go into collection; those of the placement that are not in it get a price
    again."""
    creditor_id = request.creditor_id
    moved = move_placement(
        unit, creditor_id=creditor_id, placement_id=placement_id, to=ClaimState.ACTIVE, why="offer accepted",
        claim_ids=frozenset(UUID(line["claim"]) for line in chosen.lines),
    )  # fmt: skip
    refresh_statistics(unit, written=moved)
    unit.session.connection().execute(
        text("UPDATE placement SET state = 'accepted' WHERE creditor_id = :c AND id = :p"),
        {"c": creditor_id, "p": placement_id},
    )
    emit(unit, QuoteAccepted(creditor_id=creditor_id, quote_id=quote_id, placement_id=placement_id))
    quote_placement(unit, creditor_id=creditor_id, placement_id=placement_id, follows=quote_id)
    settle_requests(unit, creditor_id=creditor_id, placement_id=placement_id)


def _close(unit: Unit, request: PriceRequest, state: RequestState, address: str | None, why: str) -> None:
    request.state, request.closed_at, request.closed_by = state, unit.now, unit.by
    request.closed_from, request.closed_why, request.asked_back_at = address, why, None
    unit.session.add(request)
    unit.session.flush()


def _record(unit: Unit, creditor_id: UUID, subject: str, action: str, facts: dict[str, Any]) -> None:
    record(unit, action=action, subject=subject, creditor_id=creditor_id, facts=facts)
