"""Payouts to creditors: drafted up to a cut-off, approved by another person, exported once, seen on the bank.

A run holds the fee rows it settles, so that each payment is remitted once. Its money moves in the ledger at
export: from what is owed to the creditor into transit, and the fee to the agency, with its invoice. A run
that pays nothing out (only fees are due) is settled at export and stands in no file. The agency's own share
leaves by a run too.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.events import RemittanceApproved, RemittanceDrafted
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Forbidden, Gone, NotFound
from agency.kernel.ids import HOUSE, new_id
from agency.kernel.locks import single
from agency.kernel.unit import Unit
from agency.money import Money
from agency.parties.models import Creditor
from agency.remittance.account_changes import put_accounts_in_force
from agency.remittance.booking import book_export
from agency.remittance.fees import UNCHARGED_CHECK
from agency.remittance.invoices import Issuer, issue_invoices
from agency.remittance.models import RemittanceFile, RemittanceRun, RunState
from agency.remittance.orders import (
    NothingToExport,
    PayoutLine,
    PayoutOrder,
    PayoutWriter,
    keep_file,
    refuse_while_red,
)
from agency.remittance.own_share import OWN, own_share
from agency.remittance.payable import find_payable, hold_for_run
from agency.remittance.stale_runs import stale_runs, waiting_stale, why_stale
from agency.remittance.withdrawing import WITHDRAWN_BY_CREDITOR


class UnableToApprove(Conflict):
    """The run is not a draft."""


class NotTheSecondPerson(Forbidden):
    """Who drafted a run may not approve it."""


@dataclass(frozen=True, slots=True)
class _Payee:
    """Whom a payout goes to, and by which reference it knows itself."""

    iban: str
    name: str
    reference: str = ""


# Who may have something coming: those with fees that wait, and those whose claims were not charged yet.
_CREDITORS = text(
    "SELECT creditor_id FROM success_fee WHERE run_id IS NULL UNION"
    " SELECT p.creditor_id FROM payment p WHERE p.to_creditor_minor > 0 AND NOT EXISTS (SELECT FROM"
    "  success_fee f WHERE f.creditor_id = p.creditor_id AND f.payment_id = p.id AND f.kind ="
    "  CASE WHEN p.reversed_at IS NULL THEN 'fee' ELSE 'reversal' END) UNION"
    " SELECT creditor_id FROM claim WHERE state = 'withdrawn' AND close_code = :code UNION"
    " SELECT o.creditor_id FROM offer_phase o WHERE o.flat_minor > 0 AND NOT EXISTS (SELECT FROM"
    "  success_fee f WHERE f.creditor_id = o.creditor_id AND f.cause_id = o.id) UNION"
    " SELECT h.creditor_id FROM booked_hours h WHERE h.taken_back_at IS NULL AND NOT EXISTS (SELECT FROM"
    "  success_fee f WHERE f.creditor_id = h.creditor_id AND f.cause_id = h.id) UNION"
    f" SELECT k.creditor_id FROM credit_check k WHERE {UNCHARGED_CHECK} ORDER BY 1"
)
# An invoice of credit checks alone is no payout: the creditor's day does not move because of it.
_PAID_UP_TO = text(
    "SELECT max(cutoff_on) AS last_on, max(cutoff_on) FILTER (WHERE EXISTS (SELECT FROM success_fee f"
    "  WHERE f.creditor_id = r.creditor_id AND f.run_id = r.id AND f.kind <> 'check')) AS last_paid_on"
    " FROM remittance_run r WHERE creditor_id = :c AND state <> 'cancelled'"
)


def draft_runs(unit: Unit, *, cutoff_on: date) -> list[tuple[UUID, UUID]]:
    """This function will draft a run for every creditor that gets something up to the end of a day.

    Due is who has something coming and whose agreed day it is. A creditor whose reversed payments exceed the
    new ones gets none: the shortfall stays for the next run, and nobody else pays for it. Drafting twice for
    one cut-off makes one run.

    :returns: the new runs, each as its creditor's id and its own.
    :raises AlreadyRunning: somebody else drafts at this moment.
    """
    single(unit, "remittance.draft")
    creditors = unit.session.connection().execute(_CREDITORS, {"code": WITHDRAWN_BY_CREDITOR})
    drafted = (
        (creditor_id, _draft(unit, creditor_id, cutoff_on)) for creditor_id in creditors.scalars().all()
    )
    return [(creditor_id, run_id) for creditor_id, run_id in drafted if run_id is not None]


def _draft(unit: Unit, creditor_id: UUID, cutoff_on: date) -> UUID | None:
    latest = unit.session.connection().execute(_PAID_UP_TO, {"c": creditor_id}).one()
    if latest.last_on is not None and latest.last_on >= cutoff_on:
        return None
    payable = find_payable(unit, creditor_id=creditor_id, cutoff_on=cutoff_on, last_on=latest.last_paid_on)
    if payable is None:
        return None
    run = RemittanceRun(
        creditor_id=creditor_id,
        id=new_id(),
        cutoff_on=cutoff_on,
        mode=payable.mode.value,
        collected_minor=payable.collected,
        fee_minor=payable.fee,
        vat_minor=payable.vat,
        withheld_minor=payable.split.withheld.minor,
        net_minor=payable.split.net.minor,
        currency="EUR",
        drafted_at=unit.now,
        drafted_by=unit.by,
    )
    unit.session.add(run)
    unit.session.flush()
    hold_for_run(unit, creditor_id=creditor_id, run_id=run.id, payable=payable)
    _tell_drafted(unit, run)
    return run.id


def draft_own_run(unit: Unit) -> UUID | None:
    """This function will draft the payout of what the agency has on the trust account to the agency itself.

    :returns: the run; None when there is nothing, or one was drafted today already.
    :raises AlreadyRunning: somebody else drafts at this moment.
    """
    single(unit, "remittance.draft")
    free = own_share(unit).free
    today = select(RemittanceRun.id).where(
        RemittanceRun.creditor_id == HOUSE,
        RemittanceRun.cutoff_on == unit.today,
        RemittanceRun.state != RunState.CANCELLED,
    )
    if free.minor <= 0 or unit.session.exec(today).first():
        return None
    run = RemittanceRun(
        creditor_id=HOUSE, id=new_id(), cutoff_on=unit.today, mode=OWN, collected_minor=free.minor,
        fee_minor=0, vat_minor=0, withheld_minor=0, net_minor=free.minor, currency=free.currency,
        drafted_at=unit.now, drafted_by=unit.by,
    )  # fmt: skip
    unit.session.add(run)
    unit.session.flush()
    _tell_drafted(unit, run)
    return run.id


def _tell_drafted(unit: Unit, run: RemittanceRun) -> None:
    emit(
        unit,
        RemittanceDrafted(
            creditor_id=run.creditor_id, run_id=run.id, net_minor=run.net_minor, currency=run.currency
        ),
    )
    record(
        unit,
        action="remittance.drafted",
        subject=f"remittance_run:{run.id}",
        creditor_id=run.creditor_id,
        facts={"net_minor": run.net_minor, "cutoff_on": run.cutoff_on},
    )


def approve_run(unit: Unit, *, creditor_id: UUID, run_id: UUID) -> None:
    """This function will approve a draft, by another person than who drafted it, while the proof is green.

    :raises NotFound: no such run.
    :raises UnableToApprove: it is not a draft.
    :raises NotTheSecondPerson: the same person drafted it (the database refuses that too).
    :raises PayoutsBlocked: the proof is red.
    """
    run = _locked(unit, creditor_id, run_id)
    if run.state != RunState.DRAFT:
        raise UnableToApprove(f"this run is {RunState(run.state).value}")
    if run.drafted_by == unit.by:
        raise NotTheSecondPerson("another person must approve what you drafted")
    if stale_runs(unit, [run]):
        raise UnableToApprove(why_stale(run))
    refuse_while_red(unit)
    run.state, run.approved_at, run.approved_by = RunState.APPROVED, unit.now, unit.by
    unit.session.add(run)
    unit.session.flush()
    emit(
        unit,
        RemittanceApproved(
            creditor_id=creditor_id, run_id=run_id, net_minor=run.net_minor, currency=run.currency
        ),
    )
    record(
        unit,
        action="remittance.approved",
        subject=f"remittance_run:{run_id}",
        creditor_id=creditor_id,
        facts={"net_minor": run.net_minor},
    )


@dataclass(frozen=True, slots=True)
class ToApprove:
    """The drafts that somebody else made and that can leave: how many, and what they pay out together."""

    runs: int
    net: Money


def to_approve(unit: Unit, *, stale: Collection[UUID] | None = None) -> ToApprove:
    """This function will return what the present person may approve at once, in euro.

    :param stale: the runs that cannot leave as they stand, where `waiting_stale` was asked already.
    """
    return _together(_drafts_of_others(unit, waiting_stale(unit) if stale is None else stale))


def approve_all(unit: Unit, *, read: ToApprove) -> None:
    """This function will approve every draft that somebody else made and that can leave.

    :param read: what the page said that is approved.
    :raises UnableToApprove: it is not that any more; nothing is approved.
    :raises PayoutsBlocked: the proof is red.
    """
    waiting = _drafts_of_others(unit, waiting_stale(unit))
    for run in waiting:
        approve_run(unit, creditor_id=run.creditor_id, run_id=run.id)
    if not waiting or _together(waiting) != read:
        raise UnableToApprove("the drafts have changed meanwhile; look at them again")


def _together(runs: Sequence[RemittanceRun]) -> ToApprove:
    return ToApprove(len(runs), Money.total((Money(run.net_minor, run.currency) for run in runs), "EUR"))


def _drafts_of_others(unit: Unit, stale: Collection[UUID]) -> Sequence[RemittanceRun]:
    """In the order in which one approval after the other locks them."""
    found = unit.session.exec(
        select(RemittanceRun)
        .where(
            RemittanceRun.state == RunState.DRAFT,
            RemittanceRun.drafted_by != unit.by,
            RemittanceRun.currency == "EUR",
        )
        .order_by(col(RemittanceRun.creditor_id), col(RemittanceRun.id))
        .execution_options(populate_existing=True)
    )
    return [run for run in found if run.id not in stale]


def cancel_run(unit: Unit, *, creditor_id: UUID, run_id: UUID, why: str) -> None:
    """This function will cancel a run that was never exported; its payments wait for the next one.

    :raises NotFound: no such run.
    :raises UnableToApprove: it was exported already: its fees are invoiced and stay so. The agency's own,
        which has none, can be cancelled when it was put forward again.
    """
    run = _locked(unit, creditor_id, run_id)
    if run.state not in (RunState.DRAFT, RunState.APPROVED) or (run.attempt > 1 and not run.is_own):
        raise UnableToApprove(f"this run is {RunState(run.state).value}")
    run.state = RunState.CANCELLED
    unit.session.add(run)
    unit.session.flush()
    unit.session.connection().execute(
        text("UPDATE success_fee SET run_id = NULL WHERE creditor_id = :c AND run_id = :run"),
        {"c": creditor_id, "run": run_id},
    )
    record(
        unit,
        action="remittance.cancelled",
        subject=f"remittance_run:{run_id}",
        creditor_id=creditor_id,
        facts={"why": why},
    )


def export_runs(
    unit: Unit,
    *,
    writer: PayoutWriter,
    issuer: Issuer,
    payer_name: str,
    payer_iban: str,
    execute_on: date,
) -> RemittanceFile | None:
    """This function will put every approved run into one payout file, move its money into transit and issue
    the invoices of its fees.

    :returns: the file, which is kept as it was written; None when the approved runs pay nothing out.
    :raises NothingToExport: no approved run waits, or its creditor has no account.
    :raises PayoutsBlocked: the proof is red.
    :raises AlreadyRunning: somebody else exports at this moment.
    """
    single(unit, "remittance.export")
    put_accounts_in_force(unit)
    runs = _approved(unit)
    payees = _payees(unit, runs, issuer, payer_iban)
    stale = stale_runs(unit, runs)
    runs = [run for run in runs if run.id not in stale]
    settled = [run for run in runs if not run.net_minor]
    paid = [run for run in runs if run.net_minor and run.creditor_id in payees]
    if stale and not settled and not paid:
        raise NothingToExport("a payment in it was taken back; cancel it and draft again")
    if not settled and not paid:
        raise NothingToExport("no approved run waits for a creditor with an account")
    refuse_while_red(unit)
    file = _pay(unit, paid, payees, writer, (payer_name, payer_iban, execute_on)) if paid else None
    for run in settled:
        run.state, run.paid_at = RunState.PAID, unit.now
        unit.session.add(run)
    for run in settled + paid:
        if run.attempt == 1:
            issue_invoices(unit, run=run, issuer=issuer)
    unit.session.flush()
    book_export(unit, runs=settled + paid)
    record(
        unit,
        action="remittance.exported",
        subject=f"remittance_file:{file.id}" if file else "remittance_file:none",
        facts={"runs": len(settled + paid), "total_minor": file.total_minor if file else 0},
    )
    return file


def _approved(unit: Unit) -> list[RemittanceRun]:
    found = unit.session.exec(
        select(RemittanceRun)
        .where(RemittanceRun.state == RunState.APPROVED)
        .order_by(col(RemittanceRun.creditor_id), col(RemittanceRun.id))
        .with_for_update()
    )
    return list(found)


def _pay(
    unit: Unit,
    runs: Sequence[RemittanceRun],
    payees: dict[UUID, _Payee],
    writer: PayoutWriter,
    payer: tuple[str, str, date],
) -> RemittanceFile:
    file_id = new_id()
    message_id = f"PAYOUT-{unit.today:%Y%m%d}-{file_id.hex[-12:]}"
    for run in runs:
        payee = payees[run.creditor_id]
        run.payee_iban, run.payee_name = payee.iban, payee.name
        run.end_to_end = _end_to_end(run)
    name, iban, execute_on = payer
    order = PayoutOrder(
        message_id, unit.now, name, iban, execute_on, tuple(_line(run, payees) for run in runs)
    )
    file = keep_file(unit, file_id=file_id, order=order, writer=writer)
    for run in runs:
        run.state, run.file_id = RunState.EXPORTED, file_id
        unit.session.add(run)
    return file


def _end_to_end(run: RemittanceRun) -> str:
    """Name a payout on the bank's statements; each attempt is another payment."""
    again = "" if run.attempt == 1 else f"A{run.attempt}"
    return f"R{run.id.hex[:30]}{again}".upper()


