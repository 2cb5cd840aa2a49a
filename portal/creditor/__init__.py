"""The creditors' door: submit claims, get a price, accept it, and see what happens to every claim."""

from portal.creditor import (
    claims,
    documents,
    dropped_invoices,
    drops,
    exports,
    mappings,
    overview,
    payouts,
    placements,
    quotes,
    single_claim,
)

__all__ = [
    "claims",
    "documents",
    "dropped_invoices",
    "drops",
    "exports",
    "mappings",
    "overview",
    "payouts",
    "placements",
    "quotes",
    "single_claim",
]
