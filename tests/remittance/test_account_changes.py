"""A24: a creditor's account changes by two people, a wait and a notice; no order of events pays early."""

from datetime import timedelta
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from agency.events import AccountChangeMoved
from agency.kernel.clock import move_clock
from agency.kernel.errors import AgencyError
from agency.kernel.unit import Door
from agency.parties.models import Creditor
from agency.remittance.account_changes import (
    ChangeRuns,
    UnableToApproveChange,
    UnableToStop,
    UnusableAccount,
    approve_account_change,
    ask_change,
    list_changes,
    put_accounts_in_force,
    stop_change,
    tell_old_contact,
)
from agency.remittance.models import AccountChangeRow, RemittanceRun
from agency.remittance.orders import NothingToExport, PayoutsBlocked
from agency.rules.account_change import waiting_days
from tests.beside import beside
from tests.remittance.out import agreed, approve_all, draft, export, paid, pay_out, rows_of, run_of

OLD, NEW, OTHER = "NL91ABNA0417164300", "BE68539007547034", "NL44RABO0123456789"
ASKER = "user:manager"


def ask(units, creditor, iban=NEW, by=ASKER):
    with units.open(Door.CREDITOR, by=by, creditor_id=creditor) as unit:
        return ask_change(unit, creditor_id=creditor, iban=iban, holder="Enercity BV", reason="new bank")


def approve(units, creditor, change, by):
    with units.open(Door.STAFF, by=by) as unit:
        approve_account_change(unit, creditor_id=creditor, change_id=change)


def iban_of(units, creditor) -> str:
    with units.open(Door.STAFF, by="x") as unit:
        return unit.session.get_one(Creditor, creditor).iban


def days_pass(units, days: float) -> None:
    with units.open(Door.STAFF, by="system:test") as unit:
        move_clock(unit, to=unit.now + timedelta(days=days), production=False)


@pytest.fixture
def creditor(units):
    return agreed(units)[0]


class TestAWholeChange:
    def test_counts_after_two_people_and_the_wait(self, units, creditor):
        change = ask(units, creditor)
        approve(units, creditor, change, "user:ann")
        approve(units, creditor, change, "user:bob")
        with units.open(Door.STAFF, by="x") as unit:
            assert put_accounts_in_force(unit) == 0
            wait = waiting_days(unit.today)
        assert iban_of(units, creditor) == OLD
        days_pass(units, wait)
        with units.open(Door.WORKER, by="system:x") as unit:
            assert put_accounts_in_force(unit) == 1
            assert put_accounts_in_force(unit) == 0
        assert iban_of(units, creditor) == NEW

    def test_is_told_to_the_contact_that_stood_before(self, units, creditor):
        with units.open(Door.STAFF, by="x") as unit:
            unit.session.connection().execute(
                text("UPDATE creditor SET email = 'old@example.org', language = 'fr' WHERE id = :c"),
                {"c": creditor},
            )
        change = ask(units, creditor)
        with units.open(Door.WORKER, by="system:x") as unit:
            tell_old_contact(unit, AccountChangeMoved(creditor_id=creditor, change_id=change, state="asked"))
            [mail] = unit.session.connection().execute(text("SELECT * FROM creditor_mail")).all()
            assert (mail.to_value, mail.state) == ("old@example.org", "queued")
            assert mail.subject == "Une modification de votre compte de paiement est demandée"
            assert NEW not in str(mail.facts)
            assert list_changes(unit)[0].told == "old@example.org"

    def test_does_not_hold_up_a_payout_to_the_old_account(self, units):
        creditor, claim = agreed(units)
        paid(units, creditor, claim, 50_000, key="a")
        change = ask(units, creditor)
        approve(units, creditor, change, "user:ann")
        approve(units, creditor, change, "user:bob")
        pay_out(units)
        assert run_of(units, creditor).payee_iban == OLD


class TestRefusals:
    @pytest.mark.parametrize(
        ("approvals", "why"),
        [
            ([ASKER], "may not approve"),
            (["user:ann", "user:ann"], "another person"),
            (["user:ann", ASKER], "may not approve"),
            (["user:ann", "user:bob", "user:cas"], "does not wait"),
        ],
    )
    def test_nobody_approves_twice(self, units, creditor, approvals, why):
        change = ask(units, creditor)
        for by in approvals[:-1]:
            approve(units, creditor, change, by)
        with pytest.raises(UnableToApproveChange, match=why):
            approve(units, creditor, change, approvals[-1])

    @pytest.mark.parametrize("iban", ["NL91ABNA0417164301", "nonsense", OLD])
    def test_an_account_that_cannot_be_paid_to(self, units, creditor, iban):
        with units.open(Door.STAFF, by="x") as unit:
            holder = unit.session.get_one(Creditor, creditor).iban_holder
        with pytest.raises(UnusableAccount), units.open(Door.STAFF, by="user:x") as unit:
            ask_change(unit, creditor_id=creditor, iban=iban, holder=holder, reason="")

    def test_a_second_change_at_the_same_time(self, units, creditor):
        ask(units, creditor)
        with pytest.raises(ChangeRuns):
            ask(units, creditor, OTHER)

    def test_a_stopped_change_never_counts(self, units, creditor):
        change = ask(units, creditor)
        approve(units, creditor, change, "user:ann")
        approve(units, creditor, change, "user:bob")
        with units.open(Door.CREDITOR, by="user:c", creditor_id=creditor) as unit:
            stop_change(unit, creditor_id=creditor, change_id=change, why="not me", by_creditor=True)
        days_pass(units, 99)
        with units.open(Door.STAFF, by="x") as unit:
            assert put_accounts_in_force(unit) == 0
        with pytest.raises(UnableToStop), units.open(Door.STAFF, by="x") as unit:
            stop_change(unit, creditor_id=creditor, change_id=change, why="again")
        assert iban_of(units, creditor) == OLD


