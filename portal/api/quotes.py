"""POST /api/v1/quotes: what one claim would cost; nothing is stored."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agency.intake.rows import COLLECTED_CURRENCIES
from agency.intake.values import NotUnderstood, parse_amount, to_minor
from agency.kernel.errors import Invalid
from agency.money import Money
from agency.pricing.rate_cards import card_on
from agency.pricing.scoring import ClaimFacts, age_in_days, price_claim
from agency.rules.facts import DebtorKind, DisputeStatus, DocumentKind
from portal.api.access import ApiUnit, routes


class Asked(BaseModel):
    """The facts of a claim that decide its price; `amount` is a plain decimal with a point, as text."""

    model_config = ConfigDict(extra="forbid")

    amount: Annotated[str, Field(pattern=r"^\d{1,12}(\.\d{1,2})?$")]
    currency: Literal["EUR"] = "EUR"
    due_on: date
    debtor_kind: DebtorKind
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    documents: Annotated[list[DocumentKind], Field(max_length=20)] = []
    disputed: bool = False


@routes.post("/quotes")
def quote(unit: ApiUnit, asked: Asked) -> dict[str, Any]:
    """The fee with every factor, and what each missing document would save."""
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
        ),
    )
    price = priced.price
    return {
        "fee_bps": price.fee_bps,
        "maximum": str(price.maximum.decimal),
        "currency": asked.currency,
        "completeness": priced.score.completeness,
        "rate_card": {"version": published.version, "sha256": published.sha256},
        "factors": [{"key": f.key, "label": f.label, "bps": f.bps, "why": f.why} for f in price.factors],
        "cheaper": [{"document": s.document.value, "fee_bps_after": s.fee_bps_after} for s in price.cheaper],
    }
