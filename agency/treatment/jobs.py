"""Jobs of the treatment: plan what is due."""

from agency.kernel.actor import actor
from agency.kernel.outbox import enqueue
from agency.kernel.unit import Unit
from agency.treatment.planner import CHUNK, plan_due


@actor()
def plan(unit: Unit) -> None:
    """This function will plan due claims and call for another job when there may be more."""
    if plan_due(unit) == CHUNK:
        enqueue(unit, plan)
