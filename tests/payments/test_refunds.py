"""What was paid too much goes back: with four eyes, each cent once, and the books prove it."""

from datetime import date
from uuid import UUID

import pytest
from lxml import etree
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from agency.banking.importing import import_statements
from agency.banking.matching import match_lines
from agency.banking.proof import prove
from agency.banking.suspense import settle_line
from agency.claims.lifecycle import claim_to_change, move
from agency.claims.models import Claim
from agency.claims.states import ClaimState
from agency.kernel.errors import AgencyError
from agency.kernel.settings import Settings
from agency.kernel.unit import Door, Unit, Units
from agency.ledger.queries import account_balance
from agency.money import Money
from agency.payments.giving_back import list_refunds, owed_back_list, owing_back, read_owed_back, read_refund
from agency.payments.models import PaymentSource, Refund
from agency.payments.refunds import (
    BadAccount,
    NotTheSecondPerson,
    UnableToRefund,
    cancel_refund,
    checked_payee,
    request_refund,
)
from agency.payments.settlement import reverse_payment, settle
from agency.remittance.orders import NothingToExport, PayoutsBlocked
from agency.remittance.refund_orders import approve_refund, reject_refund, see_refunds
from agency.remittance.runs import draft_runs
from portal.payouts import export_refund_file
from tests.banking.test_importing import IBAN, a_line, a_statement
from tests.made import a_claim, a_creditor, an_accepted_price

ANN, BOB = "user:ann", "user:bob"
SETTINGS = Settings(trust_iban=IBAN)
PAYER = "NL91ABNA0417164300"


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


class Bank:
    """The trust account's statements, one after the other."""

    def __init__(self) -> None:
        self.number = self.balance = 0

    def books(self, unit: Unit, minor: int, words: str = "", **said) -> None:
        """One statement of one line, imported, matched and looked through for what is our own."""
        self.number += 1
        key = f"refunds-{self.number}"
        line = a_line(key, minor, on=unit.today, text=words, **said)
        read = a_statement(key, (line,), opening=self.balance, on=unit.today)
        self.balance += minor
        import_statements(unit, content=key.encode(), reader=lambda _: [read], iban=IBAN)
        match_lines(unit)
        see_refunds(unit)


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.fixture
def claim(units: Units) -> tuple[UUID, UUID]:
    """A claim of 100.00."""
    with units.open(Door.STAFF, by="system:test") as unit:
        creditor = a_creditor(unit)
        claim_id = a_claim(unit, creditor_id=creditor, invoices=[(10_000, unit.today)])
        an_accepted_price(unit, creditor_id=creditor, claim_id=claim_id)
    return creditor, claim_id


def pays(units: Units, bank: Bank, claim: tuple[UUID, UUID], minor: int) -> UUID:
    """The debtor pays by bank, with the right reference; returns the payment."""
    with units.open(Door.STAFF, by="system:test") as unit:
        reference = unit.session.get_one(Claim, claim).payment_reference
        bank.books(unit, minor, reference, counterparty="J. de Vries", counterparty_iban=PAYER)
        found = unit.session.connection().execute(text("SELECT id FROM payment ORDER BY id DESC LIMIT 1"))
        payment_id: UUID = found.scalar_one()
        return payment_id


def ask(units: Units, claim: tuple[UUID, UUID], payment: UUID, by: str = ANN) -> UUID:
    with units.open(Door.STAFF, by=by) as unit:
        return request_refund(
            unit,
            creditor_id=claim[0],
            payment_id=payment,
            reason="paid twice",
            payee=checked_payee(iban=PAYER, holder="J. de Vries"),
        )


def approve(units: Units, creditor: UUID, refund: UUID, by: str = BOB) -> None:
    with units.open(Door.STAFF, by=by) as unit:
        approve_refund(unit, creditor_id=creditor, refund_id=refund)


def export(units: Units) -> bytes:
    with units.open(Door.STAFF, by=BOB) as unit:
        return bytes(export_refund_file(unit, settings=SETTINGS).content)


def state(units: Units, creditor: UUID, refund: UUID) -> str:
    with units.open(Door.STAFF, by="x") as unit:
        return read_refund(unit, creditor_id=creditor, refund_id=refund).state


def balance(units: Units, account: str) -> int:
    with units.open(Door.STAFF, by="x") as unit:
        return account_balance(unit, account=account, currency="EUR").minor


def proven(units: Units) -> bool:
    with units.open(Door.STAFF, by="x") as unit:
        return prove(unit, on=unit.today).green


