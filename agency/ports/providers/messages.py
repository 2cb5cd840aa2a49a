"""What the business asks of who carries its mails and text messages, and what they report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Sender:
    """Who a mail says it is from; replies go to `reply_to`."""

    name: str
    email: str
    reply_to: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that travels with a mail."""

    name: str
    media_type: str
    content: bytes


# "unwanted" and "wanted" say what the reader wants of the way it came by, not what became of the message.
ReceiptKind = Literal["sent", "delivered", "opened", "bounced", "dropped", "failed", "unwanted", "wanted"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider reports about one of our messages.

    :param message_id: our own id, as it travelled with the message.
    :param provider_ref: the provider's id; empty when the report does not carry it.
    :param at: when it happened at the provider, in UTC.
    :param event_key: equal for every copy of the same report; unique per fact.
    :param detail: the provider's code or reason, for people.
    :param permanent: the address is no good; True only for failures that will not heal.
    """

    message_id: str
    provider_ref: str
    kind: ReceiptKind
    at: datetime
    event_key: str
    detail: str = ""
    permanent: bool = False


class EmailSender(Protocol):
    """Sends one mail to one address."""

    @property
    def can_find(self) -> bool:
        """Whether `find` can resolve an ambiguous send; else only a receipt or a person can."""
        ...

    def send(
        self,
        *,
        message_id: str,
        sender: Sender,
        to: str,
        subject: str,
        html: str,
        text: str,
        attachments: Sequence[Attachment] = (),
    ) -> str:
        """Hand one mail to the provider and return its reference; accepted, not yet delivered.

        :raises ProviderRefused, ProviderTransient, ProviderAmbiguous: see the exceptions.
        """
        ...

    def find(self, *, message_id: str, to: str, after: datetime) -> str | None:
        """Return the provider's reference of our message sent at or after `after`, None if unknown there.

        :raises ProviderRefused, ProviderTransient: also when `can_find` is False.
        """
        ...


class SmsSender(Protocol):
    """Sends one text message to one number (E.164)."""

    @property
    def can_find(self) -> bool:
        """Whether `find` can resolve an ambiguous send."""
        ...

    def send(self, *, message_id: str, sender: str, to: str, text: str) -> str:
        """Hand one text message to the provider and return its reference.

        :param sender: a number in E.164 or an alphanumeric sender of at most 11 characters.
        :raises ProviderRefused, ProviderTransient, ProviderAmbiguous: see the exceptions.
        """
        ...

    def find(self, *, message_id: str, to: str, text: str, after: datetime) -> str | None:
        """Return the provider's reference of this text to this number since `after`, None if unknown there.

        `text` is asked for because text message providers keep no reference of ours.

        :raises ProviderRefused, ProviderTransient: also when `can_find` is False.
        """
        ...


class WhatsAppSender(Protocol):
    """Sends one WhatsApp message to one number (E.164).

    A business may begin a conversation only with a template that WhatsApp approved beforehand, so words are
    not handed over, only what fills the template's places. An ambiguous send cannot be looked up, for the
    provider lists the filled words and not their template: its receipt or a person resolves it.
    """

    def send(self, *, message_id: str, sender: str, to: str, template: str, values: Sequence[str]) -> str:
        """Hand one message to the provider and return its reference.

        :param sender: the agency's or the creditor's number at WhatsApp, in E.164.
        :param template: the provider's own id of the approved template in the debtor's language.
        :param values: what stands at its places, the first at `{{1}}`; none of them empty.
        :raises ProviderRefused, ProviderTransient, ProviderAmbiguous: see the exceptions.
        """
        ...
