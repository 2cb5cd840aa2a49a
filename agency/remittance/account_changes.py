"""A creditor's new account: asked, approved by two people, told to the old contact, and paid to after a wait.

`creditor.iban` is always the account that is paid to; only `put_accounts_in_force` changes it, and the
database refuses every other way.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from stdnum import iban as iban_number
from stdnum.exceptions import ValidationError

from agency.communication.creditor_mail import queue_notice
from agency.communication.jobs import mail_creditors
from agency.events import AccountChangeMoved
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.locks import take_turns
from agency.kernel.outbox import enqueue
from agency.kernel.settings import settings
from agency.kernel.unit import Unit
from agency.parties.models import Creditor
from agency.remittance.models import AccountChangeRow
from agency.remittance.returned import put_forward_to_new_account
from agency.rules.account_change import (
    RUNNING,
    AccountChange,
    ApprovalRefused,
    ChangeState,
    approve_change,
    may_pay_to,
    waiting_days,
)

HOLDER_MAX: Final = 70
"""A SEPA payment carries no longer name."""


class UnusableAccount(Invalid):
    """The account number or its holder cannot be paid to."""


class ChangeRuns(Conflict):
    """A change of this creditor's account runs already."""


class UnableToApproveChange(Forbidden):
    """This person may not approve the change, or it does not wait for anybody."""


class UnableToStop(Conflict):
    """The change has ended."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of account as pages show it."""

    creditor_id: UUID
    change_id: UUID
    creditor: str
    iban: str
    holder: str
    old_iban: str | None
    state: str
    asked_at: datetime
    asked_by: str
    reason: str
    first_by: str | None
    second_by: str | None
    pays_from: datetime | None
    ended_why: str
    told: str | None


def ask_change(unit: Unit, *, creditor_id: UUID, iban: str, holder: str, reason: str) -> UUID:
    """This function will ask for payouts to another account; the old contact is told at once.

    :returns: the change.
    :raises UnusableAccount: the number is no IBAN, or the holder has no name that a payment can carry.
    :raises ChangeRuns: another change runs.
    :raises NotFound: no such creditor.
    """
    creditor = unit.session.get(Creditor, creditor_id)
    if creditor is None:
        raise NotFound("no such creditor")
    compact = _checked(iban, holder)
    if (compact, holder) == (creditor.iban, creditor.iban_holder):
        raise UnusableAccount("payouts go to this account already", field="iban")
    take_turns(unit, "account change", creditor_id)  # pressed twice, the second reads what the first wrote
    running = unit.session.exec(
        select(AccountChangeRow.id).where(
            AccountChangeRow.creditor_id == creditor_id, col(AccountChangeRow.state).in_(list(RUNNING))
        )
    ).first()
    if running is not None:
        raise ChangeRuns("a change of this account runs already; stop that one first")
    row = AccountChangeRow(
        creditor_id=creditor_id,
        id=new_id(),
        iban=compact,
        holder=holder,
        old_iban=creditor.iban,
        reason=reason,
        asked_at=unit.now,
        asked_by=unit.by,
    )
    unit.session.add(row)
    unit.session.flush()
    _note(unit, row)
    return row.id


def approve_account_change(unit: Unit, *, creditor_id: UUID, change_id: UUID) -> None:
    """This function will approve a change: the first person confirms it, the second starts the wait.

    :raises NotFound: no such change.
    :raises UnableToApproveChange: the same person asked or approved before, or it does not wait for anybody.
    """
    row = _locked(unit, creditor_id, change_id)
    try:
        after = approve_change(_facts(row), by=unit.by, now=unit.now)
    except ApprovalRefused as refusal:
        raise UnableToApproveChange(str(refusal)) from refusal
    if after.state is ChangeState.CONFIRMED:
        row.first_by, row.first_at = unit.by, unit.now
    else:
        row.second_by, row.second_at, row.pays_from = unit.by, unit.now, after.pays_from
    row.state = after.state
    unit.session.add(row)
    unit.session.flush()
    _note(unit, row)


def stop_change(
    unit: Unit, *, creditor_id: UUID, change_id: UUID, why: str, by_creditor: bool = False
) -> None:
    """This function will end a change before it is in force; payouts stay with the old account.

    :raises NotFound: no such change.
    :raises UnableToStop: it has ended, or is in force.
    """
    row = _locked(unit, creditor_id, change_id)
    if row.state not in RUNNING:
        raise UnableToStop("this change has ended already")
    row.state = ChangeState.TAKEN_BACK if by_creditor else ChangeState.REFUSED
    row.ended_at, row.ended_by, row.ended_why = unit.now, unit.by, why
    unit.session.add(row)
    unit.session.flush()
    _note(unit, row)


