"""Twilio's real client against the simulator: WhatsApp messages by approved templates."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from twilio.request_validator import RequestValidator

from agency.ports.providers import ProviderAmbiguous, ProviderRefused, ProviderTransient
from integrations.twilio import webhooks
from integrations.twilio.whatsapp import TwilioWhatsApp
from tests.twilio.test_sms import ACCOUNT, AFTER

TEMPLATE = "HX" + "0123456789abcdef" * 2
MESSAGE = {
    "message_id": "msg/1 é",
    "sender": "+31207654321",
    "to": "+31612345678",
    "template": TEMPLATE,
    "values": ("mevrouw Jansen", "€ 61,85", "http://127.0.0.1:8000/p/abc"),
}


@pytest.fixture
def whatsapp(simulator):
    opened = TwilioWhatsApp(
        url=f"{simulator.url}/twilio", account=ACCOUNT, token="t", production=False, timeout_seconds=5,
        status_callback=f"{simulator.agency.url}/hooks/twilio/status",
    )  # fmt: skip
    yield opened
    opened.close()


def told(simulator):
    """The receipts of what the agency heard, in order."""
    simulator.post("/drain")
    found = []
    for call in simulator.agency.heard_at("/hooks/twilio/status"):
        found += webhooks.receipts(
            url=call.url, body=call.body, signature=call.headers["X-Twilio-Signature"], tokens=["t"],
            received_at=AFTER,
        )  # fmt: skip
    return found


def test_a_template_arrives_filled_with_our_id_in_the_callback(simulator, whatsapp):
    sid = whatsapp.send(**MESSAGE)
    (message,) = simulator.messages(channel="whatsapp")
    assert (message["id"], message["reference"]) == (sid, "msg/1 é")
    assert (message["sender"], message["recipient"]) == ("whatsapp:+31207654321", "whatsapp:+31612345678")
    assert message["facts"] == {"template": TEMPLATE}
    assert message["text"].splitlines() == list(MESSAGE["values"])
    assert simulator.messages(channel="sms") == []


def test_a_message_that_was_read_is_told_as_opened(simulator, whatsapp):
    whatsapp.send(**MESSAGE)
    receipts = told(simulator)
    assert {receipt.kind for receipt in receipts} == {"sent", "delivered", "opened"}
    assert {receipt.message_id for receipt in receipts} == {"msg/1 é"}
    for call in simulator.agency.heard_at("/hooks/twilio/status"):
        assert parse_qs(urlsplit(call.path).query) == {"message_id": ["msg/1 é"]}


def test_a_number_without_whatsapp_is_no_good_for_ever(simulator, whatsapp):
    whatsapp.send(**MESSAGE | {"to": "+31612340000"})
    (receipt,) = told(simulator)
    assert (receipt.kind, receipt.detail, receipt.permanent) == ("bounced", "63003", True)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"to": "0612345678"}, "21211"),
        ({"sender": "Incasso"}, "63007"),
        ({"template": "reminder_nl"}, "21655"),
        ({"template": ""}, "63016"),
        ({"values": ("mevrouw Jansen", "")}, "21656"),
    ],
)
def test_a_refusal_carries_twilios_code(simulator, whatsapp, change, code):
    with pytest.raises(ProviderRefused) as refused:
        whatsapp.send(**MESSAGE | change)
    assert refused.value.code == code
    assert simulator.messages() == []


def test_too_busy_is_transient(simulator, whatsapp):
    simulator.fault("twilio", "status", status=429, retry_after=3)
    with pytest.raises(ProviderTransient) as busy:
        whatsapp.send(**MESSAGE)
    assert busy.value.retry_after == 3


@pytest.mark.parametrize(("kind", "arrived"), [("status", 0), ("status_after", 1), ("reset", 0), ("lost", 1)])
def test_a_lost_answer_is_ambiguous(simulator, whatsapp, kind, arrived):
    simulator.fault("twilio", kind, path="Messages.json")
    with pytest.raises(ProviderAmbiguous):
        whatsapp.send(**MESSAGE)
    assert len(simulator.messages()) == arrived


def test_what_comes_in_by_whatsapp_is_read_like_a_text(simulator):
    url = "https://agency.example/hooks/twilio/inbound"
    form = {"MessageSid": "SM1", "From": "whatsapp:+31612345678", "To": "whatsapp:+31207654321", "Body": "ja"}
    signature = RequestValidator("t").compute_signature(url, form)
    message = webhooks.text_message(url=url, body=urlencode(form).encode(), signature=signature, tokens=["t"])
    assert (message.sender, message.to, message.words) == ("+31612345678", "+31207654321", "ja")
