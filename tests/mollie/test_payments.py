"""Mollie's real client against the simulator: payments, their ends, and every way in which calls go wrong."""

import socket
from datetime import datetime, timedelta

import pytest

from agency.money import Money
from agency.ports.providers import ProviderAmbiguous, ProviderRefused, ProviderTransient
from integrations.mollie import webhooks
from integrations.mollie.payments import MolliePayments


@pytest.fixture
def mollie(simulator):
    opened = MolliePayments(url=f"{simulator.url}/mollie", key="test_k", production=False, timeout_seconds=5)
    yield opened
    opened.close()


def wanted(simulator, **change):
    return {
        "intent_id": "int-1",
        "amount": Money(6185, "EUR"),
        "description": "Dossier 0042",
        "redirect_url": f"{simulator.agency.url}/p/back",
        "webhook_url": f"{simulator.agency.url}/hooks/mollie",
        "locale": "nl_NL",
    } | change


class TestCreate:
    def test_opens_a_payment_that_carries_our_id(self, simulator, mollie):
        created = mollie.create(**wanted(simulator))
        assert created.ref.startswith("tr_")
        assert created.checkout_url == f"{simulator.url}/_sim/checkout/{created.ref}"
        payment = mollie.fetch(created.ref)
        assert payment.intent_id == "int-1"
        assert payment.status == "open"
        assert payment.amount == Money(6185, "EUR")
        assert payment.paid_at is None
        assert payment.amount_refunded == payment.amount_charged_back == Money.zero("EUR")

    def test_the_same_intent_is_one_payment(self, simulator, mollie):
        first = mollie.create(**wanted(simulator))
        assert mollie.create(**wanted(simulator)) == first
        assert len(simulator.get("/payments")["payments"]) == 1

    def test_the_same_intent_with_another_amount_is_refused(self, simulator, mollie):
        mollie.create(**wanted(simulator))
        with pytest.raises(ProviderRefused) as refused:
            mollie.create(**wanted(simulator, amount=Money(1, "EUR")))
        assert refused.value.code == "409"

    @pytest.mark.parametrize(
        "change",
        [
            {"amount": Money(0, "EUR")},
            {"amount": Money(-5, "EUR")},
            {"amount": Money(10**12, "EUR")},
            {"amount": Money(100, "USD")},
            {"description": ""},
            {"webhook_url": "https://example.com/hook"},
        ],
    )
    def test_nonsense_is_refused(self, simulator, mollie, change):
        with pytest.raises(ProviderRefused):
            mollie.create(**wanted(simulator, **change))
        assert simulator.get("/payments")["payments"] == []

    def test_a_wrong_key_is_refused(self, simulator):
        mollie = MolliePayments(url=f"{simulator.url}/mollie", key="wrong", production=False)
        with pytest.raises(ProviderRefused) as refused:
            mollie.create(**wanted(simulator))
        assert refused.value.code == "401"
        mollie.close()

    @pytest.mark.parametrize(("status", "wait"), [(429, 4), (503, None)])
    def test_too_busy_is_transient_and_not_tried_again_by_itself(self, simulator, mollie, status, wait):
        simulator.fault("mollie", "status", status=status, retry_after=wait)
        with pytest.raises(ProviderTransient) as busy:
            mollie.create(**wanted(simulator))
        assert busy.value.retry_after == wait
        assert simulator.get("/payments")["payments"] == []

    @pytest.mark.parametrize("kind", ["status", "status_after", "reset", "lost"])
    def test_a_lost_answer_is_ambiguous_and_asking_again_gives_one_payment(self, simulator, mollie, kind):
        simulator.fault("mollie", kind)
        with pytest.raises(ProviderAmbiguous):
            mollie.create(**wanted(simulator))
        created = mollie.create(**wanted(simulator))
        (only,) = simulator.get("/payments")["payments"]
        assert only["id"] == created.ref

    @pytest.mark.parametrize("kind", ["hang", "late"])
    def test_a_late_answer_is_ambiguous(self, simulator, kind):
        mollie = MolliePayments(url=f"{simulator.url}/mollie", key="k", production=False, timeout_seconds=0.3)
        simulator.fault("mollie", kind, seconds=1)
        with pytest.raises(ProviderAmbiguous):
            mollie.create(**wanted(simulator))
        mollie.close()

    def test_a_good_status_around_nonsense_is_ambiguous(self, simulator, mollie):
        simulator.fault("mollie", "status_after", status=201)
        with pytest.raises(ProviderAmbiguous):
            mollie.create(**wanted(simulator))

    def test_no_connection_is_transient(self, simulator):
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        mollie = MolliePayments(url=f"http://127.0.0.1:{port}", key="k", production=False)
        with pytest.raises(ProviderTransient):
            mollie.create(**wanted(simulator))
        mollie.close()


