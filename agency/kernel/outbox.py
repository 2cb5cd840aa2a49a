"""Transactional outbox: a job is a row written with the facts it follows from.

The relay wakes workers through the broker; a worker leases the row, which counts the start before the work
begins, and finishes it in the same transaction as the effect. Losing the broker costs seconds, never a
job. Lease times are the machine's own clock: moving the product's clock must not expire a lease.

A job that fails is tried again a few times. One whose worker ended under it did not fail, but it may be what
ends its workers: it is started a few times more, and then set aside, too.
"""

import json
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text

from agency.kernel.actor import ACTORS, Actor, JobFunction, actor_name
from agency.kernel.ids import new_id
from agency.kernel.settings import settings
from agency.kernel.unit import Door, Unit, Units

log = structlog.get_logger()

DEATHS_MAX = 10

_INSERT = text(
    "INSERT INTO outbox"
    " (id, actor, queue, args, creditor_id, key, created_at, available_at, generation, attempts)"
    " SELECT j.id, :actor, :queue, j.args, j.creditor, j.key, clock_timestamp(), clock_timestamp(), 0, 0"
    " FROM jsonb_to_recordset(CAST(:jobs AS jsonb)) AS j(id uuid, args jsonb, creditor uuid, key text)"
    " ON CONFLICT (key) DO NOTHING"
)
_WAITING = text(
    "WITH taken AS (UPDATE outbox SET dispatched_at = clock_timestamp() WHERE id IN ("
    " SELECT id FROM outbox WHERE done_at IS NULL AND quarantined_at IS NULL"
    " AND available_at <= clock_timestamp()"
    " AND (leased_until IS NULL OR leased_until < clock_timestamp())"
    " AND (dispatched_at IS NULL OR dispatched_at < clock_timestamp() - make_interval(secs => :again))"
    " ORDER BY available_at LIMIT :limit FOR UPDATE SKIP LOCKED)"
    " RETURNING queue, id, available_at) SELECT queue, id FROM taken ORDER BY available_at, id"
)
_LEASE = text(
    "UPDATE outbox SET generation = generation + 1, leased_until = clock_timestamp()"
    "  + make_interval(secs => coalesce((CAST(:longer AS jsonb) ->> actor)::integer, :seconds))"
    " WHERE id = :id AND done_at IS NULL AND quarantined_at IS NULL"
    " AND available_at <= clock_timestamp()"
    " AND (leased_until IS NULL OR leased_until < clock_timestamp())"
    " RETURNING actor, args, generation, attempts"
)
_RENEW = text(
    "UPDATE outbox SET leased_until = clock_timestamp() + make_interval(secs => :seconds)"
    " WHERE id = :id AND generation = :generation AND done_at IS NULL"
)
_DONE = text(
    "UPDATE outbox SET done_at = clock_timestamp(), leased_until = NULL, last_error = NULL"
    " WHERE id = :id AND generation = :generation AND done_at IS NULL"
)
_FAILED = text(
    "UPDATE outbox SET attempts = attempts + 1, leased_until = NULL, dispatched_at = NULL,"
    " last_error = :error, available_at = clock_timestamp() + make_interval(secs => :wait),"
    " quarantined_at = CASE WHEN :final THEN clock_timestamp() END"
    " WHERE id = :id AND generation = :generation AND done_at IS NULL"
)
_STATE = text(
    "SELECT count(*) FILTER (WHERE quarantined_at IS NULL), count(quarantined_at),"
    " min(created_at) FILTER (WHERE quarantined_at IS NULL) FROM outbox WHERE done_at IS NULL"
)

_OPEN = text("SELECT count(*) FROM outbox WHERE done_at IS NULL AND quarantined_at IS NULL")


class LostLease(Exception):
    """Another worker took the job over while this one was working; its effects are rolled back."""


@dataclass(frozen=True)
class LeasedJob:
    """A job that this worker may run until its lease ends: started `generation` times, of which `attempts`
    failed before."""

    id: UUID
    actor: str
    args: dict[str, Any]
    generation: int
    attempts: int


_JOB: ContextVar[LeasedJob | None] = ContextVar("job with own units", default=None)


def enqueue(
    unit: Unit,
    function: JobFunction,
    /,
    *,
    key: str | None = None,
    creditor_id: UUID | None = None,
    **args: Any,
) -> None:
    """This function will write a job in the running transaction; `key` makes a second writing a no-op.

    :raises KeyError: the function is not an actor.
    """
    enqueue_many(unit, function, [args], keys=[key], creditor_id=creditor_id)


def enqueue_many(
    unit: Unit,
    function: JobFunction,
    batches: Sequence[dict[str, Any]],
    *,
    keys: Sequence[str | None] | None = None,
    creditor_id: UUID | None = None,
    creditor_ids: Sequence[UUID] | None = None,
) -> None:
    """This function will write one job per set of arguments in one statement.

    :param creditor_ids: whose each job is, where that is not the same for all.
    """
    registered = ACTORS[actor_name(function)]
    jobs = [
        {
            "id": str(new_id()),
            "args": args,
            "creditor": creditor_ids[index] if creditor_ids else creditor_id,
            "key": keys[index] if keys else None,
        }
        for index, args in enumerate(batches)
    ]
    if jobs:
        values = {
            "actor": registered.name,
            "queue": registered.queue,
            "jobs": json.dumps(jobs, default=str),
        }
        unit.session.connection().execute(_INSERT, values)


