"""Giving up by authority: at once or by a second person; what is wholly given up closes and falls silent;
small remainders of interest; and all of it taken back."""

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from agency.claims.giving_up import ByPart, MoreThanOpen, NoReason, owed_by_part
from agency.claims.itemisation import itemise
from agency.claims.models import WaiverRequest
from agency.claims.waiver_requests import (
    NoAuthority,
    NotByAPerson,
    NotTheSecondPerson,
    UnableToDecide,
    UnableToGiveUp,
    ask_to_give_up,
    grant,
    list_given_up,
    owe_again,
    refuse,
)
from agency.kernel.errors import NotFound
from agency.kernel.unit import Door
from agency.ledger.posting import AlreadyReversed
from agency.rules.authority import Act
from tests.arrangements.agreements import Bureau, euro
from tests.communication.correspondence import DAY, queue


@pytest.fixture
def office(units):
    return Bureau(units).open_up()


def amicable(office, *, due_on=date(2026, 8, 1)):
    """A claim of 402.15 on which interest runs since a day."""
    claim = office.claim(invoices=((40_215, due_on),))
    with office.unit() as unit:
        unit.session.connection().execute(
            text("UPDATE claim SET phase = 'amicable' WHERE id = :id"), {"id": claim[1]}
        )
    return claim


@pytest.fixture
def claim(office):
    return amicable(office)


def amounts(principal=0, interest=0, costs=0) -> ByPart:
    return ByPart(principal=euro(principal), interest=euro(interest), costs=euro(costs))


def ask(office, claim, wanted, *, act=Act.waiver, roles=("collector",), by="user:ann", why="hardship"):
    with office.units.open(Door.STAFF, by=by) as unit:
        asked = ask_to_give_up(
            unit, creditor_id=claim[0], claim_id=claim[1], act=act, amounts=wanted, why=why, roles=roles
        )  # fmt: skip
    office.react()
    return asked


def decide(office, claim, request_id, *, by="user:bob", roles=("finance",)):
    with office.units.open(Door.STAFF, by=by) as unit:
        grant(unit, creditor_id=claim[0], request_id=request_id, roles=roles)
    office.react()


def back(office, claim, transaction_id, why="the debtor inherited"):
    with office.units.open(Door.STAFF, by="user:ann") as unit:
        owe_again(unit, creditor_id=claim[0], transaction_id=transaction_id, why=why)
    office.react()


def everything(office, claim) -> ByPart:
    with office.unit() as unit:
        return owed_by_part(itemise(unit, creditor_id=claim[0], claim_id=claim[1], on=unit.today))


def listed(office, claim):
    with office.unit() as unit:
        return list_given_up(unit, creditor_id=claim[0], claim_id=claim[1])


def standing(office, claim) -> tuple:
    return tuple(office.rows("SELECT state, close_code FROM claim WHERE id = :id", id=claim[1])[0])


def waiting_requests(office) -> int:
    return office.one("SELECT count(*) FROM waiver_request WHERE state = 'waiting'")


class TestAuthority:
    def test_within_ones_own_it_is_given_up_at_once(self, office, claim):
        owed = everything(office, claim)
        asked = ask(office, claim, amounts(interest=owed.interest.minor))
        assert asked.request_id is None
        assert office.owed(claim) == owed.total.minor - owed.interest.minor
        [one] = listed(office, claim)
        assert (one.act, one.amounts, one.why, one.by, one.by_person) == (
            "waiver", amounts(interest=owed.interest.minor), "hardship", "user:ann", True,
        )  # fmt: skip

    def test_above_it_nothing_is_given_up_until_a_second_person_grants_it(self, office, claim):
        owed = office.owed(claim)
        asked = ask(office, claim, amounts(principal=5_000))
        assert (asked.transaction_id, office.owed(claim)) == (None, owed)
        with pytest.raises(NotTheSecondPerson):
            decide(office, claim, asked.request_id, by="user:ann")
        with pytest.raises(NoAuthority):
            decide(office, claim, asked.request_id, roles=["collector"])
        decide(office, claim, asked.request_id)
        assert office.owed(claim) == owed - 5_000
        assert listed(office, claim)[0].by == "user:bob"
        with pytest.raises(UnableToDecide):
            decide(office, claim, asked.request_id)

    def test_one_request_of_a_claim_waits_at_a_time(self, office, claim):
        ask(office, claim, amounts(principal=5_000))
        with pytest.raises(UnableToGiveUp):
            ask(office, claim, amounts(principal=6_000))
        assert waiting_requests(office) == 1

    def test_a_refusal_and_a_withdrawal_give_nothing_up(self, office, claim):
        owed = office.owed(claim)
        for by, state in (("user:bob", "refused"), ("user:ann", "withdrawn")):
            asked = ask(office, claim, amounts(principal=5_000))
            with office.units.open(Door.STAFF, by=by) as unit:
                with pytest.raises(NoReason):
                    refuse(unit, creditor_id=claim[0], request_id=asked.request_id, why=" ")
                refuse(unit, creditor_id=claim[0], request_id=asked.request_id, why="he can pay")
            assert office.one("SELECT state FROM waiver_request WHERE id = :id", id=asked.request_id) == state
        assert office.owed(claim) == owed

    def test_what_was_paid_meanwhile_cannot_be_granted(self, office, claim):
        asked = ask(office, claim, amounts(principal=30_000))
        office.pay(claim, 20_000)
        with pytest.raises(MoreThanOpen):
            decide(office, claim, asked.request_id)
        assert waiting_requests(office) == 1

    @pytest.mark.parametrize("wanted", [amounts(), amounts(principal=-1), amounts(costs=99_999)])
    def test_no_amount_or_more_than_is_owed_is_refused(self, office, claim, wanted):
        with pytest.raises(MoreThanOpen):
            ask(office, claim, wanted)

    def test_another_creditors_claim_is_not_there(self, office, claim):
        other = office.claim()
        with pytest.raises(NotFound):
            ask(office, (other[0], claim[1]), amounts(principal=1))

    def test_the_database_itself_wants_a_second_person(self, office, claim):
        asked = ask(office, claim, amounts(principal=5_000))
        with office.unit() as unit:
            request = unit.session.get_one(WaiverRequest, (claim[0], asked.request_id))
            request.state, request.decided_by = "granted", request.asked_by
            with pytest.raises(IntegrityError):
                unit.session.flush()
            unit.session.rollback()


