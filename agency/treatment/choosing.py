"""The best way for a step that leaves it open: what was tried on each debtor, read for all at once."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.communication.mandatory import REPLIES
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.channel_choice import ChannelChoice, ChoiceFacts, Tried, choose_channel
from agency.rules.facts import Channel, DebtorKind

# So long after a message, what the debtor did counts as his answer; so far back messages tell something.
_ANSWER, _BACK = timedelta(days=7), timedelta(days=730)

_TRIED = text(
    "SELECT c.creditor_id, c.id AS claim_id, d.kind, c.currency, c.principal_minor, tried.ways"
    " FROM jsonb_to_recordset(CAST(:claims AS jsonb)) AS k(creditor_id uuid, claim_id uuid)"
    " JOIN claim c ON c.creditor_id = k.creditor_id AND c.id = k.claim_id"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " LEFT JOIN LATERAL (SELECT"
    "  jsonb_agg(jsonb_build_array(x.channel, x.answered, x.silent, x.failed)) AS ways"
    "  FROM (SELECT m.channel, count(*) FILTER (WHERE m.state IN ('bounced', 'failed')) AS failed,"
    "   count(*) FILTER (WHERE m.state NOT IN ('bounced', 'failed') AND a.answered) AS answered,"
    "   count(*) FILTER (WHERE m.state NOT IN ('bounced', 'failed') AND NOT a.answered"
    "    AND m.sent_at < :answered_by) AS silent"
    "   FROM message m JOIN template t ON t.id = m.template_id CROSS JOIN LATERAL (SELECT"
    "    EXISTS (SELECT FROM payment p WHERE p.creditor_id = m.creditor_id AND p.claim_id = m.claim_id"
    "     AND p.created_at BETWEEN m.sent_at AND m.sent_at + :answer)"
    "    OR EXISTS (SELECT FROM promise p WHERE p.creditor_id = m.creditor_id AND p.claim_id = m.claim_id"
    "     AND p.made_at BETWEEN m.sent_at AND m.sent_at + :answer)"
    "    OR EXISTS (SELECT FROM dispute p WHERE p.creditor_id = m.creditor_id AND p.claim_id = m.claim_id"
    "     AND p.raised_at BETWEEN m.sent_at AND m.sent_at + :answer) AS answered) a"
    "   WHERE m.creditor_id = c.creditor_id AND m.debtor_id = c.debtor_id AND m.reserved_at > :since"
    "   AND m.state IN ('sent', 'delivered', 'opened', 'bounced', 'failed') AND t.key <> ALL(:replies)"
    "   GROUP BY m.channel) x) tried ON true"
)


@dataclass(frozen=True, slots=True)
class OpenWay:
    """A step that goes by the best of its ways: the claim, and the ways by which its debtor is reached."""

    creditor_id: UUID
    claim_id: UUID
    ways: tuple[Channel, ...]


def choose_ways(unit: Unit, steps: Sequence[OpenWay]) -> dict[UUID, ChannelChoice]:
    """This function will choose the way of each step with one query, and return the choices by claim."""
    if not steps:
        return {}
    keys = [{"creditor_id": str(one.creditor_id), "claim_id": str(one.claim_id)} for one in steps]
    rows = unit.session.connection().execute(
        _TRIED,
        {
            "claims": json.dumps(keys),
            "answer": _ANSWER,
            "answered_by": unit.now - _ANSWER,
            "since": unit.now - _BACK,
            "replies": sorted(REPLIES),
        },
    )
    facts = {row.claim_id: _facts(row) for row in rows}
    return {
        one.claim_id: choose_channel(ways=one.ways, facts=facts[one.claim_id], on=unit.today) for one in steps
    }


def _facts(row: Row[Any]) -> ChoiceFacts:
    return ChoiceFacts(
        debtor=DebtorKind(row.kind),
        principal=Money(row.principal_minor, row.currency),
        tried={
            Channel(way): Tried(answered=answered, silent=silent, failed=failed)
            for way, answered, silent, failed in row.ways or ()
        },
    )
