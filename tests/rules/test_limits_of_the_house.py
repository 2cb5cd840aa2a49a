"""Limits that stand in tables: each is asked at its border, on its first day, and before there was one."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from agency.money import Money
from agency.rules.account_change import AccountChange, ChangeState, may_pay_to
from agency.rules.affordability import Budget, Household, capacity, pause_days
from agency.rules.authority import Act, Part, authority, limits_of
from agency.rules.facts import DebtorKind, Law
from agency.rules.fee_agreement import free_demand_fee
from agency.rules.fee_vat import fee_vat
from agency.rules.goals import Emphasis, propose_path
from agency.rules.invoice_shares import InvoiceShare, OpenInvoice, invoice_shares
from agency.rules.mandates import first_collection_day, prenotification_days, readable_iban, sequence_of
from agency.rules.payout import PayoutCycle, PayoutTerms, payout_due
from agency.rules.proof_limits import proof_limits
from agency.rules.reanchor import Pause, catch_up, late_from, reanchored
from agency.rules.remainder import small_remainder
from agency.rules.returned import CameIn, ReturnLine, returnable_for, returned_payment
from agency.rules.returned_payout import account_is_wrong, waits_too_long
from agency.rules.suspense_age import suspense_age
from agency.rules.vat_rounding import vat_corrections

pytestmark = pytest.mark.pure

ON = date(2026, 11, 27)  # a Friday
FIRST_DAY = date(2000, 1, 1)
DAY = timedelta(days=1)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


class TestReturnedPayouts:
    @pytest.mark.parametrize(
        ("reason", "wrong"),
        [
            ("AC04", True), ("ac04 account closed", True), ("AC04  AM05", True), ("AM05 duplicate", False),
            ("account closed AC04", False), ("", False), ("  ", False),
        ],
    )  # fmt: skip
    def test_only_the_banks_code_says_that_an_account_is_wrong(self, reason, wrong):
        assert account_is_wrong(reason, on=ON) is wrong

    def test_wait_five_business_days_at_most(self):
        assert waits_too_long(5, on=ON) is False
        assert waits_too_long(6, on=ON) is True

    def test_before_the_rule_nothing_is_said(self):
        assert account_is_wrong("AC04", on=date(2025, 12, 31)) is False
        assert waits_too_long(99, on=date(2025, 12, 31)) is False


def test_money_waits_so_long_before_nothing_is_paid_out():
    limits, age = proof_limits(FIRST_DAY), suspense_age(on=FIRST_DAY)
    assert (limits.provider_business_days, limits.transit_business_days) == (10, 5)
    assert (age.warn_after, age.block_after) == (1, 5)
    with pytest.raises(ValueError, match="1999-12-31"):
        proof_limits(FIRST_DAY - DAY)
    with pytest.raises(ValueError, match="1999-12-31"):
        suspense_age(on=FIRST_DAY - DAY)


def test_a_return_takes_back_what_came_in_since_the_rule():
    assert returnable_for(date(2009, 11, 1)) == timedelta(days=400)
    assert returnable_for(date(2009, 10, 31)) == timedelta()
    line = ReturnLine(eur(-500), ON, iban="NL91")
    found = returned_payment(line, [CameIn("a", eur(500), ON, iban="NL91")])
    assert (found.key, found.reason) == ("a", "account")


class TestAuthority:
    def asked(self, roles, parts=(Part.interest, Part.costs), amount=10_000, before=0, on=ON, act=Act.waiver):
        return authority(
            act=act, parts=parts, amount=eur(amount), given_up_before=eur(before), roles=roles, on=on
        )

    def test_goes_to_the_limit_and_from_its_first_day(self):
        assert self.asked(["collector"], on=FIRST_DAY).allowed
        assert not self.asked(["collector"], on=FIRST_DAY - DAY).allowed
        assert not self.asked(["collector"], before=1).allowed

    def test_is_none_where_no_role_may(self):
        found = self.asked(["reader"], amount=0)
        assert (found.allowed, found.limit) == (False, eur(0))
        assert found.trace[0].source == "no role of this person may"

    def test_says_what_it_looked_at(self):
        [line] = self.asked(["finance", "collector"], amount=500, before=20).trace
        assert line.rule == "house.authority"
        assert line.inputs == {
            "act": "waiver", "part": "costs, interest", "amount": "EUR 5.00", "given_up_before": "EUR 0.20",
            "roles": "collector, finance", "limit": "EUR 2500.00",
        }  # fmt: skip

    def test_of_several_roles_the_widest_counts(self):
        every = (Part.principal, Part.interest, Part.costs)
        assert limits_of(["collector"], on=ON) == [(Act.waiver, 10_000, (Part.interest, Part.costs))]
        assert limits_of(["collector", "finance"], on=ON) == [
            (Act.waiver, 250_000, every), (Act.write_off, 250_000, every),
        ]  # fmt: skip
        assert limits_of(["reader"], on=ON) == []


class TestRemainder:
    def test_is_waived_from_the_first_day_of_the_policy(self):
        assert small_remainder(left=eur(250), interest=eur(250), on=FIRST_DAY).waived
        assert not small_remainder(left=eur(250), interest=eur(250), on=FIRST_DAY - DAY).waived

    def test_says_what_it_looked_at_also_where_there_is_no_policy(self):
        [line] = small_remainder(left=eur(200), interest=eur(300), on=ON).trace
        assert line.inputs == {"left": "EUR 2.00", "interest": "EUR 3.00", "limit": "EUR 2.50"}
        yen = Money(1, "JPY")
        found = small_remainder(left=yen, interest=yen, on=ON)
        assert (found.waived, found.limit) == (False, Money(0, "JPY"))
        assert found.trace[0].source == "no policy for this currency"


class TestDirectDebits:
    @pytest.mark.parametrize(
        ("used", "last", "sequence"),
        [(False, False, "FRST"), (True, False, "RCUR"), (True, True, "FNAL"), (False, True, "OOFF")],
    )
    def test_have_their_place_in_the_row(self, used, last, sequence):
        assert sequence_of(used_before=used, is_last=last) == sequence

    def test_are_announced_and_sent_in_time(self):
        assert prenotification_days(ON) == 14
        assert first_collection_day(today=ON) == date(2026, 11, 30)
        assert first_collection_day(today=date(2026, 12, 24)) == date(2026, 12, 28)
        assert first_collection_day(today=date(2026, 4, 24)) == date(2026, 4, 28), "past King's Day"
        with pytest.raises(LookupError, match="2016-11-20"):
            prenotification_days(date(2016, 11, 20))

    def test_an_account_may_be_typed_with_dashes(self):
        assert readable_iban("nl91-abna 0417-1643-00") == "NL91ABNA0417164300"


class TestFees:
    def test_a_payment_is_free_until_the_last_free_day(self):
        def asked(days: int, paid_on: date):
            return free_demand_fee(collected=eur(100), accepted_on=ON, paid_on=paid_on, days=days)

        assert asked(1, ON + DAY) is not None
        assert asked(1, ON + 2 * DAY) is None
        assert asked(0, ON) is None
        [line] = asked(3, ON + DAY).trace
        assert (line.rule, line.outcome) == ("success_fee", "fee.free_demand")
        assert line.inputs == {"days": "3", "accepted_on": "2026-11-27", "paid_on": "2026-11-28"}

    @pytest.mark.parametrize(
        ("country", "number", "category"),
        [("NL", "", "S"), ("BE", "BE0123456749", "AE"), ("BE", "", "S"), ("US", "", "O")],
    )
    def test_vat_has_its_category(self, country, number, category):
        found = fee_vat(agency_country="NL", client_country=country, client_vat_number=number, on=ON)
        assert found.category == category
        assert found.line.inputs["country"] == country

    @pytest.mark.parametrize(
        ("nets", "vats", "corrections"),
        [
            ((100, 300, 200), (21, 63, 41), (0, 1, 0)),
            ((100, 300, 200), (21, 64, 42), (0, -1, 0)),
            ((100, -300, 200), (21, -64, 42), (0, 1, 0)),
            ((100, 300, 200), (21, 63, 42), (0, 0, 0)),
            ((100, 300, 200), (20, 62, 40), (1, 2, 1)),
        ],
    )
    def test_a_cent_of_vat_goes_to_the_largest_line(self, nets, vats, corrections):
        found = vat_corrections(nets=[*map(eur, nets)], vats=[*map(eur, vats)], percent=Decimal(21))
        assert found == tuple(map(eur, corrections))


class TestPayouts:
    @pytest.mark.parametrize(
        ("weekday", "agreed"),
        [(1, 23), (4, 26), (5, 27), (6, 21), (7, 22)],
    )
    def test_are_due_once_a_week_since_the_latest_agreed_day(self, weekday, agreed):
        terms = PayoutTerms(PayoutCycle.WEEKLY, weekday, eur(0))
        last = date(2026, 11, agreed)
        assert not payout_due(terms, cutoff_on=ON, last_on=last, payable=eur(1))
        assert payout_due(terms, cutoff_on=ON, last_on=last - DAY, payable=eur(1))

    def test_are_shown_by_invoice_and_one_of_nothing_takes_nothing(self):
        invoices = [OpenInvoice(str(minor), ON, eur(minor)) for minor in (0, 300, 500)]
        found = invoice_shares(principal=eur(301), paid_before=eur(0), invoices=invoices)
        assert found == (InvoiceShare("300", eur(300)), InvoiceShare("500", eur(1)))

    def test_go_to_a_new_account_that_is_in_force(self):
        change = AccountChange(ChangeState.IN_FORCE, "a", "b", "c")
        now = datetime(2026, 11, 27, tzinfo=UTC)
        assert may_pay_to(change, now=now) is True
        assert may_pay_to(replace(change, state=ChangeState.REFUSED), now=now) is False


class TestPlanning:
    START = date(2026, 11, 2)

    def day(self, *pauses: Pause, paid: date | None = None) -> int:
        due = self.START + 10 * DAY
        found = reanchored(due_on=due, waits_from=self.START, pauses=pauses, paid_part_on=paid, on=ON)
        return (found - due).days

    def test_a_hold_that_ended_before_the_wait_moves_nothing_and_one_of_that_day_only_itself(self):
        before = Pause(self.START - 5 * DAY, self.START - DAY, "dispute")
        assert self.day(before) == 0
        late = reanchored(
            due_on=self.START, waits_from=self.START, paid_part_on=None, on=ON,
            pauses=[replace(before, ended_on=self.START)],
        )  # fmt: skip
        assert late == self.START + DAY

    def test_a_part_paid_on_the_day_from_which_it_waits_gives_rest(self):
        late = reanchored(due_on=self.START, waits_from=self.START, pauses=(), paid_part_on=self.START, on=ON)
        assert late == self.START + 7 * DAY
        assert self.day(paid=self.START - DAY) == 0

    def test_the_grounds_count_from_their_first_day(self):
        kept = Pause(FIRST_DAY, FIRST_DAY + 2 * DAY, "promise")
        found = reanchored(
            due_on=FIRST_DAY + DAY, waits_from=FIRST_DAY, pauses=[kept], paid_part_on=None, on=FIRST_DAY
        )
        assert found == FIRST_DAY + 3 * DAY

    def test_what_is_late_is_spread_from_the_second_day_on(self):
        assert late_from(ON) == ON - 2 * DAY
        claims = [UUID(int=number) for number in range(300)]
        at_once = [catch_up(claim_id=one, was_due=ON - DAY, late_claims=999, today=ON) for one in claims]
        assert {(turn.on, turn.minutes) for turn in at_once} == {(ON, 0)}
        spread = [catch_up(claim_id=one, was_due=ON - 2 * DAY, late_claims=501, today=ON) for one in claims]
        assert {turn.on for turn in spread} == {ON, ON + DAY}
        minutes = [turn.minutes for turn in spread]
        assert (min(minutes) >= 0, max(minutes) < 480, len(set(minutes)) > 200) == (True, True, True)

    def test_a_claims_turn_is_the_same_whenever_it_is_asked(self):
        """Kept from the day on which turns were first given out: a claim's turn never moves."""
        turn = catch_up(claim_id=UUID(int=1), was_due=ON - 9 * DAY, late_claims=501, today=ON)
        assert turn == catch_up(claim_id=UUID(int=1), was_due=ON - 9 * DAY, late_claims=9_999, today=ON)
        assert ON <= turn.on <= ON + 2 * DAY


def test_who_cannot_pay_is_left_alone_for_a_while_and_sees_what_was_counted():
    assert pause_days(ON) > 0
    budget = Budget(
        income=eur(300_000), fixed_costs=eur(0), other_debts=eur(0), household=Household.SINGLE_PARENT,
        children=2,
    )  # fmt: skip
    lines = capacity(budget=budget, country="NL", on=ON).trace
    assert {(line.inputs["household"], line.inputs["children"]) for line in lines} == {("single_parent", "2")}


def test_a_goal_says_what_it_started_from():
    found = propose_path(law=Law.nl, debtor=DebtorKind.company, emphasis=Emphasis.speed)
    [line] = found.trace
    assert (line.rule, line.inputs["law"], line.inputs["debtor"]) == ("house.goals", "nl", "company")
    assert (line.inputs["emphasis"], "name" in line.inputs) == ("speed", True)
    assert DebtorKind.company in found.path.debtors
