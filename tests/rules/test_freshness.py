"""Which rate tables must be renewed, and when that is an error or a warning."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.rules.freshness import AlarmLevel, RateAlarm, rate_alarms
from agency.rules.rates import all_rate_tables

pytestmark = pytest.mark.pure

LAST = date(2026, 12, 31)
SHIPPED = {
    "de_base_rate", "rates_be_civil", "rates_be_trade", "rates_eu_trade", "rates_nl_consumer",
    "rates_nl_trade", "uk_bank_rate",
}  # fmt: skip


def levels(on: date, **more) -> dict[str, AlarmLevel]:
    return {alarm.table: alarm.level for alarm in rate_alarms(on=on, **more)}


def test_the_tables_to_renew_are_files_of_an_operator():
    assert {table.name for table in all_rate_tables()} == SHIPPED
    assert {table.confirmed_until for table in all_rate_tables()} == {LAST}


def test_all_is_well_while_the_half_year_is_confirmed_and_the_next_one_far():
    assert rate_alarms(on=LAST - timedelta(days=28)) == ()


def test_warns_in_the_last_weeks_before_a_half_year_whose_rate_is_not_in():
    assert levels(LAST - timedelta(days=27)) == dict.fromkeys(SHIPPED, AlarmLevel.ending)
    assert levels(LAST) == dict.fromkeys(SHIPPED, AlarmLevel.ending)


def test_the_weeks_are_a_setting():
    assert levels(LAST - timedelta(days=27), warning_days=27) == {}
    assert levels(LAST - timedelta(days=26), warning_days=27) == dict.fromkeys(SHIPPED, AlarmLevel.ending)
    assert levels(LAST, warning_days=0) == {}


def test_a_half_year_that_began_without_its_rate_is_an_error():
    """The ECB's rate, from which the others follow, is missing then too."""
    found = levels(date(2027, 1, 1), warning_days=0)
    assert found == dict.fromkeys(SHIPPED | {"ecb_refinancing"}, AlarmLevel.missing)
    assert rate_alarms(on=date(2027, 1, 1))[0] == RateAlarm(
        "de_base_rate", AlarmLevel.missing, date(2026, 12, 31)
    )


def test_refuses_a_warning_after_the_day():
    with pytest.raises(ValueError, match="before the day"):
        rate_alarms(on=LAST, warning_days=-1)


@given(st.dates(date(2026, 1, 1), date(2030, 1, 1)), st.integers(0, 400))
def test_an_alarm_once_raised_stays_until_the_table_is_renewed(on, warning_days):
    before, after = (
        levels(on, warning_days=warning_days),
        levels(on + timedelta(days=1), warning_days=warning_days),
    )
    assert before.keys() <= after.keys()
    assert all(after[table] is level for table, level in before.items() if level is AlarmLevel.missing)
