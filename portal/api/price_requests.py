"""Prices of one's own for programs: ask for one, read the offers, ask back, accept one or decline them all.

Offers are made by people, so a program asks and comes back; `due_on` is the day by which it is answered.
"""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import JSONResponse

from agency.money import Money
from agency.parties.models import Scope
from agency.pricing.asking import ask_back, ask_price, withdraw_request
from agency.pricing.offer_acceptance import accept_offer, decline_offers
from agency.rules.facts import Phase
from agency.rules.offer import OfferKind
from portal.api.access import ApiUnit, Body, TheCaller, opened_by
from portal.api.idempotency import Key, once
from portal.price_requests import notes_of, offers_shown, own_requests, request_numbered, request_row
from portal.shared.throttling import address_of

reading = opened_by(Scope.READ)
pricing = opened_by(Scope.PRICE)
accepting = opened_by(Scope.ACCEPT)


class AskedPrice(Body):
    """What is asked about: one claim, or the claims of a placement that wait for a price."""

    claim: UUID | None = None
    placement: UUID | None = None
    wished: OfferKind | None = None
    question: Annotated[str, Field(max_length=2000)] = ""


class Said(Body):
    """A question about a request."""

    words: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class ChosenOffer(Body):
    """The offer that is accepted, and the recommended parts of it that are chosen."""

    offer: UUID
    phases: Annotated[tuple[Phase, ...], Field(max_length=4)] = ()


