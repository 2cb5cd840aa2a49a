"""Queueing messages: once per claim, step, cycle and channel, in the debtor's language, template pinned."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from agency.kernel.claim_sets import ClaimSet
from agency.kernel.unit import Unit
from agency.rules.facts import Channel

# Which template it is, is asked once for all messages of a text, a channel and two languages.
_QUEUE = text(
    "WITH wanted AS MATERIALIZED (SELECT k.creditor_id, k.claim_id, w.channel, w.step, w.cycle, w.template,"
    " w.due_at, w.facts, c.debtor_id, d.language AS reads, cr.language AS writes"
    " FROM jsonb_to_recordset(CAST(:wanted AS jsonb)) AS w(creditors uuid[], claims uuid[],"
    "  channel text, step text, cycle integer, template text, due_at timestamptz, facts jsonb)"
    " CROSS JOIN LATERAL unnest(w.creditors, w.claims) AS k(creditor_id, claim_id)"
    " JOIN claim c ON c.creditor_id = k.creditor_id AND c.id = k.claim_id"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " JOIN creditor cr ON cr.id = c.creditor_id),"
    " texts AS MATERIALIZED (SELECT k.*, t.id AS template_id"
    " FROM (SELECT DISTINCT template, channel, reads, writes FROM wanted) k"
    " JOIN LATERAL (SELECT t.id FROM template t WHERE t.key = k.template AND t.channel = k.channel"
    # A reader of another language than ours is likelier to read English than the creditor's.
    "  ORDER BY array_position(CASE WHEN k.reads IN ('nl', 'fr')"
    "   THEN ARRAY[k.reads, k.writes, 'nl', 'en'] ELSE ARRAY[k.reads, 'en', k.writes, 'nl'] END,"
    "   t.language) NULLS LAST, t.version DESC LIMIT 1) t ON true)"
    " INSERT INTO message (creditor_id, id, claim_id, debtor_id, channel, step, cycle, template_id, state,"
    " due_at, to_value, generation, attempts, subject, amounts, trace, reasons, created_at)"
    " SELECT w.creditor_id, uuidv7(), w.claim_id, w.debtor_id, w.channel, w.step, w.cycle, k.template_id,"
    " 'queued', w.due_at, '', 0, 0, '', w.facts, '[]', '[]', :now"
    " FROM wanted w JOIN texts k USING (template, channel, reads, writes)"
    " ON CONFLICT (creditor_id, claim_id, step, cycle, channel) DO NOTHING"
)
_QUEUED = text(f"{_QUEUE.text} RETURNING id")
_CANCEL = text(
    "UPDATE message m SET state = 'cancelled', reasons = CAST(:reasons AS jsonb) FROM template t"
    " WHERE t.id = m.template_id AND m.creditor_id = :creditor AND m.claim_id = :claim"
    " AND m.state = 'queued' AND t.key <> ALL(:keep)"
)


_CANCEL_STEP = text(
    "UPDATE message SET state = 'cancelled', reasons = CAST(:reasons AS jsonb) WHERE creditor_id = :creditor"
    " AND claim_id = :claim AND step = :step AND state = 'queued'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedMessage:
    """A message to be sent when its time has come and the law allows it; `facts` travel to the template."""

    creditor_id: UUID
    claim_id: UUID
    channel: Channel
    step: str
    cycle: int
    template: str
    due_at: datetime
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedByMany:
    """The same message wanted for many claims, to each debtor in his own language."""

    claims: ClaimSet
    channel: Channel
    step: str
    cycle: int
    template: str
    due_at: datetime
    facts: dict[str, Any] = field(default_factory=dict)


def queue_for_many(unit: Unit, wanted: Sequence[WantedByMany]) -> None:
    """This function will queue messages that are the same for many claims, all in one statement.

    One that was queued before is left as it is. A template that does not exist for the channel queues
    nothing.
    """
    if wanted:
        rows = json.dumps([_row(one, one.claims) for one in wanted])
        unit.session.connection().execute(_QUEUE, {"wanted": rows, "now": unit.now})


def queue_messages(unit: Unit, wanted: Sequence[WantedMessage]) -> list[UUID]:
    """This function will queue messages in one statement and return the ids of those that were not there yet.

    A template that does not exist for the channel queues nothing.
    """
    if not wanted:
        return []
    rows = json.dumps([_row(one, ClaimSet.of([(one.creditor_id, one.claim_id)])) for one in wanted])
    queued = unit.session.connection().execute(_QUEUED, {"wanted": rows, "now": unit.now})
    return [row.id for row in queued]


def _row(wanted: WantedMessage | WantedByMany, claims: ClaimSet) -> dict[str, Any]:
    return {
        "creditors": claims.creditors,
        "claims": claims.claims,
        "channel": wanted.channel.value,
        "step": wanted.step,
        "cycle": wanted.cycle,
        "template": wanted.template,
        "due_at": wanted.due_at.isoformat(),
        "facts": wanted.facts,
    }


def queue_message(
    unit: Unit,
    *,
    creditor_id: UUID,
    claim_id: UUID,
    channel: Channel,
    step: str,
    cycle: int,
    template: str,
    due_at: datetime,
    facts: dict[str, Any] | None = None,
) -> UUID | None:
    """This function will queue one message; None when that step of that cycle was queued before."""
    wanted = WantedMessage(
        creditor_id=creditor_id,
        claim_id=claim_id,
        channel=channel,
        step=step,
        cycle=cycle,
        template=template,
        due_at=due_at,
        facts=facts or {},
    )
    queued = queue_messages(unit, [wanted])
    return queued[0] if queued else None


def cancel_queued(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID, why: str, keep: Sequence[str] = ()
) -> int:
    """This function will cancel what waits for a claim, except messages of the templates in `keep`."""
    cancelled = unit.session.connection().execute(
        _CANCEL,
        {"creditor": creditor_id, "claim": claim_id, "reasons": json.dumps([why]), "keep": list(keep)},
    )
    return cancelled.rowcount


def cancel_queued_step(unit: Unit, *, creditor_id: UUID, claim_id: UUID, step: str, why: str) -> None:
    """This function will cancel what waits for a claim of one step."""
    unit.session.connection().execute(
        _CANCEL_STEP,
        {"creditor": creditor_id, "claim": claim_id, "step": step, "reasons": json.dumps([why])},
    )
