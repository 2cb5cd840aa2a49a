"""Payouts that the bank refuses or sends back (B17): payable again, the others of the file final."""

import pytest
from sqlmodel import select

from agency.banking.proof import prove
from agency.events import StatementImported
from agency.kernel.unit import Door
from agency.ledger.queries import account_balance
from agency.parties.models import Audience, Role
from agency.parties.users import create_user
from agency.payments.settlement import reverse_payment
from agency.remittance.account_changes import put_accounts_in_force
from agency.remittance.models import FeeInvoice, RemittanceFile, RemittanceRun
from agency.remittance.paid import see_paid_runs, see_payouts
from agency.remittance.returned import (
    RefusedPayout,
    UnableToPutForward,
    put_forward_again,
    see_returned,
    take_back_refused,
)
from agency.remittance.returned_care import NoOwner, returned_payouts, see_to_returned
from agency.remittance.runs import NotTheSecondPerson, UnableToApprove, cancel_run, download_file
from tests.remittance.out import (
    APPROVER,
    DRAFTER,
    agreed,
    another_claim,
    approve_all,
    bank_says,
    eur,
    export,
    paid,
    pay_out,
    rows_of,
    run_of,
    waiting_for_payout,
)
from tests.remittance.test_account_changes import NEW, approve, ask, days_pass


@pytest.fixture
def three(units) -> list:
    """Three creditors in one payout file, each with 439.50 coming."""
    creditors = []
    for number in range(3):
        creditor, claim = agreed(units)
        paid(units, creditor, claim, 50_000, key=str(number))
        creditors.append(creditor)
    pay_out(units)
    return creditors


def refuse(units, *end_to_ends, code="MS03") -> int:
    with units.open(Door.STAFF, by="system:bank") as unit:
        return take_back_refused(unit, refused=[RefusedPayout(one, code, "closed") for one in end_to_ends])


def again(units, creditor, by=DRAFTER) -> None:
    with units.open(Door.STAFF, by=by) as unit:
        put_forward_again(unit, creditor_id=creditor, run_id=run_of(units, creditor).id)


def states(units, creditors) -> list[str]:
    return [run_of(units, creditor).state for creditor in creditors]


def owed(units, creditor) -> int:
    with units.open(Door.STAFF, by="x") as unit:
        return waiting_for_payout(unit, creditor).minor


