"""Remittance: success fees, runs, approval by a second person, payout files.

Owns what leaves the trust account. Promises: nothing is paid out that was not collected.
Tells: RemittanceDrafted, RemittanceApproved, RemittancePaid.
"""
