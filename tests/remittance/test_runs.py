"""From a payment to a payout seen on the bank: fees, the second person, the red proof, the file."""

import hashlib
import threading
from datetime import date
from uuid import UUID

import pytest
from lxml import etree
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from agency.banking.importing import import_statements
from agency.banking.matching import match_lines
from agency.banking.proof import prove
from agency.banking.suspense import undo_line
from agency.claims.models import Claim
from agency.kernel.errors import AgencyError
from agency.kernel.settings import Settings
from agency.kernel.unit import Door, Unit, Units
from agency.ledger.queries import account_balance
from agency.money import Money
from agency.parties.models import RemittanceMode
from agency.payments.models import Payment, PaymentSource
from agency.payments.settlement import reverse_payment, settle
from agency.remittance.fees import charge_fees
from agency.remittance.models import RemittanceRun, SuccessFee
from agency.remittance.orders import PayoutsBlocked
from agency.remittance.paid import see_payouts
from agency.remittance.queries import read_run
from agency.remittance.runs import (
    NotTheSecondPerson,
    ToApprove,
    UnableToApprove,
    approve_all,
    approve_run,
    cancel_run,
    download_file,
    draft_runs,
    to_approve,
)
from portal.payouts import export_payouts
from tests.banking.test_importing import IBAN, a_line, a_statement
from tests.made import a_claim, a_creditor, an_accepted_price
from tests.remittance.out import rows_of, waiting_for_payout

DRAFTER, APPROVER = "user:ann", "user:bob"
SETTINGS = Settings(trust_iban=IBAN)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def owed(unit: Unit, **creditor_facts) -> tuple[UUID, UUID]:
    creditor = a_creditor(unit, **creditor_facts)
    claim = a_claim(unit, creditor_id=creditor, invoices=[(100_000, unit.today)])
    an_accepted_price(unit, creditor_id=creditor, claim_id=claim)
    return creditor, claim


def bank_pays(unit: Unit, creditor: UUID, claim: UUID, minor: int, *, key: str, opening: int = 0) -> None:
    reference = unit.session.get_one(Claim, (creditor, claim)).payment_reference
    statement = a_statement(
        key,
        (a_line(key, minor, on=unit.today, text=f"betaling {reference}"),),
        opening=opening,
        on=unit.today,
    )
    import_statements(unit, content=key.encode(), reader=lambda _: [statement], iban=IBAN)
    assert match_lines(unit) == 1


@pytest.fixture
def collected(units: Units) -> tuple[UUID, UUID]:
    """A creditor whose claim of 1,000.00 was paid by bank; the fee is 10 % and VAT."""
    with units.open(Door.STAFF, by="system:test") as unit:
        creditor, claim = owed(unit)
        bank_pays(unit, creditor, claim, 100_000, key="s1")
    return creditor, claim


def draft(units: Units, by: str = DRAFTER) -> list[tuple[UUID, UUID]]:
    with units.open(Door.STAFF, by=by) as unit:
        return draft_runs(unit, cutoff_on=unit.today)


def approve(units: Units, creditor: UUID, run: UUID, by: str = APPROVER) -> None:
    with units.open(Door.STAFF, by=by) as unit:
        approve_run(unit, creditor_id=creditor, run_id=run)


class TestApprovingAll:
    """A house with hundreds of creditors approves a day's drafts at once, knowing how much leaves."""

    @pytest.fixture
    def drafts(self, units: Units) -> list[tuple[UUID, UUID]]:
        with units.open(Door.STAFF, by="system:test") as unit:
            for number, key in enumerate(("s1", "s2", "s3")):
                creditor, claim = owed(unit)
                bank_pays(unit, creditor, claim, 100_000, key=key, opening=number * 100_000)
        return draft(units)

    def states(self, unit) -> list[str]:
        found = unit.session.connection().execute(text("SELECT state FROM remittance_run ORDER BY state"))
        return list(found.scalars())

    def test_approves_what_others_drafted_and_nothing_of_ones_own(self, units, drafts):
        with units.open(Door.STAFF, by=DRAFTER) as unit:
            assert to_approve(unit) == ToApprove(0, eur(0))
        with units.open(Door.STAFF, by=APPROVER) as unit:
            read = to_approve(unit)
            assert read == ToApprove(3, eur(3 * 87_900))
            approve_all(unit, read=read)
            assert self.states(unit) == ["approved"] * 3

    def test_approves_none_when_it_is_not_what_was_read(self, units, drafts):
        with units.open(Door.STAFF, by=APPROVER) as unit:
            read = to_approve(unit)
        creditor, run = drafts[0]
        with units.open(Door.STAFF, by=DRAFTER) as unit:
            cancel_run(unit, creditor_id=creditor, run_id=run, why="wrong")
        with pytest.raises(UnableToApprove), units.open(Door.STAFF, by=APPROVER) as unit:
            approve_all(unit, read=read)
        with units.open(Door.STAFF, by=APPROVER) as unit:
            assert self.states(unit) == ["cancelled", "draft", "draft"]

    def test_leaves_out_what_cannot_leave(self, units, drafts):
        with units.open(Door.STAFF, by="system:test") as unit:
            line = unit.session.connection().execute(text("SELECT id FROM bank_line ORDER BY id LIMIT 1"))
            undo_line(unit, line_id=line.scalar_one(), why="another claim")
        with units.open(Door.STAFF, by=APPROVER) as unit:
            read = to_approve(unit)
            assert read == ToApprove(2, eur(2 * 87_900))
            approve_all(unit, read=read)
            assert self.states(unit) == ["approved", "approved", "draft"]


