"""Quotes for programs: ask what one claim would cost, and read, accept, decline or replay a quote.

POST /api/v1/quotes stores nothing. The others are told apart by the quote's number or id; what changes
something carries an Idempotency-Key.
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import Row, text
from starlette.requests import Request
from starlette.responses import JSONResponse

from agency.intake.amounts import COLLECTED_CURRENCIES, NotUnderstood, parse_amount, to_minor
from agency.intake.rows import law_of
from agency.kernel.errors import Invalid
from agency.money import Money
from agency.parties.models import Scope
from agency.pricing.acceptance import accept_quote, decline_quote
from agency.pricing.agreed_terms import agreed_with
from agency.pricing.finding import quote_numbered
from agency.pricing.outlook import Outlook, outlook
from agency.pricing.rate_cards import PublishedCard, card_on
from agency.pricing.recovering import own_books
from agency.pricing.replay import replay
from agency.pricing.scoring import ClaimFacts, PricedClaim, age_in_days, price_claim
from agency.pricing.wording import factor_sentences
from agency.rules.facts import DebtorKind, DisputeStatus, DocumentKind, InterestKind, Law, Phase
from portal.api.access import ApiUnit, Body, TheCaller, opened_by
from portal.api.idempotency import Key, once
from portal.quote_rows import quote_of, quote_rows
from portal.shared.i18n import Language
from portal.shared.throttling import address_of

reading = opened_by(Scope.READ)
pricing = opened_by(Scope.PRICE)
accepting = opened_by(Scope.ACCEPT)


class Asked(Body):
    """The facts of a claim that decide its price; `amount` is a plain decimal with a point, as text."""

    amount: Annotated[str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,2})?$")]
    currency: Literal["EUR"] = "EUR"
    due_on: date
    debtor_kind: DebtorKind
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    documents: Annotated[tuple[DocumentKind, ...], Field(max_length=20)] = ()
    disputed: bool = False
    language: Language = "en"


class Chosen(Body):
    """The claims that are meant; all of the quote when left out."""

    claims: Annotated[list[UUID], Field(min_length=1, max_length=10_000)] | None = None


class Declined(Chosen):
    """Why, and the claims that are meant."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]


class Factor(BaseModel):
    """A part of the fee in basis points; `words` says it in the language asked, `why` for programs."""

    key: str
    label: str
    bps: int
    why: str
    words: str


class CheaperWith(BaseModel):
    """A document that would lower the fee, and what the fee then is."""

    document: str
    fee_bps_after: int


class CardUsed(BaseModel):
    """The rate card that made a price."""

    version: int
    sha256: str


class Recovery(BaseModel):
    """What may be expected of a claim, with its range; `claims` counts those that `source` looked at."""

    low: str
    middle: str
    high: str
    source: str
    claims: int


class Expected(BaseModel):
    """Costs and interest that the debtor will owe, what may be expected, and what is left after the fee."""

    costs: str
    interest: str
    recovery: Recovery
    net: str


class Priced(BaseModel):
    """The fee of one claim; `fee_bps_when_settled` is what it falls to when a dispute is settled."""

    fee_bps: int
    maximum: str
    currency: str
    completeness: int
    factors: list[Factor]
    cheaper: list[CheaperWith]
    fee_bps_when_settled: int | None
    rate_card: CardUsed
    outlook: Expected


class Answered(BaseModel):
    """What became of a quote, and how many of its claims that concerned."""

    quote: UUID
    state: Literal["accepted", "declined"]
    claims: int


class Replayed(BaseModel):
    """Whether a quote comes out the same today (`same`) and its stored bytes are those issued (`intact`);
    `recorded` names rules whose tables changed since, `unknown` those that are gone; then none was replayed.
    """

    quote: UUID
    number: str
    sha256: str
    same: bool
    intact: bool
    recorded: list[str]
    unknown: list[str]