class TestAllOfIt:
    def test_a_claim_wholly_given_up_closes_and_its_messages_drop(self, office, claim):
        with office.unit() as unit:
            queue(unit, *claim, due_at=unit.now + DAY)
        ask(office, claim, everything(office, claim), act=Act.write_off, roles=["finance"])
        assert standing(office, claim) == ("closed", "written_off")
        assert office.owed(claim) == 0
        assert office.rows("SELECT state FROM message WHERE claim_id = :c", c=claim[1]) == [("cancelled",)]
        with pytest.raises(UnableToGiveUp):
            ask(office, claim, amounts(principal=1), roles=["admin"])

    def test_a_part_leaves_it_open_with_its_messages(self, office, claim):
        with office.unit() as unit:
            queue(unit, *claim, due_at=unit.now + DAY)
        ask(office, claim, amounts(principal=5_000), roles=["finance"])
        assert standing(office, claim) == ("active", None)
        assert office.rows("SELECT state FROM message WHERE claim_id = :c", c=claim[1]) == [("queued",)]

    def test_taken_back_it_is_collected_again(self, office, claim):
        owed = office.owed(claim)
        asked = ask(office, claim, everything(office, claim), roles=["finance"])
        back(office, claim, asked.transaction_id)
        assert (office.owed(claim), standing(office, claim)) == (owed, ("active", None))
        assert listed(office, claim)[0].taken_back_at is not None
        with pytest.raises(AlreadyReversed), office.units.open(Door.STAFF, by="user:bob") as unit:
            owe_again(unit, creditor_id=claim[0], transaction_id=asked.transaction_id, why="again")

    def test_the_rest_given_up_and_the_payment_before_it_taken_back_is_collected_again(self, office, claim):
        payment = office.pay(claim, 30_000)
        ask(office, claim, everything(office, claim), roles=["finance"])
        office.take_back(claim, payment)
        assert standing(office, claim) == ("active", None)
        assert office.owed(claim) > 29_000


class TestSmallRemainders:
    """What a debtor lacks who paid what the letter said, some days after it was written."""

    def test_the_interest_of_the_days_under_way_is_waived_and_the_claim_paid(self, office, claim):
        interest = everything(office, claim).interest.minor
        assert interest >= 200
        office.pay(claim, office.owed(claim) - 200)
        assert standing(office, claim) == ("paid", "paid")
        [one] = listed(office, claim)
        assert (one.amounts.total, one.by_person) == (euro(200), False)
        with pytest.raises(NotByAPerson):
            back(office, claim, one.transaction_id)

    def test_more_than_the_house_forgives_is_asked(self, office, claim):
        office.pay(claim, office.owed(claim) - 251)
        assert (standing(office, claim)[0], office.owed(claim)) == ("active", 251)

    def test_without_interest_it_is_a_part_that_was_not_paid(self, office):
        claim = amicable(office, due_on=date(2026, 11, 30))
        assert everything(office, claim).interest.minor < 100
        office.pay(claim, office.owed(claim) - 100)
        assert (standing(office, claim)[0], office.owed(claim)) == ("active", 100)

    @pytest.mark.parametrize(("paid", "state"), [("in time", "paid"), ("a day late", "active")])
    def test_costs_whose_term_ended_after_the_money_came_go_with_it(self, office, claim, paid, state):
        """The bank told of it days later: there are costs by then, over two euros of interest."""
        owed = office.owed(claim)
        with office.unit() as unit:
            ended_on = unit.today - 2 * DAY
        office.rows(
            "UPDATE claim SET costs_from = :on, costs_minor = 6032, costs_over_minor = 40215 WHERE id = :c"
            " RETURNING id", on=ended_on, c=claim[1],
        )  # fmt: skip
        office.pay(claim, owed - 200, ended_on - DAY * (paid == "in time"))
        assert standing(office, claim)[0] == state
        assert (office.owed(claim) == 0) == (state == "paid")

    def test_comes_back_with_the_payment(self, office, claim):
        owed = office.owed(claim)
        payment = office.pay(claim, owed - 200)
        office.take_back(claim, payment)
        assert (standing(office, claim), office.owed(claim)) == (("active", None), owed)
        office.pay(claim, owed - 200)
        assert standing(office, claim) == ("paid", "paid")
        assert [one.taken_back_at is None for one in listed(office, claim)] == [False, True]

    def test_stays_waived_when_only_an_overpayment_is_taken_back(self, office, claim):
        office.pay(claim, office.owed(claim) - 200)
        over = office.pay(claim, 200)
        office.take_back(claim, over)
        assert (standing(office, claim)[0], office.owed(claim)) == ("paid", 0)
