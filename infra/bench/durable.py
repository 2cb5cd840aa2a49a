"""Line 9, background work: one durable step per claim, written in the business transaction, done exactly once
whatever dies, against a no-op of the broker's own per claim and against bare SKIP LOCKED batches.

Messages carry chunks of claims: one row of the outbox holds the ids of so many, its worker does them and
finishes the row in the same transaction. The bare side takes rows of a queue in the database a hundred at a
time and marks them done, and knows no lease, no attempt and no quarantine.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from sqlalchemy import text

from agency import tables
from agency.kernel.actor import actor
from agency.kernel.ids import HOUSE
from agency.kernel.outbox import enqueue_many, run_jobs, take_waiting
from agency.kernel.unit import Door, Unit, Units, engine_for
from infra.bench.ground import MIGRATED, BenchFailed, Ground
from infra.bench.harness import Line, alternate

CHUNK, BARE_BATCH, WORKERS = 500, 100, 2
# Measured beside the peers of this project, 2 processes of 8 threads, on a quiet machine.
DRAMATIQ_PER_SECOND, DRAMATIQ_TIMES = 3_500, 10
BY = "system:bench"
_RUN = "bench_durable"
_SET_UP = """
CREATE TABLE bench_claim (n bigint PRIMARY KEY, steps integer NOT NULL DEFAULT 0);
INSERT INTO bench_claim (n) SELECT generate_series(1, {claims});
CREATE TABLE bench_queue (n bigint PRIMARY KEY, done_at timestamptz);
CREATE INDEX bench_queue_open ON bench_queue (n) WHERE done_at IS NULL;
GRANT SELECT, UPDATE ON bench_claim TO agency_worker;
"""
_STEP = text("UPDATE bench_claim SET steps = steps + 1 WHERE n = ANY(:ids)")
_TAKE = (
    "UPDATE bench_queue SET done_at = clock_timestamp() WHERE n IN (SELECT n FROM bench_queue"
    " WHERE done_at IS NULL ORDER BY n LIMIT {batch} FOR UPDATE SKIP LOCKED)"
)


@actor()
def step_claims(unit: Unit, *, ids: list[int]) -> None:
    """This function will take the step of each claim once: its effect commits with the job's end."""
    unit.session.connection().execute(_STEP, {"ids": ids})


def measure_durable(ground: Ground, *, claims: int, pairs: int, say: Callable[[str], None]) -> Line:
    """This function will measure a durable step of that many claims."""
    assert tables.metadata.tables
    line = Line(f"Durable steps, {claims:,} claims", "claims/s", claims, ">= 0.5 of bare SKIP LOCKED")
    side = _Sides(ground, claims)
    alternate(
        line, ours=side.work, other=side.skip_locked, before_ours=side.make_ready,
        before_other=side.make_ready, cpu_of=ground.cpu, pairs=pairs, say=say,
    )  # fmt: skip
    line.notes["bare"] = f"{claims / line.other_seconds:,.0f} claims/s, {BARE_BATCH} at a time by {WORKERS}"
    line.notes["Dramatiq no-op per claim, measured by itself"] = (
        f"{line.rate / DRAMATIQ_PER_SECOND:.1f} x its {DRAMATIQ_PER_SECOND:,}/s (goal {DRAMATIQ_TIMES})"
    )
    return line


class _Sides:
    def __init__(self, ground: Ground, claims: int) -> None:
        self.ground, self.claims = ground, claims
        self.url = ""

    def make_ready(self) -> None:
        self.url = self.ground.copy(MIGRATED, _RUN)
        with self.ground.postgres.superuser(_RUN) as connection:
            connection.execute(_SET_UP.format(claims=self.claims).encode())
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")

    def work(self) -> None:
        """Write the steps in one business transaction, then have two workers do what the relay names."""
        units = Units(engine_for(self.url))
        try:
            numbers = range(1, self.claims + 1)
            with units.open(Door.WORKER, by=BY) as unit:
                enqueue_many(unit, step_claims, [
                    {"ids": list(numbers[start : start + CHUNK])} for start in range(0, self.claims, CHUNK)
                ], creditor_id=HOUSE)  # fmt: skip
            self._do_all(units)
            with units.open(Door.WORKER, by=BY) as unit:
                once = unit.session.connection().execute(
                    text("SELECT count(*) FILTER (WHERE steps = 1) FROM bench_claim")
                )
                if once.scalar_one() != self.claims:
                    raise BenchFailed("not every claim took its step exactly once")
        finally:
            units.engine.dispose()

    def _do_all(self, units: Units) -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            while True:
                with units.open(Door.WORKER, by=BY) as unit:
                    waiting = [one for ids in take_waiting(unit).values() for one in ids]
                if not waiting:
                    return
                list(pool.map(lambda ids: run_jobs(units, ids), (waiting[0::2], waiting[1::2])))

    def skip_locked(self) -> None:
        with self.ground.postgres.superuser(_RUN) as connection:
            connection.execute(f"INSERT INTO bench_queue SELECT generate_series(1, {self.claims})".encode())
        threads = [threading.Thread(target=self._take) for _ in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _take(self) -> None:
        taking = _TAKE.format(batch=BARE_BATCH).encode()
        connection: psycopg.Connection[Any]
        with self.ground.postgres.superuser(_RUN) as connection:
            while connection.execute(taking).rowcount:
                pass
