"""Claims as they stand, with all that a path and the gate look at, read for many at once."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.claims.limitation import limitation_ends
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.facts import Channel, DebtorKind, Law, Phase
from agency.rules.path_tryout import ClaimToTry
from agency.rules.send import SendFacts
from agency.treatment.path_facts import ClaimKey, read_conditions, with_conditions
from agency.treatment.standing import read_standing

_GATE = text(
    "SELECT c.creditor_id, c.id AS claim_id, c.law, c.phase, c.currency, c.due_on, c.disputed_minor,"
    " c.costs_from, d.kind, d.country, d.region, coalesce(d.identity_id, d.id) AS person, books.open_minor,"
    " holds.grounds, screened.waits, met.moments"
    " FROM jsonb_to_recordset(CAST(:claims AS jsonb)) AS w(creditor_id uuid, claim_id uuid)"
    " JOIN claim c ON c.creditor_id = w.creditor_id AND c.id = w.claim_id"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " LEFT JOIN LATERAL (SELECT coalesce(sum(e.amount_minor), 0) AS open_minor FROM ledger_entry e"
    "  WHERE e.creditor_id = c.creditor_id AND e.claim_id = c.id AND e.account = 'claims.principal')"
    "  books ON true"
    " LEFT JOIN LATERAL (SELECT array_agg(h.ground ORDER BY h.ground) AS grounds FROM hold h"
    "  WHERE h.creditor_id = c.creditor_id AND h.claim_id = c.id AND h.lifted_at IS NULL"
    "  AND (h.ends_at IS NULL OR h.ends_at > :now)) holds ON true"
    " LEFT JOIN LATERAL (SELECT true AS waits FROM screening r WHERE r.creditor_id = c.creditor_id"
    "  AND r.debtor_id = c.debtor_id AND r.state IN ('waiting', 'unclear') LIMIT 1) screened ON true"
    " LEFT JOIN LATERAL (SELECT array_agg(DISTINCT coalesce(m.sent_at, m.reserved_at)) AS moments"
    "  FROM debtor o JOIN message m ON m.creditor_id = o.creditor_id AND m.debtor_id = o.id"
    "  WHERE (o.creditor_id, o.id) IN (SELECT d.creditor_id, d.id UNION ALL"
    "   SELECT s.creditor_id, s.id FROM debtor s WHERE s.identity_id = d.identity_id)"
    "  AND m.state IN ('sending', 'unknown', 'sent', 'delivered', 'opened')"
    "  AND coalesce(m.sent_at, m.reserved_at) > :week_ago) met ON true"
)


@dataclass(frozen=True, slots=True)
class LiveClaim:
    """A claim on a path with what it owes, whom it is about, and why it stands still where it does."""

    key: ClaimKey
    claim: ClaimToTry
    person: UUID
    open: Money
    contacts: tuple[datetime, ...]
    still: str


def claims_to_try(
    unit: Unit, keys: Sequence[ClaimKey], *, threatening: frozenset[str]
) -> Iterator[LiveClaim]:
    """This function will yield claims in the order of their keys, each as it stands at this moment."""
    if not keys:
        return
    gates = _gates(unit, keys)
    known = read_conditions(unit, keys)
    for key, facts in read_standing(unit, keys).items():
        row = gates[key]
        amount = Money(int(row.open_minor), row.currency)
        yield LiveClaim(
            key=key,
            claim=ClaimToTry(
                facts=with_conditions(facts, known.get(key)), gate=_gate(row, amount), threatening=threatening
            ),
            person=row.person,
            open=amount,
            contacts=tuple(row.moments or ()),
            still=_still(row, stopped=facts.stopped),
        )


def _gates(unit: Unit, keys: Sequence[ClaimKey]) -> Mapping[ClaimKey, Row[Any]]:
    claims = [{"creditor_id": str(creditor), "claim_id": str(claim)} for creditor, claim in keys]
    rows = unit.session.connection().execute(
        _GATE,
        {"claims": json.dumps(claims), "now": unit.now, "week_ago": unit.now - timedelta(days=7)},
    )
    return {(row.creditor_id, row.claim_id): row for row in rows}


def _gate(row: Row[Any], amount: Money) -> SendFacts:
    return SendFacts(
        country=row.country,
        region=row.region,
        channel=Channel.letter,
        debtor=DebtorKind(row.kind),
        phase=Phase(row.phase),
        balance=amount,
        limitation_ends=limitation_ends(law=Law(row.law), due_on=row.due_on),
        after_term=row.costs_from,
    )


def _still(row: Row[Any], *, stopped: bool) -> str:
    """Why nothing is planned for a claim; "" where it goes on."""
    if row.grounds:
        return f"hold:{row.grounds[0]}"
    if stopped:
        return "disputed"
    return "screening" if row.waits else ""
