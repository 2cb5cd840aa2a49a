"""Checks on entry: each with its reason, severity and field, and what must not be confused."""

import csv
import random
from datetime import date

import polars
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.intake.checks import accounts, amounts, business_numbers, dates, health_words, reachability
from agency.intake.checks.finding import Severity
from agency.intake.checks.personal_numbers import (
    CANDIDATE,
    MASK,
    check_reference,
    check_text,
    eleven_proof,
    national_register,
    personal_numbers,
    redacted,
)
from agency.intake.checks.row import check_row
from agency.money import Money
from agency.rules.facts import Law

pytestmark = pytest.mark.pure

TODAY = date(2026, 11, 26)


def a_bsn(seed: int) -> str:
    """Nine digits that pass the 11-proef; made here, nobody's on purpose."""
    numbers = random.Random(seed)
    while True:
        digits = "".join(str(numbers.randrange(10)) for _ in range(9))
        if digits[0] != "0" and eleven_proof(digits):
            return digits


def a_register_number(birthday: date, serial: int) -> str:
    """A rijksregisternummer of a birthday."""
    body = f"{birthday:%y%m%d}{serial:03d}"
    check = 97 - int(("2" if birthday.year >= 2000 else "") + body) % 97
    return f"{body}{check:02d}"


def dotted(number: str) -> str:
    return f"{number[:2]}.{number[2:4]}.{number[4:6]}-{number[6:9]}.{number[9:]}"


def reasons(found):
    return [(one.field, one.severity, one.reason) for one in found]


class TestCitizenServiceNumbers:
    @given(st.integers(0, 10_000))
    def test_are_found_and_taken_out_wherever_they_stand(self, seed):
        bsn = a_bsn(seed)
        spaced = f"{bsn[:3]} {bsn[3:6]} {bsn[6:]}"
        for written in (bsn, spaced, f"{bsn[:4]}.{bsn[4:6]}.{bsn[6:]}"):
            for text in (f"BSN: {written}", f"klant {written}".replace("klant", "mevrouw"), written):
                kept = redacted(text)
                assert written not in kept
                assert MASK in kept

    @given(st.dates(date(1920, 1, 1), date(2015, 12, 31)), st.integers(1, 997))
    def test_of_belgium_are_found_in_every_form(self, birthday, serial):
        number = a_register_number(birthday, serial)
        assert national_register(number)
        for written in (number, dotted(number)):
            kept, found = check_text("description", f"geboren {written}, woont in Gent")
            assert written not in kept
            assert [one.severity for one in found] == [Severity.WARN]
            assert written not in found[0].value

    def test_one_wrong_digit_is_no_number(self):
        number = a_register_number(date(1985, 7, 30), 33)
        assert not national_register(number[:-1] + str((int(number[-1]) + 1) % 10))
        bsn = a_bsn(1)
        assert not eleven_proof(bsn[:-1] + str((int(bsn[-1]) + 1) % 10))

    @pytest.mark.parametrize(
        "text",
        [
            "factuur {}", "Factuurnr. {}", "order {} geleverd", "ref: {}", "KvK {}", "tel. {}", "Invoice #{}",
            "klantnummer {}", "NL91ABNA{}0", "+31{}", "INV-{}", "{}-2026", "1{}", "BTW {}", "rekening {}",
        ],
    )  # fmt: skip
    def test_are_not_confused_with_numbers_that_say_what_they_are(self, text):
        assert personal_numbers(text.format(a_bsn(7))) == []

    def test_are_not_confused_with_accounts_enterprises_telephones_and_references(self, real_data):
        """Real identifiers of other kinds, from public projects: none may be taken for a person's number."""
        with (real_data / "07_reference" / "identifiers.csv").open() as file:
            rows = [row for row in csv.DictReader(file) if row["type"] != "nl_bsn"]
        assert len(rows) > 1000
        taken = [row["value"] for row in rows if personal_numbers(row["value"])]
        # A bare number of nine digits alone in a cell says nothing of itself; in a file it has a column.
        assert [value for value in taken if not value.replace(" ", "").isdigit()] == []
        assert len(taken) * 200 < len(rows)

    def test_in_a_reference_are_refused_without_repeating_them(self):
        number = dotted(a_register_number(date(1990, 1, 2), 5))
        (found,) = check_reference("debtor_reference", number)
        assert (found.severity, found.value) == (Severity.REJECT, MASK)
        assert check_reference("invoice_number", a_bsn(3)) == []  # many an invoice has nine digits

    def test_a_whole_column_is_looked_at_first(self):
        column = polars.Series(["huur mei", f"BSN {a_bsn(4)}", "2x 15,00", None])
        assert column.str.contains(CANDIDATE).to_list() == [False, True, False, None]


class TestHealthWords:
    @pytest.mark.parametrize(
        "text",
        [
            "klant ligt in het ziekenhuis met kanker", "Patiënt is depressief", "cliente est enceinte",
            "customer has diabetes", "Schuldner ist schwanger", "BURN-OUT",
        ],
    )  # fmt: skip
    def test_i13_are_warned_about_in_four_languages(self, text):
        (found,) = health_words.check_health("description", text)
        assert (found.severity, found.reason) == (Severity.WARN, health_words.SAYS_HEALTH)

    @pytest.mark.parametrize(
        "text", ["Levering ziekenhuisbed", "Zorgverzekering mei", "handicapped toilet", "Maladeta Hotel"]
    )
    def test_words_that_only_look_like_them_are_not(self, text):
        assert health_words.check_health("description", text) == []


