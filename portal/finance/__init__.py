"""Finance's door: the bank's day, money in suspense, refunds and payouts with four eyes, the proof."""

from portal.finance import ledger, overview, proof, refunds, remittances, statements, suspense, suspense_care

__all__ = [
    "ledger",
    "overview",
    "proof",
    "refunds",
    "remittances",
    "statements",
    "suspense",
    "suspense_care",
]
