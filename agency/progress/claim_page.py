"""Everything that stands around one claim, for the collector's page, in a handful of statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.claims.itemisation import ItemisedClaim, itemise
from agency.desk.calling import may_call
from agency.documents.completeness import SCORE_FACTS
from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.progress.timeline import Happening, PlannedAction, planned_actions, timeline
from agency.rules.send import SendDecision

Part = Mapping[str, Any]
"""A row of a part, by the names of its columns."""

_CLAIM = text(
    "SELECT c.creditor_id, c.id, c.number, c.reference, c.payment_reference, c.state, c.phase, c.law,"
    " c.interest_kind, c.currency, c.principal_minor, c.disputed_minor, c.due_on, c.description,"
    " c.close_code, c.erased_at, c.debtor_id, cr.name AS creditor,"
    " cr.phone AS creditor_phone, cr.email AS creditor_email,"
    " d.name AS debtor, d.kind AS debtor_kind, d.reference AS debtor_reference, d.language, d.country,"
    " d.street, d.postal_code, d.city, d.registration_number, d.vat_number, d.identity_id,"
    " p.key AS path, p.version AS path_version, t.ended_at AS path_ended_at,"
    " r.why AS relation_why, coalesce(r.important, false) AS important_relation,"
    # Each accepted offer begins its first phase at once.
    " EXISTS (SELECT FROM offer_phase o JOIN quote_line l ON l.creditor_id = o.creditor_id"
    "  AND l.quote_id = o.quote_id AND l.claim_id = o.claim_id"
    "  WHERE l.creditor_id = c.creditor_id AND l.claim_id = c.id) AS by_offer,"
    " EXISTS (SELECT FROM plan_claim pc WHERE pc.creditor_id = c.creditor_id AND pc.claim_id = c.id"
    "  AND pc.live) AS in_plan"
    " FROM claim c JOIN creditor cr ON cr.id = c.creditor_id"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " LEFT JOIN treatment t ON t.creditor_id = c.creditor_id AND t.claim_id = c.id"
    " LEFT JOIN treatment_path p ON p.id = t.path_id"
    " LEFT JOIN LATERAL (SELECT x.important, x.why FROM debtor_relation x WHERE x.creditor_id = c.creditor_id"
    "  AND x.debtor_id = c.debtor_id ORDER BY x.marked_at DESC, x.id DESC LIMIT 1) r ON true"
    " WHERE c.creditor_id = :creditor AND c.id = :claim"
)
_OURS = "creditor_id = :creditor AND claim_id = :claim"
_PARTS = {
    "contact_points": "SELECT id, channel, value, state FROM contact_point"
    " WHERE creditor_id = :creditor AND debtor_id = :debtor"
    " ORDER BY channel DESC, state = 'usable' DESC, value",
    "invoices": f"SELECT id, number, kind, issued_on, due_on, open_minor, disputed_minor, currency"
    f" FROM invoice WHERE {_OURS}"
    " ORDER BY due_on, number LIMIT 200",
    # `elsewhere`: it runs because of what is known at another creditor, which this one is not told.
    "holds": "SELECT id, ground, note, by, starts_at, ends_at, facts ? 'follows' AND NOT EXISTS (SELECT"
    "  FROM hold o WHERE o.creditor_id = :creditor AND o.id::text = hold.facts->>'follows') AS elsewhere"
    f" FROM hold WHERE {_OURS} AND lifted_at IS NULL"
    " AND (ends_at IS NULL OR ends_at > :now) ORDER BY starts_at, id",
    # What keeps the file from being erased: holds on it, and on the person.
    "legal_holds": "SELECT id, ground FROM legal_hold WHERE creditor_id = :creditor"
    " AND debtor_id = :debtor AND coalesce(claim_id, :claim) = :claim AND lifted_at IS NULL"
    " AND (until IS NULL OR until >= :today) ORDER BY placed_at, id",
    # Also those that ended: what happened says why each began and was lifted.
    "hold_words": "SELECT id, note, facts->>'why' AS why FROM hold"
    f" WHERE {_OURS} AND (note <> '' OR facts ? 'why') ORDER BY starts_at DESC LIMIT 100",
    "notes": f"SELECT id, text, by, at FROM note WHERE {_OURS} ORDER BY at DESC, id DESC LIMIT 50",
    "calls": "SELECT id, number, by, state, disposition, started_at, ended_at FROM call"
    f" WHERE {_OURS} ORDER BY started_at DESC, id DESC LIMIT 20",
    "messages": "SELECT id, channel, step, state, subject, to_value, due_at, sent_at, reasons,"
    " coalesce(jsonb_array_length(amounts->'enclosed'), 0) AS copies FROM message"
    f" WHERE {_OURS} ORDER BY coalesce(sent_at, due_at) DESC, id DESC LIMIT 50",
    "payments": "SELECT id, source, amount_minor, currency, value_on, costs_minor, interest_minor,"
    " principal_minor, over_minor, to_creditor_minor, to_agency_minor, trace, reversed_at FROM payment"
    f" WHERE {_OURS} ORDER BY value_on DESC, id DESC LIMIT 50",
    "promises": "SELECT id, amount_minor, currency, due_on, state, made_at, made_by FROM promise"
    f" WHERE {_OURS} ORDER BY made_at DESC LIMIT 20",
    "disputes": "SELECT id, status, reason, text, disputed_minor, raised_at, raised_by, resolved_at, outcome"
    f" FROM dispute WHERE {_OURS} ORDER BY raised_at DESC LIMIT 20",
    "dispute_changes": "SELECT dispute_id, action, disputed_minor, words, lines, at FROM dispute_change"
    f" WHERE {_OURS} ORDER BY at, id LIMIT 200",
    "dossiers": "SELECT id, state, percent, pages, error, as_of AS asked_at FROM dossier"
    f" WHERE {_OURS} ORDER BY as_of DESC, id DESC LIMIT 3",
    "requests": "SELECT q.claim_id, q.state, q.due_on, (SELECT jsonb_agg(jsonb_build_object('item', i.item,"
    " 'blocking', i.blocking, 'on_expiry', i.on_expiry, 'solved_at', i.solved_at)"
    " ORDER BY i.blocking DESC, i.item) FROM information_item i WHERE i.creditor_id = q.creditor_id"
    f" AND i.request_id = q.id) AS items FROM information_request q WHERE {_OURS}"
    " ORDER BY q.asked_at DESC LIMIT 5",
    "documents": f"SELECT id, kind, name, standing, checked_at, added_at FROM document WHERE {_OURS}"
    " ORDER BY added_at DESC, id LIMIT 100",
    "evidence": SCORE_FACTS,
    "work": "SELECT id, kind, reason, due_at, leased_by, leased_until, generation FROM work_item"
    f" WHERE {_OURS} AND done_at IS NULL ORDER BY urgency, id LIMIT 20",
    # Steps whose way was chosen by the debtor's own score, with the points of every way.
    "ways": "SELECT step, channel, due_at, trace FROM treatment_step"
    f" WHERE {_OURS} AND trace <> '[]' ORDER BY due_at DESC LIMIT 3",
    # The same person at other creditors: only the agency may see this.
    "other_claims": "SELECT c.creditor_id, c.id, c.number, c.state, c.phase, c.principal_minor, c.currency,"
    " c.due_on, cr.name AS creditor, coalesce((SELECT sum(e.amount_minor) FROM ledger_entry e"
    "  WHERE e.creditor_id = c.creditor_id AND e.claim_id = c.id AND e.account = 'claims.principal'), 0)"
    "  AS open_minor FROM claim c JOIN creditor cr ON cr.id = c.creditor_id"
    " WHERE (c.creditor_id, c.debtor_id) IN (SELECT CAST(:creditor AS uuid), CAST(:debtor AS uuid)"
    "  UNION SELECT d.creditor_id, d.id FROM debtor mine JOIN debtor d ON d.identity_id = mine.identity_id"
    "  WHERE mine.creditor_id = :creditor AND mine.id = :debtor)"
    " AND c.id <> :claim ORDER BY c.state = 'active' DESC, c.number LIMIT 50",
    "staff": "SELECT id, name FROM user_account WHERE audience = 'staff'",
}
# One round trip for all parts: each becomes a list of objects.
_ALL_PARTS = text(
    "SELECT "
    + ", ".join(
        f"(SELECT coalesce(jsonb_agg(to_jsonb(part)), '[]') FROM ({sql}) part) AS {name}"
        for name, sql in _PARTS.items()
    )
)


@dataclass(frozen=True, kw_only=True)
class ClaimPage:
    """What stands on the collector's page. Rows of parts are as their tables name the columns."""

    claim: Row[Any]
    owed: ItemisedClaim
    call: SendDecision
    contact_points: Sequence[Part]
    invoices: Sequence[Part]
    holds: Sequence[Part]
    legal_holds: Sequence[Part]
    hold_words: Sequence[Part]
    notes: Sequence[Part]
    calls: Sequence[Part]
    messages: Sequence[Part]
    payments: Sequence[Part]
    promises: Sequence[Part]
    disputes: Sequence[Part]
    dispute_changes: Sequence[Part]
    dossiers: Sequence[Part]
    requests: Sequence[Part]
    documents: Sequence[Part]
    evidence: Sequence[Part]
    work: Sequence[Part]
    ways: Sequence[Part]
    other_claims: Sequence[Part]
    staff: Mapping[UUID, str]
    happened: Sequence[Happening]
    planned: Sequence[PlannedAction]


