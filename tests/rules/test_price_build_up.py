"""The build-up of a price, to the basis point and the cent: limits, minimum, file fee, savings."""

from dataclasses import replace

import pytest

from agency.money import Money
from agency.rules.facts import ClaimType, DebtorKind, DisputeStatus, DocumentKind, Law, Phase
from agency.rules.price import PRICE_RULE, PriceFacts, price
from agency.rules.rate_card import Band, PhaseStep, default_card
from agency.rules.score import ScoreGain
from agency.rules.smaller_claims import smaller_claims

pytestmark = pytest.mark.pure

CARD = replace(default_card(), bands=(Band(10_000, 2_000), Band(None, 1_000)))
FACTS = PriceFacts(
    amount=Money(30_000, "EUR"), age_days=100, debtor=DebtorKind.company, country="NL", completeness=55,
    dispute=DisputeStatus.none,
)  # fmt: skip


def quote(card=CARD, **changes):
    return price(card=card, facts=replace(FACTS, **changes))


def parts(found) -> dict[str, tuple[str, int, str]]:
    return {factor.key: (factor.label, factor.bps, factor.why) for factor in found.factors}


def test_each_factor_says_what_it_is_and_why():
    found = quote(
        replace(CARD, file_fee=300), completeness=45, debtor=DebtorKind.consumer, country="DE", age_days=200,
        dispute=DisputeStatus.raised, phase=Phase.legal,
    )  # fmt: skip
    assert parts(found) == {
        "base": ("Size of the claim", 1_334, "rate of the card for EUR 300.00"),
        "evidence": ("Documents", 50, "completeness 45 of 100; 55 is neutral"),
        "age": ("Age", 300, "200 days after the due date"),
        "country": ("Country of the debtor", 250, "debtor in DE"),
        "debtor": ("Kind of debtor", 200, "the debtor is a consumer"),
        "dispute": ("Dispute", 300, "dispute: raised"),
        "phase": ("Phase", 700, "work of the legal phase"),
        "file": ("File fee", 100, "EUR 3.00 per claim, earned as money comes in"),
    }
    assert found.fee_bps == 3_234
    assert found.maximum == Money(9_700, "EUR")  # 20 % of 100, 10 % of 200, 18 % of 300, and 3


def test_bands_are_slices_to_the_cent():
    amounts = {1: 0, 9_999: 2_000, 10_000: 2_000, 10_001: 2_000, 10_005: 2_001, 30_000: 4_000}
    assert {minor: quote(amount=Money(minor, "EUR")).maximum.minor for minor in amounts} == amounts
    assert quote(amount=Money(10_000, "EUR")).fee_bps == 2_000
    assert quote(amount=Money(10_001, "EUR")).fee_bps == 2_000  # 1999.9 rounded up, so 2,000.1 is reached


@pytest.mark.parametrize(
    ("changes", "completeness", "fee", "bounds"),
    [
        ({"floor_bps": 775}, 100, 1_109, None), ({"floor_bps": 778}, 100, 1_111, 2),
        ({"floor_bps": 1_500}, 100, 1_592, 150), ({"ceiling_bps": 2_275}, 0, 1_609, None),
        ({"ceiling_bps": 2_272}, 0, 1_608, -1), ({"ceiling_bps": 1_400}, 0, 1_317, -92),
    ],
)  # fmt: skip
def test_limits_hold_for_every_slice(changes, completeness, fee, bounds):
    card = replace(CARD, **changes)
    found = quote(card, completeness=completeness)
    assert found.fee_bps == fee
    told = f"no part of the fee is under {card.floor_bps} or over {card.ceiling_bps} basis points"
    assert parts(found).get("bounds") == (bounds and ("Lower and upper limit", bounds, told))


def test_minimum_and_file_fee_are_asked_up_to_the_upper_limit():
    def most(minor: int = 30_000, **card) -> int:
        return quote(replace(CARD, **card), amount=Money(minor, "EUR")).maximum.minor

    assert most(minimum=3_999) == 4_000
    assert most(minimum=4_001) == 4_001
    assert most(minimum=4_001, file_fee=9) == 4_010
    assert most(file_fee=9) == 4_009
    assert most(minimum=15_000, file_fee=9) == 15_000
    assert most(1_000, minimum=4_000) == 500
    assert quote(replace(CARD, minimum=1_500)).minimum == Money(1_500, "EUR")
    assert quote(replace(CARD, minimum=5_000), amount=Money(1_000, "EUR")).minimum == Money(500, "EUR")
    assert quote().minimum == Money(0, "EUR")


def test_the_arithmetic_has_a_version_that_old_quotes_name():
    assert PRICE_RULE == "1"


def test_an_unknown_country_is_any_other():
    assert parts(quote(country="BR"))["country"] == ("Country of the debtor", 700, "debtor in BR")


