"""Races for the same money, in both orders, on two real connections: a lawful end, never a third."""

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import text

from agency.banking.proof import prove
from agency.banking.sending_back import send_back
from agency.banking.suspense import settle_line, undo_line
from agency.banking.suspense_cases import ask_to_park, park
from agency.claims.lifecycle import claim_to_change, move
from agency.claims.models import Claim
from agency.claims.states import ClaimState
from agency.kernel.errors import AgencyError
from agency.kernel.settings import Settings
from agency.kernel.unit import Door, Unit, Units
from agency.money import Money
from agency.payments.giving_back import list_refunds, owed_back_list
from agency.payments.models import Payment, PaymentSource
from agency.payments.refunds import cancel_refund, checked_payee, request_refund
from agency.payments.settlement import reverse_payment, settle
from agency.remittance.refund_orders import approve_refund
from agency.remittance.runs import approve_run, draft_runs
from portal.payouts import export_payouts, export_refund_file
from tests.banking.test_importing import IBAN
from tests.made import a_claim, a_creditor, an_accepted_price
from tests.payments.races import race
from tests.payments.test_refunds import Bank

ANN, BOB = "user:ann", "user:bob"
PAYER = "NL91ABNA0417164300"
SETTINGS = Settings(trust_iban=IBAN)
ORDERS = pytest.mark.parametrize("turned", [False, True], ids=["one-first", "other-first"])


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.fixture
def claim(units: Units) -> tuple[UUID, UUID]:
    with units.open(Door.STAFF, by="system:test") as unit:
        return made(unit)


def made(unit: Unit) -> tuple[UUID, UUID]:
    creditor = a_creditor(unit)
    claim_id = a_claim(unit, creditor_id=creditor, invoices=[(10_000, unit.today)])
    an_accepted_price(unit, creditor_id=creditor, claim_id=claim_id)
    return creditor, claim_id


def paid(units: Units, bank: Bank, claim: tuple[UUID, UUID], minor: int = 15_000) -> UUID:
    with units.open(Door.STAFF, by="system:test") as unit:
        reference = unit.session.get_one(Claim, claim).payment_reference
        bank.books(unit, minor, reference, counterparty="J", counterparty_iban=PAYER)
        return one(unit, "SELECT id FROM payment")


def waiting(units: Units, bank: Bank) -> UUID:
    with units.open(Door.STAFF, by="system:test") as unit:
        bank.books(unit, 10_000, "?", counterparty="J", counterparty_iban=PAYER)
        return one(unit, "SELECT id FROM bank_line WHERE state = 'suspense'")


def one(unit: Unit, sql: str):
    return unit.session.connection().execute(text(sql)).scalar_one()


def asks(claim, payment):
    return lambda unit: request_refund(
        unit,
        creditor_id=claim[0],
        payment_id=payment,
        reason="paid twice",
        payee=checked_payee(iban=PAYER, holder="J"),
    )


def reverses(claim, payment):
    return lambda unit: reverse_payment(
        unit, creditor_id=claim[0], payment_id=payment, why="chargeback", effective_on=unit.today
    )


def settles(claim, line):
    return lambda unit: settle_line(unit, line_id=line, creditor_id=claim[0], claim_id=claim[1])


def run_both(units, turned, first, second):
    """Race two steps, the second one first when turned; the outcome is in the order first, second."""
    outcome = race(units, second, first, by=(BOB, ANN)) if turned else race(units, first, second)
    if turned:
        outcome.refusals.reverse()
    return outcome


def proven(units) -> bool:
    with units.open(Door.STAFF, by="x") as unit:
        return prove(unit, on=unit.today).green


def test_two_people_refund_the_same_payment(units, bank, claim):
    """A13: one of them, and the database would refuse the other too."""
    payment = paid(units, bank, claim)
    outcome = race(units, asks(claim, payment), asks(claim, payment))
    assert sorted(outcome.done) == [False, True]
    with units.open(Door.STAFF, by="x") as unit:
        assert [refund.amount for refund in list_refunds(unit)] == [eur(5_000)]


