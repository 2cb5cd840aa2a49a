"""Finding values in a document: where each begins and ends, and what is not taken for one."""

from datetime import date

import pytest

from agency.rules.finding import (
    Place,
    find_amounts,
    find_dates,
    find_labelled,
    find_labels,
    find_name,
    find_number,
    find_numbers,
    name_words,
    read_code,
    read_dates,
    read_minor,
)
from agency.rules.reading import Box, Page, Reading, ReadState, Word

pytestmark = pytest.mark.pure


def lines(*texts: str, number: int = 1) -> Page:
    words = tuple(Word(word, n) for n, text in enumerate(texts) for word in text.split())
    return Page(number, 595, 842, words)


def doc(*texts: str) -> Reading:
    return Reading(ReadState.read, (lines(*texts),), 1)


def boxed(*words: tuple[str, int, int, int]) -> Reading:
    """Words with their line, left and right edge; the top and bottom follow from the line."""
    placed = tuple(
        Word(text, line, Box(left, 100 * line, right, 100 * line + 50)) for text, line, left, right in words
    )
    return Reading(ReadState.read, (Page(1, 595, 842, placed),), 1)


def said(found: tuple[Place, object] | None) -> object:
    return None if found is None else (found[0].text, found[1])


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "there"),
        [
            ("nr 2026-0017 van", "2026-0017"),
            ("nr 2026 - 0017 van", "2026 - 0017"), ("(2026/0017).", "(2026/0017)."),
            ("2 0 2 6 0017", "2 0 2 6 0017"), ("2 0 2 6 00 17", "2 0 2 6 00 17"), ("2 0 2 6 0 0 17", None),
            ("12026-0017", None), ("2026-00178", None), ("2026 001", None), ("- 2026-0017", "2026-0017"),
            ("2026-0017 -", "2026-0017"), ("20260017", "20260017"),
        ],
    )  # fmt: skip
    def test_is_found_however_it_is_broken_up(self, text, there):
        place = find_number(doc(text), "2026-0017")
        assert (place and place.text) == there

    def test_the_first_place_of_each_is_told_with_its_page(self):
        pages = (lines("niets"), lines("F-1 en F-2", number=2), lines("F-1", number=3))
        found = find_numbers(Reading(ReadState.read, pages), ["F-2", "F-1", "F-3", "--"])
        assert {number: (place.page, place.text) for number, place in found.items()} == {
            "F-1": (2, "F-1"), "F-2": (2, "F-2"),
        }  # fmt: skip

    def test_nothing_is_found_of_a_number_without_signs(self):
        assert find_number(doc("- . -"), "--") is None
        assert find_numbers(doc("F-1"), []) == {}

    def test_the_box_goes_around_all_its_words(self):
        place = find_number(boxed(("nr", 0, 0, 90), ("2026", 0, 100, 190), ("0017", 0, 200, 290)), "20260017")
        assert place == Place(1, Box(100, 0, 290, 50), "2026 0017")


class TestNames:
    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("Bakkerij Jansen B.V.", {"bakkerij", "jansen"}),
            ("J. de Vries", {"vries"}), ("J. K.", {"j", "k"}),
            ("De B.V.", {"de", "b", "v"}), ("", set()), ("A Z", {"a", "z"}),
        ],
    )  # fmt: skip
    def test_tell_by_their_own_words(self, name, words):
        assert name_words(name) == words

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("Aan: Jansen Bakkerij te Assen", ("Jansen Bakkerij", 100)),
            ("bakkerij van J. Jansen", ("bakkerij van J. Jansen", 100)),
            ("bakkerij van de heer J. Jansen", ("bakkerij", 57)),
            ("de bakkerij om de hoek", ("bakkerij", 57)), ("de heer Jansen", ("Jansen", 42)),
            ("jansen en de bakkerij jansen", ("jansen en de bakkerij jansen", 100)),
            ("de heer Jansen Bakkerij-Jansen", ("Jansen Bakkerij-Jansen", 100)),
            ("niemand", None), ("", None),
            ("Jansen hier, bakkerij bakkerij", ("Jansen hier, bakkerij bakkerij", 100)),
        ],
    )  # fmt: skip
    def test_are_found_by_the_share_of_their_words(self, text, told):
        assert said(find_name(doc(text), "Bakkerij Jansen B.V.")) == told

    def test_the_best_place_wins_the_first_of_equals(self):
        pages = (lines("jansen"), lines("bakkerij", number=2), lines("bakkerij", number=3))
        found = find_name(Reading(ReadState.read, pages), "Bakkerij Jansen")
        assert found is not None
        assert (found[0].page, found[1]) == (2, 57)
        whole = (*pages, lines("Bakkerij Jansen", number=4), lines("Bakkerij Jansen", number=5))
        found = find_name(Reading(ReadState.read, whole), "Bakkerij Jansen")
        assert found is not None
        assert (found[0].page, found[1]) == (4, 100)

    def test_nobody_has_no_name(self):
        assert find_name(doc("niemand"), "") is None


