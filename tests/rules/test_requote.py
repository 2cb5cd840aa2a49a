"""A price that was agreed never rises without the creditor, and never because evidence came in."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.pricing.promises import draw_card, draw_case
from agency.pricing.scoring import ClaimFacts, price_claim
from agency.rules.facts import Phase
from agency.rules.requote import Terms, Verdict, judge_new_price

pytestmark = pytest.mark.pure

small = st.integers(0, 3)
terms = st.builds(
    lambda fee, least, most: Terms(fee, Money(least, "EUR"), Money(most, "EUR")), small, small, small
)


@given(agreed=terms, offered=terms, only_added=st.booleans())
def test_it_rises_where_anything_is_dearer_and_falls_where_nothing_is(agreed, offered, only_added):
    verdict = judge_new_price(agreed=agreed, offered=offered, only_evidence_added=only_added)
    pairs = [
        (agreed.fee_bps, offered.fee_bps),
        (agreed.minimum, offered.minimum),
        (agreed.maximum, offered.maximum),
    ]
    dearer = any(new > old for old, new in pairs)
    assert (verdict is Verdict.rises) == (dearer and not only_added)
    assert (verdict is Verdict.falls) == (not dearer and offered != agreed)
    assert (verdict is Verdict.stands) == (offered == agreed or (dearer and only_added))


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
    assert judge_new_price(agreed=agreed, offered=offered, only_evidence_added=False) is not Verdict.rises


def _terms(card, facts):
    found = price_claim(card=card, facts=facts).price
    return Terms(found.fee_bps, found.minimum, found.maximum)
