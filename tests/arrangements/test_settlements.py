"""Settlements: a smaller sum by a day, within authority; kept it waives the rest, broken all is owed."""

from datetime import date

import pytest
from sqlalchemy import text

from agency.arrangements.settlements import (
    UnableToSettleFor,
    decide_settlement,
    offer_settlement,
    withdraw_settlement,
)
from agency.kernel.errors import Invalid
from agency.kernel.unit import Door
from agency.ledger.queries import claim_balance
from tests.arrangements.agreements import Bureau, euro

BY = date(2026, 12, 20)


@pytest.fixture
def office(units):
    return Bureau(units).open_up()  # Tuesday 1 December 2026


@pytest.fixture
def claim(office):
    return office.claim()  # 402.15 is owed


def offer(office, claim, minor=37_000, *, pay_by=BY, why="pays at once", is_admin=False):
    with office.unit() as unit:
        settlement_id = offer_settlement(
            unit, creditor_id=claim[0], claim_id=claim[1], amount=euro(minor), pay_by=pay_by, why=why,
            is_admin=is_admin,
        )  # fmt: skip
    office.react()
    return settlement_id


def state(office) -> str:
    return office.one("SELECT state FROM settlement ORDER BY offered_at DESC, id DESC LIMIT 1")


def claim_state(office, claim) -> tuple[str, str | None]:
    return tuple(office.rows("SELECT state, close_code FROM claim WHERE id = :id", id=claim[1])[0])


class TestAuthority:
    @pytest.mark.parametrize(
        ("minor", "is_admin", "expected"),
        [
            (36_194, False, "open"),
            (36_193, False, "waiting"),
            (30_162, True, "open"),
            (30_161, True, "waiting"),
        ],
    )
    def test_of_the_house_is_ten_and_twenty_five_per_cent(self, office, claim, minor, is_admin, expected):
        offer(office, claim, minor, is_admin=is_admin)
        assert (state(office), office.grounds(claim)) == (
            expected,
            ["plan_kept"] if expected == "open" else [],
        )

    def test_above_it_the_creditor_decides(self, office, claim):
        settlement_id = offer(office, claim, 20_000)
        with office.units.open(Door.CREDITOR, by="user:manager", creditor_id=claim[0]) as unit:
            decide_settlement(unit, creditor_id=claim[0], settlement_id=settlement_id, accept=True)
        office.react()
        assert (state(office), office.grounds(claim)) == ("open", ["plan_kept"])
        with office.unit() as unit, pytest.raises(UnableToSettleFor):
            decide_settlement(unit, creditor_id=claim[0], settlement_id=settlement_id, accept=False)

    @pytest.mark.parametrize("minor", [37_000, 20_000])
    def test_taken_back_before_it_is_paid_the_full_amount_is_owed(self, office, claim, minor):
        """Also while it waits for the creditor."""
        key = {"creditor_id": claim[0], "claim_id": claim[1], "settlement_id": offer(office, claim, minor)}
        with office.unit() as unit, pytest.raises(Invalid):
            withdraw_settlement(unit, **key, why="")
        with office.unit() as unit:
            withdraw_settlement(unit, **key, why="Agreed on a plan instead")
        office.react()
        assert (state(office), office.grounds(claim)) == ("cancelled", [])
        with office.unit() as unit, pytest.raises(UnableToSettleFor):
            withdraw_settlement(unit, **key, why="again")
        offer(office, claim)

    def test_the_creditor_may_refuse(self, office, claim):
        settlement_id = offer(office, claim, 20_000)
        with office.units.open(Door.CREDITOR, by="user:manager", creditor_id=claim[0]) as unit:
            decide_settlement(unit, creditor_id=claim[0], settlement_id=settlement_id, accept=False)
        assert (state(office), office.grounds(claim)) == ("refused", [])

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"minor": 0}, "amount"),
            ({"minor": 40_215}, "amount"),
            ({"pay_by": date(2026, 11, 30)}, "pay_by"),
            ({"pay_by": date(2027, 1, 31)}, "pay_by"),
            ({"why": " "}, "why"),
        ],
    )
    def test_out_of_reason_names_the_field(self, office, claim, change, field):
        with pytest.raises(Invalid) as refused:
            offer(office, claim, **change)
        assert refused.value.field == field
        assert office.one("SELECT count(*) FROM settlement") == 0

    def test_one_at_a_time(self, office, claim):
        offer(office, claim)
        with pytest.raises(UnableToSettleFor):
            offer(office, claim)


class TestKeeping:
    def test_paid_in_time_the_rest_is_waived_in_the_ledger(self, office, claim):
        offer(office, claim)
        office.on(date(2026, 12, 18))
        office.pay(claim, 37_000)
        assert (state(office), claim_state(office, claim)) == ("kept", ("paid", "settled"))
        assert (office.owed(claim), office.grounds(claim)) == (0, [])
        with office.unit() as unit:
            assert claim_balance(unit, creditor_id=claim[0], claim_id=claim[1]).total == euro(0)
        waived = office.rows(
            "SELECT e.account, e.amount_minor FROM ledger_entry e JOIN ledger_transaction t"
            " ON t.id = e.transaction_id WHERE t.kind = 'waiver' ORDER BY e.line"
        )
        assert waived == [("claims.control", 3_215), ("claims.principal", -3_215)]

    def test_two_payments_may_make_it(self, office, claim):
        offer(office, claim)
        office.pay(claim, 17_000)
        assert state(office) == "open"
        office.pay(claim, 20_000)
        assert state(office) == "kept"

    def test_running_interest_is_fixed_before_it_is_waived(self, office, claim):
        office.one("UPDATE claim SET phase = 'amicable' RETURNING 1")
        offer(office, claim)
        office.on(date(2026, 12, 18))
        office.pay(claim, 37_000)
        assert (state(office), office.owed(claim)) == ("kept", 0)
        office.on(date(2027, 3, 1))
        assert office.owed(claim) == 0

    def test_unpaid_it_lapses_after_its_grace_and_all_is_owed(self, office, claim):
        offer(office, claim)
        office.on(date(2026, 12, 23))
        assert state(office) == "open"
        office.on(date(2026, 12, 24))
        assert (state(office), office.owed(claim), office.grounds(claim)) == ("lapsed", 40_215, [])

    def test_too_late_pays_off_the_debt_only(self, office, claim):
        offer(office, claim)
        office.on(date(2026, 12, 24))
        office.pay(claim, 37_000)
        assert (state(office), office.owed(claim)) == ("lapsed", 3_215)

    def test_a_transfer_in_time_that_was_seen_late_still_counts(self, office, claim):
        offer(office, claim)
        office.on(date(2026, 12, 28))
        office.pay(claim, 37_000, value_on=date(2026, 12, 19))
        assert (state(office), office.owed(claim)) == ("kept", 0)

    def test_a_chargeback_brings_the_full_amount_back(self, office, claim):
        offer(office, claim)
        payment = office.pay(claim, 37_000)
        assert state(office) == "kept"
        office.take_back(claim, payment)
        assert (state(office), office.owed(claim)) == ("lapsed", 40_215)
        assert claim_state(office, claim) == ("active", None)
        assert office.grounds(claim) == []


class TestWalls:
    def test_another_creditor_decides_nothing(self, office, claim):
        settlement_id = offer(office, claim, 20_000)
        stranger = office.claim()
        with office.units.open(Door.CREDITOR, by="user:x", creditor_id=stranger[0]) as unit:
            seen = unit.session.connection().execute(text("SELECT count(*) FROM settlement")).scalar_one()
            assert seen == 0
        assert state(office) == "waiting"
        assert settlement_id is not None
