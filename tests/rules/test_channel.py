"""Ways of contact: to whom, in which phase, and what a visit needs."""

from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.rules.channel import ChannelDecision, ChannelFacts, Recipient, channel_allowed
from agency.rules.facts import Channel, DebtorKind, Phase
from tests.rules.wording import assert_readable

pytestmark = pytest.mark.pure

TODAY = date(2026, 11, 3)
A_PROPER_VISIT = ChannelFacts(announced=True, identified=True)


def way(
    channel: Channel = Channel.call,
    country: str = "NL",
    debtor: DebtorKind = DebtorKind.consumer,
    phase: Phase = Phase.amicable,
    facts: ChannelFacts | None = None,
    **changes,
) -> ChannelDecision:
    return channel_allowed(
        country=country,
        debtor=debtor,
        phase=phase,
        channel=channel,
        facts=facts or ChannelFacts(**changes),
        on=TODAY,
    )


class TestWhoIsSpokenTo:
    @pytest.mark.parametrize(
        "recipient", [Recipient.family, Recipient.neighbour, Recipient.employer, Recipient.somebody_else]
    )
    @pytest.mark.parametrize("channel", [channel for channel in Channel if channel is not Channel.visit])
    def test_nobody_but_the_debtor(self, recipient, channel):
        for country in ("NL", "BE", "DE"):
            found = way(channel, country, recipient=recipient)
            assert (found.allowed, found.reasons) == (False, ("third_party",))

    def test_it_is_the_law_in_belgium_and_the_house_elsewhere(self):
        """economie.fgov.be: the one practice that Book XIX itself forbids in so many words."""
        assert way(country="BE", recipient=Recipient.employer).by_law == ("third_party",)
        assert way(country="BE", debtor=DebtorKind.company, recipient=Recipient.employer).by_law == ()
        assert way(country="NL", recipient=Recipient.employer).by_law == ()
        assert way(country="NL", recipient=Recipient.employer).trace[0].source.startswith("house rule")
        assert way(country="BE", recipient=Recipient.employer).trace[0].source.startswith("WER Book XIX")

    @pytest.mark.parametrize("channel", [Channel.call, Channel.sms])
    def test_a_belgian_consumer_is_not_called_before_the_formal_notice(self, channel):
        """dyzo.be: collection begins with a formal notice in writing, and only then come other ways."""
        early = way(channel, "BE", phase=Phase.reminder)
        assert (early.reasons, early.by_law) == (("channel_not_in_phase",), ("channel_not_in_phase",))
        assert way(channel, "BE").allowed
        assert way(Channel.email, "BE", phase=Phase.reminder).allowed
        assert way(channel, "BE", DebtorKind.company, phase=Phase.reminder).allowed
        assert way(channel, "NL", phase=Phase.reminder).allowed

    def test_the_rule_is_named_after_the_country_that_has_one(self):
        assert way(Channel.visit, "BE").trace[0].rule == "be.channel"
        assert way(Channel.call, "NL").trace[0].rule == "house.channel"
        assert way(Channel.visit, "NL").trace[0].rule == "nl.channel"

    def test_who_represents_the_debtor_may_be_spoken_to(self):
        assert way(recipient=Recipient.representative).allowed


class TestVisits:
    def test_is_announced_and_identified(self):
        assert way(Channel.visit, facts=A_PROPER_VISIT).allowed
        assert way(Channel.visit).reasons == ("visit_not_announced", "visitor_not_identified")
        assert way(Channel.visit, announced=True, identified=True, refused=True).reasons == ("visit_refused",)

    def test_belgian_law_wants_the_announcement_dutch_custom_the_identification(self):
        assert way(Channel.visit, "BE").by_law == ("visit_not_announced", "visitor_not_identified")
        assert way(Channel.visit, "NL").by_law == ("visitor_not_identified",)
        assert way(Channel.visit, "DE").by_law == ()

    def test_does_not_come_with_a_mere_reminder(self):
        found = way(Channel.visit, phase=Phase.reminder, facts=A_PROPER_VISIT)
        assert found.reasons == ("channel_not_in_phase",)


class TestPoints:
    @pytest.mark.parametrize("channel", [Channel.sms, Channel.email, Channel.call, Channel.letter])
    def test_needs_a_point_that_works(self, channel):
        assert way(channel, contact_point_ok=False).reasons == ("contact_point_broken",)

    def test_an_objection_closes_every_way_but_the_letter(self):
        for channel in (Channel.sms, Channel.email, Channel.call):
            assert way(channel, consent_withdrawn=True).by_law == ("consent_withdrawn",)
        assert way(Channel.letter, consent_withdrawn=True).allowed

    def test_names_every_reason_at_once(self):
        found = way(Channel.sms, recipient=Recipient.family, contact_point_ok=False, consent_withdrawn=True)
        assert found.reasons == ("third_party", "contact_point_broken", "consent_withdrawn")
        assert [line.outcome for line in found.trace] == [f"contact.{reason}" for reason in found.reasons]


@pytest.mark.parametrize("channel", Channel)
def test_the_bailiff_has_the_last_phase(channel):
    found = way(channel, phase=Phase.execution, facts=A_PROPER_VISIT)
    assert found.reasons == ("with_bailiff",)


@pytest.mark.parametrize("phase", [Phase.reminder, Phase.amicable, Phase.legal])
@pytest.mark.parametrize("channel", [Channel.email, Channel.sms, Channel.letter, Channel.call])
def test_is_open_when_nothing_stands_against_it(channel, phase):
    for country, debtor in product(("NL", "BE"), DebtorKind):
        if (country, debtor, phase) == ("BE", DebtorKind.consumer, Phase.reminder):
            continue  # which begins with a formal notice
        found = way(channel, country, debtor, phase)
        assert (found.allowed, found.by_law) == (True, ())
        assert found.trace[0].outcome == "contact.channel_open"


@given(
    st.sampled_from(list(Channel)),
    st.sampled_from(["NL", "BE", "DE", "FR", "ZZ"]),
    st.sampled_from(list(DebtorKind)),
    st.sampled_from(list(Phase)),
    st.builds(
        ChannelFacts,
        recipient=st.sampled_from(list(Recipient)),
        contact_point_ok=st.booleans(),
        consent_withdrawn=st.booleans(),
        announced=st.booleans(),
        identified=st.booleans(),
        refused=st.booleans(),
    ),
)
def test_a_closed_way_says_why_in_four_languages(channel, country, debtor, phase, facts):
    found = way(channel, country, debtor, phase, facts)
    assert found.allowed is (found.reasons == ())
    assert set(found.by_law) <= set(found.reasons)
    assert_readable(found.trace)
