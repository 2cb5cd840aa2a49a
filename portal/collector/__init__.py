"""The collectors' door: the work queue, a claim with everything around it, promises and disputes."""

from portal.collector import (
    actions,
    arrangements,
    calls,
    cases,
    claims,
    document_check,
    dossiers,
    duplicates,
    evidence,
    inbound,
    lists,
    plan_list,
    queue,
    sorting,
    unmatched,
)

__all__ = [
    "actions",
    "arrangements",
    "calls",
    "cases",
    "claims",
    "document_check",
    "dossiers",
    "duplicates",
    "evidence",
    "inbound",
    "lists",
    "plan_list",
    "queue",
    "sorting",
    "unmatched",
]