class TestTheWholeWay:
    def test_ends_with_the_creditor_paid_and_every_balance_explained(self, units, collected):
        creditor, _ = collected
        [(_, run)] = draft(units)
        approve(units, creditor, run)
        with units.open(Door.STAFF, by=APPROVER) as unit:
            file = export_payouts(unit, settings=SETTINGS)
            root = etree.fromstring(file.content)
            amounts = root.xpath("//*[local-name()='InstdAmt']/text()")
            [end_to_end] = root.xpath("//*[local-name()='EndToEndId']/text()")
            assert amounts == ["879.00"]
            assert account_balance(unit, account="trust.in_transit", currency="EUR") == eur(-87_900)
        with units.open(Door.STAFF, by="system:bank") as unit:
            out = a_statement(
                "s2",
                (a_line("out", -87_900, on=unit.today, end_to_end=end_to_end),),
                opening=100_000,
                on=unit.today,
            )
            import_statements(unit, content=b"s2", reader=lambda _: [out], iban=IBAN)
            assert see_payouts(unit) == 1
            assert see_payouts(unit) == 0
            paid = read_run(unit, creditor_id=creditor, run_id=run)
            assert (paid.state, paid.collected, paid.fee, paid.vat, paid.net) == (
                "paid",
                eur(100_000),
                eur(10_000),
                eur(2_100),
                eur(87_900),
            )
            balances = {
                account: account_balance(unit, account=account, currency="EUR").minor
                for account in ("trust.bank", "trust.creditor", "trust.agency", "trust.in_transit")
            }
            assert balances == {
                "trust.bank": 12_100,
                "trust.creditor": 0,
                "trust.agency": -12_100,
                "trust.in_transit": 0,
            }
            assert prove(unit, on=unit.today).green

    def test_keeps_each_payment_with_its_fee_and_why(self, units, collected):
        creditor, _ = collected
        [(_, run)] = draft(units)
        with units.open(Door.CREDITOR, by="user:c", creditor_id=creditor) as unit:
            [fee] = rows_of(unit, SuccessFee, creditor_id=creditor, run_id=run)
            assert (fee.base_minor, fee.fee_bps, fee.net_minor, fee.vat_minor) == (
                100_000,
                1_000,
                10_000,
                2_100,
            )
            assert fee.trace[-1]["rule"] == "fee.vat"
            assert waiting_for_payout(unit, creditor) == eur(100_000)

    def test_gives_the_same_bytes_at_every_download_and_counts_them(self, units, collected):
        creditor, _ = collected
        [(_, run)] = draft(units)
        approve(units, creditor, run)
        with units.open(Door.STAFF, by=APPROVER) as unit:
            file_id, sha256 = (file := export_payouts(unit, settings=SETTINGS)).id, file.sha256
        for count in (1, 2):
            with units.open(Door.STAFF, by=APPROVER) as unit:
                _, content, downloads = download_file(unit, file_id=file_id)
            assert (hashlib.sha256(content).hexdigest(), downloads) == (sha256, count)


def a_gap_between_statements(units: Units) -> None:
    """A statement that does not begin where the last one ended."""
    with units.open(Door.STAFF, by="system:bank") as unit:
        gap = a_statement("s9", (), opening=999_999, on=unit.today)
        import_statements(unit, content=b"gap", reader=lambda _: [gap], iban=IBAN)


