"""Payment plans on real books: computed, agreed, kept or broken, and what happens to interest and holds."""

from datetime import UTC, date, datetime

import pytest

from agency.arrangements.deciding import (
    UnableToDecide,
    accept_offer,
    accept_proposal,
    cancel_plan,
    counter_proposal,
    decline_offer,
    refuse_proposal,
)
from agency.arrangements.dividing import divide_payment
from agency.arrangements.models import PlanState
from agency.arrangements.plans import UnableToPlan, Wish, agree_plan, compute_plan, propose_plan
from agency.arrangements.promises import make_promise
from agency.arrangements.terms import UnableToSetTerms, Wanted, set_terms, terms_of
from agency.claims.giving_up import give_up, only
from agency.kernel.errors import Invalid
from agency.kernel.unit import Door
from agency.remittance.withdrawing import withdraw_claim
from agency.rules.authority import Act, Part
from tests.arrangements.agreements import Bureau, euro
from tests.beside import beside
from tests.communication.correspondence import DAY, queue
from tests.made import a_claim

FIRST = date(2026, 12, 15)
OWN = Wanted(
    months_max=3, instalment_min_minor=5_000, monthly_min_minor=10_000, share_min_bps=0, interest_stops=False,
    grace_days=1, missed_max=0, collector_bps=500, admin_bps=1_000,
)  # fmt: skip


@pytest.fixture
def office(units):
    return Bureau(units).open_up()  # Tuesday 1 December 2026


@pytest.fixture
def claim(office):
    return office.claim()  # 402.15 is owed


def wish(count=4, first_on=FIRST, **more):
    return Wish(first_on=first_on, count=None if "amount" in more else count, **more)


def propose(office, claim, wanted=None, *others):
    with office.unit() as unit:
        plan = propose_plan(unit, creditor_id=claim[0], claim_ids=[claim[1], *others], wish=wanted or wish())
    office.react()
    return plan


def state(office) -> str:
    return office.one("SELECT state FROM plan ORDER BY made_at DESC, id DESC LIMIT 1")


def paid(office) -> list[int]:
    return [row[0] for row in office.rows("SELECT paid_minor FROM plan_instalment ORDER BY plan_id, number")]


def give_up_principal(office, claim, minor):
    with office.unit() as unit:
        give_up(
            unit, creditor_id=claim[0], claim_id=claim[1], act=Act.waiver,
            amounts=only(Part.principal, euro(minor)), why="hardship", key="hardship",
        )  # fmt: skip
    office.react()


def take_back(office, claim):
    """The creditor settled it with the debtor and takes the claim back."""
    with office.units.open(Door.CREDITOR, by="user:clerk", creditor_id=claim[0]) as unit:
        withdraw_claim(unit, creditor_id=claim[0], claim_id=claim[1], why="settled between us")
    office.react()


def set_own(office, claim, **more):
    with office.unit() as unit:
        wanted = Wanted(**{**{name: getattr(OWN, name) for name in OWN.__dataclass_fields__}, **more})
        set_terms(unit, creditor_id=claim[0], valid_from=unit.today, wanted=wanted)


class TestComputing:
    def test_shows_the_plan_and_keeps_nothing(self, office, claim):
        with office.unit() as unit:
            found = compute_plan(unit, creditor_id=claim[0], claim_ids=[claim[1]], wish=wish())
        assert [one.amount.minor for one in found.schedule.instalments] == [10_053, 10_053, 10_053, 10_056]
        assert found.judgement.accepted
        assert office.one("SELECT count(*) FROM plan") == 0

    @pytest.mark.parametrize(
        ("wanted", "field"),
        [
            (wish(first_on=date(2026, 11, 30)), "first_on"),
            (wish(first_on=date(2027, 3, 4)), "first_on"),
            (wish(amount=euro(999)), "amount"),
            (wish(amount=euro(40_216)), "amount"),
            (wish(count=0), "count"),
            (wish(count=41), "count"),
        ],
    )
    def test_an_impossible_wish_names_its_field(self, office, claim, wanted, field):
        with office.unit() as unit, pytest.raises(Invalid) as refused:
            compute_plan(unit, creditor_id=claim[0], claim_ids=[claim[1]], wish=wanted)
        assert refused.value.field == field


