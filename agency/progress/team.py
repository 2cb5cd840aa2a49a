"""What a team leader looks at: the queues by kind, who took and did how much, and what may not wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row, text

from agency.kernel.unit import AGENCY_ZONE, Unit

TERM_DAYS: Final = 3
SHOWN_MAX: Final = 20

_QUEUES = text(
    "SELECT w.kind, count(*) AS waiting, min(w.due_at) AS oldest,"
    " count(*) FILTER (WHERE w.leased_until >= :now) AS in_hand,"
    " count(*) FILTER (WHERE w.given_to IS NOT NULL) AS given"
    " FROM work_item w JOIN claim c ON c.creditor_id = w.creditor_id AND c.id = w.claim_id"
    " AND c.state = 'active' WHERE w.done_at IS NULL AND w.due_at <= :now GROUP BY w.kind"
    " ORDER BY min(w.due_at), w.kind"
)
# Each collector, also one whose account is closed as long as cases stand on his name.
_COLLECTORS = text(
    "WITH done AS (SELECT done_by, count(*) FILTER (WHERE done_at >= :midnight) AS today, count(*) AS week"
    "  FROM work_item WHERE done_at >= :monday AND starts_with(done_by, 'user:') GROUP BY done_by),"
    " taken AS (SELECT taken_by, count(*) FILTER (WHERE taken_at >= :midnight) AS today, count(*) AS week"
    "  FROM work_item WHERE taken_at >= :monday GROUP BY taken_by),"
    " given AS (SELECT given_to, count(*) AS waiting FROM work_item WHERE done_at IS NULL"
    "  AND given_to IS NOT NULL GROUP BY given_to),"
    " held AS (SELECT leased_by, count(*) AS cases FROM work_item WHERE done_at IS NULL"
    "  AND leased_until >= :now GROUP BY leased_by)"
    " SELECT u.id, u.name, u.disabled_at IS NULL AS open, coalesce(held.cases, 0) AS in_hand,"
    " coalesce(given.waiting, 0) AS given, coalesce(taken.today, 0) AS taken_today,"
    " coalesce(taken.week, 0) AS taken_week, coalesce(done.today, 0) AS done_today,"
    " coalesce(done.week, 0) AS done_week FROM user_account u"
    " LEFT JOIN done ON done.done_by = 'user:' || u.id LEFT JOIN taken ON taken.taken_by = u.id"
    " LEFT JOIN given ON given.given_to = u.id LEFT JOIN held ON held.leased_by = u.id"
    " WHERE u.audience = 'staff' AND 'collector' = ANY(u.roles)"
    " AND (u.disabled_at IS NULL OR given.waiting > 0 OR held.cases > 0) ORDER BY u.name, u.id"
)
_CASE = (
    " c.creditor_id, c.id AS claim_id, c.number, c.currency, d.name AS debtor FROM {table} x JOIN claim c"
    " ON c.creditor_id = x.creditor_id AND c.id = x.claim_id AND c.state = 'active'"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
)
_BROKEN = text(
    "SELECT x.amount_minor, x.due_on, count(*) OVER () AS total,"
    + _CASE.format(table="promise")
    + " WHERE x.state = 'broken' AND x.settled_at >= :midnight ORDER BY x.amount_minor DESC, x.id LIMIT :most"
)
_PLANNED = (
    "(SELECT p.creditor_id, pc.claim_id, p.answer_by FROM plan p JOIN plan_claim pc"
    " ON pc.creditor_id = p.creditor_id AND pc.plan_id = p.id WHERE p.state = 'proposed'"
    " AND p.answer_by <= :last)"
)
_TERMS = text(
    "SELECT y.*, count(*) OVER () AS total FROM (SELECT 'plan' AS what, x.answer_by AS term,"
    + _CASE.format(table=_PLANNED)
    + " UNION ALL SELECT 'promise', x.due_on,"
    + _CASE.format(table="promise")
    + " WHERE x.state = 'open' AND x.due_on <= :last"
    " UNION ALL SELECT 'hold', (x.ends_at AT TIME ZONE 'Europe/Amsterdam')::date,"
    + _CASE.format(table="hold")
    + " WHERE x.lifted_at IS NULL AND x.ends_at > :now AND x.ends_at < :until AND x.ground <> 'promise'"
    " UNION ALL SELECT 'answer', (x.received_at AT TIME ZONE 'Europe/Amsterdam')::date,"
    + _CASE.format(table="reply")
    + " WHERE x.state = 'waiting' AND x.received_at < :unread) y ORDER BY y.term, y.number LIMIT :most"
)
# What a second person decides on; who asked cannot.
_SECOND = text(
    "SELECT 'waiver' AS what, count(*) AS waiting, min(asked_at) AS oldest FROM waiver_request"
    " WHERE state = 'waiting'"
    " UNION ALL SELECT 'refund', count(*), min(requested_at) FROM refund WHERE state = 'requested'"
    " UNION ALL SELECT 'payout', count(*), min(drafted_at) FROM remittance_run WHERE state = 'draft'"
    " UNION ALL SELECT 'collection', count(*), min(drafted_at) FROM direct_debit_file WHERE state = 'draft'"
)


@dataclass(frozen=True, slots=True)
class Team:
    """The rows of a leader's page; `broken` and `terms` are at most `SHOWN_MAX`, each with its `total`."""

    queues: Sequence[Row[Any]]
    collectors: Sequence[Row[Any]]
    broken: Sequence[Row[Any]]
    terms: Sequence[Row[Any]]
    second: Sequence[Row[Any]]


def team_of(unit: Unit) -> Team:
    """This function will read what stands on the desk of the whole team at this moment.

    Today and this week begin at midnight in Amsterdam. Near its term is what falls due within `TERM_DAYS`
    days, and an answer of a debtor that nobody has read for two days.
    """
    midnight = unit.now.astimezone(AGENCY_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    values = {
        "now": unit.now,
        "midnight": midnight,
        "monday": midnight - timedelta(days=midnight.weekday()),
        "last": unit.today + timedelta(days=TERM_DAYS),
        "until": midnight + timedelta(days=TERM_DAYS + 1),
        "unread": unit.now - timedelta(days=2),
        "most": SHOWN_MAX,
    }
    connection = unit.session.connection()
    asked = (_QUEUES, _COLLECTORS, _BROKEN, _TERMS, _SECOND)
    return Team(*(connection.execute(one, values).all() for one in asked))
