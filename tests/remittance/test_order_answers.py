"""The bank's answer to a file of ours (B17): what it refuses is owed as before, once, whatever it was."""

from datetime import date

import pytest

from agency.arrangements.direct_debits import NothingToCollect, draft_collection
from agency.arrangements.mandates import sign_mandate
from agency.arrangements.plans import Wish, propose_plan
from agency.banking.proof import prove
from agency.kernel.unit import Door
from agency.payments.giving_back import owed_back_list
from agency.payments.models import Refund
from agency.payments.refunds import checked_payee, request_refund
from agency.ports.readers import OrderStatus, PaymentStatus, Unreadable
from agency.remittance.models import RemittanceFile
from agency.remittance.order_answers import UnableToTakeAnswer, take_answer
from agency.remittance.refund_orders import approve_refund
from portal.collections import approve_and_write
from portal.payouts import export_refund_file
from tests.arrangements.agreements import Bureau
from tests.remittance.out import SETTINGS, agreed, paid, pay_out, rows_of, run_of, waiting_for_payout


@pytest.fixture
def two(units) -> list:
    creditors = []
    for number in range(2):
        creditor, claim = agreed(units)
        paid(units, creditor, claim, 50_000, key=str(number))
        creditors.append(creditor)
    pay_out(units)
    return creditors


def answered(units, answer: OrderStatus):
    with units.open(Door.STAFF, by="user:ann") as unit:
        return take_answer(unit, content=b"", reader=lambda _: answer)


def order_id(units) -> str:
    with units.open(Door.STAFF, by="x") as unit:
        return rows_of(unit, RemittanceFile)[-1].message_id


def owed(units, creditors) -> list[int]:
    with units.open(Door.STAFF, by="x") as unit:
        assert prove(unit, on=unit.today).green
        return [waiting_for_payout(unit, creditor).minor for creditor in creditors]


def test_one_refused_payment_of_a_file_is_owed_again_and_a_second_reading_changes_nothing(units, two):
    run = run_of(units, two[0])
    answer = OrderStatus(
        order_id(units),
        "PART",
        None,
        (
            PaymentStatus(run.end_to_end, "RJCT", refused=True, reason="AC04", said="rekening opgeheven"),
            PaymentStatus("RNOBODY", "RJCT", refused=True, reason="AC04"),
            PaymentStatus(run_of(units, two[1]).end_to_end, "ACSC", refused=False),
        ),
    )
    taken = answered(units, answer)
    assert (taken.payouts, taken.refunds, taken.collections, taken.unknown) == (1, 0, 0, ("RNOBODY",))
    assert owed(units, two) == [43_950, 0]
    assert run_of(units, two[0]).returned_why == "AC04 rekening opgeheven"
    again = answered(units, answer)
    assert (again.payouts, again.unknown) == (0, (run.end_to_end, "RNOBODY"))
    assert owed(units, two) == [43_950, 0]


def test_a_file_that_is_refused_whole_is_owed_again_whole(units, two):
    taken = answered(units, OrderStatus(order_id(units), "RJCT", "AM04", ()))
    assert taken.payouts == 2
    assert owed(units, two) == [43_950, 43_950]


def test_a_file_that_is_refused_for_one_payment_in_it_is_owed_again_whole(units, two):
    """The answer lists the payment that was wrong; the others are not made either."""
    wrong = PaymentStatus(run_of(units, two[0]).end_to_end, "RJCT", refused=True, reason="AC01")
    answer = OrderStatus(order_id(units), "RJCT", "FF01", (wrong,))
    assert answered(units, answer).payouts == 2
    assert [run_of(units, creditor).returned_why for creditor in two] == ["AC01", "FF01"]
    assert owed(units, two) == [43_950, 43_950]
    assert answered(units, answer).payouts == 0


def test_a_batch_that_is_refused_whole_is_owed_again_but_what_was_made_of_it(units, two):
    made = PaymentStatus(run_of(units, two[0]).end_to_end, "ACSC", refused=False)
    batch = f"{order_id(units)}-1"
    answer = OrderStatus(order_id(units), "PART", None, (made,), ((batch, "AM04"),))
    assert answered(units, answer).payouts == 1
    assert owed(units, two) == [0, 43_950]


def test_another_files_refusal_and_an_accepted_file_change_nothing(units, two):
    assert answered(units, OrderStatus("PAYOUT-OF-SOMEBODY", "RJCT", "AM04", ())).payouts == 0
    assert answered(units, OrderStatus(order_id(units), "ACCP", None, ())).payouts == 0
    assert owed(units, two) == [0, 0]


def test_what_cannot_be_read_is_refused_beside_its_field(units):
    def cut_off(_: bytes) -> OrderStatus:
        raise Unreadable("the pain.002 holds no report")

    with units.open(Door.STAFF, by="user:ann") as unit, pytest.raises(UnableToTakeAnswer) as refusal:
        take_answer(unit, content=b"<Document", reader=cut_off)
    assert (refusal.value.field, refusal.value.message) == ("file", "the pain.002 holds no report")


