"""Finance's door: the bank's day, money in suspense, payouts with four eyes, the proof, the ledger."""

from portal.finance import collections, ledger, overview, proof, remittances, statements, suspense

__all__ = ["collections", "ledger", "overview", "proof", "remittances", "statements", "suspense"]
