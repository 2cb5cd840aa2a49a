"""Contact hours: who may be reached when, and that the next slot is always a lawful one."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.calendar import UnknownCountry, is_holiday
from agency.rules.contact import ContactDecision, contact_window
from agency.rules.facts import Channel, DebtorKind

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
) -> ContactDecision:
    return contact_window(country=country, region=None, channel=channel, debtor=debtor, at=at)


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
        assert decide(at, "BE", Channel.call).trace[0].source.startswith("WER Book XIX")
        assert decide(at, "BE", Channel.email).trace[0].source.startswith("house rule")


class TestOtherPlaces:
    def test_takes_the_stricter_of_both_clocks(self):
        """D20: at 08:30 in London it is 09:30 here; at 19:30 there it is 20:30 here."""
        london = ZoneInfo("Europe/London")
        assert decide(datetime(2026, 11, 3, 8, 30, tzinfo=london), "GB").allowed
        assert not decide(datetime(2026, 11, 3, 19, 30, tzinfo=london), "GB").allowed
        assert decide(datetime(2026, 11, 3, 19, 30, tzinfo=london), "GB").next_slot == datetime(
            2026, 11, 4, 8, tzinfo=london
        )

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

    def test_hours_hold_on_every_quarter_of_400_days(self):
        """C12: queued late, free later; every quarter of an hour of 400 days lands on an allowed slot."""
        at = datetime(2026, 1, 1, tzinfo=UTC)
        for _ in range(400 * 24 * 4):
            slot = decide(at, "BE", Channel.sms).next_slot.astimezone(AMSTERDAM)
            assert time(8) <= slot.time() < time(22)
            assert slot.weekday() != SUNDAY
            at += timedelta(minutes=15)
