"""Contact hours: who may be reached when, and that the next slot is always a lawful one."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agency.calendar import UnknownCountry, is_holiday
from agency.rules.contact import ContactDecision, _closed_on, _Place, _window, contact_window
from agency.rules.facts import Channel, DebtorKind
from tests.rules.wording import assert_readable

pytestmark = pytest.mark.pure

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
SUNDAY = 6

moments = st.datetimes(
    min_value=datetime(2024, 4, 2), max_value=datetime(2031, 12, 1), timezones=st.just(UTC)
)
by_hours = st.sampled_from([Channel.email, Channel.sms, Channel.call, Channel.visit])
countries = st.sampled_from(["NL", "BE", "DE", "GB", "FR", "ES", "GR", "PT"])


def decide(
    at: datetime,
    country: str = "NL",
    channel: Channel = Channel.call,
    debtor: DebtorKind = DebtorKind.consumer,
    region: str | None = None,
) -> ContactDecision:
    return contact_window(country=country, region=region, channel=channel, debtor=debtor, at=at)


def amsterdam(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=AMSTERDAM)


class TestDutchHours:
    @pytest.mark.parametrize(
        ("at", "allowed", "reasons"),
        [
            (amsterdam(2026, 11, 3, 7), True, ()),
            (amsterdam(2026, 11, 3, 6, 59), False, ("outside_hours",)),
            (amsterdam(2026, 11, 3, 19, 59, 59), True, ()),
            (amsterdam(2026, 11, 3, 20), False, ("outside_hours",)),
            (amsterdam(2026, 11, 7, 12), True, ()),  # Saturday
            (amsterdam(2026, 11, 8, 12), False, ("sunday",)),
            (amsterdam(2026, 12, 25, 12), False, ("holiday",)),
            (amsterdam(2026, 4, 5, 21), False, ("outside_hours", "sunday", "holiday")),
        ],
    )
    def test_keeps_to_the_hours_and_days(self, at, allowed, reasons):
        """Bki (Stb. 2024, 44): not between 20:00 and 07:00, nor on Sundays and recognised holidays."""
        found = decide(at)
        assert (found.allowed, found.reasons) == (allowed, reasons)
        assert found.by_law == reasons
        assert_readable(found.trace)

    def test_waits_over_christmas_and_the_weekend(self):
        """Christmas Eve 2026 after eight: Friday and Saturday are holidays, then it is Sunday."""
        assert decide(amsterdam(2026, 12, 24, 20, 30)).next_slot == amsterdam(2026, 12, 28, 7)

    @pytest.mark.parametrize(
        ("at", "slot"),
        [
            (amsterdam(2026, 10, 24, 21), amsterdam(2026, 10, 26, 7)),  # the 25-hour Sunday lies between
            (amsterdam(2027, 3, 27, 21), amsterdam(2027, 3, 30, 7)),  # 23-hour Easter Sunday, then Monday
        ],
    )
    def test_opens_at_seven_on_the_clock_after_a_change(self, at, slot):
        found = decide(at)
        assert found.next_slot == slot
        assert found.next_slot.astimezone(AMSTERDAM).time() == time(7)

    def test_protects_a_company_by_the_rule_of_the_house(self):
        found = decide(amsterdam(2026, 11, 8, 12), debtor=DebtorKind.company)
        assert not found.allowed
        assert found.trace[0].source.startswith("house rule")
        assert not decide(amsterdam(2026, 11, 8, 12)).trace[0].source.startswith("house rule")

    def test_letters_have_no_hours(self):
        at = amsterdam(2026, 11, 8, 3)
        found = decide(at, channel=Channel.letter)
        assert (found.allowed, found.next_slot) == (True, at)
        assert_readable(found.trace)

    def test_rests_on_the_days_that_decrees_make_equal_to_holidays(self):
        """Algemene termijnenwet art. 3(3); nova-incasso.nl for 10 May and 27 December 2024."""
        for day in ((2024, 5, 10), (2024, 12, 27), (2026, 1, 2), (2026, 5, 15), (2027, 5, 7), (2028, 5, 26)):
            found = decide(amsterdam(*day, 12))
            assert (found.reasons, found.by_law) == (("holiday",), ("holiday",)), day
        assert decide(amsterdam(2025, 1, 2, 12)).allowed
        assert decide(amsterdam(2026, 5, 15, 12), "BE").allowed

    def test_keeps_the_hours_of_the_house_before_the_law_was_in_force(self):
        """The night before 1 April 2024, Easter Monday: the slot is seven, as the law has it on the 2nd."""
        assert decide(amsterdam(2024, 3, 30, 20, 30)).next_slot == amsterdam(2024, 4, 2, 7)
        assert decide(amsterdam(2024, 3, 28, 7, 30)).reasons == ("outside_hours",)
        assert decide(amsterdam(2024, 3, 28, 7, 30)).by_law == ()


class TestBelgianHours:
    @pytest.mark.parametrize(
        ("at", "allowed"),
        [
            (amsterdam(2026, 11, 3, 7, 59), False),
            (amsterdam(2026, 11, 3, 8), True),
            (amsterdam(2026, 11, 3, 21, 59), True),
            (amsterdam(2026, 11, 3, 22), False),
            (amsterdam(2026, 11, 11, 12), False),  # Armistice Day
            (amsterdam(2026, 11, 8, 12), False),
        ],
    )
    def test_keeps_to_the_hours_and_the_house_adds_the_days(self, at, allowed):
        assert decide(at, country="BE").allowed is allowed

    def test_names_the_law_for_calls_and_the_house_for_messages(self):
        at = amsterdam(2026, 11, 3, 23)
        assert decide(at, "BE", Channel.call).trace[0].source.startswith("law of 20 December 2002")
        assert decide(at, "BE", Channel.email).trace[0].source.startswith("house rule")
        assert decide(at, "BE", Channel.call).by_law == ("outside_hours",)
        assert decide(at, "BE", Channel.email).by_law == ()

    def test_tells_once_what_two_clocks_of_one_time_show(self):
        found = decide(amsterdam(2026, 11, 3, 23), "BE")
        assert [line.outcome for line in found.trace] == ["contact.outside_hours", "contact.again_from"]

    def test_only_the_night_is_the_law_of_a_sunday(self):
        found = decide(amsterdam(2026, 11, 8, 23), "BE")
        assert (found.reasons, found.by_law) == (("outside_hours", "sunday"), ("outside_hours",))
        assert found.trace[1].source.startswith("house rule")


class TestRegions:
    """Days of communities; 2027 has none of them on a Sunday but 11 July, and 2028 none at all."""

    FLEMISH, FRENCH, GERMAN, BRUSSELS = (
        amsterdam(2028, 7, 11, 12),
        amsterdam(2028, 9, 27, 12),
        amsterdam(2028, 11, 15, 12),
        amsterdam(2028, 5, 8, 12),
    )

    @pytest.mark.parametrize(
        ("region", "rests"),
        [
            ("VLG", {FLEMISH}),
            ("WAL", {FRENCH, GERMAN}),
            ("DG", {GERMAN}),
            ("BRU", {FLEMISH, FRENCH, BRUSSELS}),
            (None, {FLEMISH, FRENCH, GERMAN, BRUSSELS}),
            ("", {FLEMISH, FRENCH, GERMAN, BRUSSELS}),
            ("nowhere", {FLEMISH, FRENCH, GERMAN, BRUSSELS}),
        ],
    )
    def test_each_rests_on_its_own_day_and_who_lives_nowhere_known_on_all(self, region, rests):
        for day in (self.FLEMISH, self.FRENCH, self.GERMAN, self.BRUSSELS):
            found = decide(day, "BE", region=region)
            assert found.allowed is (day not in rests), (region, day)
            assert found.allowed or found.reasons == ("holiday",)
            assert found.by_law == (), "a community's day is the house's"

    @pytest.mark.parametrize("written", ["BE-WAL", "be-wal", "wal", " WAL "])
    def test_knows_a_region_however_it_is_written(self, written):
        assert not decide(self.FRENCH, "BE", region=written).allowed
        assert decide(self.FLEMISH, "BE", region=written).allowed

    def test_a_national_holiday_rests_everywhere(self):
        for region in ("VLG", "WAL", "BRU", "DG"):
            assert decide(amsterdam(2026, 7, 21, 12), "BE", region=region).reasons == ("holiday",)

    def test_german_laender_keep_their_own(self):
        corpus_christi = amsterdam(2026, 6, 4, 12)
        assert not decide(corpus_christi, "DE", region="DE-BY").allowed
        assert decide(corpus_christi, "DE", region="DE-BE").allowed
        assert not decide(corpus_christi, "DE").allowed


class TestOtherPlaces:
    def test_takes_the_stricter_of_both_clocks(self):
        """D20: at 08:30 in London it is 09:30 here; at 19:30 there it is 20:30 here."""
        london = ZoneInfo("Europe/London")
        assert decide(datetime(2026, 11, 3, 8, 30, tzinfo=london), "GB").allowed
        assert not decide(datetime(2026, 11, 3, 19, 30, tzinfo=london), "GB").allowed
        assert decide(datetime(2026, 11, 3, 19, 30, tzinfo=london), "GB").next_slot == datetime(
            2026, 11, 4, 8, tzinfo=london
        )

    def test_counts_the_clock_of_an_island_far_away(self):
        """On Guadeloupe it is five hours earlier in winter: their morning is the agency's afternoon."""
        at = amsterdam(2026, 11, 3, 12)
        assert decide(at, "FR", region="971").reasons == ("outside_hours",)
        assert decide(at, "FR", region="971").next_slot == amsterdam(2026, 11, 3, 13)
        assert decide(at, "FR", region="75").allowed

    def test_only_the_debtors_own_clock_is_the_law(self):
        """A Dutch debtor has one clock; a British one is protected by the house alone."""
        night = datetime(2026, 11, 3, 23, tzinfo=ZoneInfo("Europe/London"))
        assert decide(night, "GB").by_law == ()
        assert [line.outcome for line in decide(night, "GB").trace].count("contact.outside_hours") == 2

    def test_refuses_a_country_it_does_not_know(self):
        with pytest.raises(UnknownCountry):
            decide(amsterdam(2026, 11, 3, 12), country="US")

    def test_refuses_a_moment_without_a_zone(self):
        with pytest.raises(ValueError, match="zone"):
            decide(datetime(2026, 11, 3, 12))


