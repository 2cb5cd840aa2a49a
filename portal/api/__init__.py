"""The programming interface for creditors: prices without storing anything, and claims placed once per
key.
"""

from portal.api import claim_history, claims, credit_checks, quotes

__all__ = ["claim_history", "claims", "credit_checks", "quotes"]
