"""What is told at once is reacted to together, and each event by itself where one of them fails."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from agency.events import DocumentsWait, Event, PaymentReceived
from agency.kernel import emitting
from agency.kernel.emitting import EVENTS_PER_JOB, emit, install_reactions
from agency.kernel.ids import new_id
from agency.kernel.outbox import drain, outbox_state
from agency.kernel.unit import Door, Unit
from tests.made import a_claim, a_creditor

EFFECT = text(
    "INSERT INTO scheduled_run (job, due_at, started_at) VALUES (:job, clock_timestamp(), app.now())"
)


@pytest.fixture(autouse=True)
def _no_other_reactions():
    before = dict(emitting._reactions)
    yield
    install_reactions(before)


@pytest.fixture
def claim(units):
    with units.open(Door.STAFF, by="user:test") as unit:
        creditor = a_creditor(unit)
        return creditor, a_claim(unit, creditor_id=creditor, invoices=[(10_000, unit.today)])


def received(claim, minor: int) -> Event:
    return PaymentReceived(
        creditor_id=claim[0], claim_id=claim[1], payment_id=new_id(), amount_minor=minor, currency="EUR",
        source="bank",
    )  # fmt: skip


def mark(unit: Unit, event: PaymentReceived) -> None:
    unit.session.connection().execute(EFFECT, {"job": str(event.amount_minor)})


def told(units, *events: Event) -> None:
    with units.open(Door.WORKER, by="system:test") as unit:
        unit.session.connection().execute(text("DELETE FROM outbox"))
        emit(unit, *events)


def jobs(units) -> list[str]:
    with units.open(Door.WORKER, by="system:test") as unit:
        return list(unit.session.connection().execute(text("SELECT actor FROM outbox ORDER BY id")).scalars())


def marks(units) -> list[int]:
    with units.open(Door.WORKER, by="system:test") as unit:
        rows = unit.session.connection().execute(text("SELECT job FROM scheduled_run"))
        return sorted(int(job) for job in rows.scalars())


class TestEmit:
    def test_one_event_has_a_job_of_its_own_and_what_nobody_reacts_to_has_none(self, units, claim):
        told(units, received(claim, 1), DocumentsWait(creditor_id=claim[0], documents=1))
        assert jobs(units) == ["kernel.react"]

    def test_many_events_share_jobs_and_each_is_reacted_to_once(self, units, claim):
        install_reactions({PaymentReceived: (mark,)})
        many = range(EVENTS_PER_JOB + 1)
        told(units, *[received(claim, minor) for minor in many])
        assert jobs(units) == ["kernel.react_to_many"] * 2
        drain(units)
        assert marks(units) == list(many)

    def test_creditors_share_none(self, units, claim):
        with units.open(Door.STAFF, by="user:test") as unit:
            creditor = a_creditor(unit)
            other = creditor, a_claim(unit, creditor_id=creditor, invoices=[(10_000, unit.today)])
        told(units, received(claim, 1), received(other, 2), received(claim, 3))
        assert sorted(jobs(units)) == ["kernel.react", "kernel.react_to_many"]


class TestReactToMany:
    def test_a_failing_reaction_costs_the_other_events_nothing(self, units, claim):
        def fail_on_two(unit: Unit, event: PaymentReceived) -> None:
            mark(unit, event)
            if event.amount_minor == 2:
                raise RuntimeError("after the effect")

        install_reactions({PaymentReceived: (fail_on_two,)})
        told(units, *[received(claim, minor) for minor in (1, 2, 3)])
        drain(units)
        assert marks(units) == [1, 3]
        with units.open(Door.WORKER, by="system:test") as unit:
            assert outbox_state(unit).open == 1

    def test_a_refusal_by_the_database_does_not_spoil_the_job(self, units, claim):
        def refused(unit: Unit, event: PaymentReceived) -> None:
            if event.amount_minor == 2:
                unit.session.connection().execute(text("SELECT 1 / 0"))
            mark(unit, event)

        install_reactions({PaymentReceived: (refused,)})
        told(units, *[received(claim, minor) for minor in (1, 2, 3)])
        drain(units)
        assert marks(units) == [1, 3]


def test_an_event_is_of_a_creditor_and_of_a_claim_of_it(units, claim):
    with units.open(Door.STAFF, by="user:test") as unit:
        other = a_creditor(unit)
    for creditor_id, claim_id in ((other, claim[1]), (new_id(), None), (claim[0], new_id())):
        with pytest.raises(IntegrityError, match="foreign key"), units.open(Door.STAFF, by="user:x") as unit:
            emit(unit, received((creditor_id, claim_id), 100))
