"""Jobs of the pricing: count what closed claims brought in; simulations stand beside what they do."""

from agency.kernel.actor import actor
from agency.kernel.unit import Unit
from agency.pricing.recovering import measure_outcomes
from agency.pricing.simulating import run_simulation

__all__ = ["measure_recovery", "run_simulation"]


@actor()
def measure_recovery(unit: Unit) -> None:
    """This function will count what closed claims brought in, for the quotes of this day."""
    measure_outcomes(unit)
