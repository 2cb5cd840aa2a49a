"""What runs by the clock: a job, how often, and nothing else. Two schedulers start a due moment once."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from agency.kernel.actor import JobFunction, actor_name
from agency.kernel.outbox import enqueue
from agency.kernel.unit import Unit


@dataclass(frozen=True)
class Scheduled:
    """A job that is due every `every`, counted from midnight UTC."""

    job: JobFunction
    every: timedelta


SCHEDULE: tuple[Scheduled, ...] = ()


def due_moment(*, now: datetime, every: timedelta) -> datetime:
    """This function will return the latest moment not after `now` at which a job of this rhythm is due."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + ((now - midnight) // every) * every


def start_due_jobs(unit: Unit) -> int:
    """This function will enqueue each scheduled job once per due moment and return how many were started."""
    started = 0
    for scheduled in SCHEDULE:
        inserted = unit.session.connection().execute(
            text(
                "INSERT INTO scheduled_run (job, due_at, started_at) VALUES (:job, :due, :now)"
                " ON CONFLICT DO NOTHING"
            ),
            {
                "job": actor_name(scheduled.job),
                "due": due_moment(now=unit.now, every=scheduled.every),
                "now": unit.now,
            },
        )
        if inserted.rowcount:
            enqueue(unit, scheduled.job)
            started += 1
    return started
