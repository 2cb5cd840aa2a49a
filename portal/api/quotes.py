"""Quotes for programs: ask what one claim would cost, and accept, decline or replay a quote.

POST /api/v1/quotes stores nothing. The others are told apart by the quote's number or id; what changes
something carries an Idempotency-Key.
"""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Header
from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from agency.intake.amounts import COLLECTED_CURRENCIES, NotUnderstood, parse_amount, to_minor
from agency.intake.rows import law_of
from agency.kernel.errors import Forbidden, Invalid
from agency.money import Money
from agency.pricing.acceptance import accept_quote, decline_quote
from agency.pricing.finding import quote_numbered
from agency.pricing.outlook import outlook
from agency.pricing.outlooks import agreed_with
from agency.pricing.rate_cards import card_on
from agency.pricing.recovering import own_books
from agency.pricing.replay import replay
from agency.pricing.scoring import ClaimFacts, PricedClaim, age_in_days, price_claim
from agency.pricing.wording import factor_sentences
from agency.rules.facts import DebtorKind, DisputeStatus, DocumentKind, InterestKind, Law, Phase
from portal.api.access import ApiUnit, Body, Caller, routes
from portal.api.idempotency import once
from portal.shared.audience import own_creditor
from portal.shared.sessions import Visitor
from portal.shared.throttling import address_of

Key = Annotated[str | None, Header(alias="Idempotency-Key")]
Language = Literal["nl", "fr", "en", "de"]


class Asked(Body):
    """The facts of a claim that decide its price; `amount` is a plain decimal with a point, as text."""

    amount: Annotated[str, Field(pattern=r"^\d{1,12}(\.\d{1,2})?$")]
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

    reason: Annotated[str, Field(min_length=1, max_length=400)]


@routes.post("/quotes")
def quote(unit: ApiUnit, caller: Caller, asked: Asked) -> dict[str, Any]:
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
    creditor_id = own_creditor(caller)
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
    return _answer(priced, asked.language) | {
        "rate_card": {"version": published.version, "sha256": published.sha256},
        "outlook": {
            "costs": str(expected.costs.decimal),
            "interest": str(expected.interest.decimal),
            "recovery": {
                "low": str(expected.expected.low.decimal),
                "middle": str(expected.expected.middle.decimal),
                "high": str(expected.expected.high.decimal),
                "source": expected.expected.source,
                "claims": expected.expected.claims,
            },
            "net": str(expected.net.decimal),
        },
    }


def _answer(priced: PricedClaim, language: Language) -> dict[str, Any]:
    price = priced.price
    facts = priced.facts.as_json() | {
        "completeness": priced.score.completeness,
        "maximum_minor": price.maximum.minor,
    }
    said = factor_sentences([(f.key, f.bps) for f in price.factors], facts, lang=language)
    return {
        "fee_bps": price.fee_bps,
        "maximum": str(price.maximum.decimal),
        "currency": priced.facts.amount.currency,
        "completeness": priced.score.completeness,
        "factors": [
            {"key": f.key, "label": f.label, "bps": f.bps, "why": f.why, "words": words}
            for f, (words, _) in zip(price.factors, said, strict=True)
        ],
        "cheaper": [{"document": s.document.value, "fee_bps_after": s.fee_bps_after} for s in price.cheaper],
        "fee_bps_when_settled": price.resolved_bps,
    }


@routes.post("/quotes/{number}/acceptance")
def accept(
    request: Request, unit: ApiUnit, caller: Caller, number: str, asked: Chosen, key: Key = None
) -> JSONResponse:
    """Accept a quote, or chosen claims of it; the others get a quote of their own."""
    creditor_id = _binding(caller)
    quote_id = quote_numbered(unit, creditor_id=creditor_id, number=number)

    def effect() -> tuple[int, dict[str, Any]]:
        accepted = accept_quote(
            unit, creditor_id=creditor_id, quote_id=quote_id, claims=asked.claims, address=address_of(request)
        )
        return 200, {"quote": str(quote_id), "state": "accepted", "claims": accepted}

    request_facts = [f"POST /quotes/{quote_id}/acceptance", asked.model_dump(mode="json")]
    status, body = once(unit, creditor_id=creditor_id, key=key, asked=request_facts, effect=effect)
    return JSONResponse(body, status_code=status)


@routes.post("/quotes/{number}/refusal")
def decline(
    request: Request, unit: ApiUnit, caller: Caller, number: str, asked: Declined, key: Key = None
) -> JSONResponse:
    """Decline a quote, or chosen claims of it, with a reason; the others get a quote of their own."""
    creditor_id = _binding(caller)
    quote_id = quote_numbered(unit, creditor_id=creditor_id, number=number)

    def effect() -> tuple[int, dict[str, Any]]:
        withdrawn = decline_quote(
            unit, creditor_id=creditor_id, quote_id=quote_id, why=asked.reason, claims=asked.claims,
            address=address_of(request),
        )  # fmt: skip
        return 200, {"quote": str(quote_id), "state": "declined", "claims": withdrawn}

    request_facts = [f"POST /quotes/{quote_id}/refusal", asked.model_dump(mode="json")]
    status, body = once(unit, creditor_id=creditor_id, key=key, asked=request_facts, effect=effect)
    return JSONResponse(body, status_code=status)


@routes.get("/quotes/{number}/replay")
def replay_quote(unit: ApiUnit, caller: Caller, number: str) -> dict[str, Any]:
    """Make a quote again from its own facts and say whether that gives the same bytes."""
    creditor_id = own_creditor(caller)
    quote_id = quote_numbered(unit, creditor_id=creditor_id, number=number)
    found = replay(unit, creditor_id=creditor_id, quote_id=quote_id)
    return {
        "quote": str(quote_id),
        "number": found.number,
        "sha256": found.sha256,
        "same": found.same,
        "intact": found.intact,
        "recorded": list(found.recorded),
        "unknown": list(found.unknown),
    }


def _binding(caller: Visitor) -> UUID:
    """A price binds the creditor, so only a manager accepts or declines it."""
    if "creditor_manager" not in caller.roles:
        raise Forbidden("a manager of your organisation accepts prices")
    return own_creditor(caller)
