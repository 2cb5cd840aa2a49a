"""Hooks: a vendor's report is verified on its bytes, kept once, and then applied."""

import json
from urllib.parse import urlencode

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from twilio.request_validator import RequestValidator

from agency.desk.models import Call
from agency.kernel.unit import Door
from agency.rules.facts import Channel
from integrations.letters import webhooks as letters
from integrations.sendgrid import webhooks as sendgrid
from integrations.simulator.keys import sign_events
from portal import main
from portal.wiring import Wiring
from tests.communication.correspondence import SETTINGS, Office, a_correspondent, queue


@pytest.fixture
def office(units):
    return Office(units).open_up()


@pytest.fixture
def browser(office, monkeypatch):
    monkeypatch.setattr(main, "PARTS", ("portal.shared.sign_in", "portal.hooks", "portal.debtor"))
    app = main.create_app(Wiring(settings=SETTINGS, units=office.units, ports=office.ports))
    with TestClient(app, base_url=SETTINGS.public_url) as client:
        yield client


def a_sent_message(office, channel):
    with office.unit() as unit:
        creditor_id, claim_id = a_correspondent(unit)
        message_id = queue(unit, creditor_id, claim_id, channel=channel)
    office.send()
    return claim_id, str(message_id)


def now_of(office):
    with office.units.open(Door.WORKER, by="system:test") as unit:
        return unit.now


def sendgrid_call(browser, office, message_id, *, forged=False, seconds="", event="delivered"):
    seconds = seconds or str(int(now_of(office).timestamp()))
    event = {
        "event": event,
        "message_id": message_id,
        "timestamp": int(seconds),
        "email": "d@example.org",
    }
    body = json.dumps([event]).encode()
    signature = sign_events(timestamp=seconds, body=body + (b" " if forged else b""))
    headers = {sendgrid.SIGNATURE_HEADER: signature, sendgrid.TIMESTAMP_HEADER: seconds}
    return browser.post("/hooks/sendgrid", content=body, headers=headers)


class TestWishes:
    """Who calls our mail spam, or writes himself off, does not want it."""

    def points(self, office):
        with office.unit() as unit:
            rows = unit.session.connection().execute(
                text("SELECT state FROM contact_point WHERE channel = 'email'")
            )
            return rows.scalars().all()

    def told(self, office):
        with office.unit() as unit:
            rows = unit.session.connection().execute(
                text("SELECT kind FROM event WHERE kind LIKE 'DebtorOpted%' ORDER BY position")
            )
            return rows.scalars().all()

    @pytest.mark.parametrize("event", ["spamreport", "unsubscribe", "group_unsubscribe"])
    def test_the_address_is_not_used_any_more(self, browser, office, event):
        _, message_id = a_sent_message(office, Channel.email)
        for _ in range(2):
            assert sendgrid_call(browser, office, message_id, event=event).status_code == 200
            office.react()
        assert self.points(office) == ["opted_out"]
        assert self.told(office) == ["DebtorOptedOut"]

    def test_the_next_step_does_not_go_there(self, browser, office):
        claim_id, message_id = a_sent_message(office, Channel.email)
        sendgrid_call(browser, office, message_id, event="spamreport")
        office.react()
        with office.unit() as unit:
            creditor_id = unit.session.connection().execute(text("SELECT creditor_id FROM claim")).scalar()
            queue(unit, creditor_id, claim_id, step="reminder_2")
        office.send()
        assert len(office.mail.left) == 1

    def test_who_comes_back_is_written_to_again(self, browser, office):
        _, message_id = a_sent_message(office, Channel.email)
        seconds = int(now_of(office).timestamp())
        sendgrid_call(browser, office, message_id, event="group_unsubscribe", seconds=str(seconds - 60))
        sendgrid_call(browser, office, message_id, event="group_resubscribe", seconds=str(seconds))
        office.react()
        assert self.points(office) == ["usable"]
        assert self.told(office) == ["DebtorOptedOut", "DebtorOptedIn"]

    def test_an_earlier_wish_that_is_told_late_changes_nothing(self, browser, office):
        _, message_id = a_sent_message(office, Channel.email)
        seconds = int(now_of(office).timestamp())
        sendgrid_call(browser, office, message_id, event="group_resubscribe", seconds=str(seconds))
        sendgrid_call(browser, office, message_id, event="group_unsubscribe", seconds=str(seconds - 60))
        office.react()
        assert self.points(office) == ["usable"]

    def test_a_forged_one_changes_nothing(self, browser, office):
        _, message_id = a_sent_message(office, Channel.email)
        assert sendgrid_call(browser, office, message_id, event="spamreport", forged=True).status_code == 403
        office.react()
        assert self.points(office) == ["usable"]


