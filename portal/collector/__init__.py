from portal.collector import (
    actions,
    calls,
    cases,
    claims,
    document_check,
    duplicates,
    evidence,
    lists,
    queue,
)

__all__ = [
    "actions",
    "calls",
    "cases",
    "claims",
    "document_check",
    "duplicates",
    "evidence",
    "lists",
    "queue",
]
