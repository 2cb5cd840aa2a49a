"""Arrangements: promises to pay.

Owns what debtor and agency agreed. Promises: the ledger decides whether a promise was kept.
Tells: PromiseMade, PromiseKept, PromiseBroken.
"""
