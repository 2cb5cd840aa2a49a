"""Money that goes out: refunds by two ways and two people, payouts, and what the bank sends back."""

from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from agency.banking.sending_back import send_back
from agency.kernel.errors import AgencyError
from agency.kernel.ids import HOUSE as HOUSE_ID
from agency.kernel.outbox import run_jobs
from agency.kernel.settings import Settings
from agency.payments.booking_held import book_held
from agency.payments.refunds import cancel_refund, checked_payee, request_held_refund, request_refund
from agency.remittance.account_changes import (
    approve_account_change,
    ask_change,
    put_accounts_in_force,
    stop_change,
)
from agency.remittance.orders import PayoutsBlocked
from agency.remittance.refund_orders import approve_refund, reject_refund
from agency.remittance.returned import RefusedPayout, put_forward_again, take_back_refused
from agency.remittance.runs import approve_run, cancel_run, draft_own_run, draft_runs
from agency.rules.account_change import waiting_days
from portal.payouts import export_payouts, export_refund_file
from tests.bankfiles.one_day import ACCOUNT, Paid
from tests.books.coming_in import ANY, PAYER, WHICH, ComingIn
from tests.books.ground import IBANS
from tests.books.own_books import HOUSE, Refund
from tests.books.watched import ANN, BOB, CARL

SETTINGS = Settings(trust_iban=ACCOUNT)
PAYEE = checked_payee(iban=PAYER, holder="J Jansen")
PEOPLE = st.sampled_from([ANN, BOB, CARL])


