"""Jobs of the remittance: let approved accounts count when their wait is over."""

from agency.kernel.actor import actor
from agency.kernel.unit import Unit
from agency.remittance.account_changes import put_accounts_in_force


@actor()
def begin_accounts(unit: Unit) -> None:
    """This function will put changes of account in force; each payout file asks again itself."""
    put_accounts_in_force(unit)
