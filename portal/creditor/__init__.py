"""The creditors' door: submit claims, get a price, accept it, and see what happens to every claim."""

from portal.creditor import (
    claims,
    documents,
    exports,
    overview,
    payouts,
    placements,
    quotes,
    rejects,
    single_claim,
    trying,
)

__all__ = [
    "claims",
    "documents",
    "exports",
    "overview",
    "payouts",
    "placements",
    "quotes",
    "rejects",
    "single_claim",
    "trying",
]
