"""Payouts to creditors: drafted up to a cut-off, approved by another person, exported once, seen on the bank.

A run holds the fee rows it settles, so that each payment is remitted once. Its money moves in the ledger at
export: from what is owed to the creditor into transit, and the fee to the agency.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.banking.proof import payouts_blocked
from agency.events import RemittanceApproved, RemittanceDrafted
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Forbidden, NotFound
from agency.kernel.ids import new_id
from agency.kernel.locks import single
from agency.kernel.unit import AGENCY_ZONE, Unit
from agency.ledger.models import Book
from agency.ledger.posting import Leg, Posting, post_many
from agency.money import Money
from agency.parties.models import Creditor, RemittanceMode
from agency.remittance.fees import charge_fees
from agency.remittance.models import RemittanceFile, RemittanceRun, RunState
from agency.remittance.stale_runs import stale_runs


class PayoutsBlocked(Conflict):
    """The proof is red: money may come in, none may leave."""


class UnableToApprove(Conflict):
    """The run is not a draft."""


class NotTheSecondPerson(Forbidden):
    """Who drafted a run may not approve it."""


class NothingToExport(Conflict):
    """No approved run waits."""


@dataclass(frozen=True, slots=True)
class PayoutLine:
    """One payment of a payout file."""

    end_to_end: str
    name: str
    iban: str
    amount: Money
    text: str


@dataclass(frozen=True, slots=True)
class PayoutOrder:
    """What a payout file says, before it is written in the bank's format."""

    message_id: str
    created_at: datetime
    payer_name: str
    payer_iban: str
    execute_on: date
    lines: tuple[PayoutLine, ...]


PayoutWriter = Callable[[PayoutOrder], bytes]
"""Writes a payout order in the bank's format; equal orders give equal bytes."""

_UNREMITTED = text(
    "SELECT coalesce(sum(f.base_minor) FILTER (WHERE p.source <> 'direct'), 0)::bigint AS collected,"
    " coalesce(sum(f.net_minor), 0)::bigint AS fee, coalesce(sum(f.vat_minor), 0)::bigint AS vat, f.currency"
    " FROM success_fee f JOIN payment p ON p.creditor_id = f.creditor_id AND p.id = f.payment_id"
    " WHERE f.creditor_id = :c AND f.run_id IS NULL AND f.earned_at < :before GROUP BY f.currency"
)


def draft_runs(unit: Unit, *, cutoff_on: date) -> list[tuple[UUID, UUID]]:
    """This function will draft a run for every creditor that gets something up to the end of a day.

    A creditor whose reversed payments exceed the new ones gets none: the shortfall stays for the next run,
    and nobody else pays for it. Drafting twice for one cut-off makes one run.

    :returns: the new runs, each as its creditor's id and its own.
    :raises AlreadyRunning: somebody else drafts at this moment.
    """
    single(unit, "remittance.draft")
    creditors = unit.session.connection().execute(
        text("SELECT DISTINCT creditor_id FROM payment ORDER BY creditor_id")
    )
    drafted = (
        (creditor_id, _draft(unit, creditor_id, cutoff_on)) for creditor_id in creditors.scalars().all()
    )
    return [(creditor_id, run_id) for creditor_id, run_id in drafted if run_id is not None]


def _draft(unit: Unit, creditor_id: UUID, cutoff_on: date) -> UUID | None:
    standing = unit.session.exec(
        select(RemittanceRun.id).where(
            RemittanceRun.creditor_id == creditor_id,
            RemittanceRun.cutoff_on == cutoff_on,
            RemittanceRun.state != RunState.CANCELLED,
        )
    ).first()
    if standing is not None:
        return None
    charge_fees(unit, creditor_id=creditor_id)
    before = datetime.combine(cutoff_on, time.max, AGENCY_ZONE)
    sums = unit.session.connection().execute(_UNREMITTED, {"c": creditor_id, "before": before}).all()
    euro = next((row for row in sums if row.currency == "EUR"), None)
    mode = _mode(unit, creditor_id, cutoff_on)
    fee_kept = euro.fee + euro.vat if euro and mode is RemittanceMode.NET else 0
    if euro is None or euro.collected - fee_kept <= 0:
        return None
    run = RemittanceRun(
        creditor_id=creditor_id,
        id=new_id(),
        cutoff_on=cutoff_on,
        mode=mode.value,
        collected_minor=euro.collected,
        fee_minor=euro.fee,
        vat_minor=euro.vat,
        net_minor=euro.collected - fee_kept,
        currency="EUR",
        drafted_at=unit.now,
        drafted_by=unit.by,
    )
    unit.session.add(run)
    unit.session.flush()
    unit.session.connection().execute(
        text(
            "UPDATE success_fee SET run_id = :run WHERE creditor_id = :c AND run_id IS NULL"
            " AND earned_at < :before AND currency = 'EUR'"
        ),
        {"run": run.id, "c": creditor_id, "before": before},
    )
    _tell_drafted(unit, run)
    return run.id


def _mode(unit: Unit, creditor_id: UUID, on: date) -> RemittanceMode:
    found = unit.session.connection().execute(
        text(
            "SELECT remittance_mode FROM creditor_terms WHERE creditor_id = :c AND valid_from <= :on"
            " ORDER BY valid_from DESC LIMIT 1"
        ),
        {"c": creditor_id, "on": on},
    )
    return RemittanceMode(found.scalar_one_or_none() or RemittanceMode.NET)


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
        raise UnableToApprove("a payment in it was taken back; cancel it and draft again")
    _refuse_while_red(unit)
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