class TestAlways:
    @given(countries, by_hours, st.sampled_from(list(DebtorKind)), moments)
    def test_the_next_slot_is_allowed_and_none_before_it_is_missed(self, country, channel, debtor, at):
        found = decide(at, country, channel, debtor)
        assert found.next_slot >= at
        assert found.allowed is (found.next_slot == at)
        assert decide(found.next_slot, country, channel, debtor).allowed
        if not found.allowed:
            just_before = found.next_slot - timedelta(microseconds=1)
            assert not decide(just_before, country, channel, debtor).allowed

    @given(by_hours, moments)
    def test_nobody_here_is_reached_at_night_or_on_a_day_of_rest(self, channel, at):
        slot = decide(at, "NL", channel).next_slot.astimezone(AMSTERDAM)
        assert time(7) <= slot.time() < time(20)
        assert slot.weekday() != SUNDAY
        assert not is_holiday(country="NL", day=slot.date())

    @pytest.mark.thorough
    def test_hours_hold_on_every_quarter_of_400_days(self):
        """C12: queued late, free later; every quarter of an hour of 400 days lands on an allowed slot."""
        at = datetime(2026, 1, 1, tzinfo=UTC)
        for _ in range(400 * 24 * 4):
            slot = decide(at, "BE", Channel.sms).next_slot.astimezone(AMSTERDAM)
            assert time(8) <= slot.time() < time(22)
            assert slot.weekday() != SUNDAY
            at += timedelta(minutes=15)


