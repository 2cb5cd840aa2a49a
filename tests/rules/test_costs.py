"""Collection costs: the published examples, the borders of the scales, and what may not be claimed."""

import csv
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import CurrencyMismatch, Money
from agency.rules.cost_scale import Tier, _scale
from agency.rules.costs import (
    CostConditions,
    Costs,
    UnlawfulCosts,
    VatPosition,
    collection_costs,
)
from agency.rules.facts import DebtorKind, Law
from agency.rules.trace import as_json, from_json
from tests.rules.explainable import assert_explains

pytestmark = pytest.mark.pure

NOW = date(2026, 11, 2)
CONSUMER, SOLE_TRADER, COMPANY = DebtorKind.consumer, DebtorKind.sole_trader, DebtorKind.company

principals = st.integers(min_value=1, max_value=300_000_000)


def euros(text: str) -> Money:
    return Money.parse(text, "EUR")


def costs(*amounts: str, law: Law = Law.nl, debtor: DebtorKind = CONSUMER, on: date = NOW, **more) -> Costs:
    """Costs of EUR amounts; every answer that a test looks at must explain itself."""
    found = collection_costs(
        law=law, debtor=debtor, principals=[euros(amount) for amount in amounts], on=on, **more
    )
    assert_explains(found.trace, found.total)
    assert found.amount + found.vat == found.total
    return found


def outcomes(found: Costs) -> list[str]:
    return [line.outcome.removeprefix("costs.") for line in found.trace]


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
        assert found.trace[-1].rule == "nl.bik_vat"
        assert found.trace[-1].amount == found.vat
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

    def test_explains_slice_by_slice(self):
        found = costs("300000")
        slices = [(line.inputs["percent"], line.amount) for line in found.trace[1:]]
        assert outcomes(found) == ["base"] + ["slice"] * 5
        assert slices == [
            ("15", euros("375")),
            ("10", euros("250")),
            ("5", euros("250")),
            ("1", euros("1900")),
            ("0.5", euros("500")),
        ]
        assert found.trace[0].inputs == {"principal": "EUR 300000.00", "debts": "1", "debtor": "consumer"}
        assert found.trace[0].version == "2012-07-01"

    def test_explains_the_raise_and_the_cut(self):
        raised, cut = costs("100"), costs("1200000")
        assert outcomes(raised) == ["base", "slice", "minimum"]
        assert raised.trace[-1].amount == euros("25.00")
        assert outcomes(cut)[-1] == "maximum"
        assert cut.trace[-1].amount == euros("-1000.00")
        assert outcomes(costs("1000000")) == ["base"] + ["slice"] * 5
        assert outcomes(costs("266.67")) == ["base", "slice"]

    @pytest.mark.parametrize(
        ("paid", "expected", "reason"),
        [
            ("700", "45.00", "base_rest"),
            ("999.99", "40.00", "base_rest"),
            ("1000", "0.00", "paid_in_full"),
            ("1000.01", "0.00", "paid_in_full"),
            ("0", "150.00", "base"),
        ],
    )
    def test_counts_the_rest_of_what_was_paid_within_the_term(self, paid, expected, reason):
        """1.5: HR ECLI:NL:HR:2016:2704."""
        found = costs("1000", paid_within_term=euros(paid))
        assert (found.total, outcomes(found)[0]) == (euros(expected), reason)

    def test_counts_the_rest_of_several_invoices_together(self):
        assert costs("600", "-100", "500", paid_within_term=euros("400")).total == euros("90.00")

    def test_a_business_that_pays_within_the_term_still_owes_forty(self):
        """BW 6:96(4): due without a reminder from the day after the last day of payment."""
        found = costs("1000", debtor=COMPANY, paid_within_term=euros("1000"))
        assert (found.total, outcomes(found)) == (euros("40.00"), ["base_rest", "floor"])
        assert costs("1000", debtor=COMPANY, paid_within_term=euros("700")).total == euros("45.00")
        assert costs("-1", debtor=COMPANY).total == euros("0")

    @given(principals, st.integers(min_value=0, max_value=300_000_000))
    def test_a_payment_within_the_term_never_raises_the_costs(self, minor, paid):
        found = costs(str(Money(minor, "EUR").decimal), paid_within_term=Money(paid, "EUR"))
        assert euros("0") <= found.total <= Money(bik(minor), "EUR")
        if paid < minor:
            assert found.amount.minor == bik(minor - paid)

    @given(st.lists(st.integers(-50_000, 200_000), min_size=1, max_size=5))
    def test_the_order_of_the_invoices_does_not_matter(self, minors):
        amounts = [str(Money(minor, "EUR").decimal) for minor in minors]
        assert costs(*amounts).total == costs(*reversed(amounts)).total

    def test_nothing_is_owed_without_an_open_principal(self):
        assert outcomes(costs("100", "-100")) == ["no_principal"]
        assert costs("100", "-100.01").total == euros("0")
        assert costs("100", "-99.99").total == euros("40.00")


class TestDutchVat:
    NOT_DEDUCTIBLE = VatPosition(deductible=False)

    @pytest.mark.parametrize(
        ("position", "reason"),
        [
            (VatPosition(deductible=False, service_taxed=False), "vat_untaxed"),
            (VatPosition(deductible=False, declared=False), "vat_undeclared"),
            (VatPosition(deductible=False, bought_from_deducting=True), "vat_bought"),
        ],
    )
    def test_needs_all_its_conditions(self, position, reason):
        """1.7: Besluit BIK art. 2(3); dutch-debts.nl, schuldinfo.nl."""
        found = costs("1000", conditions=CostConditions(vat=position))
        assert (found.vat, outcomes(found)[-1]) == (euros("0"), reason)

    def test_the_full_position_counts_instead_of_the_short_one(self):
        found = costs("1000", vat_deductible=True, conditions=CostConditions(vat=self.NOT_DEDUCTIBLE))
        assert found.total == euros("181.50")

    def test_says_nothing_about_vat_to_the_debtor_of_a_creditor_that_deducts(self):
        found = costs("1000", conditions=CostConditions(vat=VatPosition(deductible=True, declared=False)))
        assert outcomes(found) == ["base", "slice"]

    @pytest.mark.parametrize(
        ("on", "expected"), [(date(2012, 9, 30), "178.50"), (date(2012, 10, 1), "181.50")]
    )
    def test_takes_the_rate_of_the_day(self, on, expected):
        assert costs("1000", on=on, vat_deductible=False).total == euros(expected)


class TestUnregisteredAgency:
    """3.6: consumentenbond.nl, one source."""

    UNREGISTERED = CostConditions(agency_registered=False)

    def test_may_ask_a_consumer_nothing_from_october_2026(self):
        found = costs("1000", on=date(2026, 10, 1), conditions=self.UNREGISTERED)
        assert (found.total, outcomes(found)) == (euros("0"), ["unregistered"])
        assert found.trace[0].version == "2026-10-01"

    @pytest.mark.parametrize(
        ("on", "debtor", "law", "expected"),
        [
            (date(2026, 9, 30), CONSUMER, Law.nl, "150.00"),
            (date(2026, 10, 1), COMPANY, Law.nl, "150.00"),
            (date(2026, 10, 1), CONSUMER, Law.be, "90.00"),
        ],
    )
    def test_is_refused_nothing_else(self, on, debtor, law, expected):
        found = costs("1000", on=on, debtor=debtor, law=law, conditions=self.UNREGISTERED)
        assert found.total == euros(expected)


class TestDutchVectors:
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
        assert outcomes(found) == ["no_clause"]
        assert found.trace[0].amount == euros("0")

    @pytest.mark.parametrize(
        ("conditions", "reason"),
        [
            (CostConditions(clause_reciprocal=False), "one_sided_clause"),
            (CostConditions(reminder_waited=False), "reminder_first"),
        ],
    )
    def test_owes_nothing_before_the_law_is_met(self, conditions, reason):
        found = costs("650", law=Law.be, conditions=conditions)
        assert (found.total, outcomes(found)) == (euros("0"), [reason])

    @pytest.mark.parametrize(
        ("contract_on", "due_on", "covered"),
        [
            (date(2023, 9, 1), date(2023, 9, 1), True),
            (date(2023, 8, 31), date(2023, 12, 1), True),
            (date(2023, 8, 31), date(2023, 11, 30), False),
            (date(2023, 8, 31), None, True),
            (None, date(2023, 10, 1), True),
        ],
    )
    def test_covers_older_contracts_from_december_2023(self, contract_on, due_on, covered):
        """lalibre 15-6-2023, soligere.be, confederationconstruction.be."""
        conditions = CostConditions(contract_on=contract_on, due_on=due_on)
        if covered:
            assert costs("650", law=Law.be, conditions=conditions).total == euros("72.50")
        else:
            with pytest.raises(UnlawfulCosts, match="2023-12-01"):
                costs("650", law=Law.be, conditions=conditions)

    def test_an_older_contract_without_a_due_day_counts_by_the_notice(self):
        conditions = CostConditions(contract_on=date(2023, 8, 31))
        with pytest.raises(UnlawfulCosts, match="2023-12-01"):
            costs("650", law=Law.be, on=date(2023, 11, 30), conditions=conditions)

    @pytest.mark.parametrize(
        ("paid", "expected"), [("500", "20.00"), ("499.99", "30.00"), ("650", "0"), ("100", "67.50")]
    )
    def test_counts_the_rest_of_what_was_paid_within_the_term(self, paid, expected):
        found = costs("650", law=Law.be, paid_within_term=euros(paid))
        assert found.total == euros(expected)

    def test_takes_a_payment_off_the_first_debts(self):
        found = costs("140", "140", law=Law.be, paid_within_term=euros("140"))
        assert found.total == euros("20.00")

    def test_explains_the_tier_and_the_part_above_it(self):
        found = costs("39300", law=Law.be)
        assert outcomes(found) == ["base", "fixed", "above", "maximum"]
        assert [line.amount for line in found.trace[1:]] == [euros("65"), euros("1940"), euros("-5")]
        assert found.trace[2].inputs == {"percent": "5", "part": "EUR 38800.00", "above": "EUR 500.00"}
        assert outcomes(costs("150", law=Law.be)) == ["base", "fixed"]

    def test_pays_the_lower_of_each_debt_and_the_sum(self):
        assert costs("140", "140", law=Law.be).total == euros("40.00")  # the sum would give 43.00
        assert costs("600", "600", law=Law.be).total == euros("100.00")  # each would give 70.00
        assert outcomes(costs("140", "140", law=Law.be)) == ["base", "each_lower", "fixed", "fixed"]
        assert outcomes(costs("300", "300", law=Law.be)) == ["base", "fixed", "above"]
        assert costs("300", "-20", law=Law.be).total == euros("43.00")
        assert costs("140", "140", "0", law=Law.be).total == euros("40.00")
        assert costs("150", "150", "0.01", law=Law.be).total == euros("45.00")
        assert costs("140", "140", "-10", law=Law.be).total == euros("40.00")

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
    @pytest.mark.parametrize("law", [Law.be, Law.eu])
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
        assert_explains(found.trace, found.total)

    @pytest.mark.parametrize("law", [Law.be, Law.eu])
    def test_a_fixed_sum_stays_when_the_debt_is_paid_later(self, law):
        found = costs("500", law=law, debtor=COMPANY, paid_within_term=euros("500"))
        assert found.total == euros("40.00")
        assert outcomes(found) == ["base", "fixed"]

    @pytest.mark.parametrize("law", [Law.uk, Law.eu])
    def test_charges_a_consumer_nothing_where_no_scale_is_kept(self, law):
        found = costs("500", law=law)
        assert found.total == euros("0")
        assert outcomes(found) == ["no_scale"]
        assert found.trace[0].source == "no scale for this debtor"


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

    def test_refuses_a_negative_payment(self):
        with pytest.raises(ValueError, match="not negative"):
            costs("1", paid_within_term=euros("-0.01"))

    def test_refuses_a_payment_in_another_currency(self):
        with pytest.raises(CurrencyMismatch):
            costs("1", paid_within_term=Money(1, "USD"))

    @pytest.mark.parametrize("law", [Law.nl, Law.be, Law.uk, Law.eu])
    @pytest.mark.parametrize(
        "more", [{"fee_rate": Decimal("0.9")}, {"conditions": CostConditions(instalment_agreement=True)}]
    )
    def test_refuses_a_lawyers_fee_outside_germany(self, law, more):
        with pytest.raises(UnlawfulCosts, match="multiples of a lawyer's fee"):
            costs("1", law=law, **more)


def test_the_trace_survives_json():
    trace = costs("3500", vat_deductible=False).trace
    assert from_json(as_json(trace)) == trace


def test_a_row_of_the_table_says_only_what_is_not_usual():
    row = {"rule": "x", "since": NOW, "source": "x", "currency": "EUR", "agreed": "x"}
    found = _scale(row | {"tiers": [{"fixed": 4_000}]})
    assert (found.minimum, found.maximum, found.floor, found.slices) == (0, None, 0, ())
    flags = (found.vat_uplift, found.clause_needed, found.lower_of_each, found.recomputed)
    assert flags == (False, False, False, False)
    assert found.tiers == (Tier(None, 4_000, Decimal(0), 0),)
