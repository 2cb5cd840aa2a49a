"""The promises of the price, over drawn cards and on the agency's own; and that a broken one is found."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.pricing.promises import (
    PricedCase,
    counterexamples,
    draw_card,
    draw_case,
    prove_card,
)
from agency.rules.facts import ClaimType, DebtorKind, DisputeStatus, DocumentKind, Law
from agency.rules.price import DEFAULT_CARD, Band, PriceFacts, UnfairRateCard, price
from agency.rules.rate_card import PhaseStep, RateCard, card_differences, unlawful_fees
from agency.rules.smaller_claims import smaller_claims

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


class TestPromises:
    @given(st.integers(0, 2**32))
    def test_hold_on_every_card_that_can_be_built(self, seed):
        """S-22: whatever the card says, a well documented, recent and undisputed claim never costs more."""
        rng = Random(seed)
        card = draw_card(rng)
        assert list(counterexamples(card, draw_case(rng, card))) == []

    @given(st.integers(0, 2**32))
    def test_hold_on_the_agencys_own_card(self, seed):
        assert list(counterexamples(DEFAULT_CARD, draw_case(Random(seed), DEFAULT_CARD))) == []

    def test_that_are_broken_are_found(self):
        """A card forced past its own checks, as a mistake in them would let it out."""
        dearer = _unchecked(bps_per_point=-20)
        assert {one.promise for one in prove_card(dearer, cases=300, seed=1)} >= {
            "a document never makes it dearer"
        }
        rising = _unchecked(bands=(Band(100_000, 500), Band(None, 2_000)))
        assert {one.promise for one in prove_card(rising, cases=300, seed=1)} == {
            "a claim split in two never costs less"
        }
        quarrel = _unchecked(disputes=dict(DEFAULT_CARD.disputes) | {"raised": -500})
        assert "a dispute never makes it cheaper" in {
            one.promise for one in prove_card(quarrel, cases=300, seed=1)
        }

    def test_of_euros_holds_where_other_documents_start_to_count(self):
        """Without it a claim of 250 with a delivery note would cost less in total than one of 249.99."""
        documents = frozenset({DocumentKind.correspondence})
        case = PricedCase(
            amount=Money(24_999, "EUR"), age_days=40, debtor=DebtorKind.company, country="NL",
            documents=documents, dispute=DisputeStatus.none, phase=None, added=DocumentKind.order, older_by=1,
            larger_by=1, split_at=1,
        )  # fmt: skip
        assert list(counterexamples(DEFAULT_CARD, case)) == []
        just_over = PriceFacts(
            amount=Money(25_000, "EUR"), age_days=40, debtor=DebtorKind.company, country="NL",
            completeness=5, dispute=DisputeStatus.none,
        )  # fmt: skip
        smaller = smaller_claims(
            debtor=DebtorKind.company, amount=just_over.amount, documents=documents,
            dispute=DisputeStatus.none, law=Law.nl, claim_type=ClaimType.sale, at_least=0, completeness=5,
        )  # fmt: skip
        assert smaller == ((24_999, 0),)
        alone = price(card=DEFAULT_CARD, facts=just_over)
        held = price(card=DEFAULT_CARD, facts=replace(just_over, smaller=smaller))
        assert alone.maximum < held.maximum


class TestNewFields:
    @given(st.integers(0, 2**32))
    def test_survive_being_written_as_json(self, seed):
        card = draw_card(Random(seed))
        assert RateCard.from_json(card.to_json()) == card

    def test_of_a_card_of_before_are_as_they_were(self):
        """A card that was published before phases and file fees were known prices as it did then."""
        fields = {
            name: value
            for name, value in _fields(DEFAULT_CARD).items()
            if name not in ("phases", "file_fee", "interest_to", "costs_to")
        }
        old = RateCard.from_fields(fields)
        facts = PriceFacts(
            amount=Money(1_850_000, "EUR"), age_days=100, debtor=DebtorKind.company, country="NL",
            completeness=55, dispute=DisputeStatus.none,
        )  # fmt: skip
        assert price(card=old, facts=facts) == price(card=DEFAULT_CARD, facts=facts)

    def test_a_file_fee_is_a_factor_and_never_lifts_the_fee_over_the_limit(self):
        card = replace(DEFAULT_CARD, file_fee=2_500)
        facts = PriceFacts(
            amount=Money(1_000, "EUR"), age_days=0, debtor=DebtorKind.company, country="NL",
            completeness=55, dispute=DisputeStatus.none,
        )  # fmt: skip
        found = price(card=card, facts=facts)
        assert found.fee_bps == card.ceiling_bps
        assert {factor.key for factor in found.factors} >= {"file", "bounds"}
        large = price(card=card, facts=replace(facts, amount=Money(1_000_000, "EUR")))
        without = price(card=DEFAULT_CARD, facts=replace(facts, amount=Money(1_000_000, "EUR")))
        assert large.maximum - without.maximum == Money(2_500, "EUR")

    def test_a_settled_dispute_is_offered_as_a_saving(self):
        facts = PriceFacts(
            amount=Money(100_000, "EUR"), age_days=30, debtor=DebtorKind.company, country="NL",
            completeness=40, dispute=DisputeStatus.raised, completeness_resolved=50,
        )  # fmt: skip
        settled = replace(
            facts, dispute=DisputeStatus.resolved_creditor, completeness=50, completeness_resolved=None
        )
        assert (
            price(card=DEFAULT_CARD, facts=facts).resolved_bps
            == price(card=DEFAULT_CARD, facts=settled).fee_bps
        )

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"bands": (Band(100, 500), Band(None, 600))}, "bands.2"),
            ({"phases": (PhaseStep("reminder", 100), PhaseStep("legal", 50))}, "phases.2"),
            ({"phases": (PhaseStep("legal", 100), PhaseStep("reminder", 200))}, "phases.2"),
            ({"phases": (PhaseStep("court", 100),)}, "phases.1"),
            ({"phases": (PhaseStep("reminder", 0, ("BE",)),)}, "phases.1"),
            ({"file_fee": -1}, "file_fee"),
            ({"interest_to": "bank"}, "interest_to"),
            ({"disputes": {**DEFAULT_CARD.disputes, "resolved_creditor": 100}}, "disputes.resolved_creditor"),
        ],
    )
    def test_that_break_a_rule_are_named(self, changes, field):
        with pytest.raises(UnfairRateCard) as refusal:
            replace(DEFAULT_CARD, **changes)
        assert field in {fault.field for fault in refusal.value.faults}


class TestLaw:
    def test_allows_the_agencys_own_card(self):
        from datetime import date

        assert unlawful_fees(DEFAULT_CARD, on=date(2026, 12, 1)) == ()

    def test_names_the_phase_and_the_country(self):
        from datetime import date

        card = replace(DEFAULT_CARD, phases=(PhaseStep("reminder", 0), PhaseStep("execution", 900)))
        (fault,) = unlawful_fees(card, on=date(2026, 12, 1))
        assert (fault.field, "BE" in fault.sentence) == ("phases.2", True)


class TestDifferences:
    def test_name_each_changed_cell_and_no_other(self):
        changed = replace(
            DEFAULT_CARD, minimum=1_000, countries={**DEFAULT_CARD.countries, "NL": 100, "CH": 600}
        )
        assert set(card_differences(DEFAULT_CARD, changed)) == {
            ("minimum", 0, 1_000),
            ("countries.NL", 0, 100),
            ("countries.CH", None, 600),
        }
        assert card_differences(DEFAULT_CARD, DEFAULT_CARD) == ()


def _fields(card: RateCard) -> dict:
    import json

    return json.loads(card.to_json())


def _unchecked(**changes) -> RateCard:
    """A card as it would be if nothing had been checked when it was built."""
    card = object.__new__(RateCard)
    for name in RateCard.__slots__:
        object.__setattr__(card, name, changes.get(name, getattr(DEFAULT_CARD, name)))
    return card
