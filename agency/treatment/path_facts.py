"""What only paths with conditions ask of a claim, read for many claims in one statement."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.kernel.unit import AGENCY_ZONE, Unit
from agency.rules.facts import Channel, DebtorKind
from agency.rules.treatment import PathFacts, SentStep, TreatmentPath

ClaimKey = tuple[UUID, UUID]

PROMISED = (
    "SELECT max(p.due_on) AS promised_on FROM promise p WHERE p.creditor_id = c.creditor_id"
    " AND p.claim_id = c.id AND p.state = 'broken'"
)
PROVED = (
    "SELECT jsonb_object_agg(m.step, m.day) AS steps FROM (SELECT o.step,"
    "  min(CAST(r.at AT TIME ZONE :zone AS date)) AS day"
    "  FROM message o JOIN message_receipt r ON r.creditor_id = o.creditor_id AND r.message_id = o.id"
    "  WHERE o.creditor_id = c.creditor_id AND o.claim_id = c.id AND r.kind IN ('delivered', 'opened'){only}"
    "  GROUP BY o.step) m"
)
"""Select of a claim `c` the day of the last broken promise, and the days on which steps proved delivered."""

_READ = text(
    "SELECT c.creditor_id, c.id AS claim_id, c.principal_minor, c.currency, d.kind AS debtor,"
    " coalesce(d.street, '') <> '' AND coalesce(d.city, '') <> '' AS has_address, told.promised_on,"
    " proved.steps AS delivered"
    " FROM jsonb_to_recordset(CAST(:claims AS jsonb)) AS w(creditor_id uuid, claim_id uuid)"
    " JOIN claim c ON c.creditor_id = w.creditor_id AND c.id = w.claim_id"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    f" LEFT JOIN LATERAL ({PROMISED}) told ON true"
    f" LEFT JOIN LATERAL ({PROVED.format(only='')}) proved ON true"
)


def asked_of(path: TreatmentPath) -> dict[str, Any]:
    """This function will return what a path's conditions depend on: the bounds of amounts and their currency,
    and whether they look at the kind of debtor, the address, promises, and proofs of delivery."""
    anchors = {step.anchor for step in path.steps}
    return {
        "above": sorted({step.above_minor for step in path.steps if step.above_minor is not None}),
        "currency": path.currency,
        "debtor": any(step.to_debtors for step in path.steps),
        "address": any(
            Channel.visit in step.channels or step.reachable_by is Channel.visit for step in path.steps
        ),
        "promised": "promise_date" in anchors,
        "proved": "previous_delivered" in anchors,
    }


def read_conditions(unit: Unit, keys: Sequence[ClaimKey]) -> Mapping[ClaimKey, Row[Any]]:
    """This function will return what the conditions of a path look at, by creditor and claim."""
    if not keys:
        return {}
    claims = [{"creditor_id": str(creditor), "claim_id": str(claim)} for creditor, claim in keys]
    rows = unit.session.connection().execute(_READ, {"claims": json.dumps(claims), "zone": AGENCY_ZONE.key})
    return {(row.creditor_id, row.claim_id): row for row in rows}


def with_conditions(facts: PathFacts, known: Row[Any] | None) -> PathFacts:
    """Return the facts with what `read_conditions` found; unchanged where nothing was asked.

    A visit is possible where an address is known; whether it may be made is asked when it is due.
    """
    if known is None:
        return facts
    visits = {Channel.visit} if known.has_address else set()
    proved: Mapping[str, str] = known.delivered or {}
    return replace(
        facts,
        channels=facts.channels | visits,
        principal_minor=known.principal_minor or 0,
        currency=known.currency,
        debtor=DebtorKind(known.debtor) if known.debtor else None,
        promised_on=known.promised_on,
        sent=tuple(_proved(step, proved.get(step.key)) for step in facts.sent),
    )


def _proved(step: SentStep, at: str | None) -> SentStep:
    return replace(step, delivered_on=date.fromisoformat(at)) if at else step
