"""The agency's own share: what it has in trust, and how it leaves like any other payout."""

import pytest
from lxml import etree
from sqlalchemy import text
from sqlmodel import select

from agency.banking.models import BankLine
from agency.banking.proof import prove
from agency.banking.suspense import undo_line
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Door
from agency.ledger.queries import account_balance
from agency.payments.models import IntentState, PaymentIntent, PaymentSource
from agency.payments.settlement import settle
from agency.remittance.models import FeeInvoice
from agency.remittance.orders import NothingToExport
from agency.remittance.own_share import own_share
from agency.remittance.paid import see_payouts
from agency.remittance.returned import RefusedPayout, put_forward_again, see_returned, take_back_refused
from agency.remittance.runs import (
    NotTheSecondPerson,
    UnableToApprove,
    approve_run,
    cancel_run,
    draft_own_run,
)
from agency.rules.facts import Phase
from portal.payouts import export_payouts
from tests.banking.test_importing import IBAN
from tests.made import a_claim
from tests.remittance.out import (
    APPROVER,
    DRAFTER,
    SETTINGS,
    approve_all,
    bank_says,
    eur,
    export,
    pay_out,
    rows_of,
    run_of,
)
from tests.remittance.test_runs import bank_pays, owed

ACCOUNTS = ("trust.bank", "trust.creditor", "trust.agency", "trust.in_transit", "agency.trust", "agency.bank")


@pytest.fixture
def kept(units):
    """Of 1,000.00 on the bank 879.00 went to the creditor; 121.00 is the agency's."""
    with units.open(Door.STAFF, by="system:test") as unit:
        creditor, claim = owed(unit)
        bank_pays(unit, creditor, claim, 100_000, key="s1")
    pay_out(units)
    bank_says(units, "s2", (-87_900, run_of(units, creditor).end_to_end), opening=100_000)
    with units.open(Door.STAFF, by="x") as unit:
        assert see_payouts(unit) == 1
        assert prove(unit, on=unit.today).green
    return creditor


def draft(units, by=DRAFTER):
    with units.open(Door.STAFF, by=by) as unit:
        return draft_own_run(unit)


def with_costs(unit, creditor):
    """A claim on which 150.00 of costs is due; they are the agency's."""
    return a_claim(
        unit, creditor_id=creditor, invoices=[(100_000, unit.today)], phase=Phase.amicable,
        costs_from=unit.today, costs_minor=15_000,
    )  # fmt: skip


def share(units) -> tuple[int, int, int, int]:
    with units.open(Door.STAFF, by="x") as unit:
        found = own_share(unit)
        return found.held.minor, found.on_its_way.minor, found.in_runs.minor, found.free.minor


def balances(units) -> dict[str, int]:
    with units.open(Door.STAFF, by="x") as unit:
        found = {one: account_balance(unit, account=one, currency="EUR").minor for one in ACCOUNTS}
        assert prove(unit, on=unit.today).green
        return {account: minor for account, minor in found.items() if minor}


class TestTheWholeWay:
    def test_ends_on_the_agencys_own_account_with_every_balance_explained(self, units, kept):
        assert share(units) == (12_100, 0, 0, 12_100)
        assert draft(units)
        assert share(units) == (12_100, 0, 12_100, 0)
        approve_all(units)
        file = export(units)
        root = etree.fromstring(file.content)
        assert root.xpath("//*[local-name()='InstdAmt']/text()") == ["121.00"]
        assert root.xpath("//*[local-name()='CdtrAcct']//*[local-name()='IBAN']/text()") == [
            SETTINGS.agency_iban
        ]
        assert balances(units) == {"trust.bank": 12_100, "trust.in_transit": -12_100, "agency.trust": 12_100}
        bank_says(units, "s3", (-12_100, run_of(units, HOUSE).end_to_end), opening=12_100)
        with units.open(Door.STAFF, by="x") as unit:
            assert see_payouts(unit) == 1
        assert balances(units) == {"agency.bank": 12_100}
        assert run_of(units, HOUSE).state == "paid"

    def test_invoices_nobody(self, units, kept):
        draft(units)
        approve_all(units)
        export(units)
        with units.open(Door.STAFF, by="x") as unit:
            assert rows_of(unit, FeeInvoice, creditor_id=HOUSE) == []

    def test_is_drafted_once_a_day_and_not_when_there_is_nothing(self, units, kept):
        assert draft(units)
        assert draft(units) is None
        with units.open(Door.STAFF, by=DRAFTER) as unit:
            cancel_run(unit, creditor_id=HOUSE, run_id=run_of(units, HOUSE).id, why="not yet")
        assert draft(units)

    def test_needs_another_person(self, units, kept):
        run = draft(units)
        with pytest.raises(NotTheSecondPerson), units.open(Door.STAFF, by=DRAFTER) as unit:
            approve_run(unit, creditor_id=HOUSE, run_id=run)

    def test_never_goes_from_the_trust_account_to_itself(self, units, kept):
        draft(units)
        approve_all(units)
        same = SETTINGS.model_copy(update={"agency_iban": IBAN})
        with pytest.raises(NothingToExport), units.open(Door.STAFF, by=APPROVER) as unit:
            export_payouts(unit, settings=same)


