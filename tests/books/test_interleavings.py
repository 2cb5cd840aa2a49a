"""Races between rooms, in both orders, on two real connections: a lawful end, never a third.

Those over one payment, refund or line stand in `tests/payments/test_interleavings.py`.
"""

from datetime import timedelta

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from agency.arrangements.plans import Wish, agree_plan
from agency.arrangements.promises import make_promise
from agency.arrangements.settlements import offer_settlement
from agency.banking.matching import match_lines
from agency.banking.proof import prove
from agency.banking.returns import take_back_returned
from agency.banking.suspense import undo_line
from agency.claims.giving_up import give_up, only
from agency.claims.models import Claim
from agency.kernel.unit import Door, Units
from agency.money import Money
from agency.payments.models import IntentState, PaymentIntent, PaymentSource
from agency.payments.settlement import Incoming, settle_many
from agency.remittance.account_changes import approve_account_change, ask_change, stop_change
from agency.remittance.models import RemittanceRun
from agency.remittance.paid import see_payouts
from agency.remittance.payable import find_payable
from agency.remittance.returned import RefusedPayout, take_back_refused
from agency.remittance.runs import cancel_run, draft_runs
from agency.rules.authority import Act, Part
from tests.bankfiles.one_day import Paid
from tests.books.bank import Bank
from tests.payments.races import race
from tests.payments.test_interleavings import run_both
from tests.remittance.out import agreed, another_claim, approve_all, draft, export, paid

ANN, BOB, CARL = "user:ann", "user:bob", "user:carl"
PAYER = "NL86INGB0002445588"
ORDERS = pytest.mark.parametrize("turned", [False, True], ids=["one-first", "other-first"])


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


@pytest.fixture
def claim(units: Units):
    return agreed(units, invoices=(10_000,))


def one(units: Units, sql: str, **values):
    with units.open(Door.STAFF, by="x") as unit:
        return unit.session.connection().execute(text(sql), values).scalar_one()


def green(units: Units) -> bool:
    with units.open(Door.STAFF, by="x") as unit:
        return prove(unit, on=unit.today).green


def pays(*claims, minor=6_000, key="tr"):
    def step(unit):
        settle_many(
            unit,
            [
                Incoming(
                    creditor_id=creditor_id, claim_id=claim_id, source=PaymentSource.PSP,
                    source_key=f"{key}{number}#1", amount=eur(minor), value_on=unit.today,
                    trust_account="trust.psp",
                )
                for number, (creditor_id, claim_id) in enumerate(claims)
            ],
        )  # fmt: skip

    return step


def test_b1_the_same_file_by_two_people_is_imported_once(units):
    bank = Bank()

    def imports(unit):
        Bank().tell(unit, [Paid(5_000, iban=PAYER, text="x", day=unit.today)], format="camt")

    assert race(units, imports, imports).done == [True, False]
    with units.open(Door.STAFF, by="x") as unit:
        bank.tell(unit, [Paid(5_000, iban=PAYER, text="x", day=unit.today)], format="mt940")
    assert one(units, "SELECT count(*) FROM bank_line") == 1


def test_a_file_that_is_booked_while_the_books_are_proved_makes_no_proof_red(units):
    """Each question is a statement of its own, and sees what stands when it begins."""
    bank = Bank()
    with units.open(Door.STAFF, by="x") as unit:
        bank.tell(unit, [Paid(5_000, iban=PAYER, text="x", day=unit.today)], format="camt")
    booked = []

    def books_a_file(_connection, _cursor, statement, *_):
        if "WITH moved" in statement and not booked:  # the ledger is added up, the bank not yet
            booked.append(True)
            with units.open(Door.WORKER, by="y") as other:
                bank.tell(other, [Paid(7_000, iban=PAYER, text="y", day=other.today)], format="camt")

    event.listen(units.engine, "before_cursor_execute", books_a_file)
    try:
        assert green(units)
    finally:
        event.remove(units.engine, "before_cursor_execute", books_a_file)
    assert booked
    assert one(units, "SELECT count(*) FROM bank_line") == 2