class TestTheWholeWay:
    def test_ends_with_the_money_back_and_the_books_proven(self, units, bank, claim):
        """A9: what is paid too much is the debtor's, asked for by one, approved by another, seen to leave."""
        payment = pays(units, bank, claim, 15_000)
        with units.open(Door.STAFF, by=ANN) as unit:
            [owed] = owed_back_list(unit)
            assert (owed.payment_id, owed.amount, owed.payer_iban) == (payment, eur(5_000), PAYER)
        refund = ask(units, claim, payment)
        with units.open(Door.STAFF, by=ANN) as unit:
            assert owed_back_list(unit) == []
        approve(units, claim[0], refund)
        root = etree.fromstring(export(units))
        [end_to_end] = root.xpath("//*[local-name()='EndToEndId']/text()")
        assert root.xpath("//*[local-name()='InstdAmt']/text()") == ["50.00"]
        assert root.xpath("//*[local-name()='CdtrAcct']//*[local-name()='IBAN']/text()") == [PAYER]
        assert (balance(units, "trust.debtor"), balance(units, "trust.in_transit")) == (0, -5_000)
        with units.open(Door.STAFF, by=ANN) as unit:
            bank.books(unit, -5_000, end_to_end=end_to_end)
        assert state(units, claim[0], refund) == "paid"
        assert (balance(units, "trust.in_transit"), balance(units, "trust.suspense")) == (0, 0)
        assert proven(units)

    def test_of_a_payment_on_a_paid_claim_gives_all_of_it_back(self, units, bank, claim):
        """A12: nothing is reopened, and the creditor gets nothing of it."""
        pays(units, bank, claim, 10_000)
        with units.open(Door.STAFF, by="system:test") as unit:
            bank.books(unit, 4_000, "?", counterparty="J. de Vries", counterparty_iban=PAYER)
            line = (
                unit.session.connection()
                .execute(text("SELECT id FROM bank_line WHERE state = 'suspense'"))
                .scalar_one()
            )
            settle_line(unit, line_id=line, creditor_id=claim[0], claim_id=claim[1])
            assert unit.session.get_one(Claim, claim).state == ClaimState.PAID
            [owed] = owed_back_list(unit)
            assert owed.amount == eur(4_000)
        assert balance(units, "trust.creditor") == -10_000

    def test_never_reaches_the_creditors_payout(self, units, bank, claim):
        pays(units, bank, claim, 15_000)
        with units.open(Door.STAFF, by=ANN) as unit:
            draft_runs(unit, cutoff_on=date(2099, 1, 1))
            found = unit.session.connection().execute(text("SELECT collected_minor FROM remittance_run"))
            assert found.scalar_one() == 10_000


class TestFourEyes:
    def test_the_same_person_may_not_approve(self, units, bank, claim):
        refund = ask(units, claim, pays(units, bank, claim, 15_000))
        with pytest.raises(NotTheSecondPerson):
            approve(units, claim[0], refund, by=ANN)
        assert state(units, claim[0], refund) == "requested"

    @pytest.mark.parametrize(
        ("change", "refused_by"),
        [
            ("state = 'approved', approved_by = requested_by", "ck_refund_second_person"),
            ("state = 'exported'", "ck_refund_approved"),
        ],
    )
    def test_nor_does_the_database_let_him(self, units, bank, claim, change, refused_by):
        ask(units, claim, pays(units, bank, claim, 15_000))
        with pytest.raises(IntegrityError, match=refused_by), units.open(Door.STAFF, by=ANN) as unit:
            unit.session.connection().execute(text(f"UPDATE refund SET {change}"))

    def test_nothing_leaves_while_the_proof_is_red(self, units, bank, claim):
        refund = ask(units, claim, pays(units, bank, claim, 15_000))
        with units.open(Door.STAFF, by="system:test") as unit:
            unit.session.connection().execute(text("UPDATE bank_statement SET closing_minor = 1"))
        with pytest.raises(PayoutsBlocked):
            approve(units, claim[0], refund)

    def test_what_nobody_approved_is_in_no_file(self, units, bank, claim):
        ask(units, claim, pays(units, bank, claim, 15_000))
        with pytest.raises(NothingToExport):
            export(units)


