"""Connects a collector with a debtor through Twilio: the collector is rung first, then the debtor."""

from twilio.twiml.voice_response import Dial, VoiceResponse

from integrations.twilio.client import Adapter, reference_of, refusals

_EVENTS = ["initiated", "ringing", "answered", "completed"]


class TwilioVoice(Adapter):
    """A `VoiceCaller`. Nothing is recorded."""

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
        return reference_of(created)

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
