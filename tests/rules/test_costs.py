"""Collection costs: the published examples, the borders of the scales, and what may not be claimed."""

import csv
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import CurrencyMismatch, Money
from agency.rules.costs import Costs, UnlawfulCosts, collection_costs, refuse_excess
from agency.rules.facts import DebtorKind, Law
from agency.rules.periodic import EarlierTerm, late_letter_costs, periodic_term_costs
from agency.rules.trace import as_json, from_json

pytestmark = pytest.mark.pure

NOW = date(2026, 11, 2)
CONSUMER, SOLE_TRADER, COMPANY = DebtorKind.consumer, DebtorKind.sole_trader, DebtorKind.company

principals = st.integers(min_value=1, max_value=300_000_000)


def euros(text: str) -> Money:
    return Money.parse(text, "EUR")


def costs(*amounts: str, law: Law = Law.nl, debtor: DebtorKind = CONSUMER, **more) -> Costs:
    return collection_costs(
        law=law, debtor=debtor, principals=[euros(amount) for amount in amounts], on=NOW, **more
    )


def bik(minor: int) -> int:
    return collection_costs(
        law=Law.nl, debtor=CONSUMER, principals=[Money(minor, "EUR")], on=NOW
    ).amount.minor


class TestDutchScale:
    @pytest.mark.parametrize(
        ("principal", "expected", "source"),
        [
            ("4000", "525.00", "P1 nova-incasso.nl"),
            ("10", "40.00", "P2 ruebincasso.nl"),
            ("266.67", "40.00", "P3 kantoorabri, ruebincasso"),
            ("100", "40.00", "P6 luxis test_wik"),
            ("150", "40.00", "P6 luxis test_wik"),
            ("1000", "150.00", "P6 luxis test_wik"),
            ("2500", "375.00", "P6 luxis test_wik"),
            ("3750", "500.00", "P7 luxis test_wik"),
            ("5000", "625.00", "P7 luxis test_wik"),
            ("10000", "875.00", "P7 luxis test_wik"),
            ("25000", "1025.00", "P8 luxis test_wik"),
            ("100000", "1775.00", "P8 luxis test_wik"),
            ("200000", "2775.00", "P8 luxis test_wik"),
            ("266.66", "40.00", "S1 statute"),
            ("266.70", "40.01", "S1 statute"),
            ("300", "45.00", "S1 statute"),
            ("650", "97.50", "S1 statute"),
            ("1000000", "6775.00", "S4 statute"),
            ("1000001", "6775.00", "S4 statute"),
            ("2000000", "6775.00", "S4 statute"),
        ],
    )
    def test_gives_the_published_amount(self, principal, expected, source):
        assert costs(principal).total == euros(expected), source

    def test_adds_the_principals_of_one_letter(self):
        """S2: BW 6:96(7); 45 on the sum of 300, not twice the minimum."""
        assert costs("100", "200").total == euros("45.00")

    def test_takes_credit_notes_off_the_principals(self):
        assert costs("1200", "-200").total == euros("150.00")

    def test_raises_vat_only_for_a_creditor_that_cannot_deduct_it(self):
        """P10: luxis test_wik; S6: on the minimum and the maximum."""
        found = costs("3500", vat_deductible=False)
        assert (found.amount, found.vat, found.total) == (euros("475"), euros("99.75"), euros("574.75"))
        assert [line.rule for line in found.trace] == ["nl.bik", "nl.bik_vat"]
        assert costs("3500").vat == euros("0")
        assert costs("1", vat_deductible=False).total == euros("48.40")
        assert costs("1000000", vat_deductible=False).total == euros("8197.75")

    def test_raised_vat_by_19_percent_until_october_2012(self):
        before = collection_costs(
            law=Law.nl,
            debtor=COMPANY,
            principals=[euros("1000")],
            on=date(2012, 9, 30),
            vat_deductible=False,
        )
        assert before.total == euros("178.50")

    @pytest.mark.parametrize("debtor", list(DebtorKind))
    def test_owes_every_kind_of_debtor_at_least_forty(self, debtor):
        """BW 6:96(4) between businesses, Besluit BIK art. 2(2) for consumers."""
        assert costs("0.01", debtor=debtor).total == euros("40.00")

    @given(principals)
    def test_stays_between_minimum_and_maximum(self, minor):
        assert 4_000 <= bik(minor) <= 677_500

    @given(principals, principals)
    def test_never_falls_for_a_larger_principal(self, one, other):
        low, high = sorted((one, other))
        assert bik(low) <= bik(high)

    @given(st.lists(principals, min_size=2, max_size=6))
    def test_one_letter_never_costs_more_than_several(self, minors):
        # Each letter's costs are rounded to a cent on their own: at most half a cent each way.
        assert 2 * bik(sum(minors)) <= 2 * sum(bik(minor) for minor in minors) + len(minors) + 1

    def test_agrees_with_every_collected_vector(self, real_data):
        """08_wik: tests of five public projects; a principal of nothing earns nothing."""
        with (real_data / "08_wik" / "wik_bik_vectors.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) >= 70
        for row in rows:
            found = costs(row["principal"], vat_deductible=row["vat_added"] != "True")
            assert found.amount == euros(row["recomputed"]), row
            if row["expected_vat"]:
                assert found.vat == euros(row["expected_vat"]), row
            if row["expected_incl_vat"]:
                assert found.total == euros(row["expected_incl_vat"]), row


class TestBelgianConsumer:
    @pytest.mark.parametrize(
        ("principal", "expected", "source"),
        [
            ("650", "72.50", "P26 droitsquotidiens.be"),
            ("10", "20", "S18 statute"),
            ("150", "20", "S18 statute"),
            ("150.01", "30.00", "S18 statute"),
            ("151", "30.10", "S18 statute"),
            ("200", "35.00", "S18 statute"),
            ("500", "65.00", "statute"),
            ("39200", "2000", "S20 statute"),
            ("50000", "2000", "S20 statute"),
        ],
    )
    def test_gives_the_capped_indemnity(self, principal, expected, source):
        assert costs(principal, law=Law.be).total == euros(expected), source

    def test_owes_nothing_without_an_agreed_clause(self):
        found = costs("650", law=Law.be, clause_agreed=False)
        assert found.total == euros("0")
        assert found.trace[0].outcome == "nothing: no clause on costs was agreed"
        assert found.trace[0].amount == euros("0")

    def test_pays_the_lower_of_each_debt_and_the_sum(self):
        assert costs("140", "140", law=Law.be).total == euros("40.00")  # the sum would give 43.00
        assert costs("600", "600", law=Law.be).total == euros("100.00")  # each would give 70.00

    def test_pays_no_vat_whoever_the_creditor_is(self):
        assert costs("650", law=Law.be, vat_deductible=False).vat == euros("0")

    @given(principals)
    def test_never_exceeds_the_cap(self, minor):
        found = collection_costs(
            law=Law.be, debtor=CONSUMER, principals=[Money(minor, "EUR")], on=NOW
        ).total.minor
        assert 2_000 <= found <= 200_000

    def test_is_not_scaled_before_the_law_was_in_force(self):
        with pytest.raises(UnlawfulCosts, match="not in force before 2023-09-01"):
            collection_costs(law=Law.be, debtor=CONSUMER, principals=[euros("650")], on=date(2023, 8, 31))


class TestOtherScales:
    @pytest.mark.parametrize("debtor", [SOLE_TRADER, COMPANY])
    @pytest.mark.parametrize("law", [Law.be, Law.de, Law.eu])
    def test_gives_forty_between_businesses(self, law, debtor):
        """Directive 2011/7/EU art. 6(1)."""
        assert costs("12000", law=law, debtor=debtor, clause_agreed=False).total == euros("40.00")

    @pytest.mark.parametrize(
        ("principal", "expected"),
        [("999.99", "40"), ("1000", "70"), ("9999.99", "70"), ("10000", "100")],
    )
    def test_gives_the_british_fixed_sums(self, principal, expected):
        """P40: payontime, debtco."""
        found = collection_costs(
            law=Law.uk, debtor=COMPANY, principals=[Money.parse(principal, "GBP")], on=NOW
        )
        assert found.total == Money.parse(expected, "GBP")

    @pytest.mark.parametrize("law", [Law.de, Law.uk, Law.eu])
    def test_charges_a_consumer_nothing_where_no_scale_is_kept(self, law):
        found = costs("500", law=law)
        assert found.total == euros("0")
        assert found.trace[0].outcome.startswith("nothing: the law lets the creditor claim no costs")


class TestRefusals:
    def test_refuses_a_principal_in_another_currency_than_the_scale(self):
        with pytest.raises(UnlawfulCosts, match="scale in EUR"):
            collection_costs(law=Law.nl, debtor=COMPANY, principals=[Money(100_00, "USD")], on=NOW)

    def test_refuses_principals_in_two_currencies(self):
        with pytest.raises(CurrencyMismatch):
            collection_costs(law=Law.nl, debtor=COMPANY, principals=[euros("1"), Money(1, "USD")], on=NOW)

    def test_refuses_the_scale_for_a_default_before_2012(self):
        """Besluit BIK art. 3."""
        with pytest.raises(UnlawfulCosts, match="2012-07-01"):
            collection_costs(law=Law.nl, debtor=CONSUMER, principals=[euros("1")], on=date(2012, 6, 30))

    def test_refuses_to_guess_without_a_principal(self):
        with pytest.raises(ValueError, match="at least one principal"):
            costs()

    def test_lets_pass_what_stays_within_the_law(self):
        assert refuse_excess(claimed=euros("45.00"), lawful=costs("300")) == euros("45.00")

    @pytest.mark.parametrize("claimed", ["45.01", "-0.01"])
    def test_refuses_what_somebody_claims_beyond_it(self, claimed):
        with pytest.raises(UnlawfulCosts):
            refuse_excess(claimed=euros(claimed), lawful=costs("300"))


class TestPeriodicTerms:
    def test_caps_six_monthly_terms_at_140(self):
        """P4: registeraccountants.com, rendement.nl."""
        earlier: list[EarlierTerm] = []
        for month in range(1, 7):
            missed_on = date(2026, month, 1)
            found = periodic_term_costs(principal=euros("200"), missed_on=missed_on, earlier=earlier)
            earlier.append(EarlierTerm(missed_on=missed_on, costs=found.amount))
        assert [term.costs for term in earlier] == [euros("40")] + [euros("20")] * 5
        seventh = periodic_term_costs(principal=euros("200"), missed_on=date(2026, 6, 20), earlier=earlier)
        assert seventh.total == euros("0")

    def test_starts_again_after_six_months(self):
        earlier = [EarlierTerm(missed_on=date(2026, 1, 1), costs=euros("40"))]
        assert periodic_term_costs(
            principal=euros("200"), missed_on=date(2026, 7, 1), earlier=earlier
        ).total == euros("40")

    @pytest.mark.parametrize(
        ("principal", "missed_on", "expected"),
        [
            ("266.67", date(2026, 3, 1), "40.00"),
            ("1000", date(2026, 3, 1), "150.00"),
            ("200", date(2024, 9, 30), "40.00"),
        ],
    )
    def test_leaves_larger_and_older_terms_on_the_ordinary_scale(self, principal, missed_on, expected):
        earlier = [EarlierTerm(missed_on=date(2024, 9, 1), costs=euros("140"))]
        found = periodic_term_costs(principal=euros(principal), missed_on=missed_on, earlier=earlier)
        assert found.total == euros(expected)

    def test_one_late_letter_earns_the_highest_single_fee(self):
        """kantoorabri.nl on Stb. 2024, 44."""
        assert late_letter_costs(principals=[euros("200"), euros("300")], on=NOW).total == euros("45.00")


def test_the_trace_survives_json():
    trace = costs("3500", vat_deductible=False).trace
    assert from_json(as_json(trace)) == trace
