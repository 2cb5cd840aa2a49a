"""One reading of the whole ledger for all questions: a row per transaction, with what its entries add up to.

Each question would read a million entries by itself; so they are read once, into a table that ends with the
database transaction. Whoever opens it there may see every creditor.
"""

from sqlalchemy import text

from agency.kernel.unit import Unit
from agency.ledger.chart import TRUST_ASSETS, TRUST_LIABILITIES

_MEMORY = "128MB"

# A row still carries the number of the database transaction that wrote it; one that was changed since, or
# came later, carries another. Ages are compared because PostgreSQL has no order on these numbers. A restored
# copy, or rows written under a savepoint, carry other numbers too: then the content decides.
_READ = text(
    """
    CREATE TEMP TABLE proof_transaction ON COMMIT DROP AS
    WITH present AS (SELECT age('1000'::xid)::bigint + 1000 AS number),
    legs AS (
      SELECT creditor_id, transaction_id, count(*) AS legs, sum(amount_minor)::bigint AS total,
        min(currency) AS currency, max(currency) AS last_currency,
        min(age(xmin)) AS youngest, max(age(xmin)) AS oldest,
        sum(amount_minor) FILTER (WHERE account = 'claims.principal')::bigint AS principal,
        sum(amount_minor) FILTER (WHERE account = 'claims.interest')::bigint AS interest,
        sum(amount_minor) FILTER (WHERE account = 'claims.costs')::bigint AS costs,
        sum(amount_minor) FILTER (WHERE account = 'trust.bank')::bigint AS bank,
        count(*) FILTER (WHERE account = 'trust.bank') AS bank_legs,
        sum(amount_minor) FILTER (WHERE account = 'trust.creditor')::bigint AS creditor,
        sum(amount_minor) FILTER (WHERE account = 'trust.agency')::bigint AS agency,
        sum(amount_minor) FILTER (WHERE account = 'trust.debtor')::bigint AS debtor,
        sum(amount_minor) FILTER (WHERE account = 'trust.in_transit')::bigint AS transit,
        sum(amount_minor) FILTER (WHERE account = ANY(:assets))::bigint AS held,
        -sum(amount_minor) FILTER (WHERE account = ANY(:liabilities))::bigint AS owed,
        sum(amount_minor) FILTER (WHERE amount_minor > 0)::bigint AS debit
      FROM ledger_entry GROUP BY creditor_id, transaction_id)
    SELECT coalesce(t.creditor_id, l.creditor_id) AS creditor_id, coalesce(t.id, l.transaction_id) AS id,
      t.id IS NULL AS orphan, t.book, t.kind, t.source_key, t.effective_on, t.xid,
      coalesce(l.legs, 0) AS legs, l.total, l.currency, l.currency <> l.last_currency AS mixed,
      l.youngest <> age(t.xmin) OR l.oldest <> age(t.xmin)
        OR ((age(t.xmin)::bigint + t.xid - present.number) & 4294967295) <> 0 AS changed,
      l.principal, l.interest, l.costs, l.bank, l.bank_legs, l.creditor, l.agency, l.debtor, l.transit,
      l.held, l.owed, l.debit
    FROM ledger_transaction t
    FULL JOIN legs l ON l.creditor_id = t.creditor_id AND l.transaction_id = t.id CROSS JOIN present
    """
)


def read_ledger(unit: Unit) -> None:
    """This function will read the ledger into `proof_transaction`, in place of an earlier reading."""
    connection = unit.session.connection()
    connection.execute(text("SELECT set_config('work_mem', :memory, true)"), {"memory": _MEMORY})
    connection.execute(text("DROP TABLE IF EXISTS pg_temp.proof_transaction"))
    connection.execute(_READ, {"assets": list(TRUST_ASSETS), "liabilities": list(TRUST_LIABILITIES)})
    connection.execute(text("ANALYZE pg_temp.proof_transaction"))
