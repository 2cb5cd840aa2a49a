"""What a document says: boxes, words, and text made equal for comparing."""

import pytest

from agency.rules.reading import (
    Box,
    Page,
    Reading,
    ReadState,
    Word,
    fold,
    reading_from_json,
    squeeze,
)

pytestmark = pytest.mark.pure


def test_a_box_grows_to_hold_another():
    one, other = Box(10, 20, 30, 40), Box(5, 25, 28, 60)
    assert one.around(other) == other.around(one) == Box(5, 20, 30, 60)
    assert one.around(None) == one
    assert one.as_json() == [10, 20, 30, 40]


def test_words_of_all_pages_are_counted():
    two = Page(1, 595, 842, (Word("a", 0), Word("b", 0)))
    assert Reading(ReadState.read, (two, two)).words == 4
    assert (Reading(ReadState.blank).words, Reading(ReadState.blank).page_count) == (0, 0)
    assert Reading(ReadState.blank).signature_fields == 0


def test_what_a_reader_wrote_is_read_back_whole():
    written = {
        "state": "read", "page_count": 3, "signature_fields": 2,
        "pages": [
            {"number": 2, "width": 595, "height": 842, "marks": [[1, 2, 3, 4]],
             "words": [["Factuur", 0, 5, 6, 7, 8], ["12", 1]]},
        ],
    }  # fmt: skip
    words = (Word("Factuur", 0, Box(5, 6, 7, 8)), Word("12", 1))
    page = Page(number=2, width=595, height=842, words=words, marks=(Box(1, 2, 3, 4),))
    assert reading_from_json(written) == Reading(ReadState.read, (page,), 3, 2)
    assert reading_from_json({"state": "broken"}) == Reading(ReadState.broken)


@pytest.mark.parametrize(
    ("text", "folded", "squeezed"),
    [
        ("Échéance: 12/05", "echeance 12 05", "echeance1205"),
        ("GROSSE Straße", "grosse strasse", "grossestrasse"),
        ("Søren", "soren", "soren"), ("  2026/0-17 ", "2026 0 17", "2026017"), ("€ —", "", ""),
        ("ﬁnal", "final", "final"),
    ],
)  # fmt: skip
def test_text_is_compared_without_case_accents_and_signs(text, folded, squeezed):
    assert (fold(text), squeeze(text)) == (folded, squeezed)


def test_a_state_is_kept_under_its_own_word():
    assert {state.name: state.value for state in ReadState} == {
        name: name for name in ("read", "no_text", "blank", "password", "broken", "too_heavy", "unsupported")
    }