@pricing.post("/quotes")
def quote(unit: ApiUnit, caller: TheCaller, asked: Asked) -> Priced:
    """The fee with every factor, what each missing document would save, and what may be expected."""
    assert asked.currency in COLLECTED_CURRENCIES
    try:
        minor = to_minor(parse_amount(asked.amount, decimal_sign="."), asked.currency)
    except NotUnderstood as refusal:
        raise Invalid(f"amount {refusal.reason}", field="amount") from refusal
    if minor <= 0:
        raise Invalid("amount must be more than zero", field="amount")
    published = card_on(unit, on=unit.today)
    priced = price_claim(
        card=published.card,
        facts=ClaimFacts(
            amount=Money(minor, asked.currency),
            age_days=age_in_days(due_on=asked.due_on, today=unit.today),
            debtor=asked.debtor_kind,
            country=asked.country,
            documents=frozenset(asked.documents),
            dispute=DisputeStatus.raised if asked.disputed else DisputeStatus.none,
            phase=Phase.reminder,
        ),
    )
    creditor_id = caller.creditor_id
    consumer = asked.debtor_kind is DebtorKind.consumer
    agreed = agreed_with(unit, creditor_id=creditor_id, card=published.card, on=unit.today)
    expected = outlook(
        facts=priced.facts,
        law=Law(law_of(asked.country if consumer else agreed.country)),
        interest_kind=InterestKind.consumer if consumer else InterestKind.trade,
        due_on=asked.due_on,
        today=unit.today,
        fee_bps=priced.price.fee_bps,
        agreed=agreed,
        own=own_books(unit, on=unit.today),
    )
    return _priced(priced, asked.language, card=published, expected=expected)


def _priced(found: PricedClaim, language: Language, *, card: PublishedCard, expected: Outlook) -> Priced:
    price, facts = found.price, found.facts
    known = facts.as_json() | {
        "completeness": found.score.completeness,
        "maximum_minor": price.maximum.minor,
    }
    said = factor_sentences([(f.key, f.bps) for f in price.factors], known, lang=language)
    range_ = expected.expected
    return Priced(
        fee_bps=price.fee_bps,
        maximum=str(price.maximum.decimal),
        currency=facts.amount.currency,
        completeness=found.score.completeness,
        factors=[
            Factor(key=f.key, label=f.label, bps=f.bps, why=f.why, words=words)
            for f, (words, _) in zip(price.factors, said, strict=True)
        ],
        cheaper=[CheaperWith(document=s.document, fee_bps_after=s.fee_bps_after) for s in price.cheaper],
        fee_bps_when_settled=price.resolved_bps,
        rate_card=CardUsed(version=card.version, sha256=card.sha256),
        outlook=Expected(
            costs=str(expected.costs.decimal),
            interest=str(expected.interest.decimal),
            recovery=Recovery(
                low=str(range_.low.decimal),
                middle=str(range_.middle.decimal),
                high=str(range_.high.decimal),
                source=range_.source,
                claims=range_.claims,
            ),
            net=str(expected.net.decimal),
        ),
    )


class QuoteRow(BaseModel):
    """A price: `state` is open, accepted, declined, replaced or expired."""

    id: UUID
    number: str
    state: str
    claims: int
    currency: str
    principal: str
    fee_bps: int
    issued_at: datetime
    expires_at: datetime
    placement: UUID | None


class QuoteLine(BaseModel):
    """The price of one claim; `left` was not chosen when the others were answered."""

    claim: UUID
    number: str
    reference: str
    amount: str
    fee_bps: int
    maximum: str
    left: bool


class QuoteNow(QuoteRow):
    """One price with its claims; `next` is the `after` of the next page of them."""

    lines: list[QuoteLine]
    next: UUID | None


_LINES = text(
    "SELECT l.claim_id, c.number, c.reference, l.fee_bps, l.facts, l.outcome FROM quote_line l"
    " JOIN claim c ON c.creditor_id = l.creditor_id AND c.id = l.claim_id"
    " WHERE l.creditor_id = :c AND l.quote_id = :q AND (CAST(:after AS uuid) IS NULL OR l.claim_id > :after)"
    " ORDER BY l.claim_id LIMIT :limit"
)


@reading.get("/quotes")
def list_quotes(unit: ApiUnit, caller: TheCaller, open: bool = False) -> list[QuoteRow]:
    """The latest 200 prices, the newest first; with `open` only those of placements that wait for an
    answer."""
    rows = quote_rows(unit, creditor_id=caller.creditor_id, only_open=open)
    return [QuoteRow.model_validate(_price(row)) for row in rows]