@ORDERS
def test_refund_and_chargeback(units, bank, claim, turned):
    payment = paid(units, bank, claim)
    outcome = run_both(units, turned, asks(claim, payment), reverses(claim, payment))
    assert outcome.done[1], "a chargeback is a fact"
    with units.open(Door.STAFF, by="x") as unit:
        assert {refund.state for refund in list_refunds(unit)} <= {"cancelled"}
        assert owed_back_list(unit) == []
        assert one(unit, "SELECT count(*) FROM payment WHERE reversed_at IS NULL") == 0


@ORDERS
def test_refund_file_and_chargeback(units, bank, claim, turned):
    """What is in the file has left; what is not was cancelled: never both, never neither."""
    payment = paid(units, bank, claim)
    with units.open(Door.STAFF, by=ANN) as unit:
        refund = asks(claim, payment)(unit)
    with units.open(Door.STAFF, by=BOB) as unit:
        approve_refund(unit, creditor_id=claim[0], refund_id=refund)
    outcome = run_both(
        units,
        turned,
        lambda unit: export_refund_file(unit, settings=SETTINGS),
        reverses(claim, payment),
    )
    assert outcome.done[1]
    with units.open(Door.STAFF, by="x") as unit:
        [row] = list_refunds(unit)
        in_transit = one(
            unit,
            "SELECT coalesce(-sum(amount_minor), 0) FROM ledger_entry WHERE account = 'trust.in_transit'",
        )
        assert (row.state, in_transit) == (("exported", 5_000) if outcome.done[0] else ("cancelled", 0))


@ORDERS
def test_approval_and_cancellation_of_one_refund(units, bank, claim, turned):
    payment = paid(units, bank, claim)
    with units.open(Door.STAFF, by="user:carl") as unit:
        refund = asks(claim, payment)(unit)
    outcome = run_both(
        units,
        turned,
        lambda unit: approve_refund(unit, creditor_id=claim[0], refund_id=refund),
        lambda unit: cancel_refund(unit, creditor_id=claim[0], refund_id=refund, why="wrong"),
    )
    assert outcome.done[1], "what was approved can still be cancelled"
    with units.open(Door.STAFF, by="x") as unit:
        assert list_refunds(unit)[0].state == "cancelled"


def test_two_files_at_once_send_a_refund_once(units, bank, claim):
    payment = paid(units, bank, claim)
    with units.open(Door.STAFF, by=ANN) as unit:
        refund = asks(claim, payment)(unit)
    with units.open(Door.STAFF, by=BOB) as unit:
        approve_refund(unit, creditor_id=claim[0], refund_id=refund)

    def exports(unit):
        export_refund_file(unit, settings=SETTINGS)

    assert sorted(race(units, exports, exports).done) == [False, True]
    with units.open(Door.STAFF, by="x") as unit:
        assert one(unit, "SELECT count(*) FROM remittance_file") == 1


@ORDERS
def test_two_claims_for_the_same_line(units, bank, claim, turned):
    line = waiting(units, bank)
    with units.open(Door.STAFF, by="system:test") as unit:
        other = made(unit)
    outcome = run_both(units, turned, settles(claim, line), settles(other, line))
    assert sorted(outcome.done) == [False, True]
    with units.open(Door.STAFF, by="x") as unit:
        assert one(unit, "SELECT sum(amount_minor) FROM payment") == 10_000
    assert proven(units)


@ORDERS
def test_a_claim_and_its_sender_for_the_same_line(units, bank, claim, turned):
    line = waiting(units, bank)
    outcome = run_both(
        units, turned, settles(claim, line), lambda unit: send_back(unit, line_id=line, reason="unknown")
    )
    assert sorted(outcome.done) == [False, True]
    with units.open(Door.STAFF, by="x") as unit:
        assert (one(unit, "SELECT count(*) FROM payment"), len(list_refunds(unit))) == (
            (1, 0) if outcome.done[0] else (0, 1)
        )


