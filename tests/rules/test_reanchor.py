"""A step's day after holds and part payments, and how a standstill is caught up (C15; row 39)."""

from collections import Counter
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.rules.reanchor import Pause, catch_up, many_late, reanchored
from agency.rules.tables import read_table

pytestmark = pytest.mark.pure

FIRST = date(2026, 12, 1)
DAYS = st.integers(0, 60).map(lambda days: FIRST + timedelta(days=days))
PAUSES = st.lists(
    st.tuples(DAYS, st.integers(0, 30), st.sampled_from(["debt_help", "promise", "complaint"])).map(
        lambda told: Pause(told[0], told[0] + timedelta(days=told[1]), told[2])
    ),
    max_size=4,
)


def day(number, month=12):
    return date(2026, month, number)


def moved(*pauses, due=8, paid=None):
    return reanchored(
        due_on=day(due), waits_from=day(1), pauses=pauses, paid_part_on=paid, on=date(2026, 12, 31)
    )


def test_days_on_hold_do_not_count():
    assert moved(Pause(day(5), day(20), "debt_help")) == day(23)


def test_who_broke_a_promise_has_had_his_time():
    assert moved(Pause(day(5), day(13), "promise")) == day(14)
    assert moved(Pause(day(2), day(4), "promise")) == day(8)


def test_a_rule_counts_from_its_first_day():
    first = min(row["since"] for row in read_table("planning")["pause"] if row["effect"] == "goes_on")
    promise = Pause(day(5), day(13), "promise")
    on_its_day = {
        "due_on": day(8),
        "waits_from": day(1),
        "pauses": [promise],
        "paid_part_on": None,
        "on": first,
    }
    assert reanchored(**on_its_day) == day(14)


def test_what_ended_before_or_began_after_moves_nothing():
    assert moved(Pause(date(2026, 11, 1), date(2026, 11, 20), "debt_help")) == day(8)
    assert moved(Pause(day(9), day(20), "debt_help")) == day(8)


def test_a_pause_told_afterwards_moves_as_one_told_in_time():
    """It began before the step it now moves was even planned; that it was written down later is no matter."""
    assert moved(Pause(date(2026, 11, 20), day(6), "complaint")) == day(13)


def test_two_holds_at_once_move_once():
    both = Pause(day(3), day(10), "debt_help"), Pause(day(5), day(10), "complaint")
    assert moved(*both) == moved(both[0]) == day(15)


def test_a_part_payment_gives_a_week_of_rest():
    assert moved(paid=day(7)) == day(14)
    assert moved(paid=date(2026, 11, 30)) == day(8)


@given(DAYS, DAYS, PAUSES, st.one_of(st.none(), DAYS))
def test_a_step_never_comes_earlier_nor_during_a_hold(due, waits_from, pauses, paid):
    due = max(due, waits_from)
    found = reanchored(due_on=due, waits_from=waits_from, pauses=pauses, paid_part_on=paid, on=FIRST)
    assert found >= due
    longest = sum(((one.ended_on - one.first_day).days + 1 for one in pauses), 0)
    assert (found - due).days <= longest + 7 + (0 if paid is None else max(0, (paid - due).days))
    for one in pauses:
        if one.first_day <= due and one.ended_on >= waits_from:
            assert found > one.ended_on


@given(DAYS, PAUSES)
def test_the_order_in_which_holds_were_told_makes_no_difference(due, pauses):
    def found(told):
        return reanchored(due_on=due, waits_from=FIRST, pauses=told, paid_part_on=None, on=FIRST)

    assert found(pauses) == found(list(reversed(pauses)))


class TestCatchingUp:
    def test_few_go_at_once(self):
        turn = catch_up(claim_id=UUID(int=1), was_due=day(1), late_claims=500, today=day(4))
        assert (turn.on, turn.minutes) == (day(4), 0)

    def test_a_day_late_is_no_standstill(self):
        turn = catch_up(claim_id=UUID(int=1), was_due=day(3), late_claims=9_000, today=day(4))
        assert turn.on == day(4)

    def test_three_days_are_spread_over_three(self):
        turns = [
            catch_up(claim_id=UUID(int=number), was_due=day(1), late_claims=9_000, today=day(4))
            for number in range(9_000)
        ]
        by_day = Counter(turn.on for turn in turns)
        assert set(by_day) == {day(4), day(5), day(6)}
        assert max(by_day.values()) < 3_300
        assert max(Counter(turn.minutes for turn in turns).values()) < 60

    @given(st.integers(0, 2**64), st.integers(0, 40), st.integers(0, 10_000))
    def test_counting_more_than_many_changes_nothing(self, number, late, more):
        many = many_late(day(31))
        turns = {
            catch_up(
                claim_id=UUID(int=number), was_due=day(31) - timedelta(days=late), late_claims=claims,
                today=day(31),
            )
            for claims in (many, many + more)
        }  # fmt: skip
        assert len(turns) == 1

    def test_one_less_than_many_go_at_once(self):
        late = {"was_due": day(1), "today": day(4)}
        for claims, at_once in ((many_late(day(4)) - 1, True), (many_late(day(4)), False)):
            turns = {catch_up(claim_id=UUID(int=n), late_claims=claims, **late).on for n in range(50)}
            assert (turns == {day(4)}) is at_once

    @given(st.integers(0, 2**64), st.integers(0, 40), st.integers(0, 10_000))
    def test_who_was_put_off_once_is_not_late_on_that_day(self, number, late, claims):
        turn = catch_up(
            claim_id=UUID(int=number), was_due=day(31) - timedelta(days=late), late_claims=claims,
            today=day(31),
        )  # fmt: skip
        again = catch_up(claim_id=UUID(int=number), was_due=turn.on, late_claims=claims, today=turn.on)
        assert again.on == turn.on <= day(31) + timedelta(days=2)
