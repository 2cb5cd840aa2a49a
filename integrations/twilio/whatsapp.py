"""Sends WhatsApp messages through Twilio: the same address as texts, with approved templates for words."""

import json
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from agency.ports.providers import ProviderAmbiguous
from integrations.twilio.client import open_client, refusals

PREFIX: Final = "whatsapp:"
"""Stands before a number where Twilio means the person's WhatsApp and not the telephone."""


class TwilioWhatsApp:
    """A `WhatsAppSender`.

    :param status_callback: our public address for status reports, the one that texts have too.
    """

    def __init__(
        self,
        *,
        url: str,
        account: str,
        token: str,
        status_callback: str,
        production: bool,
        timeout_seconds: float = 10,
    ) -> None:
        self._client, self._transport = open_client(
            url=url, account=account, token=token, production=production, timeout_seconds=timeout_seconds
        )
        self._status_callback = status_callback

    def send(self, *, message_id: str, sender: str, to: str, template: str, values: Sequence[str]) -> str:
        """See `WhatsAppSender.send`; `template` is a Content SID (`HX...`)."""
        filled = {str(place): value for place, value in enumerate(values, start=1)}
        with refusals(effect=True):
            created = self._client.messages.create(
                to=f"{PREFIX}{to}",
                from_=f"{PREFIX}{sender}",
                content_sid=template,
                content_variables=json.dumps(filled),
                status_callback=f"{self._status_callback}?{urlencode({'message_id': message_id})}",
            )
        if not created.sid:
            raise ProviderAmbiguous("accepted without a reference")
        return str(created.sid)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()
