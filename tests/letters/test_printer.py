"""The print shop over real HTTP: letters, and every way in which handing them over goes wrong."""

import socket
from datetime import UTC, datetime

import pytest

from agency.ports.providers import ProviderAmbiguous, ProviderRefused, ProviderTransient
from integrations.letters.printer import HttpLetterPrinter

AFTER = datetime(2020, 1, 1, tzinfo=UTC)
LETTER = {
    "message_id": "msg-1",
    "pdf": b"%PDF-1.7\n\x00\xff brief",
    "address": ("Mevrouw J. Jansen", "Dorpsstraat 1", "1234 AB Ons Dorp"),
    "country": "NL",
}


@pytest.fixture
def printer(simulator):
    opened = HttpLetterPrinter(url=f"{simulator.url}/letters", key="k", production=False, timeout_seconds=5)
    yield opened
    opened.close()


class TestSubmit:
    def test_the_letter_arrives_as_it_was_given(self, simulator, printer):
        reference = printer.submit(**LETTER)
        (letter,) = simulator.messages(channel="letter")
        assert (letter["id"], letter["reference"]) == (reference, "msg-1")
        assert letter["facts"] == {"address": list(LETTER["address"]), "country": "NL"}
        answer = simulator.http.get(f"/_sim/inbox/{reference}/letter.pdf")
        assert answer.content == LETTER["pdf"]
        assert answer.headers["content-type"] == "application/pdf"

    def test_the_same_letter_twice_is_one(self, simulator, printer):
        assert printer.submit(**LETTER) == printer.submit(**LETTER)
        assert len(simulator.messages()) == 1

    def test_another_letter_under_the_same_id_is_refused(self, simulator, printer):
        printer.submit(**LETTER)
        with pytest.raises(ProviderRefused) as refused:
            printer.submit(**LETTER | {"pdf": b"%PDF-1.7 another"})
        assert refused.value.code == "idempotency"
        assert len(simulator.messages()) == 1

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"pdf": b"not a PDF"}, "PDF"),
            ({"address": ("Jansen",)}, "address"),
            ({"address": ("Jansen", " ")}, "address"),
            ({"country": "Nederland"}, "country"),
        ],
    )
    def test_a_refusal_carries_the_shops_reason(self, simulator, printer, change, reason):
        with pytest.raises(ProviderRefused, match=reason):
            printer.submit(**LETTER | change)
        assert simulator.messages() == []

    def test_a_wrong_key_is_refused(self, simulator):
        printer = HttpLetterPrinter(url=f"{simulator.url}/letters", key="wrong", production=False)
        with pytest.raises(ProviderRefused):
            printer.submit(**LETTER)
        printer.close()

    @pytest.mark.parametrize(("status", "wait"), [(429, 60), (503, None)])
    def test_too_busy_is_transient_and_says_how_long(self, simulator, printer, status, wait):
        simulator.fault("letters", "status", status=status, retry_after=wait)
        with pytest.raises(ProviderTransient) as busy:
            printer.submit(**LETTER)
        assert busy.value.retry_after == wait

    @pytest.mark.parametrize(
        ("kind", "arrived"), [("status", 0), ("status_after", 1), ("reset", 0), ("lost", 1)]
    )
    def test_a_lost_answer_is_ambiguous_and_find_tells(self, simulator, printer, kind, arrived):
        simulator.fault("letters", kind)
        with pytest.raises(ProviderAmbiguous):
            printer.submit(**LETTER)
        found = printer.find(message_id="msg-1", after=AFTER)
        assert [letter["id"] for letter in simulator.messages()] == ([found] if arrived else [])
        assert (found is not None) == bool(arrived)

    @pytest.mark.parametrize("kind", ["hang", "late"])
    def test_a_late_answer_is_ambiguous(self, simulator, kind):
        printer = HttpLetterPrinter(
            url=f"{simulator.url}/letters", key="k", production=False, timeout_seconds=0.3
        )
        simulator.fault("letters", kind, seconds=1)
        with pytest.raises(ProviderAmbiguous):
            printer.submit(**LETTER)
        printer.close()

    def test_no_connection_is_transient(self):
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        printer = HttpLetterPrinter(url=f"http://127.0.0.1:{port}", key="k", production=False)
        with pytest.raises(ProviderTransient):
            printer.submit(**LETTER)
        printer.close()

    def test_failing_to_look_is_transient(self, simulator, printer):
        simulator.fault("letters", "reset")
        with pytest.raises(ProviderTransient):
            printer.find(message_id="msg-1", after=AFTER)
