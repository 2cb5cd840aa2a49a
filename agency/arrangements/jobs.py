"""Jobs of the arrangements: judge promises, plans and settlements by the ledger, every day."""

from agency.arrangements.keeping import check_plans
from agency.arrangements.promises import check_promises
from agency.arrangements.settlements import check_settlements
from agency.kernel.actor import actor
from agency.kernel.unit import Unit


@actor()
def check_due_promises(unit: Unit) -> None:
    """This function will settle promises that were kept or broken."""
    check_promises(unit)


@actor()
def check_due_plans(unit: Unit) -> None:
    """This function will settle instalments, plans, offers and settlements whose day has passed."""
    check_plans(unit)
    check_settlements(unit)