@ORDERS
def test_b9_a_return_and_an_undo_reverse_a_payment_once(units, claim, turned):
    bank = Bank()
    with units.open(Door.STAFF, by="x") as unit:
        words = unit.session.get_one(Claim, claim).payment_reference
        bank.tell(unit, [Paid(6_000, iban=PAYER, text=words, end_to_end="E1", day=unit.today)], format="camt")
        match_lines(unit)
        line = bank.a_return(unit, 6_000, iban=PAYER, end_to_end="E1")
        bank.take_back(unit, line)
    came_in = one(units, "SELECT id FROM bank_line WHERE amount_minor > 0")
    outcome = run_both(
        units, turned, take_back_returned, lambda unit: undo_line(unit, line_id=came_in, why="wrong")
    )
    assert outcome.done[0]
    assert one(units, "SELECT count(*) FROM ledger_transaction WHERE kind = 'payment.reversal'"
                      " AND book = 'trust'") == 1  # fmt: skip
    assert green(units)


def test_b15_two_people_draft_at_once_and_there_is_one_run(units, claim):
    paid(units, *claim, 5_000, key="a")

    def drafts(unit):
        draft_runs(unit, cutoff_on=unit.today)

    assert race(units, drafts, drafts).done == [True, False]
    assert one(units, "SELECT count(*) FROM remittance_run") == 1


@ORDERS
def test_b15_a_run_that_is_cancelled_while_the_next_is_drafted_keeps_no_payment_twice(units, claim, turned):
    paid(units, *claim, 5_000, key="a")
    [run] = draft(units)
    outcome = run_both(
        units,
        turned,
        lambda unit: cancel_run(unit, creditor_id=claim[0], run_id=run, why="x"),
        lambda unit: draft_runs(unit, cutoff_on=unit.today + timedelta(days=1)),
    )
    assert outcome.done == [True, True]
    draft(units, later=2)
    assert one(units, "SELECT count(*) FROM remittance_run WHERE state = 'draft'") == 1
    assert one(units, "SELECT sum(net_minor) FROM remittance_run WHERE state = 'draft'") == 5_000 - 605


@ORDERS
def test_b17_a_payout_is_refused_or_seen_never_both(units, claim, turned):
    bank = Bank()
    with units.open(Door.STAFF, by="x") as unit:
        bank.tell(unit, [Paid(5_000, iban=PAYER, text="x", day=unit.today)], format="camt")
    paid(units, *claim, 5_000, key="a")
    draft(units)
    approve_all(units)
    export(units)
    with units.open(Door.STAFF, by="x") as unit:
        run = unit.session.get_one(RemittanceRun, (claim[0], one(units, "SELECT id FROM remittance_run")))
        line = Paid(-run.net_minor, iban=PAYER, text="x", end_to_end=run.end_to_end, day=unit.today)
        bank.tell(unit, [line], format="camt")
    outcome = run_both(
        units,
        turned,
        lambda unit: take_back_refused(unit, refused=[RefusedPayout(run.end_to_end, "AC04")]),
        see_payouts,
    )
    assert outcome.done == [True, True]
    state = one(units, "SELECT state FROM remittance_run")
    moved = one(units, "SELECT sum(amount_minor) FROM ledger_entry WHERE account = 'trust.in_transit'")
    assert (state, moved) == ("paid" if turned else "returned", 0)


@ORDERS
def test_a24_a_change_of_account_is_stopped_or_approved(units, claim, turned):
    with units.open(Door.STAFF, by="user:manager") as unit:
        change = ask_change(
            unit, creditor_id=claim[0], iban="BE68539007547034", holder="A BV", reason="new bank"
        )
    with units.open(Door.STAFF, by=CARL) as unit:
        approve_account_change(unit, creditor_id=claim[0], change_id=change)
    outcome = run_both(
        units,
        turned,
        lambda unit: approve_account_change(unit, creditor_id=claim[0], change_id=change),
        lambda unit: stop_change(unit, creditor_id=claim[0], change_id=change, why="fraud"),
    )
    assert outcome.done == [not turned, True]
    assert one(units, "SELECT state FROM creditor_account_change") == "refused"


def test_a24_one_person_twice_at_once_is_one_person(units, claim):
    with units.open(Door.STAFF, by="user:manager") as unit:
        change = ask_change(
            unit, creditor_id=claim[0], iban="BE68539007547034", holder="A BV", reason="new bank"
        )

    def approves(unit):
        approve_account_change(unit, creditor_id=claim[0], change_id=change)

    assert race(units, approves, approves, by=(ANN, ANN)).done == [True, False]
    assert one(units, "SELECT state FROM creditor_account_change") == "confirmed"


