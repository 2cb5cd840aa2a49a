"""SendGrid's event webhook: real signatures, receipts that copies cannot multiply, order that cannot harm."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.ports.providers import Sender
from integrations.sendgrid import webhooks
from integrations.simulator.keys import SENDGRID_PUBLIC_KEY, sign_events
from integrations.webhooks import WebhookRefused
from tests.outside import send_mail, wait_until

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def vectors(real_data):
    found = json.loads((real_data / "09_messages" / "webhook_signature_vectors.json").read_text())
    return [vector for vector in found if vector["vendor"] == "sendgrid"]


def signed(events, *, at=NOW, key=None):
    body = json.dumps(events).encode()
    timestamp = str(int(at.timestamp()))
    return {
        "body": body,
        "signature": sign_events(timestamp=timestamp, body=body),
        "timestamp": timestamp,
        "public_keys": [key or SENDGRID_PUBLIC_KEY],
    }


def event(name="delivered", **more):
    return {
        "email": "j@example.com",
        "event": name,
        "timestamp": 1793696400,
        "sg_event_id": "a",
        "sg_message_id": "abc.recvd-1.0",
        "message_id": "msg-1",
    } | more


class TestVerify:
    def test_agrees_with_every_published_vector(self, vectors):
        assert len(vectors) == 5
        for vector in vectors:
            call = {
                "body": vector["payload"].encode(),
                "signature": vector["signature"],
                "timestamp": str(vector["timestamp"]),
                "public_keys": [vector["public_key"]],
            }
            if vector["expect"]:
                webhooks.verify(**call)
            else:
                with pytest.raises(WebhookRefused):
                    webhooks.verify(**call)

    def test_the_old_key_counts_while_both_are_given(self, vectors):
        call = signed([event()])
        other = vectors[0]["public_key"]
        webhooks.verify(**call | {"public_keys": [other, SENDGRID_PUBLIC_KEY]})
        with pytest.raises(WebhookRefused):
            webhooks.verify(**call | {"public_keys": [other]})
        with pytest.raises(WebhookRefused):
            webhooks.verify(**call | {"public_keys": []})

    @pytest.mark.parametrize("broken", ["", "no key", "AAAA"])
    def test_a_key_that_is_none_keeps_the_other_from_nothing(self, broken):
        call = signed([event()])
        webhooks.verify(**call | {"public_keys": [broken, SENDGRID_PUBLIC_KEY]})
        with pytest.raises(WebhookRefused):
            webhooks.verify(**call | {"public_keys": [broken]})

    # Zero, the order of the curve and one: what careless readers of signatures take for right (DER, base64).
    @pytest.mark.parametrize("signature", ["MAYCAQACAQA=", "MAYCAQECAQE=", "MAYCAQECAQA="])
    def test_a_signature_of_nothing_is_refused(self, signature):
        with pytest.raises(WebhookRefused):
            webhooks.verify(**signed([event()]) | {"signature": signature})

    @given(place=st.integers(0, 200), bit=st.integers(0, 7))
    def test_any_changed_bit_is_refused(self, place, bit):
        call = signed([event()])
        body = bytearray(call["body"])
        body[place % len(body)] ^= 1 << bit
        with pytest.raises(WebhookRefused):
            webhooks.verify(**call | {"body": bytes(body)})

    @pytest.mark.parametrize("signature", ["", "AAAA", "not base64!", "é", "=" * 10])
    def test_nonsense_for_a_signature_is_refused(self, signature):
        with pytest.raises(WebhookRefused):
            webhooks.verify(**signed([event()]) | {"signature": signature})


class TestReceipts:
    @pytest.mark.parametrize(
        ("told", "kind", "permanent"),
        [
            (event("processed"), "sent", False),
            (event("delivered"), "delivered", False),
            (event("open"), "opened", False),
            (event("click"), "opened", False),
            (event("bounce", type="bounce", status="5.1.1", reason="550"), "bounced", True),
            (event("bounce", type="blocked", status="5.2.2", reason="552"), "bounced", False),
            (event("bounce", status="4.2.2", reason="452"), "bounced", False),
            (event("bounce", reason="500 unknown recipient", status="5.0.0"), "bounced", True),
            (event("dropped", reason="Bounced Address"), "dropped", True),
            (event("dropped", reason="Unsubscribed Address"), "dropped", False),
            (event("spamreport"), "unwanted", False),
            (event("group_unsubscribe"), "unwanted", False),
            (event("group_resubscribe"), "wanted", False),
        ],
    )
    def test_each_event_becomes_its_kind(self, told, kind, permanent):
        (receipt,) = webhooks.receipts(**signed([told]), now=NOW)
        assert (receipt.kind, receipt.permanent) == (kind, permanent)
        assert receipt.message_id == "msg-1"
        assert receipt.provider_ref == "abc"
        assert receipt.at == datetime.fromtimestamp(1793696400, UTC)

    @pytest.mark.parametrize("told", [event("deferred"), event(message_id="")])
    def test_what_is_not_about_delivery_of_ours_is_left_alone(self, told):
        assert webhooks.receipts(**signed([told]), now=NOW) == []

    def test_copies_have_one_key_though_sendgrid_renames_them(self):
        copies = [event(sg_event_id=name) for name in "abc"]
        keys = {receipt.event_key for receipt in webhooks.receipts(**signed(copies), now=NOW)}
        assert len(keys) == 1

    def test_different_facts_have_different_keys(self):
        facts = [
            event(),
            event("open"),
            event(timestamp=1793696401),
            event(message_id="msg-2"),
            event(email="other@example.com"),
        ]
        keys = {receipt.event_key for receipt in webhooks.receipts(**signed(facts), now=NOW)}
        assert len(keys) == 5

    @pytest.mark.parametrize("minutes", [6, 24 * 60, -6])
    def test_a_replay_is_refused(self, minutes):
        with pytest.raises(WebhookRefused):
            webhooks.receipts(**signed([event()]), now=NOW + timedelta(minutes=minutes))

    @pytest.mark.parametrize("broken", [event(timestamp="soon"), event(timestamp=10**30), event(event=[])])
    def test_an_event_that_cannot_be_read_keeps_no_other_back(self, broken):
        found = webhooks.receipts(**signed([broken, event(message_id="msg-2")]), now=NOW)
        assert [receipt.message_id for receipt in found] == ["msg-2"]

    def test_what_no_database_keeps_is_not_handed_on(self):
        told = event("bounce", reason="550 \0 \ud800\r\nno", message_id="msg\0", sg_message_id="a\0.b")
        (receipt,) = webhooks.receipts(**signed([told]), now=NOW)
        for words in (receipt.detail, receipt.message_id, receipt.provider_ref):
            assert words.isprintable()

    @pytest.mark.parametrize("events", [{}, "x", [1], [[]]])
    def test_a_signed_call_in_another_form_is_refused(self, events):
        with pytest.raises(WebhookRefused):
            webhooks.receipts(**signed(events), now=NOW)

    def test_a_call_that_nests_without_end_is_refused(self):
        body, timestamp = b"[" * 5_000, str(int(NOW.timestamp()))
        call = signed([]) | {"body": body, "signature": sign_events(timestamp=timestamp, body=body)}
        with pytest.raises(WebhookRefused, match="not JSON"):
            webhooks.receipts(**call, now=NOW)


class TestFromTheSimulator:
    def listen(self, simulator):
        """Every receipt heard so far, read as the product reads them."""
        now = datetime.fromisoformat(simulator.get("/clock")["now"])
        return [
            receipt
            for call in simulator.agency.heard_at("/hooks/sendgrid")
            for receipt in webhooks.receipts(
                body=call.body,
                signature=call.headers[webhooks.SIGNATURE_HEADER],
                timestamp=call.headers[webhooks.TIMESTAMP_HEADER],
                public_keys=[SENDGRID_PUBLIC_KEY],
                now=now,
            )
        ]

    def verify(self, call):
        webhooks.verify(
            body=call.body,
            signature=call.headers[webhooks.SIGNATURE_HEADER],
            timestamp=call.headers[webhooks.TIMESTAMP_HEADER],
            public_keys=[SENDGRID_PUBLIC_KEY],
        )

    def send(self, simulator, to, **more):
        me = Sender("Incasso Noord", "post@incassonoord.example", "post@incassonoord.example")
        message_id = f"to-{to.partition('@')[0]}"
        return send_mail(
            simulator, message_id=message_id, sender=me, to=to, subject="s", html="<p>h</p>", text="t", **more
        )

    @pytest.mark.parametrize(
        ("to", "kinds"),
        [
            ("jansen@example.com", ["sent", "delivered"]),
            ("bounce@example.com", ["sent", "bounced"]),
            ("blocked@example.com", ["sent", "bounced"]),
            ("dropped@example.com", ["dropped"]),
        ],
    )
    def test_the_fate_of_a_mail_is_scripted_by_its_address(self, simulator, to, kinds):
        reference = self.send(simulator, to)
        simulator.post("/drain")
        receipts = self.listen(simulator)
        assert [receipt.kind for receipt in receipts] == kinds
        assert {receipt.provider_ref for receipt in receipts} == {reference}

    def test_after_a_bounce_the_next_mail_is_dropped(self, simulator):
        self.send(simulator, "bounce@example.com")
        simulator.post("/drain")
        self.send(simulator, "bounce@example.com")
        simulator.post("/drain")
        assert [receipt.kind for receipt in self.listen(simulator)] == ["sent", "bounced", "dropped"]

    def test_an_open_is_told_only_when_it_is_tracked(self, simulator):
        for track in (False, True):
            reference = self.send(simulator, "jansen@example.com", track_opens=track)
            told = simulator.post(f"/messages/{reference}/events", {"event": "open"})
            assert told == {"told": track}
        simulator.post("/drain")
        assert [receipt.kind for receipt in self.listen(simulator)].count("opened") == 1

    def test_duplicates_are_one_fact(self, simulator):
        simulator.fault("webhooks:sendgrid", "duplicate", times=2)
        self.send(simulator, "jansen@example.com")
        simulator.post("/drain")
        receipts = self.listen(simulator)
        assert len(receipts) == 4
        assert len({receipt.event_key for receipt in receipts}) == 2

    def test_reordered_events_end_in_the_same_state(self, simulator):
        simulator.fault("webhooks:sendgrid", "reorder", times=None)
        simulator.fault("webhooks:sendgrid", "delay", seconds=0)
        self.send(simulator, "jansen@example.com")
        wait_until(lambda: len(self.listen(simulator)) == 2)
        assert {receipt.kind for receipt in self.listen(simulator)} == {"sent", "delivered"}

    def test_a_forged_call_is_refused_and_the_right_one_follows(self, simulator):
        simulator.fault("webhooks:sendgrid", "bad_signature")
        self.send(simulator, "dropped@example.com")
        simulator.post("/drain")
        verdicts = []
        for call in simulator.agency.heard_at("/hooks/sendgrid"):
            try:
                self.verify(call)
                verdicts.append("taken")
            except WebhookRefused:
                verdicts.append("refused")
        assert verdicts == ["refused", "taken"]

    def test_a_dropped_webhook_never_comes(self, simulator):
        simulator.fault("webhooks", "drop", times=1)
        self.send(simulator, "jansen@example.com")
        simulator.post("/drain")
        assert [receipt.kind for receipt in self.listen(simulator)] == ["delivered"]

    def test_an_agency_that_is_down_hears_later(self, simulator):
        simulator.agency.answers[:] = [503]
        self.send(simulator, "dropped@example.com")
        wait_until(lambda: len(simulator.agency.refused) == 1)
        assert self.listen(simulator) == []
        simulator.post("/drain")  # does not wait out the pause between two tries
        assert [receipt.kind for receipt in self.listen(simulator)] == ["dropped"]

    def test_many_mails_are_told_in_few_calls(self, simulator):
        simulator.post("/delays", {"email": 3600})
        for number in range(40):
            self.send(simulator, f"m{number}@example.com")
        simulator.post("/drain")
        simulator.agency.heard.clear()
        now = datetime.fromisoformat(simulator.get("/clock")["now"])
        simulator.post("/clock", {"now": (now + timedelta(hours=2)).isoformat()})
        simulator.post("/drain")
        receipts = self.listen(simulator)
        assert [receipt.kind for receipt in receipts] == ["delivered"] * 40
        assert len(simulator.agency.heard_at("/hooks/sendgrid")) == 1
