"""Credit checks: what is known of a company before a creditor delivers on account.

Owns the checks and their results. Promises: what other creditors experienced is told only as numbers over
enough of them, never by name. Tells: CreditChecked.
"""
