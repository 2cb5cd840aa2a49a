"""Finance's door: the bank's day, money in suspense, payouts with four eyes, the proof, the ledger."""

from portal.finance import (
    account_changes,
    fee_invoices,
    ledger,
    overview,
    proof,
    remittances,
    statements,
    suspense,
)

__all__ = [
    "account_changes",
    "fee_invoices",
    "ledger",
    "overview",
    "proof",
    "remittances",
    "statements",
    "suspense",
]
