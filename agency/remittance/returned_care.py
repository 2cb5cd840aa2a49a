"""Who sees to a payout that came back, by when, and how long it has waited: no creditor waits unseen."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import text

from agency.banking.suspense import business_days_since
from agency.banking.suspense_cases import finance_people
from agency.calendar import next_business_day
from agency.kernel.audit import record
from agency.kernel.errors import Invalid
from agency.kernel.unit import Unit, agency_day
from agency.money import Money
from agency.remittance.returned import returned_to_change
from agency.rules.returned_payout import account_is_wrong, waits_too_long


class NoOwner(Invalid):
    """Not a user of finance, or a day that has passed."""


@dataclass(frozen=True, slots=True)
class ReturnedPayout:
    """A payout that came back: why, from which account, since when in business days, and who sees to it.

    `account_wrong` says that the bank refuses this account and the creditor has no other yet; `change` is the
    state of a change of account that runs, empty when none does.
    """

    creditor_id: UUID
    run_id: UUID
    creditor: str
    amount: Money
    why: str
    iban: str
    returned_on: date
    business_days: int
    too_long: bool
    owner_id: UUID | None
    owner: str
    due_on: date | None
    account_wrong: bool
    change: str


_RETURNED = text(
    "SELECT r.creditor_id, r.id, k.name, r.net_minor, r.currency, r.returned_why, r.returned_at,"
    " r.owner_id, u.name AS owner, r.due_on, coalesce(r.payee_iban, '') AS iban, k.iban AS now_iban,"
    " coalesce((SELECT a.state FROM creditor_account_change a WHERE a.creditor_id = r.creditor_id"
    "  AND a.state IN ('asked', 'confirmed', 'approved') LIMIT 1), '') AS change"
    " FROM remittance_run r JOIN creditor k ON k.id = r.creditor_id"
    " LEFT JOIN user_account u ON u.id = r.owner_id"
    " WHERE r.state = 'returned' ORDER BY r.returned_at, r.id LIMIT :limit"
)


def returned_payouts(unit: Unit, *, limit: int = 200) -> list[ReturnedPayout]:
    """This function will return payouts that came back and wait, the oldest first."""
    found = []
    for row in unit.session.connection().execute(_RETURNED, {"limit": limit}):
        returned_on = agency_day(row.returned_at)
        days = business_days_since(returned_on, unit.today)
        found.append(
            ReturnedPayout(
                creditor_id=row.creditor_id,
                run_id=row.id,
                creditor=row.name,
                amount=Money(row.net_minor, row.currency),
                why=row.returned_why,
                iban=row.iban,
                returned_on=returned_on,
                business_days=days,
                too_long=waits_too_long(days, on=unit.today),
                owner_id=row.owner_id,
                owner=row.owner or "",
                due_on=row.due_on,
                account_wrong=row.iban == row.now_iban and account_is_wrong(row.returned_why, on=unit.today),
                change=row.change,
            )
        )
    return found


def see_to_returned(
    unit: Unit, *, creditor_id: UUID, run_id: UUID, owner_id: UUID, due_on: date | None = None
) -> None:
    """This function will make a user of finance see to a payout that came back, until a day.

    :param due_on: the next business day when None.
    :raises NotFound: no such run.
    :raises UnableToPutForward: it did not come back.
    :raises NoOwner: see the exception.
    """
    run = returned_to_change(unit, creditor_id=creditor_id, run_id=run_id)
    if owner_id not in dict(finance_people(unit)):
        raise NoOwner("choose somebody of finance", field="owner_id")
    if due_on is not None and due_on < unit.today:
        raise NoOwner("this day has passed", field="due_on")
    run.owner_id = owner_id
    run.due_on = due_on or next_business_day(country="NL", day=unit.today + timedelta(days=1))
    unit.session.add(run)
    unit.session.flush()
    record(
        unit,
        action="remittance.assigned",
        subject=f"remittance_run:{run_id}",
        creditor_id=creditor_id,
        facts={"owner": str(owner_id), "due_on": run.due_on.isoformat()},
    )
