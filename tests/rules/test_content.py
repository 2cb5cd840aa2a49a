"""Mandatory content: each item is missed when it is left out, and the safe wordings are the only ones."""

from dataclasses import replace
from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.rules.content import (
    Communication,
    ContentDecision,
    NothingKnown,
    Use,
    empty_content,
    missing_content,
    required_items,
    threatens_court,
)
from agency.rules.facts import Channel, DebtorKind, Law
from agency.rules.tables import read_table
from tests.rules.wording import assert_readable

pytestmark = pytest.mark.pure

TODAY = date(2026, 11, 26)
SAFE = (
    "binnen veertien dagen vanaf de dag nadat deze brief bij u is bezorgd",
    "binnen vijftien dagen nadat deze brief bij u is bezorgd",
)
LETTER = Use(
    kind=Communication.fourteen_day_letter, law=Law.nl, debtor=DebtorKind.consumer, channel=Channel.letter
)
BELGIAN = Use(
    kind=Communication.first_reminder, law=Law.be, debtor=DebtorKind.consumer, channel=Channel.email
)
GERMAN = Use(
    kind=Communication.reminder,
    law=Law.nl,
    debtor=DebtorKind.consumer,
    channel=Channel.letter,
    home="DE",
)
USES = [LETTER, BELGIAN, GERMAN]


def values_of(use: Use) -> frozenset[str]:
    return frozenset(name for item in required_items(use=use, on=TODAY) for name in item.values)


def text_of(use: Use, language: str) -> str:
    """A text that says everything, in the first wording of each item."""
    items = required_items(use=use, on=TODAY)
    return ". ".join(item.words[language][0] for item in items if item.words is not None)


def check(use: Use, text: str, language: str = "nl", values: frozenset[str] | None = None) -> ContentDecision:
    named = values_of(use) if values is None else values
    return missing_content(use=use, language=language, values=named, text=text, on=TODAY)


class TestFourteenDayLetter:
    def with_term(self, term: str) -> ContentDecision:
        return check(LETTER, text_of(LETTER, "nl").replace(SAFE[0], term))

    @pytest.mark.parametrize("wording", SAFE)
    def test_both_safe_wordings_are_recognised(self, wording):
        """HR 25-11-2016, ECLI:NL:HR:2016:2704."""
        assert self.with_term(wording).complete
        assert self.with_term(wording.replace(" dagen", "\n   dagen")).complete
        assert self.with_term(f"B{wording[1:]}").complete

    @pytest.mark.parametrize(
        "wording",
        [
            "binnen veertien dagen nadat deze brief bij u is bezorgd",
            "binnen veertien dagen na dagtekening van deze brief",
            "binnen 14 dagen na ontvangst van deze brief",
            "binnen veertien dagen na vandaag",
            "binnen twee weken",
            "binnen een termijn van veertien dagen",
            "binnen veertien dagen vanaf de dag nadat deze brief is verzonden",
            "binnen tien werkdagen",
            "vóór 1 december 2026",
        ],
    )
    def test_any_other_wording_is_refused(self, wording):
        found = self.with_term(wording)
        assert "fourteen_day_term" in found.missing
        assert not found.complete

    @pytest.mark.parametrize(
        "besides",
        ["Betaal binnen 10 dagen.", "Bel ons binnen veertien dagen.", "Reageer binnen een\nweken.",
         "Doe dit binnen een termijn van drie weken."],
    )  # fmt: skip
    def test_no_other_term_stands_beside_the_safe_one(self, besides):
        assert check(LETTER, f"{text_of(LETTER, 'nl')} {besides}").missing == ("one_term_only",)

    def test_said_twice_it_is_still_one_term(self):
        assert check(LETTER, f"{text_of(LETTER, 'nl')} {SAFE[1]}").complete

    @pytest.mark.parametrize("language", ["fr", "en", "de"])
    def test_a_translation_quotes_the_dutch(self, language):
        assert check(LETTER, text_of(LETTER, language), language).complete
        translated = text_of(LETTER, language).replace(SAFE[0], "within fourteen days")
        assert check(LETTER, translated, language).missing == ("fourteen_day_term",)

    def test_the_exact_amount_and_the_declaration_on_vat_are_named(self):
        values = values_of(LETTER)
        assert check(LETTER, text_of(LETTER, "nl"), values=values - {"costs.total"}).missing == (
            "exact_costs",
        )
        assert check(LETTER, text_of(LETTER, "nl"), values=values - {"costs.vat"}).missing == (
            "vat_declaration",
        )

    def test_is_never_an_sms(self):
        by_sms = Use(kind=LETTER.kind, law=LETTER.law, debtor=LETTER.debtor, channel=Channel.sms)
        assert check(by_sms, "").missing == ("on_paper_or_by_email",)

    def test_the_safe_wording_is_asked_since_the_judgment(self):
        for day, asked in ((date(2016, 11, 24), False), (date(2016, 11, 25), True)):
            found = missing_content(use=LETTER, language="nl", values=values_of(LETTER), text="6:96", on=day)
            assert ("fourteen_day_term" in found.missing) is asked