class TestDates:
    def check(self, issued, due, law=Law.nl):
        return dates.check_dates(issued=issued, due=due, today=TODAY, law=law)

    def test_in_the_future_and_before_the_invoice_are_refused(self):
        found = self.check(date(2027, 1, 5), date(2027, 1, 4))
        assert ("issued_on", Severity.REJECT, dates.IN_FUTURE) in reasons(found)
        assert ("due_on", Severity.REJECT, dates.DUE_FIRST) in reasons(found)

    def test_past_the_limitation_is_a_warning_with_the_rules_own_source(self):
        (found,) = self.check(date(2020, 1, 1), date(2020, 2, 1))
        assert (found.severity, found.reason) == (Severity.WARN, dates.BARRED)
        assert "3:307" in found.source

    def test_just_within_it_is_no_warning_long_before(self):
        assert self.check(date(2026, 1, 1), date(2026, 2, 1)) == []


class TestAmounts:
    def check(self, minor, **more):
        return reasons(amounts.check_amount(Money(minor, "EUR"), today=TODAY, **more))

    def test_nothing_and_less_are_refused_and_a_credit_note_may_be_less(self):
        assert self.check(0) == [("amount", Severity.REJECT, amounts.NOTHING)]
        assert self.check(-1) == [("amount", Severity.REJECT, amounts.NEGATIVE)]
        assert self.check(-5_000, is_invoice=False) == []

    def test_the_unusual_is_asked_about_never_changed(self):
        assert self.check(25_000_000) == []
        assert self.check(25_000_001) == [("amount", Severity.ASK, amounts.UNUSUALLY_HIGH)]
        assert self.check(999) == [("amount", Severity.WARN, amounts.UNUSUALLY_LOW)]


class TestNumbersOfBusinesses:
    def test_a_french_number_is_checked_by_its_digits(self):
        assert business_numbers.check_registration("732 829 320", "FR") == []
        (found,) = business_numbers.check_registration("732 829 321", "FR")
        assert found.severity is Severity.REJECT

    def test_a_vat_number_of_elsewhere_is_a_warning(self):
        (found,) = business_numbers.check_vat("DE136695976", "NL")
        assert (found.severity, found.reason) == (Severity.WARN, business_numbers.VAT_ELSEWHERE)

    def test_two_numbers_of_two_businesses_are_a_question(self):
        assert business_numbers.check_vat("BE0403170701", "BE", "0403170701") == []
        (found,) = business_numbers.check_vat("BE0403170701", "BE", "0202239951")
        assert found.severity is Severity.ASK

    def test_a_consumer_with_a_number_is_a_question(self):
        (found,) = business_numbers.check_kind("consumer", registration="12345678", vat=None)
        assert found.severity is Severity.ASK
        assert business_numbers.check_kind("company", registration="12345678", vat=None) == []


class TestReaching:
    def test_an_account_elsewhere_is_a_warning_and_a_broken_one_refused(self):
        assert accounts.check_iban("NL91ABNA0417164300", "NL") == []
        (found,) = accounts.check_iban("NL91ABNA0417164300", "BE")
        assert (found.severity, found.reason) == (Severity.WARN, accounts.OTHER_COUNTRY)
        (found,) = accounts.check_iban("NL92ABNA0417164300", "NL")
        assert found.severity is Severity.REJECT

    def test_valid_accounts_of_public_samples_are_never_refused(self, real_data):
        with (real_data / "07_reference" / "identifiers.csv").open() as file:
            rows = [row for row in csv.DictReader(file) if row["type"] in ("iban", "be_iban")]
        good = [row["value"].removeprefix("IBAN ") for row in rows if row["valid"] == "True"]
        assert len(good) > 500
        refused = [value for value in good if accounts.check_iban(value, "NL")[:1] and
                   accounts.check_iban(value, "NL")[0].severity is Severity.REJECT]  # fmt: skip
        assert len(refused) * 50 < len(good), refused[:30]

    @pytest.mark.parametrize(
        ("value", "country", "good"),
        [("SW1A 1AA", "GB", True), ("12345", "GB", False), ("1010", "AT", True), ("01000", "DE", False),
         ("75001", "FR", True), ("99001", "FR", False), ("L-1234", "LU", True)],
    )  # fmt: skip
    def test_postcodes_are_those_of_their_country(self, value, country, good):
        assert bool(reachability.check_postcode(value, country)) != good

    def test_an_address_for_examples_reaches_nobody(self):
        assert reachability.check_email("jan@example.com")[0].severity is Severity.WARN
        assert reachability.check_email("jan@bakker.nl") == []

    def test_a_number_elsewhere_is_a_warning(self):
        assert reachability.check_phone("+31612345678", "NL") == []
        assert reachability.check_phone("+32470123456", "NL")[0].reason == reachability.PHONE_ELSEWHERE


def test_a_row_gets_every_remark_at_once():
    found = check_row(
        {
            "country": "NL", "currency": "EUR", "amount_minor": 500, "issued_on": date(2019, 1, 1),
            "due_on": date(2019, 2, 1), "vat_number": "DE136695976", "iban": "BE71096123456769",
            "debtor_kind": "consumer", "document_kind": "invoice",
        },
        today=TODAY,
        law=Law.nl,
    )  # fmt: skip
    assert {one.reason for one in found} == {
        amounts.UNUSUALLY_LOW, dates.BARRED, business_numbers.VAT_ELSEWHERE, accounts.OTHER_COUNTRY,
        business_numbers.CONSUMER_WITH_NUMBER,
    }  # fmt: skip
