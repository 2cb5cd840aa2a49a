"""The term of a notice: when it counts as received, its last free day, and the first day of costs."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.calendar import is_business_day, is_holiday
from agency.rules.facts import Law
from agency.rules.notice import NoNoticeTerm, notice_term

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
    assert found.last_day == date(2026, 11, 23)
    assert found.trace[0].outcome == "14 days to 2026-11-21, extended to the business day 2026-11-23"


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
    country = {Law.be: "BE", Law.de: "DE", Law.uk: "GB"}.get(law, "NL")
    assert is_business_day(country=country, day=found.last_day)


@given(dispatches, st.sampled_from(list(Law)), st.sampled_from(["post", "email"]))
def test_a_later_letter_never_ends_earlier(sent, law, by):
    later = sent + timedelta(days=1)
    assert notice_term(law=law, by=by, sent=sent).last_day <= notice_term(law=law, by=by, sent=later).last_day
