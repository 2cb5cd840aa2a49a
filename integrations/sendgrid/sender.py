"""Sends mail through SendGrid and finds it back by our own id."""

import base64
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from agency.ports.providers import Attachment, ProviderAmbiguous, ProviderRefused, Sender
from integrations.sendgrid.client import open_client

REAL_URL = "https://api.sendgrid.com"
# Our id stands inside a query of SendGrid's; it must not be able to end it.
_SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class SendGridSender:
    """An `EmailSender`.

    :param can_find: whether the account has bought Email Activity, which `find` asks.
    :param track_opens: adds SendGrid's tracking pixel; needs a ground under Tw art. 11.7a, so off by default.
    """

    def __init__(
        self,
        *,
        url: str,
        key: str,
        production: bool,
        can_find: bool = False,
        track_opens: bool = False,
        timeout_seconds: float = 10,
    ) -> None:
        self._api, self._http = open_client(
            url=url, key=key, production=production, timeout_seconds=timeout_seconds
        )
        self._can_find = can_find
        self._track_opens = track_opens

    @property
    def can_find(self) -> bool:
        """Whether `find` can resolve an ambiguous send."""
        return self._can_find

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
        """See `EmailSender.send`. SendGrid answers 202: queued, nothing more."""
        body: dict[str, Any] = {
            "personalizations": [{"to": [{"email": to}], "custom_args": {"message_id": message_id}}],
            "from": {"email": sender.email, "name": sender.name},
            "reply_to": {"email": sender.reply_to},
            "subject": subject,
            "content": [{"type": "text/plain", "value": text}, {"type": "text/html", "value": html}],
            # A rewritten link would carry the debtor's token through SendGrid's redirector.
            "tracking_settings": {
                "click_tracking": {"enable": False, "enable_text": False},
                "open_tracking": {"enable": self._track_opens},
            },
        }
        if attachments:
            body["attachments"] = [_attached(attachment) for attachment in attachments]
        answer = self._api.client.mail.send.post(request_body=body)
        reference = answer.headers.get("X-Message-Id")
        if not reference:
            raise ProviderAmbiguous("accepted without a reference")
        return str(reference)

    def find(self, *, message_id: str, to: str, after: datetime) -> str | None:
        """See `EmailSender.find`. Our id is unique, so the address and the moment need no comparing."""
        if not self._can_find:
            raise ProviderRefused("no-look-up", "this SendGrid account has no Email Activity")
        if not _SAFE_ID.fullmatch(message_id):
            raise ProviderRefused("message-id", "may hold letters, digits, - and _ only")
        query = {"query": f"(unique_args['message_id']=\"{message_id}\")", "limit": "1"}
        answer = self._api.client.messages.get(query_params=query)
        try:
            found = answer.json()["messages"]
            return reference_of(found[0]["msg_id"]) if found else None
        except (ValueError, KeyError, TypeError) as error:
            raise ProviderRefused("answer", "not in SendGrid's form") from error

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def reference_of(sg_message_id: str) -> str:
    """This function will cut SendGrid's long id down to the part that the send answered (X-Message-Id)."""
    return sg_message_id.split(".", 1)[0]


def _attached(attachment: Attachment) -> dict[str, str]:
    return {
        "content": base64.b64encode(attachment.content).decode(),
        "filename": attachment.name,
        "type": attachment.media_type,
        "disposition": "attachment",
    }
