"""Twilio's real client against the simulator: text messages, and every way in which they go wrong."""

import socket
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from agency.ports.providers import ProviderAmbiguous, ProviderRefused, ProviderTransient
from integrations.twilio.client import Transport
from integrations.twilio.sms import TwilioSms

ACCOUNT = "AC00000000000000000000000000000000"
SMS = {
    "message_id": "msg/1 é",
    "sender": "Incasso",
    "to": "+31612345678",
    "text": "Open: € 61,85. Bekijk http://127.0.0.1:8000/p/abc",
}
AFTER = datetime(2020, 1, 1, tzinfo=UTC)


def client(simulator, **settings) -> TwilioSms:
    return TwilioSms(
        **{
            "url": f"{simulator.url}/twilio",
            "account": ACCOUNT,
            "token": "t",
            "status_callback": f"{simulator.agency.url}/hooks/twilio/status",
            "production": False,
            "timeout_seconds": 5,
            **settings,
        }
    )


@pytest.fixture
def sms(simulator):
    opened = client(simulator)
    yield opened
    opened.close()


class TestSend:
    def test_the_text_arrives_with_our_id_in_the_callback(self, simulator, sms):
        sid = sms.send(**SMS)
        (message,) = simulator.messages(channel="sms")
        assert message["id"] == sid
        assert message["reference"] == "msg/1 é"
        assert message["recipient"] == SMS["to"]
        assert message["sender"] == "Incasso"
        assert message["text"] == SMS["text"]
        assert message["links"] == ["http://127.0.0.1:8000/p/abc"]
        simulator.post("/drain")
        for call in simulator.agency.heard_at("/hooks/twilio/status"):
            assert parse_qs(urlsplit(call.path).query) == {"message_id": ["msg/1 é"]}

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"to": "0612345678"}, "21211"),
            ({"sender": "a name that is too long"}, "21212"),
            ({"text": ""}, "21602"),
            ({"text": "x" * 1601}, "21617"),
        ],
    )
    def test_a_refusal_carries_twilios_code(self, simulator, sms, change, code):
        with pytest.raises(ProviderRefused) as refused:
            sms.send(**SMS | change)
        assert refused.value.code == code
        assert simulator.messages() == []

    def test_a_wrong_token_is_refused(self, simulator):
        sms = client(simulator, token="wrong")
        with pytest.raises(ProviderRefused) as refused:
            sms.send(**SMS)
        assert refused.value.code == "20003"
        sms.close()

    @pytest.mark.parametrize(("status", "wait"), [(429, 3), (503, None)])
    def test_too_busy_is_transient_and_says_how_long(self, simulator, sms, status, wait):
        simulator.fault("twilio", "status", status=status, retry_after=wait)
        with pytest.raises(ProviderTransient) as busy:
            sms.send(**SMS)
        assert busy.value.retry_after == wait
        assert simulator.messages() == []

    @pytest.mark.parametrize(
        ("kind", "arrived"), [("status", 0), ("status_after", 1), ("reset", 0), ("lost", 1)]
    )
    def test_a_lost_answer_is_ambiguous_and_find_tells(self, simulator, sms, kind, arrived):
        simulator.fault("twilio", kind, path="Messages.json")
        with pytest.raises(ProviderAmbiguous):
            sms.send(**SMS)
        found = sms.find(message_id="msg/1 é", to=SMS["to"], text=SMS["text"], after=AFTER)
        assert [message["id"] for message in simulator.messages()] == ([found] if arrived else [])
        assert (found is not None) == bool(arrived)

    @pytest.mark.parametrize(("kind", "arrived"), [("hang", 0), ("late", 1)])
    def test_a_late_answer_is_ambiguous(self, simulator, kind, arrived):
        sms = client(simulator, timeout_seconds=0.3)
        simulator.fault("twilio", kind, seconds=1)
        with pytest.raises(ProviderAmbiguous):
            sms.send(**SMS)
        assert len(simulator.messages()) == arrived
        sms.close()

    def test_a_good_status_around_nonsense_is_ambiguous(self, simulator, sms):
        simulator.fault("twilio", "status_after", status=200, path="Messages.json")
        with pytest.raises(ProviderAmbiguous):
            sms.send(**SMS)

    def test_no_connection_is_transient(self, simulator):
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        sms = client(simulator, url=f"http://127.0.0.1:{port}/twilio")
        with pytest.raises(ProviderTransient):
            sms.send(**SMS)
        sms.close()


class TestFind:
    def find(self, sms, **change):
        return sms.find(**{"message_id": "m", "to": SMS["to"], "text": SMS["text"], "after": AFTER} | change)

    def test_another_text_or_number_is_not_ours(self, sms):
        sms.send(**SMS)
        assert self.find(sms)
        assert self.find(sms, text="iets anders") is None
        assert self.find(sms, to="+31612345679") is None

    def test_what_was_sent_before_is_not_ours(self, simulator, sms):
        sms.send(**SMS)
        now = datetime.fromisoformat(simulator.get("/clock")["now"])
        assert self.find(sms, after=now + timedelta(minutes=1)) is None
        assert self.find(sms, after=now - timedelta(minutes=1))

    def test_two_equal_texts_are_left_to_a_person(self, sms):
        sms.send(**SMS)
        sms.send(**SMS)
        with pytest.raises(ProviderRefused) as refused:
            self.find(sms)
        assert refused.value.code == "two-found"

    def test_looks_beyond_the_first_page(self, simulator, sms):
        wanted = sms.send(**SMS)
        for number in range(55):
            sms.send(**SMS | {"text": f"later {number}"})
        assert self.find(sms) == wanted

    def test_failing_to_look_is_transient(self, simulator, sms):
        simulator.fault("twilio", "reset")
        with pytest.raises(ProviderTransient):
            self.find(sms)


class TestTransport:
    @pytest.mark.parametrize(
        ("base", "target"),
        [
            ("https://api.twilio.com", "https://api.dublin.ie1.twilio.com/2010-04-01/x?y=1"),
            ("https://twilio.com", "https://api.dublin.ie1.twilio.com/2010-04-01/x?y=1"),
            (
                "https://relay.example/twilio",
                "https://relay.example/twilio/api.dublin.ie1.twilio.com/2010-04-01/x?y=1",
            ),
        ],
    )
    def test_twilios_own_hosts_are_called_as_they_are(self, base, target):
        transport = Transport(url=base, production=True, timeout_seconds=1)
        assert transport._target("https://api.dublin.ie1.twilio.com/2010-04-01/x?y=1") == target
        transport.close()
