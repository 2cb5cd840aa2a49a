"""The facts of many debtors in one statement, each from the files of its own creditor.

Addresses that the agency knows to be wrong are not looked at: one may have been found at another creditor.
What counts is what came back of this creditor's own messages and calls.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.kernel.unit import Unit
from agency.rules.early_warning import DebtorFacts, care_grounds, insolvent_kinds, warning_windows
from agency.rules.facts import DebtorKind

_CHOSEN: Final = text(
    "SELECT d.creditor_id, d.id FROM debtor d WHERE (d.creditor_id, d.id) > (:creditor, :debtor)"
    " ORDER BY d.creditor_id, d.id LIMIT :chunk"
)
_DAY: Final = "({} AT TIME ZONE 'Europe/Amsterdam')::date"
_FACTS: Final = text(
    "WITH chosen AS MATERIALIZED (SELECT d.creditor_id, d.id, d.kind, d.registration_number"
    "  FROM unnest(CAST(:creditors AS uuid[]), CAST(:debtors AS uuid[])) AS k(creditor_id, id)"
    "  JOIN debtor d ON d.creditor_id = k.creditor_id AND d.id = k.id),"
    # Each claim with the day on which it was paid off, and how late that was.
    " owing AS MATERIALIZED (SELECT c.creditor_id, c.id, c.debtor_id, c.state, c.currency, c.due_on,"
    " c.created_at,"
    f"  c.principal_minor, {_DAY.format('c.closed_at')} AS closed_on,"
    f"  greatest(0, {_DAY.format('c.closed_at')} - c.due_on) AS late, c.state IN ('new', 'quoted',"
    " 'active') AS open"
    "  FROM chosen d JOIN claim c ON c.creditor_id = d.creditor_id AND c.debtor_id = d.id),"
    " balance AS (SELECT o.creditor_id, o.debtor_id, o.currency, sum(CASE WHEN o.state = 'active' THEN"
    "   coalesce((SELECT sum(e.amount_minor) FROM ledger_entry e WHERE e.creditor_id = o.creditor_id"
    "    AND e.claim_id = o.id AND e.account = 'claims.principal'), 0) ELSE o.principal_minor"
    " END)::bigint AS minor"
    "  FROM owing o WHERE o.open GROUP BY 1, 2, 3),"
    " owed AS (SELECT creditor_id, debtor_id, jsonb_object_agg(currency, minor) AS owed FROM balance"
    "  GROUP BY 1, 2),"
    " claims AS (SELECT creditor_id, debtor_id, count(*) FILTER (WHERE open) AS open_claims,"
    "  count(*) FILTER (WHERE state = 'paid' AND closed_on < :recent AND closed_on >= :history) AS"
    " paid_before,"
    "  coalesce(round(avg(late) FILTER (WHERE state = 'paid' AND closed_on < :recent"
    "   AND closed_on >= :history)), 0)::int AS late_before,"
    "  greatest(coalesce(round(avg(late) FILTER (WHERE state = 'paid' AND closed_on >= :recent)), 0)::int,"
    "   coalesce(max(:today - due_on) FILTER (WHERE state = 'active'), 0), 0) AS late_now,"
    f"  count(*) FILTER (WHERE open AND ({_DAY.format('created_at')} >= :fresh"
    "   OR due_on BETWEEN :fresh AND :today)) AS several,"
    "  (array_agg(id ORDER BY due_on, id) FILTER (WHERE open))[1] AS oldest FROM owing GROUP BY 1, 2),"
    " promises AS (SELECT o.creditor_id, o.debtor_id, count(*) AS n FROM owing o JOIN promise p"
    "  ON p.creditor_id = o.creditor_id AND p.claim_id = o.id AND p.state = 'broken'"
    "  AND p.settled_at >= CAST(:broken AS date) GROUP BY 1, 2),"
    " instalments AS (SELECT d.creditor_id, d.id AS debtor_id, count(*) AS n FROM chosen d JOIN plan p"
    "  ON p.creditor_id = d.creditor_id AND p.debtor_id = d.id JOIN plan_instalment i"
    "  ON i.creditor_id = p.creditor_id AND i.plan_id = p.id AND i.missed_at >= CAST(:broken AS"
    " date) GROUP BY 1, 2),"
    " returned AS (SELECT o.creditor_id, o.debtor_id, count(*) AS n FROM owing o JOIN direct_debit b"
    "  ON b.creditor_id = o.creditor_id AND b.claim_id = o.id AND b.state = 'returned'"
    "  AND (b.seen_at IS NULL OR b.seen_at >= CAST(:broken AS date)) GROUP BY 1, 2),"
    " came_back AS (SELECT d.creditor_id, d.id AS debtor_id, count(*) AS n FROM chosen d JOIN message m"
    "  ON m.creditor_id = d.creditor_id AND m.debtor_id = d.id AND m.state = 'bounced'"
    "  AND m.sent_at >= CAST(:contact AS date) GROUP BY 1, 2),"
    " calls AS (SELECT o.creditor_id, o.debtor_id, count(*) FILTER (WHERE k.disposition ="
    " 'wrong_number') AS wrong,"
    "  bool_or(k.disposition = 'hardship') AS hardship FROM owing o JOIN call k ON k.creditor_id ="
    " o.creditor_id"
    "  AND k.claim_id = o.id AND k.started_at >= CAST(:contact AS date) GROUP BY 1, 2),"
    " contested AS (SELECT o.creditor_id, o.debtor_id,"
    "  count(*) FILTER (WHERE x.raised_at >= CAST(:dispute AS date)) AS now,"
    "  count(*) FILTER (WHERE x.raised_at < CAST(:dispute AS date)) AS before FROM owing o JOIN dispute x"
    "  ON x.creditor_id = o.creditor_id AND x.claim_id = o.id AND x.status <> 'resolved_debtor'"
    "  AND x.raised_at >= CAST(:dispute_before AS date) GROUP BY 1, 2),"
    " needs AS (SELECT DISTINCT o.creditor_id, o.debtor_id FROM owing o JOIN hold h"
    "  ON h.creditor_id = o.creditor_id AND h.claim_id = o.id AND h.ground = ANY(:care) AND"
    " h.lifted_at IS NULL"
    "  AND (h.ends_at IS NULL OR h.ends_at > :now)),"
    " covers AS (SELECT o.creditor_id, o.debtor_id, min(i.notify_by) AS notify_by FROM owing o JOIN"
    " insurance_cover i"
    "  ON i.creditor_id = o.creditor_id AND i.claim_id = o.id AND i.notified_on IS NULL AND"
    " i.notify_by >= :today"
    "  WHERE o.open GROUP BY 1, 2)"
    " SELECT d.creditor_id, d.id AS debtor_id, d.kind, c.open_claims, c.oldest, c.paid_before, c.late_before,"
    "  c.late_now, c.several, coalesce(w.owed, '{}') AS owed, coalesce(p.n, 0) + coalesce(i.n, 0) AS broken,"
    "  coalesce(r.n, 0) AS returned, coalesce(m.n, 0) + coalesce(k.wrong, 0) AS unreachable,"
    "  coalesce(x.now, 0) AS disputes, coalesce(x.before, 0) AS disputes_before,"
    "  n.debtor_id IS NOT NULL OR coalesce(k.hardship, false) AS careful, v.notify_by,"
    "  coalesce((SELECT array_agg(DISTINCT f->>'kind') FROM screening s, jsonb_array_elements(s.found) f"
    "   WHERE s.creditor_id = d.creditor_id AND s.debtor_id = d.id AND d.kind <> 'consumer'"
    "   AND f->>'kind' = ANY(:insolvent)), '{}') AS register,"
    # The bureau's own score of this creditor's two latest checks; the advice may rest on others' experience.
    "  coalesce((SELECT (array_agg(t.score))[2] - (array_agg(t.score))[1] FROM (SELECT"
    "    (q.result->'company'->>'score')::int AS score FROM credit_check q WHERE q.creditor_id ="
    " d.creditor_id"
    "    AND d.kind = 'company' AND q.registration_number = d.registration_number AND"
    " q.registration_number <> ''"
    "    AND q.state = 'answered' AND q.result->'company'->>'score' IS NOT NULL"
    "    ORDER BY q.asked_at DESC LIMIT 2) t), 0) AS score_fall"
    " FROM chosen d JOIN claims c ON c.creditor_id = d.creditor_id AND c.debtor_id = d.id"
    " LEFT JOIN owed w ON w.creditor_id = d.creditor_id AND w.debtor_id = d.id"
    " LEFT JOIN promises p ON p.creditor_id = d.creditor_id AND p.debtor_id = d.id"
    " LEFT JOIN instalments i ON i.creditor_id = d.creditor_id AND i.debtor_id = d.id"
    " LEFT JOIN returned r ON r.creditor_id = d.creditor_id AND r.debtor_id = d.id"
    " LEFT JOIN came_back m ON m.creditor_id = d.creditor_id AND m.debtor_id = d.id"
    " LEFT JOIN calls k ON k.creditor_id = d.creditor_id AND k.debtor_id = d.id"
    " LEFT JOIN contested x ON x.creditor_id = d.creditor_id AND x.debtor_id = d.id"
    " LEFT JOIN needs n ON n.creditor_id = d.creditor_id AND n.debtor_id = d.id"
    " LEFT JOIN covers v ON v.creditor_id = d.creditor_id AND v.debtor_id = d.id"
    " WHERE c.open_claims > 0"
)


@dataclass(frozen=True, slots=True)
class KnownDebtor:
    """A debtor with open claims: how many, the oldest of them, what is owed by currency, and the facts."""

    creditor_id: UUID
    debtor_id: UUID
    open_claims: int
    oldest: UUID
    owed: dict[str, int]
    facts: DebtorFacts


def next_debtors(unit: Unit, *, after: tuple[UUID, UUID], chunk: int) -> list[tuple[UUID, UUID]]:
    """This function will return the keys (creditor, debtor) of the next debtors behind one, in order."""
    rows = unit.session.connection().execute(
        _CHOSEN, {"creditor": after[0], "debtor": after[1], "chunk": chunk}
    )
    return [(row.creditor_id, row.id) for row in rows]


def facts_of(unit: Unit, keys: Sequence[tuple[UUID, UUID]]) -> list[KnownDebtor]:
    """This function will return the facts of those of the debtors that still owe something."""
    windows, today = warning_windows(on=unit.today), unit.today

    def back(days: int) -> date:
        return today - timedelta(days=days)

    rows = unit.session.connection().execute(
        _FACTS,
        {
            "creditors": [creditor_id for creditor_id, _ in keys],
            "debtors": [debtor_id for _, debtor_id in keys],
            "today": today,
            "now": unit.now,
            "recent": back(windows.recent_days),
            "history": back(windows.history_days),
            "broken": back(windows.broken_days),
            "fresh": back(windows.fresh_days),
            "contact": back(windows.contact_days),
            "dispute": back(windows.dispute_days),
            "dispute_before": back(2 * windows.dispute_days),
            "care": list(care_grounds(on=today)),
            "insolvent": list(insolvent_kinds(on=today)),
        },
    )
    return [_known(row) for row in rows]


def _known(row: Row[Any]) -> KnownDebtor:
    facts = DebtorFacts(
        kind=DebtorKind(row.kind), paid_before=row.paid_before, late_before=row.late_before,
        late_now=row.late_now, broken=row.broken, several=row.several, unreachable=row.unreachable,
        register=tuple(sorted(row.register)), score_fall=row.score_fall, disputes=row.disputes,
        disputes_before=row.disputes_before, returned=row.returned, careful=row.careful,
        notify_by=row.notify_by,
    )  # fmt: skip
    return KnownDebtor(row.creditor_id, row.debtor_id, row.open_claims, row.oldest, row.owed, facts)
