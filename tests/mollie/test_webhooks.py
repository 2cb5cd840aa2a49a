"""Mollie's webhooks: an unsigned id that is only a hint, and signed calls that must fit."""

import json

import pytest

from integrations.mollie import webhooks
from integrations.webhooks import WebhookRefused


@pytest.fixture(scope="session")
def vectors(real_data):
    found = json.loads((real_data / "09_messages" / "webhook_signature_vectors.json").read_text())
    return [vector for vector in found if vector["vendor"] == "mollie"]


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


class TestVerify:
    def test_agrees_with_every_published_vector(self, vectors):
        assert len(vectors) == 4
        for vector in vectors:
            given = vector["header"] if isinstance(vector["header"], list) else [vector["header"]]
            call = {"body": vector["payload"].encode(), "signatures": given, "secrets": [vector["secret"]]}
            if vector["expect"]:
                webhooks.verify(**call)
                with pytest.raises(WebhookRefused):
                    webhooks.verify(**call | {"body": call["body"] + b" "})
            else:
                with pytest.raises(WebhookRefused):
                    webhooks.verify(**call)

    @pytest.mark.parametrize("signatures", [[], [""], ["é"]])
    def test_no_signature_is_refused_not_passed(self, signatures):
        with pytest.raises(WebhookRefused):
            webhooks.verify(body=b"{}", signatures=signatures, secrets=["s"])
