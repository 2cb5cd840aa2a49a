"""Sends WhatsApp messages through Twilio: the same address as texts, with approved templates for words."""

import json
from collections.abc import Sequence
from typing import Final

from integrations.twilio.client import Adapter, reference_of, refusals

PREFIX: Final = "whatsapp:"
"""Stands before a number where Twilio means the person's WhatsApp and not the telephone."""


class TwilioWhatsApp(Adapter):
    """A `WhatsAppSender`."""

    def send(self, *, message_id: str, sender: str, to: str, template: str, values: Sequence[str]) -> str:
        """See `WhatsAppSender.send`; `template` is a Content SID (`HX...`)."""
        filled = {str(place): value for place, value in enumerate(values, start=1)}
        with refusals(effect=True):
            created = self._client.messages.create(
                to=f"{PREFIX}{to}",
                from_=f"{PREFIX}{sender}",
                content_sid=template,
                content_variables=json.dumps(filled),
                status_callback=self._callback(message_id=message_id),
            )
        return reference_of(created)
