"""Money that comes in, in any way: by link, by bank in any format, to the creditor; and goes again."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from agency.banking.matching import match_lines
from agency.banking.own_money import OwnKind, ask_to_book_as_own, book_as_own, undo_own
from agency.banking.provider_settlements import match_settlements
from agency.banking.returns import take_back_returned
from agency.banking.suspense import Part, settle_line, split_line, undo_line
from agency.banking.suspense_cases import ask_to_park, park, unpark
from agency.claims.models import Claim
from agency.kernel import ports
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.money import Money
from agency.payments.models import IntentState, PaymentIntent, PaymentIntentPart
from agency.payments.provider_payments import apply_answer, ask
from agency.ports.providers import (
    ProviderPayment,
    ProviderRefund,
    ProviderRefused,
    Settlement,
    SettlementLine,
)
from agency.remittance.direct import report_payment, take_back_report
from tests.bankfiles.one_day import FORMATS, Paid
from tests.books.bank import TOLD_IN
from tests.books.ground import CLAIMS
from tests.books.watched import BOB, Watched

WHICH = st.integers(0, len(CLAIMS) - 1)
# None stands for exactly what is owed.
MINOR = st.none() | st.integers(1, 90_000)
ANY = st.integers(0, 10**6)
PAYER = "NL86INGB0002445588"
ZERO = Money(0, "EUR")


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


@dataclass
class Provider:
    """The payment provider: what it has of each payment, and what it did not pay out yet."""

    payments: dict[str, ProviderPayment] = field(default_factory=dict)
    unsettled: list[SettlementLine] = field(default_factory=list)
    settled: int = 0

    def fetch(self, ref: str) -> ProviderPayment:
        return self.payments[ref]

    def pay(self, ref: str, intent: UUID, minor: int, at: Any) -> None:
        self.payments[ref] = ProviderPayment(ref, str(intent), "paid", eur(minor), "ideal", at, ZERO, ZERO)
        self.unsettled.append(SettlementLine(ref, "payment", eur(minor)))

    def refund(self, *, payment_ref: str, refund_id: str, amount: Money, description: str) -> ProviderRefund:
        payment = self.payments[payment_ref]
        if amount > payment.amount - payment.amount_refunded - payment.amount_charged_back:
            raise ProviderRefused("422", "more than is left")
        made = ProviderRefund(f"re_{refund_id[:8]}", refund_id, amount)
        self.payments[payment_ref] = replace(
            payment, amount_refunded=payment.amount_refunded + amount, refunds=(*payment.refunds, made)
        )
        self.unsettled.append(SettlementLine(payment_ref, "refund", -amount))
        return made

    def charge_back(self, ref: str, percent: int = 100) -> bool:
        payment = self.payments[ref]
        left = payment.amount - payment.amount_refunded - payment.amount_charged_back
        left = Money(left.minor * percent // 100, left.currency)
        if left:
            self.payments[ref] = replace(payment, amount_charged_back=payment.amount_charged_back + left)
            self.unsettled.append(SettlementLine(ref, "chargeback", -left))
        return bool(left)

    def give_in(self, ref: str) -> bool:
        """The payer lost: the money is back."""
        payment = self.payments[ref]
        if payment.amount_charged_back:
            self.unsettled.append(SettlementLine(ref, "payment", payment.amount_charged_back))
            self.payments[ref] = replace(payment, amount_charged_back=ZERO)
        return bool(payment.amount_charged_back)


class ComingIn(Watched):
    """Payments, bank lines, suspense, chargebacks."""

    def __init__(self) -> None:
        super().__init__()
        self.provider = Provider()
        before = list(ports._installed)
        ports._installed[:] = [SimpleNamespace(payments=self.provider)]
        self.open.callback(ports._installed.__setitem__, slice(None), before)

    def amount(self, which: int, minor: int | None) -> int:
        return minor or self.books.claims[self.claims[which][1]].owed(self.today).total or 1

    def reference(self, which: int) -> str:
        with self.unit() as unit:
            return unit.session.get_one(Claim, self.claims[which]).payment_reference

    def bring(self, *lines: Paid, format: str = "camt") -> None:
        """A statement comes in and is worked on, as the job does; returns come last."""
        with self.unit() as unit:
            lines = tuple(replace(line, day=unit.today) for line in lines)
            for line in lines:
                self.books.bank_line(line.cents)
            self.bank.tell(unit, lines, format=format)
            match_lines(unit)
            take_back_returned(unit)

    @rule(which=WHICH, minor=MINOR, format=st.sampled_from(TOLD_IN), twins=st.sampled_from([1, 1, 1, 2]))
    def transfer(self, which, minor, format, twins):
        """B8: sometimes two true payments that look the same."""
        words = self.bank.text(self.reference(which))
        paid = Paid(self.amount(which, minor), iban=PAYER, text=words, end_to_end=f"E{self.bank.number}")
        self.bring(*[paid] * twins, format=format)

    @rule(minor=st.integers(1, 90_000), format=st.sampled_from(TOLD_IN))
    def transfer_of_nobody(self, minor, format):
        self.bring(Paid(minor, iban=PAYER, text=self.bank.text("onbekend")), format=format)

    @precondition(lambda self: self.bank.told)
    @rule(which=ANY, format=st.sampled_from(sorted(FORMATS)))
    def a_statement_comes_again(self, which, format):
        """B1, B2, B3: in the same format or in another one."""
        with self.unit() as unit:
            assert self.bank.tell_again(unit, which, format=format).new_lines == 0
            match_lines(unit)

    @precondition(lambda self: self.books.payments)
    @rule(which=ANY)
    def the_bank_takes_a_payment_back(self, which):
        """B9; a payment once: of two with the same names, two."""
        found = self.rows(
            "SELECT amount_minor, end_to_end FROM bank_line l WHERE state = 'matched' AND end_to_end <> ''"
            " AND claim_id IS NOT NULL AND (SELECT sum(t.amount_minor) FROM bank_line t"
            " WHERE t.end_to_end = l.end_to_end) > 0 ORDER BY id"
        )
        if found:
            row = found[which % len(found)]
            with self.unit() as unit:
                line = self.bank.a_return(unit, row.amount_minor, iban=PAYER, end_to_end=row.end_to_end)
                self.books.bank_line(-row.amount_minor)
                self.bank.take_back(unit, line)
                take_back_returned(unit)

    # --- at the provider ---

    @rule(which=WHICH, minor=MINOR)
    def pay_by_link(self, which, minor):
        creditor_id, claim_id = self.claims[which]
        ref, intent = f"tr_{len(self.provider.payments) + 1}", new_id()
        minor = self.amount(which, minor)
        with self.unit() as unit:
            unit.session.add(
                PaymentIntent(
                    creditor_id=creditor_id,
                    id=intent,
                    created_at=unit.now,
                    claim_id=claim_id,
                    amount_minor=minor,
                    currency="EUR",
                    state=IntentState.OPEN,
                    provider_ref=ref,
                )
            )
            unit.session.flush()
            self.provider.pay(ref, intent, minor, unit.now)
            self.hear(unit, ref)

    @rule(which=WHICH, minor=MINOR, other_minor=MINOR)
    def pay_two_by_link(self, which, minor, other_minor):
        """One payment for two claims of a debtor."""
        creditor_id, _ = self.claims[which]
        mine = [at for at, (creditor, _) in enumerate(self.claims) if creditor == creditor_id]
        parts = {
            self.claims[at][1]: self.amount(at, wanted)
            for at, wanted in zip(mine, (minor, other_minor), strict=True)
        }
        ref, intent = f"tr_{len(self.provider.payments) + 1}", new_id()
        whose: dict[str, Any] = {"creditor_id": creditor_id}
        with self.unit() as unit:
            unit.session.add(
                PaymentIntent(
                    **whose, id=intent, created_at=unit.now, claim_id=self.claims[which][1],
                    amount_minor=sum(parts.values()), currency="EUR", state=IntentState.OPEN,
                    provider_ref=ref,
                )
            )  # fmt: skip
            unit.session.flush()
            for place, (claim_id, cents) in enumerate(parts.items()):
                part = PaymentIntentPart(
                    **whose, id=new_id(), intent_id=intent, claim_id=claim_id, place=place, amount_minor=cents
                )
                unit.session.add(part)
            unit.session.flush()
            self.provider.pay(ref, intent, sum(parts.values()), unit.now)
            self.hear(unit, ref)

    @precondition(lambda self: self.provider.payments)
    @rule(which=ANY, part=st.integers(1, 99))
    def charge_a_part_back(self, which, part):
        """What is left of a payment for several claims stands on them in their order."""
        refs = sorted(self.provider.payments)
        ref = refs[which % len(refs)]
        if self.provider.charge_back(ref, part):
            with self.unit() as unit:
                self.hear(unit, ref)

    def hear(self, unit: Unit, ref: str) -> None:
        """A1: the provider says that something changed, twice."""
        for _ in "12":
            question = ask(unit, ref=ref)
            assert question is not None
            apply_answer(unit, question=question, answer=self.provider.fetch(ref))

    @precondition(lambda self: self.provider.payments)
    @rule(which=ANY, won=st.booleans())
    def charge_back(self, which, won):
        """A14, A15: before the provider paid out, or after."""
        refs = sorted(self.provider.payments)
        ref = refs[which % len(refs)]
        if self.provider.give_in(ref) if won else self.provider.charge_back(ref):
            with self.unit() as unit:
                self.hear(unit, ref)

    @precondition(lambda self: sum(line.amount.minor for line in self.provider.unsettled) > len(CLAIMS) * 100)
    @rule()
    def the_provider_pays_out(self):
        """A20: one lump, less its costs."""
        lines, costs = tuple(self.provider.unsettled), 25 * len(self.provider.unsettled)
        total = sum(line.amount.minor for line in lines) - costs
        if total <= 0:
            return
        self.provider.unsettled.clear()
        self.provider.settled += 1
        reference = f"STL.{self.provider.settled:04d}.LUMP"
        self.bring(Paid(total, iban=PAYER, text=self.bank.text(reference)))
        settlement = Settlement(
            f"stl_{self.provider.settled}", reference, self.today, eur(total), eur(costs), lines
        )
        with self.unit() as unit:
            assert match_settlements(unit, settlements=[settlement]) == 1
        shares = self.shares_of(lines)
        paid = {line.payment_ref for line in lines if line.kind == "payment"}
        self.books.settle_provider(shares, costs, paid)

    def shares_of(self, lines: Sequence[SettlementLine]) -> Counter:
        owner = {row.provider_ref: row.creditor_id for row in self.rows("SELECT * FROM payment_intent")}
        shares: Counter = Counter()
        for line in lines:
            shares[owner[line.payment_ref]] += line.amount.minor
        return shares

    # --- to the creditor itself ---

    @rule(which=WHICH, minor=MINOR)
    def pay_the_creditor(self, which, minor):
        creditor_id, claim_id = self.claims[which]
        number = self.one_of("SELECT number FROM claim WHERE id = :id", id=claim_id).number
        self.attempt(
            lambda unit: report_payment(
                unit,
                creditor_id=creditor_id,
                claim=number,
                amount=Decimal(self.amount(which, minor)) / 100,
                paid_on=unit.today,
            )
        )

    @rule(which=ANY)
    def take_a_report_back(self, which):
        found = self.rows("SELECT creditor_id, id FROM direct_payment ORDER BY id")
        if found:
            row = found[which % len(found)]
            self.attempt(
                lambda unit: take_back_report(unit, creditor_id=row.creditor_id, report_row_id=row.id)
            )

    # --- suspense ---

    def waiting_line(self, which: int) -> Any:
        found = self.rows(
            "SELECT id, amount_minor FROM bank_line WHERE state = 'suspense' AND amount_minor > 1 ORDER BY id"
        )
        return found[which % len(found)] if found else None

    @rule(line=ANY, which=WHICH)
    def settle_by_hand(self, line, which):
        if row := self.waiting_line(line):
            creditor_id, claim_id = self.claims[which]
            self.attempt(
                lambda unit: settle_line(unit, line_id=row.id, creditor_id=creditor_id, claim_id=claim_id)
            )

    @rule(line=ANY, one=WHICH, other=WHICH, part=st.integers(1, 99))
    def split_by_hand(self, line, one, other, part):
        """B6."""
        if row := self.waiting_line(line):
            first = max(1, row.amount_minor * part // 100)
            parts = [
                Part(*self.claims[one], eur(first)),
                Part(*self.claims[other], eur(row.amount_minor - first)),
            ]
            self.attempt(lambda unit: split_line(unit, line_id=row.id, parts=parts))

    @rule(which=ANY)
    def undo(self, which):
        found = self.rows("SELECT id FROM bank_line WHERE state = 'matched' ORDER BY id")
        if found:
            self.attempt(lambda unit: undo_line(unit, line_id=found[which % len(found)].id, why="wrong"))

    @rule(line=ANY, back=st.booleans())
    def park_by_two(self, line, back):
        """B14."""
        if row := self.waiting_line(line):
            if back:
                self.attempt(lambda unit: unpark(unit, line_id=row.id))
            else:
                self.attempt(lambda unit: ask_to_park(unit, line_id=row.id, reason="unknown"))
                self.attempt(lambda unit: park(unit, line_id=row.id), by=BOB)

    # --- the agency's own ---

    @rule(minor=st.integers(1, 5_000), format=st.sampled_from(TOLD_IN))
    def the_bank_charges(self, minor, format):
        """It waits until two people say what it is."""
        self.bring(Paid(-minor, iban=PAYER, text=self.bank.text("kosten")), format=format)

    @rule(which=ANY, kind=st.sampled_from(OwnKind))
    def book_as_our_own(self, which, kind):
        found = self.rows("SELECT id, amount_minor FROM bank_line WHERE state = 'suspense' ORDER BY id")
        if found:
            row = found[which % len(found)]
            self.own[row.id] = (row.amount_minor, kind)
            self.attempt(lambda unit: ask_to_book_as_own(unit, line_id=row.id, kind=kind))
            self.attempt(lambda unit: book_as_own(unit, line_id=row.id), by=BOB)

    @rule(which=ANY)
    def take_our_own_back(self, which):
        found = self.rows("SELECT id FROM bank_line WHERE state = 'own' ORDER BY id")
        if found:
            self.attempt(lambda unit: undo_own(unit, line_id=found[which % len(found)].id, why="wrong"))
