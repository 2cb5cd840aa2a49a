"""Booking payments: allocation by law and by contract, overpayment, closed claims, reversal."""

import threading
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import col, select, update

from agency.claims.giving_up import take_back, waive_rest
from agency.claims.itemisation import itemise
from agency.claims.lifecycle import UnableToMove, claim_to_change, move
from agency.claims.models import Claim
from agency.claims.states import ClaimState
from agency.disputes.raising import raise_dispute
from agency.kernel.errors import AgencyError
from agency.kernel.unit import Door, Unit
from agency.ledger.posting import KeyReused
from agency.ledger.queries import account_balance, claim_balance
from agency.money import Money
from agency.payments.models import Payment, PaymentSource
from agency.payments.settlement import (
    Incoming,
    Settled,
    UnableToSettle,
    reverse_payment,
    settle,
    settle_many,
)
from agency.rules.contract_split import Keeper
from agency.rules.facts import InterestKind, Phase
from tests.made import a_claim, a_creditor

DUE = date(2026, 6, 15)
PAID_ON = date(2026, 7, 15)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def pay(
    unit: Unit,
    creditor: UUID,
    claim: UUID,
    minor: int,
    *,
    key: str = "tr_1#1",
    on: date = PAID_ON,
    source: PaymentSource = PaymentSource.PSP,
    account: str | None = "trust.psp",
    currency: str = "EUR",
) -> Settled:
    return settle(
        unit,
        creditor_id=creditor,
        claim_id=claim,
        source=source,
        source_key=key,
        amount=Money(minor, currency),
        value_on=on,
        trust_account=account,
    )


def balances(unit: Unit) -> dict[str, int]:
    rows = unit.session.connection().execute(
        text(
            "SELECT account, sum(amount_minor)::bigint FROM ledger_entry GROUP BY 1"
            " HAVING sum(amount_minor) <> 0"
        )
    )
    return {row[0]: row[1] for row in rows}


def jobs(unit: Unit) -> int:
    found: int = unit.session.connection().execute(text("SELECT count(*) FROM outbox")).scalar_one()
    return found


def state(unit: Unit, creditor: UUID, claim: UUID) -> str:
    return unit.session.get(Claim, (creditor, claim), populate_existing=True).state


@pytest.fixture
def staff(units):
    with units.open(Door.STAFF, by="user:test") as unit:
        yield unit


