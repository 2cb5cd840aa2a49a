"""What the same documents prove of a smaller claim, where larger claims need other documents.

A claim just over such a limit could be better documented by it, and so pay less in total than one just under
it. The price asks for these sizes and never undercuts them.
"""

from functools import lru_cache

from agency.money import Money
from agency.rules.facts import ClaimType, DebtorKind, DisputeStatus, DocumentKind, Law
from agency.rules.score import amount_limits, score

Smaller = tuple[tuple[int, int], ...]
"""Amounts in minor units, each with the completeness that is reached there."""


def smaller_claims(
    *,
    debtor: DebtorKind,
    amount: Money,
    documents: frozenset[DocumentKind],
    dispute: DisputeStatus,
    law: Law,
    claim_type: ClaimType,
    at_least: int,
    completeness: int,
) -> Smaller:
    """Return the largest amount under each limit of the score at which the documents prove less.

    :param at_least: what a person lifted the completeness to.
    :param completeness: what the documents reach for the claim itself.
    """
    found = (
        (
            limit - 1,
            _points(debtor, limit - 1, amount.currency, documents, dispute, law, claim_type, at_least),
        )
        for limit in amount_limits()
        if limit <= amount.minor
    )
    return tuple((minor, points) for minor, points in found if points < completeness)


@lru_cache(maxsize=65536)
def _points(
    debtor: DebtorKind,
    minor: int,
    currency: str,
    documents: frozenset[DocumentKind],
    dispute: DisputeStatus,
    law: Law,
    claim_type: ClaimType,
    at_least: int,
) -> int:
    found = score(
        debtor=debtor,
        amount=Money(minor, currency),
        documents=documents,
        dispute=dispute,
        law=law,
        claim_type=claim_type,
        at_least=at_least,
    )
    return found.completeness