class TestAgreeing:
    def test_within_the_bands_a_plan_begins_at_once(self, office, claim):
        plan = propose(office, claim)
        assert plan.state == PlanState.ACTIVE
        assert office.grounds(claim) == ["plan_kept"]
        assert office.one("SELECT first_day FROM interest_stop WHERE last_day IS NULL") == date(2026, 12, 2)

    def test_outside_them_a_collector_is_asked_and_reminders_wait(self, office, claim):
        plan = propose(office, claim, wish(amount=euro(2_000)))
        assert plan.state == PlanState.PROPOSED
        assert plan.reasons == ["too_long", "too_little_a_month", "too_small_a_share"]
        assert office.grounds(claim) == ["plan_requested"]
        assert office.one("SELECT reason FROM work_item WHERE kind = 'answer'") == "plan_proposed"

    def test_a_collector_accepts_with_a_reason_only(self, office, claim):
        plan = propose(office, claim, wish(amount=euro(2_000)))
        with office.unit() as unit, pytest.raises(Invalid):
            accept_proposal(unit, creditor_id=claim[0], plan_id=plan.id, why=" ")
        with office.unit() as unit:
            accept_proposal(unit, creditor_id=claim[0], plan_id=plan.id, why="income is low")
        office.react()
        assert (state(office), office.grounds(claim)) == ("active", ["plan_kept"])
        with office.unit() as unit, pytest.raises(UnableToDecide):
            refuse_proposal(unit, creditor_id=claim[0], plan_id=plan.id, why="too late")

    def test_a_refusal_lets_the_claim_go(self, office, claim):
        plan = propose(office, claim, wish(amount=euro(2_000)))
        with office.unit() as unit:
            refuse_proposal(unit, creditor_id=claim[0], plan_id=plan.id, why="it takes too long")
        office.react()
        assert (state(office), office.grounds(claim)) == ("refused", [])
        assert propose(office, claim).state == PlanState.ACTIVE

    def test_another_offer_is_the_debtors_to_take(self, office, claim):
        plan = propose(office, claim, wish(amount=euro(2_000)))
        with office.unit() as unit:
            offer = counter_proposal(
                unit, creditor_id=claim[0], plan_id=plan.id, wish=wish(8), why="eight months is the most"
            )
        office.react()
        assert office.grounds(claim) == ["plan_requested"]
        with office.unit() as unit:
            accept_offer(unit, creditor_id=claim[0], plan_id=offer.id)
        office.react()
        assert (state(office), office.grounds(claim)) == ("active", ["plan_kept"])

    def test_an_offer_declined_or_forgotten_comes_to_nothing(self, office, claim):
        for end in ("refused", "expired"):
            plan = propose(office, claim, wish(amount=euro(2_000)))
            with office.unit() as unit:
                offer = counter_proposal(
                    unit, creditor_id=claim[0], plan_id=plan.id, wish=wish(8), why="the most"
                )
            office.react()
            if end == "refused":
                with office.unit() as unit:
                    decline_offer(unit, creditor_id=claim[0], plan_id=offer.id)
                office.react()
            else:
                office.on(date(2026, 12, 15))
                assert state(office) == "offered"
                office.on(date(2026, 12, 16))
            assert (state(office), office.grounds(claim)) == (end, [])

    def test_one_agreement_at_a_time(self, office, claim):
        propose(office, claim)
        with office.unit() as unit, pytest.raises(UnableToPlan):
            propose_plan(unit, creditor_id=claim[0], claim_ids=[claim[1]], wish=wish())

    def test_not_beside_an_open_promise(self, office, claim):
        with office.unit() as unit:
            make_promise(unit, creditor_id=claim[0], claim_id=claim[1], amount=euro(100), due_on=unit.today)
        with office.unit() as unit, pytest.raises(UnableToPlan):
            propose_plan(unit, creditor_id=claim[0], claim_ids=[claim[1]], wish=wish())

    def test_a_collector_needs_a_reason_outside_the_bands(self, office, claim):
        low = {"creditor_id": claim[0], "claim_ids": [claim[1]], "wish": wish(amount=euro(2_000))}
        with office.unit() as unit, pytest.raises(Invalid) as refused:
            agree_plan(unit, **low)
        assert refused.value.field == "why"
        with office.unit() as unit:
            assert agree_plan(unit, **low, why="ill for a year").state == PlanState.ACTIVE


