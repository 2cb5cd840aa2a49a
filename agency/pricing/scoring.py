"""Pricing one claim from its facts: the score of its evidence, then the price; every way to a price goes
here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from agency.money import Money
from agency.rules.facts import ClaimType, DebtorKind, DisputeStatus, DocumentKind, Law
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
    law: Law | None = None  # None in quotes that were made before the evidence depended on it
    claim_type: ClaimType | None = None
    at_least: int = 0  # what a person lifted the completeness to

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
        } | self._later_facts()

    def _later_facts(self) -> dict[str, Any]:
        """Facts that older quotes lack: left out when absent, so that those replay to the same bytes."""
        later = {"law": self.law, "claim_type": self.claim_type, "at_least": self.at_least}
        return {name: value for name, value in later.items() if value}

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
            law=Law(facts["law"]) if "law" in facts else None,
            claim_type=ClaimType(facts["claim_type"]) if "claim_type" in facts else None,
            at_least=facts.get("at_least", 0),
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
    found = score(
        debtor=facts.debtor,
        amount=facts.amount,
        documents=facts.documents,
        dispute=facts.dispute,
        law=facts.law or Law.nl,
        claim_type=facts.claim_type or ClaimType.sale,
        at_least=facts.at_least,
    )
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
