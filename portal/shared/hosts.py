"""Which host names the portal answers to, and what it shows at each.

The agency's own names show every door. A creditor's pay host shows the debtor's pages and nothing else, so
that nobody signs in at an address that belongs to somebody else. Any other name is refused, because a name
that a stranger chose must never come back in a link or a cache.
"""

import re
import time
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import urlsplit

from fastapi.routing import APIRoute
from sqlalchemy import text
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from agency.kernel.settings import Settings
from agency.kernel.unit import Door, Units
from portal.shared.audience import ROUTERS

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
# What a machine asks that only knows our address; it tells nothing of anybody.
PROBES: Final = frozenset({"/healthz", "/readyz"})
# Public pages that a debtor's page needs: the creditor's logo, and the reader's language and theme.
FOR_DEBTORS_TOO: Final = frozenset({"/logo/{creditor_id}/{sha256}", "/preferences"})
STATIC: Final = "/static/"
_HOST: Final = re.compile(
    r"(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)\.?)(?::[0-9]{1,5})?"
)
_PAY_HOSTS: Final = text("SELECT DISTINCT lower(pay_host) FROM brand WHERE pay_host <> ''")
_KEPT_SECONDS: Final = 60
_ASKED_AGAIN_AFTER: Final = 5


class PayHosts:
    """The pay hosts of all brands in use, read again once a minute, and sooner for an unknown name."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self._known: frozenset[str] = frozenset()
        self._read_at: float | None = None  # lint-skip: float  seconds of the machine

    def __call__(self, host: str) -> bool:
        """Whether a creditor's payment page is shown at this name."""
        age = _KEPT_SECONDS if self._read_at is None else time.monotonic() - self._read_at
        if age >= (_KEPT_SECONDS if host in self._known else _ASKED_AGAIN_AFTER):
            with self._units.open(Door.GATE, by="system:hosts") as unit:
                self._known = frozenset(unit.session.connection().execute(_PAY_HOSTS).scalars())
            self._read_at = time.monotonic()
        return host in self._known


class KnownHosts:
    """ASGI middleware: refuses host names that are not ours, and shows a pay host the debtor's pages only.

    :param own: the agency's names, in lower case.
    :param is_pay_host: whether a name is a creditor's pay host; asked in a thread.
    """

    def __init__(self, app: ASGIApp, *, own: frozenset[str], is_pay_host: Callable[[str], bool]) -> None:
        self.app, self.own, self.is_pay_host = app, own, is_pay_host
        self.shown = tuple(debtors_routes())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        refusal = await self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        if refusal is None:
            await self.app(scope, receive, send)
        else:
            await refusal(scope, receive, send)

    async def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        if scope["path"] in PROBES:
            return None
        host = host_of(scope)
        if host is None:
            return PlainTextResponse("This request does not say for which host it is.", status_code=400)
        if host in self.own:
            return None
        if not await run_in_threadpool(self.is_pay_host, host):
            return PlainTextResponse("Nothing is shown at this address.", status_code=421)
        return None if self._is_for_debtors(scope) else PlainTextResponse("Not found.", status_code=404)

    def _is_for_debtors(self, scope: Scope) -> bool:
        if scope["path"].startswith(STATIC):
            return True
        return any(route.matches(scope)[0] is not Match.NONE for route in self.shown)


def own_hosts(config: Settings) -> frozenset[str]:
    """This function will return the names at which every door is shown: that of the public address and those
    of the setting, and this machine's own outside production."""
    names = {urlsplit(config.public_url).hostname or "", *config.hosts}
    return frozenset(name.lower() for name in names if name) | (
        frozenset() if config.production else LOOPBACK
    )


def host_of(scope: Scope) -> str | None:
    """This function will return the name that a request is for, in lower case and without its port; None when
    it says none, several, or something that is no name."""
    given = [value for name, value in scope["headers"] if name == b"host"]
    found = _HOST.fullmatch(given[0].decode("latin-1").lower()) if len(given) == 1 else None
    return (found[1] or found[2]) if found else None


def debtors_routes() -> Iterable[APIRoute]:
    """This function will return every route that a pay host shows."""
    for declared in ROUTERS:
        for route in declared.router.routes:
            public = declared.audience == "public" and getattr(route, "path", "") in FOR_DEBTORS_TOO
            if isinstance(route, APIRoute) and (declared.audience == "debtor" or public):
                yield route
