"""Pricing one claim from its facts: the score of its evidence, then the price; every way to a price goes
here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from agency.money import Money
from agency.rules.facts import ClaimType, DebtorKind, DisputeStatus, DocumentKind, Law, Phase
from agency.rules.price import Price, PriceFacts, RateCard, Saving, price
from agency.rules.score import Score, ScoreGain, score
from agency.rules.smaller_claims import Smaller, smaller_claims


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFacts:
    """Everything that the price of one claim depends on.

    `age_days` counts from the due date; of several invoices it is the mean, weighed by what is open of each.
    `phase` is None only in quotes of before phases had a rate.
    """

    amount: Money
    age_days: int
    debtor: DebtorKind
    country: str
    documents: frozenset[DocumentKind]
    dispute: DisputeStatus
    phase: Phase | None = None
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
        later = {
            "phase": self.phase, "law": self.law, "claim_type": self.claim_type, "at_least": self.at_least
        }  # fmt: skip
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
            phase=Phase(facts["phase"]) if "phase" in facts else None,
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
    smaller: Smaller = ()


def age_in_days(*, due_on: date, today: date) -> int:
    """This function will return how many days a claim is overdue, zero when it is not due yet."""
    return max(0, (today - due_on).days)


def price_claim(*, card: RateCard, facts: ClaimFacts) -> PricedClaim:
    """This function will score and price one claim.

    :raises CurrencyMismatch: the card is in another currency.
    :raises ValueError: the amount is not positive.
    """
    found = _score(facts)
    smaller = smaller_of(facts, found.completeness)
    asked = price_facts(
        facts,
        completeness=found.completeness,
        smaller=smaller,
        gains=found.gains,
        resolved=_completeness_resolved(facts),
    )
    priced = price(card=card, facts=asked)
    if priced.held:
        priced = _with_exact_savings(card, facts, asked, priced)
    return PricedClaim(facts, found, priced, smaller)


def price_facts(
    facts: ClaimFacts,
    *,
    completeness: int,
    smaller: Smaller,
    gains: tuple[ScoreGain, ...] = (),
    resolved: int | None = None,
) -> PriceFacts:
    """This function will put a claim's facts beside a score, as the price sees both.

    :param gains: what each missing document would reach, where savings are asked for.
    :param resolved: the completeness were the dispute settled, likewise.
    """
    return PriceFacts(
        amount=facts.amount,
        age_days=facts.age_days,
        debtor=facts.debtor,
        country=facts.country,
        completeness=completeness,
        dispute=facts.dispute,
        phase=facts.phase,
        smaller=smaller,
        gains=gains,
        completeness_resolved=resolved,
    )


def smaller_of(facts: ClaimFacts, completeness: int) -> Smaller:
    """This function will return what the documents of a claim prove where a smaller one needs others."""
    return smaller_claims(
        debtor=facts.debtor,
        amount=facts.amount,
        documents=facts.documents,
        dispute=facts.dispute,
        law=facts.law or Law.nl,
        claim_type=facts.claim_type or ClaimType.sale,
        at_least=facts.at_least,
        completeness=completeness,
    )


def _completeness_resolved(facts: ClaimFacts) -> int | None:
    if facts.dispute in (DisputeStatus.none, DisputeStatus.resolved_creditor):
        return None
    return _completeness(replace(facts, dispute=DisputeStatus.resolved_creditor))


def _completeness(facts: ClaimFacts) -> int:
    return _score(facts).completeness


def _score(facts: ClaimFacts) -> Score:
    return score(
        debtor=facts.debtor,
        amount=facts.amount,
        documents=facts.documents,
        dispute=facts.dispute,
        law=facts.law or Law.nl,
        claim_type=facts.claim_type or ClaimType.sale,
        at_least=facts.at_least,
    )


def _with_exact_savings(card: RateCard, facts: ClaimFacts, asked: PriceFacts, priced: Price) -> Price:
    """Price the changed claim for each saving: the smaller claim that holds this one up changes with it."""

    def after(**changes: Any) -> int:
        changed = replace(facts, **changes)
        points = _completeness(changed)
        facts_then = price_facts(changed, completeness=points, smaller=smaller_of(changed, points))
        return price(card=card, facts=facts_then).fee_bps

    documents = [gain.document for gain in asked.gains]
    fees = [(kind, after(documents=facts.documents | {kind})) for kind in documents]
    resolved = None
    if asked.completeness_resolved is not None:
        resolved = after(dispute=DisputeStatus.resolved_creditor)
    return replace(
        priced,
        cheaper=tuple(Saving(kind, fee) for kind, fee in fees if fee < priced.fee_bps),
        resolved_bps=resolved if resolved is not None and resolved < priced.fee_bps else None,
    )
