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
# Asked debtor by debtor: a join of sets whose sizes are misjudged looks for each among all.
_FACTS: Final = text(
    "WITH owing AS MATERIALIZED (SELECT d.creditor_id, d.id AS debtor_id, d.kind, d.registration_number, c.*"
    "  FROM unnest(CAST(:creditors AS uuid[]), CAST(:debtors AS uuid[])) AS k(creditor_id, id)"
    "  JOIN debtor d ON d.creditor_id = k.creditor_id AND d.id = k.id CROSS JOIN LATERAL ("
    "   SELECT array_agg(id) AS ids, array_agg(id) FILTER (WHERE open) AS open_ids,"
    "   (array_agg(id ORDER BY due_on, id) FILTER (WHERE open))[1] AS oldest,"
    "   count(*) FILTER (WHERE open) AS open_claims,"
    "   count(*) FILTER (WHERE state = 'paid' AND closed_on < :recent AND closed_on >= :history) AS"
    " paid_before,"
    "   coalesce(round(avg(late) FILTER (WHERE state = 'paid' AND closed_on < :recent"
    "    AND closed_on >= :history)), 0)::int AS late_before,"
    "   greatest(coalesce(round(avg(late) FILTER (WHERE state = 'paid' AND closed_on >= :recent)), 0)::int,"
    "    coalesce(max(:today - due_on) FILTER (WHERE state = 'active'), 0), 0) AS late_now,"
    f"   count(*) FILTER (WHERE open AND ({_DAY.format('created_at')} >= :fresh"
    "    OR due_on BETWEEN :fresh AND :today)) AS several"
    # Each claim with the day on which it was paid off, and how late that was.
    "   FROM (SELECT m.id, m.state, m.due_on, m.created_at, m.state IN ('new', 'quoted', 'active') AS open,"
    f"    {_DAY.format('m.closed_at')} AS closed_on,"
    f"    greatest(0, {_DAY.format('m.closed_at')} - m.due_on) AS late"
    "    FROM claim m WHERE m.creditor_id = d.creditor_id AND m.debtor_id = d.id) each) c"
    "  WHERE c.open_claims > 0)"
    " SELECT o.*,"
    "  coalesce((SELECT jsonb_object_agg(b.currency, b.minor) FROM (SELECT c.currency, sum(CASE WHEN"
    "    c.state = 'active' THEN coalesce((SELECT sum(e.amount_minor) FROM ledger_entry e"
    "     WHERE e.creditor_id = c.creditor_id AND e.claim_id = c.id AND e.account = 'claims.principal'), 0)"
    "    ELSE c.principal_minor END)::bigint AS minor FROM claim c WHERE c.creditor_id = o.creditor_id"
    "    AND c.id = ANY(o.open_ids) GROUP BY c.currency) b), '{}') AS owed,"
    "  (SELECT count(*) FROM promise p WHERE p.creditor_id = o.creditor_id AND p.claim_id = ANY(o.ids)"
    "   AND p.state = 'broken' AND p.settled_at >= CAST(:broken AS date))"
    "  + (SELECT count(*) FROM plan p JOIN plan_instalment i ON i.creditor_id = p.creditor_id AND i.plan_id ="
    "   p.id WHERE p.creditor_id = o.creditor_id AND p.debtor_id = o.debtor_id"
    "   AND i.missed_at >= CAST(:broken AS date)) AS broken,"
    "  (SELECT count(*) FROM direct_debit b WHERE b.creditor_id = o.creditor_id AND b.claim_id = ANY(o.ids)"
    "   AND b.state = 'returned' AND (b.seen_at IS NULL OR b.seen_at >= CAST(:broken AS date))) AS returned,"
    "  (SELECT count(*) FROM message m WHERE m.creditor_id = o.creditor_id AND m.debtor_id = o.debtor_id"
    "   AND m.state = 'bounced' AND m.sent_at >= CAST(:contact AS date)) + k.wrong AS unreachable,"
    "  x.now AS disputes, x.before AS disputes_before,"
    "  k.hardship OR EXISTS (SELECT FROM hold h WHERE h.creditor_id = o.creditor_id"
    "   AND h.claim_id = ANY(o.ids) AND h.ground = ANY(:care) AND h.lifted_at IS NULL"
    "   AND (h.ends_at IS NULL OR h.ends_at > :now)) AS careful,"
    "  (SELECT min(i.notify_by) FROM insurance_cover i WHERE i.creditor_id = o.creditor_id"
    "   AND i.claim_id = ANY(o.open_ids) AND i.notified_on IS NULL AND i.notify_by >= :today) AS notify_by,"
    "  coalesce((SELECT array_agg(DISTINCT f->>'kind') FROM screening s, jsonb_array_elements(s.found) f"
    "   WHERE s.creditor_id = o.creditor_id AND s.debtor_id = o.debtor_id AND o.kind <> 'consumer'"
    "   AND f->>'kind' = ANY(:insolvent)), '{}') AS register,"
    # The bureau's own score of this creditor's two latest checks; the advice may rest on others' experience.
    "  coalesce((SELECT (array_agg(t.score))[2] - (array_agg(t.score))[1] FROM (SELECT"
    "    (q.result->'company'->>'score')::int AS score FROM credit_check q WHERE q.creditor_id ="
    " o.creditor_id"
    "    AND o.kind = 'company' AND q.registration_number = o.registration_number AND"
    " q.registration_number <> ''"
    "    AND q.state = 'answered' AND q.result->'company'->>'score' IS NOT NULL"
    "    ORDER BY q.asked_at DESC LIMIT 2) t), 0) AS score_fall"
    " FROM owing o"
    " CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE k.disposition = 'wrong_number') AS wrong,"
    "  coalesce(bool_or(k.disposition = 'hardship'), false) AS hardship FROM call k"
    "  WHERE k.creditor_id = o.creditor_id AND k.claim_id = ANY(o.ids)"
    "  AND k.started_at >= CAST(:contact AS date)) k"
    " CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE x.raised_at >= CAST(:dispute AS date)) AS now,"
    "  count(*) FILTER (WHERE x.raised_at < CAST(:dispute AS date)) AS before FROM dispute x"
    "  WHERE x.creditor_id = o.creditor_id AND x.claim_id = ANY(o.ids) AND x.status <> 'resolved_debtor'"
    "  AND x.raised_at >= CAST(:dispute_before AS date)) x"
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
