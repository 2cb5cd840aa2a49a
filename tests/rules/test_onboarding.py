"""What a new creditor signs, and the numbers that it is known by."""

from datetime import date

import pytest

from agency.rules.company_numbers import NoSuchNumber, registration_number, vat_number
from agency.rules.onboarding import TaskKind, agreement_text, task_of, wanted_tasks

pytestmark = pytest.mark.pure
TODAY = date(2026, 11, 28)


class TestTasks:
    @pytest.mark.parametrize("country", ["NL", "BE", "DE"])
    def test_are_the_agreement_the_power_and_who_it_is(self, country):
        assert [task.kind for task in wanted_tasks(country=country, on=TODAY)] == list(TaskKind)

    def test_say_whose_they_are(self):
        assert [task_of(kind).done_by for kind in TaskKind] == ["creditor", "creditor", "agency"]


class TestText:
    @pytest.mark.parametrize("kind", [TaskKind.agreement, TaskKind.power_of_attorney])
    @pytest.mark.parametrize("language", ["nl", "fr", "en", "de"])
    def test_names_both_parties_in_every_language(self, kind, language):
        said = agreement_text(kind, language=language, on=TODAY, creditor="Bakker BV", agency="Ons Bureau")
        whole = " ".join(said.paragraphs)
        assert "Bakker BV" in whole
        assert "Ons Bureau" in whole
        assert "{" not in whole

    def test_leaves_a_name_as_it_is(self):
        said = agreement_text(
            TaskKind.agreement, language="en", on=TODAY, creditor="The {agency}", agency="Ons Bureau"
        )
        assert said.paragraphs[0].startswith("The {agency} (the client) asks Ons Bureau")

    def test_of_another_name_is_another_edition(self):
        one, other = (
            agreement_text(TaskKind.agreement, language="en", on=TODAY, creditor=name, agency="x").edition
            for name in ("a", "b")
        )
        assert one != other

    def test_is_none_for_what_the_agency_does_or_before_there_was_one(self):
        for kind, on in ((TaskKind.identity, TODAY), (TaskKind.agreement, date(2025, 1, 1))):
            with pytest.raises(LookupError):
                agreement_text(kind, language="en", on=on, creditor="a", agency="b")


class TestNumbers:
    @pytest.mark.parametrize(
        ("typed", "country", "kept"),
        [
            ("12345678", "NL", "12345678"),
            ("KvK 1234 5678", "NL", "12345678"),
            ("BE 0403.170.701", "BE", "0403170701"),
            ("HRB 12345", "DE", "HRB12345"),
        ],
    )
    def test_of_the_register_are_kept_in_one_way(self, typed, country, kept):
        assert registration_number(typed, country=country) == kept

    @pytest.mark.parametrize(
        ("typed", "country"), [("1234567", "NL"), ("123456789", "NL"), ("0403170702", "BE"), ("HRB?", "DE")]
    )
    def test_of_the_register_that_cannot_be_are_refused(self, typed, country):
        with pytest.raises(NoSuchNumber):
            registration_number(typed, country=country)

    @pytest.mark.parametrize(
        ("typed", "country", "kept"),
        [
            ("NL000099998B57", "NL", "NL000099998B57"),
            ("000099998B57", "NL", "NL000099998B57"),
            ("BE 0403.170.701", "BE", "BE0403170701"),
            ("EL 094259216", "GR", "EL094259216"),
        ],
    )
    def test_for_vat_carry_the_letters_of_their_country(self, typed, country, kept):
        assert vat_number(typed, country=country) == kept

    @pytest.mark.parametrize(
        ("typed", "country", "why"),
        [
            ("NL000099998B58", "NL", "no VAT number"),
            ("DE136695976", "NL", "another country"),
            ("GB!", "GB", "no VAT number"),
        ],
    )
    def test_for_vat_that_cannot_be_are_refused(self, typed, country, why):
        with pytest.raises(NoSuchNumber, match=why):
            vat_number(typed, country=country)
