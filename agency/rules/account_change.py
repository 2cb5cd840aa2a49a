"""A creditor's new account: two people, a waiting period, and only then is it paid to."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from agency.calendar import HOME_ZONE
from agency.rules.tables import read_table, row_in_force

_HOME: Final = ZoneInfo(HOME_ZONE)


class ChangeState(StrEnum):
    """asked -> confirmed (one person) -> approved (two, waiting) -> in force; or ended before that."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    APPROVED = "approved"
    IN_FORCE = "in_force"
    REFUSED = "refused"
    TAKEN_BACK = "taken_back"


RUNNING = frozenset({ChangeState.ASKED, ChangeState.CONFIRMED, ChangeState.APPROVED})
"""A change that may still be stopped; a creditor has at most one."""


@dataclass(frozen=True, slots=True)
class AccountChange:
    """A change as far as it has come; `pays_from` is set by the second approval."""

    state: ChangeState
    asked_by: str
    first_by: str | None = None
    second_by: str | None = None
    pays_from: datetime | None = None


class ApprovalRefused(ValueError):
    """This person may not approve, or there is nothing to approve; the message says why."""


def approve_change(change: AccountChange, *, by: str, now: datetime) -> AccountChange:
    """Return the change after an approval: the first confirms it, the second starts the waiting period.

    :raises ApprovalRefused: when the person asked for it or approved already, or it does not wait for
        anybody.
    """
    if change.state not in (ChangeState.ASKED, ChangeState.CONFIRMED):
        raise ApprovalRefused("this change does not wait for an approval")
    if by == change.asked_by:
        raise ApprovalRefused("who asked for a change may not approve it")
    if change.state is ChangeState.ASKED:
        return AccountChange(ChangeState.CONFIRMED, change.asked_by, first_by=by)
    if by == change.first_by:
        raise ApprovalRefused("another person must give the second approval")
    pays_from = now + timedelta(days=waiting_days(now.astimezone(_HOME).date()))
    return AccountChange(ChangeState.APPROVED, change.asked_by, change.first_by, by, pays_from)


def may_pay_to(change: AccountChange, *, now: datetime) -> bool:
    """Decide whether payouts may go to the new account: approved by two people and the waiting is over."""
    if change.state is ChangeState.IN_FORCE:
        return True
    return change.state is ChangeState.APPROVED and change.pays_from is not None and change.pays_from <= now


def waiting_days(on: date) -> int:
    """Return how many days lie between the second approval and the first payout to the new account."""
    row = row_in_force(read_table("payout")["account_change"], on)
    assert row is not None, "the table begins before the product"
    days: int = row["waiting_days"]
    return days
