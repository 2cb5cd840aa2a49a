"""How a call ended, and what follows: a promise, a dispute, a hold, another call, another number."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from agency.arrangements.promises import check_promises
from agency.claims.holds import running_holds
from agency.desk.models import Disposition, WorkKind
from agency.desk.queue import take_next
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.ids import new_id
from agency.money import Money
from tests.communication.correspondence import TUESDAY
from tests.desk.desks import NUMBER

DAY = timedelta(days=1)


def next_case(desk):
    with desk.unit() as unit:
        case = take_next(unit, user_id=desk.user_id)
        unit.session.connection().execute(
            text("UPDATE work_item SET done_at = app.now() WHERE id = :i"), {"i": case and case.item_id}
        )
        return case


def grounds(desk, claim):
    with desk.unit() as unit:
        return {hold.ground for hold in running_holds(unit, creditor_id=claim[0], claim_id=claim[1])}


def value(desk, statement, **values):
    with desk.unit() as unit:
        return unit.session.connection().execute(text(statement), values).scalar_one()


def called(desk, disposition, **values):
    claim = desk.claim()
    call_id = desk.call(claim)
    desk.close(claim, call_id, disposition, **values)
    return claim, call_id


class TestEveryDisposition:
    @pytest.mark.parametrize(
        "disposition", sorted(set(Disposition) - {Disposition.PROMISE, Disposition.DISPUTE})
    )
    def test_it_is_recorded_with_note_event_and_audit(self, desk, disposition):
        called(desk, disposition, note="  Spoke about the invoice.  ")
        assert value(desk, "SELECT disposition FROM call") == disposition
        assert value(desk, "SELECT text FROM note") == "Spoke about the invoice."
        assert value(desk, "SELECT facts ->> 'disposition' FROM event WHERE kind = 'CallMade'") == disposition
        audited = value(desk, "SELECT facts ->> 'disposition' FROM audit_entry WHERE action = 'call.closed'")
        assert audited == disposition

    def test_a_second_one_is_refused(self, desk):
        claim, call_id = called(desk, Disposition.RIGHT_PARTY)
        with pytest.raises(Conflict):
            desk.close(claim, call_id, Disposition.REFUSES)

    def test_an_unknown_call(self, desk):
        with pytest.raises(NotFound):
            desk.close(desk.claim(), new_id(), Disposition.REFUSES)


class TestWhoIsLeftInPeace:
    @pytest.mark.parametrize(
        ("disposition", "ends"),
        [
            (Disposition.SAYS_PAID, True),
            (Disposition.DEBT_HELP, True),
            (Disposition.NOT_ME, False),
            (Disposition.DECEASED, False),
        ],
    )
    def test_nothing_is_asked_until_somebody_has_looked_into_it(self, desk, disposition, ends):
        claim, _ = called(desk, disposition, note="The widow answered.")
        assert grounds(desk, claim) == {disposition.value}
        assert value(desk, "SELECT ends_at IS NOT NULL FROM hold") is ends
        assert value(desk, "SELECT note FROM hold") == "The widow answered."
        case = next_case(desk)
        assert (case.kind, case.reason) == (WorkKind.ANSWER, disposition.value)
        assert next_case(desk) is None

    def test_a_company_does_not_die(self, desk):
        claim = desk.claim()
        call_id = desk.call(claim)
        with desk.unit() as unit:
            unit.session.connection().execute(text("UPDATE debtor SET kind = 'company'"))
        with pytest.raises(Invalid) as refusal:
            desk.close(claim, call_id, Disposition.DECEASED)
        assert refusal.value.field == "disposition"
        assert grounds(desk, claim) == set()


class TestPromise:
    def test_it_holds_the_claim_and_takes_back_needless_calls(self, desk):
        claim = desk.claim()
        desk.ask(claim)
        call_id = desk.call(claim)
        promised = Money(40215, "EUR")
        desk.close(claim, call_id, Disposition.PROMISE, promised=promised, promised_on=date(2026, 12, 10))
        assert value(desk, "SELECT amount_minor FROM promise WHERE state = 'open'") == 40215
        assert grounds(desk, claim) == {"promise"}
        assert next_case(desk) is None

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"promised_on": date(2026, 12, 10)}, "promised"),
            ({"promised": Money(40215, "EUR")}, "promised_on"),
            ({"promised": Money(40215, "EUR"), "promised_on": date(2026, 11, 1)}, "due_on"),
            ({"promised": Money(99999, "EUR"), "promised_on": date(2026, 12, 10)}, "amount"),
        ],
    )
    def test_one_that_makes_no_sense_leaves_the_call_open(self, desk, values, field):
        claim = desk.claim()
        call_id = desk.call(claim)
        with pytest.raises(Invalid) as refusal:
            desk.close(claim, call_id, Disposition.PROMISE, **values)
        assert refusal.value.field == field
        assert value(desk, "SELECT disposition FROM call") is None

    def test_broken_it_comes_to_the_desk(self, desk):
        called(desk, Disposition.PROMISE, promised=Money(100, "EUR"), promised_on=date(2026, 12, 2))
        desk.office.move_to(TUESDAY + 5 * DAY)
        with desk.office.unit() as unit:
            check_promises(unit)
        desk.office.react()
        assert next_case(desk).kind == WorkKind.PROMISE_BROKEN


class TestDispute:
    def test_collection_stops_and_somebody_looks_into_it(self, desk):
        claim, _ = called(desk, Disposition.DISPUTE, note="Never got it.", dispute_reason="not_delivered")
        assert value(desk, "SELECT text FROM dispute") == "Never got it."
        assert grounds(desk, claim) == {"dispute"}
        case = next_case(desk)
        assert (case.kind, case.reason) == (WorkKind.DISPUTE, "not_delivered")


class TestHardship:
    def test_the_claim_rests_and_is_looked_at_again(self, desk):
        claim, _ = called(desk, Disposition.HARDSHIP, note="Lost the job.")
        assert grounds(desk, claim) == {"debt_help"}
        assert next_case(desk) is None
        desk.office.move_to(TUESDAY + 14 * DAY + timedelta(minutes=1))
        assert next_case(desk).kind == WorkKind.HARDSHIP


class TestWrongNumber:
    def test_a_wrong_number_is_wrong_for_each_creditor_of_that_person_and_right_for_its_owner(self, desk):
        """The next collector would tell a stranger of somebody's debt at another creditor."""
        one, other, owner = desk.claim(), desk.claim(), desk.claim()
        with desk.unit() as unit:
            connection = unit.session.connection()
            identity = new_id()
            connection.execute(
                text("INSERT INTO debtor_identity (id, match_key, created_at) VALUES (:i, 'k', app.now())"),
                {"i": identity},
            )
            connection.execute(
                text("UPDATE debtor SET identity_id = :i WHERE creditor_id = ANY(:c)"),
                {"i": identity, "c": [one[0], other[0]]},
            )
        desk.close(one, desk.call(one), Disposition.WRONG_NUMBER)
        states = "SELECT state FROM contact_point WHERE creditor_id = :c AND value = :n"
        assert [value(desk, states, c=claim[0], n=NUMBER) for claim in (one, other, owner)] == [
            "wrong", "wrong", "usable",
        ]  # fmt: skip

    def test_it_is_never_dialled_again_and_another_is_looked_for(self, desk):
        claim, _ = called(desk, Disposition.WRONG_NUMBER)
        assert value(desk, "SELECT state FROM contact_point WHERE value = :n", n=NUMBER) == "wrong"
        case = next_case(desk)
        assert (case.kind, case.reason, case.claim_id) == (WorkKind.UNREACHABLE, "no_number", claim[1])

    def test_with_another_number_nobody_has_to_look(self, desk):
        claim = desk.claim()
        with desk.unit() as unit:
            unit.session.connection().execute(
                text(
                    "INSERT INTO contact_point"
                    " (creditor_id, id, debtor_id, channel, value, state, created_at)"
                    " SELECT creditor_id, uuidv7(), debtor_id, 'phone', '+31687654321', 'usable', app.now()"
                    " FROM claim WHERE id = :c"
                ),
                {"c": claim[1]},
            )
        desk.close(claim, desk.call(claim), Disposition.WRONG_NUMBER)
        assert next_case(desk) is None


class TestNobodyThere:
    def test_another_call_is_due_when_the_rules_allow_it(self, desk):
        # Saturday morning: twenty hours later it is Sunday, so the next call is on Monday at seven.
        desk.office.move_to(datetime(2026, 12, 5, 14, 0, tzinfo=UTC))
        called(desk, Disposition.NO_ANSWER)
        assert value(desk, "SELECT due_at FROM work_item") == datetime(2026, 12, 7, 6, 0, tzinfo=UTC)
        assert next_case(desk) is None
        desk.office.move_to(datetime(2026, 12, 7, 6, 1, tzinfo=UTC))
        assert next_case(desk).kind == WorkKind.CALL_BACK

    def test_the_third_time_another_way_is_looked_for(self, desk):
        claim = desk.claim()
        kinds = []
        for day in range(3):
            desk.office.move_to(TUESDAY + day * DAY + timedelta(minutes=day + 1))
            while next_case(desk):
                pass
            desk.close(claim, desk.call(claim), Disposition.NO_ANSWER)
            kinds.append(value(desk, "SELECT kind FROM work_item ORDER BY id DESC LIMIT 1"))
        assert kinds == ["call_back", "call_back", "unreachable"]
