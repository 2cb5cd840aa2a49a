"""A simulator of a test's own on a free port, and an agency that only listens to webhooks."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
import uvicorn

from integrations.sendgrid.sender import SendGridSender
from integrations.simulator.app import create_app
from integrations.simulator.configuration import Configuration


def wait_until(condition, *, seconds: float = 60) -> None:
    """Wait for a condition; fail when it does not come."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise AssertionError("the condition did not come")
        time.sleep(0.01)


@dataclass(frozen=True)
class Heard:
    """One webhook call as it arrived."""

    path: str
    url: str
    body: bytes
    headers: dict[str, str]


class _Ear(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        assert isinstance(self.server, _Ears)
        agency = self.server.agency
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        call = Heard(self.path, agency.url + self.path, body, dict(self.headers.items()))
        with agency.lock:
            status = agency.answers.pop(0) if agency.answers else 200
            (agency.heard if status == 200 else agency.refused).append(call)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@dataclass
class Agency:
    """What the outside world has told us; `answers` scripts the next statuses, then 200."""

    url: str
    heard: list[Heard] = field(default_factory=list)
    refused: list[Heard] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def heard_at(self, path: str) -> list[Heard]:
        """Calls to one path, in order of arrival."""
        with self.lock:
            return [call for call in self.heard if call.path.startswith(path)]


@dataclass(frozen=True)
class Simulator:
    """A running simulator and its control plane."""

    url: str
    agency: Agency
    http: httpx.Client

    def post(self, path: str, content: dict[str, Any] | None = None) -> Any:
        """Post JSON to the control plane."""
        answer = self.http.post(f"/_sim{path}", json=content if content is not None else {})
        answer.raise_for_status()
        return answer.json()

    def get(self, path: str, **query: Any) -> Any:
        """Read JSON from the control plane."""
        answer = self.http.get(f"/_sim{path}", params=query)
        answer.raise_for_status()
        return answer.json()

    def fault(self, target: str, kind: str, **details: Any) -> None:
        """Let something go wrong once, unless `times` says otherwise."""
        self.post("/faults", {"target": target, "kind": kind, "times": 1, **details})

    def messages(self, **query: Any) -> list[dict[str, Any]]:
        """Messages, the newest first."""
        return self.get("/messages", **query)["messages"]


class _Ears(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Ear)
        self.agency = Agency(f"http://127.0.0.1:{self.server_port}")


@contextmanager
def listening_agency() -> Iterator[Agency]:
    """An agency that hears webhooks."""
    server = _Ears()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.agency
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(uvicorn.Server):
    """Remembers its loop, so that what keeps it from stopping can be told."""

    loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, sockets=None) -> None:
        self.loop = asyncio.get_running_loop()
        await super().serve(sockets)


@contextmanager
def running_simulator(agency: Agency, *, data: str = ":memory:") -> Iterator[Simulator]:
    """A simulator on a free port, in a thread with its own event loop."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    app = create_app(Configuration(data=data, own_url=url, agency_url=agency.url))
    config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1)
    server = _Server(config)
    # A daemon, so that one that does not stop fails its test and not the end of the run.
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started or not thread.is_alive())
        with httpx.Client(base_url=url, trust_env=False, timeout=20) as http:
            yield Simulator(url, agency, http)
    finally:
        server.should_exit = True
        thread.join(timeout=60)
        listener.close()
        if thread.is_alive():
            waiting = asyncio.all_tasks(server.loop) if server.loop else set()
            raise AssertionError(
                "\n".join(["the simulator does not stop; it waits for", *map(repr, waiting)])
            )


@pytest.fixture(scope="session")
def outside_world() -> Iterator[Simulator]:
    """One simulator for a whole run; tests take `simulator`, which starts each with an empty world."""
    with listening_agency() as agency, running_simulator(agency) as simulator:
        yield simulator


@pytest.fixture
def simulator(outside_world: Simulator) -> Simulator:
    """An empty outside world in which nothing takes time."""
    outside_world.post("/reset")
    outside_world.post("/delays", {"email": 0, "sms": 0, "call_ring": 0, "letter_print": 0, "letter_post": 0})
    with outside_world.agency.lock:
        outside_world.agency.heard.clear()
        outside_world.agency.refused.clear()
        outside_world.agency.answers.clear()
    return outside_world


def send_mail(simulator, *, track_opens: bool = False, **mail) -> str:
    """Send one mail through SendGrid's real client to the simulator and return the reference."""
    with closing(
        SendGridSender(url=f"{simulator.url}/sendgrid", key="k", production=False, track_opens=track_opens)
    ) as sender:
        return sender.send(**mail)
