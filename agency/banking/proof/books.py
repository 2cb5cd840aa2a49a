"""P1 and P3: the ledger by itself. Transactions balance and are as they were sealed; trust money adds up."""

from typing import Any

from agency.banking.proof.checks import (
    ROWS_SHOWN_MAX,
    Check,
    Difference,
    differences,
    no_rows,
    none_may_differ,
    rows_of,
)
from agency.kernel.unit import Unit

# The sealed content is the text of `Posting.content_sha256` and of the openings; the day of booking is the
# moment's.
_ODD = """
    SELECT 'uneven' AS question, 'transaction' AS what, creditor_id, id::text AS id,
      CASE WHEN orphan THEN 'legs without a transaction' WHEN legs < 2 THEN 'fewer than two legs'
        ELSE 'legs do not add up' END AS text,
      coalesce(total, 0) AS left_side, 0::bigint AS right_side, currency
    FROM proof_transaction p
    WHERE orphan OR legs < 2 OR (NOT mixed AND total <> 0) OR (mixed AND EXISTS (SELECT FROM ledger_entry e
      WHERE e.creditor_id = p.creditor_id AND e.transaction_id = p.id GROUP BY e.currency
      HAVING sum(e.amount_minor) <> 0))
    UNION ALL SELECT 'unsealed', 'transaction', t.creditor_id, t.id::text, 'not what was sealed', NULL,
      NULL, ''
    FROM proof_transaction p JOIN ledger_transaction t ON t.creditor_id = p.creditor_id AND t.id = p.id
    WHERE p.changed AND (t.booked_on <> (t.at AT TIME ZONE 'Europe/Amsterdam')::date
      OR t.content_sha256 <> encode(sha256(convert_to(t.book || '|' || t.kind || '|' || t.effective_on || '|'
        || coalesce(t.reverses_id::text, '') || '|' || (SELECT coalesce(string_agg(e.account || ':'
          || e.amount_minor || ':' || e.currency || ':' || coalesce(e.claim_id::text, ''), ';'
          ORDER BY e.line), '') FROM ledger_entry e
        WHERE e.creditor_id = t.creditor_id AND e.transaction_id = t.id), 'UTF8')), 'hex'))
"""
_SEALS = """
    SELECT 'trigger' AS what, NULL::uuid AS creditor_id, wanted.name || ' on ' || wanted.of AS id,
      'switched off' AS text, NULL::bigint AS left_side, NULL::bigint AS right_side, '' AS currency
    FROM (VALUES ('ledger_entry', 'sealed'), ('ledger_entry', 'append_only'), ('ledger_entry', 'no_truncate'),
        ('ledger_transaction', 'balanced'), ('ledger_transaction', 'append_only'),
        ('ledger_transaction', 'no_truncate'), ('audit_entry', 'append_only'),
        ('audit_entry', 'no_truncate')) AS wanted(of, name)
    LEFT JOIN pg_trigger t ON t.tgrelid = wanted.of::regclass AND t.tgname = wanted.name
    WHERE t.oid IS NULL OR t.tgenabled NOT IN ('O', 'A')
    UNION ALL SELECT 'trigger', NULL, 'row-level security on ' || relname, 'switched off', NULL, NULL, ''
    FROM pg_class WHERE oid IN ('ledger_entry'::regclass, 'ledger_transaction'::regclass)
      AND NOT (relrowsecurity AND relforcerowsecurity)
"""
_TRUST = """
    SELECT creditor_id, currency, coalesce(sum(held), 0)::bigint AS held,
      coalesce(sum(owed), 0)::bigint AS owed
    FROM proof_transaction WHERE held IS NOT NULL OR owed IS NOT NULL GROUP BY creditor_id, currency
"""


def transactions_balance(unit: Unit) -> list[Check]:
    """P1: every transaction adds up to nothing per currency, and says what it said when it was sealed."""
    odd = differences(unit, _ODD)
    return [
        no_rows("P1", "transactions that do not balance", odd.get("uneven", [])),
        no_rows("P1", "transactions that were changed after they were sealed", odd.get("unsealed", [])),
        none_may_differ(unit, "P1", "seals that are switched off", _SEALS),
    ]


def trust_adds_up(unit: Unit) -> list[Check]:
    """P3: money held for others equals what is owed to them, per currency and for each creditor alone."""
    rows = rows_of(unit, _TRUST)
    uneven = [row for row in rows if row.held != row.owed]
    sums: dict[str, list[int]] = {}
    for row in rows:
        held_and_owed = sums.setdefault(row.currency, [0, 0])
        held_and_owed[0] += row.held
        held_and_owed[1] += row.owed
    checks = [
        Check(
            key="P3",
            left_label="client money held",
            left=held,
            right_label="owed to creditors, debtors, agency and nobody yet",
            right=owed,
            money=True,
            account="trust.creditor",
            currency=currency,
        )
        for currency, (held, owed) in sorted(sums.items() or [("EUR", [0, 0])])
        if held or owed or currency == "EUR"
    ]
    return [*checks, _each_creditor(uneven)]


def _each_creditor(uneven: list[Any]) -> Check:
    return Check(
        key="P3",
        left_label="creditors whose money does not add up by itself",
        left=len(uneven),
        account="trust.creditor",
        rows=tuple(
            Difference(
                "creditor", str(row.creditor_id), str(row.creditor_id), "", row.held, row.owed, row.currency
            )
            for row in uneven[:ROWS_SHOWN_MAX]
        ),
    )
