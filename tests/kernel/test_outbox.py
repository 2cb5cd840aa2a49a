"""A job is a row: it commits with its cause, runs once, survives failures and is fenced by generation."""

from threading import Barrier, Thread

import pytest
from sqlalchemy import text

from agency.kernel import actor as registry
from agency.kernel.actor import actor
from agency.kernel.outbox import DEATHS_MAX, drain, enqueue, outbox_state, run_jobs, take_waiting
from agency.kernel.unit import Door, Unit

EFFECT = text(
    "INSERT INTO scheduled_run (job, due_at, started_at) VALUES (:job, clock_timestamp(), app.now())"
)


@actor(attempts_max=3)
def leaves_a_mark(unit: Unit, *, job: str) -> None:
    unit.session.connection().execute(EFFECT, {"job": job})


@actor(attempts_max=3)
def marks_and_fails(unit: Unit, *, job: str) -> None:
    unit.session.connection().execute(EFFECT, {"job": job})
    raise RuntimeError("after the effect")


@pytest.fixture(autouse=True, scope="module")
def _forget_these_actors():
    yield
    for function in (leaves_a_mark, marks_and_fails):
        registry.ACTORS.pop(registry.actor_name(function), None)


def marks(units) -> int:
    with units.open(Door.WORKER, by="system:test") as unit:
        return unit.session.connection().execute(text("SELECT count(*) FROM scheduled_run")).scalar_one()


def put(units, function, **kwargs):
    with units.open(Door.WORKER, by="system:test") as unit:
        enqueue(unit, function, **kwargs)


def waiting_ids(units):
    with units.open(Door.WORKER, by="system:test") as unit:
        return [job for queue in take_waiting(unit, again_seconds=0).values() for job in queue]


def make_available(units):
    with units.open(Door.WORKER, by="system:test") as unit:
        unit.session.connection().execute(text("UPDATE outbox SET available_at = clock_timestamp()"))


class TestEnqueue:
    def test_a_rolled_back_cause_leaves_no_job(self, units):
        with pytest.raises(ZeroDivisionError), units.open(Door.WORKER, by="system:test") as unit:
            enqueue(unit, leaves_a_mark, job="a")
            raise ZeroDivisionError
        assert waiting_ids(units) == []

    def test_the_same_key_is_one_job(self, units):
        put(units, leaves_a_mark, key="k", job="a")
        put(units, leaves_a_mark, key="k", job="a")
        assert len(waiting_ids(units)) == 1


class TestRun:
    def test_a_job_named_three_times_has_one_effect(self, units):
        put(units, leaves_a_mark, job="a")
        (job_id,) = waiting_ids(units)
        assert [run_jobs(units, [job_id]) for _ in range(3)] == [1, 0, 0]
        assert marks(units) == 1

    def test_two_workers_at_once_have_one_effect(self, units):
        put(units, leaves_a_mark, job="a")
        (job_id,) = waiting_ids(units)
        start, results = Barrier(4), []

        def work():
            start.wait()
            results.append(run_jobs(units, [job_id]))

        threads = [Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results) == [0, 0, 0, 1]
        assert marks(units) == 1

    def test_each_job_of_a_message_runs_once_whatever_became_of_the_one_before(self, units):
        put(units, leaves_a_mark, job="a")
        put(units, marks_and_fails, job="b")
        put(units, leaves_a_mark, job="c")
        put(units, leaves_a_mark, job="d")
        ids = waiting_ids(units)
        assert run_jobs(units, ids) == 3
        assert run_jobs(units, ids) == 0
        assert marks(units) == 3
        with units.open(Door.WORKER, by="system:test") as unit:
            starts = unit.session.connection().execute(text("SELECT generation FROM outbox"))
            assert set(starts.scalars()) == {1}

    def test_a_failing_job_leaves_no_effect_and_is_quarantined_in_the_end(self, units):
        put(units, marks_and_fails, job="a")
        for _ in range(3):
            make_available(units)
            assert drain(units) == 0
        assert marks(units) == 0
        with units.open(Door.WORKER, by="system:test") as unit:
            state = outbox_state(unit)
        assert (state.open, state.quarantined) == (0, 1)

    def test_a_job_whose_workers_end_is_started_again_and_set_aside_in_the_end(self, units):
        """Nothing tells a job that ends its workers from one that was unlucky, but how often it happened."""
        put(units, leaves_a_mark, job="unlucky")
        put(units, leaves_a_mark, job="deadly")
        with units.open(Door.WORKER, by="system:test") as unit:
            unit.session.connection().execute(
                text(
                    "UPDATE outbox SET generation = :deaths + (args ->> 'job' = 'deadly')::integer,"
                    " leased_until = clock_timestamp() - interval '1 second'"
                ),
                {"deaths": DEATHS_MAX},
            )
        assert run_jobs(units, waiting_ids(units)) == 1
        assert marks(units) == 1
        with units.open(Door.WORKER, by="system:test") as unit:
            state = outbox_state(unit)
        assert (state.open, state.quarantined) == (0, 1)

    def test_a_worker_that_lost_its_lease_changes_nothing(self, units):
        put(units, leaves_a_mark, job="slow")
        (job_id,) = waiting_ids(units)

        @actor()
        def overtaken(unit: Unit, *, job: str) -> None:
            with units.open(Door.WORKER, by="system:other") as other:
                other.session.connection().execute(
                    text("UPDATE outbox SET generation = generation + 1 WHERE id = :id"), {"id": job_id}
                )
            unit.session.connection().execute(EFFECT, {"job": job})

        with units.open(Door.WORKER, by="system:test") as unit:
            unit.session.connection().execute(
                text("UPDATE outbox SET actor = :a"), {"a": registry.actor_name(overtaken)}
            )
        assert run_jobs(units, [job_id]) == 0
        assert marks(units) == 0

    def test_an_unknown_actor_is_quarantined_not_lost(self, units):
        put(units, leaves_a_mark, job="a")
        with units.open(Door.WORKER, by="system:test") as unit:
            unit.session.connection().execute(text("UPDATE outbox SET actor = 'gone.away'"))
        drain(units)
        with units.open(Door.WORKER, by="system:test") as unit:
            assert outbox_state(unit).quarantined == 1
