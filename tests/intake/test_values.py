"""One value at a time: understood exactly, or refused; never guessed."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.intake import values
from agency.intake.amounts import AMBIGUOUS_AMOUNT, FILLED_UP, NotUnderstood, parse_amount, to_minor
from agency.intake.values import identifier, parse_date

pytestmark = pytest.mark.pure


def grouped(minor: int, *, group: str, point: str) -> str:
    whole, cents = divmod(minor, 100)
    return f"{whole:,}".replace(",", group) + f"{point}{cents:02d}"


class TestAmount:
    @pytest.mark.parametrize(
        ("text", "amount"),
        [
            ("1.234,56", "1234.56"),
            ("1,234.56", "1234.56"),
            ("1.234.567", "1234567"),
            ("1 234,56", "1234.56"),
            ("1\u00a0234,56", "1234.56"),
            ("1'234.50", "1234.50"),
            ("€ 12,50", "12.50"),
            ("12,50 EUR", "12.50"),
            ("12,-", "12"),
            ("(12,50)", "-12.50"),
            ("-12,50", "-12.50"),
            ("12,50-", "-12.50"),
            ("0,123", "0.123"),
            ("12,5 euro", "12.5"),
            ("Euro 7,25", "7.25"),
            ("€ 12,=", "12"),
            ("0", "0"),
            ("00", "0"),
            ("1234,567", "1234.567"),
            ("7", "7"),
        ],
    )
    def test_is_read_as_people_write_it(self, text, amount):
        assert parse_amount(text, decimal_sign=None) == Decimal(amount)

    @pytest.mark.parametrize("text", ["1.234", "12,345", "999.000", "-1.234", "€ 1.234"])
    def test_is_refused_when_the_sign_could_mean_either(self, text):
        with pytest.raises(NotUnderstood) as refusal:
            parse_amount(text, decimal_sign=None)
        assert refusal.value.reason == AMBIGUOUS_AMOUNT

    @pytest.mark.parametrize("text", ["000000121000", "-0012", "€ 007"])
    @pytest.mark.parametrize("sign", [None, ",", "."])
    def test_filled_up_with_zeros_is_refused_for_it_is_in_cents_as_often_as_not(self, text, sign):
        with pytest.raises(NotUnderstood) as refusal:
            parse_amount(text, decimal_sign=sign)
        assert refusal.value.reason == FILLED_UP

    def test_is_clear_once_the_sign_was_said(self):
        assert parse_amount("1.234", decimal_sign=",") == 1234
        assert parse_amount("1.234", decimal_sign=".") == Decimal("1.234")

    @pytest.mark.parametrize(
        "text", ["", "abc", "1.23.4", "1,2,3", "--5", "12.34,56.78", "1e5", "NaN", "٣", ",", "1.23,4.5"]
    )
    @pytest.mark.parametrize("sign", [None, ",", "."])
    def test_is_refused_when_it_is_none(self, text, sign):
        with pytest.raises(NotUnderstood):
            parse_amount(text, decimal_sign=sign)

    @given(
        minor=st.integers(0, 10**14 - 1),
        style=st.sampled_from([(".", ","), (",", "."), (" ", ","), ("'", ".")]),
    )
    def test_survives_being_written_and_read_in_every_style(self, minor, style):
        text = grouped(minor, group=style[0], point=style[1])
        assert to_minor(parse_amount(text, decimal_sign=style[1]), "EUR") == minor
        assert to_minor(parse_amount(text, decimal_sign=None), "EUR") == minor

    @given(st.text(max_size=30))
    def test_never_fails_in_another_way(self, text):
        for sign in (None, ",", "."):
            try:
                parse_amount(text, decimal_sign=sign)
            except NotUnderstood:
                continue

    def test_in_cents_refuses_fractions_and_giants(self):
        with pytest.raises(NotUnderstood, match="decimals"):
            to_minor(Decimal("1.005"), "EUR")
        with pytest.raises(NotUnderstood, match="large"):
            to_minor(Decimal(10) ** 12, "EUR")
        assert to_minor(Decimal("999999999999.99"), "EUR") == 99_999_999_999_999


class TestDate:
    @pytest.mark.parametrize(
        "text",
        [
            "2026-11-22",
            "20261122",
            "20261122.0",
            "22-11-2026",
            "22/11/2026",
            "22.11.2026",
            "22-11-26",
            "22 nov 2026",
            "22-Nov-26",
            "22 november 2026",
            "22. Nov. 2026",
            "22nd November 2026",
            "22 november, 2026",
            "22 Nov 2026 10:15",
            "Nov 22, 2026",
            "November 22nd, 2026",
            "Nov 22, 2026, 10:15 AM",
            "zo 22 nov. 2026",
            "zondag 22 november 2026",
            "Sunday, November 22, 2026",
            "dim. 22 novembre 2026",
            "Sonntag, 22. November 2026",
            "22112026",
        ],
    )
    def test_is_read_day_first(self, text):
        assert parse_date(text, order="day") == date(2026, 11, 22)

    def test_is_read_month_first_when_that_was_said(self):
        assert parse_date("11/22/2026", order="month") == date(2026, 11, 22)
        assert parse_date("11/22/26", order="month") == date(2026, 11, 22)

    @pytest.mark.parametrize(
        ("text", "day"),
        [
            ("Mar 5, 2026", date(2026, 3, 5)),
            ("mar. 5 mai 2026", date(2026, 5, 5)),
            ("16. Mrz 2026", date(2026, 3, 16)),
            ("3 febr. 2026", date(2026, 2, 3)),
            ("20112026", date(2026, 11, 20)),
            ("20110226", date(2011, 2, 26)),
        ],
    )
    def test_of_which_a_part_has_two_meanings_is_the_one_that_the_calendar_has(self, text, day):
        assert parse_date(text, order="day") == day

    @pytest.mark.parametrize("text", ["46086", "46086.5", "46086,0"])
    def test_that_a_spreadsheet_counted_is_refused_with_what_to_do(self, text):
        with pytest.raises(NotUnderstood) as refusal:
            parse_date(text, order="day")
        assert refusal.value.reason == values.A_COUNTED_DAY

    def test_of_the_last_century_is_not_taken_for_one_of_this(self):
        assert parse_date("1-8-98", order="day") == date(1998, 8, 1)

    @pytest.mark.parametrize(
        "text", ["31-02-2026", "22-13-2026", "11/22/2026", "26-11-2", "morgen", "", "0-0-0000"]
    )
    def test_is_refused_when_the_calendar_has_none(self, text):
        with pytest.raises(NotUnderstood):
            parse_date(text, order="day")

    @given(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
    def test_survives_being_written_and_read(self, day):
        assert parse_date(f"{day:%d-%m-%Y}", order="day") == day
        assert parse_date(f"{day:%m/%d/%Y}", order="month") == day


class TestIdentifier:
    @pytest.mark.parametrize(
        ("given_", "kept"),
        [
            ("00123", "00123"),
            ("1234.0", "1234"),
            (Decimal("1234.0"), "1234"),
            (" A 1 ", "A 1"),
            ("'00012", "00012"),
            ("'t Hof 12", "'t Hof 12"),
            ("1.5", "1.5"),
            (Decimal("1.23E+5"), "123000"),
        ],
    )
    def test_keeps_zeros_and_loses_only_what_a_spreadsheet_added(self, given_, kept):
        assert identifier(given_) == kept

    @pytest.mark.parametrize("text", ["2.60001E+11", "2,6E+07", "2.026000000001235e+17"])
    def test_that_a_spreadsheet_cut_short_is_refused(self, text):
        with pytest.raises(NotUnderstood) as refusal:
            identifier(text)
        assert refusal.value.reason == values.CUT_SHORT

    @given(st.integers(0, 10**14))
    def test_comes_back_from_a_float_cell(self, number):
        assert identifier(Decimal(repr(float(number)))) == str(number)


class TestRegisters:
    def test_a_dutch_number_has_eight_digits(self):
        assert values.registration_number("12 34 56 78", "NL") == "12345678"
        with pytest.raises(NotUnderstood):
            values.registration_number("1234567", "NL")

    def test_a_belgian_number_has_check_digits(self):
        assert values.registration_number("0403.170.701", "BE") == "0403170701"
        with pytest.raises(NotUnderstood):
            values.registration_number("0403170702", "BE")

    def test_vat_numbers_are_checked_where_the_check_is_known(self):
        assert values.vat_number("BE 0403.170.701", "BE") == "BE0403170701" or values.vat_number(
            "BE 0403.170.701", "BE"
        ).endswith("0403170701")
        with pytest.raises(NotUnderstood):
            values.vat_number("BE0403170702", "BE")

    def test_iban_and_postcode(self):
        assert values.iban("NL91 ABNA 0417 1643 00") == "NL91ABNA0417164300"
        with pytest.raises(NotUnderstood):
            values.iban("NL91ABNA0417164301")
        assert values.postcode("1012ab", "NL") == "1012 AB"
        for bad, land in (("0123 AB", "NL"), ("1012 SS", "NL"), ("12345", "BE"), ("1012", "NL")):
            with pytest.raises(NotUnderstood):
                values.postcode(bad, land)

    def test_phone_and_mail(self):
        assert values.phone("06 12345678", "NL") == "+31612345678"
        assert values.phone("0470 12 34 56", "BE") == "+32470123456"
        assert values.email("Jan@Bedrijf.EXAMPLE") == "Jan@bedrijf.example"
        for bad in ("geen", "a@b", "a b@c.nl", "a@b.nl\r\nBcc: x@y.nl"):
            with pytest.raises(NotUnderstood):
                values.email(bad)
        with pytest.raises(NotUnderstood):
            values.phone("12", "NL")
