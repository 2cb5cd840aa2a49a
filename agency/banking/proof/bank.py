"""P2, P4 and P5: the bank beside the ledger, per account and day; every line booked once; nothing old."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from agency.banking.importing import OPENING_KIND
from agency.banking.line_booking import LINE_KIND
from agency.banking.own_money import OWN_MONEY
from agency.banking.proof.balances import Balance, by_currency
from agency.banking.proof.checks import Check, differences, no_rows, none_may_differ, rows_of
from agency.banking.proof.horizon import Horizon
from agency.calendar import is_business_day
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Unit
from agency.rules.proof_limits import ProofLimits, proof_limits
from agency.rules.suspense_age import suspense_age

# Per IBAN and day of the bank, each line within the statement that brought it; what stood there before the
# first statement counts from the start. A day closes with the page that no other of it goes on from, in
# whatever order they came. P4 holds every line against its entries, so these are the ledger's.
_DAYS = """
    WITH moved AS (
      SELECT s.iban, l.currency, greatest(coalesce(s.opens_on, l.booked_on),
          least(l.booked_on, coalesce(s.closes_on, l.booked_on))) AS on_, sum(l.amount_minor) AS minor
        FROM bank_line l JOIN bank_statement s ON s.id = l.statement_id WHERE l.state <> 'split'
        GROUP BY 1, 2, 3
      UNION ALL SELECT s.iban, e.currency, DATE '0001-01-01', sum(e.amount_minor)
        FROM ledger_transaction t JOIN bank_statement s ON s.id::text = t.source_key
        JOIN ledger_entry e ON e.creditor_id = t.creditor_id AND e.transaction_id = t.id
          AND e.account = 'trust.bank'
        WHERE t.creditor_id = :house AND t.book = 'trust' AND t.kind IN (:opening_kind, :opening_taken_back)
        GROUP BY 1, 2),
    dated AS (
      SELECT *, coalesce(closes_on, (imported_at AT TIME ZONE 'Europe/Amsterdam')::date) AS on_
        FROM bank_statement WHERE closing_minor IS NOT NULL),
    closing AS (
      SELECT DISTINCT ON (s.iban, s.currency, s.on_) s.id, s.iban, s.currency, s.on_, s.closing_minor
        FROM dated s LEFT JOIN dated n ON n.iban = s.iban AND n.currency = s.currency AND n.on_ = s.on_
          AND n.opening_minor = s.closing_minor AND n.closing_minor <> n.opening_minor AND n.id <> s.id
      ORDER BY s.iban, s.currency, s.on_, n.id IS NOT NULL, s.imported_at DESC, s.id DESC),
    days AS (
      SELECT iban, currency, on_, sum(sum(minor)) OVER (PARTITION BY iban, currency ORDER BY on_) AS ledger,
        sum(sum(minor)) OVER (PARTITION BY iban, currency) AS whole
        FROM (SELECT iban, currency, on_, minor FROM moved
          UNION ALL SELECT iban, currency, on_, 0 FROM closing) sides
        GROUP BY iban, currency, on_)
    SELECT 'statement' AS what, NULL::uuid AS creditor_id, c.id::text AS id, c.iban || ' ' || c.on_ AS text,
      d.ledger::bigint AS left_side, c.closing_minor AS right_side, c.currency, c.iban,
      (d.whole - d.ledger)::bigint AS later, 0::bigint AS differing
    FROM closing c JOIN days d ON d.iban = c.iban AND d.currency = c.currency AND d.on_ = c.on_
    ORDER BY c.iban, c.currency, c.on_
