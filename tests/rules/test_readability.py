"""Readability: syllables by hand, the formulas to the tenth, and what fails a text."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.rules.readability import (
    NoFormula,
    Readability,
    _failures,
    _measure,
    readability,
    sentences_in,
    words_in,
)
from agency.rules.syllables import syllables
from tests.rules.wording import assert_readable

pytestmark = pytest.mark.pure

TODAY = date(2026, 11, 26)
COUNTED = {
    "nl": "u1 wij1 betalen3 rekening3 herinnering4 binnen2 veertien2 incassokosten5 schuldhulpverlening5"
    " gemeente3 ideeën3 financiële5 januari4 geïnd2 leeuw1 nieuw1 mooie2 fraai1 e-mail2 termijn2 bureau2"
    " kopieën3 speciaal3 kwaliteit3 artikel3 verrekenen4 vergoeding3 buitengerechtelijke7 officieel4 partij2"
    " yoghurt2 type2 zeeën2 btw1 quasi2 aquarium4",
    "de": "Sie1 zahlen2 Rechnung2 Forderung3 Gläubiger3 Gerichtsvollzieher5 geehrte3 beenden3 Museum3 Euro2"
    " innerhalb3 vierzehn2 Inkassokosten5 Mehrwertsteuer4 Qualität3 Aktion3 Haus1 Häuser2 neu1 überweisen4"
    " geben2 Januar3 offene3 Schuldnerberatung5 ge1 Quote2",
    "en": "pay1 invoice2 received2 reminder3 agreement3 collection3 costs1 interest3 fourteen2 please1 table2"
    " people2 asked1 wanted2 pages2 houses2 makes1 statement2 municipality6 business2 creditor3 society4"
    " client2 create2 being2 paying2 the1 time1 there1 question2 previous3 situation4 immediately5 free1"
    " agreed2 copies2 telephone3 mediation4 value2 it’s2 quiet2 require2 a1"
    " quality3 frequent2 clients2 science2",
    "fr": "vous1 payer2 facture2 montant2 intérêts3 créance2 créancier3 calendrier4 client2 huissier2 délai2"
    " paiement2 quatorze2 jours1 somme1 frais1 recouvrement4 échéance3 oublié3 lettre1 qui1 que1 guerre1"
    " entreprise3 plainte1 droit1 suite1 économique4 année2 payée2 nouvelle2 téléphone3 saisie2 commune2"
    " quai1 liquide2 guide1 longue1 voyage2 l’échéance4 à1 eau1 bateau2",
}
WORDS = [(language, word[:-1], int(word[-1])) for language, some in COUNTED.items() for word in some.split()]
EASY = "Wij vragen u te betalen. Bel ons als dat niet lukt."
HARD = (
    "Ondergetekende sommeert geadresseerde onverwijld de verschuldigde buitengerechtelijke incassokosten "
    "vermeerderd met contractueel overeengekomen vertragingsrente te voldoen op straffe van maatregelen "
    "waarvan de daaruit voortvloeiende additionele kosten integraal voor uw rekening zullen komen."
)


def read(text: str, language: str = "nl") -> Readability:
    return readability(text=text, language=language, on=TODAY)


class TestSyllables:
    @pytest.mark.parametrize(("language", "word", "count"), WORDS)
    def test_of_one_word(self, language, word, count):
        assert syllables(word, language) == count

    def test_a_language_without_rules_is_refused(self):
        with pytest.raises(KeyError):
            syllables("słowo", "pl")

    @given(st.sampled_from(sorted(COUNTED)), st.text(alphabet="abcdeghilmnoprstuvwyzéëïöüß-'", max_size=20))
    def test_are_one_at_least_and_no_more_than_letters(self, language, word):
        assert 1 <= syllables(word, language) <= max(1, len(word))


class TestFormulas:
    @pytest.mark.parametrize(
        ("language", "text", "score"),
        [
            # two sentences, eleven words, fourteen syllables: 206.84 - 0.93 x 5.5 - 77 x 14/11
            ("nl", EASY, "103.7"),
            # two sentences, six words, seven syllables: 206.835 - 1.015 x 3 - 84.6 x 7/6
            ("en", "We ask you.\nPlease pay today.", "105.1"),
            # one sentence, three words, five syllables: 180 - 3 - 58.5 x 5/3
            ("de", "Bitte zahlen Sie.", "79.5"),
            # one sentence, three words, five syllables: 207 - 1.015 x 3 - 73.6 x 5/3
            ("fr", "Vous devez payer.", "81.3"),
        ],
    )
    def test_give_their_score(self, language, text, score):
        assert read(text, language).score == Decimal(score)

    def test_a_number_is_one_word_of_one_syllable(self):
        assert words_in("Betaal € 1.234,56 op 3-11-2026 (kenmerk 6:96).") == (
            "Betaal", "1.234,56", "op", "3", "11", "2026", "kenmerk", "6:96",
        )  # fmt: skip
        assert read("Betaal 1.000.000 nu.").score == read("Betaal 1 nu.").score

    def test_each_language_has_its_formula(self):
        formulas = {language: read("Nu.", language).trace[-1].inputs["formula"] for language in COUNTED}
        assert formulas == {"nl": "Flesch-Douma", "fr": "Kandel-Moles", "en": "Flesch", "de": "Amstad"}

    def test_what_has_no_formula_is_refused(self):
        with pytest.raises(NoFormula, match="pl"):
            read("Tekst.", "pl")
        with pytest.raises(NoFormula):
            readability(text="Nu.", language="nl", on=date(2024, 3, 31))
        with pytest.raises(ValueError, match="without words"):
            read("… !")


class TestSentences:
    @pytest.mark.parametrize(
        ("text", "count"),
        [
            ("Een. Twee! Drie? Vier", 4),
            ("Zie art. 6:96 van de wet.", 1),
            ("Dit geldt m.b.t. uw rekening. En ook hier.", 2),
            ("Kop\n\nTekst zonder punt\nNog een regel", 3),
            ("Hij zei: „Betaal.” Toen ging hij.", 2),
            ("U betaalt € 12.50 nu.", 1),
            ("Das gilt z.B. heute.", 1),
            ("Wacht… Nu niet.", 2),
        ],
    )
    def test_end_where_a_reader_stops(self, text, count):
        assert len(sentences_in(text)) == count


class TestVerdict:
    def test_an_easy_text_passes(self):
        found = read(EASY)
        assert (found.passes, found.failures) == (True, ())
        assert (found.words, found.sentences, found.words_per_sentence) == (11, 2, Decimal("5.5"))
        assert found.long_sentences[0] == "Bel ons als dat niet lukt."
        assert [line.outcome for line in found.trace] == ["readability.measured"]

    def test_a_lawyers_sentence_fails_in_every_way(self):
        found = read(HARD)
        assert found.failures == (
            "too_hard",
            "sentences_too_long",
            "sentence_too_long",
            "too_many_long_words",
        )
        assert found.long_sentences == (HARD,)
        assert "buitengerechtelijke" in found.hard_words
        assert_readable(found.trace)

    @pytest.mark.parametrize(("length", "fails"), [(25, False), (26, True)])
    def test_one_long_sentence_fails_among_short_ones(self, length, fails):
        found = read(" ".join(["nu"] * length) + "." + " Ja." * 10)
        assert found.failures == (("sentence_too_long",) if fails else ())

    @pytest.mark.parametrize(("length", "fails"), [(15, False), (16, True)])
    def test_the_mean_sentence_has_fifteen_words(self, length, fails):
        assert read(" ".join(["nu"] * length) + ".").failures == (("sentences_too_long",) if fails else ())

    @pytest.mark.parametrize(("short", "fails"), [(17, False), (16, True)])
    def test_three_of_twenty_words_may_be_long(self, short, fails):
        text = ". ".join(["herinnering"] * 3 + ["nu"] * short)
        assert read(text).failures == (("too_many_long_words",) if fails else ())

    @pytest.mark.parametrize("language", sorted(COUNTED))
    def test_can_be_read_in_four_languages_itself(self, language):
        assert_readable(read("Nu. " + "a " * 30, language).trace)


@given(
    st.lists(st.sampled_from(["wij", "betalen", "rekening", "nu", "incassokosten"]), min_size=1, max_size=40)
)
def test_a_full_stop_more_never_makes_a_text_harder(words):
    together = read(f"{' '.join(words)}.")
    apart = read(". ".join(words))
    assert apart.score >= together.score
    assert apart.words == together.words == len(words)


@given(
    st.lists(st.sampled_from(["Wij betalen nu", "U belt ons", "De rekening staat open"]), min_size=1),
    st.randoms(),
)
def test_the_order_of_sentences_makes_no_difference(sentences, random):
    mixed = list(sentences)
    random.shuffle(mixed)
    first, second = read(". ".join(sentences)), read(". ".join(mixed))
    assert (first.score, first.failures) == (second.score, second.failures)


class TestBorders:
    def test_a_text_exactly_as_easy_as_asked_passes(self):
        measured = _measure("Wij vragen u te betalen.", "nl")
        row = {
            "constant": "0",
            "per_word": "0",
            "per_syllable": "0",
            "mean_sentence_max": 5,
            "sentence_max": 5,
        }
        row |= {"long_syllables": 3, "long_percent_max": 20}
        just = measured.score(row)
        assert _failures(measured, row | {"score_min": just}) == ()
        assert _failures(measured, row | {"score_min": just + 1}) == ("too_hard",)
        assert _failures(measured, row | {"score_min": just, "sentence_max": 4}) == ("sentence_too_long",)

    def test_a_number_has_one_syllable_however_long(self):
        assert _measure("Betaal 1.234,56 nu", "nl").syllables == (2, 1, 1)

    def test_a_line_that_ends_in_an_abbreviation_ends_there(self):
        assert sentences_in("Aan de heer mr.\nU betaalt.") == ("Aan de heer mr.", "U betaalt.")
        assert sentences_in("Aan mr. Jansen") == ("Aan mr. Jansen",)

    def test_only_sentences_over_the_limit_are_shown_the_longest_first(self):
        within, over, far_over = (" ".join(["ja"] * count) + "." for count in (25, 26, 30))
        assert read(f"{within} {over} {far_over}").long_sentences == (far_over, over)
        assert read(f"{within} Ja nee.").long_sentences[0] == within

    def test_five_sentences_and_words_are_shown(self):
        found = read(
            " ".join(f"Wij {word} nu." for word in ("gaan", "zien", "doen", "slaan", "staan", "gaan", "zijn"))
        )
        assert (len(found.long_sentences), len(found.hard_words)) == (5, 5)
