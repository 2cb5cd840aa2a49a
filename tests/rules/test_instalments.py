"""Payment plans: to the cent, on days that exist, within bands, and kept or broken by what is paid."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.rules.instalments import (
    INSTALMENTS_MAX,
    Part,
    PartState,
    Rhythm,
    UnworkablePlan,
    house_bands,
    judge,
    policy,
    schedule_by_amount,
    schedule_by_count,
    spread,
    standing,
    within_owed,
)

pytestmark = pytest.mark.pure

TODAY = date(2026, 12, 1)
BANDS = house_bands(TODAY)
LEAST = Money(1000, "EUR")
days = st.dates(date(2020, 1, 1), date(2060, 1, 1))


def euro(minor: int) -> Money:
    return Money(minor, "EUR")


def by_amount(total=100_000, amount=10_000, first_on=date(2026, 12, 31), rhythm=Rhythm.MONTHLY):
    return schedule_by_amount(
        total=euro(total), amount=euro(amount), first_on=first_on, rhythm=rhythm, least=LEAST
    )


def by_count(total=100_000, count=12, first_on=date(2026, 12, 31), rhythm=Rhythm.MONTHLY):
    return schedule_by_count(total=euro(total), count=count, first_on=first_on, rhythm=rhythm, least=LEAST)


def minors(schedule) -> list[int]:
    return [one.amount.minor for one in schedule.instalments]


def test_rhythms_and_states_are_kept_under_their_own_words():
    assert [*Rhythm] == ["monthly", "weekly"]
    assert [*PartState] == ["open", "late", "missed", "paid"]


class TestSchedule:
    def test_last_one_takes_the_rest(self):
        assert minors(by_amount(100_000, 30_000)) == [30_000, 30_000, 30_000, 10_000]
        assert minors(by_count(100_000, 3)) == [33_333, 33_333, 33_334]

    def test_a_rest_too_small_joins_the_one_before_it(self):
        assert minors(by_amount(60_999, 30_000)) == [30_000, 30_999]
        assert minors(by_amount(61_000, 30_000)) == [30_000, 30_000, 1_000]

    def test_a_day_that_a_month_lacks_becomes_its_last_and_comes_back(self):
        dues = [one.due_on for one in by_count(count=4, first_on=date(2027, 1, 31)).instalments]
        assert dues == [date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30)]

    def test_weeks_are_seven_days(self):
        dues = [one.due_on for one in by_count(count=3, rhythm=Rhythm.WEEKLY).instalments]
        assert dues == [date(2026, 12, 31), date(2027, 1, 7), date(2027, 1, 14)]

    @pytest.mark.parametrize("minor", [1, 500])
    def test_a_debt_below_the_minimum_is_paid_at_once(self, minor):
        assert minors(by_count(minor, 1)) == [minor]
        assert minors(by_amount(minor, minor)) == [minor]

    def test_instalments_count_from_one(self):
        assert [one.number for one in by_count(count=3).instalments] == [1, 2, 3]

    def test_as_many_and_as_small_as_may_be(self):
        assert minors(by_count(2_000, 2)) == [1_000, 1_000]
        most = 1_000 * INSTALMENTS_MAX
        assert minors(by_count(most, INSTALMENTS_MAX)) == [1_000] * INSTALMENTS_MAX
        assert minors(by_amount(most, 1_000)) == [1_000] * INSTALMENTS_MAX

    @pytest.mark.parametrize(
        ("total", "amount", "reason"),
        [
            (0, 1_000, "nothing_owed"),
            (100_000, 999, "amount_too_small"),
            (100_000, 100_001, "amount_too_large"),
            (1_000 * (INSTALMENTS_MAX + 1), 1_000, "too_many"),
            # The rest, which is large enough to stand by itself, is one too many.
            (2_000 * INSTALMENTS_MAX + 1_000, 2_000, "too_many"),
        ],
    )
    def test_an_amount_that_gives_no_plan_is_refused(self, total, amount, reason):
        with pytest.raises(UnworkablePlan) as refused:
            by_amount(total, amount)
        assert (refused.value.reason, refused.value.field) == (reason, "amount")

    @pytest.mark.parametrize(
        ("total", "count", "reason"),
        [
            (0, 1, "nothing_owed"),
            (5_000, 0, "count_too_small"),
            (1_999, 2, "too_many"),
            (2_999, 3, "too_many"),
            (500, 2, "too_many"),
            (10**9, 121, "too_many"),
        ],
    )
    def test_a_count_that_gives_no_plan_is_refused(self, total, count, reason):
        with pytest.raises(UnworkablePlan) as refused:
            by_count(total, count)
        assert (refused.value.reason, refused.value.field) == (reason, "count")

    @given(
        st.integers(1, 10**9), st.integers(1, 10**7), st.integers(1, 130), days, st.sampled_from(Rhythm),
        st.booleans(),
    )  # fmt: skip
    def test_any_plan_is_the_total_to_the_cent_and_no_part_is_too_small(
        self, total, amount, count, first_on, rhythm, by_months
    ):
        try:
            made = (
                by_count(total, count, first_on, rhythm)
                if by_months
                else by_amount(total, amount, first_on, rhythm)
            )
        except UnworkablePlan:
            return
        assert sum(minors(made)) == total
        assert min(minors(made)) >= min(LEAST.minor, total)
        assert len(set(minors(made)[:-1])) <= 1, "only the last one differs"
        dues = [one.due_on for one in made.instalments]
        assert dues == sorted(set(dues))
        assert dues[0] == first_on
        if rhythm is Rhythm.MONTHLY:
            assert all(due.day == first_on.day or due.day < first_on.day <= 31 for due in dues)
            months = [due.year * 12 + due.month for due in dues]
            assert months == list(range(months[0], months[0] + len(months)))


class TestBands:
    def test_a_plan_within_them_is_accepted(self):
        found = judge(schedule=by_count(60_000, 12, date(2026, 12, 31)), bands=BANDS, today=TODAY)
        assert (found.accepted, found.reasons) == (True, ())

    def test_of_the_house_say_why_a_plan_lies_outside(self):
        schedule = by_amount(100_000, 2_400, date(2027, 1, 2))
        found = judge(schedule=schedule, bands=BANDS, today=TODAY)
        assert found.reasons == ("too_long", "too_little_a_month", "too_small_a_share", "starts_too_late")
        assert [line.outcome for line in found.trace] == ["plan.outside"] * 4

    @pytest.mark.parametrize(("first_on", "accepted"), [(date(2027, 1, 1), True), (date(2027, 1, 2), False)])
    def test_the_first_day_is_the_last_that_may_be(self, first_on, accepted):
        assert judge(schedule=by_count(60_000, 3, first_on), bands=BANDS, today=TODAY).accepted is accepted

    def test_a_plan_may_last_to_the_day_itself(self):
        at_last = by_count(65_000, 13, TODAY)
        assert at_last.last_on == date(2027, 12, 1)
        assert judge(schedule=at_last, bands=BANDS, today=TODAY).accepted
        found = judge(schedule=by_count(65_000, 13, date(2026, 12, 2)), bands=BANDS, today=TODAY)
        assert found.reasons == ("too_long",)

    @pytest.mark.parametrize(("total", "reasons"), [(100_000, ()), (100_001, ("too_small_a_share",))])
    def test_five_percent_a_month_is_a_twentieth_to_the_cent(self, total, reasons):
        bands = replace(BANDS, months_max=24, share_min_bps=500)
        found = judge(schedule=by_amount(total, 5_000, TODAY), bands=bands, today=TODAY)
        assert found.reasons == reasons

    def test_each_is_told_beside_what_the_plan_is(self):
        found = judge(schedule=by_count(60_000, 12, date(2026, 12, 31)), bands=BANDS, today=TODAY)
        assert [line.outcome for line in found.trace] == ["plan.within"] * 4
        assert [line.inputs["limit"] for line in found.trace] == ["12", "2500", "500", "31"]
        for line in found.trace:
            assert line.inputs.items() >= {"monthly": "EUR 50.00", "last_on": "2027-11-30"}.items()

    def test_a_small_debt_at_once_is_never_too_little(self):
        assert judge(schedule=by_count(800, 1, TODAY), bands=BANDS, today=TODAY).accepted

    def test_weekly_amounts_count_by_the_month(self):
        weekly = by_amount(10_000, 1_000, TODAY, Rhythm.WEEKLY)
        assert weekly.monthly == euro(4_333)
        assert judge(schedule=weekly, bands=BANDS, today=TODAY).accepted

    def test_the_house_has_a_policy_of_each_kind(self):
        assert house_bands(TODAY).source.startswith("house rule")
        assert policy("settlement", TODAY)["collector_bps"] < policy("settlement", TODAY)["admin_bps"]
        assert policy("promise", TODAY)["grace_days"] == 2

    def test_a_day_before_all_policy_has_none(self):
        with pytest.raises(LookupError, match="no bands for payment plans on 2019-01-01"):
            house_bands(date(2019, 1, 1))
        with pytest.raises(LookupError, match="no policy for a settlement on 2019-01-01"):
            policy("settlement", date(2019, 1, 1))


def parts(*paid: int, amount=100) -> tuple[Part, ...]:
    return tuple(
        Part(number, date(2026, 11 + number, 1) if number < 2 else date(2027, number - 1, 1), amount, one)
        for number, one in enumerate(paid, start=1)
    )


def paid_of(found) -> list[int]:
    return [part.paid_minor for part in found]


class TestSpreading:
    def test_the_oldest_comes_first(self):
        found, left = spread(parts(0, 0, 0, 0), minor=150)
        assert (paid_of(found), left) == ([100, 50, 0, 0], 0)

    def test_who_pays_ahead_has_missed_nothing(self):
        first, _ = spread(parts(0, 0, 0, 0), minor=100)
        found, _ = spread(first, minor=200)
        assert paid_of(found) == [100, 100, 100, 0]
        assert standing(found, today=date(2027, 2, 20), bands=BANDS).missed == ()

    def test_a_cent_goes_to_the_oldest_too(self):
        assert spread(parts(100, 0, 0), minor=1) == (parts(100, 1, 0), 0)

    def test_parts_are_taken_by_their_day_whatever_their_order(self):
        assert spread(parts(0, 0)[::-1], minor=130) == (parts(100, 30), 0)

    def test_more_than_the_plan_is_left_over(self):
        assert spread(parts(100, 50), minor=70)[1] == 20

    def test_what_is_taken_back_opens_the_latest_filled_first(self):
        found, left = spread(parts(100, 100, 100, 50), minor=-120)
        assert (paid_of(found), left) == ([100, 100, 30, 0], 0)

    @given(
        st.lists(st.tuples(st.integers(1, 500), st.integers(0, 500)), min_size=1, max_size=12),
        st.integers(-5_000, 5_000),
    )
    def test_never_loses_or_makes_a_cent(self, amounts, minor):
        before = [
            Part(number, TODAY + timedelta(days=30 * number), amount, min(amount, paid))
            for number, (amount, paid) in enumerate(amounts, start=1)
        ]
        found, left = spread(before, minor=minor)
        assert sum(paid_of(found)) + left == sum(paid_of(before)) + minor
        assert all(0 <= part.paid_minor <= part.amount_minor for part in found)
        assert left * minor >= 0


class TestStanding:
    @pytest.mark.parametrize(
        ("today", "state"),
        [
            (date(2026, 12, 1), PartState.OPEN),
            (date(2026, 12, 2), PartState.LATE),
            (date(2026, 12, 4), PartState.LATE),
            (date(2026, 12, 5), PartState.MISSED),
        ],
    )
    def test_grace_passes_before_an_instalment_is_missed(self, today, state):
        found = standing(parts(99, 0), today=today, bands=BANDS)
        assert (found.parts[1], found.outcome) == (state, "running")

    def test_two_missed_break_the_plan(self):
        assert standing(parts(0, 0, 0), today=date(2027, 1, 4), bands=BANDS).missed == (1,)
        found = standing(parts(0, 0, 0), today=date(2027, 1, 5), bands=BANDS)
        assert (found.outcome, found.missed) == ("broken", (1, 2))

    def test_the_last_one_missed_for_too_long_breaks_it_too(self):
        last = parts(100, 0)
        assert standing(last, today=date(2027, 1, 31), bands=BANDS).outcome == "running"
        assert standing(last, today=date(2027, 2, 1), bands=BANDS).outcome == "broken"

    def test_all_paid_completes_it(self):
        assert standing(parts(100, 100), today=TODAY, bands=BANDS).outcome == "completed"

    def test_a_stricter_creditor_breaks_it_at_the_first(self):
        strict = replace(BANDS, missed_max=0)
        assert standing(parts(0, 0), today=date(2026, 12, 5), bands=strict).outcome == "broken"


class TestWithinOwed:
    def test_what_is_no_longer_owed_comes_off_the_end(self):
        found = within_owed(parts(40, 0, 0), owed_minor=110)
        assert [part.open_minor for part in found] == [60, 50, 0]

    def test_what_was_paid_ahead_stays_paid(self):
        found = within_owed(parts(0, 0, 100), owed_minor=130)
        assert [(part.amount_minor, part.open_minor) for part in found] == [(100, 100), (30, 30), (100, 0)]

    def test_nothing_is_missed_where_nothing_is_owed(self):
        nothing = within_owed(parts(0, 0), owed_minor=0)
        assert standing(nothing, today=date(2027, 3, 1), bands=BANDS).missed == ()

    @given(
        paid=st.lists(st.integers(0, 100), min_size=1, max_size=8),
        owed=st.integers(0, 900),
    )
    def test_no_more_is_asked_than_is_owed_and_no_instalment_grows(self, paid, owed):
        before = parts(*paid)
        found = within_owed(before, owed_minor=owed)
        open_before = sum(part.open_minor for part in before)
        assert sum(part.open_minor for part in found) == min(owed, open_before)
        for part, was in zip(found, before, strict=True):
            assert 0 <= part.open_minor <= was.open_minor
            assert replace(part, amount_minor=was.amount_minor) == was
