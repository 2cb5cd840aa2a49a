"""Promises: made within reason, one at a time, and judged by the ledger with two days of grace."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from agency.arrangements.plans import Wish, agree_plan
from agency.arrangements.promises import (
    UnableToPromise,
    UnableToWithdraw,
    check_promises,
    make_promise,
    take_back_promise,
)
from agency.claims.holds import running_holds
from agency.claims.states import HoldGround
from agency.kernel.errors import Invalid, NotFound
from agency.ledger.posting import Leg, post
from agency.money import Money
from tests.communication.correspondence import Office, a_correspondent


@pytest.fixture
def office(units):
    return Office(units).open_up()  # Tuesday 1 December 2026


@pytest.fixture
def claim(office):
    with office.unit() as unit:
        return a_correspondent(unit)


def promise(unit, claim, minor=10000, due_on=date(2026, 12, 10)):
    return make_promise(
        unit, creditor_id=claim[0], claim_id=claim[1], amount=Money(minor, "EUR"), due_on=due_on
    )


def pay(unit, claim, minor):
    post(
        unit,
        creditor_id=claim[0],
        book="claims",
        kind="payment",
        source_key=f"test:{minor}",
        legs=(
            Leg("claims.control", Money(minor, "EUR")),
            Leg("claims.principal", Money(-minor, "EUR"), claim[1]),
        ),
        effective_on=unit.today,
    )


def state(office):
    with office.unit() as unit:
        return unit.session.connection().execute(text("SELECT state FROM promise")).scalar_one()


class TestPromises:
    def test_holds_the_claim_until_the_grace_has_passed(self, office, claim):
        with office.unit() as unit:
            promise(unit, claim)
            (hold,) = running_holds(unit, creditor_id=claim[0], claim_id=claim[1])
        assert hold.ground == HoldGround.PROMISE
        assert hold.ends_at == datetime(2026, 12, 12, 23, 0, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("minor", "due_on"),
        [
            (0, date(2026, 12, 10)),
            (40216, date(2026, 12, 10)),
            (100, date(2026, 11, 30)),
            (100, date(2027, 1, 2)),
        ],
    )
    def test_out_of_reason_is_refused(self, office, claim, minor, due_on):
        with office.unit() as unit, pytest.raises(Invalid):
            promise(unit, claim, minor, due_on)

    def test_one_at_a_time(self, office, claim):
        with office.unit() as unit:
            promise(unit, claim)
        with office.unit() as unit, pytest.raises(UnableToPromise):
            promise(unit, claim)

    def test_not_beside_a_plan(self, office, claim):
        with office.unit() as unit:
            wish = Wish(first_on=unit.today, count=2)
            agree_plan(unit, creditor_id=claim[0], claim_ids=[claim[1]], wish=wish, why="agreed by phone")
        with office.unit() as unit, pytest.raises(UnableToPromise):
            promise(unit, claim)

    def test_taken_back_with_a_reason_the_claim_goes_on_and_another_may_be_made(self, office, claim):
        with office.unit() as unit:
            key = {"creditor_id": claim[0], "claim_id": claim[1], "promise_id": promise(unit, claim)}
        office.react()
        queued = "SELECT count(*) FROM message WHERE state = 'queued' AND step LIKE 'promise_confirmation:%'"
        for wrong, refusal in (({"why": " "}, Invalid), ({"claim_id": claim[0], "why": "x"}, NotFound)):
            with office.unit() as unit, pytest.raises(refusal):
                take_back_promise(unit, **{**key, **wrong})
        with office.unit() as unit:
            assert unit.session.connection().execute(text(queued)).scalar_one() == 1
            take_back_promise(unit, **key, why="Another amount was said")
            assert not running_holds(unit, creditor_id=claim[0], claim_id=claim[1])
        assert state(office) == "cancelled"
        office.react()
        with office.unit() as unit:
            assert unit.session.connection().execute(text(queued)).scalar_one() == 0
        with office.unit() as unit, pytest.raises(UnableToWithdraw):
            take_back_promise(unit, **key, why="again")
        with office.unit() as unit:
            promise(unit, claim, 5000)

    def test_kept_on_the_last_day_of_grace(self, office, claim):
        with office.unit() as unit:
            promise(unit, claim)
        office.move_to(datetime(2026, 12, 12, 20, 0, tzinfo=UTC))
        with office.unit() as unit:
            pay(unit, claim, 10000)
            assert check_promises(unit) == 1
            assert not running_holds(unit, creditor_id=claim[0], claim_id=claim[1])
        assert state(office) == "kept"

    def test_what_was_paid_before_it_that_day_does_not_keep_it(self, office, claim):
        """Who pays a part and promises the rest is left alone until the day that he named."""
        with office.unit() as unit:
            pay(unit, claim, 10000)
        office.move_to(datetime(2026, 12, 1, 15, 0, tzinfo=UTC))
        with office.unit() as unit:
            promise(unit, claim)
            assert check_promises(unit) == 0
            assert running_holds(unit, creditor_id=claim[0], claim_id=claim[1])

    def test_part_of_it_is_not_enough(self, office, claim):
        with office.unit() as unit:
            promise(unit, claim)
            pay(unit, claim, 9999)
            assert check_promises(unit) == 0
        office.move_to(datetime(2026, 12, 12, 22, 59, tzinfo=UTC))
        with office.unit() as unit:
            assert check_promises(unit) == 0
        office.move_to(datetime(2026, 12, 12, 23, 1, tzinfo=UTC))
        with office.unit() as unit:
            assert check_promises(unit) == 1
        assert state(office) == "broken"
