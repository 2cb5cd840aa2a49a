"""SendGrid's real client against the simulator: what is sent, and every way in which it goes wrong."""

import socket
from contextlib import ExitStack, closing
from datetime import UTC, datetime

import pytest

from agency.ports.providers import (
    Attachment,
    ProviderAmbiguous,
    ProviderRefused,
    ProviderTransient,
    Sender,
)
from integrations.sendgrid.sender import SendGridSender

AFTER = datetime(2020, 1, 1, tzinfo=UTC)
MAIL = {
    "message_id": "msg-1",
    "sender": Sender("Incasso Noord", "post@incassonoord.example", "dossier@incassonoord.example"),
    "to": "j.jansen@example.com",
    "subject": "Uw factuur 0042 — één vraag",
    "html": "<p>Beste <b>mevrouw</b></p>",
    "text": "Beste mevrouw",
}


@pytest.fixture
def opened():
    """Opens a sender that is closed with the test."""
    with ExitStack() as until_the_end:
        yield lambda **settings: until_the_end.enter_context(
            closing(SendGridSender(**{"key": "k", "production": False} | settings))
        )


@pytest.fixture
def sender(simulator, opened) -> SendGridSender:
    return opened(url=f"{simulator.url}/sendgrid", can_find=True, timeout_seconds=5)


@pytest.fixture
def hasty(simulator, opened) -> SendGridSender:
    return opened(url=f"{simulator.url}/sendgrid", can_find=True, timeout_seconds=0.3)


class TestSend:
    def test_the_mail_arrives_as_it_was_given(self, simulator, sender):
        pdf = Attachment("factuur 0042.pdf", "application/pdf", b"%PDF-1.7 \x00\xff")
        reference = sender.send(**MAIL, attachments=[pdf])
        (mail,) = simulator.messages(channel="email")
        assert mail["id"] == reference
        assert mail["reference"] == "msg-1"
        assert mail["recipient"] == MAIL["to"]
        assert mail["subject"] == MAIL["subject"]
        assert mail["text"] == MAIL["text"]
        assert mail["sender"] == MAIL["sender"].email
        assert mail["facts"]["from_name"] == "Incasso Noord"
        assert mail["facts"]["reply_to"] == MAIL["sender"].reply_to
        assert simulator.http.get(f"/_sim/inbox/{reference}/html").text == MAIL["html"]
        assert simulator.http.get(f"/_sim/inbox/{reference}/attachments/0").content == pdf.content

    def test_an_empty_attachment_arrives(self, simulator, sender):
        reference = sender.send(**MAIL, attachments=[Attachment("leeg.txt", "text/plain", b"")])
        assert simulator.http.get(f"/_sim/inbox/{reference}/attachments/0").content == b""

    def test_tracks_opens_only_when_told_to(self, simulator, sender, opened):
        sender.send(**MAIL)
        tracking = opened(url=f"{simulator.url}/sendgrid", track_opens=True)
        tracking.send(**MAIL | {"message_id": "msg-2"})
        tracked = {mail["reference"]: mail["facts"]["tracks_opens"] for mail in simulator.messages()}
        assert tracked == {"msg-1": False, "msg-2": True}

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"to": "no address"}, "valid address"),
            ({"subject": ""}, "subject"),
            ({"text": ""}, "content"),
        ],
    )
    def test_a_refusal_carries_sendgrids_reason(self, simulator, sender, change, reason):
        with pytest.raises(ProviderRefused, match=reason) as refused:
            sender.send(**MAIL | change)
        assert refused.value.code == "400"
        assert simulator.messages() == []

    def test_a_wrong_key_is_refused(self, simulator, opened):
        sender = opened(url=f"{simulator.url}/sendgrid", key="wrong")
        with pytest.raises(ProviderRefused) as refused:
            sender.send(**MAIL)
        assert refused.value.code == "401"

    @pytest.mark.parametrize(("status", "wait"), [(429, 7), (503, None)])
    def test_too_busy_is_transient_and_says_how_long(self, simulator, sender, status, wait):
        simulator.fault("sendgrid", "status", status=status, retry_after=wait)
        with pytest.raises(ProviderTransient) as busy:
            sender.send(**MAIL)
        assert busy.value.retry_after == wait
        assert simulator.messages() == []
        sender.send(**MAIL)
        assert len(simulator.messages()) == 1

    @pytest.mark.parametrize(
        ("kind", "arrived"), [("status", 0), ("status_after", 1), ("reset", 0), ("lost", 1)]
    )
    def test_a_lost_answer_is_ambiguous_and_find_tells(self, simulator, sender, kind, arrived):
        simulator.fault("sendgrid", kind, path="/mail/send")
        with pytest.raises(ProviderAmbiguous):
            sender.send(**MAIL)
        found = sender.find(message_id="msg-1", to=MAIL["to"], after=AFTER)
        assert [mail["id"] for mail in simulator.messages()] == ([found] if arrived else [])
        assert (found is not None) == bool(arrived)

    @pytest.mark.parametrize(("kind", "arrived"), [("hang", 0), ("late", 1)])
    def test_a_late_answer_is_ambiguous(self, simulator, hasty, kind, arrived):
        simulator.fault("sendgrid", kind, seconds=1)
        with pytest.raises(ProviderAmbiguous):
            hasty.send(**MAIL)
        assert len(simulator.messages()) == arrived

    def test_no_connection_is_transient(self, opened):
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        sender = opened(url=f"http://127.0.0.1:{port}")
        with pytest.raises(ProviderTransient):
            sender.send(**MAIL)

    def test_a_redirect_is_refused_not_followed(self, simulator, sender):
        simulator.fault("sendgrid", "status", status=302)
        with pytest.raises(ProviderRefused):
            sender.send(**MAIL)

    def test_a_proxy_in_the_environment_is_not_used(self, simulator, opened, monkeypatch):
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        assert opened(url=f"{simulator.url}/sendgrid").send(**MAIL)


class TestFind:
    def test_knows_nothing_of_a_mail_that_never_arrived(self, sender):
        assert sender.find(message_id="msg-9", to="x@example.com", after=AFTER) is None

    def test_is_refused_without_the_look_up_service(self, simulator, opened):
        sender = opened(url=f"{simulator.url}/sendgrid")
        assert not sender.can_find
        with pytest.raises(ProviderRefused):
            sender.find(message_id="msg-1", to="x@example.com", after=AFTER)

    def test_an_id_cannot_leave_the_query(self, sender):
        with pytest.raises(ProviderRefused):
            sender.find(message_id='x" OR 1=1 --', to="x@example.com", after=AFTER)

    def test_failing_to_look_is_transient(self, simulator, sender):
        simulator.fault("sendgrid", "status", status=500)
        with pytest.raises(ProviderTransient):
            sender.find(message_id="msg-1", to="x@example.com", after=AFTER)