class GoingOut(ComingIn):
    """Refunds, payouts, changes of account."""

    def __init__(self) -> None:
        super().__init__()
        self.cutoff = self.today.toordinal() - 1
        # Where each creditor may be paid, and the changes that wait, by bookkeeping of the test's own.
        self.allowed = {creditor: {IBANS[0]} for creditor, _ in self.claims}
        # A bank sends a payment back once, also while no worker is there to see that it did.
        self.sent_back: set[str] = set()
        self.allowed[HOUSE_ID] = {SETTINGS.agency_iban}
        self.changes: dict[UUID, dict[str, Any]] = {}

    # --- refunds ---

    @precondition(lambda self: self.books.payments)
    @rule(which=ANY, by_provider=st.booleans())
    def ask_a_refund(self, which, by_provider):
        """A9, A12, A13: what was overpaid, once."""
        found = self.rows(
            "SELECT creditor_id, id, claim_id, source, source_key, over_minor, refund_minor FROM payment"
            " WHERE over_minor > 0 ORDER BY created_at, id"
        )
        if not found:
            return
        row = found[which % len(found)]
        payee = None if by_provider and row.source == "psp" else PAYEE
        refund_id = self.attempt(
            lambda unit: request_refund(
                unit, creditor_id=row.creditor_id, payment_id=row.id, reason="paid too much", payee=payee
            )
        )
        if refund_id:
            own = self.books.payments[f"{row.creditor_id} {row.source}:{row.source_key}"]
            assert own.standing
            assert own.source != "direct"
            unposted = self.rows(
                "SELECT coalesce(sum(amount_minor), 0)::bigint AS minor FROM refund WHERE claim_id = :claim"
                " AND payment_id IS NOT NULL AND id <> :id AND state IN ('requested', 'approved', 'sending')",
                claim=row.claim_id, id=refund_id,
            )[0].minor  # fmt: skip
            owed = self.books.claims[row.claim_id].owed_back - unposted
            minor = min(own.over - row.refund_minor, owed)
            self.keep_refund(refund_id, Refund(row.creditor_id, minor, "debtor", row.claim_id, payee is None))

    def keep_refund(self, refund_id: UUID, refund: Refund) -> None:
        found = self.one_of("SELECT amount_minor FROM refund WHERE id = :id", id=refund_id)
        assert found.amount_minor == refund.minor > 0
        self.books.refunds[str(refund_id)] = refund

    @rule(which=ANY, by_provider=st.booleans())
    def give_held_money_back(self, which, by_provider):
        """A11."""
        found = self.rows("SELECT * FROM held_payment WHERE ended_at IS NULL ORDER BY created_at, id")
        if found:
            row = found[which % len(found)]
            payee = None if by_provider else PAYEE
            refund_id = self.attempt(
                lambda unit: request_held_refund(
                    unit, creditor_id=row.creditor_id, held_id=row.id, reason="withdrawn", payee=payee
                )
            )
            if refund_id:
                # Less what its debtor got back before, and the provider took all the same.
                owes = max(0, -self.books.claims[row.claim_id].owed_back)
                minor = row.amount_minor - row.refund_minor - owes
                refund = Refund(row.creditor_id, minor, "suspense", row.claim_id, payee is None)
                self.keep_refund(refund_id, refund)

    @rule(which=ANY, claim=WHICH)
    def book_held_money(self, which, claim):
        found = self.rows("SELECT * FROM held_payment WHERE ended_at IS NULL ORDER BY created_at, id")
        if found:
            row = found[which % len(found)]
            own = [claim_id for creditor_id, claim_id in self.claims if creditor_id == row.creditor_id]
            self.attempt(
                lambda unit: book_held(
                    unit, creditor_id=row.creditor_id, held_id=row.id, claim_id=own[claim % 2]
                )
            )

    @rule(line=ANY)
    def send_a_line_back(self, line):
        if row := self.waiting_line(line):
            refund_id = self.attempt(lambda unit: send_back(unit, line_id=row.id, reason="nobody's"))
            if refund_id:
                self.keep_refund(refund_id, Refund(HOUSE, row.amount_minor, "suspense"))

    def refunds_that_are(self, *states: str) -> list[Any]:
        return self.rows(
            "SELECT * FROM refund WHERE state = ANY(:states) ORDER BY requested_at, id", states=list(states)
        )

    @precondition(lambda self: self.books.refunds)
    @rule()
    def approve_and_export_refunds(self):
        for one in self.refunds_that_are("requested"):
            assert not self.works(lambda unit, one=one: approve_refund(
                unit, creditor_id=one.creditor_id, refund_id=one.id), by=one.requested_by)  # fmt: skip
            self.works(lambda unit, one=one: approve_refund(
                unit, creditor_id=one.creditor_id, refund_id=one.id), by=BOB)  # fmt: skip
        self.works(lambda unit: export_refund_file(unit, settings=SETTINGS), by=BOB)

    def works(self, do, *, by: str = ANN) -> bool:
        """Whether it was not refused; nothing leaves while the proof is red, and only then is it blocked."""
        try:
            with self.unit(by) as unit:
                do(unit)
        except PayoutsBlocked:
            assert self.may_be_red()
            return False
        except AgencyError:
            return False
        return True

    @precondition(lambda self: self.books.refunds)
    @rule()
    def the_provider_carries_refunds_out(self):
        found = self.rows("SELECT id FROM outbox WHERE actor = 'send_refund' AND done_at IS NULL ORDER BY id")
        run_jobs(self.units, [row.id for row in found])

    @precondition(lambda self: self.books.refunds)
    @rule(rejected=st.booleans())
    def the_bank_answers_a_refund(self, rejected):
        for one in self.refunds_that_are("exported")[:1]:
            if rejected:
                self.attempt(
                    lambda unit, one=one: reject_refund(
                        unit, creditor_id=one.creditor_id, refund_id=one.id, why="AC04"
                    )
                )
            else:
                self.bring(Paid(-one.amount_minor, iban=PAYER, text=self.bank.text(""),
                                end_to_end=one.end_to_end))  # fmt: skip

    @rule(which=WHICH, over=st.integers(100, 9_000))
    def overpay_and_get_it_back(self, which, over):
        """A9, from the transfer to the bank's debit with nothing between."""
        self.transfer(which=which, minor=self.amount(which, None) + over, format="camt", twins=1)
        self.follow()
        self.ask_a_refund(which=0, by_provider=False)
        self.approve_and_export_refunds()
        self.the_bank_answers_a_refund(rejected=False)

    @precondition(lambda self: self.books.refunds)
    @rule(which=ANY)
    def the_bank_returns_a_refund(self, which):
        paid = [one for one in self.refunds_that_are("paid") if self.may_come_back(one)]
        for one in paid[which % len(paid) :][:1] if paid else ():
            self.sent_back.add(one.end_to_end)
            self.bring(Paid(one.amount_minor, iban=PAYER, text=self.bank.text(""), end_to_end=one.end_to_end))

    @precondition(lambda self: self.books.refunds)
    @rule(which=ANY)
    def cancel_a_refund(self, which):
        found = self.refunds_that_are("requested", "approved")
        for one in found[which % len(found) :][:1] if found else ():
            self.attempt(
                lambda unit, one=one: cancel_refund(
                    unit, creditor_id=one.creditor_id, refund_id=one.id, why="x"
                )
            )

    # --- payouts ---

    def may_come_back(self, one: Any) -> bool:
        return bool(one.end_to_end) and one.end_to_end not in self.sent_back

    def runs_that_are(self, *states: str) -> list[Any]:
        return self.rows(
            "SELECT * FROM remittance_run WHERE state = ANY(:states) ORDER BY drafted_at, id",
            states=list(states),
        )

    @precondition(lambda self: self.books.payments)
    @rule()
    def draft(self):
        """B15: a creditor gets what was collected for him, less what was agreed; nobody gets another's."""
        self.follow()
        self.cutoff = max(self.cutoff + 1, self.today.toordinal())
        with self.unit() as unit:
            drafted = draft_runs(unit, cutoff_on=unit.today.fromordinal(self.cutoff))
        self.books.charge()
        expected = {key for key, _ in self.claims if self.books.draft(key, None)}
        assert {creditor_id for creditor_id, _ in drafted} == expected
        for creditor_id, run_id in drafted:
            run = self.books.draft(creditor_id, run_id)
            row = self.one_of("SELECT * FROM remittance_run WHERE id = :id", id=run_id)
            assert (row.collected_minor, row.fee_minor, row.vat_minor) == (run.collected, run.fee, run.vat)
            if row.mode == "combined":
                assert abs(row.withheld_minor - run.withheld) <= len(self.books.payments)
                run.withheld = row.withheld_minor
            assert (row.withheld_minor, row.net_minor) == (run.withheld, run.net)

    @precondition(lambda self: self.books.runs)
    @rule()
    def draft_our_share(self):
        """The agency takes no cent that the bank has not, and none twice; once a day."""
        self.follow()
        drafted_today = self.rows(
            "SELECT id FROM remittance_run WHERE creditor_id = :house AND cutoff_on = :today"
            " AND state <> 'cancelled'", house=HOUSE_ID, today=self.today,
        )  # fmt: skip
        free = self.books.own_free()
        with self.unit() as unit:
            run_id = draft_own_run(unit)
        assert (run_id is not None) == (free > 0 and not drafted_today)
        if run_id:
            assert self.one_of("SELECT net_minor FROM remittance_run WHERE id = :id", id=run_id)[0] == free
            self.books.draft_own(run_id, free)

    @precondition(lambda self: self.books.runs)
    @rule(cancelled=st.sampled_from([False, False, True]))
    def decide_on_drafts(self, cancelled):
        for run in self.runs_that_are("draft"):
            whose = {"creditor_id": run.creditor_id, "run_id": run.id}
            assert not self.works(lambda unit, whose=whose: approve_run(unit, **whose), by=run.drafted_by), (
                "four eyes"
            )
            if not cancelled and self.works(lambda unit, whose=whose: approve_run(unit, **whose), by=BOB):
                continue
            if self.works(lambda unit, whose=whose: cancel_run(unit, **whose, why="x")):
                self.books.cancel(run.id)

    @precondition(lambda self: self.books.runs)
    @rule()
    def export(self):
        self.works(lambda unit: export_payouts(unit, settings=SETTINGS), by=BOB)

    @precondition(lambda self: self.books.runs)
    @rule(answer=st.sampled_from(["paid", "paid", "refused"]))
    def the_bank_answers_a_payout(self, answer):
        """B17: one that was refused is owed again, the others are final."""
        for run in self.runs_that_are("exported")[:1]:
            if answer == "refused":
                with self.unit() as unit:
                    told = [RefusedPayout(run.end_to_end, "AC04")]
                    assert [take_back_refused(unit, refused=told) for _ in "12"] == [1, 0]
                continue
            line = Paid(
                -run.net_minor, iban=run.payee_iban, text=self.bank.text(""), end_to_end=run.end_to_end
            )
            self.bring(line)

    @precondition(lambda self: self.books.runs)
    @rule(again=st.booleans())
    def a_payout_comes_back(self, again):
        for run in [one for one in self.runs_that_are("paid") if self.may_come_back(one)][:1]:
            self.sent_back.add(run.end_to_end)
            self.bring(Paid(run.net_minor, iban=run.payee_iban, text=self.bank.text("AC04"),
                            end_to_end=run.end_to_end))  # fmt: skip
        self.follow()
        for run in self.runs_that_are("returned") if again else ():
            with self.unit() as unit:
                put_forward_again(unit, creditor_id=run.creditor_id, run_id=run.id, account_confirmed=True)
            self.books.runs[run.id].attempt += 1

    @precondition(lambda self: self.books.payments)
    @rule()
    def pay_out_the_whole_way(self):
        """From draft to the bank with nothing between; step by step it seldom comes so far."""
        self.draft()
        self.decide_on_drafts(cancelled=False)
        self.export()
        self.the_bank_answers_a_payout(answer="paid")
        if self.books.runs:
            self.draft_our_share()

    # --- the creditor's account ---

    @rule(which=WHICH, iban=st.sampled_from(IBANS), by=PEOPLE)
    def ask_another_account(self, which, iban, by):
        """A24."""
        creditor_id = self.claims[which][0]
        change = self.attempt(
            lambda unit: ask_change(unit, creditor_id=creditor_id, iban=iban, holder="A BV", reason="x"),
            by=by,
        )
        if change:
            self.changes[change] = {"creditor": creditor_id, "iban": iban, "people": {by}, "ripe": None}

    @precondition(lambda self: self.changes)
    @rule(which=ANY, by=PEOPLE, stopped=st.sampled_from([False, False, False, True]))
    def decide_on_an_account(self, which, by, stopped):
        key = sorted(self.changes)[which % len(self.changes)]
        change = self.changes[key]
        if stopped:
            if self.works(lambda unit: stop_change(
                unit, creditor_id=change["creditor"], change_id=key, why="no")):  # fmt: skip
                change["people"] = set()
        elif self.works(lambda unit: approve_account_change(
            unit, creditor_id=change["creditor"], change_id=key), by=by):  # fmt: skip
            assert by not in change["people"]
            change["people"].add(by)
            change["ripe"] = self.today.toordinal() + waiting_days(self.today)

    @precondition(lambda self: self.changes)
    @rule()
    def accounts_come_into_force(self):
        with self.unit() as unit:
            put_accounts_in_force(unit)

    def accounts_allowed(self, creditor_id: UUID) -> set[str]:
        """Only two people and a wait add one."""
        for change in self.changes.values():
            if len(change["people"]) == len([ANN, BOB, CARL]) and change["ripe"] <= self.today.toordinal():
                self.allowed[change["creditor"]].add(change["iban"])
        return self.allowed[creditor_id]
