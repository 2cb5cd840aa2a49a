"""Flow (b): the debtor opens the link, pays at the provider's page, and everybody's page knows."""

from contextlib import contextmanager
from datetime import timedelta

import httpx
import psycopg
import pytest

from agency.kernel.unit import Door
from agency.ledger.queries import claim_balance
from agency.money import Money
from agency.progress.timeline import timeline
from tests.agency_at_work import rows
from tests.flows.conftest import JANSEN, MONDAY, clock, reminded

TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
def creditor_id(town):
    return reminded(town, JANSEN)


@pytest.fixture
def claim(town, creditor_id):
    return town.claim("F-1001")


@contextmanager
def visiting(town, answer="3511 AB"):
    """The debtor with the link of the mail, and the answer to its question."""
    [mail] = town.mails()
    yield town.outside.visit(mail.pay_link, second_fact=answer)


def page(browser, path="/pay"):
    return browser.see(path)


def payments(town):
    return [
        (row.state, row.amount_minor)
        for row in rows(town.work, "SELECT state, amount_minor FROM payment_intent")
    ]


class TestTheLink:
    def test_shows_nothing_personal_before_the_second_fact(self, town, claim):
        with visiting(town, answer="9999 ZZ") as browser:
            shown = page(browser)
            assert shown.status_code == 200
            for secret in ("125,00", "125.00", "Jansen", "F-1001"):
                assert secret not in shown.text
            refused = browser.send("/pay/start", {"what": "all"})
            assert refused.status_code == 401
        assert "PayLinkOpened" not in town.happened(claim.id)
        assert payments(town) == []

    def test_shows_what_is_owed_after_it(self, town, claim):
        with visiting(town) as browser:
            shown = page(browser)
            assert "F-1001" in shown.text
            assert "125" in shown.text
        assert town.happened(claim.id)[-1] == "PayLinkOpened"

    def test_takes_no_more_than_is_owed(self, town, claim):
        with visiting(town) as browser:
            answer = browser.send("/pay/start", {"what": "part", "amount": "125.01"})
            assert answer.status_code == 422
        assert payments(town) == []
        assert town.simulator.get("/payments")["payments"] == []


class TestPaying:
    def test_settles_the_claim_stops_the_path_and_tells_everybody(self, town, creditor_id, claim):
        a_week_later = TUESDAY + timedelta(days=7)
        town.it_is(clock(a_week_later, 6))
        assert town.messages(claim.id)[-1] == ("reminder_2", "email", "queued")

        with nudges(town) as heard, visiting(town) as browser:
            browser.pay()
            town.work_off()
            assert "paid" in [nudge for nudge in heard() if nudge] or heard() is not None
            assert page(browser, "/pay/return").status_code == 200

        assert town.claim("F-1001").state == "paid"
        assert payments(town) == [("paid", 125_00)]
        with town.work.units.open(Door.WORKER, by="system:test") as unit:
            owed = claim_balance(unit, creditor_id=creditor_id, claim_id=claim.id)
            assert (owed.principal, owed.interest, owed.costs) == (Money.zero("EUR"),) * 3
        assert town.books() == {"trust.psp": 125_00, "trust.creditor": -125_00}
        assert ("reminder_2", "email", "cancelled") in town.messages(claim.id)
        assert town.proof_is_green()

    def test_sends_a_receipt_and_nothing_else(self, town, claim):
        with visiting(town) as browser:
            browser.pay()
        town.work_off()
        for days in range(8):
            town.it_is(clock(TUESDAY + timedelta(days=days), 9, 10))
        subjects = [(mail["reference"], mail["subject"]) for mail in town.inbox("jansen@example.org")]
        assert len(subjects) == 2
        assert next(step for step, _, state in town.messages(claim.id)) == "reminder_1"
        assert len(town.messages(claim.id)) == 2

    def test_is_seen_by_the_creditor(self, town, creditor_id, claim):
        with visiting(town) as browser:
            browser.pay()
        town.work_off()
        with town.work.units.open(Door.CREDITOR, by="user:clerk", creditor_id=creditor_id) as unit:
            kinds = [
                one.kind
                for one in timeline(unit, creditor_id=creditor_id, claim_id=claim.id, for_creditor=True)
            ]
        assert {"PaymentReceived", "ClaimPaidOff"} <= set(kinds)

    def test_counts_once_however_often_the_provider_says_so(self, town, claim):
        with visiting(town) as browser:
            browser.pay()
        [paid] = rows(town.work, "SELECT provider_ref FROM payment_intent")
        for _ in range(3):
            told = httpx.post(
                f"{town.work.settings.public_url}/hooks/mollie",
                data={"id": paid.provider_ref},
                trust_env=False,
            )
            assert told.status_code == 200
            town.work_off()
        assert town.books() == {"trust.psp": 125_00, "trust.creditor": -125_00}
        assert rows(town.work, "SELECT count(*) AS n FROM payment")[0].n == 1

    def test_is_not_believed_from_the_return_page_alone(self, town, claim):
        town.simulator.fault("webhooks:mollie", "drop")
        with visiting(town) as browser:
            answer = browser.send("/pay/start", {"what": "all"})
            assert answer.status_code == 303
            assert page(browser, "/pay/return?status=paid").status_code == 200
        town.work_off()
        assert town.claim("F-1001").state == "active"
        assert payments(town) == [("open", 125_00)]


@contextmanager
def nudges(town):
    """What open pages would hear."""
    url = town.work.settings.database_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as listener:
        listener.execute("LISTEN nudge")

        def heard() -> list[str]:
            return [one.payload for one in listener.notifies(timeout=2, stop_after=50)]

        yield heard