class TestTheLimit:
    def test_a_second_refund_finds_nothing_left(self, units, bank, claim):
        """A13."""
        payment = pays(units, bank, claim, 15_000)
        ask(units, claim, payment)
        with pytest.raises(UnableToRefund):
            ask(units, claim, payment, by=BOB)

    def test_the_database_refuses_more_than_was_overpaid(self, units, bank, claim):
        """A13: whatever the program believes."""
        payment = pays(units, bank, claim, 15_000)
        ask(units, claim, payment)
        with pytest.raises(IntegrityError, match="ck_payment_refund"), units.open(Door.STAFF, by=BOB) as unit:
            first = unit.session.connection().execute(text("SELECT * FROM refund")).mappings().one()
            unit.session.add(Refund(**{**first, "id": UUID(int=7), "amount_minor": 1}))
            unit.session.flush()

    def test_a_cancelled_one_makes_room_again(self, units, bank, claim):
        payment = pays(units, bank, claim, 15_000)
        refund = ask(units, claim, payment)
        with units.open(Door.STAFF, by=BOB) as unit:
            cancel_refund(unit, creditor_id=claim[0], refund_id=refund, why="wrong account")
        again = ask(units, claim, payment)
        assert [state(units, claim[0], one) for one in (refund, again)] == ["cancelled", "requested"]

    def test_every_cent_goes_back(self, units, bank, claim):
        payment = pays(units, bank, claim, 10_001)
        refund = ask(units, claim, payment)
        with units.open(Door.STAFF, by=ANN) as unit:
            assert read_refund(unit, creditor_id=claim[0], refund_id=refund).amount == eur(1)

    def test_nothing_goes_back_of_what_was_owed(self, units, bank, claim):
        with pytest.raises(UnableToRefund):
            ask(units, claim, pays(units, bank, claim, 10_000))

    def test_nor_of_what_the_creditor_has(self, units, claim):
        with units.open(Door.STAFF, by=ANN) as unit:
            settled = settle(
                unit,
                creditor_id=claim[0],
                claim_id=claim[1],
                source=PaymentSource.DIRECT,
                source_key="reported",
                amount=eur(12_000),
                value_on=unit.today,
                trust_account=None,
            )
            assert owed_back_list(unit) == []
        with pytest.raises(UnableToRefund):
            ask(units, claim, settled.payment_id)

    @pytest.mark.parametrize(
        ("iban", "holder", "field"),
        [
            ("NL91ABNA0417164301", "J", "iban"),
            ("", "J", "iban"),
            ("geen", "J", "iban"),
            (PAYER, " ", "holder"),
        ],
    )
    def test_an_account_is_checked(self, iban, holder, field):
        with pytest.raises(BadAccount) as refused:
            checked_payee(iban=iban, holder=holder)
        assert refused.value.field == field

    def test_a_bank_payment_needs_an_account(self, units, bank, claim):
        payment = pays(units, bank, claim, 15_000)
        with pytest.raises(BadAccount), units.open(Door.STAFF, by=ANN) as unit:
            request_refund(unit, creditor_id=claim[0], payment_id=payment, reason="x")


class TestComingBack:
    @pytest.fixture
    def on_its_way(self, units, bank, claim) -> tuple[UUID, str]:
        refund = ask(units, claim, pays(units, bank, claim, 15_000))
        approve(units, claim[0], refund)
        export(units)
        with units.open(Door.STAFF, by="x") as unit:
            return refund, read_refund(unit, creditor_id=claim[0], refund_id=refund).end_to_end or ""

    def test_a_transfer_that_the_bank_refused_is_owed_again(self, units, bank, claim, on_its_way):
        """B17."""
        with units.open(Door.STAFF, by=ANN) as unit:
            reject_refund(unit, creditor_id=claim[0], refund_id=on_its_way[0], why="AC04")
            [owed] = owed_back_list(unit)
            assert owed.amount == eur(5_000)
        assert balance(units, "trust.in_transit") == 0
        assert proven(units)

    def test_one_that_came_back_on_the_bank_too(self, units, bank, claim, on_its_way):
        refund, end_to_end = on_its_way
        with units.open(Door.STAFF, by=ANN) as unit:
            bank.books(unit, -5_000, end_to_end=end_to_end)
            bank.books(unit, 5_000, "retour: rekening opgeheven", end_to_end=end_to_end)
            assert read_refund(unit, creditor_id=claim[0], refund_id=refund).state == "rejected"
            [owed] = owed_back_list(unit)
            assert owed.amount == eur(5_000)
        assert balance(units, "trust.debtor") == -5_000
        assert balance(units, "trust.suspense") == balance(units, "trust.in_transit") == 0
        assert proven(units)

    def test_a_second_debit_of_one_refund_waits_for_a_person(self, units, bank, claim, on_its_way):
        with units.open(Door.STAFF, by=ANN) as unit:
            for _ in range(2):
                bank.books(unit, -5_000, end_to_end=on_its_way[1])
            waiting = unit.session.connection().execute(
                text("SELECT count(*) FROM bank_line WHERE state = 'suspense'")
            )
            assert waiting.scalar_one() == 1