class TestRefused:
    def test_one_of_a_file_is_payable_again_and_the_others_stay(self, units, three):
        """B17."""
        assert refuse(units, run_of(units, three[1]).end_to_end) == 1
        assert states(units, three) == ["exported", "returned", "exported"]
        assert [owed(units, creditor) for creditor in three] == [0, 43_950, 0]
        assert run_of(units, three[1]).returned_why == "MS03 closed"

    def test_an_answer_that_is_read_twice_or_names_others_changes_nothing(self, units, three):
        end_to_end = run_of(units, three[0]).end_to_end
        assert refuse(units, end_to_end, "RNOBODY") == 1
        assert refuse(units, end_to_end) == 0
        assert owed(units, three[0]) == 43_950

    def test_is_paid_again_after_two_people_by_another_reference_and_invoiced_once(self, units, three):
        creditor = three[0]
        before = run_of(units, creditor)
        refuse(units, before.end_to_end)
        again(units, creditor)
        approve_all(units)
        file = export(units)
        after = run_of(units, creditor)
        assert (after.state, after.attempt, after.net_minor) == ("exported", 2, before.net_minor)
        assert after.end_to_end == f"{before.end_to_end}A2"
        assert file.content.count(b"<EndToEndId>") == 1
        with units.open(Door.STAFF, by="x") as unit:
            assert len(rows_of(unit, FeeInvoice, creditor_id=creditor)) == 1
            assert account_balance(unit, account="agency.fee_income", currency="EUR") == eur(-15_000)
            assert account_balance(unit, account="trust.in_transit", currency="EUR") == eur(-3 * 43_950)
            assert prove(unit, on=unit.today).checks[0]["holds"]

    def test_needs_another_person_the_second_time_too(self, units, three):
        refuse(units, run_of(units, three[0]).end_to_end)
        again(units, three[0], by=APPROVER)
        with pytest.raises(NotTheSecondPerson):
            approve_all(units, by=APPROVER)

    def test_cannot_be_cancelled_because_its_fees_are_invoiced(self, units, three):
        refuse(units, run_of(units, three[0]).end_to_end)
        again(units, three[0])
        with pytest.raises(UnableToApprove), units.open(Door.STAFF, by=DRAFTER) as unit:
            cancel_run(unit, creditor_id=three[0], run_id=run_of(units, three[0]).id, why="x")

    def test_waits_when_a_payment_in_it_was_taken_back_until_other_money_covers_it(self, units):
        """B17, A14: it can be neither cancelled nor drafted anew, and no other creditor pays for it."""
        creditor, claim = agreed(units)
        payment = paid(units, creditor, claim, 50_000, key="a")
        pay_out(units)
        refuse(units, run_of(units, creditor).end_to_end)
        again(units, creditor)
        with units.open(Door.STAFF, by="system:test") as unit:
            reverse_payment(unit, creditor_id=creditor, payment_id=payment, why="chargeback")
            other = another_claim(unit, creditor)
        with pytest.raises(UnableToApprove, match="not owed that much"):
            approve_all(units)
        paid(units, creditor, other, 60_000, key="b")
        approve_all(units)
        assert export(units).total_minor == run_of(units, creditor).net_minor

    def test_only_what_came_back_is_put_forward_again(self, units, three):
        with pytest.raises(UnableToPutForward):
            again(units, three[0])


class TestSentBackAfterItWasPaid:
    @pytest.fixture
    def sent_back(self, units):
        """A payout that was debited, and credited again two days later."""
        creditor, claim = agreed(units)
        with units.open(Door.STAFF, by="system:test") as unit:
            other = another_claim(unit, creditor)
        paid(units, creditor, claim, 100_000, key="a")
        pay_out(units)
        run = run_of(units, creditor)
        # What the provider paid to the bank; here it only fills the account.
        bank_says(units, "s1", (100_000, ""))
        bank_says(units, "s2", (-87_900, run.end_to_end), opening=100_000)
        with units.open(Door.STAFF, by="x") as unit:
            assert see_payouts(unit) == 1
        bank_says(units, "s3", (87_900, run.end_to_end), opening=12_100)
        return creditor, other

    def test_is_owed_again_and_the_line_is_explained(self, units, sent_back):
        creditor, _ = sent_back
        with units.open(Door.STAFF, by="x") as unit:
            assert see_returned(unit) == 1
            assert see_returned(unit) == 0
        assert run_of(units, creditor).state == "returned"
        assert owed(units, creditor) == 87_900
        with units.open(Door.STAFF, by="x") as unit:
            checks = {check["key"]: check["holds"] for check in prove(unit, on=unit.today).checks}
            assert checks["P3"]
            assert checks["P6"]

    def test_is_seen_by_the_reaction_to_a_statement(self, units, sent_back):
        creditor, _ = sent_back
        with units.open(Door.WORKER, by="system:x") as unit:
            statement = unit.session.connection().exec_driver_sql(
                "SELECT statement_id FROM bank_line WHERE amount_minor = 87900"
            )
            event = StatementImported(creditor_id=creditor, statement_id=statement.scalar_one(), lines=1)
            see_paid_runs(unit, event)
        assert run_of(units, creditor).state == "returned"

    def test_and_paid_once_more_ends_with_nothing_in_transit(self, units, sent_back):
        creditor, _ = sent_back
        with units.open(Door.STAFF, by="x") as unit:
            see_returned(unit)
        again(units, creditor)
        with units.open(Door.STAFF, by=APPROVER) as unit:
            run = unit.session.exec(select(RemittanceRun)).one()
            run.state, run.approved_by = "approved", APPROVER
        export(units)
        run = run_of(units, creditor)
        bank_says(units, "s4", (-87_900, run.end_to_end), opening=100_000)
        with units.open(Door.STAFF, by="x") as unit:
            assert see_payouts(unit) == 1
            assert account_balance(unit, account="trust.in_transit", currency="EUR") == eur(0)
        assert run_of(units, creditor).state == "paid"
        assert owed(units, creditor) == 0


