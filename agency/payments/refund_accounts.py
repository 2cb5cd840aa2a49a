"""Accounts that debtors name for refunds: asked by a link, given behind the second fact, used by finance.

What a debtor gives is a proposal: a person of finance asks for the refund, and another approves it.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.events import RefundAccountGiven
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.money import Money
from agency.payments.giving_back import OwedBack
from agency.payments.models import RefundAccount
from agency.payments.refunds import checked_payee


class UnableToName(Conflict):
    """No account is asked for this refund any more."""


@dataclass(frozen=True, slots=True)
class AccountAsked:
    """A question for an account: when it was asked, and what the debtor gave (empty until then)."""

    request_id: UUID
    asked_at: datetime
    iban: str
    holder: str
    given_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefundWaits:
    """What a debtor reads: how much he gets back, and whether he named an account already."""

    request_id: UUID
    amount: Money
    given: bool


def ask_account(unit: Unit, found: OwedBack) -> UUID:
    """This function will ask the debtor of money that is owed back for an account; once per payment.

    :returns: the question; the same when it was asked before.
    """
    standing = account_asked(unit, found)
    if standing is not None:
        return standing.request_id
    row = RefundAccount(
        creditor_id=found.creditor_id,
        id=new_id(),
        claim_id=found.claim_id,
        payment_id=None if found.held_id else found.payment_id,
        held_id=found.held_id,
        amount_minor=found.amount.minor,
        currency=found.amount.currency,
        asked_at=unit.now,
        asked_by=unit.by,
    )
    unit.session.add(row)
    unit.session.flush()
    record(
        unit,
        action="refund_account.asked",
        subject=f"refund_account:{row.id}",
        creditor_id=row.creditor_id,
        facts={"claim": str(row.claim_id)},
    )
    return row.id


def account_asked(unit: Unit, found: OwedBack) -> AccountAsked | None:
    """This function will return the question for an account of money that is owed back, None when none was
    asked."""
    of = (
        RefundAccount.held_id == found.held_id
        if found.held_id
        else RefundAccount.payment_id == found.payment_id
    )
    row = unit.session.exec(
        select(RefundAccount).where(RefundAccount.creditor_id == found.creditor_id, of)
    ).one_or_none()
    return None if row is None else AccountAsked(row.id, row.asked_at, row.iban, row.holder, row.given_at)


def refund_waits(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> RefundWaits | None:
    """This function will return what a debtor gets back and is asked an account for, None when nothing
    waits for him."""
    row = _open(unit, creditor_id, claim_id)
    if row is None:
        return None
    return RefundWaits(row.id, Money(row.amount_minor, row.currency), row.given_at is not None)


def _open(unit: Unit, creditor_id: UUID, claim_id: UUID) -> RefundAccount | None:
    return unit.session.exec(
        select(RefundAccount)
        .where(
            RefundAccount.creditor_id == creditor_id,
            RefundAccount.claim_id == claim_id,
            col(RefundAccount.ended_at).is_(None),
        )
        .order_by(col(RefundAccount.asked_at).desc(), col(RefundAccount.id).desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).one_or_none()


def end_question(unit: Unit, *, creditor_id: UUID, origin_id: UUID) -> None:
    """This function will let an account stand as it was given, because its refund was asked for."""
    unit.session.connection().execute(
        text(
            "UPDATE refund_account SET ended_at = :now WHERE creditor_id = :c AND ended_at IS NULL"
            " AND coalesce(payment_id, held_id) = :origin"
        ),
        {"c": creditor_id, "origin": origin_id, "now": unit.now},
    )


def name_account(unit: Unit, *, creditor_id: UUID, claim_id: UUID, iban: str, holder: str) -> None:
    """This function will keep the account that a debtor names; until the refund is asked he may correct it.

    :raises BadAccount: no valid IBAN, or no name.
    :raises UnableToName: see the exception.
    """
    payee = checked_payee(iban=iban, holder=holder)
    row = _open(unit, creditor_id, claim_id)
    if row is None:
        raise UnableToName("no account is asked for this refund any more")
    row.iban, row.holder = payee.iban, payee.holder
    row.given_at, row.given_by = unit.now, unit.by
    unit.session.add(row)
    unit.session.flush()
    emit(unit, RefundAccountGiven(creditor_id=creditor_id, claim_id=claim_id, request_id=row.id))
