"""How long things are kept: longest term, whole years, floors, obstacles; nothing young is ever due."""

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.rules import retention, tables
from agency.rules.explain import explain
from agency.rules.retention import (
    Answer,
    Kind,
    Obstacle,
    TooShort,
    Verdict,
    answer_by,
    answer_to_erasure,
    decide,
    due_on,
    last_begun,
    run_rules,
    terms_of,
)
from tests.rules.wording import LANGUAGES, assert_readable

pytestmark = pytest.mark.pure

ON = date(2032, 3, 1)
COUNTRIES = ("nl", "be", "de", "uk", "eu")
DAYS = st.dates(date(2015, 1, 1), date(2045, 12, 31))


def a_file(begun: date | None, *obstacles: Obstacle, country: str = "nl", on: date = ON):
    return decide(kind=Kind.CLAIM_FILE, country=country, begun=begun, on=on, obstacles=obstacles)


class TestFiles:
    def test_the_longest_reason_counts_and_each_is_told(self):
        found = a_file(date(2027, 3, 2))
        assert (found.verdict, found.due_on) == (Verdict.KEPT, date(2032, 3, 2))
        assert [line.source for line in found.trace][1] == "Bki art. 5.1(4)"
        assert_readable(found.trace)

    def test_is_due_on_its_day_and_not_the_day_before(self):
        assert a_file(date(2027, 3, 1)).verdict is Verdict.DUE
        assert a_file(date(2027, 3, 1), on=ON - timedelta(days=1)).verdict is Verdict.KEPT

    def test_under_a_law_without_a_row_of_its_own_two_years_hold(self):
        assert due_on(kind=Kind.CLAIM_FILE, country="de", begun=date(2027, 3, 1), on=ON) == date(2029, 3, 1)

    def test_a_claim_that_is_open_is_never_due(self):
        found = a_file(None)
        assert (found.verdict, found.obstacles) == (Verdict.HELD, (Obstacle.NOT_CLOSED,))

    @pytest.mark.parametrize("obstacle", list(Obstacle))
    def test_what_stands_in_the_way_is_said(self, obstacle):
        found = a_file(date(2020, 1, 1), obstacle)
        assert (found.verdict, found.obstacles) == (Verdict.HELD, (obstacle,))
        assert_readable(found.trace)

    def test_no_table_goes_below_the_floor_of_the_law(self, tmp_path):
        shipped = tables._shipped  # the text of an operator's own copy
        assert shipped("retention")
        text = (tables.files(tables.__package__) / "retention.toml").read_text()
        (tmp_path / "retention.toml").write_text(
            text.replace("months = 24", "months = 12")
            .replace("months = 60", "months = 12")
            .replace("least_file_months = 24", "least_file_months = 1")
        )
        tables.use_folder(tmp_path)
        try:
            with pytest.raises(TooShort):
                terms_of(kind=Kind.CLAIM_FILE, country="nl", on=ON)
        finally:
            tables.use_folder(None)


class TestBooks:
    def test_belgian_books_are_kept_for_ten_years_since_2023(self):
        booked = date(2024, 5, 5)
        assert due_on(kind=Kind.BOOKS, country="be", begun=booked, on=ON) == date(2035, 1, 1)
        assert due_on(kind=Kind.BOOKS, country="be", begun=booked, on=date(2022, 12, 31)) == date(2032, 1, 1)

    def test_dutch_books_are_kept_for_seven(self):
        assert due_on(kind=Kind.BOOKS, country="nl", begun=date(2024, 12, 31), on=ON) == date(2032, 1, 1)

    def test_the_trace_says_that_whole_years_count(self):
        found = decide(kind=Kind.BOOKS, country="be", begun=date(2024, 5, 5), on=ON)
        assert_readable(found.trace)
        assert "1 januari" in explain(found.trace, "nl")[0].words


class TestEveryKind:
    @pytest.mark.parametrize(("kind", "country"), list(product(Kind, COUNTRIES)))
    def test_has_a_term_under_every_law_that_can_be_read(self, kind, country):
        found = decide(kind=kind, country=country, begun=date(2026, 5, 5), on=ON)
        assert_readable(found.trace)
        for language in LANGUAGES:
            assert "…" not in explain(found.trace, language)[0].words

    def test_the_file_as_it_came_never_outlives_the_first_claim_of_it(self):
        (term,) = terms_of(kind=Kind.INTAKE_FILE, country="any", on=ON)
        (mails,) = terms_of(kind=Kind.CREDITOR_MAIL, country="any", on=ON)
        (never,) = terms_of(kind=Kind.UNACCEPTED_CLAIM, country="any", on=ON)
        assert max(term.months, mails.months) <= min(run_rules(on=ON).least_file_months, never.months)

    @given(kind=st.sampled_from(Kind), country=st.sampled_from(COUNTRIES), begun=DAYS, on=DAYS)
    def test_nothing_younger_than_its_term_is_ever_due(self, kind, country, begun, on):
        found = decide(kind=kind, country=country, begun=begun, on=on)
        if found.verdict is Verdict.DUE:
            assert all(on >= term.over_on(begun) for term in terms_of(kind=kind, country=country, on=on))
        if found.verdict is Verdict.DUE and kind is Kind.CLAIM_FILE:
            assert retention.add_months(begun, 24) <= on

    @given(kind=st.sampled_from(Kind), country=st.sampled_from(COUNTRIES), on=DAYS, begun=DAYS)
    def test_the_day_that_a_database_is_asked_for_draws_the_same_line(self, kind, country, on, begun):
        border = last_begun(kind=kind, country=country, on=on)
        due = decide(kind=kind, country=country, begun=begun, on=on).verdict is Verdict.DUE
        assert due == (begun <= border)

    @given(begun=DAYS, on=DAYS, obstacles=st.sets(st.sampled_from(Obstacle), min_size=1))
    def test_nothing_that_something_stands_in_the_way_of_is_ever_due(self, begun, on, obstacles):
        assert a_file(begun, *obstacles, on=on).verdict is not Verdict.DUE


class TestAnswers:
    def test_is_due_after_a_month_and_after_three_when_extended(self):
        received = date(2027, 1, 31)
        assert answer_by(received=received, on=ON) == date(2027, 2, 28)
        assert answer_by(received=received, extended=True, on=ON) == date(2027, 4, 30)

    def test_a_duty_to_keep_and_a_dispute_are_refused_each_with_its_article(self):
        given_, trace = answer_to_erasure(
            [a_file(date(2031, 1, 1)), a_file(date(2020, 1, 1), Obstacle.DISPUTE), a_file(date(2020, 1, 1))],
            on=ON,
        )
        assert given_ is Answer.PARTLY
        sources = [line.source for line in trace]
        assert sources[:2] == ["GDPR art. 17(3)(b)", "GDPR art. 17(3)(e)"]
        assert_readable(trace)

    def test_who_has_nothing_that_is_kept_is_erased(self):
        given_, trace = answer_to_erasure([a_file(date(2020, 1, 1))], on=ON)
        assert (given_, trace[0].source) == (Answer.GRANTED, "GDPR art. 17(1)")
        assert_readable(trace)
        assert answer_to_erasure([a_file(date(2031, 1, 1))], on=ON)[0] is Answer.REFUSED