def take_waiting(unit: Unit, *, limit: int = 500, again_seconds: float = 20.0) -> dict[str, list[UUID]]:
    """This function will mark waiting jobs as dispatched and return their ids by queue (for the relay),
    the longest waiting first."""
    rows = unit.session.connection().execute(_WAITING, {"limit": limit, "again": again_seconds})
    queues: dict[str, list[UUID]] = {}
    for queue, job_id in rows:
        queues.setdefault(queue, []).append(job_id)
    return queues


def run_jobs(units: Units, job_ids: Iterable[UUID]) -> int:
    """This function will run each job that is still open and not leased by another worker.

    The transaction that finishes a job leases the next one, which saves a transaction per job.

    :returns: how many finished.
    """
    finished, leased = 0, None
    waiting = list(job_ids)
    for place, job_id in enumerate(waiting):
        job = leased or _lease_alone(units, job_id)
        leased = None
        if job is not None:
            following = waiting[place + 1] if place + 1 < len(waiting) else None
            done, leased = _run_leased(units, job, following)
            finished += done
    return finished


def _run_leased(units: Units, job: LeasedJob, following: UUID | None) -> tuple[bool, LeasedJob | None]:
    """Run a job that is ours; return whether it finished, and the following one if it is ours now too."""
    registered = ACTORS.get(job.actor)
    if registered is None:
        _record_failure(units, job, error=f"no actor called {job.actor}", final=True)
        return False, None
    if job.generation - 1 - job.attempts > DEATHS_MAX:
        _record_failure(units, job, error="its worker ended too often", final=True)
        return False, None
    try:
        return True, _run(units, registered, job, following)
    except LostLease:
        log.warning("outbox.lease.lost", job=str(job.id), actor=job.actor)
    except Exception as error:
        # The last door: whatever a job raises is recorded and retried, never lost.
        attempt = job.attempts + 1
        log.exception("outbox.job.failed", job=str(job.id), actor=job.actor, attempt=attempt)
        _record_failure(
            units,
            job,
            error=f"{type(error).__name__}: {error}"[:2000],
            final=attempt >= registered.attempts_max,
        )
    return False, None


def _lease_alone(units: Units, job_id: UUID) -> LeasedJob | None:
    with units.open(Door.WORKER, by="system:worker") as unit:
        return _lease(unit, job_id)


def _lease(unit: Unit, job_id: UUID) -> LeasedJob | None:
    longer = {one.name: one.lease_seconds for one in ACTORS.values() if one.lease_seconds is not None}
    values = {"id": job_id, "seconds": settings().job_lease_seconds, "longer": json.dumps(longer)}
    row = unit.session.connection().execute(_LEASE, values).one_or_none()
    return LeasedJob(job_id, *row) if row else None


def _run(units: Units, registered: Actor, job: LeasedJob, following: UUID | None) -> LeasedJob | None:
    by = f"system:{registered.name}"
    if registered.own_units:
        running = _JOB.set(job)
        try:
            registered.run(units, **job.args)
        finally:
            _JOB.reset(running)
        with units.open(Door.WORKER, by=by) as unit:
            return _finish(unit, job, following)
    with units.open(Door.WORKER, by=by) as unit:
        registered.run(unit, **job.args)
        return _finish(unit, job, following)


def renew_lease(unit: Unit, *, seconds: int) -> None:
    """This function will keep the running job with own units leased for so long from now.

    It belongs in the transaction of each part of a long job: a part of a job that another worker has taken
    over is rolled back. Outside a job it does nothing.

    :raises LostLease: another worker has the job.
    """
    job = _JOB.get()
    if job is None:
        return
    renewed = unit.session.connection().execute(
        _RENEW, {"id": job.id, "generation": job.generation, "seconds": seconds}
    )
    if renewed.rowcount != 1:
        raise LostLease(job.id)


def _finish(unit: Unit, job: LeasedJob, following: UUID | None) -> LeasedJob | None:
    finished = unit.session.connection().execute(_DONE, {"id": job.id, "generation": job.generation})
    if finished.rowcount != 1:
        raise LostLease(job.id)
    return _lease(unit, following) if following else None


def _record_failure(units: Units, job: LeasedJob, *, error: str, final: bool) -> None:
    with units.open(Door.WORKER, by="system:worker") as unit:
        unit.session.connection().execute(
            _FAILED,
            {
                "id": job.id,
                "generation": job.generation,
                "error": error,
                "wait": min(2.0 ** (job.attempts + 1), 300.0),
                "final": final,
            },
        )


@dataclass(frozen=True)
class OutboxState:
    """How the outbox stands: open jobs, quarantined jobs, and since when the oldest waits."""

    open: int
    quarantined: int
    oldest: datetime | None


def outbox_state(unit: Unit) -> OutboxState:
    """This function will count what is not finished."""
    return OutboxState(*unit.session.connection().execute(_STATE).one())


def drain(units: Units, *, rounds_max: int = 10_000) -> int:
    """This function will run jobs in this process until none waits (tests and operator commands).

    Jobs that wait for a retry are left alone.

    :returns: how many finished.
    """
    finished = 0
    for _ in range(rounds_max):
        with units.open(Door.WORKER, by="system:drain") as unit:
            waiting = take_waiting(unit, limit=200, again_seconds=0)
        ids = [job_id for queue in waiting.values() for job_id in queue]
        if not ids:
            break
        finished += run_jobs(units, ids)
    return finished


def open_jobs(unit: Unit) -> int:
    """This function will count the jobs that are not finished, for those who ask often: no other is read."""
    counted: int = unit.session.connection().execute(_OPEN).scalar_one()
    return counted
