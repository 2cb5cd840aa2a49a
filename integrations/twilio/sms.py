"""Sends text messages through Twilio and finds them back."""

from datetime import datetime

from agency.ports.providers import ProviderRefused
from integrations.twilio.client import Adapter, reference_of, refusals

# How far back in one number's messages `find` looks; a debtor gets a handful in a week.
_LOOK_BACK = 200


class TwilioSms(Adapter):
    """An `SmsSender`."""

    @property
    def can_find(self) -> bool:
        """Twilio lists messages by number, so an ambiguous send can be looked up."""
        return True

    def send(self, *, message_id: str, sender: str, to: str, text: str) -> str:
        """See `SmsSender.send`. Twilio promises no idempotency for a message, so it is never sent twice."""
        with refusals(effect=True):
            created = self._client.messages.create(
                to=to,
                from_=sender,
                body=text,
                status_callback=self._callback(message_id=message_id),
            )
        return reference_of(created)

    def find(self, *, message_id: str, to: str, text: str, after: datetime) -> str | None:
        """See `SmsSender.find`. Twilio shows no reference of ours, so text and moment decide.

        :raises ProviderRefused: two equal texts went out in that time; only a person can tell them apart.
        """
        with refusals(effect=False):
            listed = self._client.messages.list(to=to, limit=_LOOK_BACK)
        found = [
            message.sid
            for message in listed
            # Twilio keeps whole seconds, so a message of the same second as `after` may be ours.
            if message.body == text and message.date_created and message.date_created >= _second(after)
        ]
        if len(found) > 1:
            raise ProviderRefused("two-found", f"{len(found)} equal texts to this number since {after}")
        return found[0] if found else None


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
