"""Traces in words: every file of words is whole, amounts stay, and what is not known is not guessed."""

from datetime import date, datetime
from decimal import Decimal
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.rules import words
from agency.rules.explain import (
    ExplainedLine,
    as_sentences,
    as_table,
    explain,
    written_day,
    written_money,
    written_percent,
)
from agency.rules.facts import Channel, DebtorKind, Law
from agency.rules.trace import TraceLine
from agency.rules.words import LANGUAGES
from tests.rules.wording import FORMATS

pytestmark = pytest.mark.pure

SAID = {
    "try.all": {
        "en": "{percent:percent} of {part:money} on {day:date}, {at:moment}, {n:number}, {who:term}, {name}",
        "nl": "{percent:percent} over {part:money}",
        "fr": "{percent:percent} de {part:money}, {day:date}, {at:moment}",
        "de": "{part:money}, {day:date}, {at:moment}",
    }
}

INPUTS = {
    "percent": "10.150", "part": "EUR 2500.00", "day": "2026-11-01", "at": "2026-12-25T09:00:00+00:00",
    "n": "12345", "who": "sole_trader", "name": "F-1001",
}  # fmt: skip


def line(outcome: str, amount: Money | None = None, **inputs: str) -> TraceLine:
    return TraceLine("nl.rule", "2024-01-01", "BW 6:96", inputs, outcome, amount)


@pytest.fixture
def try_words(monkeypatch):
    """Sentences of this test's own."""
    from agency.rules import explain as module

    module._parts.cache_clear()
    monkeypatch.setattr(words, "sentences", lambda: SAID)
    yield
    module._parts.cache_clear()


def placeholders(sentence: str) -> dict[str, str]:
    """The names that a sentence asks for, each with its format."""
    return {name: form or "" for _, name, form, _ in Formatter().parse(sentence) if name is not None}


def faults(said: dict[str, str]) -> list[str]:
    """What is wrong with one sentence or term."""
    found = [f"speaks {sorted(said)}"] if set(said) != set(LANGUAGES) else []
    asked = [sorted(placeholders(sentence).items()) for sentence in said.values()]
    found += ["asks for other things in other languages"] if any(one != asked[0] for one in asked) else []
    found += [f"unknown format {form}" for one in asked for _, form in one if form not in FORMATS]
    found += ["says nothing"] if not all(sentence.strip() for sentence in said.values()) else []
    return found


class TestFilesOfWords:
    @pytest.mark.parametrize("name", words.word_files())
    def test_say_everything_in_four_languages_with_the_same_placeholders(self, name):
        assert words.words_in(name), "an empty file"
        assert {key: faults(said) for key, said in words.words_in(name).items() if faults(said)} == {}

    @pytest.mark.parametrize(
        "broken",
        [
            {"nl": "a", "en": "a", "fr": "a"},
            {"nl": "{a:money}", "en": "{a:money}", "fr": "{a:date}", "de": "{a:money}"},
            {"nl": "{a:colour}", "en": "{a:colour}", "fr": "{a:colour}", "de": "{a:colour}"},
            {"nl": " ", "en": "a", "fr": "a", "de": "a"},
        ],
    )
    def test_a_broken_sentence_is_noticed(self, broken):
        assert faults(broken)

    def test_terms_ask_for_nothing(self):
        asking = [code for code, said in words.terms().items() if any(map(placeholders, said.values()))]
        assert asking == []

    def test_two_topics_do_not_say_one_term_in_two_ways(self):
        topics = [name for name in words.word_files() if name.startswith("terms_")]
        said: dict[str, tuple[str, dict[str, str]]] = {}
        for name in topics:
            for code, term in words.words_in(name).items():
                first, known = said.setdefault(code, (name, term))
                assert known == term, f"{code} is said in {first} and in {name}"

    @pytest.mark.parametrize("codes", [DebtorKind, Law, Channel])
    def test_have_a_term_for_every_code_of(self, codes):
        assert [code for code in codes if code not in words.terms()] == []

    def test_every_sentence_can_be_written_out(self):
        """Each placeholder gets a value of its format; none is left open."""
        fitting = {
            "money": "EUR 2500.00", "percent": "10.15", "date": "2026-11-01", "number": "12",
            "moment": "2026-12-25T10:00:00+01:00", "term": "consumer", "": "F-1",
        }  # fmt: skip
        for key, said in words.sentences().items():
            inputs = {name: fitting[form] for name, form in placeholders(said["en"]).items()}
            for lang in LANGUAGES:
                (shown,) = explain([line(key, **inputs)], lang)
                assert "{" not in shown.words
                assert "…" not in shown.words, key
                assert shown.words != key

    def test_a_table_in_a_table_is_named_by_its_way(self):
        nested = {"post": {"nl": {"nl": "a", "en": "b"}}, "flat": {"nl": "c"}}
        assert dict(words._tables(nested, "")) == {
            "post.nl": {"nl": "a", "en": "b"},
            "flat": {"nl": "c"},
        }


