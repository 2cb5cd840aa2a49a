"""The programming interface for creditors: prices without storing anything, claims placed once per key, and
everything about them that a program reads.
"""

from portal.api import (
    claim_history,
    claim_list,
    claims,
    credit_checks,
    description,
    documents,
    payouts,
    placements,
    price_requests,
    quotes,
)

__all__ = [
    "claim_history",
    "claim_list",
    "claims",
    "credit_checks",
    "description",
    "documents",
    "payouts",
    "placements",
    "price_requests",
    "quotes",
]