def test_a_file_downloaded_twice_is_the_same_file_and_says_so(units, three):
    """B16: same bytes, same MsgId; the second download counts as a copy."""
    with units.open(Door.STAFF, by="x") as unit:
        [file] = rows_of(unit, RemittanceFile)
    found = []
    for _ in range(2):
        with units.open(Door.STAFF, by="x") as unit:
            found.append(download_file(unit, file_id=file.id))
    assert found[0][:2] == found[1][:2]
    assert [one[2] for one in found] == [1, 2]
    assert f"<MsgId>{file.message_id}</MsgId>".encode() in found[0][1]


class TestAWrongAccount:
    """The bank says AC04: nothing is paid there again unless the creditor confirms it, or names another."""

    @pytest.fixture
    def closed(self, units, three):
        refuse(units, run_of(units, three[0]).end_to_end, code="AC04")
        return three[0]

    def test_is_not_paid_to_again_by_itself(self, units, closed):
        with pytest.raises(UnableToPutForward):
            again(units, closed)
        with units.open(Door.STAFF, by=DRAFTER) as unit:
            put_forward_again(
                unit, creditor_id=closed, run_id=run_of(units, closed).id, account_confirmed=True
            )
        assert run_of(units, closed).state == "draft"

    def test_is_put_forward_when_another_account_is_in_force(self, units, closed):
        change = ask(units, closed)
        for person in ("user:ann", "user:bob"):
            approve(units, closed, change, person)
        days_pass(units, 6)
        with units.open(Door.WORKER, by="system:accounts") as unit:
            put_accounts_in_force(unit)
        run = run_of(units, closed)
        assert (run.state, run.attempt, run.drafted_by) == ("draft", 2, "system:accounts")
        with units.open(Door.STAFF, by="x") as unit:
            prove(unit, on=unit.today)
        approve_all(units)
        export(units)
        assert run_of(units, closed).payee_iban == NEW

    def test_waits_with_an_age_and_somebody_who_sees_to_it(self, units, closed):
        with units.open(Door.STAFF, by="x") as unit:
            owner = a_finance_user(unit)
            run_id = run_of(units, closed).id
            with pytest.raises(NoOwner):
                see_to_returned(unit, creditor_id=closed, run_id=run_id, owner_id=closed)
            see_to_returned(unit, creditor_id=closed, run_id=run_id, owner_id=owner)
            [one] = returned_payouts(unit)
        assert (one.owner, one.business_days, one.too_long, one.account_wrong) == ("Ann", 0, False, True)
        days_pass(units, 14)
        with units.open(Door.STAFF, by="x") as unit:
            [one] = returned_payouts(unit)
        assert (one.business_days >= 6, one.too_long) == (True, True)

    def test_another_payout_has_nobody_to_see_to_it(self, units, three):
        with units.open(Door.STAFF, by="x") as unit, pytest.raises(UnableToPutForward):
            see_to_returned(
                unit, creditor_id=three[1], run_id=run_of(units, three[1]).id, owner_id=a_finance_user(unit)
            )


def a_finance_user(unit):
    return create_user(
        unit, email="ann@example.org", name="Ann", roles=[Role.FINANCE], password="vier ganzen op de dijk",
        audience=Audience.STAFF, sealing_secret="x" * 32, language="nl",
    ).user_id  # fmt: skip