def cancel_run(unit: Unit, *, creditor_id: UUID, run_id: UUID, why: str) -> None:
    """This function will cancel a run that was not exported; its payments wait for the next one.

    :raises NotFound: no such run.
    :raises UnableToApprove: it was exported already.
    """
    run = _locked(unit, creditor_id, run_id)
    if run.state not in (RunState.DRAFT, RunState.APPROVED):
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
    unit: Unit, *, writer: PayoutWriter, payer_name: str, payer_iban: str, execute_on: date
) -> RemittanceFile:
    """This function will put every approved run into one payout file and move its money into transit.

    :returns: the file, which is kept as it was written.
    :raises NothingToExport: no approved run waits, or its creditor has no account.
    :raises PayoutsBlocked: the proof is red.
    :raises AlreadyRunning: somebody else exports at this moment.
    """
    single(unit, "remittance.export")
    runs = list(
        unit.session.exec(
            select(RemittanceRun)
            .where(RemittanceRun.state == RunState.APPROVED)
            .order_by(col(RemittanceRun.creditor_id), col(RemittanceRun.id))
            .with_for_update()
        )
    )
    payees = _payees(unit, runs)
    runs = [run for run in runs if run.creditor_id in payees]
    stale = stale_runs(unit, runs)
    runs = [run for run in runs if run.id not in stale]
    if stale and not runs:
        raise NothingToExport("a payment in it was taken back; cancel it and draft again")
    if not runs:
        raise NothingToExport("no approved run waits for a creditor with an account")
    _refuse_while_red(unit)
    file_id = new_id()
    message_id = f"PAYOUT-{unit.today:%Y%m%d}-{file_id.hex[-12:]}"
    for run in runs:
        run.end_to_end = f"R{run.id.hex[:30]}".upper()
    order = PayoutOrder(
        message_id, unit.now, payer_name, payer_iban, execute_on, tuple(_line(run, payees) for run in runs)
    )
    content = writer(order)
    total = sum(run.net_minor for run in runs)
    file = _file(unit, file_id, message_id, content, total)
    unit.session.add(file)
    unit.session.flush()
    post_many(unit, [posting for run in runs for posting in _postings(run, unit.today)])
    for run in runs:
        run.state, run.file_id = RunState.EXPORTED, file_id
        unit.session.add(run)
    unit.session.flush()
    record(
        unit,
        action="remittance.exported",
        subject=f"remittance_file:{file_id}",
        facts={"runs": len(runs), "total_minor": total},
    )
    return file


def download_file(unit: Unit, *, file_id: UUID) -> tuple[str, bytes, int]:
    """This function will return a payout file's name and bytes as they were written, and count the download.

    :returns: name, content, how often it was downloaded including now.
    :raises NotFound: no such file.
    """
    file = unit.session.get(RemittanceFile, file_id, with_for_update=True)
    if file is None:
        raise NotFound("no such payout file")
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


def _refuse_while_red(unit: Unit) -> None:
    reason = payouts_blocked(unit)
    if reason:
        raise PayoutsBlocked(f"nothing may be paid out: {reason}")


def _locked(unit: Unit, creditor_id: UUID, run_id: UUID) -> RemittanceRun:
    run = unit.session.get(RemittanceRun, (creditor_id, run_id), with_for_update=True, populate_existing=True)
    if run is None:
        raise NotFound("no such run")
    return run


def _payees(unit: Unit, runs: Sequence[RemittanceRun]) -> dict[UUID, Creditor]:
    creditors = unit.session.exec(
        select(Creditor).where(col(Creditor.id).in_([run.creditor_id for run in runs]))
    )
    return {creditor.id: creditor for creditor in creditors if creditor.iban}


def _line(run: RemittanceRun, payees: dict[UUID, Creditor]) -> PayoutLine:
    creditor = payees[run.creditor_id]
    assert creditor.iban, "creditors without an account were left out"
    assert run.end_to_end, "numbered before the file is written"
    return PayoutLine(
        run.end_to_end,
        creditor.iban_holder or creditor.name,
        creditor.iban,
        Money(run.net_minor, run.currency),
        f"Afdracht {run.cutoff_on:%d-%m-%Y} {creditor.reference}",
    )


def _file(unit: Unit, file_id: UUID, message_id: str, content: bytes, total: int) -> RemittanceFile:
    return RemittanceFile(
        id=file_id,
        message_id=message_id,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        total_minor=total,
        currency="EUR",
        made_at=unit.now,
        made_by=unit.by,
    )


def _postings(run: RemittanceRun, on: date) -> list[Posting]:
    def money(minor: int) -> Money:
        return Money(minor, run.currency)

    def posting(book: Book, *legs: Leg) -> Posting:
        kept: tuple[Leg, ...] = tuple(leg for leg in legs if leg.amount)
        facts: dict[str, Any] = {"creditor_id": run.creditor_id, "book": book, "kind": "remittance"}
        return Posting(**facts, source_key=str(run.id), legs=kept, effective_on=on)

    gross = run.fee_minor + run.vat_minor
    income = (Leg("agency.fee_income", -money(run.fee_minor)), Leg("agency.vat", -money(run.vat_minor)))
    if run.mode == RemittanceMode.NET:
        trust = posting(
            Book.TRUST,
            Leg("trust.creditor", money(run.collected_minor)),
            Leg("trust.in_transit", -money(run.net_minor)),
            Leg("trust.agency", -money(gross)),
        )
        agency = posting(Book.AGENCY, Leg("agency.trust", money(gross)), *income)
    else:
        trust = posting(
            Book.TRUST,
            Leg("trust.creditor", money(run.net_minor)),
            Leg("trust.in_transit", -money(run.net_minor)),
        )
        agency = posting(Book.AGENCY, Leg("agency.receivable", money(gross)), *income)
    return [trust, agency] if gross else [trust]
