"""A call through Twilio: the collector's leg, then the debtor's, each reported under our call id."""

from datetime import UTC, datetime

import pytest

from agency.ports.providers import CallReceipt, ProviderAmbiguous, ProviderRefused
from integrations.twilio import webhooks
from integrations.twilio.voice import TwilioVoice

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
TOKEN = "t"


@pytest.fixture
def voice(simulator):
    opened = TwilioVoice(
        url=f"{simulator.url}/twilio",
        account="AC1",
        token=TOKEN,
        status_callback=f"{simulator.agency.url}/hooks/twilio/status",
        production=False,
    )
    yield opened
    opened.close()


def ring(voice, debtor):
    return voice.call(call_id="call-7", collector="+31201112222", debtor=debtor, caller_id="+31201234567")


def heard(simulator) -> list[CallReceipt]:
    simulator.post("/drain")
    receipts = []
    for call in simulator.agency.heard_at("/hooks/twilio/status"):
        receipts += webhooks.receipts(
            url=call.url,
            body=call.body,
            signature=call.headers[webhooks.SIGNATURE_HEADER],
            tokens=[TOKEN],
            received_at=NOW,
        )
    return receipts


class TestCall:
    def test_rings_the_collector_and_dials_the_debtor_with_our_number(self, simulator, voice):
        sid = ring(voice, "+31612345678")
        (call,) = simulator.messages(channel="call")
        assert (call["id"], call["reference"]) == (sid, "call-7")
        assert (call["sender"], call["recipient"]) == ("+31201112222", "+31612345678")
        assert call["facts"]["caller_id"] == "+31201234567"
        assert "record" not in call["facts"]["twiml"]

    @pytest.mark.parametrize(
        ("debtor", "states"),
        [
            ("+31612345678", {"ringing", "answered", "completed"}),
            ("+31612340002", {"ringing", "busy"}),
            ("+31612340003", {"ringing", "no_answer"}),
            ("+31612340000", {"ringing", "failed"}),
        ],
    )
    def test_each_leg_is_reported(self, simulator, voice, debtor, states):
        sid = ring(voice, debtor)
        simulator.post("/clock", {"now": "2040-01-01T00:00:00Z"})
        receipts = heard(simulator)
        assert {receipt.call_id for receipt in receipts} == {"call-7"}
        assert {receipt.state for receipt in receipts if receipt.leg == "debtor"} == states
        collector = [receipt for receipt in receipts if receipt.leg == "collector"]
        assert {receipt.state for receipt in collector} == {"ringing", "answered", "completed"}
        assert {receipt.provider_ref for receipt in collector} == {sid}
        ended = [receipt for receipt in collector if receipt.state == "completed"]
        assert ended[0].seconds is not None

    def test_a_number_that_does_not_exist_is_refused(self, simulator, voice):
        with pytest.raises(ProviderRefused) as refused:
            voice.call(call_id="c", collector="1", debtor="+31612345678", caller_id="+31201234567")
        assert refused.value.code == "21211"

    def test_a_lost_answer_is_ambiguous(self, simulator, voice):
        simulator.fault("twilio", "lost")
        with pytest.raises(ProviderAmbiguous):
            ring(voice, "+31612345678")
