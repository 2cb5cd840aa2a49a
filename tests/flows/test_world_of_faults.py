"""Days in which everything goes wrong that providers, bank and payers can do: A1 to A24, B1 to B18."""

import pytest

from portal import demo
from portal.world.fault_cases import CASES, HELD_BY_TESTS
from portal.world.troubled_outside import TroubledOutside
from portal.world.year import FaultyWorld
from portal.world.year_telling import as_plain
from tests.flows.conftest import MONDAY, clock

DAYS, SEED = 11, 7


class FaultyWorldWithoutWorkers(FaultyWorld):
    """The world of `dev world --faults`; its jobs run here instead of in worker processes."""

    town = None

    def _until_quiet(self) -> None:
        self.town.work_off()


@pytest.fixture
def outside(town):
    made = TroubledOutside(simulator=town.simulator.url, portal=town.work.settings.public_url)
    yield made
    made.close()


def world_of(town, outside, memory, **how):
    world = FaultyWorldWithoutWorkers(wiring=town.work, outside=outside, seed=SEED, memory=memory, **how)
    world.town = town
    return world


class TestWorldOfFaults:
    def test_every_fault_comes_to_pass_and_ends_with_each_line_explained(
        self, town, outside, monkeypatch, tmp_path
    ):
        """A1-A4, A6-A18, A20-A24, B1-B11, B13-B17."""
        for name, claims in (("CONSUMER_CLAIMS", 40), ("TRADE_CLAIMS", 30), ("BELGIAN_CLAIMS", 10)):
            monkeypatch.setattr(demo, name, claims)
        town.it_is(clock(MONDAY, 9))
        demo.load()
        world = world_of(town, outside, tmp_path / "world.txt", claims=0, faults=True)

        story = world.live(days=DAYS, tell=lambda *_: None)
        outcome = world.outcome()

        told = as_plain(story, outcome)
        assert {fault["case"]: fault["open"] for fault in told["faults"] if fault["open"]} == {}
        assert [fault["case"] for fault in told["faults"] if not fault["injected"]] == []
        assert [check for check in story.proof if not check["holds"]] == []
        assert (outcome.percent, outcome.unexplained_minor) == ("100.0000", 0)
        assert outcome.is_clean
        assert story.green


class TestCases:
    @pytest.mark.pure
    def test_name_each_case_of_the_catalogue(self):
        catalogue = {f"A{number}" for number in range(1, 25)} | {f"B{number}" for number in range(1, 19)}
        assert {case.number for case in CASES} | set(HELD_BY_TESTS) == catalogue
        assert len({case.key for case in CASES}) == len(CASES)
