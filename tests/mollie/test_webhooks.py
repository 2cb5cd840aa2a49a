"""Mollie's webhooks: an unsigned id that is only a hint."""

import pytest

from integrations.mollie import webhooks
from integrations.webhooks import WebhookRefused


class TestPaymentRef:
    def test_reads_the_id(self):
        assert webhooks.payment_ref(b"id=tr_5B8cwPMGnU6qLbRvo7qEZo") == "tr_5B8cwPMGnU6qLbRvo7qEZo"

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"id=",
            b"id=tr_",
            b"id=tr_../../settlements",
            b"id=tr_abcdef&id=tr_ghijkl",
            b"id=ord_abcdef",
            b"id=tr_abc%00def",
            b"id=tr_" + b"a" * 500,
            b'{"id":"tr_abcdef"}',
            b"\xff\xfe",
            b"a=1&" * 50 + b"id=tr_abcdef",
        ],
    )
    def test_refuses_anything_else(self, body):
        with pytest.raises(WebhookRefused):
            webhooks.payment_ref(body)
