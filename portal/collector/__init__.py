"""The collectors' door: the work queue, a claim with everything around it, promises and disputes."""

from portal.collector import actions, calls, cases, claims, document_check, evidence, lists, queue

__all__ = ["actions", "calls", "cases", "claims", "document_check", "evidence", "lists", "queue"]
