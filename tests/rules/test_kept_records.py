"""Whether what an agency must keep is in order: windows, first days, warnings, and what the tables say."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.calendar.months import add_months
from agency.rules.explain import explain
from agency.rules.kept_records import (
    Authority,
    RecordKind,
    Requirement,
    Standing,
    export_limits,
    how_it_stands,
    requirements,
)
from tests.rules.wording import assert_readable

pytestmark = pytest.mark.pure

ON = date(2026, 11, 28)
LONG_AGO = date(2024, 4, 1)
ORDER = list(Standing)
DAYS = st.dates(date(2024, 4, 1), date(2028, 12, 31))


def wanted(*, least: int = 2, months: int = 12, warn_days: int = 60) -> Requirement:
    return Requirement(
        "ethics_meetings", Authority.NL, RecordKind.ETHICS_MEETING, "agency", least, months, warn_days,
        LONG_AGO, "law", "Bki",
    )  # fmt: skip


def stands(*held: date, begins: date = LONG_AGO, on: date = ON, **demand: int):
    return how_it_stands(wanted=wanted(**demand), held=held, begins=begins, on=on)


class TestTwoAYear:
    def test_two_within_twelve_months_are_in_order_until_the_older_one_falls_out(self):
        found = stands(date(2026, 10, 1), date(2026, 5, 1))
        assert (found.standing, found.counted, found.lapses_on) == (Standing.IN_ORDER, 2, date(2027, 5, 1))

    def test_the_day_on_which_it_lapses_is_overdue_and_the_day_before_is_due(self):
        held = (date(2026, 5, 1), date(2026, 10, 1))
        assert stands(*held, on=date(2027, 4, 30)).standing is Standing.DUE
        assert stands(*held, on=date(2027, 5, 1)).standing is Standing.OVERDUE

    def test_the_warning_begins_its_days_before(self):
        held = (date(2026, 5, 1), date(2026, 10, 1))
        assert stands(*held, on=date(2027, 3, 1)).standing is Standing.IN_ORDER
        assert stands(*held, on=date(2027, 3, 2)).standing is Standing.DUE

    def test_one_alone_is_not_enough(self):
        assert stands(date(2026, 10, 1)).standing is Standing.OVERDUE

    def test_nothing_is_overdue_where_the_demand_is_old(self):
        found = stands()
        assert (found.standing, found.counted, found.lapses_on) == (Standing.OVERDUE, 0, date(2025, 4, 1))

    def test_who_began_lately_has_a_whole_window(self):
        found = stands(begins=date(2026, 6, 1))
        assert (found.standing, found.lapses_on) == (Standing.IN_ORDER, date(2027, 6, 1))

    def test_what_is_planned_does_not_count(self):
        assert stands(date(2026, 10, 1), date(2026, 12, 1)).counted == 1

    def test_a_demand_does_not_begin_before_its_rule(self):
        assert stands(begins=date(2000, 1, 1)).lapses_on == date(2025, 4, 1)

    def test_the_end_of_a_short_month_is_kept(self):
        assert stands(date(2024, 2, 29), begins=date(2024, 2, 29), least=1).lapses_on == date(2025, 4, 1)
        assert stands(date(2024, 12, 31), least=1, months=2).lapses_on == date(2025, 2, 28)


class TestProperties:
    @given(st.lists(DAYS, max_size=6), DAYS, DAYS, DAYS)
    def test_one_more_record_never_makes_it_worse(self, held, more, begins, on):
        before, after = stands(*held, begins=begins, on=on), stands(*held, more, begins=begins, on=on)
        assert ORDER.index(after.standing) <= ORDER.index(before.standing)
        assert after.lapses_on >= before.lapses_on

    @given(st.lists(DAYS, max_size=6), DAYS, st.integers(1, 400))
    def test_time_alone_never_makes_it_better(self, held, on, days):
        held = [day for day in held if day <= on]
        before, after = stands(*held, on=on), stands(*held, on=on + timedelta(days=days))
        assert ORDER.index(after.standing) >= ORDER.index(before.standing)

    @given(st.lists(DAYS, max_size=6), DAYS)
    def test_the_order_of_records_says_nothing(self, held, on):
        assert stands(*held, on=on) == stands(*reversed(held), on=on)

    @given(st.lists(DAYS, min_size=2, max_size=6), DAYS)
    def test_enough_in_the_window_is_never_overdue(self, held, on):
        inside = [day for day in held if add_months(on, -12) < day <= on]
        if len(inside) >= 2:
            assert stands(*held, on=on).standing is not Standing.OVERDUE

    @given(st.lists(DAYS, max_size=4), DAYS, DAYS)
    def test_every_answer_can_be_read(self, held, begins, on):
        assert_readable(stands(*held, begins=begins, on=on).trace)


class TestTables:
    def test_the_netherlands_ask_for_trainings_and_two_meetings(self):
        found = {
            one.key: (one.kind, one.role, one.least, one.basis)
            for one in requirements(authority=Authority.NL, on=ON)
        }
        assert found == {
            "collectors_training": ("training", "collector", 1, "law"),
            "managers_training": ("training", "admin", 1, "law"),
            "ethics_meetings": ("ethics_meeting", "agency", 2, "law"),
        }

    def test_belgium_asks_by_a_rule_of_the_house(self):
        [only] = requirements(authority=Authority.BE, on=ON)
        assert (only.key, only.basis) == ("collectors_training", "house")

    def test_before_the_law_nothing_is_asked(self):
        assert requirements(on=date(2023, 11, 30)) == ()
        assert len(requirements(on=date(2024, 3, 31))) == 1

    def test_without_a_supervisor_all_demands_are_named(self):
        assert len(requirements(on=ON)) == 4

    def test_an_export_is_bounded_and_erased(self):
        limits = export_limits(on=ON)
        assert (limits.claims_max, limits.bytes_max, limits.keep_days) == (2000, 2 << 30, 30)


class TestSources:
    @pytest.mark.parametrize("lang", ["nl", "fr", "de"])
    def test_are_told_in_the_reader_s_language(self, lang):
        for demand in requirements(on=ON):
            decision = how_it_stands(wanted=demand, held=(), begins=LONG_AGO, on=ON)
            (line,), (english,) = explain(decision.trace, lang), explain(decision.trace, "en")
            assert line.source != english.source
