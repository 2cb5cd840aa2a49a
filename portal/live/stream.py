"""One stream per open page, one LISTEN per process; a nudge holds no data, only what kind of thing changed.

Written on bare ASGI messages: one shared bytes object goes to every reader, a reader costs no timer of
its own, and no database session is held while a stream is open.
"""

import asyncio
import contextlib
import json
import time
from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Annotated

import psycopg
import structlog
from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from portal.shared.audience import router, visitor_of, wiring_of

log = structlog.get_logger()
routes = router(
    audience="live",
    roles={"collector", "finance", "admin", "creditor_clerk", "creditor_manager"},
    prefix="/live",
)

HEARTBEAT_SECONDS = 20
STREAM_SECONDS = 600  # then the browser connects anew, under rights that are looked up anew
WAITING_MAX = 64
REMEMBERED_MAX = 1_000
AGENCY = ""  # stands where a creditor's id would: staff hears everybody's nudges

_RECONNECTED = "reconnected"
_HELLO = b"retry: 2000\n\n"
_STILL_HERE = b": still here\n\n"


class Listener:
    """One open stream: what it still has to send, and a bell that wakes it."""

    __slots__ = ("bell", "creditor_id", "ended", "waiting")

    def __init__(self, creditor_id: str) -> None:
        self.creditor_id = creditor_id
        self.waiting: list[bytes] = []
        self.bell: asyncio.Future[None] | None = None
        self.ended = False

    def tell(self, message: bytes) -> None:
        """Queue a message; a reader that is far behind has enough to fetch again already."""
        if len(self.waiting) < WAITING_MAX:
            self.waiting.append(message)
        self._ring()

    def end(self) -> None:
        """Let the stream finish."""
        self.ended = True
        self._ring()

    async def next(self) -> bytes:
        """Everything that waits, as one piece; empty when the stream has ended."""
        if not self.waiting and not self.ended:
            self.bell = asyncio.get_running_loop().create_future()
            await self.bell
        told, self.waiting = b"".join(self.waiting), []
        return b"" if self.ended else told

    def _ring(self) -> None:
        if self.bell is not None and not self.bell.done():
            self.bell.set_result(None)


class Hub:
    """The streams of this process and the one connection that hears the database."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url.replace("postgresql+psycopg://", "postgresql://")
        self._listeners: defaultdict[str, set[Listener]] = defaultdict(set)
        self._tasks: list[asyncio.Task[None]] = []
        # What was heard lately, by the machine's clock, and since when nothing is missing there.
        self._heard: deque[tuple[float, str, bytes]] = deque(maxlen=REMEMBERED_MAX)
        self._whole_since = 0.0
        self.connected = False

    def join(self, listener: Listener, since: float) -> None:
        """Start telling a stream, also what its page missed; the first one opens the connection.

        A page is read some time before its stream opens, and what changes in between would never be shown.
        `since` is when the page was asked for, in seconds since 1970 by the machine's clock.
        """
        self._listeners[listener.creditor_id].add(listener)
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._hear()), asyncio.create_task(self._beat())]
        elif self.connected and since < self._whole_since:
            listener.tell(_message(topic=_RECONNECTED, claim_id=""))
        elif self.connected:
            for heard_at, creditor_id, message in self._heard:
                if heard_at >= since and listener.creditor_id in (AGENCY, creditor_id):
                    listener.tell(message)

    def leave(self, listener: Listener) -> None:
        """Stop telling a stream; the last one closes the connection."""
        group = self._listeners[listener.creditor_id]
        group.discard(listener)
        if not group:
            del self._listeners[listener.creditor_id]
        if not self._listeners:
            for task in self._tasks:
                task.cancel()
            self._tasks, self.connected = [], False

    async def _hear(self) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self._url, autocommit=True, connect_timeout=5
                ) as connection:
                    await connection.execute("LISTEN nudge")
                    self.connected = True
                    self._heard.clear()
                    self._whole_since = time.time()
                    # Whatever was missed while the connection was away: every page fetches once.
                    missed = _message(topic=_RECONNECTED, claim_id="")
                    for listener in self._everybody():
                        listener.tell(missed)
                    async for notification in connection.notifies():
                        self._pass_on(notification.payload)
            except (psycopg.Error, OSError) as error:
                self.connected = False
                log.warning("live.connection.lost", error=type(error).__name__)
                await asyncio.sleep(1)

    def _pass_on(self, payload: str) -> None:
        try:
            nudge = json.loads(payload)
            creditor_id, topic, claim_id = nudge["creditor_id"], nudge["topic"], nudge["claim_id"]
        except (ValueError, TypeError, KeyError):
            log.error("live.nudge.unreadable")
            return
        message = _message(topic=topic, claim_id=claim_id)
        if len(self._heard) == REMEMBERED_MAX:
            self._whole_since = self._heard[1][0]
        self._heard.append((time.time(), creditor_id, message))
        for group in {AGENCY, creditor_id}:
            for listener in self._listeners.get(group, ()):
                listener.tell(message)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            for listener in self._everybody():
                listener.tell(_STILL_HERE)

    def _everybody(self) -> Iterable[Listener]:
        return [listener for group in self._listeners.values() for listener in group]


def _message(*, topic: str, claim_id: str) -> bytes:
    return f"data: {json.dumps({'topic': topic, 'claim_id': claim_id})}\n\n".encode()


class NudgeStream(Response):
    """An event stream that ends by itself after a while, or when the reader leaves."""

    def __init__(self, hub: Hub, listener: Listener, since: float) -> None:
        self.hub = hub
        self.listener = listener
        self.since = since
        self.background = None
        self.status_code = 200

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nudges until the reader leaves or the stream's time is over."""
        listener = self.listener
        leaving = asyncio.create_task(_reader_leaves(receive, listener))
        time_over = asyncio.get_running_loop().call_later(STREAM_SECONDS, listener.end)
        self.hub.join(listener, self.since)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await send({"type": "http.response.body", "body": _HELLO, "more_body": True})
            while told := await listener.next():
                await send({"type": "http.response.body", "body": told, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self.hub.leave(listener)
            time_over.cancel()
            leaving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await leaving


_HEADERS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]


async def _reader_leaves(receive: Receive, listener: Listener) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    listener.end()


def hub_of(request: Request) -> Hub:
    """This function will return the process's hub."""
    if not hasattr(request.app.state, "hub"):
        request.app.state.hub = Hub(wiring_of(request).settings.database_url)
    hub: Hub = request.app.state.hub
    return hub


@routes.get("/events")
async def events(request: Request, since: Annotated[float, Query(ge=0)] = 0.0) -> Response:
    """Nudges for whoever is signed in: a creditor hears its own, the agency all; also those `since` then."""
    visitor = visitor_of(request)
    return NudgeStream(hub_of(request), Listener(str(visitor.creditor_id or AGENCY)), since)
