"""A24: a creditor's new account is paid to after two people and a wait, whatever the order of events."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.rules.account_change import (
    RUNNING,
    AccountChange,
    ApprovalRefused,
    ChangeState,
    approve_change,
    may_pay_to,
    waiting_days,
)

pytestmark = pytest.mark.pure

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
ASKED = AccountChange(ChangeState.ASKED, "user:ann")
WAIT = timedelta(days=waiting_days(NOW.date()))


def test_two_other_people_and_a_wait():
    once = approve_change(ASKED, by="user:bob", now=NOW)
    assert (once.state, may_pay_to(once, now=NOW + 99 * WAIT)) == (ChangeState.CONFIRMED, False)
    twice = approve_change(once, by="user:cas", now=NOW)
    assert twice.pays_from == NOW + WAIT
    assert not may_pay_to(twice, now=NOW + WAIT - timedelta(microseconds=1))
    assert may_pay_to(twice, now=NOW + WAIT)


def test_its_states_stand_in_the_database():
    assert approve_change(ASKED, by="user:bob", now=NOW).state.value == "confirmed"
    states = "asked confirmed approved in_force refused taken_back"
    assert [state.value for state in ChangeState] == states.split()
    assert {state.value for state in RUNNING} == {"asked", "confirmed", "approved"}


@pytest.mark.parametrize(
    ("change", "by", "why"),
    [
        (ASKED, "user:ann", "asked"),
        (AccountChange(ChangeState.CONFIRMED, "user:ann", "user:bob"), "user:ann", "asked"),
        (AccountChange(ChangeState.CONFIRMED, "user:ann", "user:bob"), "user:bob", "another person"),
        (AccountChange(ChangeState.REFUSED, "user:ann"), "user:bob", "does not wait"),
        (
            AccountChange(ChangeState.APPROVED, "user:ann", "user:bob", "user:cas", NOW),
            "user:dee",
            "not wait",
        ),
    ],
)
def test_nobody_approves_twice_or_his_own(change, by, why):
    with pytest.raises(ApprovalRefused, match=why):
        approve_change(change, by=by, now=NOW)


@given(
    st.lists(
        st.tuples(st.sampled_from(["user:ann", "user:bob", "user:cas"]), st.integers(0, 20)), max_size=12
    )
)
def test_no_order_of_approvals_pays_early(events):
    change, now = ASKED, NOW
    for by, days in events:
        now += timedelta(days=days)
        try:
            change = approve_change(change, by=by, now=now)
        except ApprovalRefused:
            continue
        if may_pay_to(change, now=now):
            raise AssertionError("paid to at the moment of approval")
    if may_pay_to(change, now=now):
        assert len({change.asked_by, change.first_by, change.second_by}) == 3
        assert change.pays_from <= now
