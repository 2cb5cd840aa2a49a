"""Telling what happened: the event becomes a row, a nudge for open pages and, where somebody reacts, a job.

A nudge carries no data: a page that gets one fetches again under its own rights. Whoever hears of an event
looks before its reactions have run, so it is told once more when they have.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Row, text

from agency.events import Event, from_row
from agency.kernel.actor import actor
from agency.kernel.ids import new_id
from agency.kernel.outbox import enqueue_many
from agency.kernel.unit import Unit

log = structlog.get_logger()

Reaction = Callable[[Unit, Any], None]

EVENTS_PER_JOB: Final = 25
"""What is told at once is reacted to together, in transactions of so many events of one creditor."""

_NUDGE = "SELECT pg_notify('nudge', payload) FROM unnest(CAST(:payloads AS text[])) payload"
_NUDGE_ALONE = text(_NUDGE)
_INSERT = text(
    "WITH told AS (INSERT INTO event (creditor_id, id, kind, at, by, claim_id, creditor_sees, facts)"
    " SELECT e.creditor_id, e.id, e.kind, :at, :by, e.claim_id, e.creditor_sees, e.facts"
    " FROM jsonb_to_recordset(CAST(:events AS jsonb)) AS e(creditor_id uuid, id uuid, kind text,"
    f"  claim_id uuid, creditor_sees boolean, facts jsonb)) {_NUDGE}"
)
_EVENT = text("SELECT kind, creditor_id, claim_id, facts FROM event WHERE id = :id")
_EVENTS = text(
    "SELECT e.kind, e.creditor_id, e.claim_id, e.facts"
    " FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS asked(id, nth) JOIN event e"
    " ON e.creditor_id = :creditor AND e.id = asked.id ORDER BY asked.nth"
)
_reactions: dict[type[Event], tuple[Reaction, ...]] = {}


def install_reactions(table: dict[type[Event], tuple[Reaction, ...]]) -> None:
    """This function will set who reacts to what; the table itself stands in `agency.reactions`."""
    _reactions.clear()
    _reactions.update(table)


def emit(unit: Unit, *events: Event) -> None:
    """This function will record events in the running transaction and enqueue their reactions.

    Many events of one creditor that are told at once share jobs, those of one claim in the order told.
    """
    if not events:
        return
    ids = [str(new_id()) for _ in events]
    rows = [
        {
            "creditor_id": str(event.creditor_id),
            "id": event_id,
            "kind": event.kind,
            "claim_id": str(event.claim_id) if event.claim_id else None,
            "creditor_sees": event.creditor_sees,
            "facts": event.facts(),
        }
        for event, event_id in zip(events, ids, strict=True)
    ]
    values = {"events": json.dumps(rows), "at": unit.now, "by": unit.by, "payloads": _payloads(events)}
    unit.session.connection().execute(_INSERT, values)
    _have_reacted(unit, events, ids)


def _have_reacted(unit: Unit, events: Sequence[Event], ids: Sequence[str]) -> None:
    reacting: defaultdict[UUID, list[tuple[str, str]]] = defaultdict(list)
    for event, event_id in zip(events, ids, strict=True):
        if event.reacts:
            reacting[event.creditor_id].append((str(event.claim_id), event_id))
    alone: list[tuple[UUID, dict[str, Any]]] = []
    together: list[tuple[UUID, dict[str, Any]]] = []
    for creditor_id, told in reacting.items():
        if len(told) == 1:
            alone.append((creditor_id, {"event_id": told[0][1]}))
            continue
        # By claim, so that two jobs that lock claims never wait for each other in a circle.
        ordered = [event_id for _, event_id in sorted(told, key=lambda one: one[0])]
        for start in range(0, len(ordered), EVENTS_PER_JOB):
            chosen = ordered[start : start + EVENTS_PER_JOB]
            together.append((creditor_id, {"creditor_id": str(creditor_id), "event_ids": chosen}))
    for job, waiting in ((react, alone), (react_to_many, together)):
        enqueue_many(
            unit, job, [args for _, args in waiting], creditor_ids=[creditor_id for creditor_id, _ in waiting]
        )


def nudge(unit: Unit, events: Sequence[Event]) -> None:
    """This function will tell open pages that something changed, once per creditor and claim, and record
    nothing."""
    unit.session.connection().execute(_NUDGE_ALONE, {"payloads": _payloads(events)})


def _payloads(events: Sequence[Event]) -> list[str]:
    told = sorted({(str(e.creditor_id), str(e.claim_id or ""), e.kind) for e in events})
    return [
        json.dumps({"creditor_id": creditor_id, "claim_id": claim_id, "topic": topic})
        for creditor_id, claim_id, topic in told
    ]


@actor()
def react(unit: Unit, *, event_id: str) -> None:
    """This function will run every reaction to one event, in one transaction."""
    nudge(unit, [_run(unit, unit.session.connection().execute(_EVENT, {"id": UUID(event_id)}).one())])


@actor()
def react_to_many(unit: Unit, *, creditor_id: str, event_ids: list[str]) -> None:
    """This function will run every reaction to several events in one transaction.

    Where one of them fails nothing of the others is kept either: each event then gets a job of its own.
    """
    try:
        with unit.session.begin_nested():
            asked = {"creditor": UUID(creditor_id), "ids": event_ids}
            nudge(unit, [_run(unit, row) for row in unit.session.connection().execute(_EVENTS, asked).all()])
    except Exception:
        # Whatever a reaction raises comes again in the event's own job, which is where it is recorded.
        log.warning("events.reacted.alone", events=len(event_ids), exc_info=True)
        alone = [{"event_id": event_id} for event_id in event_ids]
        enqueue_many(unit, react, alone, creditor_id=UUID(creditor_id))


def _run(unit: Unit, row: Row[Any]) -> Event:
    event = from_row(kind=row.kind, creditor_id=row.creditor_id, claim_id=row.claim_id, facts=row.facts)
    for reaction in _reactions.get(type(event), ()):
        reaction(unit, event)
    return event