class TestFetch:
    def after(self, simulator, mollie, step, **details):
        created = mollie.create(**wanted(simulator))
        simulator.post(f"/payments/{created.ref}/{step}", details)
        return mollie.fetch(created.ref)

    def test_a_paid_payment(self, simulator, mollie):
        payment = self.after(simulator, mollie, "pay", method="bancontact")
        assert (payment.status, payment.method) == ("paid", "bancontact")
        now = datetime.fromisoformat(simulator.get("/clock")["now"])
        assert payment.paid_at is not None
        assert now - timedelta(minutes=1) < payment.paid_at <= now
        simulator.post("/drain")
        (call,) = simulator.agency.heard_at("/hooks/mollie")
        assert webhooks.payment_ref(call.body) == payment.ref

    @pytest.mark.parametrize(
        ("step", "status"), [("fail", "failed"), ("expire", "expired"), ("cancel", "canceled")]
    )
    def test_a_payment_that_came_to_nothing(self, simulator, mollie, step, status):
        assert self.after(simulator, mollie, step).status == status

    def test_a_part_payment_reports_what_was_really_paid(self, simulator, mollie):
        payment = self.after(simulator, mollie, "pay", amount="20.00")
        assert (payment.status, payment.amount) == ("paid", Money(2000, "EUR"))

    def test_the_magic_amount_fails(self, simulator, mollie):
        created = mollie.create(**wanted(simulator, amount=Money(1313, "EUR")))
        simulator.post(f"/payments/{created.ref}/pay")
        assert mollie.fetch(created.ref).status == "failed"

    def test_an_open_payment_expires_with_time(self, simulator, mollie):
        created = mollie.create(**wanted(simulator))
        now = datetime.fromisoformat(simulator.get("/clock")["now"])
        simulator.post("/clock", {"now": (now + timedelta(minutes=16)).isoformat()})
        assert mollie.fetch(created.ref).status == "expired"

    def test_money_that_went_back(self, simulator, mollie):
        created = mollie.create(**wanted(simulator))
        simulator.post(f"/payments/{created.ref}/pay")
        simulator.post(f"/payments/{created.ref}/refund", {"amount": "10.00"})
        simulator.post(f"/payments/{created.ref}/chargeback", {"amount": "51.85"})
        payment = mollie.fetch(created.ref)
        assert payment.status == "paid"
        assert payment.amount_refunded == Money(1000, "EUR")
        assert payment.amount_charged_back == Money(5185, "EUR")
        again = simulator.http.post(f"/_sim/payments/{created.ref}/refund", json={"amount": "0.01"})
        assert again.status_code == 409

    @pytest.mark.parametrize("ref", ["tr_unknown0", "../settlements", "", "x"])
    def test_an_unknown_payment_is_refused(self, mollie, ref):
        with pytest.raises(ProviderRefused) as refused:
            mollie.fetch(ref)
        assert refused.value.code == "404"

    @pytest.mark.parametrize("kind", ["status", "reset", "lost"])
    def test_failing_to_read_is_transient(self, simulator, mollie, kind):
        created = mollie.create(**wanted(simulator))
        simulator.fault("mollie", kind)
        with pytest.raises(ProviderTransient):
            mollie.fetch(created.ref)


class TestRefund:
    @pytest.fixture
    def paid(self, simulator, mollie) -> str:
        created = mollie.create(**wanted(simulator))
        simulator.post(f"/payments/{created.ref}/pay", {})
        return created.ref

    def give_back(self, mollie, ref, minor=2000, refund_id="ref-1"):
        return mollie.refund(
            payment_ref=ref, refund_id=refund_id, amount=Money(minor, "EUR"), description="Dossier 0042"
        )

    def test_carries_our_id_and_is_listed_with_its_payment(self, mollie, paid):
        refund = self.give_back(mollie, paid)
        assert (refund.refund_id, refund.amount, refund.failed) == ("ref-1", Money(2000, "EUR"), False)
        payment = mollie.fetch(paid)
        assert payment.amount_refunded == Money(2000, "EUR")
        assert payment.refunds == (refund,)

    def test_the_same_key_gives_the_money_back_once(self, mollie, paid):
        assert self.give_back(mollie, paid) == self.give_back(mollie, paid)
        assert mollie.fetch(paid).amount_refunded == Money(2000, "EUR")

    def test_the_same_key_with_another_amount_is_refused(self, mollie, paid):
        self.give_back(mollie, paid)
        with pytest.raises(ProviderRefused):
            self.give_back(mollie, paid, 2001)

    @pytest.mark.parametrize("minor", [6186, 0, -1])
    def test_more_than_was_paid_or_nothing_is_refused(self, mollie, paid, minor):
        """A13."""
        with pytest.raises(ProviderRefused):
            self.give_back(mollie, paid, minor)
        assert mollie.fetch(paid).refunds == ()

    def test_two_together_are_no_more_than_the_payment(self, mollie, paid):
        """A13."""
        self.give_back(mollie, paid, 6000)
        with pytest.raises(ProviderRefused):
            self.give_back(mollie, paid, 186, "ref-2")

    def test_a_lost_answer_is_ambiguous_and_found_among_the_refunds(self, simulator, mollie, paid):
        simulator.fault("mollie", "lost")
        with pytest.raises(ProviderAmbiguous):
            self.give_back(mollie, paid)
        assert [refund.refund_id for refund in mollie.fetch(paid).refunds] == ["ref-1"]

    def test_a_refund_by_somebody_else_is_not_ours(self, simulator, mollie, paid):
        simulator.post(f"/payments/{paid}/refund", {"amount": "10.00"})
        [refund] = mollie.fetch(paid).refunds
        assert (refund.refund_id, refund.amount) == ("", Money(1000, "EUR"))
