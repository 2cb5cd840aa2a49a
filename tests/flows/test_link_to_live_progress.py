"""Flow (b): the debtor opens the link, pays at the provider's page, and everybody's page knows."""

import json
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
MAIL = "jansen@example.org"


@pytest.fixture
def creditor_id(town):
    return reminded(town, JANSEN)


@pytest.fixture
def claim(town, creditor_id):
    return town.claim("F-1001")


@pytest.fixture
def visitor(town, claim, debtor):
    """The debtor, who has followed the link of the mail and answered its question."""
    assert debtor.open(town.pay_link(MAIL), answer="3511 AB").status_code == 303
    return debtor


def intents(town):
    return [tuple(row) for row in rows(town.work, "SELECT state, amount_minor FROM payment_intent")]


class TestTheLink:
    def test_shows_nothing_personal_and_starts_nothing_before_the_second_fact(self, town, claim, debtor):
        assert debtor.open(town.pay_link(MAIL), answer="9999 ZZ").status_code == 422
        shown = debtor.look("/pay")
        assert [secret for secret in ("125,00", "125.00", "Jansen", "F-1001") if secret in shown.text] == []
        assert debtor.send("/pay/start", what="all").status_code == 401
        assert "PayLinkOpened" not in town.happened(claim.id)
        assert intents(town) == []

    def test_shows_what_is_owed_and_why_after_it(self, town, claim, visitor):
        shown = visitor.look("/pay").text
        assert "F-1001" in shown
        assert "125,00" in shown.replace("125.00", "125,00")
        assert town.happened(claim.id)[-1] == "PayLinkOpened"

    def test_takes_no_more_than_is_owed(self, town, visitor):
        assert visitor.send("/pay/start", what="part", amount="125.01").status_code == 422
        assert intents(town) == []
        assert town.simulator.get("/payments")["payments"] == []


class TestPaying:
    def test_settles_the_claim_and_stops_the_path(self, town, creditor_id, claim, visitor):
        town.it_is(clock(TUESDAY, 10))
        town.it_is(clock(TUESDAY + timedelta(days=7), 6))
        assert town.messages(claim.id)[-1] == ("reminder_2", "email", "queued")
        visitor.open(town.pay_link(MAIL), answer="3511 AB")
        visitor.pay()
        town.work_off()

        assert intents(town) == [("paid", 125_00)]
        assert town.claim("F-1001").state == "paid"
        with town.work.units.open(Door.WORKER, by="system:test") as unit:
            owed = claim_balance(unit, creditor_id=creditor_id, claim_id=claim.id)
            assert (owed.principal, owed.interest, owed.costs) == (Money.zero("EUR"),) * 3
        assert town.books() == {"trust.psp": 125_00, "trust.creditor": -125_00}
        assert ("reminder_2", "email", "cancelled") in town.messages(claim.id)
        assert town.proof_is_green()

    def test_nudges_open_pages_without_data_and_shows_the_creditor(self, town, creditor_id, claim, visitor):
        url = town.work.settings.database_url.replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as listener:
            listener.execute("LISTEN nudge")
            visitor.pay()
            town.work_off()
            heard = [json.loads(one.payload) for one in listener.notifies(timeout=1)]
        nudge = {"creditor_id": str(creditor_id), "claim_id": str(claim.id), "topic": "PaymentReceived"}
        assert nudge in heard
        with town.work.units.open(Door.CREDITOR, by="user:clerk", creditor_id=creditor_id) as unit:
            seen = timeline(unit, creditor_id=creditor_id, claim_id=claim.id, for_creditor=True)
        assert {"PaymentReceived", "ClaimPaidOff"} <= {one.kind for one in seen}

    def test_sends_a_receipt_and_never_a_reminder_again(self, town, claim, visitor):
        visitor.pay()
        town.work_off()
        for days in range(16):
            town.it_is(clock(TUESDAY + timedelta(days=days), 9, 10))
        _, receipt = town.inbox(MAIL)
        assert "€ 125,00" in receipt["text"].replace("\u00a0", " ")
        assert [template for template, *_ in templates(town)] == ["payment_receipt", "reminder_1"]

    def test_counts_once_however_often_the_provider_says_so(self, town, visitor):
        visitor.pay()
        town.work_off()
        [paid] = rows(town.work, "SELECT provider_ref FROM payment_intent")
        for _ in range(3):
            hook = f"{town.work.settings.public_url}/hooks/mollie"
            assert httpx.post(hook, data={"id": paid.provider_ref}, trust_env=False).status_code == 200
            town.work_off()
        assert town.books() == {"trust.psp": 125_00, "trust.creditor": -125_00}
        assert rows(town.work, "SELECT count(*) AS n FROM payment")[0].n == 1

    def test_is_not_believed_because_the_return_page_was_opened(self, town, visitor):
        assert visitor.send("/pay/start", what="all").status_code == 303
        assert visitor.look("/pay/return?status=paid").status_code == 200
        town.work_off()
        assert intents(town) == [("open", 125_00)]
        assert town.claim("F-1001").state == "active"
        assert town.books() == {"claims.principal": 125_00, "claims.control": -125_00}


def templates(town):
    return sorted(
        tuple(row)
        for row in rows(town.work, "SELECT t.key FROM message m JOIN template t ON t.id = m.template_id")
    )
