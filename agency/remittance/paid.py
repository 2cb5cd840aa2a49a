"""Payouts seen on the bank: the debit line carries the run's own end-to-end id, and so does money that the
bank sends back."""

from uuid import UUID

from sqlalchemy import text

from agency.banking.models import BankLine, LineState
from agency.banking.suspense import mark_line
from agency.events import RemittancePaid, StatementImported
from agency.kernel.emitting import emit
from agency.kernel.unit import Unit
from agency.remittance.booking import book_paid
from agency.remittance.models import RemittanceRun, RunState
from agency.remittance.returned import see_returned


def see_paid_runs(unit: Unit, event: StatementImported) -> None:
    """This reaction will recognise the agency's own payouts on a new statement, and those that came back."""
    see_payouts(unit, statement_id=event.statement_id)
    see_returned(unit, statement_id=event.statement_id)


def see_payouts(unit: Unit, *, statement_id: UUID | None = None) -> int:
    """This function will match debit lines in suspense with exported runs, by end-to-end id and amount.

    :returns: how many runs were paid.
    """
    rows = unit.session.connection().execute(
        text(
            "SELECT l.id AS line_id, r.creditor_id, r.id AS run_id FROM bank_line l"
            " JOIN remittance_run r ON r.end_to_end = l.end_to_end AND r.state = 'exported'"
            " AND r.net_minor = -l.amount_minor AND r.currency = l.currency"
            " WHERE l.state = 'suspense' AND l.amount_minor < 0"
            " AND (CAST(:statement AS uuid) IS NULL OR l.statement_id = :statement)"
            " ORDER BY r.creditor_id, r.id FOR UPDATE OF l, r"
        ),
        {"statement": statement_id},
    )
    found = rows.all()
    for row in found:
        _see(unit, row.creditor_id, row.run_id, row.line_id)
    return len(found)


def _see(unit: Unit, creditor_id: UUID, run_id: UUID, line_id: UUID) -> None:
    run = unit.session.get_one(RemittanceRun, (creditor_id, run_id), populate_existing=True)
    line = unit.session.get_one(BankLine, line_id, populate_existing=True)
    if run.state != RunState.EXPORTED:
        return  # the same payout on two lines: the second one stays in suspense for a person
    book_paid(unit, run=run, on=line.value_on)
    run.state, run.paid_at = RunState.PAID, unit.now
    unit.session.add(run)
    mark_line(unit, line=line, state=LineState.PAYOUT, creditor_id=creditor_id, claim_id=None)
    emit(
        unit,
        RemittancePaid(
            creditor_id=creditor_id, run_id=run_id, net_minor=run.net_minor, currency=run.currency
        ),
    )
