"""Which claims are kept, held or due for erasing, each with its reason, from the facts of all rooms."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.claims.limitation import limitation_ends
from agency.claims.states import ENDED, ClaimState
from agency.kernel.unit import Unit, agency_day
from agency.rules.facts import Law
from agency.rules.retention import ANY, Kind, Obstacle, RetentionDecision, decide, last_begun

UNACCEPTED: Final = (ClaimState.NEW, ClaimState.QUOTED)
_ZONE: Final = "'Europe/Amsterdam'"

# Whoever is the same person elsewhere is held along by a hold on the person.
_HELD: Final = (
    "EXISTS (SELECT FROM legal_hold h JOIN debtor o ON o.creditor_id = h.creditor_id AND o.id = h.debtor_id"
    " WHERE h.lifted_at IS NULL AND (h.until IS NULL OR h.until >= CAST(:today AS date))"
    " AND ((h.creditor_id = c.creditor_id AND h.claim_id = c.id) OR (h.claim_id IS NULL"
    "  AND ((o.creditor_id = d.creditor_id AND o.id = d.id) OR o.identity_id = d.identity_id))))"
)
_MINE: Final = "x.creditor_id = c.creditor_id AND x.claim_id = c.id"
_OBSTACLES: Final = {
    Obstacle.LEGAL_HOLD: _HELD,
    Obstacle.DISPUTE: f"EXISTS (SELECT FROM dispute x WHERE {_MINE} AND x.resolved_at IS NULL)",
    Obstacle.COMPLAINT: f"EXISTS (SELECT FROM hold x WHERE {_MINE} AND x.ground = 'complaint'"
    " AND x.lifted_at IS NULL AND (x.ends_at IS NULL OR x.ends_at > :now))",
    Obstacle.OPEN_MONEY: f"EXISTS (SELECT FROM refund x WHERE {_MINE}"
    "  AND x.state IN ('requested', 'approved', 'sending', 'exported'))"
    f" OR EXISTS (SELECT FROM refund_account x WHERE {_MINE} AND x.ended_at IS NULL)"
    f" OR EXISTS (SELECT FROM held_payment x WHERE {_MINE} AND x.ended_at IS NULL"
    "  AND x.refund_minor < x.amount_minor)"
    " OR EXISTS (SELECT FROM bank_line x WHERE x.creditor_id = c.creditor_id AND x.claim_id = c.id"
    "  AND x.state = 'suspense')",
    Obstacle.UNPAID_PAYOUT: "EXISTS (SELECT FROM success_fee x LEFT JOIN remittance_run r"
    "  ON r.creditor_id = x.creditor_id AND r.id = x.run_id LEFT JOIN fee_invoice f"
    "  ON f.creditor_id = x.creditor_id AND f.id = x.invoice_id"
    f" WHERE {_MINE} AND (x.run_id IS NULL OR r.state <> 'paid'"
    "  OR f.settled_minor < f.net_minor + f.vat_minor))",
    Obstacle.PLAN: "EXISTS (SELECT FROM plan_claim x JOIN plan p ON p.creditor_id = x.creditor_id"
    f"  AND p.id = x.plan_id WHERE {_MINE} AND p.state IN ('proposed', 'offered', 'active'))"
    f" OR EXISTS (SELECT FROM settlement x WHERE {_MINE} AND x.state IN ('waiting', 'open'))",
    Obstacle.INQUIRY: "EXISTS (SELECT FROM inspection_export_claim x JOIN inspection_export e"
    f"  ON e.id = x.export_id WHERE {_MINE} AND e.state IN ('waiting', 'running', 'ready'))",
}
_FACTS: Final = (
    "SELECT c.creditor_id, c.id, c.debtor_id, c.number, c.law, c.state, c.due_on, c.closed_at, c.created_at,"
    " c.erased_at, cr.name AS creditor, d.kind AS debtor_kind, d.country, array_remove(ARRAY["
    + ", ".join(f"CASE WHEN {sql} THEN '{name.value}' END" for name, sql in _OBSTACLES.items())
    + "], NULL) AS obstacles FROM claim c JOIN creditor cr ON cr.id = c.creditor_id"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id WHERE {which}"
)
_OVER: Final = (
    "c.erased_at IS NULL AND ((c.state = ANY(:ended) AND (c.closed_at AT TIME ZONE " + _ZONE + ")::date"
    "  <= (CAST(:borders AS jsonb) ->> c.law)::date)"
    " OR (c.state = ANY(:unaccepted) AND (c.created_at AT TIME ZONE " + _ZONE + ")::date"
    "  <= CAST(:never AS date) AND NOT EXISTS (SELECT FROM quote_line l JOIN quote q"
    "   ON q.creditor_id = l.creditor_id AND q.id = l.quote_id WHERE l.creditor_id = c.creditor_id"
    "   AND l.claim_id = c.id AND q.state = 'open' AND q.expires_at > :now)))"
    " ORDER BY coalesce(c.closed_at, c.created_at), c.creditor_id, c.id LIMIT :limit"
)
_ONE: Final = "c.creditor_id = :creditor AND c.id = :claim"
_PERSONS: Final = (
    "(c.creditor_id, c.debtor_id) IN (SELECT f.creditor_id, f.id FROM debtor f"
    " WHERE (f.creditor_id = :creditor"
    " AND f.id = :debtor) OR f.identity_id = (SELECT identity_id FROM debtor WHERE creditor_id = :creditor"
    " AND id = :debtor)) ORDER BY cr.name, c.number"
)
_AHEAD: Final = text(
    "SELECT law, CASE WHEN state = ANY(:unaccepted) THEN 'unaccepted_claim' ELSE 'claim_file' END AS kind,"
    f" (coalesce(CASE WHEN state = ANY(:ended) THEN closed_at END, created_at) AT TIME ZONE {_ZONE})::date"
    " AS begun, count(*) AS n FROM claim WHERE erased_at IS NULL"
    " AND state = ANY(CAST(:ended AS text[]) || CAST(:unaccepted AS text[])) GROUP BY 1, 2, 3"
)


@dataclass(frozen=True, slots=True)
class ClaimStanding:
    """One claim, which kind of data it is, and what is decided about it on a day."""

    creditor_id: UUID
    claim_id: UUID
    debtor_id: UUID
    number: str
    creditor: str
    state: ClaimState
    kind: Kind
    erased: bool
    begun: date | None
    decision: RetentionDecision


def claims_over(unit: Unit, *, on: date, limit: int) -> list[ClaimStanding]:
    """This function will return the claims whose time is over on a day, the oldest first, due or held."""
    borders = {
        law.value: last_begun(kind=Kind.CLAIM_FILE, country=law.value, on=on).isoformat() for law in Law
    }
    values = {
        "borders": json.dumps(borders),
        "never": last_begun(kind=Kind.UNACCEPTED_CLAIM, country=ANY, on=on),
        "ended": sorted(ENDED),
        "unaccepted": [one.value for one in UNACCEPTED],
        "limit": limit,
    }
    return _standings(unit, _OVER, values, on)


def standing_of(unit: Unit, *, creditor_id: UUID, claim_id: UUID, on: date) -> ClaimStanding | None:
    """This function will return how one claim stands on a day; None when there is no such claim."""
    found = _standings(unit, _ONE, {"creditor": creditor_id, "claim": claim_id}, on)
    return found[0] if found else None


def standings_of_person(unit: Unit, *, creditor_id: UUID, debtor_id: UUID, on: date) -> list[ClaimStanding]:
    """This function will return how every claim of a person stands, with every creditor of his."""
    return _standings(unit, _PERSONS, {"creditor": creditor_id, "debtor": debtor_id}, on)


def begun_ahead(unit: Unit) -> Sequence[Row[Any]]:
    """This function will count claims that will be due once, by law, kind and the day their term began."""
    values = {"ended": sorted(ENDED), "unaccepted": [one.value for one in UNACCEPTED]}
    return unit.session.connection().execute(_AHEAD, values).all()


def _standings(unit: Unit, which: str, values: dict[str, Any], on: date) -> list[ClaimStanding]:
    rows = unit.session.connection().execute(
        text(_FACTS.format(which=which)), {"today": unit.today, "now": unit.now, **values}
    )
    return [_standing(row, on) for row in rows]


def _standing(row: Row[Any], on: date) -> ClaimStanding:
    state = ClaimState(row.state)
    unaccepted = state in UNACCEPTED
    kind = Kind.UNACCEPTED_CLAIM if unaccepted else Kind.CLAIM_FILE
    begun = None
    if unaccepted:
        begun = agency_day(row.created_at)
    elif state in ENDED and row.closed_at is not None:
        begun = agency_day(row.closed_at)
    obstacles = {Obstacle(one) for one in row.obstacles}
    if state in (ClaimState.CLOSED, ClaimState.WITHDRAWN):
        ends = limitation_ends(law=Law(row.law), due_on=row.due_on)
        if ends is not None and ends >= on:
            obstacles.add(Obstacle.TITLE)
    decision = decide(kind=kind, country=row.law, begun=begun, on=on, obstacles=obstacles)
    return ClaimStanding(
        row.creditor_id, row.id, row.debtor_id, row.number, row.creditor, state, kind,
        row.erased_at is not None, begun, decision,
    )  # fmt: skip
