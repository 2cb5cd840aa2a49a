"""P6: what was remitted is what the bank debited, run by run, and what each run's fees and payments say."""

from collections.abc import Sequence

from agency.banking.proof.balances import Balance, by_currency
from agency.banking.proof.checks import Check, none_may_differ, rows_of
from agency.kernel.unit import Unit

_TOTALS = """
    SELECT (SELECT coalesce(sum(e.amount_minor), 0)::bigint FROM ledger_entry e JOIN ledger_transaction t
        ON t.creditor_id = e.creditor_id AND t.id = e.transaction_id
        WHERE t.kind = 'remittance_paid' AND e.account = 'trust.in_transit') AS remitted,
      (SELECT coalesce(-sum(amount_minor), 0)::bigint FROM bank_line WHERE state = 'payout') AS debited,
      (SELECT coalesce(sum(e.amount_minor), 0)::bigint FROM ledger_entry e JOIN ledger_transaction t
        ON t.creditor_id = e.creditor_id AND t.id = e.transaction_id
        WHERE t.kind = 'refund_paid' AND e.account = 'trust.in_transit') AS refunded,
      (SELECT coalesce(-sum(amount_minor), 0)::bigint FROM bank_line WHERE state = 'refund') AS sent_back,
      (SELECT coalesce(sum(net_minor), 0)::bigint FROM remittance_run
        WHERE mode = 'own' AND state = 'exported') AS on_its_way
"""
# Each attempt of a run has its own key. What left is seen on the bank, or came back before it was.
_RUNS = """
    WITH moved AS (
      SELECT t.creditor_id, t.source_key,
        -sum(e.amount_minor) FILTER (WHERE t.kind = 'remittance') AS sent,
        sum(e.amount_minor) FILTER (WHERE t.kind = 'remittance_paid') AS seen,
        sum(e.amount_minor) FILTER (WHERE t.kind = 'remittance_returned') AS refused
      FROM ledger_transaction t JOIN ledger_entry e ON e.creditor_id = t.creditor_id
        AND e.transaction_id = t.id AND e.account = 'trust.in_transit'
      WHERE t.kind IN ('remittance', 'remittance_paid', 'remittance_returned')
      GROUP BY t.creditor_id, t.source_key),
    debited AS (SELECT end_to_end, -sum(amount_minor) AS minor FROM bank_line
      WHERE state = 'payout' GROUP BY end_to_end),
    run AS (SELECT *, id || CASE attempt WHEN 1 THEN '' ELSE '#' || attempt END AS source_key
      FROM remittance_run)
    SELECT 'run' AS what, r.creditor_id, r.id::text AS id, r.state || ' ' || r.cutoff_on AS text,
      r.net_minor AS left_side,
      CASE WHEN m.sent IS DISTINCT FROM r.net_minor THEN m.sent
        WHEN m.seen IS DISTINCT FROM r.net_minor THEN m.seen ELSE d.minor END::bigint AS right_side,
      r.currency
    FROM run r
    LEFT JOIN moved m ON m.creditor_id = r.creditor_id AND m.source_key = r.source_key
    LEFT JOIN debited d ON d.end_to_end = r.end_to_end
    WHERE (r.state IN ('exported', 'paid', 'returned') AND r.net_minor <> 0
        AND m.sent IS DISTINCT FROM r.net_minor)
      OR (r.state = 'paid' AND r.net_minor <> 0 AND (m.seen IS DISTINCT FROM r.net_minor
        OR d.minor IS DISTINCT FROM r.net_minor))
      OR (r.state = 'returned' AND coalesce(m.seen, 0) + coalesce(m.refused, 0) <> r.net_minor)
      OR (r.state NOT IN ('paid', 'returned') AND (m.seen IS NOT NULL OR d.minor IS NOT NULL))
    UNION ALL SELECT 'run', m.creditor_id, r.id::text, 'attempt ' || m.source_key, m.sent::bigint,
      (coalesce(m.seen, 0) + coalesce(m.refused, 0))::bigint, r.currency
    FROM moved m JOIN run r ON r.creditor_id = m.creditor_id AND r.id::text = split_part(m.source_key, '#', 1)
    WHERE m.source_key <> r.source_key AND m.sent <> coalesce(m.seen, 0) + coalesce(m.refused, 0)
    UNION ALL SELECT 'transaction', t.creditor_id, t.id::text, 'a payout that is not on file', NULL, NULL, ''
    FROM ledger_transaction t WHERE t.kind IN ('remittance', 'remittance_paid', 'remittance_returned')
      AND NOT EXISTS (SELECT FROM remittance_run r WHERE r.creditor_id = t.creditor_id
        AND r.id::text = split_part(t.source_key, '#', 1))
"""
_SUMS = """
    SELECT 'run' AS what, r.creditor_id, r.id::text AS id, r.state || ' ' || r.cutoff_on AS text,
      r.collected_minor - r.withheld_minor AS left_side,
      CASE r.mode WHEN 'own' THEN r.net_minor
        ELSE (coalesce(f.collected, 0) - r.withheld_minor)::bigint END AS right_side, r.currency
    FROM remittance_run r LEFT JOIN (
      SELECT f.creditor_id, f.run_id, sum(f.base_minor) FILTER (WHERE p.source <> 'direct') AS collected,
        sum(f.net_minor) AS fee, sum(f.vat_minor) AS vat
      FROM success_fee f LEFT JOIN payment p ON p.creditor_id = f.creditor_id AND p.id = f.payment_id
      GROUP BY f.creditor_id, f.run_id) f ON f.creditor_id = r.creditor_id AND f.run_id = r.id
    WHERE r.state <> 'cancelled'
      AND ((r.collected_minor, r.fee_minor, r.vat_minor)
          -- The agency's own share is of no payment alone: what it holds is proved by the two books of it.
          <> (CASE r.mode WHEN 'own' THEN r.net_minor ELSE coalesce(f.collected, 0) END,
            coalesce(f.fee, 0), coalesce(f.vat, 0))
        OR r.net_minor <> r.collected_minor - r.withheld_minor)
"""
_FILES = """
    SELECT 'file' AS what, NULL::uuid AS creditor_id, id::text AS id, message_id AS text,
      total_minor AS left_side, NULL::bigint AS right_side, currency
    FROM remittance_file f WHERE sha256 <> encode(sha256(content), 'hex')
      -- What was erased when the books were over is empty, and a certificate says so.
      AND NOT (octet_length(content) = 0 AND EXISTS (SELECT FROM erasure_item i WHERE i.kind = 'books'
        AND i.rows ? 'remittance_file' AND i.border >= (f.made_at AT TIME ZONE 'Europe/Amsterdam')::date))
"""


