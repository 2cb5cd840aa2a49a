"""Refunds by the payment provider, and money of withdrawn claims that is held there."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from types import SimpleNamespace
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from agency.claims.lifecycle import claim_to_change, move
from agency.claims.states import ClaimState
from agency.kernel import ports
from agency.kernel.outbox import drain
from agency.kernel.settings import Settings
from agency.kernel.unit import Door
from agency.payments.booking_held import UnableToBookHeld, book_held
from agency.payments.giving_back import owed_back_list, owing_back, read_refund
from agency.payments.models import HeldPayment
from agency.payments.provider_payments import apply_answer, ask
from agency.payments.provider_refunds import send_refund, send_waiting_refunds
from agency.payments.refunds import (
    UnableToRefund,
    cancel_refund,
    checked_payee,
    request_held_refund,
    request_refund,
)
from agency.ports.providers import ProviderAmbiguous, ProviderRefund, ProviderRefused, ProviderTransient
from agency.remittance.refund_orders import approve_refund, reject_refund
from portal.payouts import export_refund_file
from tests.made import a_claim
from tests.payments.test_provider_payments import (
    PAID,
    Provider,
    balances,
    claim,
    eur,
    notice,
    start,
)

__all__ = ["claim"]
ANN, BOB = "user:ann", "user:bob"


class Giver(Provider):
    """A provider that gives money back, once per key, and can lose its answers or fail later."""

    def __init__(self) -> None:
        super().__init__()
        self.given: dict[str, ProviderRefund] = {}
        self.asked = 0
        self.trouble: Exception | None = None

    def refund(self, *, payment_ref, refund_id, amount, description):
        self.asked += 1
        trouble, self.trouble = self.trouble, None
        if isinstance(trouble, ProviderRefused | ProviderTransient):
            raise trouble
        payment = self.payments[payment_ref]
        if refund_id not in self.given:
            if amount > payment.amount - payment.amount_refunded - payment.amount_charged_back:
                raise ProviderRefused("422", "more than is left")
            self.given[refund_id] = ProviderRefund(f"re_{len(self.given)}", refund_id, amount)
            self.tell(payment_ref)
        if trouble:
            raise trouble
        return self.given[refund_id]

    def fail(self, payment_ref):
        self.given = {key: replace(one, failed=True) for key, one in self.given.items()}
        self.tell(payment_ref)

    def tell(self, ref):
        back = sum(one.amount.minor for one in self.given.values() if not one.failed)
        self.payments[ref] = replace(
            self.payments[ref], amount_refunded=eur(back), refunds=tuple(self.given.values())
        )


@pytest.fixture
def provider(monkeypatch, units):
    fake = Giver()
    with units.open(Door.STAFF, by=ANN) as unit:
        # What the provider holds for too many days makes the proof red, and then nothing is given back.
        fake.paid_at = unit.now - timedelta(hours=1)
    monkeypatch.setattr(ports, "_installed", [SimpleNamespace(payments=fake)])
    return fake


@pytest.fixture
def overpaid(units, provider, claim) -> tuple[UUID, UUID]:
    """A claim of 100.00 for which two tabs were paid: 100.00 and, later, 60.00. Returns creditor, payment."""
    start(units, provider, claim)
    start(units, provider, claim, eur(6_000))
    provider.now("tr_1")
    notice(units, "tr_1")
    drain(units)
    provider.now("tr_2")
    notice(units, "tr_2")
    drain(units)
    with units.open(Door.STAFF, by=ANN) as unit:
        [owed] = owed_back_list(unit)
        assert owed.amount == eur(6_000)
        return claim[0], owed.payment_id


def approved(units, overpaid) -> UUID:
    with units.open(Door.STAFF, by=ANN) as unit:
        refund = request_refund(unit, creditor_id=overpaid[0], payment_id=overpaid[1], reason="paid twice")
    with units.open(Door.STAFF, by=BOB) as unit:
        approve_refund(unit, creditor_id=overpaid[0], refund_id=refund)
    return refund


def state(units, creditor, refund) -> str:
    with units.open(Door.STAFF, by="x") as unit:
        return read_refund(unit, creditor_id=creditor, refund_id=refund).state


def again(units) -> None:
    """The next time that waiting refunds are looked at."""
    with units.open(Door.WORKER, by="system:schedule") as unit:
        unit.session.connection().execute(text("UPDATE outbox SET done_at = now() WHERE done_at IS NULL"))
        send_waiting_refunds(unit)
    drain(units)


class TestRefund:
    def test_leaves_the_payment_standing_and_is_booked_once(self, units, provider, overpaid):
        refund = approved(units, overpaid)
        drain(units)
        assert state(units, overpaid[0], refund) == "paid"
        assert balances(units) == PAID
        notice(units, "tr_2", times=3)
        drain(units)
        assert balances(units) == PAID
        with units.open(Door.STAFF, by="x") as unit:
            standing = unit.session.connection().execute(
                text("SELECT count(*) FROM payment WHERE reversed_at IS NULL")
            )
            assert standing.scalar_one() == 2

    def test_whose_answer_was_lost_is_looked_up_and_not_asked_again(self, units, provider, overpaid):
        provider.trouble = ProviderAmbiguous("timed out")
        refund = approved(units, overpaid)
        drain(units)
        assert (state(units, overpaid[0], refund), provider.asked) == ("sending", 1)
        again(units)
        assert (state(units, overpaid[0], refund), provider.asked) == ("paid", 1)
        assert balances(units) == PAID

    def test_that_never_arrived_is_asked_again(self, units, provider, overpaid):
        provider.trouble = ProviderTransient("busy")
        refund = approved(units, overpaid)
        drain(units)
        again(units)
        assert (state(units, overpaid[0], refund), provider.asked) == ("paid", 2)

    def test_told_by_webhook_before_our_own_record_is_recognised(self, units, provider, overpaid):
        provider.trouble = ProviderAmbiguous("timed out")
        refund = approved(units, overpaid)
        drain(units)
        notice(units, "tr_2")
        drain(units)
        assert state(units, overpaid[0], refund) == "paid"
        assert balances(units) == PAID

    def test_that_is_refused_is_owed_again(self, units, provider, overpaid):
        provider.trouble = ProviderRefused("422", "too old")
        refund = approved(units, overpaid)
        drain(units)
        with units.open(Door.STAFF, by="x") as unit:
            row = read_refund(unit, creditor_id=overpaid[0], refund_id=refund)
            assert (row.state, row.ended_why) == ("rejected", "too old")
            [owed] = owed_back_list(unit)
            assert owed.amount == eur(6_000)

    def test_that_fails_later_is_owed_again(self, units, provider, overpaid):
        refund = approved(units, overpaid)
        drain(units)
        provider.fail("tr_2")
        notice(units, "tr_2")
        drain(units)
        assert state(units, overpaid[0], refund) == "rejected"
        assert balances(units) == {"trust.creditor": -10_000, "trust.debtor": -6_000, "trust.psp": 16_000}

    def test_sent_twice_leaves_once(self, units, provider, overpaid):
        refund = approved(units, overpaid)
        for _ in range(2):
            send_refund(units, refund_id=str(refund))
        assert (provider.asked, len(provider.given)) == (1, 1)


class TestChargeback:
    def test_after_a_refund_takes_back_what_is_left_and_no_more(self, units, provider, overpaid):
        """A13: the two together are the payment."""
        approved(units, overpaid)
        drain(units)
        provider.now("tr_1", charged_back=10_000)
        notice(units, "tr_1")
        drain(units)
        # The second payment is what pays the claim now; it was given back, so nothing is left of it.
        assert balances(units).get("trust.psp", 0) == 0
        with units.open(Door.STAFF, by="x") as unit:
            assert owing_back(unit) == []

    def test_in_any_order_with_a_refund_ends_in_the_same_ledger(self, units, provider, overpaid):
        """A2, A15: paid, refunded by us, charged back in part, won: only the last word counts."""
        approved(units, overpaid)
        drain(units)
        before = provider.payments["tr_2"]
        answers = []
        for charged_back in (0, 1_000, 0):
            provider.payments["tr_2"] = replace(before, amount_charged_back=eur(charged_back))
            with units.open(Door.WORKER, by="x") as unit:
                answers.append((ask(unit, ref="tr_2"), provider.fetch("tr_2")))
        for order in permutations(answers):
            for question, answer in order:
                with units.open(Door.WORKER, by="x") as unit:
                    apply_answer(unit, question=question, answer=answer)
            assert balances(units) == PAID


@pytest.fixture
def held(units, provider, claim) -> UUID:
    """The debtor paid after the claim was withdrawn."""
    start(units, provider, claim)
    with units.open(Door.STAFF, by="x") as unit:
        taken = claim_to_change(unit, creditor_id=claim[0], claim_id=claim[1])
        move(unit, claim=taken, to=ClaimState.WITHDRAWN, why="creditor asked")
    provider.now("tr_1")
    notice(units, "tr_1", times=2)
    drain(units)
    with units.open(Door.STAFF, by="x") as unit:
        [owed] = owed_back_list(unit)
        assert (owed.reason, owed.amount) == ("claim_withdrawn", eur(10_000))
        assert owed.held_id is not None
        return owed.held_id


HELD = {"claims.control": -10_000, "claims.principal": 10_000, "trust.psp": 10_000, "trust.suspense": -10_000}
NOTHING = {"claims.control": -10_000, "claims.principal": 10_000}


class TestHeld:
    def test_money_of_a_withdrawn_claim_waits_and_goes_back(self, units, provider, claim, held):
        """A11: no remittance without a decision."""
        assert balances(units) == HELD
        with units.open(Door.STAFF, by=ANN) as unit:
            refund = request_held_refund(unit, creditor_id=claim[0], held_id=held, reason="withdrawn")
        with units.open(Door.STAFF, by=BOB) as unit:
            approve_refund(unit, creditor_id=claim[0], refund_id=refund)
        drain(units)
        assert state(units, claim[0], refund) == "paid"
        assert balances(units) == NOTHING
        notice(units, "tr_1")
        drain(units)
        assert balances(units) == NOTHING

    def test_that_somebody_else_gave_back_waits_no_more(self, units, provider, claim, held):
        """A13: a refund made at the provider itself."""
        provider.now("tr_1", refunded=10_000)
        notice(units, "tr_1")
        drain(units)
        assert balances(units) == NOTHING
        with units.open(Door.STAFF, by=ANN) as unit:
            assert owed_back_list(unit) == []

    def test_charged_back_after_a_transfer_is_owed_by_its_debtor(self, units, claim, held, provider):
        """A12, A14: nobody else pays for it, and a dispute that is won gives it back no second time."""
        with units.open(Door.STAFF, by=ANN) as unit:
            payee = checked_payee(iban="NL91ABNA0417164300", holder="J. de Vries")
            refund = request_held_refund(
                unit, creditor_id=claim[0], held_id=held, reason="withdrawn", payee=payee
            )
        with units.open(Door.STAFF, by=BOB) as unit:
            approve_refund(unit, creditor_id=claim[0], refund_id=refund)
            export_refund_file(unit, settings=Settings())
        provider.now("tr_1", charged_back=10_000)
        notice(units, "tr_1")
        drain(units)
        assert balances(units) == {**NOTHING, "trust.debtor": 10_000, "trust.in_transit": -10_000}
        with units.open(Door.STAFF, by=ANN) as unit:
            assert [one.amount for one in owing_back(unit)] == [eur(10_000)]
        provider.now("tr_1")
        notice(units, "tr_1")
        drain(units)
        with units.open(Door.STAFF, by=ANN) as unit:
            assert owed_back_list(unit) == []
            again = unit.session.exec(select(HeldPayment.id).where(col(HeldPayment.ended_at).is_(None))).one()
        with pytest.raises(UnableToRefund), units.open(Door.STAFF, by=ANN) as unit:
            request_held_refund(unit, creditor_id=claim[0], held_id=again, reason="withdrawn", payee=payee)
        with units.open(Door.STAFF, by=BOB) as unit:
            reject_refund(unit, creditor_id=claim[0], refund_id=refund, why="AC04")
        assert balances(units) == HELD

    def test_in_part_waits_for_the_rest(self, units, provider, claim, held):
        provider.now("tr_1", refunded=4_000)
        notice(units, "tr_1")
        drain(units)
        assert balances(units) == {**HELD, "trust.psp": 6_000, "trust.suspense": -6_000}
        provider.now("tr_1", refunded=0)
        notice(units, "tr_1")
        drain(units)
        assert balances(units) == HELD

    def test_can_be_booked_on_another_claim_of_the_creditor(self, units, provider, claim, held):
        with units.open(Door.STAFF, by=ANN) as unit:
            other = a_claim(unit, creditor_id=claim[0], invoices=[(10_000, unit.today)])
            book_held(unit, creditor_id=claim[0], held_id=held, claim_id=other)
        assert balances(units) == {**NOTHING, **PAID}
        provider.now("tr_1", charged_back=10_000)
        notice(units, "tr_1")
        drain(units)
        provider.now("tr_1")
        notice(units, "tr_1")
        drain(units)
        assert balances(units) == {**NOTHING, **PAID}

    def test_cannot_be_booked_while_it_goes_back_nor_on_the_withdrawn_claim(self, units, claim, held):
        with pytest.raises(UnableToBookHeld), units.open(Door.STAFF, by=ANN) as unit:
            book_held(unit, creditor_id=claim[0], held_id=held, claim_id=claim[1])
        with units.open(Door.STAFF, by=ANN) as unit:
            refund = request_held_refund(
                unit,
                creditor_id=claim[0],
                held_id=held,
                reason="withdrawn",
                payee=checked_payee(iban="NL91ABNA0417164300", holder="J. de Vries"),
            )
            other = a_claim(unit, creditor_id=claim[0], invoices=[(10_000, unit.today)])
        with pytest.raises(UnableToBookHeld), units.open(Door.STAFF, by=ANN) as unit:
            book_held(unit, creditor_id=claim[0], held_id=held, claim_id=other)
        with units.open(Door.STAFF, by=ANN) as unit:
            cancel_refund(unit, creditor_id=claim[0], refund_id=refund, why="found the claim")
            book_held(unit, creditor_id=claim[0], held_id=held, claim_id=other)
        assert balances(units) == {**NOTHING, **PAID}