class TestARefund:
    """B17 for money that goes back: refused by the bank it is owed to the debtor as before, once."""

    @pytest.fixture
    def refund(self, units):
        creditor, claim = agreed(units, invoices=(10_000,))
        payment = paid(units, creditor, claim, 12_500, key="too-much")
        with units.open(Door.STAFF, by="user:ann") as unit:
            payee = checked_payee(iban="NL91ABNA0417164300", holder="J. de Vries")
            refund_id = request_refund(
                unit, creditor_id=creditor, payment_id=payment, reason="paid too much", payee=payee
            )
        with units.open(Door.STAFF, by="user:bob") as unit:
            prove(unit, on=unit.today)
            approve_refund(unit, creditor_id=creditor, refund_id=refund_id)
            export_refund_file(unit, settings=SETTINGS)
        return creditor, refund_id

    def refund_of(self, units, refund) -> Refund:
        with units.open(Door.STAFF, by="x") as unit:
            return unit.session.get_one(Refund, refund)

    def owed_back(self, units) -> int:
        with units.open(Door.STAFF, by="x") as unit:
            assert prove(unit, on=unit.today).green
            return sum(one.amount.minor for one in owed_back_list(unit))

    @pytest.mark.parametrize("whole", [False, True])
    def test_is_owed_back_again_whether_it_or_its_file_was_refused(self, units, refund, whole):
        assert self.owed_back(units) == 0
        status = PaymentStatus(
            self.refund_of(units, refund).end_to_end, "RJCT", refused=True, reason="AC01", said="no account"
        )
        answer = OrderStatus(order_id(units), "RJCT", "FF01", () if whole else (status,))
        taken = answered(units, answer)
        assert (taken.payouts, taken.refunds, taken.collections, taken.unknown) == (0, 1, 0, ())
        found = self.refund_of(units, refund)
        assert (found.state, found.ended_why) == ("rejected", "FF01" if whole else "AC01 no account")
        assert self.owed_back(units) == 2_500
        assert answered(units, answer).refunds == 0
        assert self.owed_back(units) == 2_500


class TestADirectDebit:
    """A collection that the bank refuses came to nothing: its instalment is still to be paid, and nobody's
    account is asked for it a second time unasked."""

    @pytest.fixture
    def office(self, units):
        return Bureau(units).open_up()

    @pytest.fixture
    def collected(self, office):
        claim = office.claim()  # 402.15 is owed
        with office.unit() as unit:
            wish = Wish(first_on=date(2026, 12, 15), count=3)
            plan = propose_plan(unit, creditor_id=claim[0], claim_ids=[claim[1]], wish=wish)
        office.react()
        with office.unit() as unit:
            sign_mandate(
                unit, creditor_id=claim[0], plan_id=plan.id, iban="NL91ABNA0417164300", holder="J. de Vries"
            )
        office.on(date(2026, 12, 14))
        with office.units.open(Door.STAFF, by="user:ann") as unit:
            file_id = draft_collection(unit).id
        with office.units.open(Door.STAFF, by="user:bob") as unit:
            return approve_and_write(unit, file_id=file_id, settings=SETTINGS).message_id

    def debits(self, office) -> list:
        return office.rows("SELECT state, return_reason FROM direct_debit ORDER BY id")

    @pytest.mark.parametrize("whole", [False, True])
    def test_refused_is_still_to_be_paid_and_counts_once(self, office, collected, whole):
        assert self.debits(office) == [("sent", "")]
        refused = PaymentStatus(
            office.one("SELECT end_to_end FROM direct_debit"), "RJCT", refused=True, reason="MD01"
        )
        answer = OrderStatus(collected, "RJCT", "FF01", () if whole else (refused,))
        taken = answered(office.units, answer)
        assert (taken.payouts, taken.refunds, taken.collections) == (0, 0, 1)
        assert self.debits(office) == [("returned", "FF01" if whole else "MD01")]
        assert answered(office.units, answer).collections == 0
        assert office.one("SELECT paid_minor FROM plan_instalment WHERE number = 1") == 0
        with office.units.open(Door.STAFF, by="user:ann") as unit, pytest.raises(NothingToCollect):
            draft_collection(unit)

    def test_refused_with_its_batch_and_not_with_another(self, office, collected):
        for sequence, refused in (("RCUR", 0), ("FRST", 1)):
            batches = ((f"{collected}-{sequence}", "AM05"),)
            answer = OrderStatus(collected, "PART", None, (), batches)
            assert answered(office.units, answer).collections == refused
        assert self.debits(office) == [("returned", "AM05")]

    def test_accepted_waits_to_be_seen_on_the_bank(self, office, collected):
        assert answered(office.units, OrderStatus(collected, "ACCP", None, ())).collections == 0
        assert self.debits(office) == [("sent", "")]
