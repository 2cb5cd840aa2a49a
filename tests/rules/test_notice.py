"""The term of a notice: when it counts as received, its last free day, and the first day of costs."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.calendar import is_business_day, is_holiday
from agency.rules.facts import DebtorKind, Law
from agency.rules.notice import NoNoticeTerm, due_without_notice, notice_term
from tests.rules.explainable import assert_explains

pytestmark = pytest.mark.pure

dispatches = st.dates(min_value=date(2023, 9, 1), max_value=date(2034, 12, 1))
MONDAY, SUNDAY = 0, 6


@pytest.mark.parametrize(
    ("law", "by", "sent", "delivered", "last_day", "costs_from", "source"),
    [
        (Law.nl, "post", date(2026, 11, 3), date(2026, 11, 5), date(2026, 11, 19), date(2026, 11, 20), "S29"),
        (
            Law.nl,
            "post",
            date(2026, 11, 6),
            date(2026, 11, 10),
            date(2026, 11, 24),
            date(2026, 11, 25),
            "S30",
        ),
        (Law.be, "post", date(2026, 11, 2), date(2026, 11, 5), date(2026, 11, 18), date(2026, 11, 19), "S32"),
        (
            Law.be,
            "email",
            date(2026, 11, 2),
            date(2026, 11, 2),
            date(2026, 11, 16),
            date(2026, 11, 17),
            "S33",
        ),
        (
            Law.nl,
            "email",
            date(2026, 11, 3),
            date(2026, 11, 3),
            date(2026, 11, 17),
            date(2026, 11, 18),
            "1.4",
        ),
    ],
)
def test_gives_the_term_of_the_examples(law, by, sent, delivered, last_day, costs_from, source):
    """S29, S30, S32, S33: derived from BW 6:96(6) with HR 2016:2704, and from WER Book XIX."""
    found = notice_term(law=law, by=by, sent=sent)
    assert (found.delivered, found.last_day, found.costs_from) == (delivered, last_day, costs_from), source


def test_does_not_count_holidays_in_the_post():
    """Posted on the eve of Ascension Day: Friday is the first day that counts, Saturday the second."""
    assert notice_term(law=Law.nl, by="post", sent=date(2026, 5, 13)).delivered == date(2026, 5, 16)


def test_extends_a_last_day_in_the_weekend_and_says_so():
    found = notice_term(law=Law.nl, by="email", sent=date(2026, 11, 7))
    assert (found.last_day, found.costs_from) == (date(2026, 11, 23), date(2026, 11, 24))
    assert [line.outcome for line in found.trace] == [
        "notice.delivered_by_email",
        "notice.term",
        "notice.extended",
    ]
    assert (found.trace[1].inputs["statutory"], found.trace[1].inputs["days"]) == ("2026-11-21", "14")
    plain = notice_term(law=Law.nl, by="email", sent=date(2026, 11, 3))
    assert [line.outcome for line in plain.trace] == ["notice.delivered_by_email", "notice.term"]


def test_leaves_a_belgian_term_as_long_as_the_law_makes_it():
    """4.1: fourteen calendar days; nothing says that a weekend makes them more."""
    found = notice_term(law=Law.be, by="email", sent=date(2026, 11, 7))
    assert (found.last_day, found.costs_from) == (date(2026, 11, 21), date(2026, 11, 22))


def test_gives_a_longer_term_and_refuses_a_shorter_one():
    found = notice_term(law=Law.nl, by="email", sent=date(2026, 11, 3), days=15)
    assert found.last_day == date(2026, 11, 18)
    assert notice_term(law=Law.be, by="post", sent=date(2026, 11, 2), days=20).last_day == date(2026, 11, 24)
    with pytest.raises(NoNoticeTerm, match="13 days is shorter than 14"):
        notice_term(law=Law.nl, by="email", sent=date(2026, 11, 3), days=13)


@pytest.mark.parametrize("law", list(Law))
@pytest.mark.parametrize("debtor", [DebtorKind.sole_trader, DebtorKind.company])
@pytest.mark.parametrize("by", ["post", "email"])
def test_gives_a_business_the_time_of_a_consumer_by_the_rule_of_the_house(law, debtor, by):
    mine = notice_term(law=law, by=by, sent=date(2026, 11, 2), debtor=debtor)
    consumers = notice_term(law=law, by=by, sent=date(2026, 11, 2))
    assert (mine.delivered, mine.last_day) == (consumers.delivered, consumers.last_day)
    assert mine.trace[0].rule == "house.notice"


class TestWithoutNotice:
    @pytest.mark.parametrize("law", [Law.nl, Law.be, Law.uk, Law.eu])
    def test_a_business_owes_costs_from_the_day_after_the_last_day(self, law):
        """BW 6:96(4); Directive 2011/7/EU art. 6(2)."""
        found = due_without_notice(law=law, debtor=DebtorKind.company, due=date(2024, 2, 28))
        assert found.costs_from == date(2024, 2, 29)
        assert_explains(found.trace)

    @pytest.mark.parametrize(
        ("law", "debtor", "due"),
        [
            (Law.nl, DebtorKind.consumer, date(2026, 1, 1)),
            (Law.nl, DebtorKind.company, date(2013, 3, 15)),
            (Law.de, DebtorKind.company, date(2026, 1, 1)),
        ],
    )
    def test_nobody_else_does(self, law, debtor, due):
        with pytest.raises(NoNoticeTerm, match="no costs without a notice"):
            due_without_notice(law=law, debtor=debtor, due=due)


def test_refuses_a_day_before_the_rule():
    with pytest.raises(NoNoticeTerm):
        notice_term(law=Law.be, by="post", sent=date(2023, 8, 31))


@given(dispatches)
def test_dutch_post_arrives_on_a_day_that_counts(sent):
    delivered = notice_term(law=Law.nl, by="post", sent=sent).delivered
    assert delivered >= sent + timedelta(days=2)
    assert delivered.weekday() not in (SUNDAY, MONDAY)
    assert not is_holiday(country="NL", day=delivered)


@given(dispatches, st.sampled_from(list(Law)), st.sampled_from(["post", "email"]))
def test_the_debtor_always_has_fourteen_full_days(sent, law, by):
    found = notice_term(law=law, by=by, sent=sent)
    first_day = found.delivered if (law, by) == (Law.be, "post") else found.delivered + timedelta(days=1)
    assert (found.last_day - first_day).days + 1 >= 14
    assert found.costs_from == found.last_day + timedelta(days=1)
    assert_explains(found.trace)
    if law is not Law.be:
        country = {Law.de: "DE", Law.uk: "GB"}.get(law, "NL")
        assert is_business_day(country=country, day=found.last_day)


@given(dispatches, st.sampled_from(list(Law)), st.sampled_from(["post", "email"]))
def test_a_later_letter_never_ends_earlier(sent, law, by):
    later = sent + timedelta(days=1)
    assert notice_term(law=law, by=by, sent=sent).last_day <= notice_term(law=law, by=by, sent=later).last_day
