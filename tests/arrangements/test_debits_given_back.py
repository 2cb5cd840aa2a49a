"""A collection that the bank refuses or gives back: the debtor is told and has the days of grace."""

from datetime import date

import pytest

from agency.arrangements.direct_debits import NothingToCollect, draft_collection
from agency.arrangements.mandates import collects, live_mandate, sign_mandate
from agency.arrangements.plans import Wish, propose_plan
from agency.arrangements.queries import plan_of_claim
from agency.banking.matching import match_lines
from agency.banking.returns import take_back_returned
from agency.kernel.unit import Door
from agency.ports.readers import OrderStatus, PaymentStatus
from agency.rules.instalments import PartState
from portal.collections import approve_and_write
from tests.arrangements.agreements import Bureau
from tests.banking.test_importing import a_line, a_statement, import_
from tests.communication.correspondence import SETTINGS
from tests.remittance.test_order_answers import answered

PART = 13_405


@pytest.fixture
def office(units):
    return Bureau(units).open_up()  # Tuesday 1 December 2026


@pytest.fixture
def claim(office):
    """402.15 in three parts from 15 December, under a mandate."""
    found = office.claim()
    with office.unit() as unit:
        wish = Wish(first_on=date(2026, 12, 15), count=3)
        plan = propose_plan(unit, creditor_id=found[0], claim_ids=[found[1]], wish=wish)
    office.react()
    with office.unit() as unit:
        sign_mandate(
            unit, creditor_id=found[0], plan_id=plan.id, iban="NL91ABNA0417164300", holder="J. de Vries"
        )
    return found


def send(office) -> str:
    """Draft and approve what is due.

    :returns: the newest collection's own id.
    """
    with office.units.open(Door.STAFF, by="user:ann") as unit:
        file_id = draft_collection(unit).id
    with office.units.open(Door.STAFF, by="user:bob") as unit:
        approve_and_write(unit, file_id=file_id, settings=SETTINGS)
    return office.one("SELECT end_to_end FROM direct_debit WHERE file_id = :file", file=file_id)


def books(office, claim, key: str, lines, *, opening: int) -> None:
    """The bank brings a statement and it is worked."""
    reference = office.one("SELECT payment_reference FROM claim WHERE id = :id", id=claim[1])
    with office.unit() as unit:
        told = tuple(
            a_line(f"{key}-{at}", minor, on=unit.today, end_to_end=ours, text=reference,
                   **({"return_reason": why} if why else {}))
            for at, (minor, ours, why) in enumerate(lines)
        )  # fmt: skip
        import_(unit, a_statement(key, told, opening=opening, on=unit.today), content=key.encode())
    office.react()
    with office.unit() as unit:
        match_lines(unit)
        take_back_returned(unit)
    office.react()


def collected_twice(office, claim) -> tuple[str, str]:
    """The parts of December and January are collected and on the bank."""
    office.on(date(2026, 12, 14))
    first = send(office)
    office.on(date(2026, 12, 15))
    books(office, claim, "dec", [(PART, first, "")], opening=0)
    office.on(date(2027, 1, 14))
    second = send(office)
    office.on(date(2027, 1, 15))
    books(office, claim, "jan", [(PART, second, "")], opening=PART)
    assert office.owed(claim) == PART
    return first, second


def told(office, claim) -> list:
    return [one for one in office.messages(claim[1]) if one.template == "plan_given_back"]


class TestGivenBack:
    def test_weeks_later_the_days_of_grace_begin_when_the_debtor_can_know(self, office, claim):
        first, second = collected_twice(office, claim)
        office.on(date(2027, 1, 25))
        lines = [(-PART, first, "MS02"), (-PART, second, "AM04")]
        books(office, claim, "back", lines, opening=2 * PART)
        assert office.owed(claim) == 3 * PART
        assert office.one("SELECT state FROM plan") == "active"
        assert office.rows("SELECT 1 FROM event WHERE kind = 'InstalmentMissed'") == []
        with office.unit() as unit:
            sheet = plan_of_claim(unit, creditor_id=claim[0], claim_id=claim[1])
        assert PartState.MISSED not in [line.state for line in sheet.lines]
        office.on(date(2027, 1, 28))  # the last day of grace
        assert office.one("SELECT state FROM plan") == "active"
        office.on(date(2027, 1, 29))
        assert len(office.rows("SELECT 1 FROM event WHERE kind = 'InstalmentMissed'")) == 2
        assert office.one("SELECT state FROM plan") == "broken"

    def test_what_is_paid_within_the_days_keeps_the_plan(self, office, claim):
        first, _ = collected_twice(office, claim)
        office.on(date(2027, 1, 25))
        books(office, claim, "back", [(-PART, first, "AM04")], opening=2 * PART)
        office.pay(claim, PART)
        office.on(date(2027, 2, 1))
        assert office.one("SELECT state FROM plan") == "active"
        assert office.rows("SELECT 1 FROM event WHERE kind = 'InstalmentMissed'") == []

    def test_the_bank_s_code_is_kept_and_the_debtor_is_told_once(self, office, claim):
        first, _ = collected_twice(office, claim)
        office.on(date(2027, 1, 25))
        books(office, claim, "back", [(-PART, first, "MS02")], opening=2 * PART)
        assert office.rows("SELECT return_reason FROM direct_debit WHERE state = 'returned'") == [("MS02",)]
        office.send()
        [message] = told(office, claim)
        assert message.state == "sent"
        [left] = [one for one in office.mail.left if one.message_id == str(message.id)]
        words = left.subject + left.body
        assert "134,05" in words
        assert "15 december 2026" in words
        assert "geen kosten" in words
        assert "MS02" not in words

    def test_nobody_is_told_that_the_open_part_will_be_collected(self, office, claim):
        first, _ = collected_twice(office, claim)
        office.on(date(2027, 1, 25))
        books(office, claim, "back", [(-PART, first, "AM04")], opening=2 * PART)
        with office.unit() as unit:
            sheet = plan_of_claim(unit, creditor_id=claim[0], claim_id=claim[1])
            mandate = live_mandate(unit, creditor_id=claim[0], plan_id=sheet.plan_id)
            assert (sheet.next.number, sheet.next.due_on) == (2, date(2027, 1, 15))
            assert not collects(unit, mandate=mandate, number=2, due_on=sheet.next.due_on)


