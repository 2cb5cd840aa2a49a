"""What the business asks of who connects its calls, and what they report."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

# The two legs of a call: the collector is rung first.
CallLeg = Literal["collector", "debtor"]
CallState = Literal["ringing", "answered", "completed", "busy", "no_answer", "failed", "canceled"]


@dataclass(frozen=True, slots=True)
class CallReceipt:
    """What the voice provider reports about one leg of a call; `seconds` is set once it has ended."""

    call_id: str
    provider_ref: str
    leg: CallLeg
    state: CallState
    at: datetime
    event_key: str
    seconds: int | None = None


class VoiceCaller(Protocol):
    """Connects a collector with a debtor by telephone."""

    def call(self, *, call_id: str, collector: str, debtor: str, caller_id: str) -> str:
        """Ring the collector first, then the debtor, and return the provider's reference.

        :param collector, debtor, caller_id: numbers in E.164; the debtor sees `caller_id`.
        :raises ProviderRefused, ProviderTransient, ProviderAmbiguous: see the exceptions.
        """
        ...
