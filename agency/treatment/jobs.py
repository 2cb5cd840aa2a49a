"""Jobs of the treatment: plan what is due; try-outs and migrations stand beside what they do."""

from agency.kernel.actor import actor
from agency.kernel.outbox import enqueue
from agency.kernel.unit import Unit
from agency.treatment.migrating import migrate_claims
from agency.treatment.planner import CHUNK, plan_due
from agency.treatment.trying import run_trial

__all__ = ["migrate_claims", "plan", "run_trial"]

ABREAST = 2


@actor()
def plan(unit: Unit, *, goes_on: bool = False) -> None:
    """This function will plan due claims and call for more jobs when there may be more.

    Behind the first chunk, chunks are planned `ABREAST` at a time: nearly all of the work is the database's,
    and a connection keeps only one of its cores busy.
    """
    if plan_due(unit, limit=CHUNK, goes_on=goes_on) == CHUNK:
        for _ in range(1 if goes_on else ABREAST):
            enqueue(unit, plan, goes_on=True)
