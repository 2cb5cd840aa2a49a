"""The print shop's reports: signed, dated, and one receipt per fact."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.ports.providers import PrintReport, Receipt
from integrations.letters import webhooks
from integrations.webhooks import WebhookRefused
from tests.printing import pdf_of, print_one

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
EVENT = {"letter": "let_1", "reference": "msg-1", "event": "posted", "at": "2026-11-02T17:00:00+01:00"}

BATCH_EVENT = {
    "batch": "bat_1", "reference": "batch-1", "event": "printed", "at": "2026-11-02T17:00:00+01:00",
    "letters": 3, "pages": 5, "sheets": 4,
}  # fmt: skip


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
        (receipt,) = webhooks.reports(**signed([EVENT | {"event": event}]))
        assert (receipt.kind, receipt.permanent) == (kind, permanent)
        assert (receipt.message_id, receipt.provider_ref) == ("msg-1", "let_1")
        assert receipt.at == datetime(2026, 11, 2, 16, 0, tzinfo=UTC)

    def test_being_printed_changes_nothing(self):
        assert webhooks.reports(**signed([EVENT | {"event": "printed"}])) == []

    def test_a_batch_is_told_of_with_its_counts(self):
        (report,) = webhooks.reports(**signed([BATCH_EVENT]))
        assert (report.batch_id, report.event, report.letters, report.pages, report.sheets) == (
            "batch-1", "printed", 3, 5, 4,
        )  # fmt: skip
        again, other = webhooks.reports(**signed([BATCH_EVENT, BATCH_EVENT | {"letters": 2}]))
        assert (again.event_key == report.event_key, other.event_key == report.event_key) == (True, False)

    @pytest.mark.parametrize("wrong", [-1, "3", None, True, 10**9])
    def test_a_count_that_is_none_is_refused(self, wrong):
        with pytest.raises(WebhookRefused):
            webhooks.reports(**signed([BATCH_EVENT | {"pages": wrong}]))

    def test_copies_have_one_key(self):
        receipts = webhooks.reports(**signed([EVENT, EVENT, EVENT | {"event": "returned"}]))
        assert len({receipt.event_key for receipt in receipts}) == 2

    @given(place=st.integers(0, 100), bit=st.integers(0, 7))
    def test_any_changed_bit_is_refused(self, place, bit):
        call = signed([EVENT])
        body = bytearray(call["body"])
        body[place % len(body)] ^= 1 << bit
        with pytest.raises(WebhookRefused):
            webhooks.reports(**call | {"body": bytes(body)})

    def test_the_old_key_counts_while_both_are_given(self):
        assert webhooks.reports(**signed([EVENT], key="old") | {"keys": ["k", "old"]})
        with pytest.raises(WebhookRefused):
            webhooks.reports(**signed([EVENT], key="old"))

    @pytest.mark.parametrize(
        "signature", ["", "t=1", "v1=00", "t=x,v1=00", "t=1,v1=é", "t=²,v1=0", "t=" + "9" * 40]
    )
    def test_nonsense_for_a_signature_is_refused(self, signature):
        with pytest.raises(WebhookRefused):
            webhooks.reports(**signed([EVENT]) | {"signature": signature})

    @pytest.mark.parametrize("minutes", [6, -6, 24 * 60])
    def test_a_replay_is_refused(self, minutes):
        with pytest.raises(WebhookRefused):
            webhooks.reports(**signed([EVENT], at=NOW - timedelta(minutes=minutes)))

    @pytest.mark.parametrize(
        "events",
        [None, 1, ["x"], [{}], [EVENT | {"at": "yesterday"}], [EVENT | {"at": "2026-11-02T17:00:00"}]],
    )
    def test_a_signed_call_in_another_form_is_refused(self, events):
        with pytest.raises(WebhookRefused):
            webhooks.reports(**signed(events))

    def test_a_call_that_nests_without_end_is_refused(self):
        body = b'{"events":' + b"[" * 5_000
        call = signed([]) | {"body": body, "signature": webhooks.sign(body=body, key="k", at=NOW)}
        with pytest.raises(WebhookRefused, match="not a list"):
            webhooks.reports(**call)


class TestFromTheSimulator:
    @pytest.mark.parametrize(
        ("street", "kinds"), [("Dorpsstraat 1", ["sent"]), ("Onbestelbaar 1", ["sent", "bounced"])]
    )
    def test_the_fate_of_a_letter_is_scripted_by_its_address(self, simulator, street, kinds):
        simulator.post("/delays", {"letter_print": 1, "letter_post": 2, "letter_return": 3})
        address = ("J. Jansen", street, "1234 AB Ons Dorp")
        print_one(simulator, pdf=pdf_of(1), address=address, key="key of ours")
        now = datetime.fromisoformat(simulator.get("/clock")["now"])
        simulator.post("/clock", {"now": (now + timedelta(minutes=1)).isoformat()})
        simulator.post("/drain")
        told = [
            report
            for call in simulator.agency.heard_at("/hooks/letters")
            for report in webhooks.reports(
                body=call.body,
                signature=call.headers[webhooks.SIGNATURE_HEADER],
                keys=["key of ours"],
                now=datetime.fromisoformat(simulator.get("/clock")["now"]),
            )
        ]
        receipts = [one for one in told if isinstance(one, Receipt)]
        assert [receipt.kind for receipt in receipts] == kinds
        assert receipts[0].at > now
        batches = [one for one in told if isinstance(one, PrintReport)]
        assert [one.event for one in batches] == ["printed", "posted", *["returned"] * (len(kinds) - 1)]
        assert {(one.batch_id, one.letters, one.pages, one.sheets) for one in batches} == {
            ("batch-1", 1, 1, 1)
        }
