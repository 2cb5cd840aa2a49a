"""Interest and costs that were ever asked on claims: what is open of them and what was paid or waived."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from agency.claims.itemisation import CRYSTALLISATION, itemise_many
from agency.kernel.unit import Unit

_BOOKED = text(
    "SELECT e.claim_id, coalesce(sum(e.amount_minor) FILTER (WHERE NOT starts_with(t.kind, :fixing)), 0)"
    "::bigint AS taken_off FROM ledger_entry e JOIN ledger_transaction t"
    " ON t.creditor_id = e.creditor_id AND t.id = e.transaction_id"
    " WHERE e.creditor_id = :c AND e.claim_id = ANY(:claims)"
    " AND e.account IN ('claims.interest', 'claims.costs') GROUP BY e.claim_id"
)


def charged(unit: Unit, *, creditor_id: UUID, claim_ids: Sequence[UUID]) -> dict[UUID, int]:
    """This function will return, per claim in minor units, the interest and costs asked until today.

    An allocation pays costs and interest first, so what came up late shows as principal that is left; only
    this sum tells how much of it that is.
    """
    keys = [(creditor_id, claim_id) for claim_id in claim_ids]
    asked = itemise_many(unit, keys=keys, on=unit.today, undisputed=True)
    rows = unit.session.connection().execute(
        _BOOKED, {"c": creditor_id, "claims": list(claim_ids), "fixing": CRYSTALLISATION}
    )
    taken_off = {row.claim_id: row.taken_off for row in rows}
    return {
        claim_id: (one.interest + one.costs + one.costs_vat).minor - taken_off.get(claim_id, 0)
        for (_, claim_id), one in asked.items()
    }