def test_a_phase_that_is_not_done_by_result_adds_nothing():
    assert "phase" not in parts(quote(replace(CARD, phases=()), phase=Phase.legal))
    late = replace(CARD, phases=(PhaseStep("legal", 700),))
    assert "phase" not in parts(quote(late, phase=Phase.reminder))
    assert "phase" not in parts(quote())


def test_what_is_remembered_of_one_card_prices_no_claim_under_another():
    dearer = replace(CARD, bps_per_point=CARD.bps_per_point + 1)
    assert dearer.version == CARD.version
    both = [quote(card, completeness=45).fee_bps for card in (CARD, dearer, CARD, dearer)]
    assert both == [both[0], both[0] + 10] * 2


class TestSavings:
    GAINS = (ScoreGain(DocumentKind.order, 75), ScoreGain(DocumentKind.terms, 55))

    def test_only_what_lowers_the_fee_is_a_saving(self):
        found = quote(gains=self.GAINS)
        assert [(saving.document, saving.fee_bps_after) for saving in found.cheaper] == [("order", 1_234)]
        assert found.held is False

    def test_a_smaller_claim_holds_a_saving_back(self):
        free = quote(gains=self.GAINS)
        held = quote(gains=self.GAINS, smaller=((29_999, 50),))
        assert free.fee_bps == 1_334
        assert (held.fee_bps, held.held) == (1_359, True)
        assert [saving.fee_bps_after for saving in held.cheaper] == []
        assert held.maximum == Money(4_075, "EUR")  # what 299.99 pays at five points less evidence

    def test_a_smaller_claim_that_pays_less_holds_nothing(self):
        found = quote(smaller=((10_000, 55),), gains=self.GAINS)
        assert (found.fee_bps, found.held) == (1_334, False)
        assert [saving.fee_bps_after for saving in found.cheaper] == [1_234]

    def test_a_saving_that_just_reaches_what_a_smaller_claim_pays_is_not_held(self):
        found = quote(smaller=((30_000, 75),), gains=self.GAINS)
        assert ([saving.fee_bps_after for saving in found.cheaper], found.held) == ([1_234], False)
        held = quote(smaller=((30_000, 74),), gains=self.GAINS)
        assert ([saving.fee_bps_after for saving in held.cheaper], held.held) == ([1_239], True)

    def test_a_card_may_ask_something_of_calm_and_settled_claims(self):
        disputes = {key: bps + 100 for key, bps in CARD.disputes.items()}
        found = quote(
            replace(CARD, disputes=disputes), dispute=DisputeStatus.raised, completeness_resolved=55
        )
        assert (found.fee_bps, found.resolved_bps) == (1_734, 1_434)

    def test_of_two_smaller_claims_the_dearer_counts(self):
        both = ((29_999, 50), (10_000, 0))
        assert quote(smaller=both).maximum == quote(smaller=both[:1]).maximum
        assert quote(smaller=both[::-1]).maximum == quote(smaller=both[:1]).maximum

    @pytest.mark.parametrize(
        ("dispute", "resolved", "after"),
        [
            (DisputeStatus.raised, None, None), (DisputeStatus.raised, 55, 1_334),
            (DisputeStatus.raised, 65, 1_284),
            (DisputeStatus.none, 55, None), (DisputeStatus.none, 56, 1_329),
        ],
    )  # fmt: skip
    def test_a_settled_dispute_saves_its_surcharge_and_its_points(self, dispute, resolved, after):
        assert quote(dispute=dispute, completeness_resolved=resolved).resolved_bps == after


@pytest.mark.parametrize(
    "changes",
    [{"amount": Money(0, "EUR")}, {"age_days": -1}, {"completeness": -1}, {"completeness": 101}],
)
def test_what_has_no_price_is_refused(changes):
    with pytest.raises(ValueError, match="positive amount, an age and a completeness"):
        quote(**changes)


def test_the_least_and_the_most_that_has_one():
    assert quote(amount=Money(1, "EUR"), age_days=0, completeness=0).fee_bps > 0
    assert quote(completeness=100).fee_bps == 1_334 - 45 * 5


class TestSmallerClaims:
    def found(self, minor: int, completeness: int, at_least: int = 0):
        return smaller_claims(
            debtor=DebtorKind.company, amount=Money(minor, "EUR"), dispute=DisputeStatus.none, law=Law.nl,
            documents=frozenset({DocumentKind.correspondence}), claim_type=ClaimType.sale, at_least=at_least,
            completeness=completeness,
        )  # fmt: skip

    def test_are_those_just_under_a_limit_that_the_documents_prove_less(self):
        assert self.found(24_999, 5) == ()
        assert self.found(25_000, 5) == ((24_999, 0),)
        assert self.found(25_000, 0) == ()
        assert self.found(25_000, 5, at_least=5) == ()
        assert self.found(25_000, 5, at_least=4) == ((24_999, 4),)
