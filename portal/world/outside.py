"""The simulator and the portal as somebody outside meets them: over HTTP, patiently.

Anything may be restarting: a refused connection or a 503 is tried again, because a person would too.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from queue import SimpleQueue
from typing import Any, TypeVar

import httpx

from agency.money import Money

_Answer = TypeVar("_Answer")
_TOKEN = re.compile(r'name="csrf" value="([^"]*)"')
PATIENCE_SECONDS = 90.0
DEBTORS_AT_ONCE = 6
_AWAY = (502, 503, 504)


class WorldStopped(RuntimeError):
    """The agency did not come back in time."""


class Away(Exception):
    """Not there at this moment."""


def patiently(ask: Callable[[], _Answer], *, away: tuple[type[Exception], ...] = ()) -> _Answer:
    """This function will ask until there is an answer.

    :raises WorldStopped: there was none for a minute and a half.
    """
    until, wait = time.monotonic() + PATIENCE_SECONDS, 0.05
    expected: tuple[type[Exception], ...] = (httpx.TransportError, Away, *away)
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


class Outside:
    """The simulator's control plane and bank, and a browser for debtors."""

    def __init__(self, *, simulator: str, portal: str) -> None:
        self._simulator = httpx.Client(base_url=simulator, timeout=60)
        # Browsers are lent out and cleared: a connection of its own for every visit would be slow.
        self._browsers: SimpleQueue[httpx.Client] = SimpleQueue()
        for _ in range(DEBTORS_AT_ONCE):
            self._browsers.put(httpx.Client(base_url=portal, timeout=30, follow_redirects=False))

    def close(self) -> None:
        """Close the connections."""
        self._simulator.close()
        while not self._browsers.empty():
            self._browsers.get().close()

    def make_it(self, moment: datetime) -> None:
        """Move the outside world's clock."""
        self._post("/_sim/clock", {"now": moment.isoformat()})

    def tell_all(self) -> int:
        """Let every due webhook be told and return how many were."""
        told: int = self._post("/_sim/drain", {})["told"]
        return told

    def mails_after(self, number: int) -> list[Mail]:
        """Return messages that arrived after one, oldest first."""
        answer = patiently(lambda: self._read("/_sim/messages", {"after": str(number), "limit": "5000"}))
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
        return patiently(
            lambda: (
                self._simulator.get(f"/bank/statements/{iban}", params={"date": on.isoformat()})
                .raise_for_status()
                .content
            )
        )

    def pay_out(self, order: bytes) -> None:
        """Hand a payment order to the bank; the same order again is refused there, which is fine."""
        answer = patiently(lambda: self._simulator.post("/bank/payments", content=order))
        if answer.status_code not in (202, 409):
            raise WorldStopped(f"the bank refuses the payment order: {answer.text[:200]}")

    @contextmanager
    def browser(self) -> Iterator["DebtorsBrowser"]:
        """Lend a debtor a browser that remembers nobody."""
        http = self._browsers.get()
        http.cookies.clear()
        try:
            yield DebtorsBrowser(http, self)
        finally:
            self._browsers.put(http)

    def pay_at_checkout(self, payment_id: str) -> None:
        """Press "pay" on the provider's page."""
        answer = patiently(lambda: self._simulator.post(f"/_sim/payments/{payment_id}/pay", json={}))
        if answer.status_code not in (200, 409):
            raise WorldStopped(f"checkout answers {answer.status_code}")

    def _read(self, path: str, params: dict[str, str]) -> Any:
        return self._simulator.get(path, params=params).raise_for_status().json()

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        return patiently(lambda: self._simulator.post(path, json=body).raise_for_status().json())


class DebtorsBrowser:
    """One debtor's visit, and the token of the page it is on."""

    def __init__(self, http: httpx.Client, outside: Outside) -> None:
        self._http = http
        self._outside = outside
        self._token = ""
        self._page = ""

    def follow(self, link: str) -> None:
        """Follow the link and see the question it asks."""
        self._answer(lambda: self._http.get(httpx.URL(link).path))
        self.see("/pay")

    def identify(self, second_fact: str) -> None:
        """Answer the question, so that the claim is shown."""
        self.send("/pay/identify", {"answer": second_fact})

    def pay(self, amount: Money | None = None) -> None:
        """Pay all, or a part, at the provider's page."""
        part = {"what": "part", "amount": str(amount.decimal)} if amount else {"what": "all"}
        answer = self.send("/pay/start", part)
        target = answer.headers.get("location", "")
        if "/checkout/" in target:
            self._outside.pay_at_checkout(target.rsplit("/", 1)[1])

    def send(self, path: str, fields: dict[str, str]) -> httpx.Response:
        """Send a form with the token of the page it stands on."""
        page = "/pay" if path in ("/pay/identify", "/pay/start") else path
        if self._page != page:
            self.see(page)
        self._page = ""
        return self._answer(lambda: self._http.post(path, data={**fields, "csrf": self._token}))

    def see(self, page: str) -> httpx.Response:
        """Open a page."""
        answer = self._answer(lambda: self._http.get(page))
        found = _TOKEN.search(answer.text)
        self._token = found.group(1) if found else ""
        self._page = page
        return answer

    @staticmethod
    def _answer(ask: Callable[[], httpx.Response]) -> httpx.Response:
        def once() -> httpx.Response:
            answer = ask()
            if answer.status_code in _AWAY:
                raise Away
            return answer

        return patiently(once)
