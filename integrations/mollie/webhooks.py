"""Reads Mollie's webhooks.

The classic webhook of a payment is unsigned and says only `id=tr_...`: whatever it claims, the payment is
fetched and only that counts. Next-generation webhooks are signed.
"""

from collections.abc import Sequence
from urllib.parse import parse_qs

from mollie.utils.webhooks import InvalidSignatureException, SignatureValidator

from integrations.mollie.reading import PAYMENT_ID
from integrations.webhooks import WebhookRefused

SIGNATURE_HEADER = "X-Mollie-Signature"


def payment_ref(body: bytes) -> str:
    """This function will return the payment a classic webhook points at, to be fetched.

    :raises WebhookRefused: the body is not one payment id; nothing needs to be fetched.
    """
    try:
        ids = parse_qs(body.decode("ascii"), strict_parsing=True, max_num_fields=5).get("id", [])
    except ValueError as error:
        raise WebhookRefused("not a form") from error
    if len(ids) != 1 or not PAYMENT_ID.fullmatch(ids[0]):
        raise WebhookRefused("not a payment id")
    return ids[0]


def verify(*, body: bytes, signatures: Sequence[str], secrets: Sequence[str]) -> None:
    """This function will check the signature of a next-generation webhook over the raw body.

    :param signatures: every X-Mollie-Signature header; several while a secret is being replaced.
    :raises WebhookRefused: no signature, or none fits.
    """
    try:
        # The library answers False for a missing signature, and raises only for a wrong one.
        valid: bool = SignatureValidator(list(secrets)).validate_payload(body.decode(), list(signatures))
    except (InvalidSignatureException, ValueError, TypeError) as error:
        raise WebhookRefused("wrong signature") from error
    if not valid:
        raise WebhookRefused("no signature")
