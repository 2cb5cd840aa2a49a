"""The tables of an export that go over all its claims: heads, and rows as they come."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, text

from agency.communication.mandatory import REPLIES
from agency.desk.person import CONTACTS
from agency.kernel.unit import Unit, agency_day
from agency.privacy.asking import period
from agency.privacy.models import InspectionExport
from agency.privacy.telling import Telling
from agency.rules.frequency import frequency_rule

_CHUNK: Final = 500
_ASKED: Final = (
    " JOIN inspection_export_claim x ON x.export_id = :id AND x.creditor_id = {row}.creditor_id"
    " AND x.claim_id = {row}.claim_id"
    " JOIN claim c ON c.creditor_id = x.creditor_id AND c.id = x.claim_id"
    " JOIN creditor cr ON cr.id = c.creditor_id"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
)
_NAMES: Final = "c.number, cr.name AS creditor, d.name AS debtor, c.currency"


def _of_claims(columns: str, table: str, where: str, order: str) -> str:
    """Rows of a table about the claims of the export, with whose they are."""
    return (
        f"SELECT {_NAMES}, {columns} FROM {table} r{_ASKED.format(row='r')} WHERE {where}"
        f" ORDER BY x.place, {order}"
    )


_IN_PERIOD: Final = "{at} >= :since AND {at} < :until AND {at} <= :as_of"
_REFUSALS: Final = text(
    _of_claims(
        "r.due_at, CAST(r.channel AS text) AS channel, r.step, CAST(r.state AS text) AS state, r.reasons",
        "(SELECT creditor_id, claim_id, id, due_at, channel, step, state, reasons FROM message"
        " WHERE state IN ('refused', 'cancelled') OR (state = 'queued' AND reasons <> '[]')"
        " UNION ALL SELECT creditor_id, claim_id, id, due_at, channel, step, 'dropped', CASE"
        "  WHEN why LIKE '[%]' THEN CAST(why AS jsonb) ELSE jsonb_build_array(why) END"
        " FROM treatment_step s WHERE state = 'dropped' AND NOT EXISTS (SELECT FROM message m"
        "  WHERE m.creditor_id = s.creditor_id AND m.claim_id = s.claim_id AND m.step = s.step"
        "  AND m.cycle = s.cycle))",
        _IN_PERIOD.format(at="r.due_at"),
        "r.due_at, r.id",
    )
)
# Each contact once, with how many there were with this person in the seven days that end with it and how long
# the one before lay back, over all creditors; shown are those about claims of the export.
_CONTACTS: Final = text(
    "WITH asked AS (SELECT DISTINCT coalesce(d.identity_id, d.id) AS person FROM inspection_export_claim x"
    "  JOIN claim c ON c.creditor_id = x.creditor_id AND c.id = x.claim_id"
    "  JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id WHERE x.export_id = :id),"
    " faces AS (SELECT d.creditor_id, d.id, a.person FROM asked a"
    "  JOIN debtor d ON d.identity_id = a.person OR (d.id = a.person AND d.identity_id IS NULL)),"
    f" each AS ({CONTACTS}),"
    " once AS (SELECT f.person, e.creditor_id, e.claim_id, e.contact, min(e.at) AS at,"
    "  array_agg(DISTINCT e.way ORDER BY e.way) AS ways, min(e.what) AS what FROM each e"
    "  JOIN faces f ON f.creditor_id = e.creditor_id AND f.id = e.debtor_id"
    "  WHERE e.at >= :since - interval '8 days' AND e.at < :until AND e.at <= :as_of"
    "  GROUP BY f.person, e.creditor_id, e.claim_id, e.contact),"
    " counted AS (SELECT once.*, count(*) OVER (PARTITION BY person ORDER BY at"
    "   RANGE BETWEEN interval '7 days' PRECEDING AND CURRENT ROW) AS in_7_days,"
    "  at - lag(at) OVER (PARTITION BY person ORDER BY at, contact) AS gap FROM once)"
    f" SELECT {_NAMES}, r.at, r.ways, r.what, r.in_7_days, r.gap FROM counted r{_ASKED.format(row='r')}"
    " WHERE r.at >= :since ORDER BY d.name, r.person, r.at, r.contact"
)
_DEBTORS: Final = text(
    "WITH asked AS (SELECT DISTINCT coalesce(d.identity_id, d.id) AS person FROM inspection_export_claim x"
    "  JOIN claim c ON c.creditor_id = x.creditor_id AND c.id = x.claim_id"
    "  JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id WHERE x.export_id = :id)"
    " SELECT d.name AS debtor, cr.name AS creditor, c.number, CAST(c.state AS text) AS state,"
    " CAST(c.phase AS text) AS phase, c.currency, c.principal_minor, c.due_on, c.closed_at,"
    " (SELECT coalesce(sum(e.amount_minor), 0) FROM ledger_entry e WHERE e.creditor_id = c.creditor_id"
    "  AND e.claim_id = c.id AND e.account = 'claims.principal') AS open_minor,"
    " (SELECT array_agg(DISTINCT CAST(h.ground AS text)) FROM hold h WHERE h.creditor_id = c.creditor_id"
    "  AND h.claim_id = c.id AND h.starts_at <= :as_of AND h.lifted_at IS NULL"
    "  AND (h.ends_at IS NULL OR h.ends_at > :as_of)) AS holds,"
    " EXISTS (SELECT FROM inspection_export_claim x WHERE x.export_id = :id AND x.creditor_id = c.creditor_id"
    "  AND x.claim_id = c.id) AS inside, count(*) OVER (PARTITION BY a.person) AS of_person"
    " FROM asked a JOIN debtor d ON d.identity_id = a.person OR (d.id = a.person AND d.identity_id IS NULL)"
    " JOIN claim c ON c.creditor_id = d.creditor_id AND c.debtor_id = d.id AND c.created_at <= :as_of"
    " JOIN creditor cr ON cr.id = c.creditor_id"
    " ORDER BY min(lower(d.name)) OVER (PARTITION BY a.person), a.person, cr.name, c.number"
)
_AGREEMENTS: Final = text(
    _of_claims(
        "r.kind, r.at, r.by, r.what, r.minor, r.state, r.until",
        # Of a price of its own the share says little: what it asks at most stands there.
        "(SELECT l.creditor_id, l.claim_id,"
        " CASE WHEN l.facts ? 'offer' THEN 'offer' ELSE 'price' END AS kind,"
        " q.accepted_at AS at, q.accepted_by AS by, CASE WHEN l.facts ? 'offer' THEN q.number ELSE"
        "  q.number || ', ' || (l.fee_bps / 100)::text || ',' || lpad((l.fee_bps % 100)::text, 2, '0')"
        "  || ' %' END || ', SHA-256 ' || q.sha256 AS what,"
        " CAST(l.facts #>> '{offer,at_most_minor}' AS bigint) AS minor, '' AS state,"
        " CAST(NULL AS date) AS until FROM quote_line l"
        " JOIN quote q ON q.creditor_id = l.creditor_id AND q.id = l.quote_id"
        " WHERE q.accepted_at IS NOT NULL AND l.outcome IS DISTINCT FROM 'left'"
        " UNION ALL SELECT creditor_id, claim_id, 'promise', made_at, made_by, '', amount_minor,"
        " CAST(state AS text), due_on FROM promise"
        " UNION ALL SELECT p.creditor_id, x.claim_id, 'plan', p.made_at, p.made_by,"
        " CAST(p.rhythm AS text), p.total_minor, CAST(p.state AS text), (SELECT max(i.due_on)"
        "  FROM plan_instalment i WHERE i.creditor_id = p.creditor_id AND i.plan_id = p.id)"
        " FROM plan p JOIN plan_claim x ON x.creditor_id = p.creditor_id AND x.plan_id = p.id"
        " UNION ALL SELECT creditor_id, claim_id, 'settlement', offered_at, offered_by, why, amount_minor,"
        " CAST(state AS text), pay_by FROM settlement"
        " UNION ALL SELECT m.creditor_id, x.claim_id, 'mandate', m.signed_at, m.signed_by, m.reference, NULL,"
        " CASE WHEN m.revoked_at IS NULL THEN 'active' ELSE 'cancelled' END, NULL FROM sepa_mandate m"
        " JOIN plan_claim x ON x.creditor_id = m.creditor_id AND x.plan_id = m.plan_id)",
        "r.at <= :as_of",
        "r.at, r.kind, r.what",
    )
)
_COMPLAINTS: Final = text(
    _of_claims(
        "r.kind, r.reason, r.words, r.begun, r.ended, r.outcome",
        "(SELECT creditor_id, claim_id, 'dispute' AS kind, reason, text AS words, raised_at AS begun,"
        " resolved_at AS ended, CASE WHEN resolved_at IS NULL THEN '' ELSE CAST(status AS text) END"
        "  AS outcome,"
        " id FROM dispute UNION ALL SELECT creditor_id, claim_id, 'complaint', CAST(ground AS text), note,"
        " starts_at, lifted_at, '', id FROM hold WHERE ground = 'complaint')",
        "r.begun < :until AND r.begun <= :as_of AND (r.ended IS NULL OR r.ended >= :since)",
        "r.begun, r.id",
    )
)
# What was done to a claim, and to whatever hangs from it: subjects are written `kind:id`.
_PARTS: Final = (
    "hold", "dispute", "document", "dossier", "call", "settlement", "promise", "waiver_request", "reply",
    "call_note",
)  # fmt: skip
_AUDIT: Final = text(
    "WITH subjects AS (SELECT x.place, x.creditor_id, x.claim_id, 'claim:' || x.claim_id AS subject"
    " FROM inspection_export_claim x WHERE x.export_id = :id"
    + "".join(
        f" UNION ALL SELECT x.place, x.creditor_id, x.claim_id, '{part}:' || p.id"
        f" FROM inspection_export_claim x JOIN {part} p ON p.creditor_id = x.creditor_id"
        " AND p.claim_id = x.claim_id WHERE x.export_id = :id"
        for part in _PARTS
    )
    + "), done AS (SELECT s.place, s.creditor_id, s.claim_id, a.at, a.by, a.action, a.subject, a.facts,"
    " encode(a.hash, 'hex') AS hash, a.seq AS position FROM subjects s"
    " JOIN audit_entry a ON a.creditor_id = s.creditor_id AND a.subject = s.subject"
    # What happened to the claim by itself stands on its timeline, to which rows are only added as well.
    " UNION ALL SELECT x.place, x.creditor_id, x.claim_id, e.at, e.by, e.kind, 'claim:' || x.claim_id,"
    " e.facts, '', e.position FROM inspection_export_claim x JOIN event e ON e.creditor_id = x.creditor_id"
    "  AND e.claim_id = x.claim_id WHERE x.export_id = :id)"
    " SELECT c.number, cr.name AS creditor, a.at, a.by, u.name AS who, a.action, a.subject, a.facts, a.hash"
    " FROM done a JOIN claim c ON c.creditor_id = a.creditor_id AND c.id = a.claim_id"
    " JOIN creditor cr ON cr.id = c.creditor_id LEFT JOIN user_account u ON a.by = 'user:' || u.id"
    " WHERE a.at <= :as_of ORDER BY a.place, a.at, a.hash = '', a.position"
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of an export: `key` names its title, its explanation and its file among the words."""

    key: str
    heads: tuple[str, ...]
    rows: Iterable[tuple[str, ...]]


