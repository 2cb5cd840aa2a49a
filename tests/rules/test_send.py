"""The send gate: what must not leave, what waits, and until when."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.rules.facts import Channel, DebtorKind, Phase
from agency.rules.send import SendDecision, SendFacts, may_send

pytestmark = pytest.mark.pure

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NOON = datetime(2026, 11, 3, 12, tzinfo=AMSTERDAM)
NIGHT = datetime(2026, 11, 3, 21, tzinfo=AMSTERDAM)
MORNING = datetime(2026, 11, 4, 7, tzinfo=AMSTERDAM)
OWED = Money(10_000, "EUR")


def gate(at: datetime = NOON, **changes) -> SendDecision:
    facts = {
        "country": "NL",
        "region": None,
        "channel": Channel.email,
        "debtor": DebtorKind.consumer,
        "phase": Phase.reminder,
        "balance": OWED,
    }
    return may_send(facts=SendFacts(**facts | changes), at=at)


def test_sends_when_nothing_stands_against_it():
    found = gate()
    assert (found.verdict, found.reasons, found.until) == ("send", (), None)
    assert [line.rule for line in found.trace] == ["send.gate", "nl.contact_hours"]


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"claim_closed": True}, ("claim_closed",)),
        ({"balance": Money(0, "EUR")}, ("nothing_owed",)),
        ({"balance": Money(-1, "EUR")}, ("nothing_owed",)),
        ({"disputed": True}, ("disputed",)),
        ({"holds": ("debt_mediation", "plan_request")}, ("hold:debt_mediation", "hold:plan_request")),
        ({"contact_point_ok": False}, ("contact_point_broken",)),
        ({"consent_withdrawn": True}, ("consent_withdrawn",)),
        ({"content_complete": False}, ("content_incomplete",)),
        ({"limitation_ends": date(2026, 11, 2)}, ("time_barred",)),
        ({"country": "US"}, ("country_unknown",)),
        ({"phase": Phase.execution}, ("with_bailiff",)),
        ({"disputed": True, "contact_point_ok": False}, ("contact_point_broken", "disputed")),
    ],
)
def test_refuses_what_must_not_leave_even_at_night(changes, reasons):
    for at in (NOON, NIGHT):
        found = gate(at, **changes)
        assert (found.verdict, found.reasons, found.until) == ("refuse", reasons, None)


def test_the_last_day_of_the_term_is_not_time_barred():
    assert gate(limitation_ends=date(2026, 11, 3)).verdict == "send"


def test_defers_to_the_next_lawful_hour():
    found = gate(NIGHT)
    assert (found.verdict, found.reasons, found.until) == ("defer", ("outside_hours",), MORNING)


def test_letters_may_be_handed_over_at_night_and_need_no_consent():
    assert gate(NIGHT, channel=Channel.letter, consent_withdrawn=True).verdict == "send"


class TestFrequency:
    def test_leaves_twenty_hours_between_contacts(self):
        found = gate(last_contact_at=NOON - timedelta(hours=2))
        assert (found.verdict, found.reasons) == ("defer", ("too_soon_after_last_contact", "outside_hours"))
        assert found.until == MORNING  # twenty hours later it is six, an hour too early
        assert gate(last_contact_at=NOON - timedelta(hours=20)).verdict == "send"

    def test_asks_again_tomorrow_after_three_in_seven_days(self):
        found = gate(contacts_last_7_days=3)
        assert (found.verdict, found.reasons) == ("defer", ("contacts_in_7_days",))
        assert found.until == NOON + timedelta(days=1)
        assert gate(contacts_last_7_days=2).verdict == "send"

    def test_names_both_reasons_when_the_later_moment_is_closed_too(self):
        saturday = datetime(2026, 11, 7, 12, tzinfo=AMSTERDAM)
        found = gate(saturday, contacts_last_7_days=3)
        assert found.reasons == ("contacts_in_7_days", "sunday")
        assert found.until == datetime(2026, 11, 9, 7, tzinfo=AMSTERDAM)


class TestReplies:
    @pytest.mark.parametrize(
        "changes",
        [
            {"disputed": True},
            {"holds": ("complaint",)},
            {"claim_closed": True, "balance": Money(0, "EUR")},
            {"contacts_last_7_days": 9, "last_contact_at": NIGHT},
            {"limitation_ends": date(2020, 1, 1)},
        ],
    )
    def test_answers_what_the_debtor_asked_for_at_any_hour(self, changes):
        assert gate(NIGHT, is_reply=True, **changes).verdict == "send"

    @pytest.mark.parametrize(
        "changes", [{"contact_point_ok": False}, {"consent_withdrawn": True}, {"content_complete": False}]
    )
    def test_never_answers_over_a_broken_or_refused_channel(self, changes):
        assert gate(NOON, is_reply=True, **changes).verdict == "refuse"

    def test_calls_back_only_within_the_hours(self):
        found = gate(NIGHT, is_reply=True, channel=Channel.call)
        assert (found.verdict, found.until) == ("defer", MORNING)


def test_refuses_a_moment_without_a_zone():
    with pytest.raises(ValueError, match="zone"):
        gate(datetime(2026, 11, 3, 12))


@given(
    st.datetimes(min_value=datetime(2024, 5, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(list(Channel)),
    st.integers(0, 200),
)
def test_a_deferred_message_leaves_at_the_moment_named(at, channel, hours_ago):
    found = gate(at, channel=channel, last_contact_at=at - timedelta(hours=hours_ago))
    assert found.verdict in ("send", "defer")
    if found.until is not None:
        assert found.until > at
        again = gate(found.until, channel=channel, last_contact_at=at - timedelta(hours=hours_ago))
        assert again.verdict == "send"