@pytest.mark.parametrize("use", USES, ids=lambda use: f"{use.law}-{use.kind}")
@pytest.mark.parametrize("language", ["nl", "fr", "en", "de"])
class TestEachItem:
    def test_a_text_that_says_all_is_complete(self, use, language):
        found = check(use, text_of(use, language), language)
        assert (found.complete, found.missing) == (True, ())
        assert_readable(found.trace)

    def test_leaving_a_value_out_names_its_item(self, use, language):
        for item in required_items(use=use, on=TODAY):
            for value in item.values:
                found = check(use, text_of(use, language), language, values_of(use) - {value})
                assert item.key in found.missing
                assert_readable(found.trace)

    def test_leaving_the_words_out_names_their_item(self, use, language):
        for item in required_items(use=use, on=TODAY):
            if item.words is not None:
                silent = text_of(use, language).replace(item.words[language][0], "…")
                assert item.key in check(use, silent, language).missing


class TestLists:
    def test_a_german_consumer_is_told_what_rdg_13a_asks(self):
        keys = {item.key for item in required_items(use=GERMAN, on=TODAY)}
        assert keys >= {
            "creditor", "object_of_the_contract", "date_of_the_contract", "interest_with_rate_and_period",
            "interest_above_statutory", "costs_explained", "vat_declaration", "traced_address", "supervisor",
        }  # fmt: skip

    @pytest.mark.parametrize("kind", ["reminder", "business_notice", "final_notice"])
    @pytest.mark.parametrize("home", ["NL", "BE", "DE", "FR", ""])
    def test_his_home_decides_and_not_the_law_of_the_claim(self, kind, home):
        for law, debtor in product(Law, DebtorKind):
            use = Use(kind=Communication(kind), law=law, debtor=debtor, channel=Channel.email, home=home)
            keys = {item.key for item in required_items(use=use, on=TODAY)}
            assert ("supervisor" in keys) is (home == "DE" and debtor is DebtorKind.consumer)

    def test_a_text_message_to_a_german_consumer_needs_a_whole_message_before_it(self):
        use = replace(GERMAN, channel=Channel.sms)
        told = {
            "agency": {"phone": "1"}, "amounts": {"total": "1"},
            "pay": {"link": "x", "reference": "x"}, "told_before": "",
        }  # fmt: skip
        found = empty_content(use=use, values=told, language="de", on=TODAY)
        assert found.missing == ("told_in_text_form_before",)
        assert_readable(found.trace)
        assert empty_content(use=use, values=told | {"told_before": "yes"}, language="de", on=TODAY).complete
        assert empty_content(use=replace(use, home="NL"), values=told, language="de", on=TODAY).complete

    def test_what_must_be_so_at_sending_is_not_asked_of_the_text(self):
        sms = replace(GERMAN, channel=Channel.sms)
        named = values_of(sms) - {"told_before"}
        assert "told_in_text_form_before" not in check(sms, text_of(sms, "de"), "de", named).missing

    def test_the_belgian_first_reminder_is_the_formal_notice_too(self):
        keys = {item.key for item in required_items(use=BELGIAN, on=TODAY)}
        assert keys >= {
            "enterprise_number", "product_or_service", "exact_indemnity", "fourteen_calendar_days",
            "payment_facilities", "debt_mediation_offer", "evidence_on_request", "supervisor",
        }  # fmt: skip

    @pytest.mark.parametrize("law", [Law.nl, Law.be, Law.eu])
    def test_a_natural_person_reads_where_the_data_came_from(self, law):
        """GDPR art. 14: a company is no data subject."""
        for debtor in DebtorKind:
            use = Use(kind=Communication.reminder, law=law, debtor=debtor, channel=Channel.email)
            keys = {item.key for item in required_items(use=use, on=TODAY)}
            assert ({"data_source", "privacy_notice"} <= keys) is (debtor is not DebtorKind.company)

    def test_nothing_is_known_of_a_letter_that_nobody_listed(self):
        use = Use(kind=Communication.reminder, law=Law.nl, debtor=DebtorKind.consumer, channel=Channel.visit)
        with pytest.raises(NothingKnown, match="visit"):
            required_items(use=use, on=TODAY)

    def test_an_unknown_language_satisfies_no_wording(self):
        found = check(BELGIAN, text_of(BELGIAN, "nl"), "pl")
        assert set(found.missing) >= {"how_to_object", "supervisor", "fourteen_calendar_days"}

    def test_every_row_has_a_known_kind_and_a_source(self):
        for row in read_table("content")["item"]:
            assert row["source"]
            assert set(row["kinds"]) <= {kind.value for kind in Communication}
            assert row.get("values") or row.get("words") is not None or row.get("term_once"), row["key"]
            assert set(row.get("may_be_empty", ())) <= set(row.get("values", ()))


