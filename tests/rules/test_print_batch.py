"""Control totals tell every missing, doubled or changed letter; batches neither lose nor double one."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agency.rules.print_batch import (
    COUNTED,
    CountedLetter,
    Difference,
    Envelope,
    MailClass,
    TooThick,
    batches_of,
    differences,
    envelope_for,
    letters_max,
    mail_class_of,
    report_differences,
    returned_differences,
    sheets_of,
    totals_of,
)

pytestmark = pytest.mark.pure

TODAY = date(2026, 12, 1)
LETTERS = st.lists(
    st.builds(
        CountedLetter,
        reference=st.uuids().map(str),
        sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
        pages=st.integers(1, 12),
        amount_minor=st.integers(1, 10**9),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda letter: letter.reference,
)


def total(letters):
    return totals_of(letters, on=TODAY)


@settings(max_examples=60)
@given(letters=LETTERS, data=st.data())
def test_c16_whatever_happens_to_one_letter_is_seen_in_the_totals(letters, data):
    place = data.draw(st.integers(0, len(letters) - 1))
    one, before, behind = letters[place], letters[:place], letters[place + 1 :]
    assert differences(total(letters), total(letters[::-1])) == ()
    another_file = replace(one, sha256="x" * 64)
    one_page_more = replace(one, pages=one.pages + 1)
    instead = data.draw(st.sampled_from([[], [one, one], [another_file], [one_page_more]]))
    spoilt = [*before, *instead, *behind]
    assert differences(total(letters), total(spoilt))


@given(keys=st.lists(st.sampled_from("abc")), most=st.integers(1, 5))
def test_every_letter_is_in_one_batch_of_its_own_kind(keys, most):
    batches = batches_of(keys, most=most)
    assert sorted(position for batch in batches for position in batch) == list(range(len(keys)))
    assert all(
        0 < len(batch) <= most and len({keys[position] for position in batch}) == 1 for batch in batches
    )


@pytest.mark.parametrize(
    ("pages", "sheets", "envelope"), [(1, 1, "c5"), (2, 1, "c5"), (12, 6, "c5"), (13, 7, "c4")]
)
def test_sheets_and_envelopes(pages, sheets, envelope):
    assert sheets_of(pages=pages, on=TODAY) == sheets
    assert envelope_for(sheets=sheets) is Envelope(envelope)


def test_a_letter_that_no_envelope_takes():
    with pytest.raises(TooThick):
        envelope_for(sheets=61)


def test_reports_are_compared_with_what_was_counted():
    ours = total([CountedLetter("a", "0" * 64, 3, 100), CountedLetter("b", "1" * 64, 1, 100)])
    right = {"letters": 2, "pages": 4, "sheets": 3}
    assert report_differences(ours, right) == ()
    (short, *_) = report_differences(ours, right | {"letters": 1})
    assert (short.total, short.ours, short.theirs) == ("letters", "2", "1")


def test_a_count_that_a_report_lacks_counts_as_none():
    one = total([CountedLetter("a", "0" * 64, 1, 100)])
    assert report_differences(one, {}) == tuple(Difference(name, "1", "0") for name in COUNTED)


def test_no_more_letters_come_back_than_were_posted():
    ours = total([CountedLetter("a", "0" * 64, 3, 100), CountedLetter("b", "1" * 64, 1, 100)])
    for back in (0, 1, 2):
        assert returned_differences(ours, {"letters": back}) == ()
    for back in (-1, 3):
        assert returned_differences(ours, {"letters": back}) == (Difference("letters", "2", str(back)),)
    assert returned_differences(total([]), {}) == ()


def test_kinds_of_post_are_kept_under_their_own_words():
    assert [*MailClass, *Envelope] == ["plain", "registered", "c5", "c4"]


def test_the_house_posts_plain_letters_in_batches_of_five_hundred():
    assert mail_class_of(template="formal_notice", on=TODAY) is MailClass.PLAIN
    assert letters_max(on=TODAY) == 500