class TestHooks:
    def test_sendgrid_twice_counts_once(self, browser, office):
        claim_id, message_id = a_sent_message(office, Channel.email)
        told_at = str(int(now_of(office).timestamp()))
        for _ in range(2):
            assert sendgrid_call(browser, office, message_id, seconds=told_at).status_code == 200
        office.react()
        assert office.messages(claim_id)[0].state == "delivered"
        with office.unit() as unit:
            count = unit.session.connection().execute(text("SELECT count(*) FROM inbox")).scalar_one()
        assert count == 1

    def test_a_forged_call_is_refused_and_leaves_nothing(self, browser, office):
        claim_id, message_id = a_sent_message(office, Channel.email)
        assert sendgrid_call(browser, office, message_id, forged=True).status_code == 403
        office.react()
        assert office.messages(claim_id)[0].state == "sent"

    def test_reports_of_one_call_that_are_not_about_us_keep_none_of_ours_back(self, browser, office):
        claim_id, message_id = a_sent_message(office, Channel.email)
        seconds = str(int(now_of(office).timestamp()))
        events = [
            {
                "event": "bounce",
                "timestamp": int(seconds),
                "email": "d@example.org",
                "message_id": told,
                "reason": why,
            }
            for told, why in (("order-4711", "x"), ("a\0b", "550 \0"), (message_id, "550 \0 \ud800 unknown"))
        ]
        body = json.dumps(events).encode()
        signature = sign_events(timestamp=seconds, body=body)
        headers = {sendgrid.SIGNATURE_HEADER: signature, sendgrid.TIMESTAMP_HEADER: seconds}
        assert browser.post("/hooks/sendgrid", content=body, headers=headers).status_code == 200
        office.react()
        assert office.messages(claim_id)[0].state == "bounced"

    def test_twilio(self, browser, office):
        claim_id, message_id = a_sent_message(office, Channel.sms)
        path = f"/hooks/twilio/status?message_id={message_id}"
        form = {"MessageStatus": "delivered", "MessageSid": "SM1"}
        token = SETTINGS.twilio_token.get_secret_value()
        signature = RequestValidator(token).compute_signature(SETTINGS.public_url + path, form)
        headers = {"X-Twilio-Signature": signature, "content-type": "application/x-www-form-urlencoded"}
        answer = browser.post(path, content=urlencode(form), headers=headers)
        assert answer.status_code == 200
        office.react()
        assert office.messages(claim_id)[0].state == "delivered"

    def test_a_call_climbs_and_the_collectors_leg_says_nothing(self, browser, office):
        with office.unit() as unit:
            creditor_id, claim_id = a_correspondent(unit)
            call = Call(
                creditor_id=creditor_id, claim_id=claim_id, number="+31612345678", by="x", started_at=unit.now
            )
            unit.session.add(call)
            unit.session.flush()
            call_id = call.id
        for leg, status in (("debtor", "in-progress"), ("debtor", "ringing"), ("collector", "completed")):
            path = f"/hooks/twilio/call?call_id={call_id}&leg={leg}"
            form = {"CallStatus": status, "CallSid": f"CA{leg}"}
            token = SETTINGS.twilio_token.get_secret_value()
            signature = RequestValidator(token).compute_signature(SETTINGS.public_url + path, form)
            headers = {"X-Twilio-Signature": signature, "content-type": "application/x-www-form-urlencoded"}
            assert browser.post(path, content=urlencode(form), headers=headers).status_code == 200
        office.react()
        with office.unit() as unit:
            state = unit.session.connection().execute(text("SELECT state FROM call")).scalar_one()
        assert state == "answered"

    def test_the_print_shop_tells_when_a_letter_was_posted(self, browser, office):
        claim_id, message_id = a_sent_message(office, Channel.letter)
        now = now_of(office)
        event = {"event": "posted", "reference": message_id, "letter": "L1", "at": now.isoformat()}
        body = json.dumps({"events": [event]}).encode()
        signature = letters.sign(body=body, key=SETTINGS.letters_key.get_secret_value(), at=now)
        answer = browser.post("/hooks/letters", content=body, headers={letters.SIGNATURE_HEADER: signature})
        assert answer.status_code == 200
        office.react()
        assert office.messages(claim_id)[0].posted_at == now
