"""What the provider tells, in whatever order and however often: the books end where the provider stands."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import permutations
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from agency.kernel import ports
from agency.kernel.errors import Invalid
from agency.kernel.outbox import drain
from agency.kernel.unit import Door, Units
from agency.money import Money
from agency.payments.intents import UnableToStartPayment, start_payment
from agency.payments.jobs import ask_about, ask_given_back, ask_open_intents, take_notice
from agency.payments.models import IntentState, PaymentIntent
from agency.payments.provider_payments import apply_answer, ask
from agency.ports.providers import (
    CreatedPayment,
    ProviderAmbiguous,
    ProviderPayment,
    ProviderRefused,
)
from tests.made import a_claim, a_creditor

ZERO = Money(0, "EUR")


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


@dataclass
class Provider:
    """Keeps payments as a provider does: by idempotency key, with their present state."""

    payments: dict[str, ProviderPayment] = field(default_factory=dict)
    by_key: dict[str, str] = field(default_factory=dict)
    loses_answers: bool = False
    refuses: bool = False
    fetches: int = 0
    paid_at: datetime = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def create(self, *, intent_id, amount, **_):
        if self.refuses:
            raise ProviderRefused("422", "no")
        ref = self.by_key.setdefault(intent_id, f"tr_{len(self.by_key) + 1}")
        self.payments.setdefault(ref, ProviderPayment(ref, intent_id, "open", amount, "", None, ZERO, ZERO))
        if self.loses_answers:
            raise ProviderAmbiguous("timed out")
        return CreatedPayment(ref, f"https://pay.example/{ref}")

    def fetch(self, ref):
        self.fetches += 1
        if ref not in self.payments:
            raise ProviderRefused("404", "unknown")
        return self.payments[ref]

    def given_back(self, *, since):
        return frozenset(
            ref for ref, one in self.payments.items() if one.amount_refunded or one.amount_charged_back
        )

    def now(self, ref, status="paid", *, refunded=0, charged_back=0):
        before = self.payments[ref]
        self.payments[ref] = ProviderPayment(
            ref,
            before.intent_id,
            status,
            before.amount,
            "ideal",
            self.paid_at,
            eur(refunded),
            eur(charged_back),
        )


@pytest.fixture
def provider(monkeypatch):
    fake = Provider()
    monkeypatch.setattr(ports, "_installed", [SimpleNamespace(payments=fake)])
    return fake


@pytest.fixture
def claim(units: Units):
    with units.open(Door.STAFF, by="system:test") as unit:
        creditor = a_creditor(unit)
        return creditor, a_claim(unit, creditor_id=creditor, invoices=[(10_000, unit.today)])


def start(units, provider, claim, amount=None):
    return start_payment(
        units,
        creditor_id=claim[0],
        claim_id=claim[1],
        amount=amount,
        provider=provider,
        redirect_url="https://x/return",
        webhook_url="https://x/hooks/mollie",
        locale="nl_NL",
        by="debtor:x",
    )


def balances(units) -> dict[str, int]:
    with units.open(Door.STAFF, by="x") as unit:
        rows = unit.session.connection().execute(
            text(
                "SELECT account, sum(amount_minor)::bigint FROM ledger_entry GROUP BY 1"
                " HAVING sum(amount_minor) <> 0 ORDER BY 1"
            )
        )
        return {row[0]: row[1] for row in rows}


def count(units, table) -> int:
    with units.open(Door.STAFF, by="x") as unit:
        return unit.session.connection().execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def notice(units, ref, times=1):
    for _ in range(times):
        with units.open(Door.GATE, by="system:hooks") as unit:
            take_notice(unit, ref=ref)


PAID = {"trust.creditor": -10_000, "trust.psp": 10_000}
OWED = {"claims.control": -10_000, "claims.principal": 10_000}


class TestStarting:
    def test_two_tabs_share_one_payment(self, units, provider, claim):
        """A17."""
        first, second = start(units, provider, claim), start(units, provider, claim)
        assert first == second
        assert len(provider.payments) == count(units, "payment_intent") == 1

    def test_says_being_checked_when_the_answer_is_lost_and_opens_no_second_payment(
        self, units, provider, claim
    ):
        """A8."""
        provider.loses_answers = True
        assert start(units, provider, claim).state == "being_checked"
        provider.loses_answers = False
        again = start(units, provider, claim)
        assert (again.state, len(provider.payments)) == ("open", 1)

    def test_tells_of_a_refusal_and_lets_the_debtor_try_again(self, units, provider, claim):
        provider.refuses = True
        with pytest.raises(UnableToStartPayment):
            start(units, provider, claim)
        provider.refuses = False
        assert start(units, provider, claim).state == "open"

    @pytest.mark.parametrize("minor", [10_001, 0, -5, 99])
    def test_refuses_an_amount_that_the_server_does_not_know(self, units, provider, claim, minor):
        """A21, A23."""
        with pytest.raises(Invalid):
            start(units, provider, claim, eur(minor))
        assert not provider.payments


class TestNotices:
    def test_fifty_of_one_payment_book_it_once(self, units, provider, claim):
        """A1."""
        start(units, provider, claim)
        provider.now("tr_1")
        notice(units, "tr_1", times=50)
        drain(units)
        assert balances(units) == PAID
        assert count(units, "payment") == 1
        assert provider.fetches == 1

    def test_of_an_unknown_payment_change_nothing(self, units, provider, claim):
        """A3."""
        start(units, provider, claim)
        notice(units, "tr_999")
        drain(units)
        assert balances(units) == OWED

    def test_that_come_before_our_own_record_are_recognised_by_our_id(self, units, provider, claim):
        """A6."""
        provider.loses_answers = True
        start(units, provider, claim)
        provider.now("tr_1")
        notice(units, "tr_1")
        drain(units)
        assert balances(units) == PAID

    def test_that_never_come_are_made_up_for_by_asking(self, units, provider, claim):
        """A7."""
        start(units, provider, claim)
        provider.now("tr_1")
        with units.open(Door.STAFF, by="x") as unit:
            unit.session.connection().execute(
                text("UPDATE payment_intent SET created_at = created_at - interval '1 hour'")
            )
        with units.open(Door.WORKER, by="system:schedule") as unit:
            ask_open_intents(unit)
        drain(units)
        assert balances(units) == PAID

    @pytest.mark.parametrize(("back", "after"), [({"refunded": 10_000}, True), ({}, False)])
    def test_of_money_given_back_are_made_up_for_daily(self, units, provider, claim, back, after):
        start(units, provider, claim)
        provider.now("tr_1")
        notice(units, "tr_1")
        drain(units)
        provider.now("tr_1", **back)
        asked = provider.fetches
        ask_given_back(units)
        drain(units)
        assert provider.fetches - asked == after
        assert (balances(units) == PAID) is not after

    def test_a_flood_is_dropped_after_a_limit(self, units, provider, monkeypatch):
        monkeypatch.setattr("agency.payments.jobs.NOTICES_PER_MINUTE", 5)
        for number in range(20):
            notice(units, f"tr_x{number}")
        drain(units)
        assert provider.fetches == 5


STORY = (
    ("paid", 0, 0),
    ("paid", 4_000, 0),
    ("paid", 10_000, 0),
    ("paid", 0, 10_000),
    ("paid", 0, 0),
)


class TestReversals:
    @pytest.mark.parametrize("last", range(len(STORY)))
    def test_end_where_the_provider_stands_whatever_came_before(self, units, provider, claim, last):
        """A2, A13, A15: the books follow the provider's last word."""
        start(units, provider, claim)
        for status, refunded, charged_back in STORY[: last + 1]:
            provider.now("tr_1", status, refunded=refunded, charged_back=charged_back)
            notice(units, "tr_1", times=2)
            drain(units)
        kept = 10_000 - STORY[last][1] - STORY[last][2]
        expected = {"trust.creditor": -kept, "trust.psp": kept} if kept else {}
        if kept < 10_000:
            expected |= {"claims.control": kept - 10_000, "claims.principal": 10_000 - kept}
        assert balances(units) == dict(sorted(expected.items()))

    def test_answers_in_any_order_end_in_the_same_ledger(self, units, provider, claim):
        """Late answers to old questions are not applied: only the latest question counts."""
        start(units, provider, claim)
        answers = []
        for _, refunded, charged_back in ((0, 0, 0), (0, 4_000, 0), (0, 10_000, 0)):
            provider.now("tr_1", refunded=refunded, charged_back=charged_back)
            with units.open(Door.WORKER, by="x") as unit:
                answers.append((ask(unit, ref="tr_1"), provider.fetch("tr_1")))
        for order in permutations(answers):
            for question, answer in order:
                with units.open(Door.WORKER, by="x") as unit:
                    apply_answer(unit, question=question, answer=answer)
            assert balances(units) == OWED

    def test_expired_after_paid_changes_nothing(self, units, provider, claim):
        start(units, provider, claim)
        provider.now("tr_1")
        ask_about(units, ref="tr_1")
        provider.now("tr_1", "expired")
        ask_about(units, ref="tr_1")
        assert balances(units) == PAID

    def test_an_unanswered_creation_is_given_up_after_an_hour(self, units, provider, claim):
        provider.loses_answers = True
        intent_id = start(units, provider, claim).intent_id
        ask_about(units, intent_id=intent_id)
        with units.open(Door.STAFF, by="x") as unit:
            intent = unit.session.get_one(PaymentIntent, (claim[0], intent_id))
            assert intent.state == IntentState.CREATING
            intent.created_at -= timedelta(hours=2)
        ask_about(units, intent_id=intent_id)
        with units.open(Door.STAFF, by="x") as unit:
            assert unit.session.get_one(PaymentIntent, (claim[0], intent_id)).state == IntentState.EXPIRED
