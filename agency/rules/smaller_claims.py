"""What the same documents prove of a smaller claim, where larger claims need other documents.

A claim just over such a limit could be better documented by it, and so pay less in total than one just under
it. The price asks for these sizes and never undercuts them.
"""

from functools import lru_cache

from agency.money import Money
from agency.rules.facts import DebtorKind, DisputeStatus, DocumentKind
from agency.rules.score import score
from agency.rules.tables import read_table

Smaller = tuple[tuple[int, int], ...]
"""Amounts in minor units, each with the completeness that is reached there."""


def smaller_claims(
    *,
    debtor: DebtorKind,
    amount: Money,
    documents: frozenset[DocumentKind],
    dispute: DisputeStatus,
    completeness: int,
) -> Smaller:
    """Return the largest amount under each limit of the score at which the documents prove less.

    :param completeness: what they reach for the claim itself.
    """
    found = (
        (limit - 1, _completeness(debtor, limit - 1, amount.currency, documents, dispute))
        for limit in _limits()
        if limit <= amount.minor
    )
    return tuple((minor, points) for minor, points in found if points < completeness)


@lru_cache(maxsize=1)
def _limits() -> tuple[int, ...]:
    return tuple(sorted({row["below"] for row in read_table("score")["set"] if "below" in row}))


@lru_cache(maxsize=65536)
def _completeness(
    debtor: DebtorKind, minor: int, currency: str, documents: frozenset[DocumentKind], dispute: DisputeStatus
) -> int:
    found = score(debtor=debtor, amount=Money(minor, currency), documents=documents, dispute=dispute)
    return found.completeness
