"""Pricing one claim from its facts: the score of its evidence, then the price; every way to a price goes
here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from agency.money import Money
from agency.rules.facts import DebtorKind, DisputeStatus, DocumentKind
from agency.rules.price import Price, PriceFacts, RateCard, price
from agency.rules.score import Score, score


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFacts:
    """Everything that the price of one claim depends on; `age_days` counts from the due date."""

    amount: Money
    age_days: int
    debtor: DebtorKind
    country: str
    documents: frozenset[DocumentKind]
    dispute: DisputeStatus

    def as_json(self) -> dict[str, Any]:
        """This function will return the facts as plain JSON values in a fixed order."""
        return {
            "amount_minor": self.amount.minor,
            "currency": self.amount.currency,
            "age_days": self.age_days,
            "debtor": self.debtor.value,
            "country": self.country,
            "documents": sorted(kind.value for kind in self.documents),
            "dispute": self.dispute.value,
        }

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> "ClaimFacts":
        """This function will read facts that `as_json` wrote."""
        return cls(
            amount=Money(facts["amount_minor"], facts["currency"]),
            age_days=facts["age_days"],
            debtor=DebtorKind(facts["debtor"]),
            country=facts["country"],
            documents=_kinds(tuple(facts["documents"])),
            dispute=DisputeStatus(facts["dispute"]),
        )


@lru_cache(maxsize=4096)
def _kinds(names: tuple[str, ...]) -> frozenset[DocumentKind]:
    return frozenset(DocumentKind(name) for name in names)


@dataclass(frozen=True, slots=True)
class PricedClaim:
    """A claim's facts with the score and price that follow from them."""

    facts: ClaimFacts
    score: Score
    price: Price


def age_in_days(*, due_on: date, today: date) -> int:
    """This function will return how many days a claim is overdue, zero when it is not due yet."""
    return max(0, (today - due_on).days)


def price_claim(*, card: RateCard, facts: ClaimFacts) -> PricedClaim:
    """This function will score and price one claim.

    :raises CurrencyMismatch: the card is in another currency.
    :raises ValueError: the amount is not positive.
    """
    found = score(debtor=facts.debtor, amount=facts.amount, documents=facts.documents, dispute=facts.dispute)
    return PricedClaim(
        facts,
        found,
        price(
            card=card,
            facts=PriceFacts(
                amount=facts.amount,
                age_days=facts.age_days,
                debtor=facts.debtor,
                country=facts.country,
                completeness=found.completeness,
                dispute=facts.dispute,
                gains=found.gains,
            ),
        ),
    )
