"""One person who owes two creditors: contacts are counted together, calls too, and one creditor a day."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from agency.claims.holds import lift_holds_on, place_hold, running_holds
from agency.claims.states import HoldGround
from agency.communication.release import reserve_due
from agency.communication.sending import deliver
from agency.kernel.ids import new_id
from agency.kernel.outbox import drain
from agency.kernel.settings import settings
from agency.rules.facts import Channel, Law
from tests.communication.correspondence import Office, a_correspondent, queue

NIGHT = datetime(2026, 12, 1, 0, 30, tzinfo=UTC)
LATE = datetime(2026, 12, 1, 20, 45, tzinfo=UTC)  # a quarter to ten in Brussels: more than twenty hours on
MORNING = datetime(2026, 12, 2, 7, 0, tzinfo=UTC)


@pytest.fixture
def office(units):
    return Office(units).open_up(NIGHT)


@pytest.fixture
def debts(office):
    """Two debts of one person, to two creditors."""
    with office.unit() as unit:
        debts = [a_correspondent(unit, country="BE", law=Law.be) for _ in range(2)]
        person = new_id()
        connection = unit.session.connection()
        connection.execute(
            text("INSERT INTO debtor_identity (id, match_key, created_at) VALUES (:id, 'one', :now)"),
            {"id": person, "now": unit.now},
        )
        connection.execute(text("UPDATE debtor SET identity_id = :id"), {"id": person})
        return debts


def test_on_one_day_a_person_hears_of_one_creditor(office, debts):
    with office.unit() as unit:
        queue(unit, *debts[0], channel=Channel.letter)
    office.send()
    office.move_to(LATE)
    with office.unit() as unit:
        queue(unit, *debts[1])
    office.send()
    assert (len(office.letters.left), len(office.mail.left)) == (1, 0)
    [waiting] = office.messages(debts[1][1])
    assert (waiting.state, waiting.reasons[0]) == ("queued", "another_creditor_today")
    office.move_to(MORNING)
    office.send()
    assert len(office.mail.left) == 1


def test_the_same_creditor_may_write_again_on_that_day(office, debts):
    with office.unit() as unit:
        queue(unit, *debts[0], channel=Channel.letter)
    office.send()
    office.move_to(LATE)
    with office.unit() as unit:
        queue(unit, *debts[0], template="reminder_2")
    office.send()
    assert len(office.mail.left) == 1


def test_a_call_is_a_contact_too(office, debts):
    with office.unit() as unit:
        unit.session.connection().execute(
            text(
                "INSERT INTO call (creditor_id, id, claim_id, number, by, state, started_at)"
                " VALUES (:creditor, :id, :claim, '+3221234567', 'user:ann', 'ended', :now)"
            ),
            {"creditor": debts[0][0], "claim": debts[0][1], "id": new_id(), "now": unit.now},
        )
        queue(unit, *debts[1])
    office.move_to(datetime(2026, 12, 1, 9, 0, tzinfo=UTC))
    office.send()
    assert office.mail.left == []
    [waiting] = office.messages(debts[1][1])
    assert waiting.reasons == ["too_soon_after_last_contact"]


def test_a_week_is_counted_from_when_a_message_can_have_been_handed_over_at_the_latest(office, debts):
    first = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
    for days, template in enumerate(["reminder_1", "reminder_2", "notice_business"]):
        office.move_to(first + timedelta(days=days))
        with office.unit() as unit:
            queue(unit, *debts[0], template=template)
        office.send()
    assert len(office.mail.left) == 3
    with office.unit() as unit:
        queue(unit, *debts[1])
    lease = timedelta(seconds=settings().sending_lease_seconds)
    for later, left in ((timedelta(seconds=5), 3), (lease + timedelta(seconds=5), 4)):
        office.move_to(first + timedelta(days=7) + later)
        with office.unit() as unit:
            # A message that must wait is looked at again on another day; here it is looked at now.
            unit.session.connection().execute(
                text("UPDATE message SET due_at = :now WHERE state = 'queued'"), {"now": unit.now}
            )
        office.send()
        assert len(office.mail.left) == left


class TestHeldAsPerson:
    """What is about the person holds all that he owes from the moment it is known: his other claims are held
    by a job that may wait its turn, and no message may leave meanwhile."""

    @pytest.fixture(autouse=True)
    def by_day(self, office):
        office.move_to(NIGHT + timedelta(hours=9))

    def test_while_queued(self, office, debts):
        with office.unit() as unit:
            queue(unit, *debts[1])
            hold(unit, debts[0], HoldGround.DECEASED)
        office.send()
        assert office.mail.left == []
        assert office.messages(debts[1][1])[0].reasons == ["hold:deceased"]

    def test_in_the_moment_before_the_call(self, office, debts):
        with office.unit() as unit:
            queue(unit, *debts[1])
        with office.unit() as unit:
            reserved = reserve_due(unit, settings=settings()).reserved
            hold(unit, debts[0], HoldGround.DECEASED)
        deliver(office.units, reserved, ports=office.ports)
        assert office.mail.left == []

    def test_what_he_told_of_one_claim_holds_none_of_another_creditor(self, office, debts):
        with office.unit() as unit:
            queue(unit, *debts[1])
            hold(unit, debts[0], HoldGround.DEBT_HELP)
        office.send()
        assert len(office.mail.left) == 1

    def test_a_claim_that_a_person_freed_since_goes_on(self, office, debts):
        with office.unit() as unit:
            hold(unit, debts[0], HoldGround.BANKRUPTCY)
        drain(office.units)
        with office.unit() as unit:
            # Of after the bankruptcy: a debt of the estate's own.
            assert lift_holds_on(
                unit, creditor_id=debts[1][0], claim_id=debts[1][1], ground=HoldGround.BANKRUPTCY
            )
            queue(unit, *debts[1])
        office.send()
        assert len(office.mail.left) == 1

    def test_what_is_written_anew_after_that_holds_it_again(self, office, debts):
        with office.unit() as unit:
            hold(unit, debts[1], HoldGround.BANKRUPTCY)
        drain(office.units)
        with office.unit() as unit:
            lift_holds_on(unit, creditor_id=debts[1][0], claim_id=debts[1][1], ground=HoldGround.BANKRUPTCY)
        # The other claim is still held because of this one, until the job has freed it.
        with office.unit() as unit:
            hold(unit, debts[0], HoldGround.BANKRUPTCY)
            queue(unit, *debts[1])
        office.send()
        assert office.mail.left == []
        assert office.messages(debts[1][1])[0].reasons == ["hold:bankruptcy"]
        with office.unit() as unit:
            held = running_holds(unit, creditor_id=debts[1][0], claim_id=debts[1][1])
        assert [one.ground for one in held] == ["bankruptcy"]


def hold(unit, debt, ground) -> None:
    place_hold(unit, creditor_id=debt[0], claim_id=debt[1], ground=ground)
