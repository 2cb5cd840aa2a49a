"""Reads Mollie's webhooks.

The classic webhook of a payment is unsigned and says only `id=tr_...`: whatever it claims, the payment is
fetched and only that counts.
"""

from urllib.parse import parse_qs

from integrations.mollie.reading import PAYMENT_ID
from integrations.webhooks import WebhookRefused


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