class TestSettle:
    def test_pays_costs_then_interest_then_principal_and_splits_by_contract(self, staff):
        creditor = a_creditor(staff)
        claim = a_claim(
            staff,
            creditor_id=creditor,
            invoices=[(100_000, DUE)],
            phase=Phase.amicable,
            costs_from=date(2026, 7, 10),
            costs_minor=15_000,
        )
        pay(staff, creditor, claim, 70_000)
        payment = staff.session.exec(select(Payment)).one()
        assert (payment.costs_minor, payment.interest_minor, payment.principal_minor, payment.over_minor) == (
            15_000,
            845,
            54_155,
            0,
        )
        assert (payment.to_creditor_minor, payment.to_agency_minor) == (55_000, 15_000)
        assert balances(staff) == {
            "claims.principal": 45_845,
            "claims.control": -45_845,
            "trust.psp": 70_000,
            "trust.creditor": -55_000,
            "trust.agency": -15_000,
            "agency.trust": 15_000,
            "agency.costs_income": -15_000,
        }
        asked = itemise(staff, creditor_id=creditor, claim_id=claim, on=PAID_ON)
        assert (asked.principal, asked.interest, asked.costs, asked.paid) == (
            eur(45_845),
            eur(0),
            eur(0),
            eur(70_000),
        )

    def test_lets_the_contract_give_interest_to_the_agency(self, staff):
        creditor = a_creditor(staff, interest_to=Keeper.AGENCY, costs_to=Keeper.CREDITOR)
        claim = a_claim(staff, creditor_id=creditor, invoices=[(100_000, DUE)], phase=Phase.amicable)
        pay(staff, creditor, claim, 100_845)
        assert state(staff, creditor, claim) == ClaimState.PAID
        assert account_balance(staff, account="trust.agency", currency="EUR") == eur(-845)

    def test_owes_what_was_overpaid_back_to_the_debtor(self, staff):
        creditor = a_creditor(staff)
        claim = a_claim(staff, creditor_id=creditor, invoices=[(10_000, DUE)])
        pay(staff, creditor, claim, 12_500)
        assert state(staff, creditor, claim) == ClaimState.PAID
        assert balances(staff) == {
            "trust.psp": 12_500,
            "trust.creditor": -10_000,
            "trust.debtor": -2_500,
        }

    def test_books_a_second_full_payment_as_overpaid(self, staff):
        creditor = a_creditor(staff)
        claim = a_claim(staff, creditor_id=creditor, invoices=[(10_000, DUE)])
        pay(staff, creditor, claim, 10_000)
        pay(staff, creditor, claim, 10_000, key="bank-1", source=PaymentSource.BANK, account="trust.suspense")
        assert account_balance(staff, account="trust.debtor", currency="EUR") == eur(-10_000)
        assert account_balance(staff, account="trust.creditor", currency="EUR") == eur(-10_000)

    @pytest.mark.parametrize("closed", [ClaimState.WITHDRAWN, ClaimState.CLOSED])
    def test_holds_money_for_a_claim_that_is_no_longer_collected(self, staff, closed):
        creditor = a_creditor(staff)
        claim = a_claim(staff, creditor_id=creditor, invoices=[(10_000, DUE)], state=closed)
        settled = pay(staff, creditor, claim, 10_000)
        assert (settled.outcome, settled.reason) == ("held", f"claim_{closed}")
        assert balances(staff)["trust.suspense"] == -10_000
        assert "trust.creditor" not in balances(staff)
        assert state(staff, creditor, claim) == closed

    def test_holds_another_currency_without_converting(self, staff):
        creditor = a_creditor(staff)
        claim = a_claim(staff, creditor_id=creditor, invoices=[(10_000, DUE)])
        assert pay(staff, creditor, claim, 10_000, currency="USD").reason == "other_currency"
        assert claim_balance(staff, creditor_id=creditor, claim_id=claim).principal == eur(10_000)

    def test_books_once_per_key_and_refuses_another_amount_under_it(self, staff):
        creditor = a_creditor(staff)
        claim = a_claim(staff, creditor_id=creditor, invoices=[(10_000, DUE)])
        first = pay(staff, creditor, claim, 4_000)
        assert pay(staff, creditor, claim, 4_000) == first
        with pytest.raises(KeyReused):
            pay(staff, creditor, claim, 4_001)
        assert claim_balance(staff, creditor_id=creditor, claim_id=claim).principal == eur(6_000)

    @pytest.mark.parametrize("minor", [0, -1])
    def test_refuses_nothing_and_less(self, staff, minor):
        creditor = a_creditor(staff)
        claim = a_claim(staff, creditor_id=creditor, invoices=[(10_000, DUE)])
        with pytest.raises(UnableToSettle):
            pay(staff, creditor, claim, minor)
        assert not staff.session.exec(select(Payment)).all()

    def test_lowers_announced_costs_after_a_part_payment_within_the_term(self, staff):
        creditor = a_creditor(staff)
        claim = a_claim(
            staff,
            creditor_id=creditor,
            invoices=[(100_000, DUE)],
            phase=Phase.amicable,
            interest_kind=InterestKind.trade,
            costs_from=date(2026, 7, 20),
            costs_minor=15_000,
        )
        pay(staff, creditor, claim, 60_845)
        row = staff.session.get(Claim, (creditor, claim), populate_existing=True)
        assert row.costs_minor == 6_000  # 15 % of the 400 still open
        asked = itemise(staff, creditor_id=creditor, claim_id=claim, on=date(2026, 7, 20))
        assert asked.costs == eur(6_000)

    def test_lowered_costs_are_those_of_what_is_asked_and_fall_with_what_is_contested_after(self, staff):
        creditor = a_creditor(staff)
        claim = a_claim(
            staff,
            creditor_id=creditor,
            invoices=[(100_000, DUE)],
            phase=Phase.amicable,
            costs_from=date(2026, 7, 20),
            costs_minor=9_000,  # 15 % of the 600 that nobody contests
        )
        whose = {"creditor_id": creditor, "claim_id": claim}
        raise_dispute(staff, **whose, reason="quality", disputed=eur(40_000))
        staff.session.exec(
            update(Claim)
            .where(col(Claim.id) == claim)
            .values(costs_over_minor=60_000, costs_left_out_minor=40_000)
        )
        interest = itemise(staff, **whose, on=PAID_ON).interest
        pay(staff, creditor, claim, 30_000 + interest.minor)
        row = staff.session.get(Claim, (creditor, claim), populate_existing=True)
        assert (row.costs_minor, row.costs_over_minor, row.costs_left_out_minor) == (4_500, 30_000, 40_000)
        raise_dispute(staff, **whose, reason="quality", disputed=eur(60_000))
        asked = itemise(staff, **whose, on=date(2026, 7, 20), undisputed=True)
        assert (asked.principal, asked.notice_costs) == (eur(10_000), eur(1_500))

    def test_asks_no_costs_when_all_was_paid_within_the_term(self, staff):
        creditor = a_creditor(staff)
        claim = a_claim(
            staff,
            creditor_id=creditor,
            invoices=[(100_000, DUE)],
            phase=Phase.amicable,
            costs_from=date(2026, 7, 20),
            costs_minor=15_000,
        )
        pay(staff, creditor, claim, 100_845)
        assert state(staff, creditor, claim) == ClaimState.PAID
        assert claim_balance(staff, creditor_id=creditor, claim_id=claim).total == eur(0)

    def test_asks_no_costs_of_a_claim_that_ended_within_the_term_whatever_is_paid_after(self, staff):
        """A12: what was left was given up before they fell due; a later payment is too much, all of it."""
        creditor, today = a_creditor(staff), staff.today
        claim = a_claim(
            staff,
            creditor_id=creditor,
            invoices=[(6_652, today - timedelta(days=30))],
            phase=Phase.amicable,
            costs_from=today + timedelta(days=10),
            costs_minor=4_000,
        )
        whose = {"creditor_id": creditor, "claim_id": claim}
        pay(staff, creditor, claim, 6_652, on=today)
        left = itemise(staff, **whose, on=today).total
        assert left == itemise(staff, **whose, on=today).principal > eur(0)
        given_up = waive_rest(staff, **whose, key="small", why="small", close_code="paid")
        assert state(staff, creditor, claim) == ClaimState.PAID
        later = today + timedelta(days=20)
        assert itemise(staff, **whose, on=later).total == eur(0)
        pay(staff, creditor, claim, 2_500, key="again", on=later)
        assert account_balance(staff, account="trust.debtor", currency="EUR") == eur(-2_500)

        take_back(staff, creditor_id=creditor, transaction_id=given_up, why="owed after all")
        assert itemise(staff, **whose, on=later).costs == eur(4_000)

    def test_books_an_earlier_value_date_on_what_later_payments_left(self, staff):
        creditor = a_creditor(staff)
        claim = a_claim(staff, creditor_id=creditor, invoices=[(10_000, DUE)])
        pay(staff, creditor, claim, 9_000, on=PAID_ON)
        pay(staff, creditor, claim, 9_000, key="late", on=date(2026, 7, 1))
        assert account_balance(staff, account="trust.creditor", currency="EUR") == eur(-10_000)
        assert account_balance(staff, account="trust.debtor", currency="EUR") == eur(-8_000)

    def test_tells_the_timeline_once(self, staff):
        creditor = a_creditor(staff)
        claim = a_claim(staff, creditor_id=creditor, invoices=[(10_000, DUE)])
        pay(staff, creditor, claim, 10_000)
        pay(staff, creditor, claim, 10_000)
        kinds = staff.session.connection().execute(text("SELECT kind FROM event ORDER BY position"))
        assert sorted(kinds.scalars()) == ["ClaimMoved", "ClaimPaidOff", "PaymentReceived"]


