"""Sends text messages through Twilio and finds them back."""

from datetime import datetime
from urllib.parse import urlencode

from agency.ports.providers import ProviderAmbiguous, ProviderRefused
from integrations.twilio.client import open_client, refusals

# How far back in one number's messages `find` looks; a debtor gets a handful in a week.
_LOOK_BACK = 200


class TwilioSms:
    """An `SmsSender`.

    :param status_callback: our public address for status reports; our message id is added to its query,
        the only place where Twilio carries a reference of ours.
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
                status_callback=f"{self._status_callback}?{urlencode({'message_id': message_id})}",
            )
        if not created.sid:
            raise ProviderAmbiguous("accepted without a reference")
        return str(created.sid)

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

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