class TestExplaining:
    @pytest.mark.parametrize(
        ("lang", "expected"),
        [
            (
                "en",
                "10.15% of €2,500.00 on 1 November 2026, 25 December 2026, 10:00, 12,345,"
                " natural person in business, F-1001",
            ),
            ("nl", "10,15% over €\u00a02.500,00"),
            (
                "fr",
                "10,15\u00a0% de 2\u00a0500,00\u00a0€, 1er novembre 2026, 25 décembre 2026 à 10:00",
            ),
            ("de", "2.500,00\u00a0€, 1. November 2026, 25. Dezember 2026, 10:00 Uhr"),
        ],
    )
    def test_writes_each_language_as_its_readers_do(self, try_words, lang, expected):
        (shown,) = explain([line("try.all", **INPUTS)], lang)
        assert shown.words == expected

    def test_tells_a_moment_on_the_clock_that_the_trace_names(self, try_words):
        (shown,) = explain([line("try.all", **INPUTS | {"zone": "Europe/London"})], "fr")
        assert "à 09:00" in shown.words

    def test_tells_a_moment_without_a_zone_as_it_is(self, try_words):
        (shown,) = explain([line("try.all", **INPUTS | {"at": "2026-12-25T09:30"})], "fr")
        assert "à 09:30" in shown.words

    def test_keeps_rule_version_source_and_amount(self, try_words):
        amount = Money(37_500, "EUR")
        (shown,) = explain([line("try.all", amount, **INPUTS)], "nl")
        assert (shown.amount, shown.rule, shown.version, shown.source) == (
            amount, "nl.rule", "2024-01-01", "BW 6:96",
        )  # fmt: skip

    @pytest.mark.parametrize("lang", LANGUAGES)
    def test_shows_an_outcome_without_a_sentence_as_it_was_written(self, lang):
        (shown,) = explain([line("850 basis points = base {850}", Money(85, "EUR"))], lang)
        assert shown.words == "850 basis points = base {850}"

    def test_never_guesses_what_is_missing(self, try_words):
        (shown,) = explain([line("try.all", percent="5")], "nl")
        assert shown.words == "5% over …"

    @pytest.mark.parametrize(("part", "percent"), [("a lot", "many"), ("EUR 1.234", "1,5"), ("XYZ 1.00", "")])
    def test_shows_what_it_cannot_read_as_it_is(self, try_words, part, percent):
        (shown,) = explain([line("try.all", part=part, percent=percent)], "nl")
        assert shown.words == f"{percent} over {part}"

    def test_shows_a_code_without_a_term_as_it_is(self, try_words):
        (shown,) = explain([line("try.all", **INPUTS | {"who": "hold:moon"})], "en")
        assert "hold:moon, F-1001" in shown.words

    @pytest.mark.parametrize("lang", ["es", "NL", ""])
    def test_refuses_a_language_without_words(self, lang):
        with pytest.raises(ValueError, match="no words in"):
            explain([], lang)

    @given(st.lists(st.integers(-(10**9), 10**9) | st.none(), max_size=8), st.sampled_from(LANGUAGES))
    def test_the_amounts_still_add_up(self, minors, lang):
        trace = [line("x", None if minor is None else Money(minor, "EUR")) for minor in minors]
        lines = explain(trace, lang)
        assert [one.amount for one in lines] == [one.amount for one in trace]


