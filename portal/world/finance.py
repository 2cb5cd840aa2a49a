"""What the finance desk does in the world: it settles suspense, and gives back and pays out on Fridays."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from functools import partial
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.banking.suspense import SuspenseItem, UnableToSettleLine, settle_line, suspense_items
from agency.kernel.settings import Settings
from agency.kernel.unit import Unit
from agency.payments.giving_back import OwedBack, list_refunds, owed_back_list
from agency.payments.models import Refund, RefundState
from agency.payments.refunds import (
    BadAccount,
    UnableToRefund,
    checked_payee,
    request_held_refund,
    request_refund,
)
from agency.remittance.models import RemittanceFile, RemittanceRun, RunState
from agency.remittance.orders import NothingToExport
from agency.remittance.refund_orders import approve_refund
from agency.remittance.runs import approve_run, draft_own_run, draft_runs
from portal.payouts import export_payouts, export_refund_file

# The payer's claims; the one that fits the amount best comes first, and a claim that is still open does.
_BY_NAME = text(
    "SELECT c.creditor_id, c.id FROM claim c"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " LEFT JOIN LATERAL (SELECT sum(e.amount_minor) AS minor FROM ledger_entry e WHERE e.claim_id = c.id"
    "  AND e.creditor_id = c.creditor_id AND e.account = 'claims.principal') o ON true"
    " WHERE btrim(d.name) = btrim(:name) AND c.state IN ('active', 'paid')"
    " ORDER BY c.state = 'active' DESC, abs(coalesce(o.minor, 0) - :minor), c.number LIMIT 1"
)

# Signs that the text of the line names the claim: who reads it books on the first that is proposed.
_NAMED: Final = {"mistyped_reference", "invoice_number", "short_invoice_number", "mistyped_invoice_number"}


class InUnit(Protocol):
    """Runs something in a unit of the agency, patiently, as somebody."""

    def __call__(self, do: Callable[[Unit], Any], by: str = ...) -> Any: ...


def settle_suspense(in_unit: InUnit) -> int:
    """This function will book each waiting line on the claim that was proposed, on the one that its text
    means, or on the payer's claim.

    :returns: how many were booked.
    """
    clerk = in_unit(_people)[0]
    waiting = in_unit(partial(suspense_items, limit=1000))
    return sum(_is_settled(in_unit, item, clerk) for item in waiting)


def _is_settled(in_unit: InUnit, item: SuspenseItem, clerk: str) -> bool:
    try:
        return bool(in_unit(partial(_settle, item=item), by=clerk))
    except UnableToSettleLine:
        return False


def _settle(unit: Unit, *, item: SuspenseItem) -> bool:
    if len(item.proposals) == 1 or (item.proposals and _NAMED.intersection(item.reasons)):
        claim: tuple[UUID, UUID] | None = (item.proposals[0].creditor_id, item.proposals[0].claim_id)
    else:
        values = {"name": item.counterparty, "minor": item.amount.minor}
        row = unit.session.connection().execute(_BY_NAME, values).one_or_none()
        claim = (row.creditor_id, row.id) if row else None
    if claim is None:
        return False
    settle_line(unit, line_id=item.line_id, creditor_id=claim[0], claim_id=claim[1])
    return True


def pay_out(in_unit: InUnit, *, settings: Settings, cutoff_on: date) -> int:
    """This function will draft what every creditor and the agency itself have coming, approve it as another
    person and export it.

    :returns: the approved amount in minor units.
    :raises PayoutsBlocked: the proof is red.
    """
    drafter, approver = in_unit(_people)[:2]
    in_unit(partial(draft_runs, cutoff_on=cutoff_on), by=drafter)
    in_unit(draft_own_run, by=drafter)
    paid_out = 0
    for creditor_id, run_id, net_minor in in_unit(_drafts):
        in_unit(partial(approve_run, creditor_id=creditor_id, run_id=run_id), by=approver)
        paid_out += net_minor
    with suppress(NothingToExport):
        in_unit(lambda unit: export_payouts(unit, settings=settings) is not None, by=approver)
    return paid_out


def give_back(in_unit: InUnit, *, settings: Settings) -> int:
    """This function will ask for the refund of all that is owed back, approve it as another person, and
    export what goes by transfer; money whose payer's account the bank did not name waits.

    :returns: how many refunds were approved.
    :raises PayoutsBlocked: the proof is red.
    """
    asker, approver = in_unit(_people)[:2]
    for owed in in_unit(owed_back_list):
        if owed.source == "psp" or owed.payer_iban:
            with suppress(BadAccount, UnableToRefund):
                in_unit(partial(_ask_refund, owed=owed), by=asker)
    asked = in_unit(partial(list_refunds, state="requested"))
    for refund in asked:
        approve = partial(approve_refund, creditor_id=refund.creditor_id, refund_id=refund.refund_id)
        in_unit(approve, by=approver)
    with suppress(NothingToExport):
        in_unit(lambda unit: export_refund_file(unit, settings=settings).id, by=approver)
    return len(asked)


def _ask_refund(unit: Unit, *, owed: OwedBack) -> UUID:
    payee = None
    if owed.payer_iban:
        payee = checked_payee(iban=owed.payer_iban, holder=owed.payer or owed.debtor)
    if owed.held_id:
        return request_held_refund(
            unit, creditor_id=owed.creditor_id, held_id=owed.held_id, reason=owed.reason, payee=payee
        )
    assert owed.payment_id is not None, "what is owed back is of a payment or of one that was held"
    return request_refund(
        unit, creditor_id=owed.creditor_id, payment_id=owed.payment_id, reason=owed.reason, payee=payee
    )


def files_under_way(unit: Unit) -> list[bytes]:
    """This function will return the files of payouts and refunds that the bank has not executed yet."""
    runs = select(RemittanceRun.file_id).where(RemittanceRun.state == RunState.EXPORTED)
    refunds = select(Refund.file_id).where(Refund.state == RefundState.EXPORTED)
    files = unit.session.exec(
        select(RemittanceFile).where(col(RemittanceFile.id).in_(runs) | col(RemittanceFile.id).in_(refunds))
    )
    return [bytes(file.content) for file in files]


def _people(unit: Unit) -> list[str]:
    rows = unit.session.connection().execute(
        text(
            "SELECT id FROM user_account WHERE 'finance' = ANY(roles) AND disabled_at IS NULL"
            " ORDER BY created_at, email"
        )
    )
    people: list[UUID] = list(rows.scalars())
    return [f"user:{person}" for person in people]


def _drafts(unit: Unit) -> list[tuple[UUID, UUID, int]]:
    runs = unit.session.exec(
        select(RemittanceRun.creditor_id, RemittanceRun.id, RemittanceRun.net_minor).where(
            RemittanceRun.state == RunState.DRAFT
        )
    )
    return list(runs.all())
