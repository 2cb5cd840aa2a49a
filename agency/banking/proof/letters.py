"""P7: what each message said was owed is what the ledger says was owed on its day.

Messages keep the amounts that they stated, and the database's snapshot under which these were read while
their claim was locked. Principal is held against the entries that could be seen then and count on or before
its day; of a message without a snapshot, against those written before it was reserved. Interest and costs
that ran by then stand in no entry, so of these the message's own sum must hold.
"""

from agency.banking.proof.checks import Check, none_may_differ
from agency.banking.proof.horizon import Horizon
from agency.kernel.unit import Unit

_MESSAGES = """
    WITH said AS (
      SELECT m.creditor_id, m.id, m.claim_id, m.step, m.channel, m.reserved_at,
        (m.amounts->>'as_of')::date AS as_of, m.amounts->>'currency' AS currency,
        (m.amounts->>'principal')::bigint AS principal, (m.amounts->>'total')::bigint AS total,
        (m.amounts->>'interest')::bigint + (m.amounts->>'costs')::bigint
          + (m.amounts->>'costs_vat')::bigint AS on_top,
        coalesce((m.amounts->>'disputed')::bigint, 0) AS disputed,
        (m.amounts->>'seen')::pg_snapshot AS seen
      FROM message m WHERE m.amounts ? 'total' AND m.reserved_at IS NOT NULL AND age(m.xmin) <= :age),
    owed AS (
      SELECT s.creditor_id, s.id, coalesce(sum(e.amount_minor), 0) AS principal FROM said s
      JOIN ledger_entry e ON e.creditor_id = s.creditor_id AND e.claim_id = s.claim_id
        AND e.account = 'claims.principal'
      JOIN ledger_transaction t ON t.creditor_id = e.creditor_id AND t.id = e.transaction_id
        AND t.effective_on <= s.as_of AND CASE WHEN s.seen IS NULL THEN t.at <= s.reserved_at
          ELSE pg_visible_in_snapshot(t.xid::text::xid8, s.seen) END
      GROUP BY s.creditor_id, s.id)
    SELECT 'message' AS what, s.creditor_id, s.id::text AS id, s.as_of || ' ' || s.step AS text,
      CASE WHEN s.total <> s.principal + s.on_top THEN s.total ELSE s.principal END AS left_side,
      CASE WHEN s.total <> s.principal + s.on_top THEN s.principal + s.on_top
        ELSE coalesce(o.principal, 0) END::bigint AS right_side, s.currency
    FROM said s LEFT JOIN owed o ON o.creditor_id = s.creditor_id AND o.id = s.id
    WHERE s.total <> s.principal + s.on_top
      OR (s.disputed = 0 AND s.principal <> greatest(coalesce(o.principal, 0), 0))
      OR (s.disputed > 0 AND s.principal > greatest(coalesce(o.principal, 0), 0))
"""


def letters_state_the_ledger(unit: Unit, horizon: Horizon) -> list[Check]:
    """P7: messages that stated an amount; what the ledger said on an earlier day does not change any more."""
    return [
        none_may_differ(
            unit,
            "P7",
            "messages that stated another amount than was owed",
            _MESSAGES,
            {"age": horizon.age},
            blocks=False,
        )
    ]