def claim_sheets(unit: Unit, export: InspectionExport, telling: Telling) -> Iterator[Sheet]:
    """This function will yield the tables about the export's claims; each is read while it is written."""
    since, until = period(export.first_day, export.last_day)
    values = {"id": export.id, "since": since, "until": until, "as_of": export.as_of}
    people = {f"user:{row.id}": row.name for row in unit.session.connection().execute(_STAFF)}

    def sheet(
        key: str, statement: Any, say: Callable[[Telling, Row[Any]], tuple[str, ...]], heads: str, **more: Any
    ) -> Sheet:
        read = unit.session.connection().execution_options(yield_per=_CHUNK)
        rows = (say(telling, row) for row in read.execute(statement, {**values, **more}))
        return Sheet(key, telling.heads(*heads.split()), rows)

    yield sheet("refusals", _REFUSALS, _refusal, "claim creditor debtor due channel step became why")
    yield sheet(
        "contacts", _CONTACTS, _contact,
        "claim creditor debtor moment channel step in_7_days most hours_before hours_least within",
        replies=sorted(REPLIES),
    )  # fmt: skip
    yield sheet(
        "debtors", _DEBTORS, _debtor,
        "debtor of_person creditor claim state phase placed open_principal due_on closed holds inside",
    )  # fmt: skip
    yield sheet(
        "agreements", _AGREEMENTS, lambda t, row: _agreement(t, row, people),
        "claim creditor debtor what moment by amount until state words",
    )  # fmt: skip
    yield sheet(
        "complaints", _COMPLAINTS, _complaint,
        "claim creditor debtor what reason words raised ended days_taken outcome",
    )  # fmt: skip
    yield sheet("audit", _AUDIT, _audited, "claim creditor moment by action subject facts hash")