class TestPaidOff:
    """The last collection comes back after the plan was paid off, as far as anybody could know."""

    @pytest.fixture
    def last(self, office, claim):
        collected_twice(office, claim)
        office.on(date(2027, 2, 12))
        third = send(office)
        office.on(date(2027, 2, 15))
        books(office, claim, "feb", [(PART, third, "")], opening=2 * PART)
        assert (office.owed(claim), office.one("SELECT state FROM plan")) == (0, "completed")
        office.on(date(2027, 2, 18))
        office.send()
        books(office, claim, "back", [(-PART, third, "AM04")], opening=3 * PART)
        return third

    def test_the_plan_runs_on_and_the_debtor_is_told(self, office, claim, last):
        assert office.one("SELECT state FROM plan") == "active"
        assert office.one("SELECT state FROM claim") == "active"
        assert office.owed(claim) == PART
        office.send()
        assert [one.state for one in told(office, claim)] == ["sent"]
        asked = {one.template for one in office.messages(claim[1]) if one.state == "sent"}
        assert not asked & {"reminder", "final_notice", "friendly_reminder"}
        assert office.one("SELECT count(*) FROM hold WHERE ground = 'plan_kept' AND lifted_at IS NULL") == 1

    def test_no_interest_runs_while_it_does(self, office, claim, last):
        office.on(date(2027, 2, 21))
        assert office.owed(claim) == PART
        stops = office.rows("SELECT first_day, last_day FROM interest_stop ORDER BY first_day")
        assert stops[1] == (date(2027, 2, 16), None)

    def test_what_is_paid_in_time_completes_it_again_and_is_confirmed(self, office, claim, last):
        office.on(date(2027, 2, 20))
        office.pay(claim, PART)
        assert office.one("SELECT state FROM plan") == "completed"
        office.send()
        confirmed = [one.state for one in office.messages(claim[1]) if one.template == "plan_completed"]
        assert confirmed == ["sent", "sent"]

    def test_what_is_not_paid_is_missed_after_the_days_of_grace(self, office, claim, last):
        office.on(date(2027, 2, 21))
        assert office.rows("SELECT 1 FROM event WHERE kind = 'InstalmentMissed'") == []
        office.on(date(2027, 2, 22))
        assert len(office.rows("SELECT 1 FROM event WHERE kind = 'InstalmentMissed'")) == 1


class TestRefused:
    @pytest.mark.parametrize(("why", "ends"), [("MD01", True), ("AC04 closed", True), ("AM04", False)])
    def test_the_debtor_is_told_and_a_mandate_that_cannot_serve_ends(self, office, claim, why, ends):
        office.on(date(2026, 12, 14))
        ours = send(office)
        code, _, said = why.partition(" ")
        refused = PaymentStatus(ours, "RJCT", refused=True, reason=code, said=said or None)
        answer = OrderStatus(office.one("SELECT message_id FROM direct_debit_file"), "PART", None, (refused,))
        assert answered(office.units, answer).collections == 1
        assert answered(office.units, answer).collections == 0
        office.react()
        office.send()
        assert [one.state for one in told(office, claim)] == ["sent"]
        assert office.one("SELECT revoked_at IS NOT NULL FROM sepa_mandate") is ends
        office.pay(claim, PART)
        office.on(date(2027, 1, 14))
        if ends:
            with pytest.raises(NothingToCollect):
                send(office)
        else:
            assert send(office) != ours
