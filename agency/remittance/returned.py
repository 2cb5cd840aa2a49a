"""Payouts that the bank refused or sent back: owed to their creditor again, the others of the file are final.

A refused payout (pain.002) never left the account; one that came back is a credit line with its end-to-end
id. Either waits until somebody puts it forward again; then it needs a second person's approval as the first
time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.banking.models import BankLine, LineState
from agency.banking.suspense import mark_line
from agency.events import RemittanceReturned
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, NotFound
from agency.kernel.unit import Unit
from agency.parties.models import Creditor
from agency.remittance.booking import book_returned
from agency.remittance.models import RemittanceRun, RunState
from agency.rules.returned_payout import account_is_wrong


class UnableToPutForward(Conflict):
    """The payout did not come back."""


@dataclass(frozen=True, slots=True)
class RefusedPayout:
    """One payment of ours that the bank refused: our end-to-end id, its reason code (AC04) and words."""

    end_to_end: str
    code: str
    text: str = ""


def take_back_refused(unit: Unit, *, refused: Sequence[RefusedPayout]) -> int:
    """This function will owe refused payouts to their creditors again; those it does not know, or that are
    not on their way, change nothing, so that an answer read twice counts once.

    :returns: how many payouts came back.
    """
    taken = 0
    for one in sorted(refused, key=lambda refusal: refusal.end_to_end):
        run = unit.session.exec(
            select(RemittanceRun)
            .where(RemittanceRun.end_to_end == one.end_to_end, RemittanceRun.state == RunState.EXPORTED)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one_or_none()
        if run is None:
            continue
        book_returned(unit, run=run, account="trust.in_transit", on=unit.today)
        _give_back(unit, run, " ".join(filter(None, (one.code, one.text))))
        taken += 1
    return taken


def see_returned(unit: Unit, *, statement_id: UUID | None = None) -> int:
    """This function will match credit lines in suspense with paid runs, by end-to-end id and amount.

    :returns: how many payouts came back.
    """
    rows = unit.session.connection().execute(
        text(
            "SELECT l.id AS line_id, r.creditor_id, r.id AS run_id FROM bank_line l"
            " JOIN remittance_run r ON r.end_to_end = l.end_to_end AND r.state = 'paid'"
            " AND r.net_minor = l.amount_minor AND r.currency = l.currency"
            " WHERE l.state = 'suspense' AND l.amount_minor > 0"
            " AND (CAST(:statement AS uuid) IS NULL OR l.statement_id = :statement)"
            " ORDER BY r.creditor_id, r.id, l.id FOR UPDATE OF l, r"
        ),
        {"statement": statement_id},
    )
    found = rows.all()
    for row in found:
        run = unit.session.get_one(RemittanceRun, (row.creditor_id, row.run_id), populate_existing=True)
        line = unit.session.get_one(BankLine, row.line_id, populate_existing=True)
        if run.state != RunState.PAID:
            continue  # it came back twice: the second line stays in suspense for a person
        book_returned(unit, run=run, account="trust.suspense", on=line.value_on)
        mark_line(unit, line=line, state=LineState.RETURNED, creditor_id=run.creditor_id, claim_id=None)
        _give_back(unit, run, line.text)
    return len(found)


def put_forward_again(
    unit: Unit, *, creditor_id: UUID, run_id: UUID, account_confirmed: bool = False
) -> None:
    """This function will make a draft of a payout that came back, to be approved by another person.

    Its fees were invoiced the first time; only the money is paid again.

    :param account_confirmed: the creditor said that the account is right, although the bank refused it.
    :raises NotFound: no such run.
    :raises UnableToPutForward: it did not come back, or the bank said that its account is wrong, and the
        creditor has no other yet and did not confirm it.
    """
    run = returned_to_change(unit, creditor_id=creditor_id, run_id=run_id)
    creditor = unit.session.get_one(Creditor, creditor_id, populate_existing=True)
    unchanged = run.payee_iban == creditor.iban and not account_confirmed
    if unchanged and account_is_wrong(run.returned_why, on=unit.today):
        raise UnableToPutForward("the bank says that this account is wrong; change the account first")
    _put_forward(unit, run)


def put_forward_to_new_account(unit: Unit, *, creditor_id: UUID) -> int:
    """This function will make drafts of the payouts that came back from another account than the creditor has
    now, and return how many: two people approved the account, a third step approves the payout.
    """
    creditor = unit.session.get_one(Creditor, creditor_id, populate_existing=True)
    waiting = unit.session.exec(
        select(RemittanceRun)
        .where(
            RemittanceRun.creditor_id == creditor_id,
            RemittanceRun.state == RunState.RETURNED,
            col(RemittanceRun.payee_iban).is_distinct_from(creditor.iban),
        )
        .order_by(col(RemittanceRun.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for run in waiting:
        _put_forward(unit, run)
    return len(waiting)


def returned_to_change(unit: Unit, *, creditor_id: UUID, run_id: UUID) -> RemittanceRun:
    """This function will return a payout that came back, with its row locked.

    :raises NotFound: no such run.
    :raises UnableToPutForward: it did not come back.
    """
    run = unit.session.get(RemittanceRun, (creditor_id, run_id), with_for_update=True, populate_existing=True)
    if run is None:
        raise NotFound("no such run")
    if run.state != RunState.RETURNED:
        raise UnableToPutForward("this payout did not come back")
    return run


def _put_forward(unit: Unit, run: RemittanceRun) -> None:
    run.state, run.attempt = RunState.DRAFT, run.attempt + 1
    run.drafted_at, run.drafted_by = unit.now, unit.by
    run.returned_at = run.owner_id = run.due_on = None
    run.approved_at = run.approved_by = run.paid_at = run.file_id = run.end_to_end = None
    unit.session.add(run)
    unit.session.flush()
    record(
        unit,
        action="remittance.put_forward_again",
        subject=f"remittance_run:{run.id}",
        creditor_id=run.creditor_id,
        facts={"attempt": run.attempt, "net_minor": run.net_minor},
    )


def _give_back(unit: Unit, run: RemittanceRun, why: str) -> None:
    run.state, run.returned_why, run.paid_at = RunState.RETURNED, why[:200], None
    run.returned_at, run.owner_id, run.due_on = unit.now, None, None
    unit.session.add(run)
    unit.session.flush()
    emit(
        unit,
        RemittanceReturned(
            creditor_id=run.creditor_id,
            run_id=run.id,
            net_minor=run.net_minor,
            currency=run.currency,
            why=run.returned_why,
        ),
    )
    record(
        unit,
        action="remittance.returned",
        subject=f"remittance_run:{run.id}",
        creditor_id=run.creditor_id,
        facts={"why": run.returned_why, "net_minor": run.net_minor},
    )