"""
# What is new is found first: joined at once, every entry the bank ever got would look for its transaction.
_LINES = """
    WITH written AS MATERIALIZED (
      SELECT creditor_id, id, kind, source_key FROM ledger_transaction WHERE xid >= :number),
    touched AS (
      SELECT id::text AS line FROM bank_line WHERE amount_minor <> 0 AND age(xmin) <= :age
      UNION SELECT source_key FROM written WHERE kind = :line_kind),
    booked AS (
      SELECT t.source_key, count(*) AS bookings, sum(e.amount_minor) AS minor, min(e.currency) AS currency,
        min(t.effective_on) AS effective_on
      FROM touched n JOIN ledger_transaction t ON t.source_key = n.line AND t.kind = :line_kind
      JOIN ledger_entry e ON e.creditor_id = t.creditor_id AND e.transaction_id = t.id
        AND e.account = 'trust.bank' GROUP BY t.source_key)
    SELECT 'line' AS question, 'line' AS what, NULL::uuid AS creditor_id, n.line AS id,
      CASE WHEN l.id IS NULL THEN 'booked, but not on any statement' WHEN b.source_key IS NULL
        THEN 'not booked' WHEN s.id IS NULL THEN 'its statement is gone'
        WHEN b.bookings > 1 THEN 'booked more than once' ELSE 'booked otherwise' END AS text,
      l.amount_minor AS left_side, b.minor::bigint AS right_side, coalesce(l.currency, b.currency) AS currency
    FROM touched n LEFT JOIN bank_line l ON l.id::text = n.line LEFT JOIN booked b ON b.source_key = n.line
    LEFT JOIN bank_statement s ON s.id = l.statement_id
    WHERE l.id IS NULL OR b.source_key IS NULL OR s.id IS NULL OR b.bookings > 1 OR s.iban <> l.iban
      OR b.minor <> l.amount_minor OR b.currency <> l.currency OR b.effective_on <> l.value_on
    UNION ALL SELECT 'other', 'transaction', t.creditor_id, t.id::text, t.kind, e.amount_minor, NULL,
      e.currency
    FROM written t JOIN ledger_entry e ON e.creditor_id = t.creditor_id AND e.transaction_id = t.id
    WHERE e.account = 'trust.bank' AND t.kind <> :line_kind
      AND NOT (t.kind IN (:opening_kind, :opening_taken_back)
        AND EXISTS (SELECT FROM bank_statement s WHERE s.id::text = t.source_key))
      AND NOT (t.kind = :line_taken_back
        AND EXISTS (SELECT FROM bank_line l WHERE l.id::text = t.source_key AND l.state = 'split'))
"""
# The first statement has none before it. One that renews or overlaps another opens where that one opened.
_UNCHAINED = """
    WITH s AS (SELECT *, coalesce(closes_on, (imported_at AT TIME ZONE 'Europe/Amsterdam')::date) AS on_
      FROM bank_statement WHERE opening_minor IS NOT NULL)
    SELECT 'statement' AS what, NULL::uuid AS creditor_id, s.id::text AS id, s.iban || ' ' || s.on_ AS text,
      s.opening_minor AS left_side, before.closing_minor AS right_side, s.currency
    FROM s CROSS JOIN LATERAL (SELECT p.closing_minor FROM s p WHERE p.iban = s.iban
        AND p.currency = s.currency AND p.on_ < s.on_ AND p.closing_minor IS NOT NULL
        ORDER BY p.on_ DESC, p.closing_minor = s.opening_minor DESC, p.imported_at DESC, p.id DESC LIMIT 1)
        AS before
    WHERE s.opening_minor <> before.closing_minor AND NOT EXISTS (SELECT FROM s p WHERE p.iban = s.iban
      AND p.currency = s.currency AND p.id <> s.id AND ((p.closing_minor = s.opening_minor AND p.on_ = s.on_)
        OR (p.opening_minor = s.opening_minor AND p.opens_on = s.opens_on)))
    ORDER BY s.on_
