"""How a visit is announced: the days before it, its hours, and whether the words arrived in time."""

from datetime import date, time

import pytest

from agency.rules.facts import Channel
from agency.rules.visit import has_arrived, hours_fault, visit_policy

pytestmark = pytest.mark.pure

TODAY = date(2026, 12, 1)
DAY = date(2026, 12, 10)
POLICY = visit_policy(on=TODAY)


def test_it_is_announced_five_days_to_six_weeks_before():
    assert POLICY.first_day(TODAY) == date(2026, 12, 6)
    assert POLICY.last_day(TODAY) == date(2027, 1, 12)


@pytest.mark.parametrize(
    ("first", "last", "fault"),
    [
        (time(10), time(10, 1), None),
        (time(10), time(13), None),
        (time(10), time(13, 1), "too_long"),
        (time(10), time(10), "backwards"),
        (time(10), time(9), "backwards"),
    ],
)
def test_nobody_waits_longer_than_three_hours(first, last, fault):
    assert hours_fault(first=first, last=last, policy=POLICY) == fault


@pytest.mark.parametrize(
    ("channel", "left_on", "arrived"),
    [
        (Channel.email, None, False),
        (Channel.email, date(2026, 12, 9), True),
        (Channel.email, DAY, False),
        (Channel.letter, None, False),
        (Channel.letter, date(2026, 12, 7), True),
        (Channel.letter, date(2026, 12, 8), False),
    ],
)
def test_words_are_read_before_the_day_itself(channel, left_on, arrived):
    assert has_arrived(channel=channel, left_on=left_on, visit_on=DAY, policy=POLICY) is arrived
