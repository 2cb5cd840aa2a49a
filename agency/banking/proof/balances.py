"""What every account stands at, per creditor and currency: added up once for all the questions about sums."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from agency.banking.proof.checks import rows_of
from agency.kernel.unit import Unit

_BALANCES = """
    SELECT account, creditor_id, currency, sum(amount_minor)::bigint AS minor FROM ledger_entry
    GROUP BY account, creditor_id, currency
"""


@dataclass(frozen=True, slots=True)
class Balance:
    """The sum of one account's entries for one creditor, in minor units: debits less credits."""

    account: str
    creditor_id: UUID
    currency: str
    minor: int


def account_balances(unit: Unit) -> list[Balance]:
    """This function will add up the whole ledger, one balance per account, creditor and currency."""
    return [
        Balance(row.account, row.creditor_id, row.currency, row.minor) for row in rows_of(unit, _BALANCES)
    ]


def by_currency(balances: Sequence[Balance], accounts: Collection[str]) -> dict[str, int]:
    """This function will return what some accounts stand at together, in minor units of each currency."""
    sums: dict[str, int] = {}
    for balance in balances:
        if balance.account in accounts:
            sums[balance.currency] = sums.get(balance.currency, 0) + balance.minor
    return sums