# --- A second implementation, slow on purpose: it knows the hours by heart and walks minute by minute.

HOURS = {"NL": (7, 20), "BE": (8, 22), "GB": (8, 20), "PT": (8, 20), "GR": (8, 20)}
ZONES = {
    "NL": AMSTERDAM,
    "BE": ZoneInfo("Europe/Brussels"),
    "GB": ZoneInfo("Europe/London"),
    "PT": ZoneInfo("Europe/Lisbon"),
    "GR": ZoneInfo("Europe/Athens"),
}
DECREED = {date(2026, 1, 2), date(2026, 5, 15), date(2027, 5, 7), date(2028, 4, 28), date(2028, 5, 26)}
COMMUNITY_DAYS = {(5, 8), (7, 11), (9, 27), (11, 15)}
MINUTE = timedelta(minutes=1)
YEARS = range(2026, 2041)


def easter(year: int) -> date:
    """Easter Sunday by the tables of Gauss, as Meeus gives them."""
    century, rest = divmod(year, 100)
    moon = (19 * (year % 19) + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    shift = (year % 19 + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * shift + 114, 31)
    return date(year, month, day + 1)


def dutch_holidays(year: int) -> set[date]:
    """Algemene termijnenwet art. 3(1) and (2), with the Sundays of Easter and Pentecost."""
    moving = {easter(year) + timedelta(days=days) for days in (-2, 0, 1, 39, 49, 50)}
    kings_day = date(year, 4, 27) if date(year, 4, 27).weekday() != SUNDAY else date(year, 4, 26)
    fixed = {date(year, 1, 1), kings_day, date(year, 5, 5), date(year, 12, 25), date(year, 12, 26)}
    return moving | fixed


def belgian_holidays(year: int) -> set[date]:
    """The ten days of the royal decree of 18 April 1974, with the Sundays of Easter and Pentecost."""
    moving = {easter(year) + timedelta(days=days) for days in (0, 1, 39, 49, 50)}
    fixed = {(1, 1), (5, 1), (7, 21), (8, 15), (11, 1), (11, 11), (12, 25)}
    return moving | {date(year, month, day) for month, day in fixed}


def slowly_allowed(country: str, at: datetime) -> bool:
    """Every clock that counts is within the hours of an open day."""
    for zone in {ZONES[country], AMSTERDAM}:
        local = at.astimezone(zone)
        opens, closes = HOURS[country]
        if not opens <= local.hour < closes or local.weekday() == SUNDAY or rests(country, local.date()):
            return False
    return True


def rests(country: str, day: date) -> bool:
    if country == "NL":
        return day in dutch_holidays(day.year) | DECREED
    if country == "BE":
        return day in belgian_holidays(day.year) or (day.month, day.day) in COMMUNITY_DAYS
    return is_holiday(country=country, day=day)


def slowly_next(country: str, at: datetime) -> datetime:
    while not slowly_allowed(country, at):
        at += MINUTE
    return at


def changes(year: int) -> list[date]:
    """The two Sundays on which European clocks change: the last of March and of October."""
    ends = (date(year, 3, 31), date(year, 10, 31))
    return [end - timedelta(days=(end.weekday() - SUNDAY) % 7) for end in ends]


@pytest.mark.thorough
class TestAgainstTheSlowOne:
    @pytest.mark.parametrize("year", YEARS)
    def test_knows_every_holiday_to_2040(self, year):
        for offset in range(366):
            day = date(year, 1, 1) + timedelta(days=offset)
            noon = datetime(day.year, day.month, day.day, 12, tzinfo=AMSTERDAM)
            for country in ("NL", "BE"):
                closed = day.weekday() == SUNDAY or rests(country, day)
                assert decide(noon, country).allowed is not closed, (country, day)

    @pytest.mark.parametrize("country", ["NL", "BE", "GB", "GR"])
    @pytest.mark.parametrize("year", YEARS)
    def test_around_every_change_of_the_clock_to_2040(self, country, year):
        for sunday in changes(year):
            evening = datetime(sunday.year, sunday.month, sunday.day, tzinfo=ZONES[country]) - 2 * timedelta(
                hours=1
            )
            slot = slowly_next(country, evening.astimezone(UTC))
            for at in (evening, evening + timedelta(hours=4), evening + timedelta(hours=5, minutes=17)):
                found = decide(at, country, Channel.sms)
                assert found.next_slot == slot, (country, at)
                assert decide(found.next_slot, country, Channel.sms).allowed
                assert not decide(found.next_slot - MINUTE, country, Channel.sms).allowed

    @settings(max_examples=40, deadline=None)
    @given(st.sampled_from(sorted(ZONES)), st.integers(0, 7 * 365 * 24 * 60))
    def test_any_minute_of_seven_years(self, country, minutes):
        at = datetime(2026, 1, 1, tzinfo=UTC) + minutes * MINUTE
        found = decide(at, country)
        assert found.allowed is slowly_allowed(country, at)
        assert found.next_slot == slowly_next(country, at)
        assert_readable(found.trace)


def test_a_rule_may_leave_holidays_open(monkeypatch):
    place, christmas = _Place("NL", None), amsterdam(2026, 12, 25, 12)
    assert [one.reason for one in _closed_on(place, christmas, own_clock=True)] == ["holiday"]
    window = replace(_window("NL", christmas.date()), holidays=True)
    monkeypatch.setattr("agency.rules.contact._window", lambda country, on: window)
    assert list(_closed_on(place, christmas, own_clock=True)) == []
