"""P4 and P8 of payments: each stands in the ledger once and says what its entries say; claims agree too."""

from agency.banking.proof.checks import Check, none_may_differ
from agency.kernel.unit import Unit

# One reading of all payments' entries, side by side with the rows that the pages show.
_SIDES = """
    WITH booked AS (
      SELECT t.creditor_id, t.source_key,
        -coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'claims.costs'), 0) AS costs,
        -coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'claims.interest'), 0) AS interest,
        -coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'claims.principal'), 0) AS principal,
        coalesce(sum(e.amount_minor) FILTER (WHERE t.book = 'trust' AND e.amount_minor > 0), 0) AS received,
        -coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'trust.creditor'), 0) AS to_creditor,
        -coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'trust.agency'), 0) AS to_agency,
        -coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'trust.debtor'), 0) AS over,
        min(e.currency) AS currency, count(DISTINCT t.id) AS transactions,
        max(t.id::text) AS any_id
      FROM ledger_transaction t
      LEFT JOIN ledger_entry e ON e.creditor_id = t.creditor_id AND e.transaction_id = t.id
      WHERE t.kind = 'payment' GROUP BY t.creditor_id, t.source_key),
    taken_back AS (
      SELECT t.creditor_id, t.source_key, count(*) AS transactions FROM ledger_transaction t
      WHERE t.kind = 'payment.reversal' AND t.reverses_id IS NOT NULL GROUP BY t.creditor_id, t.source_key)
"""
_BOTH_WAYS = (
    _SIDES
    + """
    SELECT 'payment' AS what, p.creditor_id, p.id::text AS id, 'not in the ledger' AS text,
      p.amount_minor AS left_side, NULL::bigint AS right_side, p.currency
    FROM payment p LEFT JOIN booked b ON b.creditor_id = p.creditor_id
      AND b.source_key = p.source || ':' || p.source_key WHERE b.source_key IS NULL
    UNION ALL SELECT 'transaction', b.creditor_id, b.any_id, 'a payment that is not on file', NULL,
      (b.costs + b.interest + b.principal + b.over)::bigint, b.currency
    FROM booked b LEFT JOIN payment p ON p.creditor_id = b.creditor_id
      AND p.source || ':' || p.source_key = b.source_key WHERE p.id IS NULL
    UNION ALL SELECT 'payment', p.creditor_id, p.id::text,
      CASE WHEN p.reversed_at IS NULL THEN 'taken back in the ledger only'
        ELSE 'not taken back in the ledger' END,
      p.amount_minor, NULL, p.currency
    FROM payment p JOIN booked b ON b.creditor_id = p.creditor_id
      AND b.source_key = p.source || ':' || p.source_key
    LEFT JOIN taken_back r ON r.creditor_id = b.creditor_id AND r.source_key = b.source_key
    WHERE coalesce(r.transactions, 0) <> CASE WHEN p.reversed_at IS NULL THEN 0 ELSE b.transactions END
"""
)
_AS_BOOKED = (
    _SIDES
    + """
    SELECT 'payment' AS what, p.creditor_id, p.id::text AS id, p.source || ' ' || p.value_on AS text,
      p.amount_minor AS left_side, CASE WHEN p.source = 'direct'
        THEN b.costs + b.interest + b.principal + p.over_minor ELSE b.received END::bigint AS right_side,
      p.currency
    FROM payment p JOIN booked b ON b.creditor_id = p.creditor_id
      AND b.source_key = p.source || ':' || p.source_key
    WHERE (p.costs_minor, p.interest_minor, p.principal_minor) <> (b.costs, b.interest, b.principal)
      OR p.currency <> b.currency
      OR p.amount_minor <> p.costs_minor + p.interest_minor + p.principal_minor + p.over_minor
      OR (p.source <> 'direct' AND (p.amount_minor, p.to_creditor_minor, p.to_agency_minor, p.over_minor)
        <> (b.received, b.to_creditor, b.to_agency, b.over))
"""
)
_PROVIDER = """
    SELECT 'intent' AS what, i.creditor_id, i.id::text AS id, i.provider_ref AS text,
      i.amount_minor AS left_side, NULL::bigint AS right_side, i.currency
    FROM payment_intent i WHERE i.state = 'paid'
      AND NOT EXISTS (SELECT FROM ledger_transaction t WHERE t.creditor_id = i.creditor_id
        AND t.source_key = 'psp:' || i.provider_ref || '#1' AND t.kind IN ('payment', 'payment_held'))
"""
_NOT_AT_PROVIDER = """
    SELECT 'payment' AS what, p.creditor_id, p.id::text AS id, p.source_key AS text,
      p.amount_minor AS left_side, NULL::bigint AS right_side, p.currency
    FROM payment p WHERE p.source = 'psp' AND p.reversed_at IS NULL
      AND NOT EXISTS (SELECT FROM payment_intent i WHERE i.creditor_id = p.creditor_id
        AND i.provider_ref = split_part(p.source_key, '#', 1) AND i.state = 'paid')
"""
# What was placed is what was opened; a paid claim has no principal left, and none is owed less than nothing.
_CLAIMS = """
    WITH owed AS (
      SELECT e.creditor_id, e.claim_id, sum(e.amount_minor) AS principal, min(e.currency) AS currency
      FROM ledger_entry e WHERE e.account = 'claims.principal' GROUP BY e.creditor_id, e.claim_id),
    opened AS (
      SELECT t.creditor_id, t.source_key, sum(e.amount_minor) AS minor FROM ledger_transaction t
      JOIN ledger_entry e ON e.creditor_id = t.creditor_id AND e.transaction_id = t.id
        AND e.account = 'claims.principal'
      WHERE t.kind = 'opening' GROUP BY t.creditor_id, t.source_key)
    SELECT 'claim' AS what, c.creditor_id, c.id::text AS id, c.number || ' ' || c.state AS text,
      CASE WHEN p.minor <> c.principal_minor THEN c.principal_minor ELSE 0 END AS left_side,
      CASE WHEN p.minor <> c.principal_minor THEN p.minor ELSE o.principal END::bigint AS right_side,
      c.currency
    FROM claim c LEFT JOIN owed o ON o.creditor_id = c.creditor_id AND o.claim_id = c.id
    LEFT JOIN opened p ON p.creditor_id = c.creditor_id AND p.source_key = 'claim:' || c.id
    WHERE p.minor <> c.principal_minor OR (c.state = 'paid' AND coalesce(o.principal, 1) <> 0)
      OR o.currency <> c.currency OR (c.state IN ('active', 'paid') AND p.minor IS NULL)
"""


def payments_stand_in_the_ledger(unit: Unit) -> list[Check]:
    """P4, the payments' side: each has its transactions, and the provider knows it."""
    return [
        none_may_differ(unit, "P4", "payments and bookings without each other", _BOTH_WAYS),
        none_may_differ(unit, "P4", "paid at the provider, and not booked", _PROVIDER, account="trust.psp"),
        none_may_differ(
            unit,
            "P4",
            "booked as paid online, and unknown at the provider",
            _NOT_AT_PROVIDER,
            blocks=False,
            account="trust.psp",
        ),
    ]


def projections_are_recomputed(unit: Unit) -> list[Check]:
    """P8: what pages show of payments and claims is what comes out of the entries."""
    return [
        none_may_differ(
            unit, "P8", "payments that show other amounts than were booked", _AS_BOOKED, blocks=False
        ),
        none_may_differ(
            unit,
            "P8",
            "claims whose state or amount the ledger contradicts",
            _CLAIMS,
            blocks=False,
            account="claims.principal",
        ),
    ]
