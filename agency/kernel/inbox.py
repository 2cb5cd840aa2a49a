"""Inbox: what the outside tells us is stored first, answered at once, and handled once, later.

The effect and `handled_at` commit together, so a fact is handled exactly once however often and in
whatever order it is told.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from agency.kernel.actor import JobFunction
from agency.kernel.ids import new_id
from agency.kernel.outbox import enqueue
from agency.kernel.unit import Unit

_INSERT = text(
    "INSERT INTO inbox (id, source, external_id, body, content_sha256, received_at)"
    " SELECT f.id, :source, f.external_id, CAST(f.body AS jsonb), f.sha, app.now()"
    " FROM jsonb_to_recordset(CAST(:facts AS jsonb)) AS f(id uuid, external_id text, body text, sha text)"
    " ON CONFLICT (source, external_id) DO NOTHING RETURNING id"
)


@dataclass(frozen=True)
class Told:
    """One fact from outside: its key at the source and its content (plain JSON)."""

    external_id: str
    body: dict[str, Any]


def receive(unit: Unit, *, source: str, facts: Sequence[Told], handler: JobFunction) -> int:
    """This function will store facts not seen before and enqueue one job for all the new ones.

    The handler is an actor `handler(unit, *, inbox_ids: list[str])`.

    :returns: how many were new.
    """
    rows = []
    for fact in facts:
        body = json.dumps(fact.body, sort_keys=True, default=str)
        sha = hashlib.sha256(body.encode()).hexdigest()
        rows.append({"id": str(new_id()), "external_id": fact.external_id, "body": body, "sha": sha})
    inserted = unit.session.connection().execute(_INSERT, {"source": source, "facts": json.dumps(rows)})
    new = [str(inbox_id) for inbox_id in inserted.scalars()]
    if new:
        enqueue(unit, handler, inbox_ids=sorted(new))
    return len(new)


def take_unhandled(unit: Unit, inbox_ids: Sequence[str]) -> list[tuple[UUID, str, dict[str, Any]]]:
    """This function will mark facts as handled in this transaction and return (id, source, body) of those
    that no other transaction has handled."""
    rows = unit.session.connection().execute(
        text(
            "UPDATE inbox SET handled_at = app.now() WHERE id = ANY(CAST(:ids AS uuid[]))"
            " AND handled_at IS NULL RETURNING id, source, body"
        ),
        {"ids": list(inbox_ids)},
    )
    return [(row.id, row.source, row.body) for row in rows]
