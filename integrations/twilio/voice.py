"""Connects a collector with a debtor through Twilio: the collector is rung first, then the debtor."""

from urllib.parse import urlencode

from twilio.twiml.voice_response import Dial, VoiceResponse

from agency.ports.providers import CallLeg, ProviderAmbiguous
from integrations.twilio.client import open_client, refusals

_EVENTS = ["initiated", "ringing", "answered", "completed"]


class TwilioVoice:
    """A `VoiceCaller`. Nothing is recorded.

    :param status_callback: our public address for status reports; call id and leg are added to its query.
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

    def call(self, *, call_id: str, collector: str, debtor: str, caller_id: str) -> str:
        """See `VoiceCaller.call`."""
        with refusals(effect=True):
            created = self._client.calls.create(
                to=collector,
                from_=caller_id,
                twiml=self._connect(call_id=call_id, debtor=debtor, caller_id=caller_id),
                status_callback=self._callback(call_id=call_id, leg="collector"),
                status_callback_event=_EVENTS,
            )
        if not created.sid:
            raise ProviderAmbiguous("accepted without a reference")
        return str(created.sid)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _connect(self, *, call_id: str, debtor: str, caller_id: str) -> str:
        """What Twilio does once the collector has answered. The collector hears the debtor's phone ring."""
        dial = Dial(caller_id=caller_id, answer_on_bridge=True, timeout=30)
        dial.number(
            debtor,
            status_callback=self._callback(call_id=call_id, leg="debtor"),
            status_callback_event=" ".join(_EVENTS),
        )
        response = VoiceResponse()
        response.append(dial)
        return str(response)

    def _callback(self, *, call_id: str, leg: CallLeg) -> str:
        return f"{self._status_callback}?{urlencode({'call_id': call_id, 'leg': leg})}"