def claim_page(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> ClaimPage:
    """This function will read one claim with everything around it, as of today.

    :raises NotFound: no such claim.
    """
    connection = unit.session.connection()
    key = {"creditor": creditor_id, "claim": claim_id}
    claim = connection.execute(_CLAIM, key).first()
    if claim is None:
        raise NotFound("no such claim")
    asked = {**key, "debtor": claim.debtor_id, "now": unit.now, "today": unit.today}
    parts = connection.execute(_ALL_PARTS, asked).one()
    read = {name: [_typed(row) for row in parts._mapping[name]] for name in _PARTS}
    staff = {row["id"]: row["name"] for row in read.pop("staff")}
    owed = itemise(
        unit,
        creditor_id=creditor_id,
        claim_id=claim_id,
        on=unit.today,
        # A claim that is contested as a whole is shown as a whole: nothing of it is asked anyway.
        undisputed=claim.disputed_minor < claim.principal_minor,
    )
    return ClaimPage(
        claim=claim,
        owed=owed,
        call=may_call(unit, creditor_id=creditor_id, claim_id=claim_id, balance=owed.total),
        staff=staff,
        happened=timeline(unit, creditor_id=creditor_id, claim_id=claim_id, for_creditor=False),
        planned=planned_actions(unit, creditor_id=creditor_id, claim_id=claim_id),
        **read,
    )


def _typed(row: dict[str, Any]) -> Part:
    """Ids, days and moments come as text out of JSON; the names of columns say which is which."""
    return {name: _value(name, value) for name, value in row.items()}


def _value(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if name == "id" or name.endswith("_id") or name == "leased_by":
        return UUID(value)
    if name == "at" or name.endswith(("_at", "_until")):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if name.endswith("_on") else value
