"""The best way to reach a debtor, by points that can be read (S-19)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.rules.channel_choice import ChoiceFacts, Tried, choose_channel
from agency.rules.facts import Channel, DebtorKind
from tests.rules.wording import assert_readable

pytestmark = pytest.mark.pure

ON = date(2026, 12, 1)
WRITTEN = (Channel.email, Channel.sms, Channel.letter)
TRIES = st.builds(Tried, answered=st.integers(0, 5), silent=st.integers(0, 5), failed=st.integers(0, 5))
FACTS = st.builds(
    ChoiceFacts,
    debtor=st.sampled_from(DebtorKind),
    principal=st.integers(1, 5_000_000).map(lambda minor: Money(minor, "EUR")),
    tried=st.dictionaries(st.sampled_from(Channel), TRIES),
)


def choose(ways=WRITTEN, *, minor=40_000, debtor=DebtorKind.consumer, **tried):
    facts = ChoiceFacts(
        debtor=debtor,
        principal=Money(minor, "EUR"),
        tried={Channel(way): found for way, found in tried.items()},
    )
    return choose_channel(ways=ways, facts=facts, on=ON)


def test_people_read_a_text_and_firms_their_mail():
    assert choose().channel is Channel.sms
    assert choose(debtor=DebtorKind.company).channel is Channel.email


def test_what_came_back_is_not_tried_again():
    assert choose(sms=Tried(failed=1)).channel is Channel.email


def test_what_was_answered_before_is_used_again():
    assert choose(letter=Tried(answered=1)).channel is Channel.letter


def test_silence_moves_on_to_another_way():
    assert choose(sms=Tried(silent=2), email=Tried(silent=2)).channel is Channel.letter


def test_the_largest_debts_are_talked_about():
    every = (*WRITTEN, Channel.call, Channel.visit)
    assert choose(every, minor=300_000, debtor=DebtorKind.company).channel is Channel.call
    assert choose(every, minor=2_000_000, debtor=DebtorKind.company).channel is Channel.visit


def test_a_small_debt_is_not_worth_a_letter():
    found = choose((Channel.letter, Channel.email), minor=1_500)
    assert dict(found.points)[Channel.letter] < 0
    assert found.channel is Channel.email


@pytest.mark.parametrize(("minor", "thousandths"), [(126, 992), (125, 1_000), (1, 125_000), (0, 125_000)])
def test_what_a_letter_costs_counts_in_thousandths_of_the_debt(minor, thousandths):
    (((_, points),)) = choose((Channel.letter,), minor=minor).points
    assert points == 36 - thousandths


@pytest.mark.parametrize(("minor", "more"), [(99_999, 0), (100_000, 8)])
def test_a_debt_is_large_from_its_very_amount_on(minor, more):
    found = choose((Channel.letter,), minor=minor)
    assert found.points == ((Channel.letter, 36 - 1 + more),)


def test_the_rules_hold_from_their_first_day():
    facts = ChoiceFacts(debtor=DebtorKind.company, principal=Money(1_000_000, "EUR"))
    every = list(Channel)
    first_day, today = date(2000, 1, 1), ON
    assert (
        choose_channel(ways=every, facts=facts, on=first_day).points
        == choose_channel(ways=every, facts=facts, on=today).points
    )


def test_a_rule_of_the_house_is_never_told_as_law():
    found = choose(minor=100_000, letter=Tried(answered=1))
    assert all(line.source.startswith("house rule") for line in found.trace)
    assert {line.rule for line in found.trace} == {"house.channel_choice"}


def test_without_any_way_nothing_is_chosen():
    with pytest.raises(ValueError, match="no way"):
        choose(())


@given(FACTS, st.lists(st.sampled_from(Channel), min_size=1, unique=True))
def test_the_points_add_up_to_what_is_told(facts, ways):
    found = choose_channel(ways=ways, facts=facts, on=ON)
    assert found.channel in ways
    assert {way for way, _ in found.points} == set(ways)
    for way, points in found.points:
        lines = [line for line in found.trace[1:] if line.inputs["channel"] == way.value]
        assert sum(int(line.inputs["points"]) for line in lines) == points
        assert points <= dict(found.points)[found.channel]
    assert_readable(found.trace)


@given(FACTS, st.sampled_from(Channel), st.integers(1, 4))
def test_one_failure_more_never_speaks_for_a_way(facts, way, failed):
    tried = {**facts.tried, way: Tried(failed=failed)}
    worse = {**facts.tried, way: Tried(failed=failed + 1)}

    def points(known):
        told = ChoiceFacts(debtor=facts.debtor, principal=facts.principal, tried=known)
        return dict(choose_channel(ways=[way], facts=told, on=ON).points)[way]

    assert points(worse) <= points(tried)
