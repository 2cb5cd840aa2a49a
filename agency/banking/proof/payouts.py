"""P6: what was remitted is what the bank debited, run by run, and what each run's fees and payments say."""

from agency.banking.proof.checks import Check, none_may_differ, rows_of
from agency.kernel.unit import Unit

_TOTALS = """
    SELECT (SELECT coalesce(sum(e.amount_minor), 0)::bigint FROM ledger_entry e JOIN ledger_transaction t
        ON t.creditor_id = e.creditor_id AND t.id = e.transaction_id
        WHERE t.kind = 'remittance_paid' AND e.account = 'trust.in_transit') AS remitted,
      (SELECT coalesce(-sum(l.amount_minor), 0)::bigint FROM bank_line l WHERE l.state = 'payout'
        AND EXISTS (SELECT FROM remittance_run r WHERE r.end_to_end = l.end_to_end)) AS debited,
      (SELECT coalesce(sum(e.amount_minor), 0)::bigint FROM ledger_entry e JOIN ledger_transaction t
        ON t.creditor_id = e.creditor_id AND t.id = e.transaction_id
        WHERE t.kind = 'refund_paid' AND e.account = 'trust.in_transit') AS refunded,
      (SELECT coalesce(-sum(amount_minor), 0)::bigint FROM bank_line WHERE state = 'refund') AS sent_back
"""
_RUNS = """
    WITH moved AS (
      SELECT t.creditor_id, t.source_key,
        -sum(e.amount_minor) FILTER (WHERE t.kind = 'remittance') AS sent,
        sum(e.amount_minor) FILTER (WHERE t.kind = 'remittance_paid') AS seen
      FROM ledger_transaction t JOIN ledger_entry e ON e.creditor_id = t.creditor_id
        AND e.transaction_id = t.id AND e.account = 'trust.in_transit'
      WHERE t.kind IN ('remittance', 'remittance_paid') GROUP BY t.creditor_id, t.source_key),
    debited AS (SELECT end_to_end, -sum(amount_minor) AS minor FROM bank_line
      WHERE state = 'payout' GROUP BY end_to_end)
    SELECT 'run' AS what, r.creditor_id, r.id::text AS id, r.state || ' ' || r.cutoff_on AS text,
      r.net_minor AS left_side,
      CASE WHEN m.sent IS DISTINCT FROM r.net_minor THEN m.sent
        WHEN m.seen IS DISTINCT FROM r.net_minor THEN m.seen ELSE d.minor END::bigint AS right_side,
      r.currency
    FROM remittance_run r
    LEFT JOIN moved m ON m.creditor_id = r.creditor_id AND m.source_key = r.id::text
    LEFT JOIN debited d ON d.end_to_end = r.end_to_end
    WHERE (r.state IN ('exported', 'paid') AND r.net_minor <> 0 AND m.sent IS DISTINCT FROM r.net_minor)
      OR (r.state = 'paid' AND r.net_minor <> 0 AND (m.seen IS DISTINCT FROM r.net_minor
        OR d.minor IS DISTINCT FROM r.net_minor))
      OR (r.state <> 'paid' AND (m.seen IS NOT NULL OR d.minor IS NOT NULL))
    UNION ALL SELECT 'transaction', t.creditor_id, t.id::text, 'a payout that is not on file', NULL, NULL, ''
    FROM ledger_transaction t WHERE t.kind IN ('remittance', 'remittance_paid')
      AND NOT EXISTS (SELECT FROM remittance_run r WHERE r.creditor_id = t.creditor_id
        AND r.id::text = t.source_key)
"""
_SUMS = """
    SELECT 'run' AS what, r.creditor_id, r.id::text AS id, r.state || ' ' || r.cutoff_on AS text,
      r.collected_minor - CASE r.mode WHEN 'net' THEN r.fee_minor + r.vat_minor ELSE 0 END AS left_side,
      (coalesce(f.collected, 0) - CASE r.mode WHEN 'net' THEN coalesce(f.fee + f.vat, 0) ELSE 0 END)::bigint
        AS right_side, r.currency
    FROM remittance_run r LEFT JOIN (
      SELECT f.creditor_id, f.run_id, sum(f.base_minor) FILTER (WHERE p.source <> 'direct') AS collected,
        sum(f.net_minor) AS fee, sum(f.vat_minor) AS vat
      FROM success_fee f JOIN payment p ON p.creditor_id = f.creditor_id AND p.id = f.payment_id
      GROUP BY f.creditor_id, f.run_id) f ON f.creditor_id = r.creditor_id AND f.run_id = r.id
    WHERE r.state <> 'cancelled' AND r.mode IN ('net', 'gross')
      AND ((r.collected_minor, r.fee_minor, r.vat_minor)
          <> (coalesce(f.collected, 0), coalesce(f.fee, 0), coalesce(f.vat, 0))
        OR r.net_minor <> r.collected_minor
          - CASE r.mode WHEN 'net' THEN r.fee_minor + r.vat_minor ELSE 0 END)
"""
_FILES = """
    SELECT 'file' AS what, NULL::uuid AS creditor_id, id::text AS id, message_id AS text,
      total_minor AS left_side, NULL::bigint AS right_side, currency
    FROM remittance_file WHERE sha256 <> encode(sha256(content), 'hex')
"""


def remitted_equals_debited(unit: Unit) -> list[Check]:
    """P6: payouts by the ledger and debits by the bank, in total and per run; runs hold what they say."""
    [totals] = rows_of(unit, _TOTALS)
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
        none_may_differ(
            unit, "P6", "payouts that ledger or bank tell otherwise", _RUNS, account="trust.in_transit"
        ),
        none_may_differ(unit, "P6", "payouts that are not the sum of their payments and fees", _SUMS),
        none_may_differ(unit, "P6", "payout files that were changed", _FILES),
    ]
