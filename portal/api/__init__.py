"""The programming interface for creditors: prices without storing anything, and claims placed once per
key.
"""

from portal.api import claims, quotes

__all__ = ["claims", "quotes"]
