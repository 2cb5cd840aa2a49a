"""A small world lived through the real reservation: nothing leaves that should not, and guards are needed.

The full size, and the table of every guard, are `dev silence` and `dev silence --guards` (I1, I2, C11, C12,
C14, D19..D21, F1).
"""

from datetime import UTC, date, datetime, timedelta

import pytest

from agency.kernel.ids import new_id
from portal.local.postgres import APPLICATION
from portal.silence.days import Size, first_day
from portal.silence.diary import Diary
from portal.silence.feasts import easter, is_feast
from portal.silence.guards import GUARDS, GuardNotFound, _statement
from portal.silence.running import run_in
from portal.silence.worlds import parted

SIZE = Size(days=22, messages=240, seed=3)


@pytest.fixture
def live(run_servers, fresh_database):
    name = fresh_database[0].rsplit("/", 1)[1]
    with run_servers.postgres.superuser(name) as superuser:
        superuser.autocommit = True
        yield lambda guard: run_in(
            run_servers.postgres.url(APPLICATION, name), superuser, size=SIZE, guard=guard
        )


def test_nothing_leaves_that_should_not(live):
    run = live(None)
    assert run.count.messages > SIZE.messages // 2
    assert dict(run.count.faults) == {}, run.count.examples
    assert {"NL", "BE-VLG", "BE-WAL", "DE"} <= set(run.count.by_country)
    assert {"held", "withdrawn", "pays", "pays_part"} <= set(run.acts)


@pytest.mark.parametrize("name", ["holidays", "amounts", "once"])
def test_without_a_guard_the_count_turns_red(live, name):
    guard = next(guard for guard in GUARDS if guard.name == name)
    run = live(guard)
    assert run.count.faults[guard.fault] > 0


@pytest.mark.pure
class TestGuards:
    def test_each_has_a_name_of_its_own(self):
        names = [guard.name for guard in GUARDS]
        assert len(set(names)) == len(names) >= 20

    def test_each_is_still_where_it_is_taken_from(self):
        for guard in GUARDS:
            assert guard.swaps(), guard.name

    def test_a_condition_that_the_product_lost_is_noticed(self):
        from agency.communication import facts

        with pytest.raises(GuardNotFound):
            _statement(facts, "_TAKE_OTHERS", {"AND the moon is full": ""})()


@pytest.mark.pure
class TestDiary:
    NOON = datetime(2028, 2, 29, 12, tzinfo=UTC)
    LATER, LAST = NOON + timedelta(hours=1), NOON + timedelta(hours=2)

    def test_a_wider_dispute_does_not_hide_the_first_one(self):
        diary, claim_id = Diary(), new_id()
        diary.contest(claim_id, 100, self.NOON)
        diary.contest(claim_id, 900, self.LAST)
        moments = (self.NOON - timedelta(seconds=1), self.NOON, self.LATER, self.LAST)
        assert [diary.contested_at(claim_id, moment) for moment in moments] == [0, 100, 100, 900]

    def test_a_promise_ends_with_its_day_or_with_the_payment(self):
        diary, paid, waited = Diary(), new_id(), new_id()
        for claim_id in (paid, waited):
            diary.hold(claim_id, "promise", self.NOON, self.LAST)
        diary.lift(paid, "promise", self.LATER)
        assert [span.holds_at(self.LATER) for span in diary.holds[paid, "promise"]] == [False]
        assert [span.holds_at(self.LATER) for span in diary.holds[waited, "promise"]] == [True]
        diary.lift(waited, "promise", self.LAST + timedelta(days=1))
        assert [span.holds_at(self.LAST) for span in diary.holds[waited, "promise"]] == [False]


@pytest.mark.pure
class TestWorlds:
    def test_together_they_are_as_large_as_the_run(self):
        worlds = parted(Size(days=400, messages=100_001, seed=7), 4)
        assert [world.size.seed for world in worlds] == [7, 8, 9, 10]
        assert sum(world.size.messages for world in worlds) >= 100_001
        assert {world.size.days for world in worlds} == {400}


@pytest.mark.pure
class TestFeasts:
    @pytest.mark.parametrize(
        ("year", "sunday"),
        [
            (2024, date(2024, 3, 31)),
            (2027, date(2027, 3, 28)),
            (2028, date(2028, 4, 16)),
            (2038, date(2038, 4, 25)),
        ],
    )
    def test_easter_moves(self, year, sunday):
        assert easter(year) == sunday

    @pytest.mark.parametrize(
        ("country", "region", "day"),
        [
            ("NL", None, date(2028, 4, 14)),  # Good Friday
            ("NL", None, date(2031, 4, 26)),  # the King's day, when the 27th is a Sunday
            ("BE", "VLG", date(2028, 7, 11)),
            ("BE", "WAL", date(2028, 9, 27)),
            ("DE", "SN", date(2028, 11, 22)),  # the day of repentance, a Wednesday
            ("FI", "18", date(2028, 6, 24)),  # midsummer
        ],
    )
    def test_days_that_nobody_is_written_to(self, country, region, day):
        assert is_feast(country=country, region=region, day=day)
        assert not is_feast(country=country, region=region, day=day + timedelta(days=2))


@pytest.mark.pure
def test_a_run_begins_before_a_leap_year():
    assert first_day(date(2026, 11, 27)) == date(2027, 10, 25)
    assert first_day(date(2027, 10, 26)) == date(2031, 10, 25)