class DeclinedOffers(Body):
    """Why no offer is accepted."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]


class PriceRequestRow(BaseModel):
    """A request: `state` is asked, to_approve, offered, expired, accepted, declined, withdrawn, lapsed or
    stands."""

    id: UUID
    number: str
    state: str
    claim: UUID | None
    placement: UUID | None
    asked_at: datetime
    due_on: date


class OfferSums(BaseModel):
    """What an offer costs when so much is collected, before VAT and with every hour used."""

    recovered: str
    fee: str
    vat: str
    left: str


class OfferRow(BaseModel):
    """One offer: `terms` are per claim, shares in basis points and amounts in cents; `sums` for nothing, what
    is expected, and everything, with the required parts."""

    id: UUID
    state: str
    terms: dict[str, Any]
    conditions: str
    claims: int
    at_most: str
    expires_at: datetime
    sha256: str
    quote: UUID | None
    sums: list[OfferSums]


class NoteRow(BaseModel):
    """What was asked or answered; `side` is creditor or agency."""

    side: str
    words: str
    at: datetime


class PriceRequestNow(PriceRequestRow):
    """One request with its offers and what was said."""

    offers: list[OfferRow]
    notes: list[NoteRow]


class Touched(BaseModel):
    """What became of a request: its `state` where that changed, and the quote that an accepted offer is."""

    request: UUID
    state: str | None = None
    quote: UUID | None = None

    def told(self) -> dict[str, Any]:
        """What is known of it, as JSON."""
        return self.model_dump(mode="json", exclude_none=True)


@pricing.post("/price-requests", status_code=201, response_model=PriceRequestRow)
def ask(unit: ApiUnit, caller: TheCaller, asked: AskedPrice, key: Key = None) -> JSONResponse:
    """Ask for a price of your own."""
    creditor_id = caller.creditor_id

    def effect() -> tuple[int, dict[str, Any]]:
        made = ask_price(
            unit, creditor_id=creditor_id, claim_id=asked.claim, placement_id=asked.placement,
            question=asked.question, wished=asked.wished.value if asked.wished else "",
        )  # fmt: skip
        row = request_row(unit, creditor_id=creditor_id, request_id=made.id)
        return 201, PriceRequestRow.model_validate(_request(row)).model_dump(mode="json")

    facts = ["POST /price-requests", asked.model_dump(mode="json")]
    status, body = once(unit, creditor_id=creditor_id, key=key, asked=facts, effect=effect)
    return JSONResponse(body, status_code=status)


@reading.get("/price-requests")
def list_requests(unit: ApiUnit, caller: TheCaller) -> list[PriceRequestRow]:
    """The latest 200 requests, the newest first."""
    rows = own_requests(unit, creditor_id=caller.creditor_id)
    return [PriceRequestRow.model_validate(_request(row)) for row in rows]


@reading.get("/price-requests/{number}")
def read_request(unit: ApiUnit, caller: TheCaller, number: str) -> PriceRequestNow:
    """One request by its number or id, with its offers."""
    creditor_id = caller.creditor_id
    request_id = request_numbered(unit, creditor_id=creditor_id, number=number)
    row = request_row(unit, creditor_id=creditor_id, request_id=request_id)
    offers = offers_shown(unit, creditor_id=creditor_id, request_id=request_id)
    notes = notes_of(unit, creditor_id=creditor_id, request_id=request_id)
    return PriceRequestNow.model_validate(
        _request(row)
        | {"offers": [_offer(one) for one in offers], "notes": [note._asdict() for note in notes]}
    )


def _request(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "number": row.number,
        "state": row.state,
        "claim": row.claim_id,
        "placement": row.placement_id,
        "asked_at": row.asked_at,
        "due_on": row.due_on,
    }


def _offer(one: dict[str, Any]) -> dict[str, Any]:
    row = one["row"]
    return {
        "id": row.id,
        "state": row.state,
        "terms": row.terms,
        "conditions": row.conditions,
        "claims": row.claims,
        "at_most": _plain(one["at_most"]),
        "expires_at": row.expires_at,
        "sha256": row.sha256,
        "quote": row.quote_id,
        "sums": [
            {"recovered": _plain(sums["recovered"]), "fee": _plain(sums["total"]),
             "vat": _plain(sums["vat"]), "left": _plain(sums["left"])}
            for sums in one["sums"][0]["sums"]
        ],
    }  # fmt: skip


def _plain(amount: Money) -> str:
    return str(amount.decimal)


@pricing.post("/price-requests/{number}/questions", response_model=Touched)
def ask_about(unit: ApiUnit, caller: TheCaller, number: str, asked: Said, key: Key = None) -> JSONResponse:
    """Ask something about a request or its offers."""
    creditor_id = caller.creditor_id
    request_id = request_numbered(unit, creditor_id=creditor_id, number=number)

    def effect() -> tuple[int, dict[str, Any]]:
        ask_back(unit, creditor_id=creditor_id, request_id=request_id, words=asked.words)
        return 200, Touched(request=request_id).told()

    facts = [f"POST /price-requests/{request_id}/questions", asked.model_dump(mode="json")]
    status, body = once(unit, creditor_id=creditor_id, key=key, asked=facts, effect=effect)
    return JSONResponse(body, status_code=status)


@pricing.post("/price-requests/{number}/withdrawal", response_model=Touched)
def withdraw(unit: ApiUnit, caller: TheCaller, number: str, key: Key = None) -> JSONResponse:
    """No longer ask: the claims keep the price that they have."""
    creditor_id = caller.creditor_id
    request_id = request_numbered(unit, creditor_id=creditor_id, number=number)

    def effect() -> tuple[int, dict[str, Any]]:
        withdraw_request(unit, creditor_id=creditor_id, request_id=request_id)
        return 200, Touched(request=request_id, state="withdrawn").told()

    facts = [f"POST /price-requests/{request_id}/withdrawal"]
    status, body = once(unit, creditor_id=creditor_id, key=key, asked=facts, effect=effect)
    return JSONResponse(body, status_code=status)


@accepting.post("/price-requests/{number}/acceptance", response_model=Touched)
def accept(
    request: Request, unit: ApiUnit, caller: TheCaller, number: str, asked: ChosenOffer, key: Key = None
) -> JSONResponse:
    """Accept an offer: it is a quote from then on, and its claims go into collection."""
    creditor_id = caller.creditor_id
    request_id = request_numbered(unit, creditor_id=creditor_id, number=number)

    def effect() -> tuple[int, dict[str, Any]]:
        quote_id = accept_offer(
            unit, creditor_id=creditor_id, request_id=request_id, offer_id=asked.offer,
            phases=asked.phases, address=address_of(request),
        )  # fmt: skip
        return 200, Touched(request=request_id, state="accepted", quote=quote_id).told()

    facts = [f"POST /price-requests/{request_id}/acceptance", asked.model_dump(mode="json")]
    status, body = once(unit, creditor_id=creditor_id, key=key, asked=facts, effect=effect)
    return JSONResponse(body, status_code=status)


@accepting.post("/price-requests/{number}/refusal", response_model=Touched)
def decline(
    request: Request, unit: ApiUnit, caller: TheCaller, number: str, asked: DeclinedOffers, key: Key = None
) -> JSONResponse:
    """Decline every offer, with a reason."""
    creditor_id = caller.creditor_id
    request_id = request_numbered(unit, creditor_id=creditor_id, number=number)

    def effect() -> tuple[int, dict[str, Any]]:
        decline_offers(
            unit, creditor_id=creditor_id, request_id=request_id, why=asked.reason,
            address=address_of(request),
        )  # fmt: skip
        return 200, Touched(request=request_id, state="declined").told()

    facts = [f"POST /price-requests/{request_id}/refusal", asked.model_dump(mode="json")]
    status, body = once(unit, creditor_id=creditor_id, key=key, asked=facts, effect=effect)
    return JSONResponse(body, status_code=status)