def download_file(unit: Unit, *, file_id: UUID) -> tuple[str, bytes, int]:
    """This function will return a payout file's name and bytes as they were written, and count the download.

    :returns: name, content, how often it was downloaded including now.
    :raises NotFound: no such file.
    """
    file = unit.session.get(RemittanceFile, file_id, with_for_update=True)
    if file is None:
        raise NotFound("no such payout file")
    if not file.content:
        raise Gone("this was erased when its time was over")
    file.downloads += 1
    unit.session.add(file)
    unit.session.flush()
    record(
        unit,
        action="remittance.downloaded",
        subject=f"remittance_file:{file_id}",
        facts={"download": file.downloads},
    )
    return f"{file.message_id}.xml", bytes(file.content), file.downloads


def _locked(unit: Unit, creditor_id: UUID, run_id: UUID) -> RemittanceRun:
    run = unit.session.get(RemittanceRun, (creditor_id, run_id), with_for_update=True, populate_existing=True)
    if run is None:
        raise NotFound("no such run")
    return run


def _payees(unit: Unit, runs: Sequence[RemittanceRun], issuer: Issuer, payer_iban: str) -> dict[UUID, _Payee]:
    """Who gets money and has an account; the agency's own is set where it is installed, on no page."""
    creditors = unit.session.exec(
        select(Creditor).where(
            col(Creditor.id).in_([run.creditor_id for run in runs]), col(Creditor.id) != HOUSE
        )
    )
    found = {
        one.id: _Payee(one.iban, one.iban_holder or one.name, one.reference) for one in creditors if one.iban
    }
    if issuer.iban not in ("", payer_iban):
        found[HOUSE] = _Payee(issuer.iban, issuer.seller.name)
    return found


def _line(run: RemittanceRun, payees: dict[UUID, _Payee]) -> PayoutLine:
    assert run.end_to_end, "numbered before the file is written"
    assert run.payee_iban, "creditors without an account were left out"
    assert run.payee_name, "and their name with it"
    return PayoutLine(
        run.end_to_end,
        run.payee_name,
        run.payee_iban,
        Money(run.net_minor, run.currency),
        f"{'Eigen deel' if run.is_own else 'Afdracht'} {run.cutoff_on:%d-%m-%Y}"
        f" {payees[run.creditor_id].reference}".strip(),
    )
