"""Disputes: what a debtor contests, and how it was resolved.

Owns the dispute's clock and outcome. Promises: nothing leaves for a disputed claim.
Tells: DisputeRaised, DisputeResolved.
"""