"""
_SETTLED = """
    WITH touched AS (
      SELECT id::text AS line FROM bank_line WHERE age(xmin) <= :age
      UNION SELECT split_part(source_key, '#', 1) FROM payment WHERE source = 'bank' AND age(xmin) <= :age),
    paid AS (
      SELECT split_part(source_key, '#', 1) AS line, sum(amount_minor) AS minor, count(*) AS payments,
        min(claim_id::text) AS claim_id, min(creditor_id::text) AS creditor_id
      FROM payment WHERE source = 'bank' AND reversed_at IS NULL GROUP BY 1)
    SELECT 'line' AS what, l.creditor_id, n.line AS id, coalesce(l.state, 'no such line') AS text,
      l.amount_minor AS left_side, coalesce(p.minor, 0)::bigint AS right_side, l.currency
    FROM touched n LEFT JOIN bank_line l ON l.id::text = n.line LEFT JOIN paid p ON p.line = n.line
    WHERE (l.state = 'matched' AND (p.minor IS DISTINCT FROM l.amount_minor OR (l.claim_id IS NOT NULL
        AND (p.payments > 1 OR p.claim_id <> l.claim_id::text OR p.creditor_id <> l.creditor_id::text))))
      OR (l.state IN ('suspense', 'payout', 'psp_settlement', 'split', 'refund', 'sent_back', 'own')
        AND p.line IS NOT NULL)
      OR (l.id IS NULL AND p.line IS NOT NULL)
"""
_OWN = """
    WITH booked AS (
      SELECT split_part(t.source_key, '#', 1) AS line, -sum(e.amount_minor) AS minor
      FROM ledger_transaction t
      JOIN ledger_entry e ON e.creditor_id = t.creditor_id AND e.transaction_id = t.id
      WHERE t.creditor_id = :house AND t.book = 'trust' AND t.kind IN (:own, :own_taken_back)
        AND e.account = 'trust.agency' GROUP BY 1)
    SELECT 'line' AS what, NULL::uuid AS creditor_id, coalesce(l.id::text, b.line) AS id,
      coalesce(l.state, 'no such line') AS text, coalesce(l.amount_minor, 0)::bigint AS left_side,
      coalesce(b.minor, 0)::bigint AS right_side, coalesce(l.currency, 'EUR') AS currency
    FROM (SELECT * FROM bank_line WHERE state = 'own') l FULL JOIN booked b ON b.line = l.id::text
    WHERE coalesce(l.amount_minor, 0) <> coalesce(b.minor, 0)
"""
_WAITING = """
    SELECT 'line' AS what, NULL::uuid AS creditor_id, id::text AS id,
      booked_on || ' ' || counterparty AS text,
      amount_minor AS left_side, NULL::bigint AS right_side, currency
    FROM bank_line l WHERE state = 'suspense' AND amount_minor <> 0 AND booked_on <= :limit
      AND NOT EXISTS (SELECT FROM suspense_case k WHERE k.line_id = l.id AND k.parked_at IS NOT NULL)
    ORDER BY booked_on
"""
# What left a clearing account is taken to be its oldest money.
_CLEARING = """
    SELECT 'account' AS what, e.creditor_id, CAST(:clearing AS text) AS id,
      min(t.effective_on)::text AS text,
      sum(e.amount_minor * :sign) FILTER (WHERE e.amount_minor * :sign < 0 OR t.effective_on <= :limit)
        AS left_side, 0 AS right_side, e.currency
    FROM ledger_entry e JOIN ledger_transaction t ON t.creditor_id = e.creditor_id AND t.id = e.transaction_id
    WHERE e.account = :clearing GROUP BY e.creditor_id, e.currency
    HAVING sum(e.amount_minor * :sign)
      FILTER (WHERE e.amount_minor * :sign < 0 OR t.effective_on <= :limit) > 0
