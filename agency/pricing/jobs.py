"""Jobs of the pricing: count what closed claims brought in."""

from agency.kernel.actor import actor
from agency.kernel.unit import Unit
from agency.pricing.recovering import measure_outcomes


@actor()
def measure_recovery(unit: Unit) -> None:
    """This function will count what closed claims brought in, for the quotes of this day."""
    measure_outcomes(unit)
