"""Which copies of invoices go with a message: the right ones, in their order, within the limits."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.rules.enclosures import CopyFacts, enclosed
from agency.rules.evidence import Standing
from agency.rules.facts import Channel, DocumentKind
from agency.rules.tables import read_table, row_in_force

pytestmark = pytest.mark.pure

ON = date(2026, 11, 2)
RIGHT = CopyFacts(
    sha256="a1", kind=DocumentKind.invoice, standing=Standing.valid, media_type="application/pdf",
    size=1_000, number="F-1", pages=1,
)  # fmt: skip


def limit(channel: Channel) -> dict:
    found = row_in_force((one for one in read_table("enclosures")["limit"] if one["channel"] == channel), ON)
    assert found is not None
    return dict(found)


def chosen(*copies, numbers=("F-1",), channel=Channel.email, language="nl"):
    return enclosed(copies, open_numbers=numbers, channel=channel, language=language, on=ON)


def copies(count, **facts):
    return [replace(RIGHT, number=f"F-{place}", sha256=f"a{place}", **facts) for place in range(count)]


def numbers(count):
    return [f"F-{place}" for place in range(count)]


class TestRight:
    def test_is_an_invoice_in_order_of_what_is_still_open(self):
        (file,) = chosen(RIGHT).files
        assert (file.sha256, file.media_type, file.size, file.number, file.pages) == (
            "a1", "application/pdf", 1_000, "F-1", 1,
        )  # fmt: skip

    @pytest.mark.parametrize(
        "wrong",
        [
            {"kind": DocumentKind.contract},
            {"standing": Standing.questioned},
            {"media_type": "text/html"},
            {"number": "F-2"},
            {"number": ""},
        ],
    )
    def test_nothing_else_goes_along_and_nothing_is_said_of_it(self, wrong):
        found = chosen(replace(RIGHT, **wrong))
        assert (found.files, found.trace) == ((), ())

    def test_each_invoice_once_in_the_order_of_the_invoices(self):
        second = replace(RIGHT, number="F-2", sha256="b2")
        found = chosen(second, RIGHT, numbers=("F-1", "F-2", "F-1"))
        assert [file.number for file in found.files] == ["F-1", "F-2"]

    @pytest.mark.parametrize(
        ("language", "name"),
        [("nl", "factuur-1.pdf"), ("fr", "facture-1.pdf"), ("de", "rechnung-1.pdf"), ("pl", "invoice-1.pdf")],
    )
    def test_has_a_plain_name_in_the_readers_language(self, language, name):
        assert chosen(RIGHT, language=language).files[0].name == name

    def test_without_a_limit_on_the_day_nothing_is_decided(self):
        with pytest.raises(LookupError, match="sms on 2026-11-02"):
            chosen(RIGHT, channel=Channel.sms)


@pytest.mark.parametrize("channel", [Channel.email, Channel.letter])
class TestLimits:
    def test_so_many_files_and_no_more(self, channel):
        most = limit(channel)["files_max"]
        found = chosen(*copies(most + 1), numbers=numbers(most + 1), channel=channel)
        assert [file.number for file in found.files] == numbers(most)
        assert [line.outcome for line in found.trace] == ["enclosures.attached"] * most + [
            "enclosures.left_out"
        ]

    def test_so_many_bytes_together_to_the_last(self, channel):
        most = limit(channel)["bytes_max"]
        first, second = copies(2)
        both = [replace(first, size=most - 10), replace(second, size=10)]
        assert len(chosen(*both, numbers=numbers(2), channel=channel).files) == 2
        both[1] = replace(second, size=11)
        assert [file.number for file in chosen(*both, numbers=numbers(2), channel=channel).files] == ["F-0"]

    def test_a_smaller_one_behind_one_that_is_too_large_still_goes(self, channel):
        large, small = copies(2)
        large = replace(large, size=limit(channel)["bytes_max"] + 1)
        found = chosen(large, small, numbers=numbers(2), channel=channel)
        assert [(file.number, file.name) for file in found.files] == [("F-1", "factuur-1.pdf")]

    def test_each_choice_is_told_with_its_rule(self, channel):
        row = limit(channel)
        (line,) = chosen(RIGHT, channel=channel).trace
        assert (line.rule, line.version, line.source) == (
            "enclosures.limit", row["since"].isoformat(), row["source"],
        )  # fmt: skip
        assert line.inputs == {"number": "F-1", "sha256": "a1", "size": "1000"}


class TestPages:
    MOST = property(lambda _: limit(Channel.letter)["pages_max"])

    def test_a_letter_takes_so_many_sheets_and_no_more(self):
        first, second = copies(2)
        both = [replace(first, pages=self.MOST - 1), replace(second, pages=1)]
        assert len(chosen(*both, numbers=numbers(2), channel=Channel.letter).files) == 2
        both[1] = replace(second, pages=2)
        assert len(chosen(*both, numbers=numbers(2), channel=Channel.letter).files) == 1

    def test_what_has_no_pages_is_not_printed_but_mailed(self):
        none = replace(RIGHT, pages=0)
        assert chosen(none, channel=Channel.letter).files == ()
        assert len(chosen(none).files) == 1


@given(st.lists(st.integers(1, 9_000_000), max_size=12), st.sampled_from([Channel.email, Channel.letter]))
def test_whatever_there_is_the_limits_are_kept(sizes, channel):
    row = limit(channel)
    some = [replace(RIGHT, number=f"F-{n}", size=size) for n, size in enumerate(sizes)]
    found = chosen(*some, numbers=numbers(len(some)), channel=channel)
    assert len(found.files) <= row["files_max"]
    assert sum(file.size for file in found.files) <= row["bytes_max"]
    assert len(found.trace) == len(some)
