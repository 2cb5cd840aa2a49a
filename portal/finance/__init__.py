"""Finance's door: the bank's day, money in suspense, refunds and payouts with four eyes, the proof."""

from portal.finance import (
    account_changes,
    collections,
    fee_invoices,
    ledger,
    overview,
    payout_terms,
    price_requests,
    proof,
    proof_asides,
    refunds,
    remittances,
    statements,
    suspense,
    suspense_care,
    suspense_choices,
    waivers,
)

__all__ = [
    "account_changes",
    "collections",
    "fee_invoices",
    "ledger",
    "overview",
    "payout_terms",
    "price_requests",
    "proof",
    "proof_asides",
    "refunds",
    "remittances",
    "statements",
    "suspense",
    "suspense_care",
    "suspense_choices",
    "waivers",
]
