"""One stream per open page, one LISTEN per process; a nudge holds no data, only what kind of thing changed.

Written on bare ASGI messages: one shared bytes object goes to every reader, and no database session is
held while a stream is open.
"""

import asyncio
import contextlib
import json
from dataclasses import dataclass, field

import psycopg
import structlog
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

HEARTBEAT_SECONDS = 20.0
STREAM_SECONDS = 600.0  # then the browser connects anew, under rights that are looked up anew
WAITING_MAX = 64


@dataclass(eq=False)
class Listener:
    """One open stream; `creditor_id` empty means the agency, which hears everybody's nudges."""

    creditor_id: str
    waiting: asyncio.Queue[bytes] = field(default_factory=lambda: asyncio.Queue(WAITING_MAX))

    def tell(self, nudge: bytes) -> None:
        """Queue a nudge; a reader that is far behind has enough to fetch again already."""
        with contextlib.suppress(asyncio.QueueFull):
            self.waiting.put_nowait(nudge)


class Hub:
    """The streams of this process and the one connection that hears the database."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url.replace("postgresql+psycopg://", "postgresql://")
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None

    def join(self, listener: Listener) -> None:
        """Start telling a stream; the first one opens the connection."""
        self._listeners.add(listener)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._hear())

    def leave(self, listener: Listener) -> None:
        """Stop telling a stream; the last one closes the connection."""
        self._listeners.discard(listener)
        if not self._listeners and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _hear(self) -> None:
        while self._listeners:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self._url, autocommit=True, connect_timeout=5
                ) as connection:
                    await connection.execute("LISTEN nudge")
                    # Whatever was missed while the connection was away: every page fetches once.
                    self._spread({"creditor_id": "", "topic": "reconnected", "claim_id": ""}, everybody=True)
                    async for notification in connection.notifies():
                        self._spread(json.loads(notification.payload), everybody=False)
            except (psycopg.Error, OSError) as error:
                log.warning("live.connection.lost", error=type(error).__name__)
                await asyncio.sleep(1)

    def _spread(self, nudge: dict[str, str], *, everybody: bool) -> None:
        told = {"topic": nudge["topic"], "claim_id": nudge["claim_id"]}
        message = f"data: {json.dumps(told)}\n\n".encode()
        for listener in self._listeners:
            if everybody or listener.creditor_id in ("", nudge["creditor_id"]):
                listener.tell(message)


class NudgeStream(Response):
    """An event stream that ends by itself, when the reader leaves, or when the server stops."""

    def __init__(self, hub: Hub, listener: Listener) -> None:
        self.hub = hub
        self.listener = listener
        self.background = None
        self.status_code = 200

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nudges until the reader leaves or the stream's time is over."""
        self.hub.join(self.listener)
        left = asyncio.create_task(_reader_leaves(receive))
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": 200,
                    "headers": [
                        (b"content-type", b"text/event-stream; charset=utf-8"),
                        (b"x-accel-buffering", b"no"),
                    ],
                }
            )
            await send({"type": "http.response.body", "body": b"retry: 2000\n\n", "more_body": True})
            async with asyncio.timeout(STREAM_SECONDS):
                while not left.done():
                    await self._send_next(send)
        except TimeoutError:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            left.cancel()
            self.hub.leave(self.listener)

    async def _send_next(self, send: Send) -> None:
        try:
            nudge = await asyncio.wait_for(self.listener.waiting.get(), HEARTBEAT_SECONDS)
        except TimeoutError:
            nudge = b": still here\n\n"
        await send({"type": "http.response.body", "body": nudge, "more_body": True})


async def _reader_leaves(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def hub_of(request: Request) -> Hub:
    """This function will return the process's hub."""
    if not hasattr(request.app.state, "hub"):
        request.app.state.hub = Hub(wiring_of(request).settings.database_url)
    hub: Hub = request.app.state.hub
    return hub


@routes.get("/events")
async def events(request: Request) -> Response:
    """Nudges for whoever is signed in: a creditor hears its own, the agency all."""
    visitor = visitor_of(request)
    return NudgeStream(hub_of(request), Listener(str(visitor.creditor_id or "")))
