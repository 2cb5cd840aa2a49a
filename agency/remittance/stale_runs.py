"""Runs that promise money which was taken back after they were drafted: they may not leave as they are."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from agency.kernel.unit import Unit
from agency.remittance.models import RemittanceRun

# Locked until the run is approved or exported, so that none is taken back meanwhile; whoever was just taking
# one back is waited for. Looked at by a second statement, which sees what those have done.
_LOCK = text(
    "SELECT FROM payment p WHERE (p.creditor_id, p.id) IN"
    " (SELECT creditor_id, payment_id FROM success_fee WHERE run_id = ANY(:runs))"
    " ORDER BY p.creditor_id, p.id FOR SHARE"
)
# A payment that was taken back before the run was drafted stands in it twice, once with its signs turned.
_TAKEN_BACK = text(
    "SELECT f.run_id FROM success_fee f JOIN payment p ON p.creditor_id = f.creditor_id"
    " AND p.id = f.payment_id AND p.reversed_at IS NOT NULL"
    " WHERE f.run_id = ANY(:runs) AND f.kind = 'fee' AND NOT EXISTS (SELECT FROM success_fee r"
    "  WHERE r.creditor_id = f.creditor_id AND r.payment_id = f.payment_id AND r.kind = 'reversal'"
    "  AND r.run_id = f.run_id)"
)


def stale_runs(unit: Unit, runs: Sequence[RemittanceRun]) -> frozenset[UUID]:
    """This function will return which runs hold a payment that was taken back since they were drafted, and
    keep their payments as they are until the transaction ends."""
    if not runs:
        return frozenset()
    ids = {"runs": [run.id for run in runs]}
    unit.session.connection().execute(_LOCK, ids)
    found = unit.session.connection().execute(_TAKEN_BACK, ids)
    return frozenset(found.scalars())
