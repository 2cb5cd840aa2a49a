"""Telling what happened: the event becomes a row, a nudge for open pages and, where somebody reacts, a job.

A nudge carries no data: a page that gets one fetches again under its own rights.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from agency.events import Event, from_row
from agency.kernel.actor import actor
from agency.kernel.ids import new_id
from agency.kernel.outbox import enqueue
from agency.kernel.unit import Unit

Reaction = Callable[[Unit, Any], None]

_INSERT = text(
    "INSERT INTO event (creditor_id, id, kind, at, by, claim_id, creditor_sees, facts)"
    " SELECT e.creditor_id, e.id, e.kind, :at, :by, e.claim_id, e.creditor_sees, e.facts"
    " FROM jsonb_to_recordset(CAST(:events AS jsonb)) AS e(creditor_id uuid, id uuid, kind text,"
    "  claim_id uuid, creditor_sees boolean, facts jsonb)"
)
_reactions: dict[type[Event], tuple[Reaction, ...]] = {}


def install_reactions(table: dict[type[Event], tuple[Reaction, ...]]) -> None:
    """This function will set who reacts to what; the table itself stands in `agency.reactions`."""
    _reactions.clear()
    _reactions.update(table)


def emit(unit: Unit, *events: Event) -> None:
    """This function will record events in the running transaction and enqueue their reactions."""
    if not events:
        return
    rows = [
        {
            "creditor_id": str(event.creditor_id),
            "id": str(new_id()),
            "kind": event.kind,
            "claim_id": str(event.claim_id) if event.claim_id else None,
            "creditor_sees": event.creditor_sees,
            "facts": event.facts(),
        }
        for event in events
    ]
    values = {"events": json.dumps(rows), "at": unit.now, "by": unit.by}
    unit.session.connection().execute(_INSERT, values)
    for event, row in zip(events, rows, strict=True):
        if event.reacts:
            enqueue(unit, react, creditor_id=event.creditor_id, event_id=row["id"])
    nudge(unit, events)


def nudge(unit: Unit, events: Sequence[Event]) -> None:
    """This function will tell open pages that something changed, once per creditor and claim."""
    told = sorted({(str(e.creditor_id), str(e.claim_id or ""), e.kind) for e in events})
    payloads = [
        json.dumps({"creditor_id": creditor_id, "claim_id": claim_id, "topic": topic})
        for creditor_id, claim_id, topic in told
    ]
    unit.session.connection().execute(
        text("SELECT pg_notify('nudge', payload) FROM unnest(CAST(:payloads AS text[])) payload"),
        {"payloads": payloads},
    )


@actor()
def react(unit: Unit, *, event_id: str) -> None:
    """This function will run every reaction to one event, in one transaction."""
    row = unit.session.connection().execute(
        text("SELECT kind, creditor_id, claim_id, facts FROM event WHERE id = :id"), {"id": UUID(event_id)}
    )
    kind, creditor_id, claim_id, facts = row.one()
    event = from_row(kind=kind, creditor_id=creditor_id, claim_id=claim_id, facts=facts)
    for reaction in _reactions.get(type(event), ()):
        reaction(unit, event)