class TestChargebacks:
    def charge_back(self, units, claim, payment):
        with units.open(Door.STAFF, by="system:test") as unit:
            reverse_payment(
                unit, creditor_id=claim[0], payment_id=payment, why="chargeback", effective_on=unit.today
            )

    def test_before_the_refund_left_cancel_it(self, units, bank, claim):
        payment = pays(units, bank, claim, 15_000)
        refund = ask(units, claim, payment)
        approve(units, claim[0], refund)
        self.charge_back(units, claim, payment)
        assert state(units, claim[0], refund) == "cancelled"
        with pytest.raises(NothingToExport):
            export(units)

    def test_after_it_left_the_debtor_owes_it_and_nobody_else_pays(self, units, bank, claim):
        payment = pays(units, bank, claim, 15_000)
        refund = ask(units, claim, payment)
        approve(units, claim[0], refund)
        export(units)
        self.charge_back(units, claim, payment)
        assert state(units, claim[0], refund) == "exported"
        with units.open(Door.STAFF, by="x") as unit:
            [owes] = owing_back(unit)
            assert owes.amount == eur(5_000)
            assert owed_back_list(unit) == []

    def test_such_a_debt_counts_against_the_next_overpayment(self, units, bank, claim):
        payment = pays(units, bank, claim, 15_000)
        refund = ask(units, claim, payment)
        approve(units, claim[0], refund)
        export(units)
        self.charge_back(units, claim, payment)
        with units.open(Door.STAFF, by="x") as unit:
            settle(
                unit,
                creditor_id=claim[0],
                claim_id=claim[1],
                source=PaymentSource.PSP,
                source_key="tr_9#1",
                amount=eur(17_000),
                value_on=unit.today,
                trust_account="trust.psp",
            )
            [owed] = owed_back_list(unit)
            assert owed.amount == eur(2_000)
            assert read_owed_back(unit, creditor_id=claim[0], origin_id=owed.payment_id) == owed

    def test_a_payment_that_was_taken_back_has_nothing_to_give(self, units, bank, claim):
        payment = pays(units, bank, claim, 15_000)
        self.charge_back(units, claim, payment)
        with pytest.raises(AgencyError):
            ask(units, claim, payment)


def test_a_creditor_sees_no_refund(units, bank, claim):
    ask(units, claim, pays(units, bank, claim, 15_000))
    with units.open(Door.STAFF, by="x") as unit:
        assert len(list_refunds(unit)) == 1
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        units.open(Door.CREDITOR, by="user:c", creditor_id=claim[0]) as unit,
    ):
        unit.session.connection().execute(text("SELECT * FROM refund"))


def test_withdrawn_claims_money_by_bank_stays_in_suspense(units, bank, claim):
    """A11."""
    with units.open(Door.STAFF, by="x") as unit:
        taken = claim_to_change(unit, creditor_id=claim[0], claim_id=claim[1])
        reference = taken.payment_reference
        move(unit, claim=taken, to=ClaimState.WITHDRAWN, why="creditor asked")
        bank.books(unit, 10_000, reference, counterparty_iban=PAYER)
        assert unit.session.connection().execute(text("SELECT count(*) FROM payment")).scalar_one() == 0
    assert balance(units, "trust.suspense") == -10_000


class TestTwoOverpayments:
    """A13: what goes back of one payment is neither more than was too much of it, nor what the other owes."""

    def test_of_each_payment_only_its_own_goes_back(self, units, bank, claim):
        first = pays(units, bank, claim, 12_000)
        with units.open(Door.STAFF, by=ANN) as unit:
            booked = settle(
                unit, creditor_id=claim[0], claim_id=claim[1], source=PaymentSource.PSP, source_key="tr_9#1",
                amount=eur(3_000), value_on=unit.today, trust_account="trust.psp",
            )  # fmt: skip
        second = booked.payment_id
        assert second is not None
        ask(units, claim, first)
        with pytest.raises(UnableToRefund):
            ask(units, claim, first)
        with units.open(Door.STAFF, by=ANN) as unit:
            assert [(one.payment_id, one.amount) for one in list_refunds(unit)] == [(first, eur(2_000))]
        ask(units, claim, second)
        with units.open(Door.STAFF, by=ANN) as unit:
            assert sorted(one.amount.minor for one in list_refunds(unit)) == [2_000, 3_000]
            assert owed_back_list(unit) == []

    def test_what_was_given_back_of_money_that_never_stayed_is_not_given_twice(self, units, bank, claim):
        first = pays(units, bank, claim, 12_000)
        refund = ask(units, claim, first)
        approve(units, claim[0], refund)
        export(units)
        with units.open(Door.STAFF, by=ANN) as unit:
            reverse_payment(
                unit, creditor_id=claim[0], payment_id=first, why="chargeback", effective_on=unit.today
            )
        second = pays(units, bank, claim, 12_000)
        with pytest.raises(UnableToRefund):
            ask(units, claim, second)