def remitted_equals_debited(unit: Unit, balances: Sequence[Balance]) -> list[Check]:
    """P6: payouts by the ledger and debits by the bank, in total and per run; runs hold what they say, and
    the agency has in trust what its own books say.
    """
    [totals] = rows_of(unit, _TOTALS)
    by_agency, by_trust = (
        sum(by_currency(balances, {account}).values()) for account in ("agency.trust", "trust.agency")
    )
    return [
        Check(
            key="P6",
            left_label="paid out by the ledger",
            left=totals.remitted,
            right_label="debited by the bank",
            right=totals.debited,
            money=True,
            account="trust.in_transit",
        ),
        Check(
            key="P6",
            left_label="refunded by the ledger",
            left=totals.refunded,
            right_label="debited by the bank",
            right=totals.sent_back,
            money=True,
            account="trust.in_transit",
        ),
        Check(
            key="P6",
            left_label="the agency's own books have in trust",
            left=by_agency,
            right_label="held for the agency, or on its way to it",
            right=totals.on_its_way - by_trust,
            money=True,
            account="trust.agency",
        ),
        none_may_differ(
            unit, "P6", "payouts that ledger or bank tell otherwise", _RUNS, account="trust.in_transit"
        ),
        none_may_differ(unit, "P6", "payouts that are not the sum of their payments and fees", _SUMS),
        none_may_differ(unit, "P6", "payout files that were changed", _FILES),
    ]
