"""Jobs of the treatment: plan what is due; try-outs and migrations stand beside what they do."""

from agency.kernel.actor import actor
from agency.kernel.outbox import enqueue
from agency.kernel.unit import Unit
from agency.treatment.migrating import migrate_claims
from agency.treatment.planner import CHUNK, plan_due
from agency.treatment.trying import run_trial

__all__ = ["migrate_claims", "plan", "run_trial"]


@actor()
def plan(unit: Unit, *, goes_on: bool = False) -> None:
    """This function will plan due claims and call for another job when there may be more."""
    if plan_due(unit, goes_on=goes_on) == CHUNK:
        enqueue(unit, plan, goes_on=True)
