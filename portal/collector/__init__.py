"""The collectors' door: the work queue, a claim with everything around it, promises and disputes."""

from portal.collector import (
    actions,
    calls,
    cases,
    claims,
    document_check,
    dossiers,
    duplicates,
    evidence,
    lists,
    queue,
    sorting,
)

__all__ = [
    "actions",
    "calls",
    "cases",
    "claims",
    "document_check",
    "dossiers",
    "duplicates",
    "evidence",
    "lists",
    "queue",
    "sorting",
]
