"""What the clock starts when it stood still, and when there are two of it (C14, C15)."""

from collections import Counter
from datetime import timedelta

from sqlalchemy import text

from agency.kernel.actor import actor_name
from agency.kernel.clock import move_clock
from agency.kernel.unit import Door
from portal.schedule import SCHEDULE, due_moment, start_due_jobs

EACH_ONCE = Counter(actor_name(scheduled.job) for scheduled in SCHEDULE)


def started(units) -> int:
    with units.open(Door.WORKER, by="system:schedule") as unit:
        return start_due_jobs(unit)


def waiting(units) -> Counter[str]:
    with units.open(Door.WORKER, by="system:test") as unit:
        return Counter(unit.session.connection().execute(text("SELECT actor FROM outbox")).scalars())


def test_three_days_of_standstill_are_made_up_for_once_and_not_by_the_hour(units):
    assert started(units) == len(SCHEDULE)
    with units.open(Door.STAFF, by="system:test") as unit:
        move_clock(unit, to=unit.now + timedelta(days=3), production=False)
    assert started(units) == len(SCHEDULE)
    assert waiting(units) == EACH_ONCE + EACH_ONCE, "what was missed seventy times is done once"
    with units.open(Door.WORKER, by="system:test") as unit:
        rows = unit.session.connection().execute(
            text("SELECT job, max(due_at) FROM scheduled_run GROUP BY job")
        )
        latest = {row.job: row.max for row in rows}
        assert latest == {actor_name(one.job): due_moment(now=unit.now, every=one.every) for one in SCHEDULE}


def test_two_schedulers_start_a_moment_once(units):
    with units.open(Door.WORKER, by="system:schedule") as one:
        assert start_due_jobs(one) == len(SCHEDULE)
    assert started(units) == 0
    assert waiting(units) == EACH_ONCE