class TestKeeping:
    def test_each_payment_pays_an_instalment_and_the_last_one_the_claim(self, office, claim):
        propose(office, claim)
        for month, minor in ((12, 10_053), (1, 10_053), (2, 10_053), (3, 10_056)):
            office.on(date(2026 if month == 12 else 2027, month, 15))
            office.pay(claim, minor)
        assert paid(office) == [10_053, 10_053, 10_053, 10_056]
        assert (state(office), office.owed(claim), office.grounds(claim)) == ("completed", 0, [])
        assert office.one("SELECT state FROM claim WHERE id = :id", id=claim[1]) == "paid"

    def test_an_older_payment_taken_back_was_never_part_of_it(self, office, claim):
        earlier = office.pay(claim, 10_000)
        propose(office, claim, wish(1))
        office.take_back(claim, earlier)
        office.on(date(2026, 12, 15))
        office.pay(claim, 30_215)
        assert (state(office), office.owed(claim), office.grounds(claim)) == ("completed", 10_000, [])

    def test_an_older_payment_taken_back_later_opens_no_plan_that_was_paid_off(self, office, claim):
        earlier = office.pay(claim, 10_000)
        propose(office, claim, wish(1))
        give_up_principal(office, claim, 5_000)
        office.pay(claim, office.owed(claim))
        assert state(office) == "completed"
        office.take_back(claim, earlier)
        assert (state(office), office.owed(claim)) == ("completed", 10_000)

    def test_a_plan_that_was_paid_off_runs_on_when_its_last_payment_is_taken_back(self, office, claim):
        propose(office, claim)
        office.pay(claim, 30_159)
        last = office.pay(claim, 10_056)
        assert state(office) == "completed"
        office.take_back(claim, last)
        assert (state(office), office.grounds(claim)) == ("active", ["plan_kept"])
        assert paid(office) == [10_053, 10_053, 10_053, 0]

    def test_an_early_payment_counts_for_the_next_instalments(self, office, claim):
        propose(office, claim)
        office.pay(claim, 25_000)
        assert paid(office) == [10_053, 10_053, 4_894, 0]

    def test_money_that_the_plan_knew_of_does_not_count_twice(self, office, claim):
        office.pay(claim, 10_000)
        propose(office, claim)
        office.on(date(2026, 12, 15))
        assert paid(office) == [0, 0, 0, 0]

    def test_an_old_value_date_that_was_booked_after_counts(self, office, claim):
        propose(office, claim)
        office.pay(claim, 10_053, value_on=date(2026, 11, 25))
        assert paid(office)[0] == 10_053

    def test_a_chargeback_opens_the_instalment_again(self, office, claim):
        propose(office, claim)
        payment = office.pay(claim, 10_053)
        office.take_back(claim, payment)
        assert paid(office) == [0, 0, 0, 0]
        assert state(office) == "active"

    def test_one_missed_asks_for_a_friendly_call_two_break_the_plan(self, office, claim):
        propose(office, claim)
        office.on(date(2026, 12, 18))
        assert office.rows("SELECT 1 FROM work_item WHERE reason = 'instalment_missed'") == []
        office.on(date(2026, 12, 19))
        assert len(office.rows("SELECT 1 FROM work_item WHERE reason = 'instalment_missed'")) == 1
        assert (state(office), office.grounds(claim)) == ("active", ["plan_kept"])
        # The first one is more than thirty days late before a second one is missed.
        office.on(date(2027, 1, 14))
        assert state(office) == "active"
        office.on(date(2027, 1, 19))
        assert (state(office), office.grounds(claim)) == ("broken", [])
        assert len(office.rows("SELECT 1 FROM work_item WHERE reason = 'plan_broken'")) == 1

    def test_nobody_misses_what_was_given_up_meanwhile(self, office, claim):
        propose(office, claim)
        office.pay(claim, 10_053)
        give_up_principal(office, claim, 29_000)
        left = office.owed(claim)
        assert 0 < left < 2 * 10_053
        office.on(date(2027, 1, 19))
        [missed] = office.rows("SELECT facts FROM event WHERE kind = 'InstalmentMissed'")
        assert missed.facts["amount_minor"] == left
        office.on(date(2027, 3, 10))
        assert len(office.rows("SELECT facts FROM event WHERE kind = 'InstalmentMissed'")) == 1

    def test_interest_stands_still_while_it_is_kept_and_runs_again_after(self, office, claim):
        propose(office, claim)
        at_first = office.owed(claim)
        office.on(date(2026, 12, 14))
        assert office.owed(claim) == at_first
        office.on(date(2027, 1, 19))
        assert state(office) == "broken"
        assert office.one("SELECT last_day FROM interest_stop") == date(2027, 1, 19)
        at_break = office.owed(claim)
        office.on(date(2027, 3, 19))
        assert office.owed(claim) >= at_break

    def test_costs_that_came_up_meanwhile_are_waived_when_it_was_kept(self, office, claim):
        propose(office, claim, wish(1))
        office.one(
            "UPDATE claim SET phase = 'amicable', costs_from = '2026-12-05', costs_minor = 6032 RETURNING 1"
        )
        office.on(date(2026, 12, 15))
        assert office.owed(claim) > 40_215
        office.pay(claim, 40_215)
        assert (state(office), office.owed(claim)) == ("completed", 0)
        assert office.one("SELECT close_code FROM claim WHERE id = :id", id=claim[1]) == "plan_completed"
        waived = office.one(
            "SELECT sum(e.amount_minor) FROM ledger_entry e JOIN ledger_transaction t"
            " ON t.id = e.transaction_id WHERE t.kind = 'waiver' AND e.account = 'claims.control'"
        )
        assert waived == 6_036  # the costs, and a day of interest before the plan

    def test_a_person_may_end_it_with_a_reason(self, office, claim):
        plan = propose(office, claim)
        with office.unit() as unit, pytest.raises(Invalid):
            cancel_plan(unit, creditor_id=claim[0], plan_id=plan.id, why="")
        with office.unit() as unit:
            cancel_plan(unit, creditor_id=claim[0], plan_id=plan.id, why="asked by the debtor")
        assert (state(office), office.grounds(claim)) == ("cancelled", [])

    def test_a_claim_that_its_creditor_takes_back_ends_it_and_drops_what_waits(self, office, claim):
        propose(office, claim)
        with office.unit() as unit:
            queue(unit, *claim, due_at=unit.now + DAY)
        take_back(office, claim)
        assert (state(office), office.grounds(claim)) == ("cancelled", [])
        sent = "SELECT DISTINCT state FROM message WHERE claim_id = :c AND step = 'reminder_1'"
        assert office.rows(sent, c=claim[1]) == [("cancelled",)]


