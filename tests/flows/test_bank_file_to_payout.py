"""Flow (c): what the bank says is booked, matched or kept in suspense; what is owed is paid out by two."""

from datetime import timedelta

import pytest
from lxml import etree

from agency.banking.suspense import settle_line
from agency.kernel.unit import Door
from agency.money import Money
from agency.remittance.models import RemittanceRun
from agency.remittance.orders import PayoutsBlocked
from agency.remittance.queries import on_its_way
from agency.remittance.runs import NotTheSecondPerson, approve_run, download_file, draft_runs
from integrations.bankfiles.xsd import schema_errors
from portal.payouts import export_payouts
from tests.agency_at_work import rows
from tests.flows.conftest import BAKERY, JANSEN, MONDAY, clock, reminded

TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
THURSDAY = WEDNESDAY + timedelta(days=1)


@pytest.fixture
def creditor_id(town):
    """Two claims in collection; the bakery pays by its reference, somebody else pays without any."""
    creditor = reminded(town, JANSEN, BAKERY)
    town.it_is(clock(WEDNESDAY, 9))
    transfer(town, "1250.00", structured_reference=town.claim("F-1002").payment_reference)
    transfer(town, "50.00", text="betaling", from_name="J. Jansen")
    town.it_is(clock(WEDNESDAY, 18))
    return creditor


def transfer(town, amount, **details):
    town.simulator.post(
        "/bank/transfer", {"to_iban": town.work.settings.trust_iban, "amount": amount, **details}
    )


def as_person(town, who):
    return town.work.units.open(Door.STAFF, by=f"user:{who}")


def draft(town, by="ann"):
    with as_person(town, by) as unit:
        [(_, run_id)] = draft_runs(unit, cutoff_on=unit.today)
    return run_id


def approve(town, creditor_id, run_id, by):
    with as_person(town, by) as unit:
        approve_run(unit, creditor_id=creditor_id, run_id=run_id)


def state_of(town, creditor_id, run_id):
    with as_person(town, "ann") as unit:
        return unit.session.get_one(RemittanceRun, (creditor_id, run_id)).state


class TestBankFile:
    def test_is_booked_to_suspense_at_once_and_then_matched_by_reference(self, town, creditor_id):
        assert town.import_bank_day(WEDNESDAY) == 2
        assert town.books() == {
            "claims.principal": 1_375_00,
            "claims.control": -1_375_00,
            "trust.bank": 1_300_00,
            "trust.suspense": -1_300_00,
        }
        assert town.proof_is_green()
        town.work_off()
        assert town.books() == {
            "claims.principal": 125_00,
            "claims.control": -125_00,
            "trust.bank": 1_300_00,
            "trust.creditor": -1_250_00,
            "trust.suspense": -50_00,
        }
        assert (town.claim("F-1002").state, town.claim("F-1001").state) == ("paid", "active")
        assert town.proof_is_green()

    def test_twice_brings_nothing_new(self, town, creditor_id):
        town.import_bank_day(WEDNESDAY)
        town.work_off()
        before = town.books()
        assert town.import_bank_day(WEDNESDAY) == 0
        town.work_off()
        assert town.books() == before

    def test_leaves_the_rest_for_a_person(self, town, creditor_id):
        town.import_bank_day(WEDNESDAY)
        town.work_off()
        [line] = rows(town.work, "SELECT id, amount_minor FROM bank_line WHERE state = 'suspense'")
        assert line.amount_minor == 50_00
        with as_person(town, "ann") as unit:
            settle_line(unit, line_id=line.id, creditor_id=creditor_id, claim_id=town.claim("F-1001").id)
        town.work_off()
        assert town.books() == {
            "claims.principal": 75_00,
            "claims.control": -75_00,
            "trust.bank": 1_300_00,
            "trust.creditor": -1_300_00,
        }
        assert town.claim("F-1001").state == "active"
        assert town.proof_is_green()


