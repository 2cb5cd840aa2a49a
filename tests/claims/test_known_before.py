"""What was done and agreed before a claim came: own reminders, a fourteen-day letter, insurance, goals."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.claims.earlier_steps import NoticeWords, TakenStep, credited, record_earlier_steps
from agency.claims.insurance import Policy, cover_of, insure_claim, shares_of, standing_of
from agency.claims.models import EarlierKind, EarlierStep, InsuranceCover
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.unit import Door
from agency.money import Money
from agency.parties.goals import goals_of, set_goals
from agency.rules.facts import Channel, DebtorKind, Law
from agency.rules.goals import Emphasis, over_maximum, propose_path
from agency.rules.insured_recovery import Notification, insured_recovery, notification
from tests.agency_at_work import register
from tests.known_before import MONDAY

TUESDAY = MONDAY + timedelta(days=1)


def a_step(kind, sent_on, *, faults=(), channel=Channel.email, **facts):
    usual = {"days": 14, "costs_minor": 4000, "vat_minor": None}
    return EarlierStep(kind=kind, sent_on=sent_on, faults=list(faults), channel=channel, facts=usual | facts)


@pytest.mark.pure
class TestCredit:
    def test_nothing_done_spares_nothing(self):
        assert credited([]).steps == ()

    def test_reminders_stand_for_those_of_the_path(self):
        steps = [a_step(EarlierKind.REMINDER, date(2026, 11, day)) for day in (20, 5, 10)]
        assert [(key, on.day) for key, _, on in credited(steps).steps] == [
            ("reminder_1", 5),
            ("reminder_2", 20),
        ]

    def test_a_wrong_notice_is_a_reminder_and_nothing_more(self):
        notice = a_step(EarlierKind.NOTICE, date(2026, 11, 5), faults=["short_term"])
        found = credited([notice])
        assert ([key for key, *_ in found.steps], found.costs_from) == (["reminder_1"], None)

    def test_a_lawful_notice_puts_everything_before_it_behind(self):
        found = credited([a_step(EarlierKind.NOTICE, date(2026, 11, 5), channel=Channel.letter)])
        assert [key for key, *_ in found.steps][-2:] == ["formal_notice", "formal_notice_copy"]
        assert found.costs_from == date(2026, 11, 24)  # post arrives on the second day, then fourteen days
        assert found.costs_minor == 4000

    def test_a_call_spares_no_reminder(self):
        assert credited([a_step(EarlierKind.CALL, date(2026, 11, 5), channel=Channel.call)]).steps == ()


def placed(house, **told):
    placement = house.place(told)
    return placement, house.one("SELECT id FROM claim WHERE placement_id = :p", p=placement)


def tell(house, claim_id, *steps):
    with house.open(Door.CREDITOR, house.creditor_id) as unit:
        return record_earlier_steps(
            unit,
            creditor_id=house.creditor_id,
            steps=[TakenStep(claim_id=claim_id, **step) for step in steps],
        )


LETTER = {"kind": EarlierKind.NOTICE, "channel": Channel.letter, "sent_on": date(2026, 11, 5)}
LAWFUL = NoticeWords(days=14, costs_minor=4000, consequences_stated=True)


class TestEarlierSteps:
    def test_of_a_file_start_the_path_later_and_stand_in_the_timeline(self, house):
        placement, _ = placed(house, reminder_1_on="2026-11-05", reminder_2_on="2026-11-15")
        told = house.rows("SELECT facts FROM event WHERE kind = 'EarlierStepKnown' ORDER BY position")
        assert [row.facts["sent_on"] for row in told] == ["2026-11-05", "2026-11-15"]
        house.accept(placement)
        house.hours(TUESDAY, 2)
        done = house.rows(
            "SELECT step FROM treatment_step WHERE state = 'done' AND why <> '' ORDER BY done_at"
        )
        assert [row.step for row in done] == ["reminder_1", "reminder_2"]
        assert house.rows("SELECT step FROM message ORDER BY step")[0].step.startswith("formal_notice")

    def test_a_lawful_fourteen_day_letter_is_the_notice_and_earns_its_costs(self, house):
        placement, claim_id = placed(
            house, notice_on="2026-11-05", notice_days="14", notice_costs="40.00", notice_complete="ja",
            reminder_channel="brief",
        )  # fmt: skip
        assert house.one("SELECT faults FROM earlier_step") == []
        house.accept(placement)
        row = house.rows("SELECT phase, costs_from, costs_minor FROM claim WHERE id = :c", c=claim_id)[0]
        assert (row.phase, row.costs_from, row.costs_minor) == ("amicable", date(2026, 11, 24), 4000)
        house.hours(TUESDAY, 2)
        assert house.one("SELECT step FROM message") == "final_notice"

    @pytest.mark.parametrize(
        ("words", "fault"),
        [
            ({"days": 10}, "short_term"), ({"days": None}, "no_term"),
            ({"costs_minor": 4100}, "wrong_amount"),
            ({"consequences_stated": False}, "no_consequences"), ({"costs_minor": None}, "no_amount"),
        ],
    )  # fmt: skip
    def test_a_letter_with_one_fault_earns_nothing(self, house, words, fault):
        placement, claim_id = placed(house)
        facts = {"days": 14, "costs_minor": 4000, "consequences_stated": True} | words
        tell(house, claim_id, LETTER | {"notice": NoticeWords(**facts)})
        assert house.one("SELECT faults FROM earlier_step") == [fault]
        house.accept(placement)
        assert house.one("SELECT costs_minor FROM claim") == 0

    def test_a_letter_to_a_business_is_not_judged_and_written_again(self, house):
        _, claim_id = placed(house, debtor_kind="company", debtor_name="Jansen B.V.")
        tell(house, claim_id, LETTER | {"notice": LAWFUL})
        assert house.one("SELECT faults FROM earlier_step") == ["not_judged"]

    def test_told_twice_they_stand_once(self, house):
        _, claim_id = placed(house, reminder_1_on="2026-11-05")
        step = {"kind": EarlierKind.REMINDER, "channel": Channel.letter, "sent_on": date(2026, 11, 5)}
        assert tell(house, claim_id, step) == 0

    def test_in_the_future_or_of_another_creditor_are_refused(self, house):
        _, claim_id = placed(house)
        step = {"kind": EarlierKind.REMINDER, "channel": Channel.email, "sent_on": date(2026, 12, 24)}
        with pytest.raises(Invalid):
            tell(house, claim_id, step)
        other = register(house.work, reference="ANDER", name="Ander B.V.")
        with pytest.raises(NotFound), house.open(Door.CREDITOR, other) as unit:
            record_earlier_steps(unit, creditor_id=other, steps=[TakenStep(claim_id=claim_id, **LETTER)])

    def test_a_row_with_a_reminder_of_the_future_is_rejected_whole(self, house):
        house.place({"reminder_1_on": "2026-12-24"})
        reject = house.rows("SELECT field, reason FROM placement_reject")[0]
        assert (reject.field, reject.reason) == ("reminder_1_on", "is in the future")


@pytest.mark.pure
class TestRecovery:
    @given(st.integers(0, 10**12), st.integers(0, 10_000))
    def test_no_cent_is_lost_and_neither_part_is_negative(self, minor, covered):
        split = insured_recovery(recovered=Money(minor, "EUR"), covered_bps=covered)
        assert split.insurer + split.creditor == split.recovered
        assert 0 <= split.insurer.minor <= minor
        assert abs(split.insurer.minor * 10_000 - minor * covered) <= 10_000

    @given(st.integers(0, 10**9), st.integers(0, 9_999))
    def test_more_cover_never_gives_the_insurer_less(self, minor, covered):
        less, more = (
            insured_recovery(recovered=Money(minor, "EUR"), covered_bps=bps) for bps in (covered, covered + 1)
        )
        assert less.insurer <= more.insurer

    def test_the_insurer_is_told_up_to_the_last_day(self):
        last, soon = date(2026, 12, 31), date(2026, 12, 10)
        assert notification(until=last, told=None, today=date(2026, 12, 9)) is Notification.open
        assert notification(until=last, told=None, today=soon) is Notification.soon
        assert notification(until=last, told=None, today=last) is Notification.soon
        assert notification(until=last, told=None, today=date(2027, 1, 1)) is Notification.missed
        assert notification(until=last, told=last, today=date(2027, 1, 1)) is Notification.told
        assert (
            notification(until=last, told=date(2027, 1, 1), today=date(2027, 1, 1)) is Notification.told_late
        )

    def test_the_fee_is_paid_back_over_the_cover(self):
        cover = InsuranceCover(covered_bps=9_000, indemnity_bps=5_000)
        shares = shares_of(cover, recovered=Money(100_000, "EUR"), fee=Money(10_000, "EUR"))
        assert (shares.insurer.minor, shares.creditor.minor) == (90_000, 10_000)
        assert shares.fee_paid_back.minor == 4_500


class TestInsurance:
    POLICY = Policy(insurer="Atradius", policy_number="P-1", covered_percent=Decimal(90))

    def test_columns_of_a_file_insure_the_claim(self, house):
        house.place(
            {
                "insurer": "Atradius",
                "policy_number": "P-1",
                "covered_percent": "90",
                "notified_on": "2026-11-20",
            }
        )
        row = house.rows("SELECT insurer, covered_bps, notify_by, notified_on FROM insurance_cover")[0]
        assert (row.insurer, row.covered_bps, row.notified_on) == ("Atradius", 9_000, date(2026, 11, 20))
        assert row.notify_by == date(2026, 10, 31) + timedelta(days=90)

    @pytest.mark.parametrize(
        "told",
        [{"insurer": "Atradius"}, {"policy_number": "P"},
         {"insurer": "A", "policy_number": "P", "covered_percent": "101"}],
    )  # fmt: skip
    def test_told_in_part_or_wrongly_the_row_is_rejected_with_its_field(self, house, told):
        house.place(told)
        assert house.rows("SELECT field FROM placement_reject")[0].field in (
            "policy_number",
            "covered_percent",
        )
        assert house.one("SELECT count(*) FROM claim") == 0

    def test_a_form_changes_it_and_a_term_that_nears_warns(self, house):
        _, claim_id = placed(house)
        for notify_by, standing in (
            (date(2026, 12, 5), Notification.soon),
            (date(2026, 11, 1), Notification.missed),
        ):
            with house.open(Door.CREDITOR, house.creditor_id) as unit:
                cover = insure_claim(
                    unit,
                    creditor_id=house.creditor_id,
                    claim_id=claim_id,
                    policy=Policy(
                        insurer="Atradius",
                        policy_number="P-1",
                        covered_percent=Decimal("87.5"),
                        notify_by=notify_by,
                    ),
                )
                assert (cover.covered_bps, standing_of(cover, today=unit.today)) == (8_750, standing)
        assert house.one("SELECT count(*) FROM insurance_cover") == 1

    def test_g1_of_another_creditors_claim_is_refused(self, house):
        _, claim_id = placed(house)
        other = register(house.work, reference="ANDER", name="Ander B.V.")
        with pytest.raises(NotFound), house.open(Door.CREDITOR, other) as unit:
            insure_claim(unit, creditor_id=other, claim_id=claim_id, policy=self.POLICY)
        with house.open(Door.CREDITOR, other) as unit:
            assert cover_of(unit, creditor_id=house.creditor_id, claim_id=claim_id) is None


@pytest.mark.pure
class TestGoalsRule:
    @pytest.mark.parametrize("law", Law)
    @pytest.mark.parametrize("debtor", DebtorKind)
    def test_a_goal_changes_pace_and_never_the_notice(self, law, debtor):
        paths = {goal: propose_path(law=law, debtor=debtor, emphasis=goal) for goal in Emphasis}
        notices = {
            tuple((step.template, step.channels) for step in one.path.steps if step.is_notice)
            for one in paths.values()
        }
        assert len(notices) == 1
        length = {goal: sum(step.days for step in one.path.steps) for goal, one in paths.items()}
        assert length[Emphasis.speed] < length[Emphasis.balanced] < length[Emphasis.relation]
        assert {goal: one.trace[0].outcome for goal, one in paths.items()} == {
            goal: f"goals.{goal.value}" for goal in Emphasis
        }

    def test_the_maximum_itself_is_not_over_it(self):
        assert not over_maximum(fee_bps=1500, maximum_fee_bps=1500)
        assert over_maximum(fee_bps=1501, maximum_fee_bps=1500)
        assert not over_maximum(fee_bps=9999, maximum_fee_bps=None)


class TestGoals:
    def test_steer_new_claims_and_leave_running_ones(self, house):
        first = house.place({}, name="een.csv")
        house.accept(first)
        with house.open(Door.CREDITOR, house.creditor_id) as unit:
            assert not goals_of(unit, creditor_id=house.creditor_id).told
            set_goals(
                unit,
                creditor_id=house.creditor_id,
                emphasis=Emphasis.relation,
                maximum_fee_percent=Decimal("12.5"),
            )
        second = house.place({"invoice_number": "F-9", "debtor_reference": "K-9"}, name="twee.csv")
        house.accept(second)
        paths = house.rows("SELECT p.key FROM treatment t JOIN treatment_path p ON p.id = t.path_id")
        assert sorted(row.key for row in paths) == ["nl-consumer", "nl-consumer-relation"]
        with house.open(Door.CREDITOR, house.creditor_id) as unit:
            told = goals_of(unit, creditor_id=house.creditor_id)
        assert (told.emphasis, told.maximum_fee_bps, told.told) == (Emphasis.relation, 1250, True)

    @pytest.mark.parametrize("percent", ["0", "-1", "100.01", "1.234"])
    def test_a_maximum_is_a_percentage(self, house, percent):
        with pytest.raises(Invalid), house.open(Door.CREDITOR, house.creditor_id) as unit:
            set_goals(
                unit,
                creditor_id=house.creditor_id,
                emphasis=Emphasis.speed,
                maximum_fee_percent=Decimal(percent),
            )