def put_accounts_in_force(unit: Unit) -> int:
    """This function will let approved changes whose wait is over count, and return how many.

    What the bank had sent back from the old account is put forward again, for somebody's approval.
    Each payout file asks first, so that none pays to an old account a day longer than agreed.
    """
    waiting = unit.session.exec(
        select(AccountChangeRow)
        .where(AccountChangeRow.state == ChangeState.APPROVED, col(AccountChangeRow.pays_from) <= unit.now)
        .order_by(col(AccountChangeRow.creditor_id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for row in waiting:
        assert may_pay_to(_facts(row), now=unit.now), "the query and the rule agree"
        creditor = unit.session.get_one(Creditor, row.creditor_id, populate_existing=True)
        creditor.iban, creditor.iban_holder = row.iban, row.holder
        unit.session.add(creditor)
        unit.session.flush()
        row.state, row.ended_at, row.ended_by = ChangeState.IN_FORCE, unit.now, unit.by
        unit.session.add(row)
        unit.session.flush()
        put_forward_to_new_account(unit, creditor_id=row.creditor_id)
        _note(unit, row)
    return len(waiting)


def tell_old_contact(unit: Unit, event: AccountChangeMoved) -> None:
    """This reaction will tell the creditor's contact of a change that was asked or approved.

    It is the contact that stands with the creditor, never one that came with the change.
    """
    if event.state not in (ChangeState.ASKED, ChangeState.APPROVED):
        return
    row = unit.session.get_one(AccountChangeRow, (event.creditor_id, UUID(str(event.change_id))))
    config = settings()
    queue_notice(
        unit,
        creditor_id=row.creditor_id,
        notice="account_change",
        variant=event.state,
        values={
            "iban": _masked(row.iban),
            "holder": row.holder,
            "days": str(waiting_days(unit.today)),
            "start": row.pays_from or unit.now,
        },
        link=f"{config.public_url}/creditor/account",
        mark={"change": str(row.id)},
        settings=config,
    )
    enqueue(unit, mail_creditors)


def list_changes(unit: Unit, *, creditor_id: UUID | None = None, limit: int = 100) -> list[Change]:
    """This function will return changes of account, the running ones first."""
    rows = unit.session.connection().execute(
        text(
            "SELECT a.creditor_id, a.id AS change_id, k.name AS creditor, a.iban, a.holder, a.old_iban,"
            " a.state, a.asked_at, a.asked_by, a.reason, a.first_by, a.second_by, a.pays_from, a.ended_why,"
            " (SELECT nullif(m.to_value, '') FROM creditor_mail m WHERE m.creditor_id = a.creditor_id"
            "  AND m.facts->>'change' = a.id::text AND m.state <> 'failed' ORDER BY m.id LIMIT 1) AS told"
            " FROM creditor_account_change a JOIN creditor k ON k.id = a.creditor_id"
            " WHERE CAST(:c AS uuid) IS NULL OR a.creditor_id = :c"
            " ORDER BY (a.state IN ('asked', 'confirmed', 'approved')) DESC, a.asked_at DESC LIMIT :limit"
        ),
        {"c": creditor_id, "limit": limit},
    )
    return [Change(**row._mapping) for row in rows]


def _checked(iban: str, holder: str) -> str:
    try:
        # Lists of banks age; length, letters and check digits do not.
        compact: str = iban_number.validate(iban, check_country=False)
    except ValidationError as error:
        raise UnusableAccount("this is no valid IBAN", field="iban") from error
    if not 1 <= len(holder) <= HOLDER_MAX:
        raise UnusableAccount("give the holder's name, at most 70 characters", field="holder")
    return compact


def _locked(unit: Unit, creditor_id: UUID, change_id: UUID) -> AccountChangeRow:
    row = unit.session.get(
        AccountChangeRow, (creditor_id, change_id), with_for_update=True, populate_existing=True
    )
    if row is None:
        raise NotFound("no such change")
    return row


def _facts(row: AccountChangeRow) -> AccountChange:
    return AccountChange(ChangeState(row.state), row.asked_by, row.first_by, row.second_by, row.pays_from)


def _masked(iban: str) -> str:
    """Show enough of a number to recognise it: e-mail is read by others."""
    return f"{iban[:4]} … {iban[-4:]}"


def _note(unit: Unit, row: AccountChangeRow) -> None:
    emit(
        unit, AccountChangeMoved(creditor_id=row.creditor_id, change_id=row.id, state=ChangeState(row.state))
    )
    record(
        unit,
        action=f"account_change.{ChangeState(row.state).value}",
        subject=f"creditor_account_change:{row.id}",
        creditor_id=row.creditor_id,
        facts={"iban": _masked(row.iban)},
    )