class TestApproval:
    def test_needs_another_person(self, units, collected):
        creditor, _ = collected
        [(_, run)] = draft(units)
        with pytest.raises(NotTheSecondPerson):
            approve(units, creditor, run, by=DRAFTER)
        with units.open(Door.STAFF, by="x") as unit:
            assert unit.session.get_one(RemittanceRun, (creditor, run)).state == "draft"

    def test_by_the_same_person_is_refused_by_the_database_too(self, units, collected):
        creditor, _ = collected
        [(_, run)] = draft(units)
        with pytest.raises(IntegrityError), units.open(Door.STAFF, by=DRAFTER) as unit:
            unit.session.get_one(RemittanceRun, (creditor, run)).approved_by = DRAFTER

    def test_is_blocked_while_the_proof_is_red(self, units, collected):
        creditor, _ = collected
        [(_, run)] = draft(units)
        a_gap_between_statements(units)
        with pytest.raises(PayoutsBlocked, match="P2"):
            approve(units, creditor, run)

    def test_given_before_the_proof_turned_red_pays_nothing_out(self, units, collected):
        """B4, B18."""
        creditor, _ = collected
        [(_, run)] = draft(units)
        approve(units, creditor, run)
        a_gap_between_statements(units)
        with pytest.raises(PayoutsBlocked, match="P2"), units.open(Door.STAFF, by=APPROVER) as unit:
            export_payouts(unit, settings=SETTINGS)
        with units.open(Door.STAFF, by="x") as unit:
            assert unit.session.get_one(RemittanceRun, (creditor, run)).state == "approved"

    def test_finds_a_shortfall_of_one_cent(self, units, collected, fresh_database):
        """B18: the owner of the tables, who can switch the guards off, is still found out."""
        creditor, _ = collected
        [(_, run)] = draft(units)
        owner = create_engine(fresh_database[1])
        with owner.begin() as connection:
            connection.execute(text("ALTER TABLE ledger_entry NO FORCE ROW LEVEL SECURITY"))
            connection.execute(text("ALTER TABLE ledger_entry DISABLE TRIGGER USER"))
            connection.execute(
                text(
                    "UPDATE ledger_entry SET amount_minor = amount_minor - 1 WHERE account = 'trust.creditor'"
                )
            )
        owner.dispose()
        with pytest.raises(PayoutsBlocked, match="P1, P3"):
            approve(units, creditor, run)


class TestDrafting:
    def test_twice_or_by_two_people_at_once_makes_one_run(self, units, collected):
        """B15."""
        errors: list[AgencyError] = []
        start = threading.Barrier(2)

        def work(by: str) -> None:
            start.wait(10)
            try:
                draft(units, by)
            except AgencyError as error:
                errors.append(error)

        threads = [threading.Thread(target=work, args=(by,)) for by in (DRAFTER, APPROVER)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        draft(units)
        with units.open(Door.STAFF, by="x") as unit:
            assert len(unit.session.exec(select(RemittanceRun)).all()) == 1

    def test_after_a_cancelled_run_takes_its_payments_up_again(self, units, collected):
        creditor, _ = collected
        [(_, run)] = draft(units)
        with units.open(Door.STAFF, by=APPROVER) as unit:
            cancel_run(unit, creditor_id=creditor, run_id=run, why="wrong account")
        [(_, again)] = draft(units)
        assert again != run

    def test_nets_a_chargeback_after_the_payout_and_lets_nobody_else_pay_for_it(self, units, collected):
        """A14."""
        creditor, _ = collected
        with units.open(Door.STAFF, by="system:test") as unit:
            other, other_claim = owed(unit)
            bank_pays(unit, other, other_claim, 50_000, key="s2", opening=100_000)
        runs = dict(draft(units))
        for of, run in runs.items():
            approve(units, of, run)
        with units.open(Door.STAFF, by=APPROVER) as unit:
            export_payouts(unit, settings=SETTINGS)
            payment = unit.session.exec(select(Payment).where(Payment.creditor_id == creditor)).one()
            reverse_payment(unit, creditor_id=creditor, payment_id=payment.id, why="chargeback")
            assert waiting_for_payout(unit, creditor) == eur(-100_000)
            assert waiting_for_payout(unit, other) == eur(0)
        with units.open(Door.STAFF, by=DRAFTER) as unit:
            charge_fees(unit, creditor_id=creditor)
            nets = [fee.net_minor for fee in unit.session.exec(select(SuccessFee).order_by(SuccessFee.id))
                    if fee.creditor_id == creditor]  # fmt: skip
            assert nets == [10_000, -10_000]
            assert draft_runs(unit, cutoff_on=date(2099, 1, 1)) == []


class TestFees:
    @pytest.mark.parametrize(
        ("facts", "vat"),
        [
            ({}, 2_100),
            ({"country": "BE", "vat_number": "BE0123456749"}, 0),
            ({"country": "BE"}, 2_100),
        ],
    )
    def test_follow_the_price_and_the_creditors_country(self, units, facts, vat):
        with units.open(Door.STAFF, by="x") as unit:
            creditor, claim = owed(unit, **facts)
            settle(
                unit,
                creditor_id=creditor,
                claim_id=claim,
                source=PaymentSource.PSP,
                source_key="tr_1#1",
                amount=eur(100_000),
                value_on=unit.today,
                trust_account="trust.psp",
            )
            assert charge_fees(unit, creditor_id=creditor) == 1
            assert charge_fees(unit, creditor_id=creditor) == 0
            fee = unit.session.exec(select(SuccessFee)).one()
            assert (fee.base_minor, fee.net_minor, fee.vat_minor) == (100_000, 10_000, vat)

    def test_are_invoiced_beside_a_gross_payout(self, units):
        with units.open(Door.STAFF, by=DRAFTER) as unit:
            creditor, claim = owed(unit, mode=RemittanceMode.GROSS)
            bank_pays(unit, creditor, claim, 100_000, key="s1")
            draft_runs(unit, cutoff_on=unit.today)
            run = unit.session.exec(select(RemittanceRun)).one()
            assert (run.collected_minor, run.fee_minor, run.net_minor) == (100_000, 10_000, 100_000)
