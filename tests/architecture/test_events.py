"""The catalogue of events and the table of reactions agree, and what the clock starts is a job."""

from pathlib import Path

import pytest

from agency import events
from agency.events import EVENTS, Event
from agency.kernel.actor import ACTORS, actor_name
from agency.reactions import REACTIONS
from portal.schedule import SCHEDULE

pytestmark = pytest.mark.pure


def catalogue() -> set[type[Event]]:
    """Every kind of event that stands in the catalogue."""
    return {kind for kind in Event.__subclasses__() if kind.__module__.startswith(f"{events.__name__}.")}


def disagreements(kinds: set[type[Event]], table: set[type[Event]]) -> dict[str, set[str]]:
    """Events that say somebody reacts where nobody does, and the reverse."""
    reacting = {kind for kind in kinds if kind.reacts}
    return {
        "nobody reacts": {kind.__name__ for kind in reacting - table},
        "not marked with reacts = True": {kind.__name__ for kind in table - reacting},
    }


class TestCatalogue:
    def test_holds_every_event_of_every_file_under_a_name_of_its_own(self):
        listed = {kind.__module__.rpartition(".")[2] for kind in EVENTS.values()}
        files = {file.stem for file in Path(str(events.__file__)).parent.glob("*.py")}
        assert files == listed | {"__init__", "event"}, "import the file in agency/events/__init__.py"
        assert set(EVENTS.values()) == catalogue(), "two events have one name"
        for name, kind in EVENTS.items():
            assert getattr(events, name) is kind


class TestReactions:
    def test_stand_in_the_table_for_every_event_that_says_so(self):
        assert len(catalogue()) > 30
        found = disagreements(catalogue(), set(REACTIONS))
        assert not any(found.values()), f"{found}: keep agency/events and agency/reactions.py together"

    def test_a_forgotten_one_is_noticed_in_both_directions(self):
        class Loud(Event):
            reacts = True

        class Silent(Event):
            pass

        assert disagreements({Loud, Silent}, {Silent}) == {
            "nobody reacts": {"Loud"},
            "not marked with reacts = True": {"Silent"},
        }

    def test_are_functions_of_a_unit_and_the_event(self):
        for reactions in REACTIONS.values():
            for reaction in reactions:
                assert list(reaction.__annotations__)[:2] == ["unit", "event"], reaction.__name__


class TestSchedule:
    def test_starts_jobs_only(self):
        assert {actor_name(scheduled.job) for scheduled in SCHEDULE} <= ACTORS.keys()
