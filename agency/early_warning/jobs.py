"""Jobs of the early warning: every debtor is weighed each night.

Nightly is enough: the signs grow over weeks, and what cannot wait (a register's entry, a dispute, a broken
promise) has its own reaction at once.
"""

from uuid import UUID

from agency.early_warning.watching import NOBODY, weigh_debtors
from agency.kernel.actor import actor
from agency.kernel.outbox import enqueue
from agency.kernel.unit import Unit


@actor()
def weigh(unit: Unit, *, creditor: str = str(NOBODY[0]), debtor: str = str(NOBODY[1])) -> None:
    """This function will weigh a chunk of debtors and call for a job for those behind it."""
    last = weigh_debtors(unit, after=(UUID(creditor), UUID(debtor)))
    if last is not None:
        enqueue(unit, weigh, creditor=str(last[0]), debtor=str(last[1]))
