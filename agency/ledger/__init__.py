"""Ledger: books, accounts, transactions and entries.

Owns every amount that was ever booked. Promises: one door to post, sum zero, append-only, corrections
are reversals. Tells: nothing; whoever posts tells what it means.
"""
