"""Flow (d): a broken promise asks for a collector, who calls within the rules, and a new promise is kept."""

from datetime import timedelta

import pytest

from agency.desk.calls import UnableToCall, place_call
from agency.desk.dispositions import CallOutcome, close_call
from agency.desk.models import Disposition
from agency.desk.queue import finish, take_next
from agency.kernel.ids import new_id
from agency.kernel.unit import Door
from agency.money import Money
from agency.progress.claim_page import claim_page
from tests.agency_at_work import rows
from tests.flows.conftest import JANSEN, MONDAY, clock, reminded

CORA, DIRK = new_id(), new_id()
MAIL = "jansen@example.org"
PROMISED = MONDAY + timedelta(days=4)
CASE_DAY = MONDAY + timedelta(days=8)


def on(day: int):
    return MONDAY + timedelta(days=day)


def at_the_desk(town, collector=CORA):
    return town.work.units.open(Door.STAFF, by=f"user:{collector}")


def next_case(town, collector=CORA):
    with at_the_desk(town, collector) as unit:
        return take_next(unit, user_id=collector)


def call(town, creditor_id, claim):
    call_id = place_call(
        town.work.units,
        town.work.ports.calls,
        by=f"user:{CORA}",
        creditor_id=creditor_id,
        claim_id=claim.id,
        number=JANSEN["phone"],
        collector="+31201112222",
        caller_id=town.work.settings.twilio_caller_id,
    )
    town.work_off()
    return call_id


@pytest.fixture
def creditor_id(town, debtor):
    """The debtor promises on his page to pay by Friday, and does not."""
    creditor = reminded(town, JANSEN)
    debtor.open(town.pay_link(MAIL), answer="3511 AB")
    promised = debtor.send("/pay/promise", on="/pay/promise", due_on=PROMISED.isoformat())
    assert promised.status_code == 303
    town.work_off()
    assert next_case(town) is None
    for day in range(1, 9):
        town.it_is(clock(on(day), 9, 5))
    return creditor


@pytest.fixture
def claim(town, creditor_id):
    return town.claim("F-1001")


class TestCase:
    def test_goes_to_one_collector_with_the_reason_and_the_whole_story(self, town, creditor_id, claim):
        case = next_case(town)
        assert (case.claim_id, case.kind) == (claim.id, "promise_broken")
        assert next_case(town) == case  # still hers
        assert next_case(town, DIRK) is None
        with at_the_desk(town) as unit:
            page = claim_page(unit, creditor_id=creditor_id, claim_id=claim.id)
        assert page.owed.total == Money(125_00, "EUR")
        assert [promise["state"] for promise in page.promises] == ["broken"]
        assert "PromiseBroken" in [one.kind for one in page.happened]

    def test_is_not_called_about_in_the_evening(self, town, creditor_id, claim):
        town.it_is(clock(on(9), 20, 30))
        with pytest.raises(UnableToCall, match="outside_hours"):
            call(town, creditor_id, claim)
        assert rows(town.work, "SELECT count(*) AS n FROM call")[0].n == 0
        assert [one["channel"] for one in town.letterbox() if one["channel"] not in ("email", "letter")] == []

    def test_ends_with_a_promise_that_pauses_the_path_and_is_kept(self, town, creditor_id, claim, debtor):
        town.it_is(clock(on(10), 10))
        case = next_case(town)
        assert case.claim_id == claim.id
        before = town.messages(claim.id)
        call_id = call(town, creditor_id, claim)
        with at_the_desk(town) as unit:
            outcome = CallOutcome(
                disposition=Disposition.PROMISE,
                note="Salary comes on the 14th.",
                promised=Money(125_00, "EUR"),
                promised_on=on(15),
            )
            close_call(unit, creditor_id=creditor_id, call_id=call_id, outcome=outcome)
            finish(
                unit,
                creditor_id=creditor_id,
                item_id=case.item_id,
                user_id=CORA,
                generation=case.generation,
            )
        town.work_off()
        assert next_case(town) is None

        for day in range(11, 15):
            town.it_is(clock(on(day), 9, 5))
        fresh = [step for step in town.messages(claim.id) if step not in before]
        assert [step.partition(":")[0] for step, _, _ in fresh] == ["promise_confirmation"]
        assert "€ 125,00" in town.inbox(MAIL)[-1]["text"].replace("\u00a0", " ")

        debtor.open(town.pay_link(MAIL), answer="3511 AB")
        debtor.pay()
        town.work_off()
        states = rows(town.work, "SELECT state FROM promise ORDER BY made_at")
        assert [row.state for row in states] == ["broken", "kept"]
        assert town.claim("F-1001").state == "paid"
        assert {"CallMade", "NoteAdded", "PromiseKept", "ClaimPaidOff"} <= set(town.happened(claim.id))
        assert town.proof_is_green()
