"""The simulator and the portal as somebody outside meets them: over HTTP, patiently.

Anything may be restarting: a refused connection or a 503 is tried again, because a person would too.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

import urllib3

from agency.money import Money

_Answer = TypeVar("_Answer")
_TOKEN = re.compile(r'name="csrf" value="([^"]*)"')
PATIENCE_SECONDS = 90.0
DEBTORS_AT_ONCE = 6
_AWAY = (502, 503, 504)
_SEE_OTHER = 303
_JSON = {"content-type": "application/json"}


class WorldStopped(RuntimeError):
    """The agency did not come back in time."""


class Away(Exception):
    """Not there at this moment."""


def patiently(ask: Callable[[], _Answer], *, away: tuple[type[Exception], ...] = ()) -> _Answer:
    """This function will ask until there is an answer.

    :raises WorldStopped: there was none for a minute and a half.
    """
    until, wait = time.monotonic() + PATIENCE_SECONDS, 0.05
    expected: tuple[type[Exception], ...] = (urllib3.exceptions.HTTPError, Away, *away)
    while True:
        try:
            return ask()
        except expected as error:
            if time.monotonic() > until:
                raise WorldStopped(f"no answer: {type(error).__name__}") from error
            time.sleep(wait)
            wait = min(wait * 1.5, 1.0)


@dataclass(frozen=True)
class Mail:
    """A message in the simulator's inbox: its number there, our own id, and the pay link it holds."""

    number: int
    message_id: str
    provider_id: str
    channel: str
    pay_link: str | None


class Line:
    """Kept connections to one address, for several threads.

    Without a client library's cookie jar, redirects and models, which cost more than the call itself.
    """

    def __init__(self, url: str, *, seconds: int) -> None:
        self._pool = urllib3.connection_from_url(
            url, timeout=seconds, retries=False, maxsize=DEBTORS_AT_ONCE + 1, block=True
        )

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        """Make one call; a redirect is an answer like any other.

        :raises urllib3.exceptions.HTTPError: there was no answer.
        """
        return self._pool.urlopen(method, path, body=body, headers=headers, redirect=False)


class Outside:
    """The simulator's control plane and bank, and a browser for debtors."""

    def __init__(self, *, simulator: str, portal: str) -> None:
        self._simulator = Line(simulator, seconds=60)
        self._portal = Line(portal, seconds=30)

    def close(self) -> None:
        """Close the connections."""
        self._simulator.close()
        self._portal.close()

    def make_it(self, moment: datetime) -> None:
        """Move the outside world's clock."""
        self._post("/_sim/clock", {"now": moment.isoformat()})

    def tell_all(self) -> int:
        """Let every due webhook be told and return how many were."""
        told: int = self._post("/_sim/drain", {})["told"]
        return told

    def mails_after(self, number: int) -> list[Mail]:
        """Return messages that arrived after one, oldest first."""
        answer = json.loads(self._get("/_sim/messages", {"after": str(number), "limit": "5000"}))
        return [
            Mail(
                number=record["seq"],
                message_id=record["reference"] or "",
                provider_id=record["id"],
                channel=record["channel"],
                pay_link=next((link for link in record["links"] if "/pay/" in link), None),
            )
            for record in answer["messages"]
        ]

    def open_mail(self, mail: Mail) -> None:
        """Let the provider report that a mail was opened."""
        self._post(f"/_sim/messages/{mail.provider_id}/events", {"event": "open"})

    def transfer(self, *, iban: str, amount: Money, name: str, text: str, structured: str, on: date) -> None:
        """Pay by bank."""
        self._post(
            "/_sim/bank/transfer",
            {
                "to_iban": iban,
                "amount": str(amount.decimal),
                "from_name": name,
                "text": text,
                "structured_reference": structured,
                "on": on.isoformat(),
            },
        )

    def statement(self, *, iban: str, on: date) -> bytes:
        """Fetch a day's statement."""
        return self._get(f"/bank/statements/{iban}", {"date": on.isoformat()})

    def pay_out(self, order: bytes) -> None:
        """Hand a payment order to the bank; the same order again is refused there, which is fine."""
        answer = patiently(lambda: self._simulator.ask("POST", "/bank/payments", order))
        if answer.status not in (202, 409):
            raise WorldStopped(f"the bank refuses the payment order: {answer.data[:200]!r}")

    def browser(self) -> "DebtorsBrowser":
        """Give a debtor a browser that remembers nobody."""
        return DebtorsBrowser(self._portal, self)

    def pay_at_checkout(self, payment_id: str) -> None:
        """Press "pay" on the provider's page."""
        path = f"/_sim/payments/{payment_id}/pay"
        answer = patiently(lambda: self._simulator.ask("POST", path, b"{}", _JSON))
        if answer.status not in (200, 409):
            raise WorldStopped(f"checkout answers {answer.status}")

    def _get(self, path: str, query: dict[str, str]) -> bytes:
        return _good(patiently(lambda: self._simulator.ask("GET", f"{path}?{urlencode(query)}")), path)

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        content = json.dumps(body).encode()
        return json.loads(_good(patiently(lambda: self._simulator.ask("POST", path, content, _JSON)), path))


def _good(answer: urllib3.BaseHTTPResponse, path: str) -> bytes:
    if not 200 <= answer.status < 300:
        raise WorldStopped(f"the simulator answers {answer.status} to {path}")
    return answer.data


class DebtorsBrowser:
    """One debtor's visit: its cookies, and the token of the page it is on."""

    def __init__(self, line: Line, outside: Outside) -> None:
        self._line = line
        self._outside = outside
        self._cookies: dict[str, str] = {}
        self._token = ""
        self._page = ""

    def follow(self, link: str) -> None:
        """Follow the link and see the question it asks."""
        self._ask("GET", urlsplit(link).path)
        self.see("/pay")

    def identify(self, second_fact: str) -> bool:
        """Answer the question, so that the claim is shown; not where the link has grown too old."""
        return self.send("/pay/identify", {"answer": second_fact}).status == _SEE_OTHER

    def pay(self, amount: Money | None = None) -> None:
        """Pay all, or a part, at the provider's page."""
        part = {"what": "part", "amount": str(amount.decimal)} if amount else {"what": "all"}
        answer = self.send("/pay/start", part)
        target = answer.headers.get("location", "")
        if "/checkout/" in target:
            self._outside.pay_at_checkout(target.rsplit("/", 1)[1])

    def send(self, path: str, fields: dict[str, str]) -> urllib3.BaseHTTPResponse:
        """Send a form with the token of the page it stands on."""
        page = "/pay" if path in ("/pay/identify", "/pay/start") else path
        if self._page != page:
            self.see(page)
        self._page = ""
        return self._ask("POST", path, urlencode({**fields, "csrf": self._token}).encode())

    def see(self, page: str) -> None:
        """Open a page."""
        found = _TOKEN.search(self._ask("GET", page).data.decode())
        self._token = found.group(1) if found else ""
        self._page = page

    def _ask(self, method: str, path: str, form: bytes | None = None) -> urllib3.BaseHTTPResponse:
        headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if form is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"

        def once() -> urllib3.BaseHTTPResponse:
            answer = self._line.ask(method, path, form, headers)
            if answer.status in _AWAY:
                raise Away
            return answer

        answer = patiently(once)
        for cookie in answer.headers.getlist("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer
