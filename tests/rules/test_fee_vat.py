"""VAT on the agency's fee, and what a credit insurer pays back of it."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.rules.fee_vat import FeeVat, NoVatRate, fee_vat
from agency.rules.insured_fee import insured_fee
from tests.rules.explainable import assert_explains

pytestmark = pytest.mark.pure

NOW = date(2026, 11, 2)


def euros(text: str) -> Money:
    return Money.parse(text, "EUR")


def vat(client: str, number: str = "", *, agency: str = "NL", on: date = NOW) -> FeeVat:
    found = fee_vat(agency_country=agency, client_country=client, client_vat_number=number, on=on)
    assert_explains([found.line])
    assert found.line.amount is None
    return found


@pytest.mark.parametrize(
    ("agency", "client", "number", "percent", "outcome"),
    [
        ("NL", "NL", "", "21", "fee.vat_home"),
        ("NL", "NL", "NL001234567B01", "21", "fee.vat_home"),
        ("BE", "BE", "", "21", "fee.vat_home"),
        ("NL", "BE", "BE0123456789", "0", "fee.vat_reverse"),
        ("BE", "NL", "NL001234567B01", "0", "fee.vat_reverse"),
        ("NL", "DE", "", "21", "fee.vat_no_number"),
        ("NL", "GR", "EL123456789", "0", "fee.vat_reverse"),
        ("NL", "GB", "GB123456789", "0", "fee.vat_outside"),
        ("NL", "US", "", "0", "fee.vat_outside"),
    ],
)
def test_depends_on_where_the_client_is_and_whether_it_is_a_business(
    agency, client, number, percent, outcome
):
    """10 and 13.10: Directive 2006/112/EC art. 44, 196; Wet OB art. 9."""
    found = vat(client, number, agency=agency)
    assert (found.percent, found.line.outcome) == (Decimal(percent), outcome)
    assert found.reverse_charge is (outcome == "fee.vat_reverse")


def test_takes_the_rate_of_the_day():
    assert vat("NL", on=date(2012, 9, 30)).percent == 19
    assert vat("NL", on=date(2012, 10, 1)).percent == 21
    assert vat("NL", on=date(2012, 10, 1)).line.version == "2012-10-01"


@pytest.mark.parametrize(("agency", "on"), [("FR", NOW), ("BE", date(1995, 12, 31))])
def test_guesses_no_rate(agency, on):
    with pytest.raises(NoVatRate, match=agency):
        vat("NL", agency=agency, on=on)


class TestInsurance:
    def test_pays_back_its_part_of_the_fee(self):
        """P46: cosec, Allianz Trade: a fee of 10% on 10,000, 90% of it for a claim covered in full."""
        found = insured_fee(fee=euros("1000"), indemnity_percent=Decimal(90), covered_percent=Decimal(100))
        assert (found.fee, found.reimbursed, found.client) == (euros("1000"), euros("900"), euros("100"))
        assert_explains(found.trace, found.client)

    def test_pays_for_the_covered_part_only(self):
        found = insured_fee(fee=euros("1000"), indemnity_percent=Decimal(90), covered_percent=Decimal(50))
        assert found.reimbursed == euros("450")
        whole = insured_fee(fee=euros("1000"), indemnity_percent=Decimal(100), covered_percent=Decimal(100))
        assert (whole.reimbursed, whole.client) == (euros("1000"), euros("0"))

    @pytest.mark.parametrize(
        ("indemnity", "covered"), [("-1", "0"), ("100.1", "0"), ("0", "-1"), ("0", "100.1")]
    )
    def test_refuses_what_is_no_percentage(self, indemnity, covered):
        with pytest.raises(ValueError, match="between 0 and 100"):
            insured_fee(
                fee=euros("1"), indemnity_percent=Decimal(indemnity), covered_percent=Decimal(covered)
            )

    @given(st.integers(0, 10**10), st.integers(0, 100), st.integers(0, 100))
    def test_divides_the_fee_without_losing_a_cent(self, minor, indemnity, covered):
        fee = Money(minor, "EUR")
        found = insured_fee(fee=fee, indemnity_percent=Decimal(indemnity), covered_percent=Decimal(covered))
        assert found.reimbursed + found.client == fee
        assert euros("0") <= found.reimbursed <= fee
