"""The creditors' door: submit claims, get a price, accept it, and see what happens to every claim."""

from portal.creditor import (
    claims,
    disputes,
    documents,
    dossiers,
    exports,
    missing,
    overview,
    payouts,
    placements,
    quotes,
    single_claim,
    sorting,
)

__all__ = [
    "claims",
    "disputes",
    "documents",
    "dossiers",
    "exports",
    "missing",
    "overview",
    "payouts",
    "placements",
    "quotes",
    "single_claim",
    "sorting",
]