class TestWhatWasTakenBack:
    def test_is_not_paid_out_of_other_peoples_money(self, units, kept):
        """Costs that the agency kept go back with their payment, also when they were drafted."""
        with units.open(Door.STAFF, by="system:test") as unit:
            claim = with_costs(unit, kept)
            bank_pays(unit, kept, claim, 15_000, key="s3", opening=12_100)
        draft(units)
        assert share(units) == (27_100, 0, 27_100, 0)
        with units.open(Door.STAFF, by="system:test") as unit:
            line = unit.session.exec(select(BankLine).where(BankLine.claim_id == claim)).one()
            undo_line(unit, line_id=line.id, why="another claim was meant")
        assert share(units) == (12_100, 0, 27_100, -15_000)
        with pytest.raises(UnableToApprove, match="less of the agency's own"):
            approve_all(units)
        with units.open(Door.STAFF, by=DRAFTER) as unit:
            cancel_run(unit, creditor_id=HOUSE, run_id=run_of(units, HOUSE).id, why="taken back")
        draft(units)
        approve_all(units)
        assert export(units).total_minor == 12_100


class TestOnItsWay:
    def test_what_the_provider_still_holds_is_not_drafted(self, units, kept):
        with units.open(Door.STAFF, by="system:test") as unit:
            claim = with_costs(unit, kept)
            unit.session.add(
                PaymentIntent(
                    creditor_id=kept, claim_id=claim, created_at=unit.now, amount_minor=15_000,
                    currency="EUR", state=IntentState.PAID, provider_ref="tr_1", paid_at=unit.now,
                )
            )  # fmt: skip
            settle(
                unit, creditor_id=kept, claim_id=claim, source=PaymentSource.PSP, source_key="tr_1",
                amount=eur(15_000), value_on=unit.today, trust_account="trust.psp",
            )  # fmt: skip
        assert share(units) == (27_100, 15_000, 0, 12_100)
        with units.open(Door.STAFF, by="system:test") as unit:
            unit.session.connection().execute(text("UPDATE payment_intent SET arrived_on = app.now()::date"))
        assert share(units) == (27_100, 0, 0, 27_100)


class TestWhenTheBankSendsItBack:
    def test_refused_it_is_the_agencys_again_and_can_be_put_forward_or_cancelled(self, units, kept):
        """B17."""
        draft(units)
        approve_all(units)
        export(units)
        refused = RefusedPayout(run_of(units, HOUSE).end_to_end, "AC04", "closed")
        with units.open(Door.STAFF, by="system:bank") as unit:
            assert take_back_refused(unit, refused=[refused]) == 1
        assert balances(units) == {"trust.bank": 12_100, "trust.agency": -12_100, "agency.trust": 12_100}
        assert share(units) == (12_100, 0, 12_100, 0)
        with units.open(Door.STAFF, by=DRAFTER) as unit:
            put_forward_again(unit, creditor_id=HOUSE, run_id=run_of(units, HOUSE).id)
        approve_all(units)
        with units.open(Door.STAFF, by=DRAFTER) as unit:
            cancel_run(unit, creditor_id=HOUSE, run_id=run_of(units, HOUSE).id, why="another account first")
        assert share(units) == (12_100, 0, 0, 12_100)

    def test_credited_again_it_leaves_the_agencys_bank_in_its_books_too(self, units, kept):
        """B17."""
        draft(units)
        approve_all(units)
        export(units)
        end_to_end = run_of(units, HOUSE).end_to_end
        bank_says(units, "s3", (-12_100, end_to_end), opening=12_100)
        bank_says(units, "s4", (12_100, end_to_end), opening=0)
        with units.open(Door.STAFF, by="x") as unit:
            assert (see_payouts(unit), see_returned(unit)) == (1, 1)
        assert balances(units) == {"trust.bank": 12_100, "trust.agency": -12_100, "agency.trust": 12_100}
        with units.open(Door.STAFF, by=DRAFTER) as unit:
            put_forward_again(unit, creditor_id=HOUSE, run_id=run_of(units, HOUSE).id)
        approve_all(units)
        export(units)
        bank_says(units, "s5", (-12_100, f"{end_to_end}A2"), opening=12_100)
        with units.open(Door.STAFF, by="x") as unit:
            assert see_payouts(unit) == 1
        assert balances(units) == {"agency.bank": 12_100}