_STAFF: Final = text("SELECT id, name FROM user_account")


def _refusal(t: Telling, row: Row[Any]) -> tuple[str, ...]:
    why = " ".join(t.say("reason", one) for one in row.reasons if one)
    return (
        row.number, row.creditor, row.debtor, t.moment(row.due_at), t.say("channel", row.channel),
        t.say("step", row.step), t.word(f"not_sent_{row.state}"), why,
    )  # fmt: skip


def _contact(t: Telling, row: Row[Any]) -> tuple[str, ...]:
    rule = frequency_rule(on=agency_day(row.at))
    apart = timedelta(hours=rule.hours_between)
    within = row.in_7_days <= rule.in_7_days_max and (row.gap is None or row.gap >= apart)
    spoken = row.what in ("call", "visit")
    return (
        row.number, row.creditor, row.debtor, t.moment(row.at),
        ", ".join(t.say("channel", way) for way in row.ways),
        t.say("channel", row.what) if spoken else t.say("step", row.what),
        str(row.in_7_days), str(rule.in_7_days_max),
        "" if row.gap is None else str(int(row.gap / timedelta(hours=1))), str(rule.hours_between),
        t.yes(within),
    )  # fmt: skip


def _debtor(t: Telling, row: Row[Any]) -> tuple[str, ...]:
    return (
        row.debtor, str(row.of_person), row.creditor, row.number, t.say("claim_state", row.state),
        t.say("phase", row.phase) if row.state == "active" else "",
        t.money(row.principal_minor, row.currency),
        t.money(row.open_minor, row.currency) if row.state not in ("new", "quoted") else "",
        t.day(row.due_on), t.moment(row.closed_at),
        ", ".join(sorted(t.say("hold", ground) for ground in row.holds or ())), t.yes(row.inside),
    )  # fmt: skip