class TestTheDatabaseItself:
    def test_refuses_another_account_without_the_whole_way(self, units, creditor):
        change = ask(units, creditor)
        approve(units, creditor, change, "user:ann")
        approve(units, creditor, change, "user:bob")
        with (
            pytest.raises(DBAPIError, match="two people and a waiting period"),
            units.open(Door.STAFF, by="x") as unit,
        ):
            unit.session.get_one(Creditor, creditor).iban = NEW

    def test_refuses_a_creditor_who_approves_for_itself(self, units, creditor):
        change = ask(units, creditor)
        for update in ("state = 'approved'", "first_by = 'user:x'"):
            with (
                pytest.raises(DBAPIError, match=r"row-level security|permission denied|violates check"),
                units.open(Door.CREDITOR, by="x", creditor_id=creditor) as unit,
            ):
                unit.session.connection().execute(
                    text(f"UPDATE creditor_account_change SET {update} WHERE id = :id"), {"id": change}
                )

    def test_refuses_one_person_twice(self, units, creditor):
        change = ask(units, creditor)
        approve(units, creditor, change, "user:ann")
        with pytest.raises(DBAPIError, match="second_person"), units.open(Door.STAFF, by="x") as unit:
            unit.session.get_one(AccountChangeRow, (creditor, change)).second_by = "user:ann"


def probe(units):
    """A machine in which people, days and payouts come in any order."""

    class Probe(RuleBasedStateMachine):
        reached: ClassVar[set[str]] = set()
        people = st.sampled_from([ASKER, "user:ann", "user:bob", "user:cas"])

        def __init__(self):
            super().__init__()
            self.creditor, self.claim = agreed(units)
            self.number = self.later = 0
            # What may be paid to from when, by a bookkeeping of the test's own.
            self.allowed = {OLD}
            self.pending: dict = {}

        def running(self):
            with units.open(Door.STAFF, by="x") as unit:
                rows = rows_of(unit, AccountChangeRow, creditor_id=self.creditor)
            return [row for row in rows if row.state in ("asked", "confirmed", "approved")]

        def now(self):
            with units.open(Door.STAFF, by="x") as unit:
                return unit.now

        def attempt(self, do, *args):
            try:
                return do(*args)
            except AgencyError:
                return None

        @rule(iban=st.sampled_from([NEW, OTHER, OLD]), by=people)
        def somebody_asks(self, iban, by):
            change = self.attempt(ask, units, self.creditor, iban, by)
            if change:
                self.pending[change] = {"iban": iban, "people": [by], "since": None}

        @rule(crowd=st.permutations(["user:ann", "user:bob", "user:cas", ASKER]), many=st.integers(1, 4))
        def people_approve(self, crowd, many):
            for by in crowd[:many]:
                for row in self.running():
                    self.attempt(approve, units, self.creditor, row.id, by)
                    known = self.pending[row.id]
                    if by not in known["people"] and len(known["people"]) < 3:
                        known["people"].append(by)
                        known["since"] = self.now()
            Probe.reached |= {row.state for row in self.running()}

        @rule()
        def somebody_stops(self):
            for row in self.running():
                with units.open(Door.STAFF, by="user:dee") as unit:
                    stop_change(unit, creditor_id=self.creditor, change_id=row.id, why="no")
                self.pending.pop(row.id)

        @rule(days=st.sampled_from([0.5, 4.999, 6]))
        def days_go_by(self, days):
            days_pass(units, days)

        @rule()
        def the_job_runs(self):
            with units.open(Door.WORKER, by="system:x") as unit:
                Probe.reached |= {"in force"} if put_accounts_in_force(unit) else set()

        @rule()
        def money_comes_and_is_paid_out(self):
            self.number += 1
            self.later += 40
            paid(units, self.creditor, self.claim, 100, key=f"{id(self)}-{self.number}")
            draft(units, later=self.later)
            self.attempt(approve_all, units)
            try:
                export(units)
            except (NothingToExport, PayoutsBlocked):
                return

        @invariant()
        def nothing_was_paid_to_an_account_early(self):
            now = self.now()
            ripe = {
                one["iban"]
                for one in self.pending.values()
                if len(one["people"]) == 3 and now - one["since"] >= timedelta(days=waiting_days(now.date()))
            }
            self.allowed |= ripe
            with units.open(Door.STAFF, by="x") as unit:
                runs = rows_of(unit, RemittanceRun, creditor_id=self.creditor)
            assert {run.payee_iban for run in runs if run.payee_iban} <= self.allowed
            assert iban_of(units, self.creditor) in self.allowed

    return Probe


def test_a24_asked_for_twice_at_once_one_change_runs_and_the_other_is_refused(units):
    """Pressed twice, or by two people of the creditor: the second reads why, and nobody an error of ours."""
    creditor, _ = agreed(units)

    def asked(unit):
        ask_change(unit, creditor_id=creditor, iban=NEW, holder="Enercity BV", reason="new bank")

    assert "runs already" in beside(units, asked, raises=ChangeRuns)
    with units.open(Door.STAFF, by="x") as unit:
        assert len(rows_of(unit, AccountChangeRow, creditor_id=creditor)) == 1


def test_no_order_of_events_pays_to_a_new_account_early(units):
    """A24, probed on the whole way from the question to the payout file."""
    machine = probe(units)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert machine.reached >= {"confirmed", "approved"}, "the probe came nowhere near"