class TestPayout:
    @pytest.fixture
    def run_id(self, town, creditor_id):
        town.import_bank_day(WEDNESDAY)
        town.work_off()
        return draft(town)

    def test_needs_a_second_person(self, town, creditor_id, run_id):
        with pytest.raises(NotTheSecondPerson):
            approve(town, creditor_id, run_id, "ann")
        assert state_of(town, creditor_id, run_id) == "draft"

    def test_waits_while_a_cent_is_unexplained(self, town, creditor_id, run_id):
        """A statement that does not go on where the last one ended turns the proof red."""
        transfer(town, "0.01", text="unseen")
        town.it_is(clock(THURSDAY, 18))
        transfer(town, "10.00", text="seen", on=str(THURSDAY + timedelta(days=1)))
        town.it_is(clock(THURSDAY + timedelta(days=1), 18))
        town.import_bank_day(THURSDAY + timedelta(days=1))
        with pytest.raises(PayoutsBlocked):
            approve(town, creditor_id, run_id, "bob")
        assert state_of(town, creditor_id, run_id) == "draft"

    def test_goes_the_whole_way_with_a_green_proof_at_each_step(self, town, creditor_id, run_id, real_data):
        [fee] = rows(town.work, "SELECT fee_bps, net_minor, vat_minor FROM success_fee")
        assert tuple(fee) == (1_465, 183_13, 38_46)  # 14.65 % of 1,250.00, and 21 % VAT on that
        net = 1_028_41
        assert town.proof_is_green()
        approve(town, creditor_id, run_id, "bob")
        town.it_is(clock(THURSDAY, 10))
        with as_person(town, "bob") as unit:
            file = export_payouts(unit, settings=town.work.settings)
        with as_person(town, "bob") as unit:
            _, order, _ = download_file(unit, file_id=file.id)
        schema = (real_data / "04_schemas/pain/pain.001.001.09.xsd").read_bytes()
        assert schema_errors(order, schema=schema) == ()
        [amount] = etree.fromstring(order).xpath("//*[local-name()='InstdAmt']/text()")
        assert amount == "1028.41"
        assert town.books()["trust.in_transit"] == -net
        assert town.proof_is_green()

        town.simulator.http.post("/bank/payments", content=order).raise_for_status()
        town.it_is(clock(THURSDAY, 18))
        assert town.import_bank_day(THURSDAY) == 1
        town.work_off()
        assert state_of(town, creditor_id, run_id) == "paid"
        assert town.books() == {
            "claims.principal": 125_00,
            "claims.control": -125_00,
            "trust.bank": 1_300_00 - net,
            "trust.agency": -221_59,
            "trust.suspense": -50_00,
            "agency.trust": 221_59,
            "agency.fee_income": -183_13,
            "agency.vat": -38_46,
        }
        assert town.proof_is_green()


class TestPaidOnline:
    def test_is_paid_out_when_the_bank_has_it_and_not_from_others_money(self, town, debtor):
        creditor_id = reminded(town, JANSEN, BAKERY)
        debtor.open(town.pay_link(JANSEN["email"]), answer="3511 AB")
        debtor.pay()
        town.it_is(clock(TUESDAY, 18))
        assert town.claim("F-1001").state == "paid"
        with as_person(town, "ann") as unit:
            assert on_its_way(unit, creditor_id=creditor_id) == on_its_way(unit) == Money(12_500, "EUR")
            assert draft_runs(unit, cutoff_on=unit.today) == []

        town.it_is(clock(WEDNESDAY, 18))
        town.import_bank_day(WEDNESDAY)
        town.work_off()
        with as_person(town, "ann") as unit:
            assert on_its_way(unit) == Money(0, "EUR")
        run_id = draft(town)
        with as_person(town, "ann") as unit:
            assert unit.session.get_one(RemittanceRun, (creditor_id, run_id)).collected_minor == 12_500
        assert town.proof_is_green()
