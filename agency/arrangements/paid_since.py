"""What the ledger says was paid on claims since something was agreed.

An agreement keeps the payments that it knew of, instead of a moment: a payment may be booked by a transaction
that began earlier, or have an earlier value date, and still come after.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import text

from agency.kernel.unit import Unit

_CLAIMS = "e.account IN ('claims.principal', 'claims.interest', 'claims.costs')"
_OF_PAYMENTS = (
    " FROM ledger_entry e JOIN ledger_transaction t"
    " ON t.creditor_id = e.creditor_id AND t.id = e.transaction_id"
    f" WHERE e.creditor_id = :c AND e.claim_id = ANY(:claims) AND {_CLAIMS}"
    " AND starts_with(t.kind, 'payment')"
)
_KNOWN = text("SELECT DISTINCT t.id::text" + _OF_PAYMENTS)
# A reversal counts when what it takes back does.
_SINCE = text(
    "SELECT coalesce(-sum(e.amount_minor), 0)::bigint" + _OF_PAYMENTS + " AND coalesce(t.reverses_id, t.id)"
    " <> ALL(CAST(:known AS uuid[])) AND (CAST(:by AS date) IS NULL OR t.effective_on <= :by)"
)


def known_payments(unit: Unit, *, creditor_id: UUID, claim_ids: Sequence[UUID]) -> list[str]:
    """This function will return the ledger's payments on claims so far; the caller has locked the claims."""
    rows = unit.session.connection().execute(_KNOWN, {"c": creditor_id, "claims": list(claim_ids)})
    return sorted(rows.scalars())


def paid_since(
    unit: Unit,
    *,
    creditor_id: UUID,
    claim_ids: Sequence[UUID],
    known: Sequence[str],
    value_by: date | None = None,
) -> int:
    """This function will return what was paid besides the payments known then, in minor units.

    :param value_by: count only what has this value date or an earlier one.
    """
    found: int = (
        unit.session.connection()
        .execute(_SINCE, {"c": creditor_id, "claims": list(claim_ids), "known": list(known), "by": value_by})
        .scalar_one()
    )
    return found