@ORDERS
def test_parking_and_settling_one_line(units, bank, claim, turned):
    line = waiting(units, bank)
    with units.open(Door.STAFF, by="user:carl") as unit:
        ask_to_park(unit, line_id=line, reason="unknown")
    outcome = run_both(units, turned, lambda unit: park(unit, line_id=line), settles(claim, line))
    assert outcome.done[1], "parked money may still find its claim"
    assert proven(units)


@ORDERS
def test_undoing_a_line_and_refunding_what_it_overpaid(units, bank, claim, turned):
    payment = paid(units, bank, claim)
    with units.open(Door.STAFF, by="x") as unit:
        line = one(unit, "SELECT id FROM bank_line")
    outcome = run_both(
        units, turned, asks(claim, payment), lambda unit: undo_line(unit, line_id=line, why="wrong claim")
    )
    assert outcome.done[1]
    with units.open(Door.STAFF, by="x") as unit:
        assert {refund.state for refund in list_refunds(unit)} <= {"cancelled"}
    assert proven(units)


@ORDERS
def test_withdrawal_and_payment(units, claim, turned):
    """D11: booked and closed as paid, or withdrawn and held; never a withdrawn claim with money booked."""

    def pays(unit):
        settle(
            unit,
            creditor_id=claim[0],
            claim_id=claim[1],
            source=PaymentSource.PSP,
            source_key="tr_1#1",
            amount=eur(10_000),
            value_on=unit.today,
            trust_account="trust.psp",
        )

    def withdraws(unit):
        taken = claim_to_change(unit, creditor_id=claim[0], claim_id=claim[1])
        move(unit, claim=taken, to=ClaimState.WITHDRAWN, why="creditor asked")

    outcome = run_both(units, turned, pays, withdraws)
    assert outcome.done[0], "money that came in is never turned away"
    with units.open(Door.STAFF, by="x") as unit:
        state = unit.session.get_one(Claim, claim).state
        booked = one(unit, "SELECT count(*) FROM payment")
        held = one(unit, "SELECT count(*) FROM held_payment")
    assert (state, booked, held) in (("paid", 1, 0), ("withdrawn", 0, 1))
    assert outcome.done[1] == (state == "withdrawn")


@ORDERS
def test_payout_and_chargeback(units, bank, claim, turned):
    """A14: either the run did not leave, or the creditor's next one makes it good; nobody else pays."""
    payment = paid(units, bank, claim, 10_000)
    with units.open(Door.STAFF, by=ANN) as unit:
        [(creditor, run)] = draft_runs(unit, cutoff_on=unit.today)
    with units.open(Door.STAFF, by=BOB) as unit:
        approve_run(unit, creditor_id=creditor, run_id=run)
    outcome = run_both(
        units,
        turned,
        lambda unit: export_payouts(unit, settings=SETTINGS),
        reverses(claim, payment),
    )
    assert outcome.done == [not turned, True]
    with units.open(Door.STAFF, by=ANN) as unit:
        owed = -one(unit, "SELECT sum(amount_minor) FROM ledger_entry WHERE account = 'trust.creditor'")
        assert owed == (0 if turned else -10_000)
        assert draft_runs(unit, cutoff_on=date(2099, 1, 1)) == []


def test_a_run_with_money_that_was_taken_back_is_neither_approved_nor_exported(units, bank, claim):
    payment = paid(units, bank, claim, 10_000)
    with units.open(Door.STAFF, by=ANN) as unit:
        [(creditor, run)] = draft_runs(unit, cutoff_on=unit.today)
    with units.open(Door.STAFF, by="system:test") as unit:
        reverses(claim, payment)(unit)
        assert unit.session.get_one(Payment, (claim[0], payment)).reversed_at is not None
    with pytest.raises(AgencyError, match="taken back"), units.open(Door.STAFF, by=BOB) as unit:
        approve_run(unit, creditor_id=creditor, run_id=run)
