"""The print shop's reports: signed, dated, and one receipt per fact."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.letters import webhooks
from integrations.letters.printer import HttpLetterPrinter
from integrations.webhooks import WebhookRefused

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
EVENT = {"letter": "let_1", "reference": "msg-1", "event": "posted", "at": "2026-11-02T17:00:00+01:00"}


def signed(events, *, key="k", at=NOW):
    body = json.dumps({"events": events}).encode()
    return {"body": body, "signature": webhooks.sign(body=body, key=key, at=at), "keys": ["k"], "now": NOW}


class TestReceipts:
    @pytest.mark.parametrize(
        ("event", "kind", "permanent"),
        [
            ("posted", "sent", False),
            ("delivered", "delivered", False),
            ("returned", "bounced", True),
            ("failed", "failed", False),
        ],
    )
    def test_each_event_becomes_its_kind(self, event, kind, permanent):
        (receipt,) = webhooks.receipts(**signed([EVENT | {"event": event}]))
        assert (receipt.kind, receipt.permanent) == (kind, permanent)
        assert (receipt.message_id, receipt.provider_ref) == ("msg-1", "let_1")
        assert receipt.at == datetime(2026, 11, 2, 16, 0, tzinfo=UTC)

    def test_being_printed_changes_nothing(self):
        assert webhooks.receipts(**signed([EVENT | {"event": "printed"}])) == []

    def test_copies_have_one_key(self):
        receipts = webhooks.receipts(**signed([EVENT, EVENT, EVENT | {"event": "returned"}]))
        assert len({receipt.event_key for receipt in receipts}) == 2

    @given(place=st.integers(0, 100), bit=st.integers(0, 7))
    def test_any_changed_bit_is_refused(self, place, bit):
        call = signed([EVENT])
        body = bytearray(call["body"])
        body[place % len(body)] ^= 1 << bit
        with pytest.raises(WebhookRefused):
            webhooks.receipts(**call | {"body": bytes(body)})

    def test_the_old_key_counts_while_both_are_given(self):
        assert webhooks.receipts(**signed([EVENT], key="old") | {"keys": ["k", "old"]})
        with pytest.raises(WebhookRefused):
            webhooks.receipts(**signed([EVENT], key="old"))

    @pytest.mark.parametrize(
        "signature", ["", "t=1", "v1=00", "t=x,v1=00", "t=1,v1=é", "t=²,v1=0", "t=" + "9" * 40]
    )
    def test_nonsense_for_a_signature_is_refused(self, signature):
        with pytest.raises(WebhookRefused):
            webhooks.receipts(**signed([EVENT]) | {"signature": signature})

    @pytest.mark.parametrize("minutes", [6, -6, 24 * 60])
    def test_a_replay_is_refused(self, minutes):
        with pytest.raises(WebhookRefused):
            webhooks.receipts(**signed([EVENT], at=NOW - timedelta(minutes=minutes)))

    @pytest.mark.parametrize(
        "events",
        [None, 1, ["x"], [{}], [EVENT | {"at": "yesterday"}], [EVENT | {"at": "2026-11-02T17:00:00"}]],
    )
    def test_a_signed_call_in_another_form_is_refused(self, events):
        with pytest.raises(WebhookRefused):
            webhooks.receipts(**signed(events))


class TestFromTheSimulator:
    @pytest.mark.parametrize(
        ("street", "kinds"), [("Dorpsstraat 1", ["sent"]), ("Onbestelbaar 1", ["sent", "bounced"])]
    )
    def test_the_fate_of_a_letter_is_scripted_by_its_address(self, simulator, street, kinds):
        simulator.post("/delays", {"letter_print": 1, "letter_post": 2, "letter_return": 3})
        printer = HttpLetterPrinter(url=f"{simulator.url}/letters", key="key of ours", production=False)
        printer.submit(
            message_id="msg-1",
            pdf=b"%PDF-1.7",
            address=("J. Jansen", street, "1234 AB Ons Dorp"),
            country="NL",
        )
        printer.close()
        now = datetime.fromisoformat(simulator.get("/clock")["now"])
        simulator.post("/clock", {"now": (now + timedelta(minutes=1)).isoformat()})
        simulator.post("/drain")
        receipts = [
            receipt
            for call in simulator.agency.heard_at("/hooks/letters")
            for receipt in webhooks.receipts(
                body=call.body,
                signature=call.headers[webhooks.SIGNATURE_HEADER],
                keys=["key of ours"],
                now=datetime.fromisoformat(simulator.get("/clock")["now"]),
            )
        ]
        assert [receipt.kind for receipt in receipts] == kinds
        assert receipts[0].at > now