class TestSettleMany:
    def test_equals_settling_one_by_one(self, units):
        ledgers = []
        for together in (True, False):
            with units.open(Door.STAFF, by="user:test") as unit:
                creditor = a_creditor(unit)
                claims = [
                    a_claim(
                        unit,
                        creditor_id=creditor,
                        invoices=[(50_000 + 100 * n, DUE)],
                        phase=Phase.amicable,
                        costs_from=date(2026, 7, 1),
                        costs_minor=7_500,
                    )
                    for n in range(4)
                ]
                incoming = [
                    Incoming(
                        creditor_id=creditor,
                        claim_id=claims[n % 4],
                        source=PaymentSource.BANK,
                        source_key=f"line-{creditor}-{n}",
                        amount=eur(11_111 * (n + 1)),
                        value_on=PAID_ON,
                        trust_account="trust.suspense",
                    )
                    for n in range(7)
                ]
                if together:
                    settle_many(unit, incoming)
                else:
                    for one in incoming:
                        settle_many(unit, [one])
                rows = unit.session.connection().execute(
                    text(
                        "SELECT e.account, t.kind, e.amount_minor, t.effective_on FROM ledger_entry e JOIN"
                        " ledger_transaction t ON t.id = e.transaction_id AND t.creditor_id = e.creditor_id"
                        " WHERE e.creditor_id = :c ORDER BY 1, 2, 3"
                    ),
                    {"c": creditor},
                )
                ledgers.append(rows.all())
        assert ledgers[0] == ledgers[1]


