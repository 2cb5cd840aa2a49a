"""P7: what a message stated is what the ledger said when it was read, whatever came just before or after."""

import pytest

from agency.banking.proof import prove
from agency.communication.release import reserve_due
from agency.kernel.unit import Door
from agency.money import Money
from agency.payments.models import PaymentSource
from agency.payments.settlement import settle
from tests.communication.correspondence import SETTINGS, Office, a_correspondent, queue


@pytest.fixture
def office(units):
    return Office(units).open_up()


@pytest.fixture
def claim(office):
    with office.unit() as unit:
        claim = a_correspondent(unit)
        queue(unit, *claim)
    return claim


def pay(unit, claim) -> None:
    settle(
        unit, creditor_id=claim[0], claim_id=claim[1], source=PaymentSource.BANK, source_key="line:1",
        amount=Money(10_000, "EUR"), value_on=unit.today, trust_account="trust.suspense",
    )  # fmt: skip


def principal(office, claim) -> int:
    [message] = office.messages(claim[1])
    assert message.state == "sending"
    return message.amounts["principal"]


def holds(office) -> bool:
    with office.unit() as unit:
        return all(check["holds"] for check in prove(unit, on=unit.today).checks if check["key"] == "P7")


def test_a_payment_that_came_while_the_reservation_waited_for_its_turn(office, claim):
    with office.unit() as reserving:
        with office.unit() as paying:
            pay(paying, claim)
        reserve_due(reserving, settings=SETTINGS)
    assert (principal(office, claim), holds(office)) == (30_215, True)


def test_a_payment_that_began_before_and_waited_for_the_claim(office, claim):
    with office.unit() as paying:
        with office.unit() as reserving:
            reserve_due(reserving, settings=SETTINGS)
        pay(paying, claim)
    assert (principal(office, claim), holds(office)) == (40_215, True)


@pytest.mark.parametrize("seen", ["kept", "of earlier versions"])
def test_another_amount_is_found_with_and_without_a_snapshot(office, claim, seen):
    with office.unit() as unit:
        reserve_due(unit, settings=SETTINGS)
    assert holds(office)
    with office.units.open(Door.STAFF, by="x") as unit:
        without = "" if seen == "kept" else " - 'seen'"
        unit.session.connection().exec_driver_sql(
            f"UPDATE message SET amounts = amounts{without} || jsonb_build_object('principal', 40214,"
            " 'total', 40214)"
        )
    assert not holds(office)
