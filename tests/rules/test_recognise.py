"""What a document is taken for: where its words count, how much, and from when that is enough."""

import pytest

from agency.rules.facts import DocumentKind
from agency.rules.reading import Box, Page, Reading, ReadState, Word
from agency.rules.recognise import _decide, recognise

pytestmark = pytest.mark.pure

D = DocumentKind
FAR = "x " * 60


def doc(*texts: str, more: tuple[str, ...] = ()) -> Reading:
    pages = tuple(
        Page(number, 595, 842, tuple(Word(word, n) for n, text in enumerate(some) for word in text.split()))
        for number, some in enumerate((texts, more), 1)
    )
    return Reading(ReadState.read, pages, 2)


def points(*texts: str, more: tuple[str, ...] = ()) -> dict[str, int]:
    return {kind.value: worth for kind, worth in recognise(doc(*texts, more=more)).points}


class TestPoints:
    def test_a_title_counts_in_the_head_and_little_elsewhere(self):
        assert points("Factuur")["invoice"] == 9
        assert points(FAR, "Factuur")["invoice"] == 1
        assert points("niets", more=("Factuur",))["invoice"] == 1

    def test_the_head_is_sixty_words_on_short_lines(self):
        assert points(*["x"] * 59, "Factuur")["invoice"] == 9
        assert points(*["x"] * 60, "Factuur")["invoice"] == 1
        assert points("Factuur" + " x" * 9)["invoice"] == 9
        assert points("Factuur" + " x" * 10)["invoice"] == 1

    @pytest.mark.parametrize(("top", "worth"), [(4_200, 9), (4_201, 1)])
    def test_with_places_the_head_is_the_top_of_the_page(self, top, worth):
        words = tuple(Word("x", n, Box(0, 0, 1, 1)) for n in range(70))
        page = Page(1, 595, 842, (*words, Word("Factuur", 99, Box(0, top, 1, top))))
        assert dict(recognise(Reading(ReadState.read, (page,), 1)).points)[D.invoice] == worth

    def test_strong_words_count_four_and_weak_ones_one_each_once(self):
        assert points(FAR, "factuurnummer") == {"invoice": 4}
        assert points(FAR, "factuurnummer en Factuurnummer:") == {"invoice": 4}
        assert points(FAR, "stuksprijs") == {"invoice": 1}
        assert points(FAR, "stuksprijs factuurnummer", more=("factuurdatum",)) == {"invoice": 9}

    def test_only_whole_words_count(self):
        assert points(FAR, "stuksprijzen") == {}
        assert points(FAR, "factuur-nummer")["invoice"] >= 4
        assert points() == {}

    def test_a_title_within_a_longer_title_is_the_same(self):
        found = recognise(doc("General terms and conditions"))
        assert dict(found.points)[D.terms] < 2 * 9
        assert len([word for word in found.words if "terms and conditions" in word]) == 1

    def test_the_most_points_stand_first_and_give_the_words(self):
        found = recognise(doc("Factuur", "factuurnummer 12"))
        assert found.words == ("factuur", "factuurnummer")
        assert [worth for _, worth in found.points] == sorted(
            (worth for _, worth in found.points), reverse=True
        )
        assert found.language == "nl"
        assert recognise(doc("niets")).language == ""
        assert recognise(Reading(ReadState.blank)).words == ()

    def test_the_language_is_that_of_most_points(self):
        assert recognise(doc(FAR, "factuurnummer", "date de facture", "total ttc")).language == "fr"
        assert recognise(doc(FAR, "factuurnummer factuurdatum", "date de facture")).language == "nl"


class TestDeciding:
    @pytest.mark.parametrize(
        ("ranked", "kind", "confidence"),
        [
            ([], None, 0),
            ([(D.invoice, 7)], None, 18),  # (100 + 29) * 29 / 200
            ([(D.invoice, 8)], D.invoice, 21),
            ([(D.invoice, 12)], D.invoice, 37),
            ([(D.invoice, 24)], D.invoice, 97),
            ([(D.invoice, 48)], D.invoice, 97),
            ([(D.invoice, 11)], D.invoice, 32),
            ([(D.invoice, 10), (D.order, 8)], D.invoice, 12),
            ([(D.invoice, 10), (D.order, 9)], None, 10),
            ([(D.invoice, 24), (D.order, 12)], D.invoice, 75),
            ([(D.invoice, 24), (D.order, 12), (D.terms, 1)], D.invoice, 75),
            ([(D.invoice, 10), (D.order, 10)], None, 8),
        ],
    )
    def test_sure_is_who_has_much_and_much_more_than_the_next(self, ranked, kind, confidence):
        assert _decide(ranked) == (kind, confidence)
