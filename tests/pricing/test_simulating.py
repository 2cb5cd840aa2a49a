"""A draft of a rate card priced over the portfolio: old against new, cancelled, and taken over."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from agency.kernel.errors import NotFound
from agency.kernel.outbox import drain
from agency.kernel.tryouts import Walk
from agency.pricing import simulating
from agency.pricing.drafts import plain_fields
from agency.pricing.simulating import RATE_CARD_TRYOUTS, ask_simulation, begin_walk, changes
from agency.pricing.simulation_sums import Simulation
from agency.rules.price import DEFAULT_CARD
from tests.intake.factories import a_creditor, a_file, a_row, place, rows_of
from tests.pricing.test_drafts import DEARER, at_desk, drafted

SAME = plain_fields(DEFAULT_CARD)


class Killed(BaseException):
    """The worker ended under its job."""


@dataclass
class Watched:
    """A walk that calls something before each of its parts."""

    walk: Walk
    before: Any
    began_at: int = field(init=False)

    def __post_init__(self):
        self.began_at = self.walk.tried

    def __getattr__(self, name):
        return getattr(self.walk, name)

    def further(self, unit):
        self.before()
        return self.walk.further(unit)


@pytest.fixture
def creditor_id(units):
    return a_creditor(units)


@pytest.fixture
def portfolio(units, creditor_id, monkeypatch):
    """Five claims of two creditors, priced two at a time."""
    monkeypatch.setattr(simulating, "CHUNK", 2)
    place(units, creditor_id, a_file(a_row("F1", amount="100,00"), a_row("F2", amount="2.500,00")))
    rows = (a_row(f"G{n}", amount=f"{n}00,00", customer=f"{n}") for n in (1, 2, 3))
    place(units, a_creditor(units, "OTHER"), a_file(*rows))


def asked(units, content=DEARER) -> tuple[UUID, UUID]:
    """A draft and a simulation of it that waits for a worker."""
    draft_id = drafted(units, content)
    with at_desk(units) as unit:
        return draft_id, ask_simulation(unit, draft_id=draft_id)


def latest(units, draft_id):
    with at_desk(units) as unit:
        return RATE_CARD_TRYOUTS.latest(unit, draft_id=draft_id)


def simulated(units, content=DEARER) -> Simulation:
    draft_id, _ = asked(units, content)
    drain(units)
    kept = latest(units, draft_id)
    assert kept.state == "done"
    return Simulation.from_json(kept.result)


def run(units, trial_id, before) -> int:
    """Work on a simulation, and return how many claims were behind it when this worker began."""
    walks = []

    def begin(unit, draft, standing):
        walks.append(Watched(begin_walk(unit, draft, standing, trial_id=trial_id), before))
        return walks[-1]

    RATE_CARD_TRYOUTS.run(units, trial_id=trial_id, by="system:test", begin=begin)
    return walks[0].began_at


def test_says_what_each_creditor_would_pay_old_against_new(units, creditor_id, portfolio):
    found = simulated(units)
    assert (found.every, found.total.claims, len(found.creditors)) == (1, 5, 2)
    assert found.total.new - found.total.old >= 5 * 500
    assert found.creditors[creditor_id].claims == 2
    assert len(found.biggest()) == 5
    old = rows_of(units, creditor_id, "SELECT sum((facts ->> 'maximum_minor')::bigint) FROM quote_line")
    assert found.creditors[creditor_id].old == old[0][0]


def test_of_the_same_card_changes_nothing(units, portfolio):
    found = simulated(units, SAME)
    assert (found.biggest(), dict(found.shifts)) == ([], {0: 5})


def lines_of(units, draft_id):
    kept = latest(units, draft_id)
    with at_desk(units) as unit:
        return list(changes(unit, trial=kept))


def test_gives_the_file_the_lines_that_were_summed_up(units, portfolio):
    draft_id, _ = asked(units)
    with pytest.raises(NotFound):
        lines_of(units, draft_id)
    drain(units)
    lines = lines_of(units, draft_id)
    found = Simulation.from_json(latest(units, draft_id).result)
    assert [len(lines), sum(one.new_minor for one in lines)] == [5, found.total.new]
    assert len({one.number for one in lines}) == 5


def test_forgets_the_lines_of_earlier_ones(units, portfolio):
    draft_id, _ = asked(units)
    drain(units)
    with at_desk(units) as unit:
        ask_simulation(unit, draft_id=draft_id)
        count = text("SELECT count(*) FROM rate_card_trial_part")
        assert unit.session.connection().execute(count).scalar_one() == 0


def test_goes_on_where_a_killed_worker_left_it(units, portfolio):
    whole = simulated(units)
    draft_id, trial_id = asked(units)
    parts = iter((None, Killed))

    def dies_in_the_second_part():
        if dead := next(parts):
            raise dead

    with pytest.raises(Killed):
        run(units, trial_id, dies_in_the_second_part)
    left = latest(units, draft_id)
    assert (left.state, left.tried, left.claims) == ("running", 2, 5)
    assert run(units, trial_id, lambda: None) == 2
    kept = latest(units, draft_id)
    assert (kept.state, kept.tried) == ("done", 5)
    assert Simulation.from_json(kept.result) == Simulation.from_json(whole.as_json())
    assert len({one.number for one in lines_of(units, draft_id)}) == len(lines_of(units, draft_id)) == 5


def test_ends_at_the_next_part_when_it_is_cancelled(units, portfolio):
    draft_id, trial_id = asked(units)
    parts = []

    def cancelled_meanwhile():
        parts.append(len(parts))
        with at_desk(units) as unit:
            RATE_CARD_TRYOUTS.cancel(unit, draft_id=draft_id)

    run(units, trial_id, cancelled_meanwhile)
    kept = latest(units, draft_id)
    assert (kept.state, kept.tried, kept.result, parts) == ("cancelled", 0, {}, [0])


def test_ends_when_another_is_asked_for(units, portfolio):
    draft_id, first = asked(units)
    with at_desk(units) as unit:
        ask_simulation(unit, draft_id=draft_id)
    drain(units)
    with at_desk(units) as unit:
        assert unit.session.get(RATE_CARD_TRYOUTS.table, first).state == "cancelled"
    assert latest(units, draft_id).state == "done"