FULL = {
    "creditor": {"name": "A", "address": "B", "phone": "", "email": ""},
    "agency": dict.fromkeys(
        ("name", "address", "phone", "registration", "complaints_url", "privacy_url"), "x"
    ),
    "debtor": {"name": "C"},
    "invoices": [{"number": "1"}],
    "interest": [],
    "amounts": {"principal": "1", "total": "1", "interest": "", "costs": ""},
    "pay": dict.fromkeys(("link", "iban", "holder", "reference"), "x"),
    "costs": {"total": "", "vat": ""},
}


class TestEmptyValues:
    def test_what_may_lawfully_be_nothing_may(self):
        assert empty_content(use=LETTER, values=FULL, language="nl", on=TODAY).complete

    @pytest.mark.parametrize(
        ("emptied", "names"),
        [
            ({"creditor": {"name": "A", "address": ""}}, ("creditor.address",)),
            ({"creditor": {}}, ("creditor.name", "creditor.address")),
            ({"pay": "no table"}, ("pay.link", "pay.iban", "pay.holder", "pay.reference")),
            ({"invoices": []}, ("invoices",)),
        ],
    )
    def test_what_must_be_something_is_named(self, emptied, names):
        found = empty_content(use=LETTER, values=FULL | emptied, language="nl", on=TODAY)
        assert found.empty == names
        assert not found.complete
        assert_readable(found.trace)


class TestThreats:
    @pytest.mark.parametrize(
        ("language", "text"),
        [
            ("nl", "Anders gaan wij naar de rechter."),
            ("nl", "Dan volgt een DAGVAARDING."),
            ("nl", "De deurwaarder legt beslag."),
            ("fr", "Nous irons au tribunal."),
            ("fr", "L’huissier procédera à une saisie."),
            ("en", "We will go to court."),
            ("en", "Your wages may be seized."),
            ("de", "Dann folgt ein Mahnbescheid."),
            ("de", "Wir klagen nicht, aber das Gericht wird entscheiden."),
            ("nl", "Wij gaan nu nog niet naar de\nrechter."),
            ("pl", "The court decides."),
        ],
    )
    def test_are_noticed(self, language, text):
        assert threatens_court(text=text, language=language, on=TODAY)

    @pytest.mark.parametrize(
        ("language", "text"),
        [
            ("nl", "U betaalt buitengerechtelijke incassokosten. De rechterkant is leeg."),
            ("en", "A courteous reminder. It is of the courtyard."),
            ("de", "Die außergerichtliche Einigung ist möglich. Ihr gutes Recht."),
            ("fr", "La date de paiement et les justificatifs."),
            ("nl", "Laat ons weten waarom."),
        ],
    )
    def test_plain_words_are_none(self, language, text):
        assert not threatens_court(text=text, language=language, on=TODAY)


@given(st.sampled_from(USES), st.sets(st.integers(0, 40)), st.sampled_from(["nl", "fr", "en", "de"]))
def test_saying_more_never_makes_a_text_less_complete(use, left_out, language):
    values = sorted(values_of(use))
    fewer = frozenset(value for index, value in enumerate(values) if index not in left_out)
    text = text_of(use, language)
    lacking = set(check(use, text, language, fewer).missing)
    assert lacking >= set(check(use, text, language, frozenset(values)).missing)
    assert bool(lacking) is (len(fewer) < len(values))
