"""Days and hours: holidays, business days, months, and the clock where somebody lives."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.calendar import (
    UnknownCountry,
    add_business_days,
    add_months,
    add_years,
    anniversary,
    at_local,
    full_months_between,
    is_business_day,
    is_holiday,
    local_time,
    next_business_day,
    public_holidays,
    region_code,
    zone_of,
)

pytestmark = pytest.mark.pure

days = st.dates(min_value=date(2013, 1, 1), max_value=date(2034, 12, 31))


class TestHolidays:
    @pytest.mark.parametrize(
        ("country", "day", "expected"),
        [
            ("NL", date(2026, 4, 27), True),  # King's Day
            ("NL", date(2026, 5, 5), True),  # Liberation Day, each year, not only the fifth
            ("NL", date(2026, 5, 1), False),
            ("NL", date(2026, 12, 26), True),
            ("BE", date(2026, 7, 21), True),
            ("BE", date(2026, 11, 11), True),
            ("BE", date(2026, 5, 1), True),
            ("BE", date(2026, 4, 27), False),
        ],
    )
    def test_knows_what_the_law_recognises(self, country, day, expected):
        assert is_holiday(country=country, day=day) is expected

    def test_counts_every_regional_holiday_when_the_region_is_not_known(self):
        corpus_christi = date(2026, 6, 4)
        assert not is_holiday(country="DE", region="BE", day=corpus_christi)
        assert is_holiday(country="DE", region="BY", day=corpus_christi)
        assert is_holiday(country="DE", day=corpus_christi)
        assert is_holiday(country="DE", region="nowhere", day=corpus_christi)

    @pytest.mark.parametrize("written", ["BY", "by", "DE-BY", " de-by "])
    def test_knows_a_region_however_it_is_written(self, written):
        assert region_code("DE", written) == "BY"
        assert is_holiday(country="DE", region=written, day=date(2026, 6, 4))
        assert not is_holiday(country="DE", region=written, day=date(2026, 10, 31))

    def test_no_region_is_none(self):
        assert region_code("BE", None) is None
        assert region_code("BE", " ") is None
        assert region_code("BE", "FR-75") == "FR-75"

    def test_does_not_close_italy_for_the_saints_of_its_towns(self):
        assert len(public_holidays("IT", None, 2026)) < 20

    def test_refuses_a_country_it_does_not_serve(self):
        with pytest.raises(UnknownCountry):
            is_holiday(country="ZZ", day=date(2026, 1, 1))
        with pytest.raises(UnknownCountry):
            zone_of("ZZ")


class TestBusinessDays:
    def test_skips_weekend_and_holiday(self):
        assert next_business_day(country="NL", day=date(2026, 12, 25)) == date(2026, 12, 28)
        assert add_business_days(country="NL", day=date(2026, 12, 24), count=1) == date(2026, 12, 28)
        assert add_business_days(country="BE", day=date(2026, 11, 9), count=2) == date(2026, 11, 12)

    def test_adds_none(self):
        assert add_business_days(country="NL", day=date(2026, 11, 1), count=0) == date(2026, 11, 1)

    def test_never_counts_back(self):
        with pytest.raises(ValueError, match="forward"):
            add_business_days(country="NL", day=date(2026, 11, 1), count=-1)

    @given(days, st.integers(1, 40))
    def test_lands_on_a_business_day_with_as_many_between(self, day, count):
        end = add_business_days(country="BE", day=day, count=count)
        passed = (day + timedelta(days=step) for step in range(1, (end - day).days + 1))
        assert is_business_day(country="BE", day=end)
        assert sum(is_business_day(country="BE", day=other) for other in passed) == count


class TestMonths:
    def test_a_debt_is_a_month_old_on_the_same_day_or_the_last(self):
        """P44: Debitura, age of a debt in full calendar months."""
        assert full_months_between(date(2026, 1, 15), date(2026, 2, 15)) == 1
        assert full_months_between(date(2026, 1, 15), date(2026, 2, 14)) == 0
        assert full_months_between(date(2026, 3, 31), date(2026, 4, 30)) == 1
        assert full_months_between(date(2026, 3, 31), date(2026, 4, 29)) == 0

    def test_shortens_to_the_end_of_a_shorter_month(self):
        assert add_months(date(2026, 8, 31), -6) == date(2026, 2, 28)
        assert add_months(date(2026, 11, 30), 3) == date(2027, 2, 28)
        assert add_years(date(2024, 2, 29), 1) == date(2025, 2, 28)

    def test_a_year_from_leap_day_ends_on_the_last_of_february(self):
        assert anniversary(date(2024, 2, 29), 1) == date(2025, 3, 1)
        assert anniversary(date(2024, 2, 29), 4) == date(2028, 2, 29)
        assert anniversary(date(2024, 6, 15), 1) == date(2025, 6, 15)

    def test_refuses_months_backwards(self):
        with pytest.raises(ValueError, match="forward"):
            full_months_between(date(2026, 2, 1), date(2026, 1, 1))

    @given(days, st.integers(0, 240))
    def test_counts_the_months_it_adds(self, day, months):
        assert full_months_between(day, add_months(day, months)) == months


class TestLocalTime:
    def test_shows_the_clock_of_the_place(self):
        assert local_time(at=datetime(2026, 7, 1, 18, tzinfo=UTC), zone=zone_of("NL")).hour == 20
        assert zone_of("ES", "CN").key == "Atlantic/Canary"
        assert zone_of("ES", "MD").key == "Europe/Madrid"
        assert zone_of("ES", "es-cn").key == "Atlantic/Canary"
        assert zone_of("FR", "974").key == "Indian/Reunion"

    def test_refuses_a_moment_without_a_zone(self):
        with pytest.raises(ValueError, match="zone"):
            local_time(at=datetime(2026, 7, 1), zone=zone_of("NL"))

    @pytest.mark.parametrize(
        ("day", "clock", "moment"),
        [
            (date(2026, 10, 24), time(7), datetime(2026, 10, 24, 5, tzinfo=UTC)),
            (date(2026, 10, 25), time(7), datetime(2026, 10, 25, 6, tzinfo=UTC)),
            (date(2027, 3, 28), time(7), datetime(2027, 3, 28, 5, tzinfo=UTC)),
            (date(2026, 10, 25), time(2, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # shown twice
            (date(2027, 3, 28), time(2, 30), datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),  # never shown
        ],
    )
    def test_finds_the_moment_around_a_change_of_the_clock(self, day, clock, moment):
        assert at_local(day=day, clock=clock, zone=ZoneInfo("Europe/Amsterdam")) == moment
