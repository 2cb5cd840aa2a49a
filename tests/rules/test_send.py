"""The send gate: what must not leave, what waits, and until when."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.rules.channel import Recipient
from agency.rules.facts import Channel, DebtorKind, Phase
from agency.rules.frequency import PersonContacts
from agency.rules.send import SendDecision, SendFacts, may_send
from tests.rules.wording import assert_readable

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
        ({"holds": ("debt_mediation", "plan_requested")}, ("hold:debt_mediation", "hold:plan_requested")),
        ({"contact_point_ok": False}, ("contact_point_broken",)),
        ({"consent_withdrawn": True}, ("consent_withdrawn",)),
        ({"content_complete": False}, ("content_incomplete",)),
        ({"repeats_term": True, "term_ended": True}, ("term_has_passed",)),
        ({"limitation_ends": date(2026, 11, 2)}, ("time_barred",)),
        ({"country": "US"}, ("country_unknown",)),
        ({"phase": Phase.execution}, ("with_bailiff",)),
        ({"disputed": True, "contact_point_ok": False}, ("contact_point_broken", "disputed")),
        ({"recipient": Recipient.employer}, ("third_party",)),
        (
            {"channel": Channel.visit},
            ("channel_not_in_phase", "visit_not_announced", "visitor_not_identified"),
        ),
    ],
)
def test_refuses_what_must_not_leave_even_at_night(changes, reasons):
    for at in (NOON, NIGHT):
        found = gate(at, **changes)
        assert (found.verdict, found.reasons, found.until) == ("refuse", reasons, None)
        assert len(found.trace) == 1 + len(reasons)
        assert_readable(found.trace)


def test_the_last_day_of_the_term_is_not_time_barred():
    assert gate(limitation_ends=date(2026, 11, 3)).verdict == "send"


def test_a_last_cent_may_still_be_asked():
    assert gate(balance=Money(1, "EUR")).verdict == "send"


def test_defers_to_the_next_lawful_hour():
    found = gate(NIGHT)
    assert [line.outcome for line in found.trace] == [
        "send.defer",
        "contact.outside_hours",
        "contact.again_from",
    ]
    assert (found.verdict, found.reasons, found.until) == ("defer", ("outside_hours",), MORNING)


def test_letters_may_be_handed_over_at_night_and_need_no_consent():
    assert gate(NIGHT, channel=Channel.letter, consent_withdrawn=True).verdict == "send"


class TestFrequency:
    def test_leaves_twenty_hours_between_contacts(self):
        found = gate(contacts=PersonContacts(last_at=NOON - timedelta(hours=2)))
        assert (found.verdict, found.reasons) == ("defer", ("too_soon_after_last_contact", "outside_hours"))
        assert found.trace[1].outcome == "contact.too_soon_after_last_contact"
        assert found.until == MORNING  # twenty hours later it is six, an hour too early
        assert gate(contacts=PersonContacts(last_at=NOON - timedelta(hours=20))).verdict == "send"

    def test_asks_again_tomorrow_after_three_in_seven_days(self):
        found = gate(contacts=PersonContacts(in_7_days=3))
        assert (found.verdict, found.reasons) == ("defer", ("contacts_in_7_days",))
        assert found.until == NOON + timedelta(days=1)
        assert gate(contacts=PersonContacts(in_7_days=2)).verdict == "send"

    def test_names_both_reasons_when_the_later_moment_is_closed_too(self):
        saturday = datetime(2026, 11, 7, 12, tzinfo=AMSTERDAM)
        found = gate(saturday, contacts=PersonContacts(in_7_days=3))
        assert found.reasons == ("contacts_in_7_days", "sunday")
        assert found.until == datetime(2026, 11, 9, 7, tzinfo=AMSTERDAM)


class TestReplies:
    @pytest.mark.parametrize(
        "changes",
        [
            {"disputed": True},
            {"holds": ("complaint",)},
            {"claim_closed": True, "balance": Money(0, "EUR")},
            {"contacts": PersonContacts(in_7_days=9, last_at=NIGHT)},
            {"phase": Phase.execution},
            {"limitation_ends": date(2020, 1, 1)},
        ],
    )
    def test_answers_what_the_debtor_asked_for_at_any_hour(self, changes):
        assert gate(NIGHT, is_reply=True, **changes).verdict == "send"

    @pytest.mark.parametrize(
        "changes",
        [
            {"contact_point_ok": False},
            {"consent_withdrawn": True},
            {"content_complete": False},
            {"recipient": Recipient.family},
            {"threatens_court": True, "limitation_ends": date(2020, 1, 1), "phase": Phase.legal},
        ],
    )
    def test_never_answers_over_a_broken_or_refused_channel(self, changes):
        assert gate(NOON, is_reply=True, **changes).verdict == "refuse"

    def test_calls_back_only_within_the_hours(self):
        found = gate(NIGHT, is_reply=True, channel=Channel.call)
        assert (found.verdict, found.until) == ("defer", MORNING)

    def test_calls_back_however_often_the_debtor_was_reached(self):
        often = PersonContacts(in_7_days=9, last_at=NOON)
        assert gate(NOON, is_reply=True, channel=Channel.call, contacts=often).verdict == "send"

    def test_answers_in_the_phase_of_the_bailiff_but_not_over_a_broken_point(self):
        found = gate(is_reply=True, phase=Phase.execution, contact_point_ok=False)
        assert found.reasons == ("contact_point_broken",)
        assert [line.outcome for line in found.trace] == ["send.refuse", "contact.contact_point_broken"]

    def test_answers_in_person_before_anybody_would_be_visited_unasked(self):
        visit = {"channel": Channel.visit, "phase": Phase.reminder}
        assert "channel_not_in_phase" in gate(NOON, **visit).reasons
        assert "channel_not_in_phase" not in gate(NOON, is_reply=True, **visit).reasons


class TestThreats:
    """Never for a time-barred claim a threat of court; nor before anything could follow."""

    LAST_DAY = date(2026, 11, 3)

    def test_leaves_with_a_threat_only_while_the_claim_can_go_to_court(self):
        for phase in (Phase.amicable, Phase.legal):
            assert gate(threatens_court=True, limitation_ends=self.LAST_DAY, phase=phase).verdict == "send"

    def test_a_time_barred_claim_is_never_threatened(self):
        found = gate(threatens_court=True, limitation_ends=date(2026, 11, 2), phase=Phase.legal)
        assert (found.verdict, found.reasons) == ("refuse", ("threatens_time_barred", "time_barred"))
        assert any(line.source.startswith("Bki art. 4.2: no pressure") for line in found.trace)
        assert_readable(found.trace)

    def test_no_answer_threatens_over_a_time_barred_claim_either(self):
        barred = {"limitation_ends": date(2026, 11, 2), "phase": Phase.legal, "is_reply": True}
        assert gate(threatens_court=True, **barred).reasons == ("threatens_time_barred",)
        assert gate(threatens_court=False, **barred).verdict == "send"

    def test_nobody_is_threatened_before_the_limitation_is_known(self):
        found = gate(threatens_court=True, phase=Phase.legal)
        assert found.reasons == ("threatens_unknown_term",)
        assert_readable(found.trace)

    def test_a_reminder_threatens_with_nothing(self):
        found = gate(threatens_court=True, limitation_ends=self.LAST_DAY)
        assert found.reasons == ("threatens_too_early",)
        assert any(line.source.startswith("Bki art. 4.2: no pressure") for line in found.trace)
        assert_readable(found.trace)

    @given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.sampled_from(list(Phase)), st.booleans())
    def test_whatever_the_facts_no_threat_leaves_after_the_limitation(self, ends, phase, is_reply):
        found = gate(threatens_court=True, limitation_ends=ends, phase=phase, is_reply=is_reply)
        if found.verdict == "send":
            assert ends >= self.LAST_DAY


class TestHolds:
    def test_a_call_passes_a_hold_that_lets_the_case_be_talked_about(self):
        for ground in ("dispute", "promise", "plan_requested", "complaint", "says_paid", "creditor_asked"):
            assert gate(channel=Channel.call, holds=(ground,)).verdict == "send", ground
            assert gate(channel=Channel.email, holds=(ground,)).reasons == (f"hold:{ground}",)

    def test_a_call_never_passes_one_that_stops_contact(self):
        for ground in ("debt_help", "insolvency", "deceased", "not_me", "something_new"):
            assert gate(channel=Channel.call, holds=(ground,)).reasons == (f"hold:{ground}",)

    def test_belgian_law_silences_after_a_reasoned_dispute(self):
        held = {"channel": Channel.call, "phase": Phase.amicable, "holds": ("reasoned_dispute",)}
        assert gate(**held).verdict == "send"
        assert gate(country="BE", **held).reasons == ("hold:reasoned_dispute",)

    def test_a_visit_needs_its_announcement_and_the_hours(self):
        proper = {"channel": Channel.visit, "visit_announced": True, "visitor_identified": True}
        assert gate(phase=Phase.amicable, **proper).verdict == "send"
        assert gate(NIGHT, phase=Phase.amicable, **proper).reasons == ("outside_hours",)
        assert gate(phase=Phase.amicable, visit_refused=True, **proper).reasons == ("visit_refused",)


def test_refuses_a_moment_without_a_zone():
    with pytest.raises(ValueError, match="zone"):
        gate(datetime(2026, 11, 3, 12))


@given(
    st.datetimes(min_value=datetime(2024, 5, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(list(Channel)),
    st.integers(0, 200),
)
def test_a_deferred_message_leaves_at_the_moment_named(at, channel, hours_ago):
    contacts = PersonContacts(last_at=at - timedelta(hours=hours_ago))
    visit = {"phase": Phase.amicable, "visit_announced": True, "visitor_identified": True}
    found = gate(at, channel=channel, contacts=contacts, **visit)
    assert found.verdict in ("send", "defer")
    assert_readable(found.trace)
    if found.until is not None:
        assert found.until > at
        assert gate(found.until, channel=channel, contacts=contacts, **visit).verdict == "send"


@pytest.mark.parametrize("changes", [{"repeats_term": True}, {"term_ended": True}])
def test_a_copy_within_the_term_and_another_message_after_it_leave(changes):
    assert gate(NOON, **changes).verdict == "send"


def test_a_notice_that_repeats_a_term_says_why_it_may_not_leave():
    laws = {line.source for line in gate(repeats_term=True, term_ended=True).trace}
    assert "BW 6:96(6); WER art. XIX.2: a notice leaves its whole term from when it arrives" in laws


BELGIAN = {"country": "BE", "phase": Phase.amicable, "agency_signs": True}


class TestTheFormalNoticeComesFirst:
    """WER art. XIX.7; law of 20 December 2002 art. 6: no other way of collecting before it or in its term."""

    @pytest.mark.parametrize("channel", [Channel.email, Channel.sms, Channel.letter, Channel.call])
    def test_within_its_term_nothing_leaves_and_afterwards_everything(self, channel):
        facts = {**BELGIAN, "channel": channel, "after_term": date(2026, 11, 18)}
        found = gate(NOON, **facts)
        opens = datetime(2026, 11, 18, 0 if channel is Channel.letter else 8, tzinfo=AMSTERDAM)
        assert (found.verdict, found.reasons, found.until) == ("defer", ("notice_term_running",), opens)
        assert found.trace[-1].rule == "be.notice_first"
        assert_readable(found.trace)
        assert gate(opens, **facts).verdict == "send"

    def test_the_notice_itself_its_copy_and_answers_pass(self):
        term = {**BELGIAN, "after_term": date(2026, 11, 18)}
        assert gate(NOON, **term, is_notice=True).verdict == "send"
        assert gate(NOON, **term, is_notice=True, repeats_term=True).verdict == "send"
        assert gate(NOON, **term, is_reply=True).verdict == "send"
        assert gate(NOON, **term, channel=Channel.call, is_reply=True).verdict == "send", (
            "who asked is called"
        )

    def test_before_it_left_nothing_of_the_agencys_own(self):
        unserved = gate(NOON, **BELGIAN, channel=Channel.call)
        assert (unserved.verdict, unserved.reasons) == ("refuse", ("notice_first",))
        assert_readable(unserved.trace)
        reminder = {**BELGIAN, "phase": Phase.reminder}
        assert gate(NOON, **reminder).reasons == ("notice_first",)
        assert gate(NOON, **reminder | {"agency_signs": False}).verdict == "send", (
            "the creditor's own reminder"
        )

    def test_companies_and_the_dutch_have_no_such_term(self):
        term = {**BELGIAN, "after_term": date(2026, 11, 18)}
        assert gate(NOON, **term, debtor=DebtorKind.company).verdict == "send"
        assert gate(NOON, **term | {"country": "NL"}).verdict == "send"
