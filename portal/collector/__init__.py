"""The collectors' door: the work queue, a claim with everything around it, promises and disputes."""

from portal.collector import actions, calls, cases, claims, duplicates, evidence, lists, queue

__all__ = ["actions", "calls", "cases", "claims", "duplicates", "evidence", "lists", "queue"]