@ORDERS
def test_d6_a_payment_and_a_waiver_take_no_more_than_is_owed(units, claim, turned):
    outcome = run_both(
        units,
        turned,
        pays(claim),
        lambda unit: give_up(
            unit, creditor_id=claim[0], claim_id=claim[1], act=Act.waiver,
            amounts=only(Part.principal, eur(6_000)), why="lenience", key="k",
        ),
    )  # fmt: skip
    assert outcome.done == [True, turned]
    open_now = one(units, "SELECT sum(amount_minor) FROM ledger_entry WHERE account = 'claims.principal'")
    over = one(units, "SELECT over_minor FROM payment")
    assert (open_now, over) == ((0, 2_000) if turned else (4_000, 0))


def test_d7_two_payments_over_the_same_claims_in_turned_order_do_not_lock_each_other_out(units, claim):
    with units.open(Door.STAFF, by="x") as unit:
        other = (claim[0], another_claim(unit, claim[0], (10_000,)))
    outcome = race(units, pays(claim, other, minor=1_000), pays(other, claim, minor=1_000, key="other"))
    assert outcome.done == [True, True]
    assert one(units, "SELECT sum(principal_minor) FROM payment") == 4_000


def _promises(claim):
    return lambda unit: make_promise(
        unit, creditor_id=claim[0], claim_id=claim[1], amount=eur(10_000), due_on=unit.today
    )


def _plans(claim):
    return lambda unit: agree_plan(
        unit, creditor_id=claim[0], claim_ids=[claim[1]], wish=Wish(first_on=unit.today, count=1), why="x"
    )


def _settles(claim):
    return lambda unit: offer_settlement(
        unit, creditor_id=claim[0], claim_id=claim[1], amount=eur(9_900), pay_by=unit.today, why="x"
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [(_promises, _settles), (_promises, _plans), (_settles, _plans), (_plans, _settles), (_plans, _plans),
     (_promises, _promises)],
)  # fmt: skip
def test_d5_two_people_agree_different_things_on_one_claim(units, claim, first, second):
    """One agreement stands, so that its debtor knows what he has to pay; a settlement may be promised too."""
    assert race(units, first(claim), second(claim)).done == [True, False]
    standing = "SELECT (SELECT count(*) FROM promise WHERE state = 'open') + (SELECT count(*) FROM plan" \
        " WHERE state = 'active') + (SELECT count(*) FROM settlement WHERE state = 'open')"  # fmt: skip
    assert one(units, standing) == 1


def test_a20_what_arrives_while_a_payout_is_drafted_waits_for_the_next(units, claim):
    """The sums of a payout and its rows are found by two statements; nothing may arrive between them."""
    with units.open(Door.STAFF, by=ANN) as unit:
        for number, arrived_on in enumerate((unit.today, None)):
            unit.session.add(
                PaymentIntent(
                    creditor_id=claim[0], created_at=unit.now, claim_id=claim[1], amount_minor=1_000,
                    currency="EUR", state=IntentState.PAID, provider_ref=f"tr{number}", paid_at=unit.now,
                    arrived_on=arrived_on,
                )
            )  # fmt: skip
        pays(claim, claim, minor=1_000)(unit)
    arrives = text("UPDATE payment_intent SET arrived_on = app.now()::date WHERE provider_ref = 'tr1'")
    with units.open(Door.STAFF, by=ANN) as drafting:
        payable = find_payable(drafting, creditor_id=claim[0], cutoff_on=drafting.today, last_on=None)
        with pytest.raises(OperationalError, match="lock timeout"), units.open(Door.WORKER, by="x") as unit:
            unit.session.connection().execute(text("SET LOCAL lock_timeout = '100ms'"))
            unit.session.connection().execute(arrives)
        assert payable.collected == 1_000
    with units.open(Door.WORKER, by="x") as unit:
        unit.session.connection().execute(arrives)
    draft(units)
    assert one(units, "SELECT collected_minor FROM remittance_run") == 2_000
    assert one(units, "SELECT sum(base_minor) FROM success_fee WHERE run_id IS NOT NULL") == 2_000