class TestReverse:
    def test_restores_the_ledger_and_brings_the_claim_back(self, staff):
        creditor = a_creditor(staff)
        claim = a_claim(staff, creditor_id=creditor, invoices=[(10_000, DUE)])
        before = balances(staff)
        settled = pay(staff, creditor, claim, 10_000)
        for _ in range(2):
            reverse_payment(
                staff,
                creditor_id=creditor,
                payment_id=settled.payment_id,
                why="chargeback",
                effective_on=date(2026, 8, 1),
            )
        assert balances(staff) == before
        assert state(staff, creditor, claim) == ClaimState.ACTIVE
        asked = itemise(staff, creditor_id=creditor, claim_id=claim, on=date(2026, 8, 1))
        assert (asked.principal, asked.paid) == (eur(10_000), eur(0))

    def test_told_again_after_another_payment_leaves_the_claim_paid_and_tells_nobody(self, staff):
        """A15: a chargeback that is told twice, with a new payment in between."""
        creditor = a_creditor(staff)
        claim = a_claim(staff, creditor_id=creditor, invoices=[(10_000, DUE)])
        first = pay(staff, creditor, claim, 10_000)
        named = {"creditor_id": creditor, "payment_id": first.payment_id, "why": "chargeback"}
        reverse_payment(staff, **named, effective_on=date(2026, 8, 1))
        pay(staff, creditor, claim, 20_000, key="tr_2#1", on=date(2026, 8, 2))
        assert state(staff, creditor, claim) == ClaimState.PAID
        told = jobs(staff)
        reverse_payment(staff, **named, effective_on=date(2026, 8, 3))
        assert state(staff, creditor, claim) == ClaimState.PAID
        assert jobs(staff) == told


class TestRaces:
    def together(self, units, *works) -> list[AgencyError]:
        start = threading.Barrier(len(works))
        errors: list[AgencyError] = []

        def run(work):
            try:
                with units.open(Door.STAFF, by="user:race") as unit:
                    start.wait(10)
                    work(unit)
            except AgencyError as error:
                errors.append(error)

        threads = [threading.Thread(target=run, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        return errors

    def test_a_link_payment_and_a_transfer_at_the_same_time_are_both_booked(self, units):
        """A16: the second is overpaid."""
        with units.open(Door.STAFF, by="user:x") as unit:
            creditor = a_creditor(unit)
            claim = a_claim(unit, creditor_id=creditor, invoices=[(10_000, DUE)])
        assert not self.together(
            units,
            lambda unit: pay(unit, creditor, claim, 10_000),
            lambda unit: pay(
                unit, creditor, claim, 10_000, key="b", source=PaymentSource.BANK, account="trust.suspense"
            ),
        )
        with units.open(Door.STAFF, by="user:x") as unit:
            assert balances(unit)["trust.creditor"] == -10_000
            assert balances(unit)["trust.debtor"] == -10_000

    def test_two_part_payments_lose_no_update(self, units):
        """D6."""
        with units.open(Door.STAFF, by="user:x") as unit:
            creditor = a_creditor(unit)
            claim = a_claim(unit, creditor_id=creditor, invoices=[(10_000, DUE)])
        assert not self.together(
            units,
            *(lambda unit, n=n: pay(unit, creditor, claim, 2_000, key=f"k{n}") for n in range(4)),
        )
        with units.open(Door.STAFF, by="user:x") as unit:
            assert claim_balance(unit, creditor_id=creditor, claim_id=claim).principal == eur(2_000)

    def test_the_same_payment_told_by_two_workers_is_booked_once(self, units):
        """A1."""
        with units.open(Door.STAFF, by="user:x") as unit:
            creditor = a_creditor(unit)
            claim = a_claim(unit, creditor_id=creditor, invoices=[(10_000, DUE)])
        assert not self.together(units, *([lambda unit: pay(unit, creditor, claim, 2_000)] * 4))
        with units.open(Door.STAFF, by="user:x") as unit:
            assert balances(unit)["trust.psp"] == 2_000

    def test_withdrawal_against_payment_ends_in_one_of_two_lawful_states(self, units):
        """D11."""

        def withdraw(unit):
            row = claim_to_change(unit, creditor_id=creditor, claim_id=claim)
            move(unit, claim=row, to=ClaimState.WITHDRAWN, why="asked")

        with units.open(Door.STAFF, by="user:x") as unit:
            creditor = a_creditor(unit)
            claim = a_claim(unit, creditor_id=creditor, invoices=[(10_000, DUE)])
        errors = self.together(units, withdraw, lambda unit: pay(unit, creditor, claim, 10_000))
        with units.open(Door.STAFF, by="user:x") as unit:
            ended = state(unit, creditor, claim)
            if ended == ClaimState.PAID:
                assert [type(error) for error in errors] == [UnableToMove]
                assert balances(unit)["trust.creditor"] == -10_000
            else:
                assert not errors
                assert ended == ClaimState.WITHDRAWN
                assert balances(unit)["trust.suspense"] == -10_000
