"""Payments, bank lines, refunds, chargebacks and payouts in any order: no invariant of the books breaks."""

from contextlib import suppress
from datetime import date

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text
from sqlmodel import select

from agency.banking.importing import import_statements
from agency.banking.matching import match_lines
from agency.banking.proof import prove
from agency.banking.suspense import UnableToSettleLine, UnableToUndo, settle_line, undo_line
from agency.claims.models import Claim
from agency.kernel.settings import Settings
from agency.kernel.unit import Door
from agency.money import Money
from agency.payments.models import Payment, PaymentSource
from agency.payments.settlement import reverse_payment, settle
from agency.remittance.models import RemittanceRun, RunState
from agency.remittance.paid import see_payouts
from agency.remittance.runs import (
    NothingToExport,
    PayoutsBlocked,
    UnableToApprove,
    approve_run,
    cancel_run,
    draft_runs,
)
from portal.payouts import export_payouts
from tests.banking.test_importing import IBAN, a_line, a_statement
from tests.made import a_claim, a_creditor, an_accepted_price

CREDITORS, CLAIMS = 2, 3
AMOUNTS = st.integers(1, 60_000)
WHICH = st.integers(0, CREDITORS * CLAIMS - 1)


def books(units):
    """A machine over one database; each run of it starts with creditors of its own."""

    class Books(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.number = 0
            self.cutoff = date(2030, 1, 1).toordinal()
            with units.open(Door.STAFF, by="system:test") as unit:
                self.claims = []
                for _ in range(CREDITORS):
                    creditor = a_creditor(unit)
                    for _ in range(CLAIMS):
                        claim = a_claim(unit, creditor_id=creditor, invoices=[(30_000, unit.today)])
                        an_accepted_price(unit, creditor_id=creditor, claim_id=claim)
                        self.claims.append((creditor, claim))

        def unit(self, by="user:ann"):
            return units.open(Door.STAFF, by=by)

        def import_line(self, minor, words, **said):
            self.number += 1
            with self.unit() as unit:
                balance = unit.session.connection().execute(
                    text(
                        "SELECT closing_minor FROM bank_statement ORDER BY imported_at DESC, id DESC LIMIT 1"
                    )
                )
                opening = balance.scalar_one_or_none() or 0
                key = f"{id(self)}-{self.number}"
                line = a_line(key, minor, on=unit.today, text=words, **said)
                read = a_statement(key, (line,), opening=opening, on=unit.today)
                import_statements(unit, content=key.encode(), reader=lambda _: [read], iban=IBAN)
                match_lines(unit)
                see_payouts(unit)

        @rule(which=WHICH, minor=AMOUNTS)
        def bank_transfer_with_reference(self, which, minor):
            with self.unit() as unit:
                reference = unit.session.get_one(Claim, self.claims[which]).payment_reference
            self.import_line(minor, reference)

        @rule(minor=AMOUNTS)
        def bank_transfer_of_nobody(self, minor):
            self.import_line(minor, "?")

        @rule(which=WHICH, minor=AMOUNTS)
        def online_payment(self, which, minor):
            self.number += 1
            with self.unit() as unit:
                settle(
                    unit,
                    creditor_id=self.claims[which][0],
                    claim_id=self.claims[which][1],
                    source=PaymentSource.PSP,
                    source_key=f"{id(self)}-{self.number}",
                    amount=Money(minor, "EUR"),
                    value_on=unit.today,
                    trust_account="trust.psp",
                )

        @rule(data=st.data())
        def chargeback(self, data):
            with self.unit() as unit:
                standing = unit.session.exec(
                    select(Payment).where(Payment.source == PaymentSource.PSP, Payment.reversed_at.is_(None))
                ).all()
                if standing:
                    payment = data.draw(st.sampled_from(standing))
                    reverse_payment(
                        unit, creditor_id=payment.creditor_id, payment_id=payment.id, why="chargeback"
                    )

        @rule(which=WHICH)
        def settle_the_oldest_by_hand(self, which):
            with suppress(UnableToSettleLine), self.unit() as unit:
                line = unit.session.connection().execute(
                    text("SELECT id FROM bank_line WHERE state = 'suspense' AND amount_minor > 0 LIMIT 1")
                )
                found = line.scalar_one_or_none()
                if found:
                    settle_line(
                        unit, line_id=found, creditor_id=self.claims[which][0], claim_id=self.claims[which][1]
                    )

        @rule()
        def undo_a_settlement(self):
            with suppress(UnableToUndo), self.unit() as unit:
                line = unit.session.connection().execute(
                    text("SELECT id FROM bank_line WHERE state = 'matched' ORDER BY id DESC LIMIT 1")
                )
                found = line.scalar_one_or_none()
                if found:
                    undo_line(unit, line_id=found, why="wrong")

        @rule()
        def draft(self):
            self.cutoff += 1
            with self.unit() as unit:
                draft_runs(unit, cutoff_on=date.fromordinal(self.cutoff))

        @rule()
        def approve_and_export(self):
            with self.unit(by="user:bob") as unit:
                for run in unit.session.exec(
                    select(RemittanceRun).where(RemittanceRun.state == RunState.DRAFT)
                ).all():
                    try:
                        approve_run(unit, creditor_id=run.creditor_id, run_id=run.id)
                    except UnableToApprove:  # a payment in it was taken back
                        cancel_run(unit, creditor_id=run.creditor_id, run_id=run.id, why="taken back")
            try:
                with self.unit(by="user:bob") as unit:
                    export_payouts(unit, settings=Settings(trust_iban=IBAN))
            except (NothingToExport, PayoutsBlocked):
                pass

        @precondition(lambda self: self.number)
        @rule()
        def bank_pays_out(self):
            with self.unit() as unit:
                run = unit.session.exec(
                    select(RemittanceRun).where(RemittanceRun.state == RunState.EXPORTED)
                ).first()
            if run:
                self.import_line(-run.net_minor, "", end_to_end=run.end_to_end)

        @invariant()
        def bank_ledger_and_liabilities_are_equal(self):
            with self.unit() as unit:
                run = prove(unit, on=unit.today)
                assert run.green, [check for check in run.checks if not check["holds"]]

        @invariant()
        def no_creditor_is_paid_more_than_was_collected_for_him(self):
            with self.unit() as unit:
                rows = unit.session.connection().execute(
                    text(
                        "SELECT r.creditor_id, sum(r.net_minor) AS paid,"
                        " (SELECT coalesce(sum(to_creditor_minor), 0) FROM payment p"
                        "  WHERE p.creditor_id = r.creditor_id) AS collected"
                        " FROM remittance_run r WHERE r.state IN ('exported', 'paid') GROUP BY 1"
                    )
                )
                assert all(row.paid <= row.collected for row in rows)

    return Books


def test_no_order_of_events_breaks_the_books(units):
    run_state_machine_as_test(
        books(units),
        settings=settings(
            max_examples=8,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