def _agreement(t: Telling, row: Row[Any], people: Mapping[str, str]) -> tuple[str, ...]:
    who = people.get(row.by or "", "") or t.word(
        "by_debtor" if str(row.by).startswith("debtor") else "by_program"
    )
    words = t.say("rhythm", row.what) if row.kind == "plan" else row.what
    return (
        row.number, row.creditor, row.debtor, t.word(f"agreed_{row.kind}"), t.moment(row.at), who,
        t.money(row.minor, row.currency), t.day(row.until), t.say(f"{row.kind}_state", row.state), words,
    )  # fmt: skip


def _complaint(t: Telling, row: Row[Any]) -> tuple[str, ...]:
    taken = "" if row.ended is None else str((agency_day(row.ended) - agency_day(row.begun)).days)
    kind = "dispute_reason" if row.kind == "dispute" else "hold"
    outcome = t.say("dispute_state", row.outcome) if row.outcome else ""
    return (
        row.number, row.creditor, row.debtor, t.word(f"what_{row.kind}"), t.say(kind, row.reason), row.words,
        t.moment(row.begun), t.moment(row.ended), taken,
        outcome or t.word("closed" if row.ended else "still_open"),
    )  # fmt: skip


def _audited(t: Telling, row: Row[Any]) -> tuple[str, ...]:
    facts = json.dumps(row.facts, ensure_ascii=False, sort_keys=True)
    return (
        row.number,
        row.creditor,
        _exact(row.at),
        row.who or row.by,
        row.action,
        row.subject,
        facts,
        row.hash,
    )


def _exact(moment: datetime) -> str:
    """To the millionth of a second, as the chain of hashes has it."""
    return moment.isoformat()
