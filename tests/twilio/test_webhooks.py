"""Twilio's status callbacks: real signatures over the full URL, and receipts that copies cannot multiply."""

import base64
import hmac
import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from integrations.twilio import webhooks
from integrations.twilio.sms import TwilioSms
from integrations.webhooks import WebhookRefused

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
URL = "https://agency.example/hooks/twilio/status?message_id=msg-1"
FORM = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+31612345678", "ErrorCode": ""}


@pytest.fixture(scope="session")
def vectors(real_data):
    found = json.loads((real_data / "09_messages" / "webhook_signature_vectors.json").read_text())
    return [vector for vector in found if vector["vendor"] == "twilio"]


def signed(form=FORM, *, url=URL, token="t"):
    signature = RequestValidator(token).compute_signature(url, form)
    return {"url": url, "body": urlencode(form).encode(), "signature": signature, "tokens": ["t"]}


class TestVerify:
    def test_agrees_with_every_published_vector(self, vectors):
        assert len(vectors) == 6
        for vector in vectors:
            body = vector.get("body") or urlencode(vector["params"], doseq=True)
            call = {
                "url": vector["url"],
                "body": body.encode(),
                "signature": vector["signature"],
                "tokens": [vector["auth_token"]],
            }
            webhooks.verify(**call)
            with pytest.raises(WebhookRefused):
                webhooks.verify(**call | {"tokens": ["another"]})
            with pytest.raises(WebhookRefused):
                webhooks.verify(**call | {"url": vector["url"].replace("foo", "bar")})

    def test_a_changed_json_body_is_refused(self, vectors):
        vector = next(vector for vector in vectors if "body" in vector)
        with pytest.raises(WebhookRefused):
            webhooks.verify(
                url=vector["url"],
                body=vector["body"].encode() + b" ",
                signature=vector["signature"],
                tokens=[vector["auth_token"]],
            )

    def test_the_old_token_counts_while_both_are_given(self):
        webhooks.verify(**signed(token="old") | {"tokens": ["new", "old"]})
        with pytest.raises(WebhookRefused):
            webhooks.verify(**signed(token="old") | {"tokens": ["new"]})

    @given(name=st.sampled_from(sorted(FORM)), value=st.text(max_size=5))
    def test_a_changed_or_added_value_is_refused(self, name, value):
        call = signed()
        for changed in (FORM | {name: FORM[name] + "x" + value}, FORM | {"Extra": value}):
            with pytest.raises(WebhookRefused):
                webhooks.verify(**call | {"body": urlencode(changed).encode()})

    def test_reordered_values_are_the_same_call(self):
        call = signed()
        webhooks.verify(**call | {"body": urlencode(dict(reversed(FORM.items()))).encode()})

    @pytest.mark.parametrize("signature", ["", "AAAA", "é"])
    def test_nonsense_for_a_signature_is_refused(self, signature):
        with pytest.raises(WebhookRefused):
            webhooks.verify(**signed() | {"signature": signature})

    @pytest.mark.parametrize("tokens", [[""], ["", "other"], []])
    def test_nobody_signs_with_no_token(self, tokens):
        with pytest.raises(WebhookRefused):
            webhooks.verify(**signed(token="") | {"tokens": tokens})

    def test_names_that_repeat_and_empty_values_are_signed_once_each(self):
        more = [("MediaUrl", "b"), ("ToCity", ""), ("MediaUrl", "a"), ("MediaUrl", "a")]
        told = URL + "ErrorCodeMediaUrlaMediaUrlbMessageSidSM1MessageStatusdeliveredTo+31612345678ToCity"
        digest = hmac.new(b"t", told.encode(), "sha1").digest()
        body = urlencode([*FORM.items(), *more])
        call = {"url": URL, "signature": base64.b64encode(digest).decode(), "tokens": ["t"]}
        webhooks.verify(**call, body=body.encode())
        for left_out in ("&ToCity=", "&MediaUrl=b"):
            with pytest.raises(WebhookRefused):
                webhooks.verify(**call, body=body.replace(left_out, "").encode())

    def test_another_message_id_is_refused(self):
        with pytest.raises(WebhookRefused):
            webhooks.verify(**signed() | {"url": URL.replace("msg-1", "msg-2")})


class TestReceipts:
    @pytest.mark.parametrize(
        ("status", "code", "kind", "permanent"),
        [
            ("sent", "", "sent", False),
            ("delivered", "", "delivered", False),
            ("read", "", "opened", False),
            ("undelivered", "30003", "bounced", False),
            ("undelivered", "30005", "bounced", True),
            ("undelivered", "30006", "bounced", True),
            ("failed", "30008", "failed", False),
        ],
    )
    def test_each_status_becomes_its_kind(self, status, code, kind, permanent):
        form = FORM | {"MessageStatus": status, "ErrorCode": code}
        (receipt,) = webhooks.receipts(**signed(form), received_at=NOW)
        assert (receipt.kind, receipt.permanent, receipt.detail) == (kind, permanent, code)
        assert (receipt.message_id, receipt.provider_ref, receipt.at) == ("msg-1", "SM1", NOW)

    def test_a_copy_has_the_same_key_and_another_status_has_not(self):
        later = datetime(2026, 11, 4, tzinfo=UTC)
        (first,) = webhooks.receipts(**signed(), received_at=NOW)
        (copy,) = webhooks.receipts(**signed(), received_at=later)
        (other,) = webhooks.receipts(**signed(FORM | {"MessageStatus": "sent"}), received_at=NOW)
        assert first.event_key == copy.event_key != other.event_key

    def test_a_status_on_the_way_is_left_alone(self):
        assert webhooks.receipts(**signed(FORM | {"MessageStatus": "queued"}), received_at=NOW) == []

    def test_a_report_on_nothing_of_ours_is_refused(self):
        with pytest.raises(WebhookRefused):
            webhooks.receipts(**signed(url="https://agency.example/hooks/twilio/status"), received_at=NOW)


class TestFromTheSimulator:
    @pytest.mark.parametrize(
        ("to", "kinds"),
        [
            ("+31612345678", ["sent", "delivered"]),
            ("+31612340000", ["sent", "bounced"]),
            ("+31612340001", ["sent", "failed"]),
        ],
    )
    def test_the_fate_of_a_text_is_scripted_by_its_number(self, simulator, to, kinds):
        sms = TwilioSms(
            url=f"{simulator.url}/twilio",
            account="AC1",
            token="t",
            status_callback=f"{simulator.agency.url}/hooks/twilio/status",
            production=False,
        )
        sid = sms.send(message_id="msg-1", sender="+31201234567", to=to, text="Hallo")
        sms.close()
        simulator.post("/drain")
        receipts = [
            receipt
            for call in simulator.agency.heard_at("/hooks/twilio/status")
            for receipt in webhooks.receipts(
                url=call.url,
                body=call.body,
                signature=call.headers[webhooks.SIGNATURE_HEADER],
                tokens=["t"],
                received_at=NOW,
            )
        ]
        assert sorted(receipt.kind for receipt in receipts) == sorted(kinds)
        assert {receipt.provider_ref for receipt in receipts} == {sid}