class TestAmounts:
    @pytest.mark.parametrize(
        ("text", "minor"),
        [
            ("€ 1.234,56", 123_456), ("1,234.56", 123_456), ("1 234,56 €", 123_456), ("1'234.56", 123_456),
            ("1\u00a0234,56", 123_456), ("1\u202f234,56", 123_456),
            ("EUR 12,00", 1_200), ("euro 12,00", 1_200),
            ("12,00 euros", 1_200), ("£12.00", 1_200),
            ("GBP 12.00", 1_200), ("$12.00", 1_200), ("USD 1.00", 100),
            ("CHF 1.00", 100), ("-5,00", -500), ("5,00-", 500), ("99,50,", 9_950), ("99,50.", 9_950),
            (": 7,25", 725), ("=7,25", 725), ("*7,25*", 725), (";7,25;", 725), ("–7,25", 725), (".7,25", 725),
            (",7,25", 725), ("0,01", 1), ("1234.56", 123_456), ("12", None), ("1.234", None), ("€", None),
            ("12-05-2026", None), ("7,2", None), ("7,255", None),
            ("12,34,56", None), ("X7,25", None), ("7,25X", None),
            ("€\u00a05,00", 500), ("€\u202f5,00", 500),
        ],
    )  # fmt: skip
    def test_are_read_with_two_decimals_in_every_dialect(self, text, minor):
        assert read_minor(text) == minor

    def test_every_one_is_told_with_its_words_each_once(self):
        found = [
            (place.text, minor) for place, minor in find_amounts(doc("Meel € 1 234,56 en 5,00 EUR 7,00"))
        ]
        assert found == [("€ 1 234,56", 123_456), ("5,00 EUR", 500), ("7,00", 700)]

    def test_none_goes_over_a_line_or_begins_within_a_word(self):
        assert [minor for _, minor in find_amounts(doc("1", "234,56"))] == [23_456]
        assert [minor for _, minor in find_amounts(doc("totaal 5,00"))] == [500]
        assert list(find_amounts(doc("totaal", "niets"))) == []

    def test_the_longest_reading_of_four_words_counts(self):
        assert [minor for _, minor in find_amounts(doc("€ 1 234 567,89"))] == [123_456_789]
        assert [minor for _, minor in find_amounts(doc("EUR € 1 234 567,89"))] == [123_456_789]
        found = [place.text for place, _ in find_amounts(doc("€ 1 234 567 890,12"))]
        assert found == ["1 234 567 890,12"]


class TestDates:
    @pytest.mark.parametrize(
        ("text", "days"),
        [
            ("12-05-2026", ["2026-05-12", "2026-12-05"]),
            ("2026-05-12", ["2026-05-12"]), ("31/01/2026", ["2026-01-31"]),
            ("12.05.26", ["2026-05-12", "2026-12-05"]),
            ("05-05-2026", ["2026-05-05"]), ("12 05 2026", ["2026-05-12", "2026-12-05"]),
            ("12 mei 2026", ["2026-05-12"]),
            ("1er février 2026", ["2026-02-01"]), ("12. März 2026", ["2026-03-12"]),
            ("May 12, 2026", ["2026-05-12"]),
            ("1st may 2026", ["2026-05-01"]), ("2nd may 2026", ["2026-05-02"]),
            ("3rd may 2026", ["2026-05-03"]),
            ("4th may 2026", ["2026-05-04"]), ("2e mei 2026", ["2026-05-02"]),
            ("may 3rd 2026", ["2026-05-03"]),
            ("(12-05-2026);", ["2026-05-12", "2026-12-05"]), ("31-12-2100", ["2100-12-31"]),
            ("01-01-1990", ["1990-01-01"]), ("31-12-1989", []), ("01-01-2101", []), ("31-02-2026", []),
            ("99-99-2026", []), ("12 zakken 2026", []), ("zakken 12 2026", []), ("00-05-2026", []),
            ("13-13-2026", []), ("2026-13-01", []),
            ("2026-00-01", []), ("12-05-202", []), ("2026-12-31", ["2026-12-31"]),
            ("31-12-99", ["2099-12-31"]), ("factuur", []),
            ("X12-05-2026", []), ("32-01-2026", []), ("01-31-2026", ["2026-01-31"]),
        ],
    )  # fmt: skip
    def test_are_read_in_four_languages_day_first(self, text, days):
        assert [day.isoformat() for day in read_dates(text) or ()] == days
        assert days or read_dates(text) is None

    def test_a_date_has_three_pieces_at_most(self):
        assert [place.text for place, _ in find_dates(doc("12 -05 -2026"))] == ["12 -05 -2026"]
        assert list(find_dates(doc("12 -05 - 2026"))) == []

    def test_every_one_is_told_with_its_words(self):
        found = list(find_dates(doc("van 12 mei 2026 tot May 14, 2026 en 31-12-2026")))
        assert [place.text for place, _ in found] == ["12 mei 2026", "May 14, 2026", "31-12-2026"]
        assert [days for _, days in found] == [
            (date(2026, 5, 12),), (date(2026, 5, 14),), (date(2026, 12, 31),),
        ]  # fmt: skip


