"""Insured claims: whose part a recovery is, and until when the insurer must be told."""

from datetime import date

import pytest

from agency.money import Money
from agency.rules.insured_recovery import Notification, insured_recovery, notification, notify_by

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("recovered", "covered", "insurer", "creditor"),
    [
        (10_000, 9_000, 9_000, 1_000), (10_000, 0, 0, 10_000), (10_000, 10_000, 10_000, 0), (0, 9_000, 0, 0),
        (1, 5_001, 1, 0), (1, 4_999, 0, 1),
    ],
)  # fmt: skip
def test_a_recovery_is_divided_in_the_proportion_of_the_cover(recovered, covered, insurer, creditor):
    split = insured_recovery(recovered=Money(recovered, "EUR"), covered_bps=covered)
    assert (split.recovered.minor, split.insurer.minor, split.creditor.minor) == (
        recovered,
        insurer,
        creditor,
    )


@pytest.mark.parametrize(("recovered", "covered"), [(1, -1), (1, 10_001), (-1, 5_000)])
def test_what_cannot_be_divided_is_refused(recovered, covered):
    with pytest.raises(ValueError, match=r"between 0 and 10,000|not less than nothing"):
        insured_recovery(recovered=Money(recovered, "EUR"), covered_bps=covered)


def test_the_insurer_is_told_within_ninety_days_where_the_policy_says_nothing():
    assert notify_by(due=date(2026, 10, 2), on=date(2026, 11, 1)) == date(2026, 12, 31)


def test_the_insurer_is_told_up_to_the_last_day():
    last = date(2026, 12, 31)
    stands = {
        (None, date(2026, 12, 9)): Notification.open,
        (None, date(2026, 12, 10)): Notification.soon,
        (None, last): Notification.soon,
        (None, date(2027, 1, 1)): Notification.missed,
        (last, date(2027, 1, 1)): Notification.told,
        (date(2027, 1, 1), date(2027, 1, 1)): Notification.told_late,
    }
    for (told, today), expected in stands.items():
        assert notification(until=last, told=told, today=today) is expected
