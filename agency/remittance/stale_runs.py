"""Runs that promise money which was taken back after they were drafted: they may not leave as they are.

The agency's own share may not exceed what the trust account has of it.

A run that came back from the bank was invoiced the first time and cannot be drafted anew: what was taken back
of it is netted with the creditor's next one. It leaves again once the creditor is owed as much as it pays.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.kernel.ids import HOUSE
from agency.kernel.unit import Unit
from agency.remittance.models import RemittanceRun, RunState
from agency.remittance.own_share import own_share

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
    " JOIN remittance_run n ON n.creditor_id = f.creditor_id AND n.id = f.run_id AND n.attempt = 1"
    " WHERE f.run_id = ANY(:runs) AND f.kind = 'fee' AND NOT EXISTS (SELECT FROM success_fee r"
    "  WHERE r.creditor_id = f.creditor_id AND r.payment_id = f.payment_id AND r.kind = 'reversal'"
    "  AND r.run_id = f.run_id)"
    " UNION SELECT n.id FROM remittance_run n WHERE n.id = ANY(:runs) AND n.attempt > 1"
    " AND n.creditor_id <> :house AND n.net_minor >"
    " (SELECT coalesce(-sum(e.amount_minor), 0) FROM ledger_entry e WHERE e.creditor_id = n.creditor_id"
    "  AND e.account = 'trust.creditor' AND e.currency = n.currency)"
)


def stale_runs(unit: Unit, runs: Sequence[RemittanceRun]) -> frozenset[UUID]:
    """This function will return which runs hold a payment that was taken back since they were drafted, or
    came back and are more than their creditor is owed by now, and keep their payments as they are until the
    transaction ends."""
    if not runs:
        return frozenset()
    unit.session.connection().execute(_LOCK, {"runs": [run.id for run in runs]})
    return _stale(unit, runs)


def waiting_stale(unit: Unit) -> Mapping[UUID, str]:
    """This function will return which drafts and approved runs cannot leave as they stand now, and why; it
    keeps nothing as it is."""
    waiting = unit.session.exec(
        select(RemittanceRun)
        .where(col(RemittanceRun.state).in_((RunState.DRAFT, RunState.APPROVED)))
        .order_by(col(RemittanceRun.creditor_id), col(RemittanceRun.id))
    ).all()
    stale = _stale(unit, waiting)
    return {run.id: why_stale(run) for run in waiting if run.id in stale}


def why_stale(run: RemittanceRun) -> str:
    """This function will say why such a run cannot leave, and what to do."""
    if run.is_own:
        return "the trust account has less of the agency's own now; cancel it and draft again"
    if run.attempt > 1:
        return "a payment in it was taken back, and the creditor is not owed that much now"
    return "a payment in it was taken back; cancel it and draft again"


def _stale(unit: Unit, runs: Sequence[RemittanceRun]) -> frozenset[UUID]:
    ids = [run.id for run in runs]
    found = unit.session.connection().execute(_TAKEN_BACK, {"runs": ids, "house": HOUSE})
    return frozenset(found.scalars()) | _too_large(unit, [run for run in runs if run.is_own])


def _too_large(unit: Unit, runs: Sequence[RemittanceRun]) -> frozenset[UUID]:
    """The agency's own runs that do not fit in what the account has, the first ones first."""
    if not runs:
        return frozenset()
    left = own_share(unit).on_the_bank.minor
    refused = set()
    for run in runs:
        if run.net_minor <= left:
            left -= run.net_minor
        else:
            refused.add(run.id)
    return frozenset(refused)
