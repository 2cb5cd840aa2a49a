"""Jobs of the arrangements: judge promises by the ledger, every day."""

from agency.arrangements.promises import check_promises
from agency.kernel.actor import actor
from agency.kernel.unit import Unit


@actor()
def check_due_promises(unit: Unit) -> None:
    """This function will settle promises that were kept or broken."""
    check_promises(unit)
