"""The price: inside the published market, explained, and fair whatever the facts are."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import CurrencyMismatch, Money, bps_of
from agency.rules.facts import DebtorKind, DisputeStatus, DocumentKind
from agency.rules.price import DEFAULT_CARD, AgeStep, Band, Price, PriceFacts, RateCard, UnfairRateCard, price
from agency.rules.score import score
from agency.rules.success_fee import success_fee

pytestmark = pytest.mark.pure

AVERAGE = PriceFacts(
    amount=Money(1_850_000, "EUR"),
    age_days=100,
    debtor=DebtorKind.company,
    country="NL",
    completeness=55,
    dispute=DisputeStatus.none,
)

facts = st.builds(
    PriceFacts,
    amount=st.integers(1, 10**9).map(lambda minor: Money(minor, "EUR")),
    age_days=st.integers(0, 4000),
    debtor=st.sampled_from(list(DebtorKind)),
    country=st.sampled_from(["NL", "BE", "DE", "GB", "ES", "US"]),
    completeness=st.integers(0, 100),
    dispute=st.sampled_from(list(DisputeStatus)),
)


def quote(card: RateCard = DEFAULT_CARD, **changes) -> Price:
    return price(card=card, facts=replace(AVERAGE, **changes))


def euros(text: str) -> Money:
    return Money.parse(text, "EUR")


class TestMarket:
    @pytest.mark.parametrize(
        ("amount", "cheapest", "dearest"),
        [
            ("500", 1000, 2000),  # Centurion, Debitura Europe
            ("1000", 950, 1500),  # Debitura Europe, Intercash
            ("5000", 725, 1500),  # Centurion, Bierens
            ("10000", 612, 1500),
            ("50000", 255, 1375),  # Vici, Bierens
            ("200000", 139, 1000),  # Vici, Bierens
        ],
    )
    def test_stands_in_the_middle_of_what_others_publish(self, amount, cheapest, dearest):
        """rules.md section 11: the fee lies well inside the span for an ordinary home claim."""
        fee, span = quote(amount=euros(amount)).fee_bps, dearest - cheapest
        assert cheapest + span // 5 <= fee <= dearest - span // 5

    def test_slices_reproduce_a_published_sliced_tariff(self):
        """S39: Centurion, 10% of the first 1,000 (at least 25), 7.5% of the next 2,500, 5% of the rest."""
        centurion = replace(
            DEFAULT_CARD,
            bands=(Band(100_000, 1000), Band(350_000, 750), Band(None, 500)),
            minimum=2_500,
            bps_per_point=0,
            floor_bps=1,
        )
        collected = ["100", "1000", "3500", "5000"]
        fees = [quote(centurion, amount=euros(amount)).maximum for amount in collected]
        assert fees == [euros("25"), euros("100"), euros("287.50"), euros("362.50")]


class TestExplanation:
    def test_shows_every_factor_and_they_add_up(self):
        found = quote(age_days=200, country="DE", completeness=45, dispute=DisputeStatus.raised)
        assert {factor.key: factor.bps for factor in found.factors} == {
            "base": 978,
            "evidence": 50,
            "age": 300,
            "country": 250,
            "debtor": 0,
            "dispute": 300,
        }
        assert found.fee_bps == 1878
        assert all(factor.why and factor.label for factor in found.factors)

    def test_says_when_a_limit_of_the_card_was_reached(self):
        found = quote(amount=euros("100"), age_days=900, country="US", dispute=DisputeStatus.resolved_debtor)
        assert found.fee_bps == DEFAULT_CARD.ceiling_bps
        assert found.factors[-1].key == "bounds"
        assert found.factors[-1].bps < 0

    def test_shows_what_each_missing_document_would_save(self):
        evidence = score(
            debtor=DebtorKind.company,
            amount=AVERAGE.amount,
            documents=frozenset({DocumentKind.invoice, DocumentKind.order}),
            dispute=DisputeStatus.none,
        )
        found = quote(completeness=evidence.completeness, gains=evidence.gains)
        savings = {saving.document: saving.fee_bps_after for saving in found.cheaper}
        assert found.fee_bps == 1028
        assert savings[DocumentKind.delivery_note] == 928
        assert savings[DocumentKind.delivery_note] == quote(completeness=65).fee_bps

    def test_pins_the_version_of_the_card_in_the_trace(self):
        (line,) = quote().trace
        assert (line.rule, line.version, line.amount) == ("price", "2026-11-26", quote().maximum)


class TestFairness:
    @given(facts)
    def test_factors_add_up_and_limits_hold(self, given_facts):
        found = price(card=DEFAULT_CARD, facts=given_facts)
        assert sum(factor.bps for factor in found.factors) == found.fee_bps
        assert DEFAULT_CARD.floor_bps <= found.fee_bps <= DEFAULT_CARD.ceiling_bps
        assert Money.zero("EUR") <= found.maximum <= bps_of(given_facts.amount, found.fee_bps)

    @given(facts, st.integers(0, 100))
    def test_more_evidence_never_raises_the_fee(self, given_facts, completeness):
        low, high = sorted((given_facts.completeness, completeness))
        worse = price(card=DEFAULT_CARD, facts=replace(given_facts, completeness=low))
        better = price(card=DEFAULT_CARD, facts=replace(given_facts, completeness=high))
        assert better.fee_bps <= worse.fee_bps
        assert better.maximum <= worse.maximum

    @given(
        facts,
        st.frozensets(st.sampled_from(list(DocumentKind))),
        st.sampled_from(list(DocumentKind)),
    )
    def test_adding_a_document_never_raises_the_fee(self, given_facts, documents, added):
        """S-22, from the documents to the price, with the saving that was promised."""

        def quoted(kinds: frozenset[DocumentKind]) -> Price:
            evidence = score(
                debtor=given_facts.debtor,
                amount=given_facts.amount,
                documents=kinds,
                dispute=given_facts.dispute,
            )
            changed = replace(given_facts, completeness=evidence.completeness, gains=evidence.gains)
            return price(card=DEFAULT_CARD, facts=changed)

        before, after = quoted(documents), quoted(documents | {added})
        assert after.fee_bps <= before.fee_bps
        promised = {saving.document: saving.fee_bps_after for saving in before.cheaper}
        assert after.fee_bps == promised.get(added, before.fee_bps)

    @given(facts, st.integers(0, 4000))
    def test_ageing_never_lowers_the_fee(self, given_facts, age_days):
        young, old = sorted((given_facts.age_days, age_days))
        younger = price(card=DEFAULT_CARD, facts=replace(given_facts, age_days=young))
        older = price(card=DEFAULT_CARD, facts=replace(given_facts, age_days=old))
        assert younger.fee_bps <= older.fee_bps
        assert younger.maximum <= older.maximum

    @given(facts)
    def test_a_dispute_never_lowers_the_fee(self, given_facts):
        calm = price(card=DEFAULT_CARD, facts=replace(given_facts, dispute=DisputeStatus.none))
        found = price(card=DEFAULT_CARD, facts=given_facts)
        assert calm.fee_bps <= found.fee_bps
        assert calm.maximum <= found.maximum

    @given(facts, st.integers(1, 10**9))
    def test_a_larger_claim_never_pays_less_in_euros(self, given_facts, minor):
        one, other = sorted((given_facts.amount, Money(minor, "EUR")))
        smaller = price(card=DEFAULT_CARD, facts=replace(given_facts, amount=one))
        larger = price(card=DEFAULT_CARD, facts=replace(given_facts, amount=other))
        assert smaller.maximum <= larger.maximum
        assert smaller.fee_bps >= larger.fee_bps

    @pytest.mark.parametrize("edge", [band.up_to for band in DEFAULT_CARD.bands if band.up_to])
    def test_no_cent_over_the_edge_of_a_band_is_cheaper(self, edge):
        fees = [quote(amount=Money(edge + step, "EUR")).maximum for step in range(-300, 300)]
        assert fees == sorted(fees)

    @given(facts)
    def test_collecting_all_costs_exactly_the_maximum(self, given_facts):
        found = price(card=DEFAULT_CARD, facts=given_facts)
        fee = success_fee(
            collected=given_facts.amount,
            fee_bps=found.fee_bps,
            vat_percent=Decimal(0),
            maximum_left=found.maximum,
        )
        assert fee.net == found.maximum


class TestRefusals:
    @pytest.mark.parametrize(
        "changes",
        [{"amount": Money(0, "EUR")}, {"age_days": -1}, {"completeness": 101}, {"completeness": -1}],
    )
    def test_refuses_facts_without_a_price(self, changes):
        with pytest.raises(ValueError, match="positive amount"):
            quote(**changes)

    def test_refuses_another_currency_than_the_card(self):
        with pytest.raises(CurrencyMismatch):
            quote(amount=Money(1000, "USD"))

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"bands": ()}, "its bands rise"),
            ({"bands": (Band(100, 500),)}, "its bands rise"),
            ({"bands": (Band(200, 500), Band(100, 500), Band(None, 400))}, "its bands rise"),
            ({"ages": (AgeStep(0, 100), AgeStep(30, 50))}, "an older claim never costs less"),
            ({"ages": (AgeStep(1, 0),)}, "its ages begin at zero"),
            ({"bps_per_point": -1}, "a document never makes it dearer"),
            ({"disputes": {**DEFAULT_CARD.disputes, "raised": -1}}, "a dispute never makes it cheaper"),
            ({"disputes": {"none": 0}}, "it prices every dispute status"),
            ({"debtors": {"company": 0}}, "it prices every kind of debtor"),
            ({"countries": {"NL": 0}}, "it prices every country"),
            ({"floor_bps": 0}, "its lower limit"),
            ({"ceiling_bps": 10_001}, "its upper limit"),
            ({"minimum": -1}, "its minimum"),
        ],
    )
    def test_refuses_a_card_that_would_be_unfair(self, changes, sentence):
        with pytest.raises(UnfairRateCard, match=sentence):
            replace(DEFAULT_CARD, **changes)


class TestRateCardJson:
    def test_reads_back_what_it_writes_to_the_byte(self):
        content = DEFAULT_CARD.to_json()
        again = RateCard.from_json(content)
        assert again == DEFAULT_CARD
        assert again.to_json() == content
        assert quote(again) == quote()

    @pytest.mark.parametrize("content", ["", "[]", "{}", '{"version":"1"}', "null"])
    def test_refuses_what_is_no_card(self, content):
        with pytest.raises(ValueError):  # noqa: PT011 - JSON's own error is one too
            RateCard.from_json(content)
