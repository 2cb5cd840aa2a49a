"""Early warning: points add up, need never adds pressure, and of a consumer only his own payments count."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.rules.early_warning import DebtorFacts, Level, assess_debtor, warning_windows
from agency.rules.facts import DebtorKind
from agency.rules.tables import read_table

pytestmark = pytest.mark.pure

DAY = date(2026, 11, 28)
CONSUMER, COMPANY = DebtorKind.consumer, DebtorKind.company
PRESSURE = {"call_early", "prepayment", "stop_account", "pre_legal"}
COUNTS = ("late_now", "broken", "several", "unreachable", "score_fall", "disputes", "returned")

facts = st.builds(
    DebtorFacts,
    kind=st.sampled_from(DebtorKind),
    paid_before=st.integers(0, 5),
    late_before=st.integers(0, 90),
    late_now=st.integers(0, 200),
    broken=st.integers(0, 6),
    several=st.integers(0, 9),
    unreachable=st.integers(0, 5),
    register=st.lists(st.sampled_from(["bankruptcy", "insolvency", "deceased"]), max_size=2).map(tuple),
    score_fall=st.integers(-50, 60),
    disputes=st.integers(0, 6),
    disputes_before=st.integers(0, 6),
    careful=st.booleans(),
    returned=st.integers(0, 4),
    notify_by=st.none() | st.integers(-5, 60).map(lambda days: DAY + timedelta(days=days)),
)


def level_of(found: DebtorFacts) -> int:
    warning = assess_debtor(found, on=DAY)
    return -1 if warning is None else warning.level.rank


@given(facts, st.sampled_from(COUNTS), st.integers(1, 60))
def test_more_of_any_sign_never_lowers_the_level(found, name, more):
    worse = replace(found, **{name: getattr(found, name) + more})
    assert level_of(worse) >= level_of(found)


@given(facts)
def test_an_entry_in_a_register_never_lowers_the_level(found):
    assert level_of(replace(found, register=(*found.register, "bankruptcy"))) >= level_of(found)


@given(facts)
def test_need_never_adds_pressure(found):
    calm, careful = (assess_debtor(replace(found, careful=need), on=DAY) for need in (False, True))
    assert (calm is None) == (careful is None)
    if calm is None or careful is None:
        return
    assert careful.level.rank <= min(calm.level.rank, Level.warn.rank)
    assert not PRESSURE & set(careful.actions)
    assert set(careful.actions) - set(calm.actions) <= {"talk_about_help"}


@given(facts)
def test_of_a_consumer_no_register_bureau_or_objection_counts(found):
    consumer = replace(found, kind=CONSUMER)
    without = replace(consumer, register=(), score_fall=0, disputes=0, disputes_before=0)
    assert assess_debtor(consumer, on=DAY) == assess_debtor(without, on=DAY)


@given(facts)
def test_the_points_are_those_of_the_signs_and_each_level_is_where_the_table_says(found):
    warning = assess_debtor(found, on=DAY)
    least = read_table("early_warning")["levels"][0]
    if warning is not None:
        assert warning.points == sum(sign.points for sign in warning.signs) >= least["watch"]
        if not warning.careful:
            assert warning.points >= least[warning.level.value]


@given(facts)
def test_the_insurer_is_to_be_told_only_while_there_is_time(found):
    warning = assess_debtor(found, on=DAY)
    if warning is not None:
        in_time = found.notify_by is not None and found.notify_by >= DAY
        assert ("notify_insurer" in warning.actions) == in_time


@pytest.mark.parametrize(
    ("told", "level", "signs"),
    [
        ({"register": ("bankruptcy",)}, Level.act, ["register"]),
        ({"register": ("deceased",)}, None, []),
        ({"paid_before": 2, "late_before": 10, "late_now": 24}, Level.watch, ["slower"]),
        ({"paid_before": 2, "late_before": 10, "late_now": 23}, None, []),
        ({"paid_before": 1, "late_before": 10, "late_now": 99}, None, []),
        ({"broken": 1}, Level.watch, ["broken"]),
        ({"broken": 2, "several": 3}, Level.warn, ["broken", "several"]),
        ({"disputes": 3, "disputes_before": 3}, None, []),
        ({"returned": 2, "broken": 2}, Level.act, ["broken", "returned"]),
        ({"several": 3}, None, []),
    ],
)
def test_of_a_company(told, level, signs):
    warning = assess_debtor(DebtorFacts(kind=COMPANY, **told), on=DAY)
    assert (warning.level if warning else None) == level
    assert [sign.sign for sign in warning.signs] == signs if warning else not signs


def test_who_is_insolvent_is_not_called_or_taken_to_court_but_the_claim_is_filed():
    warning = assess_debtor(DebtorFacts(kind=COMPANY, register=("bankruptcy",)), on=DAY)
    assert warning is not None
    assert warning.actions == ("file_claim", "prepayment", "stop_account")


def test_more_of_a_sign_weighs_more_in_the_table():
    for row in read_table("early_warning")["signs"]:
        assert row["at"] == sorted(set(row["at"]))
        assert row["weights"] == sorted(row["weights"])
        assert len(row["at"]) == len(row["weights"])
        assert row["source"].strip()
        assert row["sure"] in ("high", "middle", "low")


def test_older_payments_are_looked_at_longer_than_recent_ones():
    windows = warning_windows(on=DAY)
    assert windows.history_days > windows.recent_days > 0