@reading.get("/quotes/{number}")
def read_quote(
    unit: ApiUnit,
    caller: TheCaller,
    number: str,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> QuoteNow:
    """One price by its number or id, claim by claim."""
    quote_id = quote_numbered(unit, creditor_id=caller.creditor_id, number=number)
    found = quote_of(unit, caller.creditor_id, quote_id)
    asked = {"c": caller.creditor_id, "q": quote_id, "after": after, "limit": limit + 1}
    lines = unit.session.connection().execute(_LINES, asked).all()
    shown = [_line(row) for row in lines[:limit]]
    more = len(lines) > limit
    return QuoteNow.model_validate(
        _price(found) | {"lines": shown, "next": shown[-1].claim if more else None}
    )


def _price(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "number": row.number,
        "state": row.state,
        "claims": row.claims,
        "currency": row.currency,
        "principal": str(Money(row.principal_minor, row.currency).decimal),
        "fee_bps": row.fee_bps_average,
        "issued_at": row.issued_at,
        "expires_at": row.expires_at,
        "placement": row.placement_id,
    }


def _line(row: Row[Any]) -> QuoteLine:
    currency = row.facts["currency"]
    return QuoteLine(
        claim=row.claim_id,
        number=row.number,
        reference=row.reference,
        amount=str(Money(row.facts["amount_minor"], currency).decimal),
        fee_bps=row.fee_bps,
        maximum=str(Money(row.facts["maximum_minor"], currency).decimal),
        left=row.outcome == "left",
    )


@accepting.post("/quotes/{number}/acceptance", response_model=Answered)
def accept(
    request: Request, unit: ApiUnit, caller: TheCaller, number: str, asked: Chosen, key: Key = None
) -> JSONResponse:
    """Accept a quote, or chosen claims of it; the others get a quote of their own."""
    creditor_id = caller.creditor_id
    quote_id = quote_numbered(unit, creditor_id=creditor_id, number=number)

    def effect() -> tuple[int, dict[str, Any]]:
        accepted = accept_quote(
            unit, creditor_id=creditor_id, quote_id=quote_id, claims=asked.claims, address=address_of(request)
        )
        return 200, Answered(quote=quote_id, state="accepted", claims=accepted).model_dump(mode="json")

    request_facts = [f"POST /quotes/{quote_id}/acceptance", asked.model_dump(mode="json")]
    status, body = once(unit, creditor_id=creditor_id, key=key, asked=request_facts, effect=effect)
    return JSONResponse(body, status_code=status)


@accepting.post("/quotes/{number}/refusal", response_model=Answered)
def decline(
    request: Request, unit: ApiUnit, caller: TheCaller, number: str, asked: Declined, key: Key = None
) -> JSONResponse:
    """Decline a quote, or chosen claims of it, with a reason; the others get a quote of their own."""
    creditor_id = caller.creditor_id
    quote_id = quote_numbered(unit, creditor_id=creditor_id, number=number)

    def effect() -> tuple[int, dict[str, Any]]:
        withdrawn = decline_quote(
            unit, creditor_id=creditor_id, quote_id=quote_id, why=asked.reason, claims=asked.claims,
            address=address_of(request),
        )  # fmt: skip
        return 200, Answered(quote=quote_id, state="declined", claims=withdrawn).model_dump(mode="json")

    request_facts = [f"POST /quotes/{quote_id}/refusal", asked.model_dump(mode="json")]
    status, body = once(unit, creditor_id=creditor_id, key=key, asked=request_facts, effect=effect)
    return JSONResponse(body, status_code=status)


@reading.get("/quotes/{number}/replay")
def replay_quote(unit: ApiUnit, caller: TheCaller, number: str) -> Replayed:
    """Make a quote again from its own facts and say whether that gives the same bytes."""
    creditor_id = caller.creditor_id
    quote_id = quote_numbered(unit, creditor_id=creditor_id, number=number)
    found = replay(unit, creditor_id=creditor_id, quote_id=quote_id)
    return Replayed(
        quote=quote_id,
        number=found.number,
        sha256=found.sha256,
        same=found.same,
        intact=found.intact,
        recorded=list(found.recorded),
        unknown=list(found.unknown),
    )
