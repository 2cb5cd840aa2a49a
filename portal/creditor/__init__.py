"""The creditors' door: submit claims, get a price, accept it, and see what happens to every claim."""

from portal.creditor import (
    claim_history,
    claims,
    credit_checks,
    documents,
    duplicates,
    exports,
    goals,
    overview,
    payouts,
    placements,
    quote_changes,
    quote_closing,
    quote_document,
    quotes,
    single_claim,
)

__all__ = [
    "claim_history",
    "claims",
    "credit_checks",
    "documents",
    "duplicates",
    "exports",
    "goals",
    "overview",
    "payouts",
    "placements",
    "quote_changes",
    "quote_closing",
    "quote_document",
    "quotes",
    "single_claim",
]