class TestSeveralClaims:
    def test_of_which_one_is_taken_back_the_plan_goes_on(self, office, claim):
        with office.unit() as unit:
            other = a_claim(unit, creditor_id=claim[0], invoices=[(20_000, date(2026, 9, 1))])
            unit.session.connection().exec_driver_sql(
                "UPDATE claim SET debtor_id = (SELECT debtor_id FROM claim WHERE id = %s) WHERE id = %s",
                (claim[1], other),
            )
        propose(office, claim, None, other)
        take_back(office, claim)
        assert state(office) == "active"

    def test_one_plan_covers_them_and_any_payment_counts(self, office, claim):
        with office.unit() as unit:
            other = a_claim(unit, creditor_id=claim[0], invoices=[(20_000, date(2026, 9, 1))])
            unit.session.connection().exec_driver_sql(
                "UPDATE claim SET debtor_id = (SELECT debtor_id FROM claim WHERE id = %s) WHERE id = %s",
                (claim[1], other),
            )
        plan = propose(office, claim, wish(6), other)
        assert plan.total_minor == 60_215
        assert office.grounds((claim[0], other)) == ["plan_kept"]
        office.pay((claim[0], other), 10_035)
        assert paid(office)[0] == 10_035

    def test_of_two_debtors_take_no_plan_together(self, office, claim):
        with office.unit() as unit:
            other = a_claim(unit, creditor_id=claim[0], invoices=[(20_000, date(2026, 9, 1))])
        with office.unit() as unit, pytest.raises(UnableToPlan):
            propose_plan(unit, creditor_id=claim[0], claim_ids=[claim[1], other], wish=wish())


