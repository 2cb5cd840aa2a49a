"""Stories of claims on their paths, day by day, with exact dates and amounts."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from agency.arrangements.promises import check_promises, make_promise
from agency.claims.holds import lift_hold, lift_holds_on, place_hold, running_holds
from agency.claims.itemisation import itemise
from agency.claims.models import Claim
from agency.claims.states import HoldGround
from agency.communication.receipts import apply_receipt
from agency.disputes.raising import raise_dispute
from agency.money import Money
from agency.parties.contacting import NewContact, add_contact
from agency.parties.models import Debtor
from agency.rules.facts import DebtorKind, Law
from agency.treatment.planner import plan_due
from agency.treatment.reacting import go_on_when_reachable
from agency.treatment.starting import start_treatment
from tests.communication.correspondence import Office, a_correspondent, receipt

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.fixture
def office(units):
    return Office(units).open_up(noon(date(2026, 11, 28)))


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=AMSTERDAM).astimezone(UTC)


def begin(office, **kwargs):
    with office.unit() as unit:
        creditor_id, claim_id = a_correspondent(unit, **kwargs)
        assert start_treatment(unit, claim_ids=[claim_id]) == 1
    return creditor_id, claim_id


def live(office, until: date, *, post_after: timedelta = timedelta(hours=4)) -> None:
    """Live day after day: plan twice, send, and let the post take the letters in the afternoon."""
    with office.unit() as unit:
        day = unit.today
    while day <= until:
        moment = noon(day)
        with office.unit() as unit:
            moment = max(moment, unit.now + timedelta(seconds=1))
        office.move_to(moment)
        for _ in range(2):
            with office.unit() as unit:
                plan_due(unit)
            office.send()
        office.post_letters(noon(day) + post_after)
        with office.unit() as unit:
            plan_due(unit)
        office.send()
        day += timedelta(days=1)


def sent(office, claim_id):
    return [
        (message.step, message.channel, message.sent_at.astimezone(AMSTERDAM).date(), message.state)
        for message in office.messages(claim_id)
    ]


def sent_only(office, claim_id):
    return [(message.step, message.state) for message in office.messages(claim_id) if message.state == "sent"]


def claim_row(office, claim_id):
    with office.unit() as unit:
        return (
            unit.session.connection()
            .execute(text("SELECT * FROM claim WHERE id = :c"), {"c": claim_id})
            .one()
        )


class TestDutchConsumer:
    def test_the_whole_path(self, office):
        creditor_id, claim_id = begin(office)  # 402.15, due on 30 November 2026
        live(office, date(2027, 1, 18))
        assert sent(office, claim_id) == [
            ("reminder_1", "email", date(2026, 12, 1), "sent"),
            ("reminder_2", "email", date(2026, 12, 8), "sent"),
            ("formal_notice", "letter", date(2026, 12, 15), "sent"),
            ("formal_notice_copy", "email", date(2026, 12, 16), "sent"),
            # Posted on Tuesday 15 December, delivered on the 17th, fourteen days to the 31st; New Year's
            # Day is no day for mail.
            ("final_notice", "email", date(2027, 1, 2), "sent"),
        ]
        claim = claim_row(office, claim_id)
        assert claim.phase == "amicable"
        assert claim.costs_from == date(2027, 1, 1)
        assert claim.costs_minor == 6032  # 15 % of 402.15
        notice = office.messages(claim_id)[2]
        assert notice.amounts["announced"] == {"costs": 6032, "costs_vat": 0}
        assert notice.amounts["principal"] == 40215
        assert notice.amounts["costs"] == 0
        # Fifteen days at four per cent over 402.15.
        assert notice.amounts["interest"] == 66
        assert notice.amounts["total"] == 40281
        reminders = office.messages(claim_id)[:2]
        assert [message.amounts["total"] for message in reminders] == [40215, 40215]
        final = office.messages(claim_id)[4]
        assert final.amounts["costs"] == 6032
        with office.unit() as unit:
            on = final.sent_at.astimezone(AMSTERDAM).date()
            owed = itemise(unit, creditor_id=creditor_id, claim_id=claim_id, on=on)
            assert owed.total.minor == final.amounts["total"]
            calls = unit.session.connection().execute(
                text("SELECT count(*) FROM event WHERE kind = 'CallDue'")
            )
            assert calls.scalar_one() == 1

    def test_the_copy_of_a_notice_announces_no_costs_over_what_became_contested(self, office):
        creditor_id, claim_id = begin(office)
        live(office, date(2026, 12, 15))
        with office.unit() as unit:
            raise_dispute(
                unit,
                creditor_id=creditor_id,
                claim_id=claim_id,
                reason="quality",
                disputed=Money(20000, "EUR"),
            )
        live(office, date(2026, 12, 16))
        notice, copy = office.messages(claim_id)[2:4]
        assert copy.step == "formal_notice_copy"
        assert (notice.amounts["principal"], copy.amounts["principal"]) == (40215, 20215)
        assert notice.amounts["announced"] == {"costs": 6032, "costs_vat": 0}
        # The share of 202.15 in 402.15, as the final notice will ask it.
        assert copy.amounts["announced"] == {"costs": 3032, "costs_vat": 0}

    def test_no_copy_of_a_notice_leaves_after_its_term_and_the_path_goes_on(self, office):
        creditor_id, claim_id = begin(office)
        live(office, date(2026, 12, 15))
        whose = {"creditor_id": creditor_id, "claim_id": claim_id, "ground": HoldGround.CREDITOR_ASKED}
        with office.unit() as unit:
            place_hold(unit, **whose)
        live(office, date(2027, 1, 4))
        with office.unit() as unit:
            lift_holds_on(unit, **whose)
        live(office, date(2027, 1, 25))
        copies = [one for one in office.messages(claim_id) if one.step == "formal_notice_copy"]
        assert {(one.state, *one.reasons) for one in copies if "term_has_passed" in one.reasons} == {
            ("refused", "term_has_passed")
        }
        assert "sent" not in {one.state for one in copies}
        assert [step for step, *_, state in sent_only(office, claim_id)][-1] == "final_notice"

    def test_costs_are_never_due_before_the_post_has_the_letter(self, office):
        _, claim_id = begin(office)
        live(office, date(2026, 12, 14))
        office.move_to(noon(date(2026, 12, 15)))
        with office.unit() as unit:
            plan_due(unit)
        office.send()
        with office.unit() as unit:
            plan_due(unit)
        assert claim_row(office, claim_id).costs_from is None

    def test_a_returned_notice_takes_the_costs_back(self, office):
        _, claim_id = begin(office)
        live(office, date(2026, 12, 16))
        assert claim_row(office, claim_id).costs_from == date(2027, 1, 1)
        notice = office.messages(claim_id)[2]
        with office.unit() as unit:
            apply_receipt(
                unit,
                receipt=receipt(str(notice.id), "bounced", noon(date(2026, 12, 22)), permanent=True),
                message_id=notice.id,
            )
        office.react()
        claim = claim_row(office, claim_id)
        assert (claim.costs_from, claim.costs_minor) == (None, 0)

    def test_without_an_address_for_mail_everything_is_paper(self, office):
        _, claim_id = begin(office, email=None)
        live(office, date(2026, 12, 10))
        assert [step[:2] for step in sent(office, claim_id)] == [
            ("reminder_1", "letter"),
            ("reminder_2", "letter"),
        ]


class TestBelgianConsumer:
    def test_notice_without_interest_and_with_the_indemnity_announced(self, office):
        _, claim_id = begin(office, country="BE", law=Law.be)
        live(office, date(2027, 1, 15))
        steps = {message.step: message for message in office.messages(claim_id)}
        notice = steps["formal_notice"]
        assert notice.amounts["interest"] == 0
        assert notice.amounts["total"] == 40215
        assert notice.amounts["announced"] == {"costs": 5522, "costs_vat": 0}  # 30 + 10 % of 252.15
        claim = claim_row(office, claim_id)
        # Posted on 15 December, third working day the 18th, fourteen days to the 31st.
        assert claim.costs_from == date(2027, 1, 1)
        assert claim.costs_minor == 5522
        assert steps["final_notice"].amounts["costs"] == 5522


class TestBusiness:
    def test_interest_from_the_notice_on(self, office):
        _, claim_id = begin(
            office,
            debtor=DebtorKind.company,
            invoices=[(1850000, date(2026, 11, 30)), (50000, date(2026, 12, 5))],
        )
        # A claim of this size is called about before its notice, so that one goes out some days later.
        live(office, date(2026, 12, 19))
        notice = next(one for one in office.messages(claim_id) if one.template == "notice_business")
        assert notice.amounts["principal"] == 1900000
        assert notice.amounts["interest"] > 0


class TestPauses:
    def test_a_hold_stops_and_the_path_goes_on_where_it_stood(self, office):
        creditor_id, claim_id = begin(office)
        live(office, date(2026, 12, 5))
        with office.unit() as unit:
            place_hold(unit, creditor_id=creditor_id, claim_id=claim_id, ground=HoldGround.DEBT_HELP)
        live(office, date(2026, 12, 20))
        assert [step[0] for step in sent(office, claim_id)] == ["reminder_1"]
        with office.unit() as unit:
            for hold in running_holds(unit, creditor_id=creditor_id, claim_id=claim_id):
                lift_hold(unit, creditor_id=creditor_id, hold_id=hold.id)
        live(office, date(2026, 12, 23))
        assert [step[0] for step in sent(office, claim_id)] == ["reminder_1", "reminder_2"]

    def test_a_hold_after_planning_drops_the_step_and_plans_it_again(self, office):
        creditor_id, claim_id = begin(office)
        office.move_to(noon(date(2026, 12, 1)))
        with office.unit() as unit:
            plan_due(unit)
            place_hold(unit, creditor_id=creditor_id, claim_id=claim_id, ground=HoldGround.SAYS_PAID)
        office.send()
        assert office.mail.left == []
        with office.unit() as unit:
            for hold in running_holds(unit, creditor_id=creditor_id, claim_id=claim_id):
                lift_hold(unit, creditor_id=creditor_id, hold_id=hold.id)
        live(office, date(2026, 12, 3))
        states = [(message.step, message.cycle, message.state) for message in office.messages(claim_id)]
        assert states == [("reminder_1", 1, "refused"), ("reminder_1", 2, "sent")]

    def test_a_promise_pauses_and_breaking_it_resumes(self, office):
        creditor_id, claim_id = begin(office)
        live(office, date(2026, 12, 1))
        with office.unit() as unit:
            make_promise(
                unit,
                creditor_id=creditor_id,
                claim_id=claim_id,
                amount=Money(10000, "EUR"),
                due_on=date(2026, 12, 10),
            )
        office.react()
        office.send()
        assert [step[0].split(":")[0] for step in sent(office, claim_id)] == [
            "reminder_1",
            "promise_confirmation",
        ]
        live(office, date(2026, 12, 12))
        with office.unit() as unit:
            check_promises(unit)
        assert len(sent(office, claim_id)) == 2
        office.move_to(noon(date(2026, 12, 13)))
        with office.unit() as unit:
            assert check_promises(unit) == 1
        office.react()
        live(office, date(2026, 12, 15))
        assert [step[0].split(":")[0] for step in sent(office, claim_id)][2:] == ["reminder_2"]

    def test_many_days_down_do_not_end_in_a_flood(self, office):
        _, claim_id = begin(office)
        live(office, date(2026, 12, 1))
        office.move_to(noon(date(2026, 12, 30)))
        live(office, date(2026, 12, 30))
        assert [step[0] for step in sent(office, claim_id)] == ["reminder_1", "reminder_2"]


class TestPlanner:
    def test_planning_twice_plans_once(self, office):
        _, claim_id = begin(office)
        live(office, date(2026, 12, 1))
        assert len(sent(office, claim_id)) == 1

    def test_starting_twice_starts_once(self, office):
        _, claim_id = begin(office)
        with office.unit() as unit:
            assert start_treatment(unit, claim_ids=[claim_id]) == 0


class TestPostThatCameBack:
    """The post brings a letter back weeks later, or the printer never posted it."""

    def brought_back(self, office, message, day, kind="bounced"):
        office.move_to(noon(day))
        with office.unit() as unit:
            told = receipt(str(message.id), kind, noon(day), permanent=kind == "bounced")
            apply_receipt(unit, receipt=told, message_id=message.id)
        office.react()

    def test_a_returned_notice_is_sent_anew_once_there_is_an_address_and_its_term_counts_from_then(
        self, office
    ):
        creditor_id, claim_id = begin(office, email=None)
        live(office, date(2026, 12, 16))
        notice = office.messages(claim_id)[-1]
        assert notice.step == "formal_notice"
        self.brought_back(office, notice, date(2026, 12, 22))
        live(office, date(2027, 1, 20))
        # Nothing goes to whoever lives there now, and no final notice without a notice that arrived.
        assert [step for step, *_ in sent_only(office, claim_id)][-1] == "reminder_2"
        assert claim_row(office, claim_id).costs_from is None
        new = NewContact(street="Nieuwe weg 9", postal_code="3511 AA", city="Utrecht")
        with office.unit() as unit:
            debtor_id = unit.session.get_one(Claim, (creditor_id, claim_id)).debtor_id
            add_contact(unit, creditor_id=creditor_id, debtor_id=debtor_id, contact=new)
            go_on_when_reachable(unit, creditor_id=creditor_id, debtor_id=debtor_id)
        live(office, date(2027, 1, 22))
        again = office.messages(claim_id)[-1]
        assert (again.step, again.state, "Nieuwe weg 9" in again.to_value) == ("formal_notice", "sent", True)
        assert again.sent_at.astimezone(AMSTERDAM).date() == date(2027, 1, 20)
        assert claim_row(office, claim_id).costs_from > date(2027, 2, 4)
        live(office, date(2027, 2, 12))
        steps = [step for step, *_ in sent_only(office, claim_id)]
        assert steps == ["reminder_1", "reminder_2", "formal_notice", "final_notice"]

    def test_somebody_is_asked_to_look_for_the_address_once(self, office):
        creditor_id, claim_id = begin(office, email=None)
        live(office, date(2026, 12, 2))
        first = office.messages(claim_id)[0]
        for day in (4, 5):
            self.brought_back(office, first, date(2026, 12, day))
        with office.unit() as unit:
            asked = text("SELECT kind, reason FROM work_item WHERE claim_id = :c")
            found = [tuple(row) for row in unit.session.connection().execute(asked, {"c": claim_id})]
            debtor_id = unit.session.get_one(Claim, (creditor_id, claim_id)).debtor_id
            assert unit.session.get_one(Debtor, (creditor_id, debtor_id)).street is None
        assert found == [("unreachable", "letter_returned")]

    def test_a_letter_that_comes_back_from_an_address_left_before_changes_nothing(self, office):
        creditor_id, claim_id = begin(office, email=None)
        live(office, date(2026, 12, 2))
        first = office.messages(claim_id)[0]
        new = NewContact(street="Nieuwe weg 9", postal_code="3511 AA", city="Utrecht")
        with office.unit() as unit:
            debtor_id = unit.session.get_one(Claim, (creditor_id, claim_id)).debtor_id
            add_contact(unit, creditor_id=creditor_id, debtor_id=debtor_id, contact=new)
        self.brought_back(office, first, date(2026, 12, 20))
        with office.unit() as unit:
            assert unit.session.get_one(Debtor, (creditor_id, debtor_id)).street == "Nieuwe weg 9"
            assert not list(unit.session.connection().execute(text("SELECT 1 FROM work_item")))

    def test_a_notice_that_the_printer_could_not_make_does_not_stand_still_unseen(self, office):
        _, claim_id = begin(office, email=None)
        live(office, date(2026, 12, 14))
        office.move_to(noon(date(2026, 12, 15)))
        with office.unit() as unit:
            plan_due(unit)
        office.send()
        notice = office.messages(claim_id)[-1]
        self.brought_back(office, notice, date(2026, 12, 16), kind="failed")
        live(office, date(2026, 12, 17))
        again = office.messages(claim_id)[-1]
        assert (again.step, again.cycle, again.state) == ("formal_notice", 2, "sent")
        with office.unit() as unit:
            asked = text("SELECT kind, reason FROM work_item WHERE claim_id = :c")
            found = [tuple(row) for row in unit.session.connection().execute(asked, {"c": claim_id})]
        assert found == [("unreachable", "letter_failed")]
