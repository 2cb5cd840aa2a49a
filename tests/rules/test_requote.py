"""A price that was agreed never rises without the creditor, and never because evidence came in."""

from dataclasses import replace
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.pricing.promises import draw_card, draw_case
from agency.pricing.scoring import ClaimFacts, price_claim
from agency.rules.facts import DisputeStatus, Phase
from agency.rules.requote import (
    Kept,
    RequotePolicy,
    Terms,
    Verdict,
    Waits,
    judge_new_price,
    leave_dispute_out,
    requote_policy,
)
from agency.rules.tables import read_table
from tests.rules.explainable import assert_explains

pytestmark = pytest.mark.pure

small = st.integers(0, 3)
terms = st.builds(
    lambda fee, least, most: Terms(fee, Money(least, "EUR"), Money(most, "EUR")), small, small, small
)
ALWAYS = RequotePolicy(date(2026, 1, 1), 0, -10, 4, "asks at any difference")
HOUSE = requote_policy(date(2026, 11, 27))


def judge(agreed, offered, policy=ALWAYS, *, only_added=False, **more):
    return judge_new_price(
        agreed=agreed, offered=offered, only_evidence_added=only_added, policy=policy, **more
    )


def test_verdicts_stand_in_the_database():
    unchanged = Terms(1, Money(0, "EUR"), Money(0, "EUR"))
    assert judge(unchanged, unchanged).verdict.value == "stands"
    assert [verdict.value for verdict in Verdict] == ["stands", "falls", "rises"]
    assert [waits.value for waits in Waits] == ["nothing", "contested", "claim"]


@given(agreed=terms, offered=terms, only_added=st.booleans())
def test_it_rises_where_anything_is_dearer_and_falls_where_nothing_is(agreed, offered, only_added):
    decision = judge(agreed, offered, only_added=only_added)
    pairs = [
        (agreed.fee_bps, offered.fee_bps),
        (agreed.minimum, offered.minimum),
        (agreed.maximum, offered.maximum),
    ]
    dearer = any(new > old for old, new in pairs)
    assert (decision.verdict is Verdict.rises) == (dearer and not only_added)
    assert (decision.verdict is Verdict.falls) == (not dearer and offered != agreed)
    assert (decision.verdict is Verdict.stands) == (offered == agreed or (dearer and only_added))
    assert (decision.waits is Waits.nothing) == (decision.verdict is not Verdict.rises)


def a_price(bps, most):
    return Terms(bps, Money(0, "EUR"), Money(most, "EUR"))


@pytest.mark.parametrize(("most", "kept"), [(10_499, Kept.small_rise), (10_500, None)])
def test_it_is_asked_for_from_the_least_difference_on(most, kept):
    decision = judge(a_price(1000, 10_000), a_price(1050, most), HOUSE)
    assert decision.kept is kept
    assert (decision.verdict is Verdict.stands) == (kept is not None)
    assert_explains(decision.trace)


@pytest.mark.parametrize(
    ("undisputed", "dispute", "waits"),
    [
        (a_price(1000, 10_000), DisputeStatus.raised, Waits.contested),
        (a_price(1000, 10_000), DisputeStatus.resolved_debtor, Waits.claim),
        (a_price(1100, 11_000), DisputeStatus.raised, Waits.claim),
        (None, DisputeStatus.none, Waits.claim),
    ],
)
def test_only_what_is_contested_waits_where_an_open_dispute_alone_makes_it_dearer(undisputed, dispute, waits):
    decision = judge(
        a_price(1000, 10_000), a_price(1300, 13_000), HOUSE, undisputed=undisputed, dispute=dispute
    )
    assert decision.waits is waits
    assert_explains(decision.trace)


@pytest.mark.parametrize(
    ("agreed", "now", "contested", "left_out"),
    [
        ("none", "raised", 9_999, True),
        ("none", "raised", 10_000, False),
        ("resolved_creditor", "resolved_debtor", 1, True),
        ("raised", "substantiated", 1, False),  # agreed on with a dispute: it may also get less
        ("raised", "resolved_creditor", 1, False),
        ("none", "none", 0, False),
    ],
)
def test_a_dispute_over_little_is_no_new_fact(agreed, now, contested, left_out):
    trace = leave_dispute_out(
        agreed=DisputeStatus(agreed),
        now=DisputeStatus(now),
        contested=Money(contested, "EUR"),
        amount=Money(100_000, "EUR"),
        policy=HOUSE,
    )
    if not left_out:
        assert trace == ()
        return
    (line,) = trace
    assert line.inputs == {
        "contested": str(Money(contested, "EUR")), "claimed": "EUR 1000.00", "dispute": now, "least": "10",
    }  # fmt: skip
    assert_explains(trace)


def test_a_higher_price_is_told_with_both_fees_and_its_rule():
    (line,) = judge(a_price(1000, 10_000), a_price(1300, 13_000), HOUSE, dispute=DisputeStatus.raised).trace
    assert (line.rule, line.outcome) == ("requote", "requote.claim_waits")
    assert line.inputs == {
        "agreed_bps": "1000", "offered_bps": "1300", "rise": "EUR 30.00", "least": "EUR 5.00",
        "dispute": "raised",
    }  # fmt: skip


def test_the_house_rule_is_that_of_its_table():
    found = requote_policy(date(2026, 11, 27))
    (row,) = read_table("requote")["policy"]
    assert (found.since, found.contested_bps_min, found.rise_minor_min) == (row["since"], 1000, 500)
    assert (found.remind_days_before, found.source) == (4, row["source"])


def test_a_day_before_every_rule_has_none():
    with pytest.raises(LookupError):
        requote_policy(date(1999, 12, 31))


@given(seed=st.integers(0, 10**9))
def test_evidence_that_is_added_falls_or_leaves_it_under_any_card(seed):
    rng = Random(seed)
    card = draw_card(rng)
    case = draw_case(rng, card)
    before = ClaimFacts(
        amount=case.amount, age_days=case.age_days, debtor=case.debtor, country=case.country,
        documents=case.documents, dispute=case.dispute, phase=Phase.reminder, law=case.law,
        claim_type=case.claim_type,
    )  # fmt: skip
    after = replace(before, documents=before.documents | {case.added})
    agreed, offered = (_terms(card, facts) for facts in (before, after))
    assert judge(agreed, offered).verdict is not Verdict.rises


def _terms(card, facts):
    found = price_claim(card=card, facts=facts).price
    return Terms(found.fee_bps, found.minimum, found.maximum)
