"""Holds: what each ground stops, when it ends, and what can never be held."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.calendar import is_business_day
from agency.claims.states import HoldGround
from agency.rules.facts import DebtorKind
from agency.rules.holds import (
    Ground,
    Hold,
    HoldTooLong,
    NoSuchHold,
    grounds_about_person,
    grounds_everywhere,
    grounds_of,
    hold_of,
    is_about_person,
    stops_contact,
)
from agency.rules.tables import read_table
from tests.rules.wording import assert_readable

pytestmark = pytest.mark.pure

MONDAY = date(2026, 11, 2)
TOLD = {"promise", "notice_running", "agreement_to_confirm"}
days = st.dates(min_value=date(2024, 1, 1), max_value=date(2040, 12, 31))


def held(ground: str, country: str = "NL", debtor: DebtorKind = DebtorKind.consumer, **more) -> Hold:
    facts = {"since": MONDAY} | more
    return hold_of(ground=Ground(ground), country=country, debtor=debtor, **facts)


class TestBelgium:
    def test_a_request_for_mediation_holds_for_45_calendar_days_from_the_first_working_day(self):
        """WER Book XIX: asked on Monday 2 November, Tuesday is day one and 17 December day 45."""
        hold = held("debt_mediation", "BE")
        assert (hold.ends, hold.stops_contact, hold.stops_costs) == (date(2026, 12, 17), True, True)
        assert hold.interest_stops_from is None
        assert not hold.stops_interest

    @pytest.mark.parametrize(
        ("asked", "ends"),
        [
            (date(2026, 11, 6), date(2026, 12, 23)),  # Friday: Monday is day one
            (date(2026, 11, 10), date(2026, 12, 26)),  # Armistice Day is no working day
            (date(2026, 12, 31), date(2027, 2, 17)),  # over New Year and a weekend
            (date(2028, 1, 14), date(2028, 3, 1)),  # over 29 February
        ],
    )
    def test_the_first_working_day_is_not_in_a_weekend_or_on_a_holiday(self, asked, ends):
        assert held("debt_mediation", "BE", since=asked).ends == ends

    def test_a_plan_request_stops_the_next_step_until_the_creditor_decides(self):
        hold = held("plan_requested", "BE")
        assert (hold.ends, hold.stops_demands, hold.stops_contact) == (None, True, False)
        assert hold.what_to_do == ("let_the_creditor_decide",)

    def test_interest_stops_after_thirty_days_without_a_decision(self):
        assert held("plan_requested", "BE").interest_stops_from == date(2026, 12, 3)
        assert held("plan_requested", "BE", until=date(2026, 12, 3)).interest_stops_from == date(2026, 12, 3)
        assert not held("plan_requested", "BE", until=date(2026, 12, 2)).stops_interest

    def test_a_plan_request_elsewhere_stops_no_interest(self):
        for debtor in DebtorKind:
            assert not held("plan_requested", "NL", debtor).stops_interest
        assert not held("plan_requested", "BE", DebtorKind.company).stops_interest
        assert not held("plan_requested", "BE", since=date(2023, 8, 31)).stops_interest

    def test_after_a_reasoned_dispute_nobody_calls(self):
        assert held("reasoned_dispute", "BE").stops_contact
        assert not held("dispute", "BE").stops_contact
        assert not held("reasoned_dispute", "NL").stops_contact

    def test_the_first_reminder_stops_interest_and_costs_while_it_runs(self):
        hold = held("notice_running", "BE", until=date(2026, 11, 18))
        assert (hold.ends, hold.interest_stops_from) == (date(2026, 11, 18), MONDAY)
        assert hold.stops_costs
        assert not held("notice_running", "NL", until=date(2026, 11, 18)).stops_interest

    def test_a_collective_settlement_is_open_and_wants_the_claim_within_a_month(self):
        hold = held("collective_settlement", "BE", since=date(2026, 12, 31))
        assert (hold.ends, hold.interest_stops_from) == (None, date(2026, 12, 31))
        assert hold.act_by == date(2027, 1, 31)
        assert hold.what_to_do[0] == "lodge_with_the_mediator"
        assert hold.trace[0].source.startswith("Ger.W. 1675")


class TestNetherlands:
    def test_a_notice_of_debt_help_lasts_four_months_and_eight_when_extended(self):
        assert held("debt_help_notice").ends == date(2027, 3, 2)
        assert held("debt_help_notice", extended=True).ends == date(2027, 7, 2)
        assert held("debt_help_notice", since=date(2026, 10, 31)).ends == date(2027, 2, 28)

    def test_a_moratorium_lasts_six_months_and_no_longer(self):
        assert held("moratorium", since=date(2026, 8, 29)).ends == date(2027, 2, 28)
        assert held("moratorium", until=date(2027, 1, 15)).ends == date(2027, 1, 15)
        with pytest.raises(HoldTooLong, match="cannot be extended"):
            held("moratorium", extended=True)
        with pytest.raises(HoldTooLong, match="2027-05-02 at most"):
            held("moratorium", until=date(2027, 5, 3))
        assert held("moratorium", until=date(2027, 5, 2)).ends == date(2027, 5, 2)

    def test_in_the_wsnp_no_interest_runs_from_the_day_of_the_ruling(self):
        hold = held("wsnp", debtor=DebtorKind.sole_trader)
        assert (hold.interest_stops_from, hold.ends, hold.stops_contact) == (MONDAY, None, True)
        assert hold.what_to_do == ("lodge_with_the_administrator", "stop_direct_debits")

    def test_a_complaint_is_confirmed_within_two_working_days(self):
        assert held("complaint", since=date(2026, 11, 6)).act_by == date(2026, 11, 10)


@pytest.mark.parametrize(
    ("ground", "country", "debtor", "since"),
    [
        ("wsnp", "BE", DebtorKind.consumer, MONDAY),
        ("wsnp", "NL", DebtorKind.company, MONDAY),
        ("moratorium", "NL", DebtorKind.consumer, date(2017, 3, 31)),
        ("debt_mediation", "NL", DebtorKind.consumer, MONDAY),
        ("debt_mediation", "BE", DebtorKind.company, MONDAY),
        ("collective_settlement", "BE", DebtorKind.sole_trader, MONDAY),
        ("deceased", "NL", DebtorKind.company, MONDAY),
    ],
)
def test_refuses_a_hold_that_cannot_be(ground, country, debtor, since):
    with pytest.raises(NoSuchHold, match=ground):
        held(ground, country, debtor, since=since)


def test_a_bankruptcy_goes_to_the_trustee():
    for country in ("NL", "BE", "DE"):
        hold = held("bankruptcy", country, DebtorKind.company)
        assert hold.what_to_do[0] == "lodge_with_the_trustee"
        assert hold.interest_stops_from == MONDAY


def test_needs_the_last_day_where_only_a_fact_tells_it():
    with pytest.raises(ValueError, match="tell its last day"):
        held("promise")
    with pytest.raises(ValueError, match="before it begins"):
        held("promise", until=MONDAY - timedelta(days=1))
    assert held("promise", until=MONDAY).ends == MONDAY


def test_says_paid_waits_fourteen_days():
    assert held("says_paid").ends == date(2026, 11, 16)


class TestGrounds:
    def test_a_claim_can_be_held_on_every_ground_that_has_a_rule(self):
        assert [ground.value for ground in HoldGround] == [ground.value for ground in Ground]

    @pytest.mark.parametrize("country", ["NL", "BE", "DE", "GB", "FR"])
    def test_every_ground_that_is_offered_somewhere_has_its_rule_there(self, country):
        offered = grounds_of(country=country, debtor=DebtorKind.consumer, on=MONDAY)
        assert {"deceased", "bankruptcy", "guardianship", "dispute"} <= set(offered)
        for ground in offered:
            assert held(ground.value, country, until=MONDAY if ground.value in TOLD else None).trace

    def test_a_ground_of_one_country_is_not_offered_in_another(self):
        dutch = grounds_of(country="NL", debtor=DebtorKind.consumer, on=MONDAY)
        belgian = grounds_of(country="BE", debtor=DebtorKind.consumer, on=MONDAY)
        assert set(dutch) ^ set(belgian) >= {"wsnp", "moratorium", "collective_settlement", "debt_mediation"}

    def test_an_unknown_ground_stops_contact(self):
        assert stops_contact(ground="something", country="NL", debtor=DebtorKind.consumer, on=MONDAY)
        assert stops_contact(ground="wsnp", country="BE", debtor=DebtorKind.consumer, on=MONDAY)
        assert not stops_contact(ground="dispute", country="BE", debtor=DebtorKind.consumer, on=MONDAY)

    def test_every_ground_has_a_row_and_every_row_its_source(self):
        rows = read_table("holds")["hold"]
        assert {row["ground"] for row in rows} == {ground.value for ground in Ground}
        assert all(row["source"] and row["basis"] in ("law", "covenant", "house") for row in rows)

    def test_a_rule_of_the_house_never_passes_for_law(self):
        rows = read_table("holds")["hold"]
        assert all(row["source"].startswith("house rule") == (row["basis"] == "house") for row in rows)

    def test_names_the_house_where_the_rule_is_its_own(self):
        assert held("dispute").trace[0].rule == "house.hold.dispute"
        assert held("complaint").trace[0].source.startswith("house rule")
        assert held("wsnp").trace[0].rule == "nl.hold.wsnp"
        assert held("bankruptcy", "DE").trace[0].rule == "de.hold.bankruptcy"

    @pytest.mark.parametrize("ground", Ground)
    def test_each_can_be_read_in_four_languages(self, ground):
        country = "BE" if ground in (Ground.debt_mediation, Ground.collective_settlement) else "NL"
        assert_readable(held(ground.value, country, until=MONDAY if ground.value in TOLD else None).trace)


@given(
    st.sampled_from(list(Ground)),
    st.sampled_from(["NL", "BE", "DE"]),
    st.sampled_from(list(DebtorKind)),
    days,
)
def test_a_hold_never_ends_before_it_begins_and_stops_at_least_demands(ground, country, debtor, since):
    until = since + timedelta(days=10) if ground.value in TOLD else None
    try:
        hold = hold_of(ground=ground, country=country, debtor=debtor, since=since, until=until)
    except NoSuchHold:
        return
    assert hold.stops_demands
    assert hold.ends is None or since <= hold.ends <= since + timedelta(days=250)
    assert hold.stops_interest is (hold.interest_stops_from is not None)
    assert hold.interest_stops_from is None or hold.interest_stops_from >= since
    assert all(line.amount is None for line in hold.trace)
    assert hold.what_to_do


@given(days)
def test_45_days_begin_on_a_working_day_after_the_request(asked):
    ends = held("debt_mediation", "BE", since=asked).ends
    assert ends is not None
    first = ends - timedelta(days=44)
    assert asked < first <= asked + timedelta(days=6)
    assert is_business_day(country="BE", day=first)
    between = (asked + timedelta(days=step) for step in range(1, (first - asked).days))
    assert not any(is_business_day(country="BE", day=day) for day in between)


@given(days, st.integers(0, 3))
def test_extending_never_shortens(since, later):
    assert (
        held("debt_help_notice", since=since).ends < held("debt_help_notice", since=since, extended=True).ends
    )
    assert (
        held("moratorium", since=since).ends <= held("moratorium", since=since + timedelta(days=later)).ends
    )


class TestWhomAGroundHolds:
    """A claim, all that somebody owes one creditor, or all that he owes whomever the agency works for."""

    @pytest.mark.parametrize(
        "ground", ["deceased", "bankruptcy", "wsnp", "collective_settlement", "moratorium"]
    )
    def test_death_and_what_a_court_fixed_hold_everywhere(self, ground):
        assert ground in grounds_everywhere(on=MONDAY)
        assert is_about_person(ground=ground, on=MONDAY)

    @pytest.mark.parametrize("ground", ["debt_help_notice", "debt_help", "debt_mediation", "not_me"])
    def test_what_was_told_to_one_creditor_holds_his_claims_only(self, ground):
        assert is_about_person(ground=ground, on=MONDAY)
        assert ground not in grounds_everywhere(on=MONDAY)

    @pytest.mark.parametrize("ground", ["dispute", "plan_requested", "plan_kept", "promise"])
    def test_what_is_about_a_claim_holds_that_claim(self, ground):
        assert not is_about_person(ground=ground, on=MONDAY)

    def test_what_holds_everywhere_is_about_the_person_and_stops_every_demand(self):
        assert grounds_everywhere(on=MONDAY) < grounds_about_person(on=MONDAY) <= set(Ground)
        for ground in grounds_everywhere(on=MONDAY) & set(
            grounds_of(country="NL", debtor=DebtorKind.consumer, on=MONDAY)
        ):
            assert held(ground).stops_demands

    def test_before_there_were_rules_nobody_is_held_for_another_claim(self):
        long_ago = date(1899, 12, 31)
        assert grounds_everywhere(on=long_ago) == grounds_about_person(on=long_ago) == frozenset()
