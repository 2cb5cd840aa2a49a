"""Refunds, splits, parking and withdrawals among payments, chargebacks and payouts, in any order."""

from contextlib import suppress

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test
from sqlalchemy import text

from agency.banking.sending_back import send_back
from agency.banking.suspense import Part, split_line
from agency.banking.suspense_cases import ask_to_park, park
from agency.claims.lifecycle import claim_to_change, move
from agency.claims.states import ClaimState
from agency.kernel.errors import AgencyError
from agency.kernel.settings import Settings
from agency.money import Money
from agency.payments.giving_back import list_refunds, owed_back_list
from agency.payments.refunds import cancel_refund, checked_payee, request_held_refund, request_refund
from agency.remittance.refund_orders import approve_refund, reject_refund, see_refunds
from agency.remittance.runs import NothingToExport, PayoutsBlocked
from portal.payouts import export_refund_file
from tests.banking.test_importing import IBAN
from tests.remittance.test_any_order import WHICH, books

PAYER = "NL91ABNA0417164300"
PAYEE = checked_payee(iban=PAYER, holder="J")


def books_with_refunds(units):
    """The machine of the books, with money that goes back."""

    class BooksWithRefunds(books(units)):
        def waiting_line(self, unit):
            found = unit.session.connection().execute(
                text(
                    "SELECT id, amount_minor FROM bank_line WHERE state = 'suspense' AND amount_minor > 1"
                    " ORDER BY id DESC LIMIT 1"
                )
            )
            return found.one_or_none()

        def refunds(self, unit, *states):
            return [one for one in list_refunds(unit) if one.state in states]

        @rule()
        def ask_for_what_is_owed_back(self):
            with self.unit() as unit:
                for owed in owed_back_list(unit, limit=1):
                    if owed.held_id:
                        request_held_refund(
                            unit, creditor_id=owed.creditor_id, held_id=owed.held_id, reason="x", payee=PAYEE
                        )
                    else:
                        request_refund(
                            unit,
                            creditor_id=owed.creditor_id,
                            payment_id=owed.payment_id,
                            reason="x",
                            payee=PAYEE,
                        )

        @rule()
        def send_back_a_line(self):
            with suppress(AgencyError), self.unit() as unit:
                line = self.waiting_line(unit)
                if line:
                    unit.session.connection().execute(
                        text("UPDATE bank_line SET counterparty_iban = :iban WHERE id = :id"),
                        {"iban": PAYER, "id": line.id},
                    )
                    send_back(unit, line_id=line.id, reason="unknown")

        @rule(one=WHICH, other=WHICH, part=st.integers(1, 99))
        def split_a_line(self, one, other, part):
            with suppress(AgencyError), self.unit() as unit:
                line = self.waiting_line(unit)
                if line and one != other:
                    first = Money(max(1, line.amount_minor * part // 100), "EUR")
                    rest = Money(line.amount_minor, "EUR") - first
                    parts = [Part(*self.claims[one], first), Part(*self.claims[other], rest)]
                    split_line(unit, line_id=line.id, parts=parts)

        @rule()
        def park_a_line(self):
            with suppress(AgencyError), self.unit() as unit:
                line = self.waiting_line(unit)
                if line:
                    ask_to_park(unit, line_id=line.id, reason="unknown")
            with suppress(AgencyError), self.unit(by="user:bob") as unit:
                if line:
                    park(unit, line_id=line.id)

        @rule()
        def approve_and_export_refunds(self):
            with suppress(NothingToExport, PayoutsBlocked), self.unit(by="user:bob") as unit:
                for one in self.refunds(unit, "requested"):
                    approve_refund(unit, creditor_id=one.creditor_id, refund_id=one.refund_id)
                export_refund_file(unit, settings=Settings(trust_iban=IBAN))

        @rule(rejected=st.booleans())
        def bank_answers_a_refund(self, rejected):
            with self.unit() as unit:
                under_way = self.refunds(unit, "exported")[:1]
                if rejected:
                    for one in under_way:
                        reject_refund(unit, creditor_id=one.creditor_id, refund_id=one.refund_id, why="AC04")
            for one in under_way if not rejected else ():
                self.see(-one.amount.minor, one.end_to_end)

        @rule()
        def bank_returns_a_refund(self):
            with self.unit() as unit:
                paid = self.refunds(unit, "paid")[:1]
            for one in paid:
                self.see(one.amount.minor, one.end_to_end)

        def see(self, minor, end_to_end):
            self.import_line(minor, "", end_to_end=end_to_end)
            with self.unit() as unit:
                see_refunds(unit)

        @rule()
        def cancel_a_refund(self):
            with self.unit() as unit:
                for one in self.refunds(unit, "requested", "approved")[:1]:
                    cancel_refund(unit, creditor_id=one.creditor_id, refund_id=one.refund_id, why="x")

        @rule(which=WHICH)
        def withdraw(self, which):
            creditor_id, claim_id = self.claims[which]
            with suppress(AgencyError), self.unit() as unit:
                claim = claim_to_change(unit, creditor_id=creditor_id, claim_id=claim_id)
                move(unit, claim=claim, to=ClaimState.WITHDRAWN, why="creditor asked")

        @invariant()
        def no_more_is_given_back_than_was_paid_too_much(self):
            with self.unit() as unit:
                uneven = unit.session.connection().execute(
                    text(
                        "SELECT count(*) FROM payment p WHERE p.refund_minor <> (SELECT"
                        " coalesce(sum(r.amount_minor), 0) FROM refund r WHERE r.payment_id = p.id"
                        " AND r.state NOT IN ('cancelled', 'rejected')) OR p.refund_minor > p.over_minor"
                    )
                )
                assert uneven.scalar_one() == 0

        @invariant()
        def what_left_the_trust_account_is_in_transit_until_it_is_seen(self):
            with self.unit() as unit:
                sums = (
                    unit.session.connection()
                    .execute(
                        text(
                            "SELECT (SELECT coalesce(-sum(amount_minor), 0) FROM ledger_entry"
                            "  WHERE account = 'trust.in_transit') AS booked,"
                            " (SELECT coalesce(sum(amount_minor), 0) FROM refund WHERE state = 'exported')"
                            " + (SELECT coalesce(sum(net_minor), 0) FROM remittance_run"
                            "  WHERE state = 'exported')"
                            " AS under_way"
                        )
                    )
                    .one()
                )
                assert sums.booked == sums.under_way

    return BooksWithRefunds


def test_no_order_of_events_loses_or_makes_a_cent(units):
    """A9, A11, A12, A13, A14, B6, B14: whatever comes when, the proof is green after each step."""
    run_state_machine_as_test(
        books_with_refunds(units),
        settings=settings(
            max_examples=6,
            stateful_step_count=30,
            deadline=None,
            # The books grow over all examples, so a failure cannot be made smaller.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