class TestWriting:
    @given(st.integers(-(10**11), 10**11), st.sampled_from(LANGUAGES))
    def test_an_amount_keeps_its_digits_and_never_breaks(self, minor, lang):
        written = written_money(Money(minor, "EUR"), lang)
        digits = "".join(sign for sign in written if sign.isdigit())
        assert int(digits) == abs(minor)
        assert " " not in written
        assert "\u202f" not in written
        assert ("-" in written) == (minor < 0)

    def test_pounds_are_pounds(self):
        assert written_money(Money(7_000, "GBP"), "en") == "£70.00"

    @pytest.mark.parametrize(
        ("percent", "lang", "expected"),
        [
            ("6.00", "nl", "6%"),
            ("100", "nl", "100%"),
            ("0.5", "fr", "0,5\u00a0%"),
            ("10.15", "de", "10,15\u00a0%"),
            ("-0.88", "en", "-0.88%"),
            ("0.123456", "en", "0.123456%"),
            ("0", "en", "0%"),
            ("12345", "fr", "12\u00a0345\u00a0%"),
        ],
    )
    def test_a_percent_has_the_decimals_that_say_something(self, percent, lang, expected):
        assert written_percent(Decimal(percent), lang) == expected

    @pytest.mark.parametrize(
        ("day", "expected"),
        [(date(2026, 11, 1), "1er novembre 2026"), (date(2026, 11, 11), "11 novembre 2026")],
    )
    def test_the_first_of_a_month_is_the_first_in_french(self, day, expected):
        assert written_day(day, "fr") == expected


class TestTable:
    LINES = (
        ExplainedLine("15% of €2,500.00", Money(37_500, "EUR"), "nl.bik", "2012-07-01", "Besluit BIK art. 2"),
        ExplainedLine("The sum counts.", None, "nl.bik", "2012-07-01", "BW 6:96(7)"),
    )

    def test_shows_amounts_in_a_column_and_the_source_below(self):
        first, origin, second, last = as_table(self.LINES, "en").splitlines()
        assert first == "15% of €2,500.00" + " " * 65 + "€375.00"
        assert origin == "    nl.bik, 2012-07-01: Besluit BIK art. 2"
        assert second == "The sum counts."
        assert last.endswith("BW 6:96(7)")

    def test_breaks_a_long_sentence_and_puts_the_amount_at_its_end(self):
        long = ExplainedLine("word " * 20 + "end", Money(-500, "EUR"), "r", "1", "s")
        first, second, origin = as_table([long], "en").splitlines()
        assert first == ("word " * 14).strip()
        assert second == "word " * 6 + "end" + " " * 49 + "-€5.00"
        assert origin == "    r, 1: s"

    def test_breaks_no_word_at_its_hyphen(self):
        long = ExplainedLine("word " * 12 + "hoofdsom-en-rente", None, "r", "1", "s")
        assert as_table([long], "en").splitlines()[1] == "hoofdsom-en-rente"

    def test_says_each_line_as_one_sentence(self):
        assert as_sentences(self.LINES, "en") == [
            "15% of €2,500.00 = €375.00 [nl.bik, 2012-07-01: Besluit BIK art. 2]",
            "The sum counts. [nl.bik, 2012-07-01: BW 6:96(7)]",
        ]


class TestSources:
    """Where a line comes from is readable too; a statute keeps its name."""

    @pytest.mark.parametrize(
        ("source", "said"),
        [
            ("BW 6:96(2)", "BW 6:96(2)"),
            ("house rule, as in the Netherlands", "huisregel, zoals in Nederland"),
            ("house rule: reasonable term", "huisregel: redelijke termijn"),
            ("house rule, after: house rule: x", "huisregel, naar: house rule: x"),
            ("house rule, after: BW 6:119: as amended", "huisregel, naar: BW 6:119: as amended"),
            (
                "agency's setting: the statute is silent",
                "instelling van het kantoor: de wet zegt er niets over",
            ),
        ],
    )
    def test_house_rules_are_said_in_the_readers_language(self, source, said):
        traced = TraceLine("nl.rule", "2024-01-01", source, {}, "try.all")
        assert [line.source for line in explain([traced], "nl")] == [said]
        assert [line.source for line in explain([traced], "en")] == [source]


def test_a_moment_is_said_with_its_clock_in_dutch():
    from agency.rules.contact import contact_window

    night = datetime.fromisoformat("2026-11-08T23:00:00+01:00")
    found = contact_window(
        country="NL", region=None, channel=Channel.call, debtor=DebtorKind.consumer, at=night
    )
    assert explain(found.trace, "nl")[-1].words == "Contact mag weer vanaf 9 november 2026, 07:00 uur."
