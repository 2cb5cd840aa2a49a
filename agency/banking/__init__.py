"""Banking: statements and lines of the trust account, matching, suspense, the daily proof.

Owns bank = ledger = liabilities. Promises: every line is booked at once, once. Tells: StatementImported.
"""
