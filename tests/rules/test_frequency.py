"""How often one person is contacted, over the claims of every creditor."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.rules.frequency import PersonContacts, frequency_rule, one_more_contact
from tests.rules.wording import assert_readable

pytestmark = pytest.mark.pure

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)


def test_counts_the_person_over_all_creditors():
    rule = frequency_rule(on=NOON.date())
    assert (rule.counts, rule.hours_between, rule.in_7_days_max) == ("person_over_all_creditors", 20, 3)


def test_the_first_contact_is_free():
    found = one_more_contact(contacts=PersonContacts(), at=NOON)
    assert (found.allowed, found.reasons, found.free_at) == (True, (), NOON)
    assert found.trace[0].inputs["counts"] == "person_over_all_creditors"


def test_leaves_twenty_hours():
    contacts = PersonContacts(last_at=NOON - 20 * HOUR, in_7_days=1)
    assert one_more_contact(contacts=contacts, at=NOON).allowed
    just_before = NOON - timedelta(microseconds=1)
    found = one_more_contact(contacts=contacts, at=just_before)
    assert (found.reasons, found.free_at) == (("too_soon_after_last_contact",), NOON)


def test_three_in_seven_days_are_enough():
    assert one_more_contact(contacts=PersonContacts(in_7_days=2), at=NOON).allowed
    found = one_more_contact(contacts=PersonContacts(in_7_days=3), at=NOON)
    assert (found.reasons, found.free_at) == (("contacts_in_7_days",), NOON + DAY)


def test_is_free_again_when_the_oldest_of_the_three_falls_out():
    contacts = PersonContacts(in_7_days=3, oldest_of_7_days_at=NOON - 5 * DAY)
    assert one_more_contact(contacts=contacts, at=NOON).free_at == NOON + 2 * DAY
    late = PersonContacts(in_7_days=3, oldest_of_7_days_at=NOON - 8 * DAY)
    assert one_more_contact(contacts=late, at=NOON).free_at > NOON


def test_on_one_day_nobody_hears_of_two_creditors():
    """Twenty hours would fit between a letter handed over at night and a message late in the evening."""
    late = datetime(2026, 11, 3, 20, 45, tzinfo=UTC)
    contacts = PersonContacts(last_at=late - 21 * HOUR, in_7_days=1, other_creditor_at=late - 21 * HOUR)
    found = one_more_contact(contacts=contacts, at=late)
    assert (found.reasons, found.free_at) == (
        ("another_creditor_today",), datetime(2026, 11, 3, 23, tzinfo=UTC)
    )  # fmt: skip
    assert_readable(found.trace)
    same = PersonContacts(last_at=late - 21 * HOUR, in_7_days=1)
    assert one_more_contact(contacts=same, at=late).allowed
    yesterday = PersonContacts(other_creditor_at=late - 22 * HOUR)
    assert one_more_contact(contacts=yesterday, at=late).allowed


def test_refuses_what_cannot_be_counted():
    with pytest.raises(ValueError, match="from zero"):
        PersonContacts(in_7_days=-1)
    with pytest.raises(ValueError, match="zone"):
        PersonContacts(last_at=datetime(2026, 11, 3))
    with pytest.raises(ValueError, match="zone"):
        PersonContacts(oldest_of_7_days_at=datetime(2026, 11, 3))
    with pytest.raises(ValueError, match="zone"):
        one_more_contact(contacts=PersonContacts(), at=datetime(2026, 11, 3, 12))


@given(st.integers(0, 9), st.integers(0, 400), st.one_of(st.none(), st.integers(0, 167)))
def test_a_refused_contact_says_when_to_try_again(count, minutes_ago, oldest_hours_ago):
    contacts = PersonContacts(
        last_at=NOON - timedelta(minutes=10 * minutes_ago),
        in_7_days=count,
        oldest_of_7_days_at=None if oldest_hours_ago is None else NOON - oldest_hours_ago * HOUR,
    )
    found = one_more_contact(contacts=contacts, at=NOON)
    assert found.allowed is (found.free_at == NOON)
    assert found.allowed or NOON < found.free_at <= NOON + WEEK
    assert_readable(found.trace)


@given(st.integers(0, 8))
def test_one_contact_more_never_opens_what_was_closed(count):
    fewer = one_more_contact(contacts=PersonContacts(in_7_days=count), at=NOON)
    more = one_more_contact(contacts=PersonContacts(in_7_days=count + 1), at=NOON)
    assert fewer.allowed or not more.allowed


def test_an_oldest_contact_that_falls_out_now_leaves_the_least_wait():
    contacts = PersonContacts(in_7_days=3, oldest_of_7_days_at=NOON - WEEK)
    assert one_more_contact(contacts=contacts, at=NOON).free_at == NOON + timedelta(microseconds=1)