class TestTermsOfACreditor:
    def test_its_own_count_from_their_day(self, office, claim):
        set_own(office, claim)
        with office.unit() as unit:
            assert terms_of(unit, creditor_id=claim[0], on=unit.today).own
            assert not terms_of(unit, creditor_id=claim[0], on=date(2026, 11, 30)).own
        assert propose(office, claim, wish(5)).reasons == ["too_long", "too_little_a_month"]

    def test_a_running_plan_keeps_those_it_was_agreed_by(self, office, claim):
        propose(office, claim)
        set_own(office, claim)
        office.on(date(2026, 12, 19))
        assert state(office) == "active", "its own would break it at the first missed"

    def test_twice_from_one_day_or_unreasonable_is_refused(self, office, claim):
        set_own(office, claim)
        with pytest.raises(UnableToSetTerms):
            set_own(office, claim)
        with office.unit() as unit, pytest.raises(Invalid):
            set_terms(unit, creditor_id=claim[0], valid_from=date(2026, 11, 30), wanted=OWN)

    def test_set_twice_at_once_from_one_day_the_second_is_refused(self, office, claim):
        def set_from_today(unit):
            set_terms(unit, creditor_id=claim[0], valid_from=unit.today, wanted=OWN)

        assert "already" in beside(office.units, set_from_today, raises=UnableToSetTerms)

    def test_where_interest_runs_what_came_up_is_one_more_instalment(self, office):
        claim = office.claim(invoices=((402_150, date(2026, 11, 30)),))  # its interest is no small remainder
        office.one("UPDATE claim SET phase = 'amicable' RETURNING 1")
        set_own(office, claim)
        propose(office, claim, wish(1))
        owed = office.one("SELECT total_minor FROM plan")
        office.on(date(2026, 12, 15))
        office.pay(claim, owed)
        left = office.owed(claim)
        assert left > 0
        assert office.rows("SELECT number, due_on, amount_minor FROM plan_instalment ORDER BY number")[
            1:
        ] == [(2, date(2027, 1, 15), left)]
        office.pay(claim, left)
        assert (state(office), office.owed(claim)) == ("completed", 0)


class TestBelgium:
    def test_without_a_decision_interest_stops_after_thirty_days(self, office):
        """WER Book XIX: no decision within 30 days of the request for a plan."""
        claim = office.claim()
        office.one("UPDATE debtor SET country = 'BE', kind = 'consumer' RETURNING 1")
        plan = propose(office, claim, wish(amount=euro(2_000), first_on=date(2027, 2, 1)))
        office.on(date(2026, 12, 31))
        assert office.rows("SELECT 1 FROM interest_stop") == []
        office.on(date(2027, 1, 2))
        assert office.rows("SELECT ground, first_day FROM interest_stop") == [
            ("plan_request", date(2027, 1, 1))
        ]
        with office.unit() as unit:
            refuse_proposal(unit, creditor_id=claim[0], plan_id=plan.id, why="too little")
        office.react()
        assert office.one("SELECT last_day FROM interest_stop") == date(2027, 1, 1)


