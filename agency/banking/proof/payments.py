"""P4 and P8 of payments: each stands in the ledger once and says what its entries say; claims agree too."""

from agency.banking.proof.checks import Check, differences, no_rows, none_may_differ
from agency.banking.proof.horizon import Horizon
from agency.kernel.unit import Unit

# One comparison of all payments with their entries: the first thing in which a payment differs counts.
_PAYMENTS = """
    WITH touched AS (
      SELECT creditor_id, source || ':' || source_key AS source_key FROM payment WHERE age(xmin) <= :age
      UNION SELECT creditor_id, source_key FROM ledger_transaction
        WHERE kind IN ('payment', 'payment.reversal') AND xid >= :number),
    booked AS (
      SELECT t.creditor_id, t.source_key, count(DISTINCT t.id) AS transactions, min(t.id::text) AS any_id,
        min(e.currency) AS currency,
        -coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'claims.costs'), 0) AS costs,
        -coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'claims.interest'), 0) AS interest,
        -coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'claims.principal'), 0) AS principal,
        coalesce(sum(e.amount_minor) FILTER (WHERE t.book = 'trust' AND e.amount_minor > 0), 0) AS received,
        -coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'trust.creditor'), 0) AS to_creditor,
        -coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'trust.agency'), 0) AS to_agency,
        -coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'trust.debtor'), 0) AS over
      FROM ledger_transaction t
      JOIN touched n ON n.creditor_id = t.creditor_id AND n.source_key = t.source_key
      LEFT JOIN ledger_entry e ON e.creditor_id = t.creditor_id AND e.transaction_id = t.id
      WHERE t.kind = 'payment' GROUP BY t.creditor_id, t.source_key),
    taken_back AS (
      SELECT t.creditor_id, t.source_key, count(*) AS transactions
      FROM ledger_transaction t
      JOIN touched n ON n.creditor_id = t.creditor_id AND n.source_key = t.source_key
      WHERE t.kind = 'payment.reversal' AND t.reverses_id IS NOT NULL
      GROUP BY t.creditor_id, t.source_key),
    shown AS (
      SELECT p.* FROM payment p JOIN touched n ON n.creditor_id = p.creditor_id
        AND n.source_key = p.source || ':' || p.source_key),
    compared AS (
      SELECT p.creditor_id, p.id, p.amount_minor, p.currency, p.source, p.value_on,
        b.creditor_id AS of_booking, b.any_id, b.costs, b.interest, b.principal, b.over,
        b.received, b.currency AS booked_currency,
        coalesce(r.transactions, 0) <> CASE WHEN p.reversed_at IS NULL THEN 0 ELSE b.transactions END
          AS half_reversed,
        p.costs_minor <> b.costs OR p.interest_minor <> b.interest OR p.principal_minor <> b.principal
          OR p.currency <> b.currency
          OR p.amount_minor <> p.costs_minor + p.interest_minor + p.principal_minor + p.over_minor
          OR (p.source <> 'direct' AND (p.amount_minor <> b.received OR p.to_creditor_minor <> b.to_creditor
            OR p.to_agency_minor <> b.to_agency OR p.over_minor <> b.over)) AS otherwise
      FROM shown p
      FULL JOIN booked b ON b.creditor_id = p.creditor_id AND b.source_key = p.source || ':' || p.source_key
      LEFT JOIN taken_back r ON r.creditor_id = b.creditor_id AND r.source_key = b.source_key)
    SELECT CASE WHEN id IS NULL OR of_booking IS NULL OR half_reversed THEN 'apart' ELSE 'otherwise' END
        AS question,
      CASE WHEN id IS NULL THEN 'transaction' ELSE 'payment' END AS what,
      coalesce(creditor_id, of_booking) AS creditor_id, coalesce(id::text, any_id) AS id,
      CASE WHEN id IS NULL THEN 'a payment that is not on file'
        WHEN of_booking IS NULL THEN 'not in the ledger'
        WHEN half_reversed THEN 'taken back on one side only' ELSE source || ' ' || value_on END AS text,
      amount_minor AS left_side, CASE WHEN source = 'direct' THEN costs + interest + principal
        ELSE received END::bigint AS right_side, coalesce(currency, booked_currency) AS currency
    FROM compared WHERE id IS NULL OR of_booking IS NULL OR half_reversed OR otherwise
"""
_PROVIDER = """
    SELECT 'intent' AS what, i.creditor_id, i.id::text AS id, i.provider_ref AS text,
      i.amount_minor AS left_side, NULL::bigint AS right_side, i.currency
    FROM payment_intent i WHERE i.state = 'paid' AND age(i.xmin) <= :age
      AND NOT EXISTS (SELECT FROM ledger_transaction t WHERE t.creditor_id = i.creditor_id
        AND t.source_key = 'psp:' || i.provider_ref || '#1' AND t.kind IN ('payment', 'payment_held'))
"""
_NOT_AT_PROVIDER = """
    SELECT 'payment' AS what, p.creditor_id, p.id::text AS id, p.source_key AS text,
      p.amount_minor AS left_side, NULL::bigint AS right_side, p.currency
    FROM payment p WHERE p.source = 'psp' AND p.reversed_at IS NULL AND age(p.xmin) <= :age
      AND NOT EXISTS (SELECT FROM payment_intent i WHERE i.creditor_id = p.creditor_id
        AND i.provider_ref = split_part(p.source_key, '#', 1) AND i.state = 'paid')
"""
# What was placed is what was opened; a paid claim has no principal left, and none is owed less than nothing.
_CLAIMS = """
    WITH touched AS (
      SELECT creditor_id, id FROM claim WHERE age(xmin) <= :age
      UNION SELECT e.creditor_id, e.claim_id FROM ledger_transaction t JOIN ledger_entry e
        ON e.creditor_id = t.creditor_id AND e.transaction_id = t.id
        WHERE t.xid >= :number AND t.book = 'claims'),
    owed AS (
      SELECT e.creditor_id, e.claim_id, sum(e.amount_minor) AS principal, min(e.currency) AS currency,
        sum(e.amount_minor) FILTER (WHERE t.kind = 'opening') AS opened
      FROM touched n JOIN ledger_entry e ON e.creditor_id = n.creditor_id AND e.claim_id = n.id
        AND e.account = 'claims.principal'
      JOIN ledger_transaction t ON t.creditor_id = e.creditor_id AND t.id = e.transaction_id
      GROUP BY e.creditor_id, e.claim_id)
    SELECT 'claim' AS what, c.creditor_id, c.id::text AS id, c.number || ' ' || c.state AS text,
      CASE WHEN o.opened <> c.principal_minor THEN c.principal_minor ELSE 0 END AS left_side,
      CASE WHEN o.opened <> c.principal_minor THEN o.opened ELSE o.principal END::bigint AS right_side,
      c.currency
    FROM touched n JOIN claim c ON c.creditor_id = n.creditor_id AND c.id = n.id
    LEFT JOIN owed o ON o.creditor_id = c.creditor_id AND o.claim_id = c.id
    WHERE o.opened <> c.principal_minor OR (c.state = 'paid' AND coalesce(o.principal, 1) <> 0)
      OR o.currency <> c.currency OR (c.state IN ('active', 'paid') AND o.opened IS NULL)
"""


def payments_are_as_booked(unit: Unit, horizon: Horizon) -> list[Check]:
    """P4 and P8: each payment has its transactions and each transaction its payment, the provider knows both,
    and what pages show of payments and claims comes out of the entries."""
    new = {"age": horizon.age}
    payments = differences(unit, _PAYMENTS, horizon.values)
    return [
        no_rows("P4", "payments and bookings without each other", payments.get("apart", [])),
        none_may_differ(
            unit, "P4", "paid at the provider, and not booked", _PROVIDER, new, account="trust.psp"
        ),
        none_may_differ(
            unit,
            "P4",
            "booked as paid online, and unknown at the provider",
            _NOT_AT_PROVIDER,
            new,
            blocks=False,
            account="trust.psp",
        ),
        no_rows(
            "P8",
            "payments that show other amounts than were booked",
            payments.get("otherwise", []),
            blocks=False,
        ),
        none_may_differ(
            unit,
            "P8",
            "claims whose state or amount the ledger contradicts",
            _CLAIMS,
            horizon.values,
            blocks=False,
            account="claims.principal",
        ),
    ]