class TestCodes:
    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("#F2026-1,", "F2026-1"), ("(12)", "12"), ("1", None),
            ("F1", None), ("F12", "F12"), ("factuur", None),
            ("12-05-2026", None), ("12,50", None), ("0,00", None), ("1" * 30, "1" * 30), ("1" * 31, None),
            ("X12", "X12"), ("12X", "12X"),
        ],
    )  # fmt: skip
    def test_have_two_digits_and_are_no_date_or_amount(self, text, code):
        assert read_code(text) == code


class TestLabels:
    def labelled(self, *texts: str, field: str = "number", words_max: int = 1):
        read = {"number": read_code, "amount": read_minor}[field]
        return said(find_labelled(doc(*texts), field, read, words_max=words_max))

    @pytest.mark.parametrize(
        ("texts", "found"),
        [
            (("Factuurnummer: F-12",), ("F-12", "F-12")),
            (("Factuurnummer : F-12",), ("F-12", "F-12")),
            (("factuur nr. F-12",), ("F-12", "F-12")),
            (("factuur - nr. F-12",), None),
            (("F-12 Factuurnummer",), None),
            (("Factuurnummer a b c d e F-12",), ("F-12", "F-12")),
            (("Factuurnummer a b c d e f F-12",), None),
            (("Factuurnummer", "F-12"), ("F-12", "F-12")),
            (("Factuurnummer", "a", "F-12"), ("F-12", "F-12")),
            (("Factuurnummer", "a", "b", "F-12"), None),
            (("Factuurnummer F-12", "F-13"), ("F-12", "F-12")),
            (("Factuurnummer x", "F-13"), ("F-13", "F-13")),
            (("x", "y", "z", "Factuurnummer", "F-12"), ("F-12", "F-12")),
            (("Klantnummer F-12",), None),
            (("Factuurnummer x", "a", "b", "Factuurnummer F-14"), ("F-14", "F-14")),
        ],
    )
    def test_stand_before_or_above_their_value(self, texts, found):
        assert self.labelled(*texts) == found

    def test_a_value_stays_on_its_line(self):
        found = self.labelled("Totaal te betalen € 1", "234,56", field="amount", words_max=4)
        assert found == ("234,56", 23_456)
        assert self.labelled("te betalen 1 234,56 x", field="amount", words_max=4) == ("1 234,56", 123_456)
        assert self.labelled("te betalen 1 234,56 x", field="amount", words_max=1) == ("234,56", 23_456)

    def test_a_currency_may_stand_alone_before_its_amount(self):
        assert self.labelled("te betalen: € 5,00", field="amount", words_max=4) == ("€ 5,00", 500)

    @pytest.mark.parametrize(
        ("left", "right", "below"),
        [(100, 300, True), (1_099, 1_200, True), (1_100, 1_200, False), (0, 101, True), (0, 100, False)],
    )
    def test_below_is_under_the_label_and_not_beside_it(self, left, right, below):
        reading = boxed(("Factuurnummer", 0, 100, 300), ("F-12", 1, left, right))
        assert bool(find_labelled(reading, "number", read_code, words_max=1)) is below

    def test_every_label_is_told_with_its_line_the_longest_words_first(self):
        found = list(find_labels(doc("niets", "Signed by: x", "voor ontvangst"), "signature"))
        assert [(line, place.text) for line, place in found] == [(1, "Signed by:"), (2, "voor ontvangst")]
        assert list(find_labels(doc("niets"), "signature")) == []