class TestWalls:
    def test_a_debtor_agrees_behind_his_own_door_and_sees_no_others(self, office, claim):
        debtor_id = office.one("SELECT debtor_id FROM claim WHERE id = :id", id=claim[1])
        door = {"creditor_id": claim[0], "claim_id": claim[1], "debtor_id": debtor_id}
        with office.units.open(Door.DEBTOR, by=f"debtor:{debtor_id}", **door) as unit:
            propose_plan(unit, creditor_id=claim[0], claim_ids=[claim[1]], wish=wish())
        office.react()
        assert (state(office), office.grounds(claim)) == ("active", ["plan_kept"])
        assert len(office.rows("SELECT 1 FROM interest_stop")) == 1
        stranger = office.claim()
        other_debtor = office.one("SELECT debtor_id FROM claim WHERE id = :id", id=stranger[1])
        for who in (other_debtor, None):
            with office.units.open(
                Door.DEBTOR, by="debtor:x", creditor_id=claim[0], claim_id=claim[1], debtor_id=who
            ) as unit:
                for table in ("plan", "plan_claim", "plan_instalment"):
                    count = unit.session.connection().exec_driver_sql(f"SELECT count(*) FROM {table}")
                    assert count.scalar_one() == 0

    def test_a_debtor_takes_an_offer_over_several_claims(self, office, claim):
        with office.unit() as unit:
            other = a_claim(unit, creditor_id=claim[0], invoices=[(20_000, date(2026, 9, 1))])
            unit.session.connection().exec_driver_sql(
                "UPDATE claim SET debtor_id = (SELECT debtor_id FROM claim WHERE id = %s) WHERE id = %s",
                (claim[1], other),
            )
        plan = propose(office, claim, wish(amount=euro(2_000)), other)
        with office.unit() as unit:
            offer = counter_proposal(unit, creditor_id=claim[0], plan_id=plan.id, wish=wish(8), why="most")
        office.react()
        with office.units.open(
            Door.DEBTOR, by=f"debtor:{plan.debtor_id}", creditor_id=claim[0], claim_id=claim[1],
            debtor_id=plan.debtor_id,
        ) as unit:  # fmt: skip
            accept_offer(unit, creditor_id=claim[0], plan_id=offer.id)
        office.react()
        assert office.grounds(claim) == office.grounds((claim[0], other)) == ["plan_kept"]

    def test_an_evening_in_amsterdam_is_still_the_same_day(self, office, claim):
        office.move_to(datetime(2026, 12, 1, 22, 30, tzinfo=UTC))
        propose(office, claim)
        assert office.one("SELECT first_day FROM interest_stop") == date(2026, 12, 2)


class TestDividing:
    def together(self, office, claim):
        with office.unit() as unit:
            other = a_claim(unit, creditor_id=claim[0], invoices=[(20_000, date(2026, 9, 1))])
            unit.session.connection().exec_driver_sql(
                "UPDATE claim SET debtor_id = (SELECT debtor_id FROM claim WHERE id = %s) WHERE id = %s",
                (claim[1], other),
            )
        propose(office, claim, wish(2), other)
        return other

    def shares(self, office, claim, minor):
        with office.unit() as unit:
            return dict(
                divide_payment(
                    unit, creditor_id=claim[0], claim_id=claim[1], amount=euro(minor), on=unit.today
                )
            )

    def test_the_named_claim_comes_first_and_the_rest_goes_on(self, office, claim):
        other = self.together(office, claim)
        assert self.shares(office, claim, 30_000) == {claim[1]: euro(30_000)}
        assert self.shares(office, claim, 50_000) == {claim[1]: euro(40_215), other: euro(9_785)}

    def test_more_than_all_is_left_with_the_named_claim(self, office, claim):
        other = self.together(office, claim)
        assert self.shares(office, claim, 70_000) == {claim[1]: euro(50_000), other: euro(20_000)}

    def test_without_a_plan_nothing_is_divided(self, office, claim):
        assert self.shares(office, claim, 50_000) == {claim[1]: euro(50_000)}