"""
_OPENINGS = {"opening_kind": OPENING_KIND, "opening_taken_back": f"{OPENING_KIND}.reversal"}
_OWN_KINDS = {"own": OWN_MONEY, "own_taken_back": f"{OWN_MONEY}.reversal"}
_LINE_KINDS = {"line_kind": LINE_KIND, "line_taken_back": f"{LINE_KIND}.reversal"}


def bank_equals_ledger(unit: Unit, balances: Sequence[Balance]) -> list[Check]:
    """P2: the ledger's trust account is the bank's at its latest closing, and for each IBAN on every day."""
    days = rows_of(unit, _DAYS, house=HOUSE, **_OPENINGS)
    uneven = [row for row in days if row.left_side != row.right_side]
    label = "days on which bank and ledger differ"
    return [
        *_at_latest_closing(by_currency(balances, {"trust.bank"}), days),
        # The days are all read, so they are counted here.
        replace(no_rows("P2", label, uneven, account="trust.bank"), left=len(uneven)),
        none_may_differ(unit, "P2", "statements that do not follow on from the one before", _UNCHAINED),
    ]


def _at_latest_closing(ledger: dict[str, int], days: Sequence[Any]) -> list[Check]:
    """Hold the whole account in the ledger, less what came after the closings, against the closings."""
    latest = {(row.iban, row.currency): row for row in days}
    checks = []
    for currency in sorted({*ledger, *(currency for _, currency in latest)}):
        closings = [row for (_, of), row in latest.items() if of == currency]
        checks.append(
            Check(
                key="P2",
                left_label="trust account in the ledger",
                left=ledger.get(currency, 0) - sum(row.later for row in closings),
                right_label="closing balance of the bank",
                right=sum(row.right_side for row in closings),
                money=True,
                account="trust.bank",
                currency=currency,
                subject=", ".join(sorted(row.iban for row in closings)),
            )
        )
    return checks


def every_line_is_booked_once(unit: Unit, horizon: Horizon) -> list[Check]:
    """P4, the bank's side: each line has one transaction, each transaction its line; and so its payments."""
    found = differences(
        unit, _LINES, {**_LINE_KINDS, **_OPENINGS, "age": horizon.age, "number": horizon.number}
    )
    return [
        no_rows("P4", "bank lines not booked exactly once", found.get("line", []), account="trust.bank"),
        no_rows("P4", "entries on the bank's account without a bank line", found.get("other", [])),
        none_may_differ(
            unit, "P4", "lines whose payments are not just theirs", _SETTLED, {"age": horizon.age}
        ),
        none_may_differ(
            unit, "P4", "lines of our own that are not booked as such", _OWN, {**_OWN_KINDS, "house": HOUSE}
        ),
    ]


def clearing_is_young(unit: Unit) -> list[Check]:
    """P5: what waits to be known, settled or seen waits no longer than the house allows."""
    limits: ProofLimits = proof_limits(unit.today)
    return [
        none_may_differ(
            unit,
            "P5",
            "lines that wait in suspense too long",
            _WAITING,
            {"limit": _days_ago(unit.today, suspense_age(on=unit.today).block_after)},
            account="trust.suspense",
        ),
        _clearing(
            unit,
            "creditors whose online payments wait too long for the provider",
            account="trust.psp",
            sign=1,
            limit=_days_ago(unit.today, limits.provider_business_days),
        ),
        _clearing(
            unit,
            "creditors whose payouts wait too long for the bank",
            account="trust.in_transit",
            sign=-1,
            limit=_days_ago(unit.today, limits.transit_business_days),
        ),
    ]


def _clearing(unit: Unit, label: str, *, account: str, sign: int, limit: date) -> Check:
    """Look for money on a clearing account; `sign` turns what came onto it positive."""
    values = {"clearing": account, "sign": sign, "limit": limit}
    return none_may_differ(unit, "P5", label, _CLEARING, values, account=account)


def _days_ago(today: date, business_days: int) -> date:
    """Return the latest day that lies more than some business days back."""
    limit, left = today, business_days + 1
    while left:
        left -= is_business_day(country="NL", day=limit)
        limit -= timedelta(days=1)
    return limit
